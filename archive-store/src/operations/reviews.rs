//! Decisions on findings, which are entries of the evidence log and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::record::Digest;

use super::{evidence, lookup};
use crate::Error;
use crate::evidence_log::Event;
use crate::review::FindingReview;
use crate::sql::Transaction;

/// Logs those of `reviews` that are not logged yet; gives how many these are.
pub(crate) fn record(tx: &Transaction<'_>, reviews: &[FindingReview]) -> Result<usize, Error> {
    let mut known: BTreeMap<i64, BTreeSet<(Digest, Digest)>> = BTreeMap::new();
    let mut new = 0;
    for review in reviews {
        let file_id = lookup::required_row(tx, &review.reference)?;
        let logged = match known.entry(file_id) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(logged_of(tx, file_id)?),
        };
        if !logged.insert((review.finding, review.content)) {
            continue;
        }
        let event = Event::Reviewed {
            reference: review.reference.clone(),
            finding: review.finding,
            decision: review.decision,
            content: review.content,
            at: review.when,
        };
        evidence::append(tx, Some(file_id), &event)?;
        new += 1;
    }
    Ok(new)
}

/// What is logged of the file in row `file_id`: finding and decision of each.
fn logged_of(tx: &Transaction<'_>, file_id: i64) -> Result<BTreeSet<(Digest, Digest)>, Error> {
    let entries = evidence::entries_of(tx, file_id)?;
    // What a newer program wrote is no decision that this one could log again.
    let events = entries.iter().filter_map(|entry| entry.event().ok());
    Ok(events
        .filter_map(|event| match event {
            Event::Reviewed { finding, content, .. } => Some((finding, content)),
            _ => None,
        })
        .collect())
}
