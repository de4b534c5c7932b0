//! `archive pdf-pages`: the process in which a PDF is rendered, and which may die of it.

use archive::Error;
use archive_ocr::pdf;

use super::Outcome;

pub(super) fn run() -> Result<Outcome, Error> {
    limit_memory();
    pdf::serve(std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(Outcome::Done)
}

/// A file that asks for more than this ends the process, not the machine's other work.
#[cfg(unix)]
fn limit_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let now = getrlimit(Resource::As);
    let lower = |limit: Option<u64>| Some(limit.map_or(pdf::MEMORY_LIMIT, |l| l.min(pdf::MEMORY_LIMIT)));
    let limit = Rlimit { current: lower(now.current), maximum: lower(now.maximum) };
    // Where a system refuses, the time limit for each page still holds.
    let _ = setrlimit(Resource::As, limit);
}

/// Elsewhere the time limit for each page holds alone.
#[cfg(not(unix))]
fn limit_memory() {}
