//! The vendor's codes: which number is which command, event, state and interlock.

use std::collections::BTreeMap;
use std::fmt;

use archive_core::{Error, ErrorKind, data_file};
use serde::Deserialize;

use super::frame::{Check, Frame};
use crate::ability::{Climate, DeciCelsius, PermilleHumidity};
use crate::device_error::Interlock;

/// What a vendor's controller understands, as data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UdpMap {
    name: String,
    version: String,
    check: Check,
    commands: Commands,
    events: Events,
    columns: Columns,
    interlocks: BTreeMap<String, Interlock>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Commands {
    open_left: u8,
    open_right: u8,
    close: u8,
    ventilate: u8,
    stop: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    column_status: u8,
    moving: u8,
    arrived: u8,
    alarm: u8,
    climate: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    in_place: u8,
    open_right: u8,
    open_left: u8,
    open_both: u8,
    locked: u8,
}

/// What a controller is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Open the aisle on the left of a column.
    OpenLeft,
    /// Open the aisle on the right of a column.
    OpenRight,
    /// Close all aisles.
    Close,
    /// Spread the carriages for ventilation.
    Ventilate,
    /// Stop, where the map knows how.
    Stop,
}

/// Where a column stands between its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnState {
    /// Closed on both sides.
    InPlace,
    /// Open on the right.
    OpenRight,
    /// Open on the left.
    OpenLeft,
    /// Open on both sides.
    OpenBoth,
    /// Locked.
    Locked,
    /// A number that the map does not have.
    Unknown(u8),
}

/// What a controller reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A column moves.
    Moving {
        /// Which.
        column: u8,
    },
    /// A column stands where it was sent.
    Arrived {
        /// Which.
        column: u8,
    },
    /// A column's state.
    Column {
        /// Which.
        column: u8,
        /// Where it stands.
        state: ColumnState,
    },
    /// An alarm; a code that the map does not have still stops whatever trusts this column.
    Alarm {
        /// Which column.
        column: u8,
        /// The vendor's code.
        code: u8,
        /// What it means, where the map says.
        interlock: Option<Interlock>,
    },
    /// The climate of a zone.
    Climate {
        /// Which.
        zone: u8,
        /// What is measured there.
        climate: Climate,
    },
    /// A frame that is none of these, or too short for what it says it is.
    Other(Frame),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moving { column } => write!(f, "column {column}: moving"),
            Self::Arrived { column } => write!(f, "column {column}: arrived"),
            Self::Column { column, state } => write!(f, "column {column}: {state:?}"),
            Self::Alarm { column, code, interlock } => {
                write!(f, "column {column}: alarm {code:02X}")?;
                interlock.map_or(Ok(()), |interlock| write!(f, " ({interlock})"))
            }
            Self::Climate { zone, climate } => write!(f, "zone {zone}: {climate:?}"),
            Self::Other(frame) => write!(f, "column {}: unknown frame {:02X}", frame.column, frame.command),
        }
    }
}

