//! What a vendor's own library can do, as three blocking calls, and a whole driver over them.

use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use archive_core::Error;
use tokio::time::timeout;

use super::STOP_PATIENCE;
use super::controller::{Controller, StopLane, stopped_before};
use super::driver::PolledShelf;
use crate::ability::Climate;
use crate::device_error::DeviceError;
use crate::motion::{BankState, MoveTarget, ShelfCapabilities};

/// One bank behind a vendor's library.
///
/// # Contract
/// - The calls may block; each runs on a thread of its own. One that takes longer than
///   [`VendorLimits::call_limit`] is given up, and what it answers then is never heard.
/// - [`VendorController::stop`] may come while another call is under way.
/// - An error's certainty tells the truth: nothing moves unless `command` succeeds or is
///   `MaybeExecuted`. Nothing is repeated inside.
/// - [`BankState::setpoint`] is left to the driver: give `None`.
pub trait VendorController: Debug + Send + Sync + 'static {
    /// Where the carriages are, as the device reports it.
    ///
    /// # Errors
    /// `not_sent` where the device cannot be asked: never an earlier state instead.
    fn state(&self) -> Result<BankState, DeviceError>;

    /// Sets carriages in motion and returns as soon as the device took the command.
    ///
    /// # Errors
    /// What became of the command: not sent, rejected, or maybe executed.
    fn command(&self, target: MoveTarget) -> Result<(), DeviceError>;

    /// Stops all carriages, also those that stand still already.
    ///
    /// # Errors
    /// Where carriages may still move.
    fn stop(&self) -> Result<(), DeviceError>;
}

/// What a driver over a [`VendorController`] is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorLimits {
    /// The bank's name in messages, such as `bank HZ/R1/B1`.
    pub name: String,
    /// How many aisles can be named: 1 to 1000.
    pub aisles: u16,
    /// Whether carriages can be spread evenly for ventilation.
    pub ventilate: bool,
    /// How often a running move is looked at.
    pub poll: Duration,
    /// The longest that a call takes; at least a millisecond.
    pub call_limit: Duration,
    /// The longest that a move takes.
    pub move_limit: Duration,
}

impl VendorLimits {
    /// Limits that suit most cabinets: a look each 200 ms, a second a call, a minute a move.
    #[must_use]
    pub fn new(name: impl Into<String>, aisles: u16) -> Self {
        Self {
            name: name.into(),
            aisles,
            ventilate: false,
            poll: Duration::from_millis(200),
            call_limit: Duration::from_secs(1),
            move_limit: Duration::from_secs(60),
        }
    }
}

impl PolledShelf {
    /// A driver of the bank behind `controller`. Identity, order, stops and outcomes are the driver's
    /// work; the vendor's library does no more than what [`VendorController`] asks.
    ///
    /// # Errors
    /// `InvalidInput` for limits that no bank has.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn over_vendor(limits: VendorLimits, controller: Arc<dyn VendorController>) -> Result<Self, Error> {
        if limits.name.is_empty() || !(1..=1000).contains(&limits.aisles) {
            let message = format!("has {} aisles, not 1 to 1000, or no name", limits.aisles);
            return Err(Error::invalid(format!("bank {}", limits.name), message));
        }
        if limits.call_limit < Duration::from_millis(1)
            || limits.poll.is_zero()
            || limits.move_limit.is_zero()
        {
            return Err(Error::invalid(limits.name, "has a limit of nothing: no call could end in time"));
        }
        // A start asks for the state and sends; a stop in the lane and polls may be ahead of it.
        let answer_limit = limits.call_limit * 6;
        let capabilities = ShelfCapabilities {
            name: limits.name.clone(),
            aisles: limits.aisles,
            ventilate: limits.ventilate,
            reports_gaps: false,
            environment: false,
            access_lock: false,
            answer_limit,
            move_limit: (limits.move_limit + limits.call_limit * 4).max(answer_limit),
        };
        Ok(Self::spawn(capabilities, Blocking { limits, controller }))
    }
}

struct Blocking {
    limits: VendorLimits,
    controller: Arc<dyn VendorController>,
}

/// Why a call gave no answer.
enum GivenUp {
    /// It took too long, or a stop came.
    Late,
    /// The vendor's code panicked.
    Panicked,
}

impl Blocking {
    /// Runs a call on a thread of its own. A stop gives it up, after a little patience.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn VendorController) -> Result<T, DeviceError> + Send + 'static,
        lane: Option<&mut StopLane>,
    ) -> Result<Result<T, DeviceError>, GivenUp> {
        let controller = Arc::clone(&self.controller);
        let running = tokio::task::spawn_blocking(move || call(&*controller));
        let running = timeout(self.limits.call_limit, running);
        let ended = match lane {
            Some(lane) => until_stopped(running, lane).await,
            None => running.await.ok(),
        };
        match ended {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(_)) => Err(GivenUp::Panicked),
            None => Err(GivenUp::Late),
        }
    }
}

/// What `call` gives, unless it is too late, or a stop is asked for and it still takes its time.
async fn until_stopped<T, E>(call: impl Future<Output = Result<T, E>>, lane: &mut StopLane) -> Option<T> {
    let mut call = pin!(call);
    tokio::select! {
        biased;
        answer = &mut call => return answer.ok(),
        () = lane.asked() => {}
    }
    timeout(STOP_PATIENCE, call).await.ok()?.ok()
}

