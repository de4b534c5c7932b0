//! The log compared with checkpoints that were kept elsewhere.

use archive_core::record::Digest;
use serde::{Deserialize, Serialize};

use super::Checkpoint;
use crate::audit::{Break, End};
use crate::merkle::{Frontier, leaf_hash};

/// What comparing the log with checkpoints came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogVerification {
    /// The log as its entries make it.
    pub present: Checkpoint,
    /// The latest checkpoint that the log goes on from.
    pub agreed: Option<Checkpoint>,
    /// The earliest that it does not go on from: an entry after the agreed one and before this was changed,
    /// added, left out or cut off.
    pub disputed: Option<Checkpoint>,
    /// Everything that was found, in the order of the log: an entry that is not what was hashed is named, and
    /// the first comes first.
    pub breaks: Vec<Break>,
}

impl LogVerification {
    /// Whether nothing was found.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.disputed.is_none() && self.breaks.is_empty()
    }
}

/// Checks a log from its first entry to its last, as a backend reads it out.
#[derive(Debug)]
pub struct LogCheck {
    /// Those that are not met yet, the smallest last.
    checkpoints: Vec<Checkpoint>,
    tree: Frontier,
    /// Entries that were read, which is more than the tree has where some are missing.
    read: u64,
    agreed: Option<Checkpoint>,
    disputed: Option<Checkpoint>,
    breaks: Vec<Break>,
}

impl LogCheck {
    /// A check against `checkpoints` in any order, or of the log by itself.
    #[must_use]
    pub fn new(checkpoints: &[Checkpoint]) -> Self {
        let mut checkpoints = checkpoints.to_vec();
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        let (agreed, disputed) = (None, None);
        let mut check =
            Self { checkpoints, tree: Frontier::default(), read: 0, agreed, disputed, breaks: Vec::new() };
        check.meet_checkpoints();
        check
    }

    fn found(&mut self, object: String, message: impl Into<String>) {
        // A ruined log gives an answer and not a flood.
        if self.breaks.len() < 1000 {
            self.breaks.push(Break::new(End::Log, object, message));
        }
    }

    fn dispute(&mut self, checkpoint: Checkpoint, object: String, message: impl Into<String>) {
        // Where one does not agree, none after it can.
        if self.disputed.is_none() {
            self.disputed = Some(checkpoint);
            self.found(object, message);
        }
    }

    fn meet_checkpoints(&mut self) {
        while let Some(checkpoint) = self.checkpoints.pop_if(|c| c.size == self.tree.size()) {
            if checkpoint.root == self.tree.root() {
                if self.disputed.is_none() {
                    self.agreed = Some(checkpoint);
                }
                continue;
            }
            let message =
                "has another root than the checkpoint: an entry before was changed, added or left out";
            self.dispute(checkpoint, format!("the log of {} entries", checkpoint.size), message);
        }
    }

    /// Reads the next entry with the hash that is stored for it. Returns the complete subtrees that it
    /// ends, for a backend that stores those.
    pub fn push(&mut self, position: u64, event: &[u8], stored: Digest) -> Vec<(u32, u64, Digest)> {
        if position != self.read {
            let message = format!("stands where entry {} is expected", self.read);
            self.found(format!("log entry {position}"), message);
        }
        self.read = position.saturating_add(1);
        let hash = leaf_hash(event);
        if hash != stored {
            self.found(format!("log entry {position}"), "is not what was hashed: it was changed");
        }
        let mut nodes = Vec::new();
        self.tree.push_noting(hash, |level, at, hash| nodes.push((level, at, hash)));
        self.meet_checkpoints();
        nodes
    }

    /// Notes a fault that the backend saw.
    pub(crate) fn note(&mut self, object: String, message: &str) {
        self.found(object, message);
    }

    /// Compares the end with the `head` that is stored, and tells all that was found.
    #[must_use]
    pub fn finish(mut self, head: &Frontier) -> LogVerification {
        if *head != self.tree {
            let message =
                format!("ends with {} entries, and its entries are {}", head.size(), self.tree.size());
            self.found("the log".into(), message);
        }
        if let Some(checkpoint) = self.checkpoints.pop() {
            let message = format!(
                "has {} entries and had {} at the checkpoint: its end was cut",
                self.tree.size(),
                checkpoint.size
            );
            self.dispute(checkpoint, "the log".into(), message);
        }
        LogVerification {
            present: Checkpoint { size: self.tree.size(), root: self.tree.root() },
            agreed: self.agreed,
            disputed: self.disputed,
            breaks: self.breaks,
        }
    }
}