impl UdpMap {
    /// Reads a map; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no map, or where two commands or two
    /// events share a number.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let map: Self = data_file::parse(name, text)?;
        let Commands { open_left, open_right, close, ventilate, stop } = map.commands;
        let Events { column_status, moving, arrived, alarm, climate } = map.events;
        let Columns { in_place, open_right: right, open_left: left, open_both, locked } = map.columns;
        let commands: Vec<u8> = [Some(open_left), Some(open_right), Some(close), Some(ventilate), stop]
            .into_iter()
            .flatten()
            .collect();
        let groups = [
            ("commands", commands),
            ("events", vec![column_status, moving, arrived, alarm, climate]),
            ("columns", vec![in_place, right, left, open_both, locked]),
        ];
        for (group, numbers) in groups {
            if let Some(twice) = (1..numbers.len()).find(|i| numbers[..*i].contains(&numbers[*i])) {
                let message = format!("{group}: 0x{:02X} means two things", numbers[twice]);
                return Err(Error::invalid(format!("{name} ({})", map.name), message));
            }
        }
        if let Some(code) = map.interlocks.keys().find(|code| code_number(code).is_none()) {
            let message = format!("interlocks: {code:?} is no number of 8 bits, such as 0x2A");
            return Err(Error::invalid(format!("{name} ({})", map.name), message));
        }
        Ok(map)
    }

    /// The shipped map of family B, whose comments say what a vendor must fill in.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn family_b() -> Self {
        Self::parse("controller_b.toml", include_str!("controller_b.toml"))
            .expect("the shipped map is well-formed")
    }

    /// The map's name and version, for logs.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    pub(super) fn check(&self) -> Check {
        self.check
    }

    /// The frame of a command for a column of a zone.
    ///
    /// # Errors
    /// `Unsupported` where the map has no number for the command.
    pub fn command(&self, command: Command, zone: u8, column: u8) -> Result<Frame, Error> {
        let number = match command {
            Command::OpenLeft => self.commands.open_left,
            Command::OpenRight => self.commands.open_right,
            Command::Close => self.commands.close,
            Command::Ventilate => self.commands.ventilate,
            Command::Stop => self.commands.stop.ok_or_else(|| {
                let message = "has no number for stop: ask the vendor, and do not move carriages without it";
                Error::new(ErrorKind::Unsupported, format!("map {}", self.title()), message)
            })?,
        };
        Ok(Frame { device: 0, zone, column, command: number, data: Vec::new() })
    }

    /// What a frame from the controller reports.
    #[must_use]
    pub fn event(&self, frame: &Frame) -> Event {
        let (column, events) = (frame.column, &self.events);
        match (frame.command, frame.data.as_slice()) {
            (number, _) if number == events.moving => Event::Moving { column },
            (number, _) if number == events.arrived => Event::Arrived { column },
            (number, [state, ..]) if number == events.column_status => {
                Event::Column { column, state: self.column_state(*state) }
            }
            (number, [code, ..]) if number == events.alarm => {
                Event::Alarm { column, code: *code, interlock: self.interlock(*code) }
            }
            (number, [t1, t0, h1, h0, ..]) if number == events.climate => {
                let temperature = DeciCelsius(i16::from_be_bytes([*t1, *t0]));
                let humidity = u16::from_be_bytes([*h1, *h0]);
                let climate = Climate {
                    temperature: Some(temperature),
                    // More than everything is no measurement.
                    humidity: (humidity <= 1000).then_some(PermilleHumidity(humidity)),
                    smoke: None,
                };
                Event::Climate { zone: frame.zone, climate }
            }
            _ => Event::Other(frame.clone()),
        }
    }

    fn column_state(&self, number: u8) -> ColumnState {
        let columns = &self.columns;
        match number {
            n if n == columns.in_place => ColumnState::InPlace,
            n if n == columns.open_right => ColumnState::OpenRight,
            n if n == columns.open_left => ColumnState::OpenLeft,
            n if n == columns.open_both => ColumnState::OpenBoth,
            n if n == columns.locked => ColumnState::Locked,
            n => ColumnState::Unknown(n),
        }
    }

    fn interlock(&self, code: u8) -> Option<Interlock> {
        let known = |(text, interlock): (&String, &Interlock)| {
            (code_number(text) == Some(code)).then_some(*interlock)
        };
        self.interlocks.iter().find_map(known)
    }
}

fn code_number(text: &str) -> Option<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("controller_b.toml");

    #[track_caller]
    fn check(from: &str, to: &str, message: &str) {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT, "{from} is not in the map");
        let error = UdpMap::parse("map.toml", &text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn mistakes_in_a_map_are_named() {
        check("close = 0x84", "close = 0x81", "commands: 0x81 means two things");
        check("close = 0x84", "close = 0x184", "key commands.close");
        check("first = \"length\"", "first = \"middle\"", "unknown variant `middle`");
        check("locked = 4", "locked = 3", "columns: 0x03 means two things");
        check("0x2E = \"smoke\"", "smoke = \"smoke\"", "\"smoke\" is no number of 8 bits");
    }

    #[test]
    fn an_unknown_stop_is_unsupported_and_not_guessed() {
        let error = UdpMap::family_b().command(Command::Stop, 1, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn frames_become_events() {
        let map = UdpMap::family_b();
        let event = |command: u8, data: &[u8]| {
            map.event(&Frame { device: 0, zone: 1, column: 3, command, data: data.to_vec() })
        };
        assert_eq!(event(0x81, &[2]), Event::Column { column: 3, state: ColumnState::OpenLeft });
        assert_eq!(event(0x81, &[9]), Event::Column { column: 3, state: ColumnState::Unknown(9) });
        assert!(matches!(event(0x81, &[]), Event::Other(_)));
        assert_eq!(event(0x89, &[0x99]), Event::Alarm { column: 3, code: 0x99, interlock: None });
        let Event::Climate { climate, .. } = event(0x0E, &[0xFF, 0xF6, 0x01, 0xE0]) else { panic!() };
        assert_eq!(climate.temperature.unwrap().to_string(), "-1.0 °C");
        assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH");
    }
}
