//! Randomness of the system, for keys and nonces.

use crate::{Error, ErrorKind};

/// `N` bytes that nobody can foretell.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        let message = "gives none: wait until the machine has started, or mend its random device";
        Error::new(ErrorKind::Unavailable, "the system's randomness", message).with_source(e.to_string())
    })?;
    Ok(bytes)
}
