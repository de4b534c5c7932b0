//! What some banks can do besides moving: climate sensors, a lock, a light.
//!
//! ```
//! use archive_shelving::motion::ShelfMotion;
//! use archive_shelving::simulated::SimulatedRoom;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), archive_core::Error> {
//! let slot = "HZ/R1/B1/C01/B/01/4/05".parse()?;
//! let shelf = SimulatedRoom::of_slots([&slot])?.shelf_of(&slot)?;
//! // An optional ability is asked for, never assumed.
//! if let Some(environment) = shelf.as_environment() {
//!     let climate = environment.climate().await?;
//!     assert!(climate.temperature.is_some());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Limits: fire alarms and door control belong to the building; here they are only reported.

use std::fmt;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::device_error::DeviceError;
use crate::layout::AisleId;

/// A temperature in tenths of a degree Celsius, as controllers report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeciCelsius(pub i16);

impl fmt::Display for DeciCelsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} °C", f32::from(self.0) / 10.0)
    }
}

/// A relative humidity in thousandths, 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermilleHumidity(pub u16);

impl fmt::Display for PermilleHumidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} % RH", f32::from(self.0) / 10.0)
    }
}

/// The air in a bank; a sensor that does not answer is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climate {
    /// The temperature.
    pub temperature: Option<DeciCelsius>,
    /// The relative humidity.
    pub humidity: Option<PermilleHumidity>,
    /// Whether smoke is reported.
    pub smoke: Option<bool>,
}

/// Reads the climate of one bank (温湿度).
///
/// # Contract
/// - A value that the device does not report now is `None`, never the last one.
/// - Reading never delays a stop.
#[async_trait]
pub trait Environment: Debug + Send + Sync {
    /// The climate now.
    ///
    /// # Errors
    /// `Unavailable` where the device cannot be asked.
    async fn climate(&self) -> Result<Climate, DeviceError>;
}

/// Locks one bank against motion and lights its aisles.
///
/// # Contract
/// - A locked bank refuses every move with `Interlock::Lock`.
/// - Only [`AccessLock::unlock`] unlocks: no move, reconnect or error does it by itself.
#[async_trait]
pub trait AccessLock: Debug + Send + Sync {
    /// Whether the bank is locked, as the device reports.
    ///
    /// # Errors
    /// `Unavailable` where the device cannot be asked.
    async fn is_locked(&self) -> Result<bool, DeviceError>;

    /// Locks the bank. Locking twice is no error.
    ///
    /// # Errors
    /// `Unavailable`, `OutcomeUnknown`.
    async fn lock(&self) -> Result<(), DeviceError>;

    /// Unlocks the bank, on the decision of a person. Unlocking twice is no error.
    ///
    /// # Errors
    /// `Unavailable`, `OutcomeUnknown`, `Refused` where the device asks for a key.
    async fn unlock(&self) -> Result<(), DeviceError>;

    /// Switches the light of an aisle.
    ///
    /// # Errors
    /// `InvalidInput` where there is no such aisle, `Unsupported` where it has no light.
    async fn set_light(&self, aisle: AisleId, on: bool) -> Result<(), DeviceError>;
}
