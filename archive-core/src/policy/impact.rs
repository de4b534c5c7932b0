//! Which existing files a change of pack would touch, before it applies.

use serde::{Deserialize, Serialize};

use super::{Policy, PolicyVersion};
use crate::completeness::{Case, Holding, State, assess};
use crate::facts::Facts;
use crate::holding::{CustodyMode, Retention};
use crate::identifier::{OrganisationCode, ProcessCode, ReferenceCode};
use crate::record::CustomerClass;
use chrono::NaiveDate;

/// What of an existing file matters to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// 档号.
    pub reference: ReferenceCode,
    /// The class of its customer.
    pub class: CustomerClass,
    /// Its process.
    pub process: ProcessCode,
    /// How long it is kept now.
    pub retention: Retention,
    /// How it is kept now.
    pub custody: CustodyMode,
    /// 机构(问题)代码 that it was filed under.
    pub organisation: OrganisationCode,
    /// Its documents.
    pub held: Vec<Holding>,
    /// What is known of its case.
    pub facts: Facts,
    /// The day of its filing.
    pub filed: NaiveDate,
}

/// One thing that would be different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// It would be kept for another period.
    Retention {
        /// Now.
        from: Retention,
        /// Then.
        to: Retention,
    },
    /// It would be kept in another form.
    Custody {
        /// Now.
        from: CustodyMode,
        /// Then.
        to: CustodyMode,
    },
    /// It would be grouped otherwise.
    Grouping {
        /// Now.
        from: OrganisationCode,
        /// Then.
        to: OrganisationCode,
    },
    /// Its completeness would be another.
    Completeness {
        /// Under the old pack.
        from: State,
        /// Under the new one.
        to: State,
        /// The papers that would be missing, overdue or doubtful and are not now.
        newly_open: Vec<String>,
        /// The papers that would no longer be.
        no_longer_open: Vec<String>,
    },
    /// The new pack does not know its process.
    ProcessGone,
}

/// A file that would be touched, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchedFile {
    /// 档号.
    pub reference: ReferenceCode,
    /// What would be different.
    pub changes: Vec<Change>,
}

/// What a change of pack would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// The pack in force.
    pub from: PolicyVersion,
    /// The pack that would be.
    pub to: PolicyVersion,
    /// How many files were looked at.
    pub looked_at: u64,
    /// Those that would be touched.
    pub touched: Vec<TouchedFile>,
}

/// What the change from `old` to `new` would do to `files` on the day `today`.
#[must_use]
pub fn impact<'a>(
    old: &Policy,
    new: &Policy,
    files: impl IntoIterator<Item = &'a FileSummary>,
    today: NaiveDate,
) -> Impact {
    let mut impact =
        Impact { from: old.version().clone(), to: new.version().clone(), looked_at: 0, touched: Vec::new() };
    for file in files {
        impact.looked_at += 1;
        let changes = changes(old, new, file, today);
        if !changes.is_empty() {
            impact.touched.push(TouchedFile { reference: file.reference.clone(), changes });
        }
    }
    impact
}

fn changes(old: &Policy, new: &Policy, file: &FileSummary, today: NaiveDate) -> Vec<Change> {
    let Ok(process) = new.process(&file.process) else { return vec![Change::ProcessGone] };
    let mut changes = Vec::new();
    let types = file.held.iter().filter_map(|h| h.document_type.as_ref());
    let (from, to) = (file.retention, new.retention(process, types).period);
    if from != to {
        changes.push(Change::Retention { from, to });
    }
    let (from, to) = (file.custody, new.custody(file.class));
    if from != to {
        changes.push(Change::Custody { from, to });
    }
    let (from, to) = (&file.organisation, new.grouping(file.class, process));
    if *from != to {
        changes.push(Change::Grouping { from: from.clone(), to });
    }
    let case = Case { held: &file.held, facts: Some(&file.facts), stage: None, filed: file.filed, today };
    // A process that the old pack did not know was complete by definition: nothing was asked for.
    let before = old.process(&file.process).map(|p| assess(p, &case)).ok();
    let after = assess(process, &case);
    let open =
        |c: &crate::completeness::Completeness| c.open_items().map(|i| i.name.clone()).collect::<Vec<_>>();
    let (was, is) = (before.as_ref().map(open).unwrap_or_default(), open(&after));
    let from = before.as_ref().map_or(State::Complete, crate::completeness::Completeness::state);
    let to = after.state();
    if from != to || was != is {
        let newly_open = is.iter().filter(|name| !was.contains(name)).cloned().collect();
        let no_longer_open = was.into_iter().filter(|name| !is.contains(name)).collect();
        changes.push(Change::Completeness { from, to, newly_open, no_longer_open });
    }
    changes
}
