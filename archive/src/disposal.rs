//! Disposal (鉴定销毁) and legal holds: due lists, approvals, destruction with its certificate.
//!
//! Lists, approvals and holds stand in the catalogue, which keeps their rules whoever writes to it. Here is
//! what the policy says of them: what is due, which role may do what, how many must approve.
//!
//! Carrying a list out voids the number of each file in one transaction, and then removes content that no
//! live file needs. After a crash in between, the same call goes on. What is destroyed keeps its entry.

use std::collections::BTreeMap;
use std::path::PathBuf;

use archive_core::disposal::end_of_retention;
use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode};
use archive_core::policy::Ability;
use archive_core::record::{Digest, Document};
use archive_core::{Error, ErrorKind};
use archive_store::{DisposalList, DisposalProposal, LegalHold, Located, Locator};
use chrono::{NaiveDate, Utc};
use serde::Serialize;

use crate::archive::Archive;
use crate::cataloguing::gathering::retention_words;
use crate::cataloguing::table::{Column, Table};
use crate::content;
use crate::intake::stored_case;

/// What the keys of holds in the catalogue begin with that this facade places.
const HOLD_KEYS: &str = "hold-";
/// Why a file is disposed of that is due.
const REASON: &str = "保管期满";
/// How many bytes of content are removed between two looks at whether somebody needs them by now.
const REMOVED_AT_ONCE: usize = 256 << 20;

/// A file whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueFile {
    /// 档号.
    pub reference: ReferenceCode,
    /// The last day on which it had to be kept.
    pub until: NaiveDate,
    /// Why it cannot be disposed of now: a hold, or a loan.
    pub held_back: Option<String>,
}

/// What was destroyed: the certificate (销毁证明).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Destroyed {
    /// The list that was carried out.
    pub list: DisposalList,
    /// How many files are void now.
    pub files: usize,
    /// How many contents were removed by this call; one that another file needs stays.
    pub contents: usize,
}

impl Destroyed {
    /// The certificate, for print.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let columns = [("序号", 14.0), ("档号", 90.0), ("状态", 30.0)];
        let mut table = Table::new("档案销毁证明", columns.map(|(n, w)| Column::new(n, w)).into());
        let in_role = |role: &Option<RoleCode>| role.as_ref().map_or(String::new(), |r| format!("{r}，"));
        let approvals: Vec<String> = (self.list.approvals.iter())
            .map(|a| format!("{}（{}{}）", a.person, in_role(&a.role), a.when.date_naive()))
            .collect();
        let proposal = &self.list.proposal;
        table.subtitle = format!(
            "清单：{}　提出：{}（{}{}）　批准：{}　销毁：{}",
            proposal.key,
            proposal.by,
            in_role(&proposal.role),
            proposal.when.date_naive(),
            approvals.join("、"),
            self.list.ended.map_or(String::new(), |when| when.date_naive().to_string()),
        );
        let row = |(index, reference): (usize, &ReferenceCode)| {
            vec![(index + 1).to_string(), reference.to_string(), "已销毁，目录保留".to_owned()]
        };
        table.rows = proposal.references.iter().enumerate().map(row).collect();
        table.signatures = ["监销人（签字）", "监销人（签字）"].map(str::to_owned).into();
        table
    }
}

