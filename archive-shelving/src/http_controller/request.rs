//! What a controller is asked.

use std::fmt;
use std::str::FromStr;

use archive_core::Error;
use archive_core::identifier::quoted;

/// What a controller is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpOperation {
    /// Move a column to the left.
    LeftMove,
    /// Move a column to the right.
    RightMove,
    /// Stop a column.
    StopMove,
    /// Lock a column.
    Lock,
    /// Unlock a column.
    UnLock,
    /// Clear a column's faults.
    Reset,
    /// Spread the columns for ventilation.
    Ventilate,
    /// Ask for the state.
    GetMjjStatus,
}

impl HttpOperation {
    /// Every operation, in the order of the type.
    pub const ALL: [Self; 8] = [
        Self::LeftMove,
        Self::RightMove,
        Self::StopMove,
        Self::Lock,
        Self::UnLock,
        Self::Reset,
        Self::Ventilate,
        Self::GetMjjStatus,
    ];

    /// The operation's name in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftMove => "LeftMove",
            Self::RightMove => "RightMove",
            Self::StopMove => "StopMove",
            Self::Lock => "Lock",
            Self::UnLock => "UnLock",
            Self::Reset => "Reset",
            Self::Ventilate => "Ventilate",
            Self::GetMjjStatus => "GetMjjStatus",
        }
    }

    /// Whether carriages may move because of it, so that it must be sent once at most.
    #[must_use]
    pub fn moves(self) -> bool {
        matches!(self, Self::LeftMove | Self::RightMove | Self::Ventilate | Self::Reset | Self::UnLock)
    }
}

/// A request about one column; `Display` writes its target, `FromStr` reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HttpRequest {
    /// What is asked.
    pub operation: HttpOperation,
    /// The column's number.
    pub column: u16,
}

const PATH: &str = "/MjjWebApi";

impl fmt::Display for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PATH}?Op={}&ColumnNo={}", self.operation.as_str(), self.column)
    }
}

impl FromStr for HttpRequest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| Error::invalid(format!("request {}", quoted(text)), what);
        let query = text
            .strip_prefix(PATH)
            .and_then(|rest| rest.strip_prefix('?'))
            .ok_or_else(|| wrong("is not /MjjWebApi with a query"))?;
        let (mut operation, mut column) = (None, None);
        for pair in query.split('&') {
            // A name that stands twice could mean either: neither is obeyed.
            let taken = match pair.split_once('=') {
                Some(("Op", value)) => {
                    let known = HttpOperation::ALL.into_iter().find(|op| op.as_str() == value);
                    operation.replace(known.ok_or_else(|| wrong("names an unknown Op"))?).is_some()
                }
                Some(("ColumnNo", value)) => {
                    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                    let number = value.parse().ok().filter(|_| digits);
                    column.replace(number.ok_or_else(|| wrong("has no column number"))?).is_some()
                }
                _ => return Err(wrong("holds something that is neither Op nor ColumnNo")),
            };
            if taken {
                return Err(wrong("says the same thing twice"));
            }
        }
        match (operation, column) {
            (Some(operation), Some(column)) => Ok(Self { operation, column }),
            _ => Err(wrong("needs both Op and ColumnNo")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_back() {
        for operation in HttpOperation::ALL {
            let request = HttpRequest { operation, column: 12 };
            assert_eq!(request.to_string().parse::<HttpRequest>().unwrap(), request);
        }
    }

    #[test]
    fn doubtful_requests_are_refused() {
        for bad in [
            "",
            "/MjjWebApi",
            "/MjjWebApi?",
            "/MjjWebApi?Op=LeftMove",
            "/MjjWebApi?Op=leftmove&ColumnNo=1",
            "/MjjWebApi?Op=LeftMove&ColumnNo=-1",
            "/MjjWebApi?Op=LeftMove&ColumnNo=+1",
            "/MjjWebApi?Op=LeftMove&ColumnNo=70000",
            "/MjjWebApi?Op=StopMove&Op=LeftMove&ColumnNo=1",
            "/MjjWebApi?Op=LeftMove&ColumnNo=1&ColumnNo=2",
            "/MjjWebApi?Op=LeftMove&ColumnNo=1&Force=1",
        ] {
            let error = bad.parse::<HttpRequest>().unwrap_err();
            assert_eq!(error.kind(), archive_core::ErrorKind::InvalidInput, "{bad}");
        }
    }
}