impl Controller for Blocking {
    fn name(&self) -> &str {
        &self.limits.name
    }

    fn poll(&self) -> Duration {
        self.limits.poll
    }

    fn move_limit(&self) -> Duration {
        self.limits.move_limit
    }

    async fn read_state(&mut self, lane: &mut StopLane) -> Result<BankState, DeviceError> {
        match self.call(|controller| controller.state(), Some(lane)).await {
            Ok(Ok(state)) => match state.open {
                Some(open) if open.0 >= self.limits.aisles => Err(DeviceError::not_sent(
                    self.name(),
                    format!("reports {open} as open, which it does not have"),
                )),
                _ => Ok(BankState { setpoint: None, gaps: None, ..state }),
            },
            Ok(Err(error)) => Err(error),
            Err(GivenUp::Late) => {
                Err(DeviceError::not_sent(self.name(), "gave no state in time: check its line and power"))
            }
            Err(GivenUp::Panicked) => {
                Err(DeviceError::not_sent(self.name(), "its library failed: report it"))
            }
        }
    }

    async fn read_climate(&mut self, _lane: &mut StopLane) -> Result<Climate, DeviceError> {
        Err(DeviceError::unsupported(self.name(), "has no climate sensors"))
    }

    async fn command(&mut self, target: MoveTarget, lane: &mut StopLane) -> Result<(), DeviceError> {
        if lane.is_asked() {
            return Err(stopped_before(self.name()));
        }
        let answer = self.call(move |controller| controller.command(target), Some(lane)).await;
        answer.unwrap_or_else(|given_up| {
            let message = match given_up {
                GivenUp::Late => "did not answer the command in time: read the state before anything else",
                GivenUp::Panicked => "its library failed at a command: read the state before anything else",
            };
            Err(DeviceError::maybe_executed(self.name(), message))
        })
    }

    async fn stop(&mut self, _lane: &mut StopLane) -> Result<(), DeviceError> {
        let answer = self.call(|controller| controller.stop(), None).await;
        answer.unwrap_or_else(|_| {
            let message = "nobody knows whether the stop was heard: use the emergency stop";
            Err(DeviceError::maybe_executed(self.name(), message))
        })
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use archive_core::ErrorKind;
    use tokio::runtime::Handle;

    use super::*;
    use crate::conformance::{SimulatedShelfRig, check_shelf};
    use crate::motion::ShelfMotion;
    use crate::simulated::{SimulatedRoom, SimulatedShelf};

    /// A vendor's library over a simulated bank.
    #[derive(Debug)]
    struct Library {
        shelf: SimulatedShelf,
        runtime: Handle,
        commands: AtomicU64,
    }

    impl VendorController for Library {
        fn state(&self) -> Result<BankState, DeviceError> {
            self.runtime.block_on(self.shelf.state())
        }

        fn command(&self, target: MoveTarget) -> Result<(), DeviceError> {
            let id = format!("command-{}", self.commands.fetch_add(1, Ordering::Relaxed));
            let id = id.parse().expect("an id");
            self.runtime.block_on(self.shelf.start(id, target)).map(drop)
        }

        fn stop(&self) -> Result<(), DeviceError> {
            self.runtime.block_on(self.shelf.stop())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_driver_over_three_calls_passes_the_kit() {
        let slot = "HZ/R1/B1/C03/A/02/4/05".parse().unwrap();
        let room = SimulatedRoom::of_slots([&slot]).unwrap();
        let shelf = room.shelf_of(&slot).unwrap();
        let aisles = shelf.capabilities().aisles;
        let library = Library { shelf, runtime: Handle::current(), commands: AtomicU64::new(0) };
        let limits = VendorLimits { ventilate: true, ..VendorLimits::new("bank HZ/R1/B1", aisles) };
        let driver = PolledShelf::over_vendor(limits, Arc::new(library)).unwrap();
        let report = check_shelf(&driver, &SimulatedShelfRig::new(room, slot)).await;
        assert!(report.is_green(), "{report}");
        assert!(report.checks().len() - report.skipped().count() >= 20, "{report}");
    }

    /// A library that hangs, lies and panics.
    #[derive(Debug)]
    struct Broken;

    impl VendorController for Broken {
        fn state(&self) -> Result<BankState, DeviceError> {
            let open = Some(crate::layout::AisleId(99));
            Ok(BankState { open, gaps: None, moving: false, setpoint: None, interlocks: Vec::new() })
        }

        fn command(&self, _target: MoveTarget) -> Result<(), DeviceError> {
            unreachable!("nothing is sent to a bank whose state makes no sense")
        }

        fn stop(&self) -> Result<(), DeviceError> {
            panic!("the library fails")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_library_is_an_error_of_the_right_kind() {
        let driver = PolledShelf::over_vendor(VendorLimits::new("cabinet", 4), Arc::new(Broken)).unwrap();
        let error = driver.state().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("which it does not have"), "{error}");
        let target = MoveTarget::Open(crate::layout::AisleId(1));
        let error = driver.start("m-1".parse().unwrap(), target).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(driver.stop().await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        for limits in [
            VendorLimits::new("", 4),
            VendorLimits::new("cabinet", 0),
            VendorLimits { poll: Duration::ZERO, ..VendorLimits::new("cabinet", 4) },
        ] {
            let error = PolledShelf::over_vendor(limits, Arc::new(Broken)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
