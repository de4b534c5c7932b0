//! What a child acknowledged, and whether a catalogue still holds it.

use std::collections::BTreeMap;
use std::path::Path;

use archive_store::{Catalogue, Error, FilingState};

/// Acknowledgements by request key: the number, and the last state that was said.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    lines: BTreeMap<String, (String, String)>,
    pub(crate) errors: Vec<String>,
}

impl Ledger {
    /// Reads whole lines; what follows the last line end was never said.
    pub(crate) fn read(&mut self, output: &[u8]) {
        let end = output.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        for line in String::from_utf8_lossy(&output[..end]).lines() {
            if let Some(error) = line.strip_prefix("error ") {
                self.errors.push(error.to_owned());
                continue;
            }
            let mut words = line.split(' ');
            let (Some(request), Some(number), Some(state)) = (words.next(), words.next(), words.next())
            else {
                panic!("the child said {line:?}");
            };
            self.lines.insert(request.to_owned(), (number.to_owned(), state.to_owned()));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Every acknowledged request is there, with its number and at least the state that was said.
    pub(crate) fn lost(&self, catalogue: &dyn Catalogue) -> Result<Vec<String>, Error> {
        let mut lost = Vec::new();
        for (request, (number, state)) in &self.lines {
            let found = catalogue.request(&request.parse().unwrap())?;
            let kept = found.as_ref().is_some_and(|f| {
                // A step that was under way at the crash may or may not have been kept.
                let further = f.state != FilingState::Reserved && state == "Reserved";
                let early = state == "early";
                early || f.reference.as_str() == number && (further || format!("{:?}", f.state) == *state)
            });
            if !kept {
                lost.push(format!("{request} {number} {state} is now {found:?}"));
            }
        }
        Ok(lost)
    }
}

/// Opens what a crash left and checks everything that must hold.
///
/// # Errors
/// What does not hold, in words.
pub(crate) fn verify(path: &Path, ledger: &Ledger, thorough: bool) -> Result<(), String> {
    verify_at(path.to_str().unwrap(), ledger, thorough)
}

/// As [`verify`], wherever the catalogue is.
///
/// # Errors
/// What does not hold, in words.
pub(crate) fn verify_at(url: &str, ledger: &Ledger, thorough: bool) -> Result<(), String> {
    let catalogue = archive_store::open(url).map_err(|e| format!("cannot open: {}", e.report()))?;
    let lost = ledger.lost(catalogue.as_ref()).map_err(|e| e.report())?;
    if !lost.is_empty() {
        return Err(format!("{} acknowledged writes lost: {}", lost.len(), lost[0]));
    }
    for counter in catalogue.counters().map_err(|e| e.report())? {
        if counter.given != counter.next - counter.first {
            return Err(format!("a gap: {counter:?}"));
        }
    }
    if thorough {
        let breaks = catalogue.audit().map_err(|e| e.report())?;
        if !breaks.is_empty() {
            return Err(format!("breaks: {breaks:?}"));
        }
    }
    Ok(())
}
