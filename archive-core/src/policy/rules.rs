//! The rules that a policy pack holds, one type for each section.

use serde::{Deserialize, Serialize};

use super::Basis;
use crate::completeness::Requirement;
use crate::facts::FactRule;
use crate::holding::{CustodyMode, Retention};
use crate::identifier::{DocumentType, OrganisationCode, ProcessCode, RoleCode, StageCode};
use crate::record::{Carrier, CustomerClass};

/// How the papers of one class of customers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyRule {
    /// The lasting mode.
    pub mode: CustodyMode,
    /// Whether the originals on paper go back to the customer once their scans are checked.
    pub originals_returned: bool,
    /// What says so.
    pub basis: Basis,
}

/// A state that papers may be in for a while, before they reach their lasting custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterimRule {
    /// Its name, such as `paper-at-hall`.
    pub state: String,
    /// Whose papers.
    pub class: CustomerClass,
    /// How long, in days.
    pub at_most_days: u16,
    /// The state that follows: another interim state, or the class's lasting mode.
    pub then: String,
    /// What says so.
    pub basis: Basis,
}

/// In which order the files of one class of customers lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilingOrder {
    /// 按时间顺序: in the order in which they were filed.
    Time,
    /// 按业务类型: by the subject (问题) of their business process, then by time.
    Process,
}

/// A filing order and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingRule {
    /// The order.
    pub order: FilingOrder,
    /// What says so.
    pub basis: Basis,
}

/// What a scan must be like (DA/T 31).
#[derive(Debug, Clone, PartialEq)]
pub struct ScanStandard {
    /// Its name.
    pub name: String,
    /// The document types that it is for; all others where empty.
    pub documents: Vec<DocumentType>,
    /// The least resolution in dots an inch.
    pub least_dpi: u32,
    /// The most skew in degrees.
    pub most_skew: f64,
    /// The formats in which scans are kept, as extensions without a dot.
    pub formats: Vec<String>,
    /// What says so.
    pub basis: Basis,
}

/// What a role may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// File papers.
    File,
    /// Hand in missing papers and correct facts.
    Complete,
    /// Put boxes on shelves and take inventories.
    Shelve,
    /// Lend and take back.
    Lend,
    /// Make copies for the reading room and evidence packages.
    Copy,
    /// Propose files for disposal.
    ProposeDisposal,
    /// Approve a disposal.
    ApproveDisposal,
    /// Set and lift legal holds.
    Hold,
    /// Send consignments and transfer packages.
    Transfer,
    /// Run the four-nature checks and restore damaged content.
    Check,
    /// Read ID numbers, phones and ID photographs.
    ReadPersonal,
    /// Change the policy.
    Govern,
}

/// 岗位: who may do what, and who can put right what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its code.
    pub code: RoleCode,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub may: Vec<Ability>,
    /// What says so.
    pub basis: Basis,
}

/// A fact that the policy asks for, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactEntry {
    /// The fact.
    pub rule: FactRule,
    /// What says so.
    pub basis: Basis,
}

/// What the policy says of one kind of document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRule {
    /// Its code.
    pub code: DocumentType,
    /// Its name for people, and in catalogues.
    pub name: String,
    /// How long a file with such a document is kept at least; its process's period where absent.
    pub retention: Option<Retention>,
    /// On what carriers it comes; any where empty.
    pub carriers: Vec<Carrier>,
    /// What says so.
    pub basis: Basis,
}

/// A stage of a process, in which some of its papers are due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its code.
    pub code: StageCode,
    /// Its name for people.
    pub name: String,
}

/// 业务: what the policy says of one business process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its code in requests.
    pub code: ProcessCode,
    /// Its name for people.
    pub name: String,
    /// 问题代码: what its files are grouped by where they are filed by business type.
    pub subject: OrganisationCode,
    /// How long its files are kept.
    pub retention: Retention,
    /// The stages that it goes through, in order; one without a name where empty.
    pub stages: Vec<Stage>,
    /// The papers that it needs, with those of the process that it extends first.
    pub requirements: Vec<Requirement>,
    /// What says so.
    pub basis: Basis,
}

impl Process {
    /// The place of `stage` among the stages.
    #[must_use]
    pub fn stage_index(&self, stage: &StageCode) -> Option<usize> {
        self.stages.iter().position(|s| s.code == *stage)
    }
}

/// When customers and staff are reminded of papers that were deferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderRule {
    /// So many days before the deadline, most first.
    pub before_days: Vec<u16>,
    /// After the deadline, again after so many days.
    pub overdue_every_days: u16,
    /// What says so.
    pub basis: Basis,
}

/// How long files are lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LendingRule {
    /// So many days.
    pub days: u16,
    /// What says so.
    pub basis: Basis,
}

/// How files are disposed of when their time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisposalRule {
    /// So many different persons must approve; at least two.
    pub approvals: u8,
    /// What says so.
    pub basis: Basis,
}

/// How often content is checked against its fixity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixityRule {
    /// Each document at least once in so many days.
    pub every_days: u16,
    /// At most so many MiB a run.
    pub budget_mib: u32,
    /// What says so.
    pub basis: Basis,
}
