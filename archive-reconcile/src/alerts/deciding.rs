//! The name of who decides on an alert or a finding.

use archive_core::identifier::is_invisible;

/// The most characters of a name.
pub const NAME_LIMIT: usize = 100;

/// What is wrong with the name of who decides. It is kept for good and read by people, so it has to be some, and to
/// be printable.
#[must_use]
pub fn fault_of_name(by: &str) -> Option<String> {
    match by.trim() {
        "" => Some("is empty: say who decides".into()),
        by if by.chars().count() > NAME_LIMIT => Some(format!("is longer than {NAME_LIMIT} characters")),
        by if by.chars().any(|c| c.is_control() || is_invisible(c)) => {
            Some("has characters that cannot be seen".into())
        }
        _ => None,
    }
}