impl Archive {
    /// 到期清单: the live files whose time is over on `today`, by number.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn due_for_disposal(&self, today: NaiveDate) -> Result<Vec<DueFile>, Error> {
        let mut held_back = BTreeMap::new();
        for loan in self.catalogue.open_loans()? {
            held_back.insert(loan.request.reference, "on loan".to_owned());
        }
        for hold in self.holds()? {
            for reference in hold.references {
                held_back.insert(reference, format!("held: {}", hold.reason));
            }
        }
        let mut due = Vec::new();
        self.each_file(&mut |file| {
            let key = &file.filed.key;
            let until = end_of_retention(key.year, key.retention).filter(|until| *until < today);
            if let Some(until) = until {
                let reference = file.filed.reference.clone();
                // A hold on a file binds the documents that joined it.
                let main = stored_case(file)?.joins;
                let of_main = || main.as_ref().and_then(|main| held_back.get(main));
                let why = held_back.get(&reference).or_else(of_main).cloned();
                due.push(DueFile { reference, until, held_back: why });
            }
            Ok(())
        })?;
        due.sort_by(|a, b| a.reference.cmp(&b.reference));
        Ok(due)
    }

    /// The legal holds that stand, each with its files.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn holds(&self) -> Result<Vec<LegalHold>, Error> {
        self.catalogue.standing_holds()
    }

    /// 诉讼保全: keeps a file, and the late documents that joined it or will, from disposal until the hold is
    /// lifted. Setting it again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown or void file; `Denied` where the role may not hold; `InvalidInput` without
    /// a reason or a person.
    pub fn hold(
        &self,
        reference: &ReferenceCode,
        reason: &str,
        by: &str,
        role: &RoleCode,
    ) -> Result<(), Error> {
        self.check_ability(role, Ability::Hold)?;
        let file = self.main_file(reference)?;
        if self.own_holds(&file)?.iter().any(|hold| hold.lifted.is_none()) {
            return Ok(());
        }
        let reference = file.filed.reference;
        let known = self.catalogue.legal_holds(&reference)?.len();
        let digest = content::digest(file.filed.request.as_str().as_bytes()).to_string();
        self.catalogue.place_legal_hold(&LegalHold {
            key: format!("{HOLD_KEYS}{}-{}", &digest[..16], known + 1).parse()?,
            references: vec![reference],
            reason: reason.trim().to_owned(),
            by: by.trim().to_owned(),
            when: Utc::now(),
            lifted: None,
        })?;
        Ok(())
    }

    /// Lifts the hold that [`Archive::hold`] set on a file. Lifting again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown or void file; `Denied` where the role may not hold.
    pub fn lift_hold(&self, reference: &ReferenceCode, by: &str, role: &RoleCode) -> Result<(), Error> {
        self.check_ability(role, Ability::Hold)?;
        for hold in self.own_holds(&self.main_file(reference)?)? {
            self.catalogue.lift_legal_hold(&hold.key, by, Utc::now())?;
        }
        Ok(())
    }

    /// The holds on a file that this facade placed, lifted or not.
    fn own_holds(&self, file: &Located) -> Result<Vec<LegalHold>, Error> {
        let mut holds = self.catalogue.legal_holds(&file.filed.reference)?;
        holds.retain(|hold| hold.key.as_str().starts_with(HOLD_KEYS));
        Ok(holds)
    }

    /// Proposes files for disposal. The same list again changes nothing.
    ///
    /// # Errors
    /// `InvalidInput` for an empty list or a file named twice; `Denied` where the role may not propose;
    /// `Conflict` where a file is not due, is held or on loan, has late documents that are not on the list, or
    /// the key was used for another list.
    pub fn propose_disposal(
        &self,
        key: RequestKey,
        references: Vec<ReferenceCode>,
        person: &str,
        role: &RoleCode,
    ) -> Result<DisposalList, Error> {
        self.check_ability(role, Ability::ProposeDisposal)?;
        if self.catalogue.disposal(&key)?.is_none() {
            self.check_due(&key, &references)?;
        }
        self.catalogue.propose_disposal(&DisposalProposal {
            key,
            references,
            reason: REASON.to_owned(),
            by: person.trim().to_owned(),
            role: Some(role.clone()),
            needed: self.policy().disposal().approvals,
            when: Utc::now(),
        })
    }

    fn check_due(&self, key: &RequestKey, references: &[ReferenceCode]) -> Result<(), Error> {
        let conflict =
            |message: String| Error::new(ErrorKind::Conflict, format!("disposal list {key}"), message);
        let due = self.due_for_disposal(self.today())?;
        for reference in references {
            match due.iter().find(|d| d.reference == *reference).map(|d| &d.held_back) {
                None => return Err(conflict(format!("has {reference}, which is not due: it must be kept"))),
                Some(Some(why)) => return Err(conflict(format!("has {reference}, which is {why}"))),
                Some(None) => {}
            }
        }
        Ok(())
    }

    /// The list `key` as it stands.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub fn disposal_list(&self, key: &RequestKey) -> Result<DisposalList, Error> {
        self.catalogue.disposal(key)?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("disposal list {key}"), "was never proposed")
        })
    }

    /// Somebody agrees to a list. The same person again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown list; `Denied` for whoever proposed it, and for a role that may not approve;
    /// `Conflict` where it was rejected or carried out.
    pub fn approve_disposal(
        &self,
        key: &RequestKey,
        person: &str,
        role: &RoleCode,
    ) -> Result<DisposalList, Error> {
        self.disposal_list(key)?;
        self.check_ability(role, Ability::ApproveDisposal)?;
        self.catalogue.approve_disposal(key, person.trim(), Some(role), Utc::now())
    }

    /// Somebody who might agree to a list says no, which ends it; its files may be proposed again.
    ///
    /// # Errors
    /// `NotFound` for an unknown list; `Denied` for a role that may not approve; `Conflict` where it was
    /// carried out; `InvalidInput` without a reason.
    pub fn reject_disposal(
        &self,
        key: &RequestKey,
        person: &str,
        role: &RoleCode,
        reason: &str,
    ) -> Result<DisposalList, Error> {
        self.disposal_list(key)?;
        self.check_ability(role, Ability::ApproveDisposal)?;
        self.catalogue.reject_disposal(key, person.trim(), reason.trim(), Utc::now())
    }

    /// 销毁: carries a list out. Again after a crash it goes on; a list that was carried out gives its
    /// certificate again.
    ///
    /// # Errors
    /// `NotFound` for an unknown list; `Denied` where approvals are missing; `Conflict` where a file is held,
    /// on loan or void, or the list was rejected: then nothing is destroyed.
    pub fn carry_out_disposal(&self, key: &RequestKey) -> Result<Destroyed, Error> {
        self.disposal_list(key)?;
        let list = self.catalogue.execute_disposal(key, Utc::now())?;
        let mut destroyed = Vec::new();
        for reference in &list.proposal.references {
            let files = self.catalogue.locate(&Locator::Reference(reference.clone()))?;
            destroyed.extend(files.into_iter().flat_map(|file| file.documents));
        }
        let contents = self.remove_contents(&destroyed)?;
        Ok(Destroyed { files: list.proposal.references.len(), contents, list })
    }

    /// Removes what no live file needs of these contents, and gives how many were there.
    ///
    /// A filing may find a content there and enter a file that needs it in the moment before it goes. So
    /// whoever removes looks again afterwards and puts it back, and whoever files looks again after entering
    /// (`keep_what_went`): one of the two comes last.
    fn remove_contents(&self, documents: &[Document]) -> Result<usize, Error> {
        let mut free: BTreeMap<PathBuf, Digest> =
            documents.iter().map(|d| (d.path.clone(), d.digest)).collect();
        self.retain_unneeded(&mut free)?;
        let mut contents = 0;
        let mut left = free.into_iter().peekable();
        while left.peek().is_some() {
            let mut removed = Vec::new();
            let mut size = 0;
            while size < REMOVED_AT_ONCE
                && let Some((path, digest)) = left.next()
            {
                // What is damaged is destroyed all the same, and cannot be put back.
                let bytes = self.content.load(&path, &digest).ok();
                contents += usize::from(self.content.remove(&path)?);
                size += bytes.as_ref().map_or(0, Vec::len);
                removed.push((path, digest, bytes));
            }
            let mut unneeded = removed.iter().map(|(path, digest, _)| (path.clone(), *digest)).collect();
            self.retain_unneeded(&mut unneeded)?;
            for (path, digest, bytes) in removed {
                if let (false, Some(bytes)) = (unneeded.contains_key(&path), bytes) {
                    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("bin");
                    self.content.keep(&digest, extension, &bytes)?;
                    contents -= 1;
                }
            }
        }
        Ok(contents)
    }

    /// Takes out of `contents` what a live file needs.
    fn retain_unneeded(&self, contents: &mut BTreeMap<PathBuf, Digest>) -> Result<(), Error> {
        if contents.is_empty() {
            return Ok(());
        }
        self.each_file(&mut |file| {
            for document in &file.documents {
                contents.remove(&document.path);
            }
            Ok(())
        })
    }

    fn check_ability(&self, role: &RoleCode, ability: Ability) -> Result<(), Error> {
        if self.policy().role(role).is_some_and(|r| r.may.contains(&ability)) {
            return Ok(());
        }
        let able: Vec<&str> =
            self.policy().roles().filter(|r| r.may.contains(&ability)).map(|r| r.code.as_str()).collect();
        let message = format!("may not do this; {} may", able.join(", "));
        Err(Error::new(ErrorKind::Denied, format!("role {role}"), message))
    }
}

/// One line for the due list, in words.
#[must_use]
pub fn due_table(due: &[DueFile]) -> Table {
    let columns = [("序号", 14.0), ("档号", 80.0), ("保管至", 30.0), ("备注", 60.0)];
    let mut table = Table::new("到期档案鉴定清单", columns.map(|(n, w)| Column::new(n, w)).into());
    let row = |(index, d): (usize, &DueFile)| {
        let note = d.held_back.clone().unwrap_or_default();
        vec![(index + 1).to_string(), d.reference.to_string(), d.until.to_string(), note]
    };
    table.rows = due.iter().enumerate().map(row).collect();
    table.subtitle = format!(
        "保管期限：{}",
        [archive_core::holding::Retention::D10, archive_core::holding::Retention::D30]
            .map(retention_words)
            .join("、")
    );
    table
}
