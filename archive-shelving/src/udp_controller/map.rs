//! The vendor's codes: which number is which command, event, state and interlock.

use std::fmt;
use std::time::Duration;

use archive_core::{Error, ErrorKind, data_file};
use serde::Deserialize;

use super::frame::{Check, Frame, Layout};
use crate::ability::{Climate, DeciCelsius, PermilleHumidity};
use crate::device_error::Interlock;
use crate::vendor_map::{AlarmCodes, check_times};

/// What a vendor's controller understands, as data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UdpMap {
    name: String,
    version: String,
    call_ms: u64,
    poll_ms: u64,
    move_ms: u64,
    pub(super) frame: Layout,
    pub(super) check: Check,
    pub(crate) bank: BankBytes,
    commands: Commands,
    events: Events,
    columns: Columns,
    interlocks: Interlocks,
}

/// How banks and columns are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BankBytes {
    device: u8,
    pub(crate) all_columns: u8,
    pub(crate) first_column: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Commands {
    open_left: u8,
    open_right: u8,
    close: u8,
    ventilate: u8,
    stop: Option<u8>,
    query: Option<u8>,
    query_climate: Option<u8>,
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
    closed: u8,
    open_left: u8,
    open_right: u8,
    open_both: u8,
    locked: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interlocks {
    unknown: Interlock,
    #[serde(default)]
    codes: AlarmCodes,
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
    /// Ask for a column's state, where the map knows how.
    Query,
    /// Ask for a zone's climate, where the map knows how.
    QueryClimate,
}

/// Where a column stands between its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnState {
    /// Closed on both sides.
    Closed,
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
        /// What it means.
        interlock: Interlock,
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
                write!(f, "column {column}: alarm {code:02X} ({interlock})")
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
    /// `InvalidInput`, naming file, line and key, where the text is no map, where two commands or two
    /// events share a number, or where a time is zero or beyond ten minutes.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let map: Self = data_file::parse(name, text)?;
        map.check_numbers().map_err(|fault| Error::invalid(format!("{name} ({})", map.name), fault))?;
        Ok(map)
    }

    fn check_numbers(&self) -> Result<(), String> {
        if let Some(fault) = self.frame.fault() {
            return Err(fault.to_owned());
        }
        let Commands { open_left, open_right, close, ventilate, stop, query, query_climate } = self.commands;
        let Events { column_status, moving, arrived, alarm, climate } = self.events;
        let Columns { closed, open_left: left, open_right: right, open_both, locked } = self.columns;
        let optional = [stop, query, query_climate].into_iter().flatten();
        let groups = [
            ("commands", [open_left, open_right, close, ventilate].into_iter().chain(optional).collect()),
            ("events", vec![column_status, moving, arrived, alarm, climate]),
            ("columns", vec![closed, left, right, open_both, locked]),
        ];
        for (group, numbers) in groups {
            if let Some(twice) = (1..numbers.len()).find(|i| numbers[..*i].contains(&numbers[*i])) {
                return Err(format!("{group}: 0x{:02X} means two things", numbers[twice]));
            }
        }
        self.interlocks.codes.check::<u8>(" of 8 bits")?;
        check_times(&[("call_ms", self.call_ms), ("poll_ms", self.poll_ms), ("move_ms", self.move_ms)])
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

    /// The map of the simulated controller, which has a number for everything.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn simulated_b() -> Self {
        Self::parse("simulated_b.toml", include_str!("simulated_b.toml"))
            .expect("the shipped map is well-formed")
    }

    /// The map's name and version, for logs.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// How long the controller may take to answer.
    pub(super) fn call_limit(&self) -> Duration {
        Duration::from_millis(self.call_ms)
    }

    pub(super) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    pub(super) fn move_limit(&self) -> Duration {
        Duration::from_millis(self.move_ms)
    }

    /// The frame of a command for a column of a zone.
    ///
    /// # Errors
    /// `Unsupported` where the map has no number for the command.
    pub fn command(&self, command: Command, zone: u8, column: u8) -> Result<Frame, Error> {
        let (number, what) = match command {
            Command::OpenLeft => (Some(self.commands.open_left), ""),
            Command::OpenRight => (Some(self.commands.open_right), ""),
            Command::Close => (Some(self.commands.close), ""),
            Command::Ventilate => (Some(self.commands.ventilate), ""),
            Command::Stop => (self.commands.stop, "stop"),
            Command::Query => (self.commands.query, "query"),
            Command::QueryClimate => (self.commands.query_climate, "query_climate"),
        };
        let number = number.ok_or_else(|| {
            let message = format!(
                "has no number for commands.{what}: ask the vendor, and do not move carriages without it"
            );
            Error::new(ErrorKind::Unsupported, format!("map {}", self.title()), message)
        })?;
        Ok(Frame { device: self.bank.device, zone, column, command: number, data: Vec::new() })
    }

    /// Which command a frame is, as the controller reads it.
    pub(crate) fn command_of(&self, frame: &Frame) -> Option<Command> {
        let commands = &self.commands;
        let known = [
            (Some(commands.open_left), Command::OpenLeft),
            (Some(commands.open_right), Command::OpenRight),
            (Some(commands.close), Command::Close),
            (Some(commands.ventilate), Command::Ventilate),
            (commands.stop, Command::Stop),
            (commands.query, Command::Query),
            (commands.query_climate, Command::QueryClimate),
        ];
        known.into_iter().find(|(number, _)| *number == Some(frame.command)).map(|(_, command)| command)
    }

    /// The frame of an event, as the controller writes it.
    pub(crate) fn event_frame(&self, event: &Event, zone: u8) -> Frame {
        let (events, columns) = (&self.events, &self.columns);
        let (column, command, data) = match event {
            Event::Moving { column } => (*column, events.moving, Vec::new()),
            Event::Arrived { column } => (*column, events.arrived, Vec::new()),
            Event::Column { column, state } => {
                let number = match state {
                    ColumnState::Closed => columns.closed,
                    ColumnState::OpenLeft => columns.open_left,
                    ColumnState::OpenRight => columns.open_right,
                    ColumnState::OpenBoth => columns.open_both,
                    ColumnState::Locked => columns.locked,
                    ColumnState::Unknown(number) => *number,
                };
                (*column, events.column_status, vec![number])
            }
            Event::Alarm { column, code, .. } => (*column, events.alarm, vec![*code]),
            Event::Climate { climate, .. } => {
                let temperature = climate.temperature.map_or(i16::MAX, |t| t.0).to_be_bytes();
                let humidity = climate.humidity.map_or(u16::MAX, |h| h.0).to_be_bytes();
                (self.bank.all_columns, events.climate, [temperature, humidity].concat())
            }
            Event::Other(frame) => return frame.clone(),
        };
        Frame { device: self.bank.device, zone, column, command, data }
    }

    /// A code that means an interlock, where the map has one.
    pub(crate) fn alarm_code(&self, interlock: Interlock) -> Option<u8> {
        self.interlocks.codes.code_of(interlock)
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
                    // No room is that hot: the sensor is absent.
                    temperature: (temperature.0 != i16::MAX).then_some(temperature),
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
            n if n == columns.closed => ColumnState::Closed,
            n if n == columns.open_right => ColumnState::OpenRight,
            n if n == columns.open_left => ColumnState::OpenLeft,
            n if n == columns.open_both => ColumnState::OpenBoth,
            n if n == columns.locked => ColumnState::Locked,
            n => ColumnState::Unknown(n),
        }
    }

    fn interlock(&self, code: u8) -> Interlock {
        self.interlocks.codes.interlock(code).unwrap_or(self.interlocks.unknown)
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
        check("kind = \"crc8\"", "kind = \"md5\"", "unknown variant `md5`");
        check("\"zone\", \"column\"", "\"zone\", \"zone\"", "names each of device, zone");
        check("start = [0x55]", "start = []", "start has 1 to 4 bytes");
        check("call_ms = 500", "call_ms = 0", "call_ms is 0");
        check("locked = 4", "locked = 3", "columns: 0x03 means two things");
        check("0x2E = \"smoke\"", "smoke = \"smoke\"", "\"smoke\" is no number of 8 bits");
    }

    #[test]
    fn the_simulated_map_knows_everything_and_its_events_read_back() {
        let map = UdpMap::simulated_b();
        let climate = Climate { temperature: Some(DeciCelsius(-15)), humidity: None, smoke: None };
        let events = [
            Event::Moving { column: 2 },
            Event::Arrived { column: 2 },
            Event::Column { column: 2, state: ColumnState::OpenBoth },
            Event::Alarm { column: 2, code: 0x2E, interlock: Interlock::Smoke },
            Event::Climate { zone: 4, climate },
        ];
        for event in events {
            assert_eq!(map.event(&map.event_frame(&event, 4)), event);
        }
        for command in [Command::Stop, Command::Query, Command::QueryClimate, Command::OpenLeft] {
            let frame = map.command(command, 1, 2).unwrap();
            assert_eq!(map.command_of(&frame), Some(command));
        }
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
        assert_eq!(event(0x81, &[1]), Event::Column { column: 3, state: ColumnState::OpenLeft });
        assert_eq!(event(0x81, &[9]), Event::Column { column: 3, state: ColumnState::Unknown(9) });
        assert!(matches!(event(0x81, &[]), Event::Other(_)));
        assert_eq!(
            event(0x89, &[0x99]),
            Event::Alarm { column: 3, code: 0x99, interlock: Interlock::Person }
        );
        let Event::Climate { climate, .. } = event(0x0E, &[0xFF, 0xF6, 0x01, 0xE0]) else { panic!() };
        assert_eq!(climate.temperature.unwrap().to_string(), "-1.0 °C");
        assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH");
    }
}
