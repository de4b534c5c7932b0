//! The vendor's map: which coil and register means what.

use std::time::Duration;

use archive_core::{Error, data_file};
use serde::Deserialize;

use crate::device_error::Interlock;
use crate::layout::AisleId;
use crate::vendor_map::{AlarmCodes, check_times};

/// What a vendor's controller understands, as data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModbusMap {
    name: String,
    version: String,
    unit: u8,
    first_aisle: u16,
    pulse_ms: u64,
    call_ms: u64,
    poll_ms: u64,
    move_ms: u64,
    pub(crate) coils: Coils,
    pub(crate) state: StateCoils,
    pub(crate) registers: Registers,
    interlocks: Interlocks,
}

/// Coils that are pulsed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coils {
    pub(crate) close: u16,
    pub(crate) stop: u16,
    pub(crate) open: u16,
    pub(crate) ventilate: Option<u16>,
}

/// Coils that are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateCoils {
    pub(crate) protected: StateCoil,
    pub(crate) running: StateCoil,
}

/// A coil and the value that means yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateCoil {
    pub(crate) coil: u16,
    #[serde(default = "yes")]
    pub(crate) on: bool,
}

fn yes() -> bool {
    true
}

/// Holding registers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registers {
    pub(crate) target_aisle: u16,
    pub(crate) open_aisle: u16,
    pub(crate) alarm: Option<u16>,
    pub(crate) temperature: Option<u16>,
    pub(crate) humidity: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interlocks {
    protected: Interlock,
    #[serde(default)]
    codes: AlarmCodes,
}

const FAMILY_A: &str = include_str!("controller_a.toml");

impl ModbusMap {
    /// Reads a map; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no map; where two commands share a
    /// coil; where a time is zero or beyond ten minutes.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let map: Self = data_file::parse(name, text)?;
        map.check().map_err(|fault| Error::invalid(format!("{name} ({})", map.name), fault))?;
        Ok(map)
    }

    /// The shipped map of family A, whose comments say what a vendor must fill in.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn family_a() -> Self {
        Self::parse("controller_a.toml", FAMILY_A).expect("the shipped map is well-formed")
    }

    /// The unit that the controller answers to.
    pub(crate) fn unit(&self) -> u8 {
        self.unit
    }

    fn check(&self) -> Result<(), String> {
        let commands =
            [Some(self.coils.close), Some(self.coils.stop), Some(self.coils.open), self.coils.ventilate];
        let commands: Vec<u16> = commands.into_iter().flatten().collect();
        if let Some(twice) = (1..commands.len()).find(|i| commands[..*i].contains(&commands[*i])) {
            return Err(format!("coils: coil {} means two commands", commands[twice]));
        }
        if self.registers.open_aisle == self.registers.target_aisle {
            return Err(
                "registers.open_aisle is registers.target_aisle: what was asked for is not what is".into()
            );
        }
        self.interlocks.codes.check::<u16>(" of 16 bits")?;
        check_times(&[
            ("pulse_ms", self.pulse_ms),
            ("call_ms", self.call_ms),
            ("poll_ms", self.poll_ms),
            ("move_ms", self.move_ms),
        ])
    }

    /// The map's name and version, for logs.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    pub(super) fn pulse(&self) -> Duration {
        Duration::from_millis(self.pulse_ms)
    }

    pub(super) fn call_limit(&self) -> Duration {
        Duration::from_millis(self.call_ms)
    }

    pub(super) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    pub(super) fn move_limit(&self) -> Duration {
        Duration::from_millis(self.move_ms)
    }

    /// The controller's number of an aisle.
    pub(crate) fn number_of(&self, aisle: AisleId) -> u16 {
        aisle.0.saturating_add(self.first_aisle)
    }

    /// The aisle of a controller's number; `None` where none is open.
    pub(crate) fn aisle_numbered(&self, number: u16) -> Option<AisleId> {
        number.checked_sub(self.first_aisle).map(AisleId)
    }

    /// The protection that an alarm code tells.
    pub(super) fn interlock(&self, alarm: Option<u16>) -> Interlock {
        let known = |code: u16| self.interlocks.codes.interlock(code);
        alarm.and_then(known).unwrap_or(self.interlocks.protected)
    }

    /// The alarm code of a protection, for a simulated controller; 0 where the map has none.
    pub(crate) fn alarm_code(&self, interlock: Interlock) -> u16 {
        self.interlocks.codes.code_of(interlock).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, message: &str) {
        let text = FAMILY_A.replacen(from, to, 1);
        assert_ne!(text, FAMILY_A, "{from} is not in the map");
        let error = ModbusMap::parse("map.toml", &text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn mistakes_in_a_map_are_named() {
        check("stop = 2201", "stop = 70000", "map.toml line 22, key coils.stop");
        check("stop = 2201", "stopp = 2201", "unknown field `stopp`");
        check("stop = 2201", "stop = 2200", "coil 2200 means two commands");
        check("open_aisle = 13", "# open_aisle = 13", "missing field `open_aisle`");
        check("open_aisle = 13", "open_aisle = 10", "what was asked for is not what is");
        check("0x2A = \"person\"", "0x2A = \"elephant\"", "unknown variant `elephant`");
        check("0x2A", "0x2AAAA", "is no number of 16 bits");
        check("call_ms = 500", "call_ms = 0", "call_ms is 0");
    }

    #[test]
    fn alarm_codes_name_interlocks() {
        let map = ModbusMap::family_a();
        assert_eq!(map.interlock(Some(0x2E)), Interlock::Smoke);
        assert_eq!(map.interlock(Some(0x77)), Interlock::Person);
        assert_eq!(map.interlock(Some(map.alarm_code(Interlock::Drive))), Interlock::Drive);
    }

    #[test]
    fn aisles_and_numbers_are_one_to_one() {
        let map = ModbusMap::family_a();
        assert_eq!(map.aisle_numbered(0), None);
        assert_eq!(map.aisle_numbered(map.number_of(AisleId(7))), Some(AisleId(7)));
    }
}
