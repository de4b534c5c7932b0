//! How many rows one answer gives.

use archive_core::Error;

/// How many rows are asked for: `usual` where nothing is said, from 1 to `most`.
pub(super) fn rows(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Error> {
    let limit = asked.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Error::invalid("limit", format!("is {limit}, not 1 to {most}")));
    }
    Ok(limit)
}
