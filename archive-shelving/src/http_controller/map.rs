//! The vendor's answers: where in the JSON what stands, and which value means yes.

use std::time::Duration;

use archive_core::{Error, data_file};
use serde::Deserialize;
use serde_json::Value;

use crate::ability::{Climate, DeciCelsius, PermilleHumidity};
use crate::device_error::Interlock;
use crate::layout::AisleId;
use crate::motion::BankState;
use crate::vendor_map::{AlarmCodes, check_times};

/// What a vendor's controller answers, as data.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpMap {
    name: String,
    version: String,
    call_ms: u64,
    poll_ms: u64,
    move_ms: u64,
    pub(crate) first_column: u16,
    pub(crate) all_columns: u16,
    first_aisle: u16,
    answer: Answer,
    status: Status,
    interlocks: Interlocks,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    accepted: Flag,
    column: Option<String>,
    reason: Option<String>,
    alarm: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    open_aisle: String,
    moving: Flag,
    locked: Option<Flag>,
    alarm: String,
    temperature: Option<String>,
    humidity: Option<String>,
}

/// A place and the value that means yes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flag {
    at: String,
    is: Value,
}

impl Flag {
    fn read(&self, answer: &Value) -> Result<bool, String> {
        answer.pointer(&self.at).map(|found| *found == self.is).ok_or_else(|| missing(&self.at))
    }
}

fn missing(at: &str) -> String {
    format!("its answer has nothing at {at}: does the map fit this controller?")
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interlocks {
    unknown: Interlock,
    #[serde(default)]
    codes: AlarmCodes,
}

/// Why a request was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) reason: String,
    pub(super) interlock: Option<Interlock>,
}

impl HttpMap {
    /// Reads a map; `name` (a path, usually) stands in errors.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, where the text is no map; where a place is no JSON pointer;
    /// where a time is zero or beyond ten minutes.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let map: Self = data_file::parse(name, text)?;
        map.check().map_err(|fault| Error::invalid(format!("{name} ({})", map.name), fault))?;
        Ok(map)
    }

    /// The map of the simulated controller.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn simulated_c() -> Self {
        Self::parse("simulated_c.toml", include_str!("simulated_c.toml"))
            .expect("the shipped map is well-formed")
    }

    fn check(&self) -> Result<(), String> {
        let Answer { accepted, column, reason, alarm } = &self.answer;
        let status = &self.status;
        let optional = [
            ("answer.column", column),
            ("answer.reason", reason),
            ("answer.alarm", alarm),
            ("status.temperature", &status.temperature),
            ("status.humidity", &status.humidity),
        ];
        let required = [
            ("answer.accepted", &accepted.at),
            ("status.open_aisle", &status.open_aisle),
            ("status.moving", &status.moving.at),
            ("status.alarm", &status.alarm),
        ];
        let locked = status.locked.as_ref().map(|flag| ("status.locked", &flag.at));
        let optional = optional.into_iter().filter_map(|(key, place)| Some((key, place.as_ref()?)));
        if let Some((key, place)) =
            required.into_iter().chain(optional).chain(locked).find(|(_, place)| !place.starts_with('/'))
        {
            return Err(format!("{key}: {place:?} is no JSON pointer, such as /Data/Moving"));
        }
        self.interlocks.codes.check::<u64>("")?;
        if self.first_column == self.all_columns {
            return Err(format!("first_column and all_columns are both {}", self.all_columns));
        }
        check_times(&[("call_ms", self.call_ms), ("poll_ms", self.poll_ms), ("move_ms", self.move_ms)])
    }

    /// The map's name and version, for logs.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
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

    pub(super) fn has_lock(&self) -> bool {
        self.status.locked.is_some()
    }

    pub(super) fn has_climate(&self) -> bool {
        self.status.temperature.is_some() || self.status.humidity.is_some()
    }

    /// Whether an answer is about `column` and says that its request was accepted.
    ///
    /// # Errors
    /// What in the answer cannot be understood.
    pub(super) fn accepted(&self, answer: &Value, column: u16) -> Result<Result<(), Refused>, String> {
        if let Some(place) = &self.answer.column {
            let about = answer.pointer(place).ok_or_else(|| missing(place))?;
            if about.as_u64() != Some(column.into()) {
                return Err(format!("it answered about column {about}, not {column}"));
            }
        }
        if self.answer.accepted.read(answer)? {
            return Ok(Ok(()));
        }
        let at = |place: &Option<String>| place.as_ref().and_then(|place| answer.pointer(place));
        // A device's text is shown, and must not flood a message.
        let reason = at(&self.answer.reason).and_then(Value::as_str).unwrap_or("it gave no reason");
        let code = at(&self.answer.alarm).and_then(Value::as_u64).unwrap_or(0);
        Ok(Err(Refused { reason: reason.chars().take(200).collect(), interlock: self.interlock(code) }))
    }

    /// # Errors
    /// What in the answer cannot be understood.
    pub(super) fn bank_state(&self, answer: &Value) -> Result<BankState, String> {
        let status = &self.status;
        let moving = status.moving.read(answer)?;
        let aisle = number(answer, &status.open_aisle)?;
        let aisle = if aisle == 0 { None } else { Some(aisle) };
        let alarm = number(answer, &status.alarm)?;
        let mut interlocks: Vec<Interlock> = self.interlock(alarm).into_iter().collect();
        if let Some(locked) = &status.locked
            && locked.read(answer)?
        {
            interlocks.push(Interlock::Lock);
        }
        let known =
            |aisle: u64| aisle.checked_sub(self.first_aisle.into()).and_then(|n| u16::try_from(n).ok());
        let open = match aisle {
            Some(aisle) => {
                Some(AisleId(known(aisle).ok_or_else(|| format!("its open aisle {aisle} is none"))?))
            }
            None => None,
        };
        Ok(BankState { open: open.filter(|_| !moving), gaps: None, moving, setpoint: None, interlocks })
    }

    /// # Errors
    /// What in the answer cannot be understood.
    pub(super) fn is_locked(&self, answer: &Value) -> Result<bool, String> {
        self.status.locked.as_ref().map_or(Ok(false), |locked| locked.read(answer))
    }

    /// The climate; what is absent or no number is not measured.
    pub(super) fn climate(&self, answer: &Value) -> Climate {
        let tenths = |place: &Option<String>| {
            let value = answer.pointer(place.as_ref()?)?.as_f64()? * 10.0;
            (value.abs() <= 10_000.0).then(|| value.round() as i16)
        };
        let humidity = tenths(&self.status.humidity).and_then(|tenths| u16::try_from(tenths).ok());
        Climate {
            temperature: tenths(&self.status.temperature).map(DeciCelsius),
            humidity: humidity.filter(|permille| *permille <= 1000).map(PermilleHumidity),
            smoke: None,
        }
    }

    fn interlock(&self, code: u64) -> Option<Interlock> {
        (code != 0).then(|| self.interlocks.codes.interlock(code).unwrap_or(self.interlocks.unknown))
    }

    /// A code that means an interlock, where the map has one.
    pub(crate) fn alarm_code(&self, interlock: Interlock) -> Option<u64> {
        self.interlocks.codes.code_of(interlock)
    }
}

