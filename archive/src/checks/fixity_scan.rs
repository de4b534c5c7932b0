//! Scheduled scans of content against its fixity, within a budget.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::file_checks::is_live;
use crate::archive::Archive;
use crate::content;

/// Where a scan goes on, in the archive's directory.
const STATE: &str = "fixity.json";

/// What one run of the scan did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FixityScan {
    /// How many documents' contents were read.
    pub checked: u64,
    /// How many bytes.
    pub bytes: u64,
    /// What is missing or not what was filed: its path and what is wrong.
    pub damaged: Vec<(PathBuf, String)>,
    /// Whether this run came to the end of the round.
    pub round_complete: bool,
    /// When the last whole round ended; none where there was none yet.
    pub last_round: Option<NaiveDate>,
    /// Whether the last whole round is longer ago than the policy allows.
    pub overdue: bool,
}

/// Where the scan goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Progress {
    /// The path that was checked last; the round begins anew where absent.
    after: Option<PathBuf>,
    began: Option<NaiveDate>,
    last_round: Option<NaiveDate>,
}

impl Archive {
    /// 定期巡检: reads content on from where the last run ended, until `budget` bytes were read or the
    /// round is complete. The policy's budget holds where none is given.
    ///
    /// Each document is read once a round, the smallest path first; at least one is read, so that a round
    /// always ends. What is missing counts as damaged.
    ///
    /// # Errors
    /// Those of the catalogue and of keeping the progress; `Corrupt` where that cannot be read.
    pub fn fixity_scan(&self, budget: Option<u64>) -> Result<FixityScan, Error> {
        let rule = self.policy().fixity();
        let budget = budget.unwrap_or(u64::from(rule.budget_mib) << 20);
        let today = self.today();
        let path = self.config.directory().join(STATE);
        let mut progress = load(&path)?;
        progress.began.get_or_insert(today);
        let mut contents: BTreeMap<PathBuf, Digest> = BTreeMap::new();
        self.each_file(&mut |file| {
            if is_live(file) {
                contents.extend(file.documents.iter().map(|d| (d.path.clone(), d.digest)));
            }
            Ok(())
        })?;
        let mut scan = FixityScan {
            checked: 0,
            bytes: 0,
            damaged: Vec::new(),
            round_complete: true,
            last_round: None,
            overdue: false,
        };
        let rest =
            contents.iter().filter(|(path, _)| progress.after.as_ref().is_none_or(|after| *path > after));
        for (relative, digest) in rest.map(|(path, digest)| (path.clone(), *digest)).collect::<Vec<_>>() {
            if scan.checked > 0 && scan.bytes >= budget {
                scan.round_complete = false;
                break;
            }
            match self.content.load(&relative, &digest) {
                Ok(content) => scan.bytes += content.len() as u64,
                Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
                Err(error) => scan.damaged.push((relative.clone(), error.to_string())),
            }
            scan.checked += 1;
            progress.after = Some(relative);
        }
        if scan.round_complete {
            progress = Progress { after: None, began: None, last_round: Some(today) };
        }
        save(&path, &progress)?;
        scan.last_round = progress.last_round;
        let since = progress.last_round.or(progress.began).unwrap_or(today);
        scan.overdue = (today - since).num_days() > i64::from(rule.every_days);
        Ok(scan)
    }
}

fn load(path: &std::path::Path) -> Result<Progress, Error> {
    if !path.exists() {
        return Ok(Progress::default());
    }
    let text = fs::read_to_string(path).map_err(|e| Error::io(path, "read", e))?;
    serde_json::from_str(&text).map_err(|e| {
        let message = "is no progress of a fixity scan; remove it to begin the round anew";
        Error::new(ErrorKind::Corrupt, path.display().to_string(), message).with_source(e)
    })
}

fn save(path: &std::path::Path, progress: &Progress) -> Result<(), Error> {
    let text = serde_json::to_string(progress)
        .map_err(|e| Error::new(ErrorKind::Internal, STATE, "cannot be written").with_source(e))?;
    content::write_whole(path, text.as_bytes()).map_err(|e| Error::io(path, "keep the scan's progress", e))
}