fn number(answer: &Value, place: &str) -> Result<u64, String> {
    let found = answer.pointer(place).ok_or_else(|| missing(place))?;
    found.as_u64().ok_or_else(|| format!("its answer has {found} at {place}, which is no number from 0"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = include_str!("simulated_c.toml");

    #[track_caller]
    fn check(from: &str, to: &str, message: &str) {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT, "{from} is not in the map");
        let error = HttpMap::parse("map.toml", &text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn mistakes_in_a_map_are_named() {
        check("call_ms = 500", "call_ms = 0", "call_ms is 0");
        check("\"/Data/Moving\"", "\"Data.Moving\"", "status.moving: \"Data.Moving\" is no JSON pointer");
        check("open_aisle = ", "open_isle = ", "unknown field `open_isle`");
        check("0x2A = \"person\"", "person = \"person\"", "\"person\" is no number");
        check("all_columns = 0", "all_columns = 1", "are both 1");
    }

    #[test]
    fn answers_are_understood_or_say_what_is_missing() {
        let map = HttpMap::simulated_c();
        let status = json!({"Success": true, "ColumnNo": 0, "Data": {
            "OpenAisle": 3, "Moving": false, "Locked": true, "Alarm": 0x2E, "Temperature": -1.5,
            "Humidity": 48.04}});
        assert_eq!(map.accepted(&status, 0), Ok(Ok(())));
        assert!(map.accepted(&status, 1).unwrap_err().contains("about column 0, not 1"));
        let state = map.bank_state(&status).unwrap();
        assert_eq!(state.open, Some(AisleId(2)));
        assert_eq!(state.interlocks, [Interlock::Smoke, Interlock::Lock]);
        let climate = map.climate(&status);
        assert_eq!(climate.temperature.unwrap().to_string(), "-1.5 °C");
        assert_eq!(climate.humidity.unwrap().to_string(), "48.0 % RH");

        let refused = json!({"Success": false, "ColumnNo": 2, "Message": "列被锁定", "Alarm": 0x99});
        let refused = map.accepted(&refused, 2).unwrap().unwrap_err();
        assert_eq!(refused, Refused { reason: "列被锁定".to_owned(), interlock: Some(Interlock::Person) });

        for (hostile, message) in [
            (json!(null), "nothing at /Data/Moving"),
            (json!({"Data": {"Moving": false, "OpenAisle": "three"}}), "no number from 0"),
            (json!({"Data": {"Moving": false, "OpenAisle": 3, "Alarm": -1}}), "no number from 0"),
            (json!({"Data": {"Moving": false, "OpenAisle": 3}}), "nothing at /Data/Alarm"),
            (
                json!({"Data": {"Moving": false, "OpenAisle": 1u64 << 40, "Alarm": 0, "Locked": false}}),
                "is none",
            ),
        ] {
            let error = map.bank_state(&hostile).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
