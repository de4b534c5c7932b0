//! Disposal (鉴定销毁) and legal holds: due lists, approvals, destruction with its certificate.
//!
//! Carrying a list out voids the number of each file, which keeps its catalogue entry, and then removes
//! content that no live file needs. A crash in between leaves a list that is begun; the same call goes on.

use std::collections::BTreeSet;

use archive_core::disposal::{DisposalList, Hold, ListState, end_of_retention};
use archive_core::identifier::{ReferenceCode, RequestKey, RoleCode};
use archive_core::policy::Ability;
use archive_core::{Error, ErrorKind};
use archive_store::{FilingState, LegalHold, Located, Locator};
use chrono::{NaiveDate, Utc};
use serde::Serialize;

use crate::archive::Archive;
use crate::cataloguing::gathering::retention_words;
use crate::cataloguing::table::{Column, Table};
use crate::content;
use crate::register::Happened;

/// What the keys of holds in the catalogue begin with that this facade places.
const HOLD_KEYS: &str = "hold-";

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
    /// How many contents were removed; one that another file needs stays.
    pub contents: usize,
}

impl Destroyed {
    /// The certificate, for print.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let columns = [("序号", 14.0), ("档号", 90.0), ("状态", 30.0)];
        let mut table = Table::new("档案销毁证明", columns.map(|(n, w)| Column::new(n, w)).into());
        let approvals: Vec<String> =
            self.list.approvals.iter().map(|a| format!("{}（{}，{}）", a.person, a.role, a.on)).collect();
        table.subtitle = format!(
            "清单：{}　提出：{}（{}）　批准：{}　销毁：{}",
            self.list.key,
            self.list.proposed_by,
            self.list.proposed_on,
            approvals.join("、"),
            self.list.carried_out.map_or(String::new(), |d| d.to_string()),
        );
        let row = |(index, reference): (usize, &ReferenceCode)| {
            vec![(index + 1).to_string(), reference.to_string(), "已销毁，目录保留".to_owned()]
        };
        table.rows = self.list.references.iter().enumerate().map(row).collect();
        table.signatures = ["监销人（签字）", "监销人（签字）"].map(str::to_owned).into();
        table
    }
}

impl Archive {
    /// 到期清单: the live files whose time is over on `today`, by number.
    ///
    /// # Errors
    /// Those of catalogue and register.
    pub fn due_for_disposal(&self, today: NaiveDate) -> Result<Vec<DueFile>, Error> {
        let holds = self.holds()?;
        let loans = self.catalogue.open_loans()?;
        let mut due = Vec::new();
        self.each_file(&mut |file| {
            let key = &file.filed.key;
            let until = end_of_retention(key.year, key.retention).filter(|until| *until < today);
            if let Some(until) = until {
                let reference = file.filed.reference.clone();
                let hold =
                    holds.iter().find(|h| h.reference == reference).map(|h| format!("held: {}", h.reason));
                let loan =
                    loans.iter().any(|l| l.request.reference == reference).then(|| "on loan".to_owned());
                due.push(DueFile { reference, until, held_back: hold.or(loan) });
            }
            Ok(())
        })?;
        due.sort_by(|a, b| a.reference.cmp(&b.reference));
        Ok(due)
    }

    /// The legal holds that stand.
    ///
    /// # Errors
    /// Those of the register.
    pub fn holds(&self) -> Result<Vec<Hold>, Error> {
        Ok(holds_of(&self.register.all()?))
    }

    /// 诉讼保全: keeps a file from disposal until the hold is lifted. Setting it again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown or void file; `Denied` where the role may not hold.
    pub fn hold(
        &self,
        reference: &ReferenceCode,
        reason: &str,
        by: &str,
        role: &RoleCode,
    ) -> Result<(), Error> {
        self.check_ability(role, Ability::Hold)?;
        self.live_file(reference)?;
        if reason.trim().is_empty() || by.trim().is_empty() {
            return Err(Error::invalid(format!("hold on {reference}"), "needs a reason and a person"));
        }
        let (reason, by, since) = (reason.trim().to_owned(), by.trim().to_owned(), self.today());
        // The catalogue first: after a crash in between, the file is held.
        self.hold_in_catalogue(reference, &reason, &by)?;
        let hold = Hold { reference: reference.clone(), reason, by, since };
        self.register.append(|so_far| {
            let standing = holds_of(so_far).iter().any(|h| h.reference == *reference);
            Ok((!standing).then_some(Happened::Held(hold)))
        })
    }

    /// Lifts the hold on a file. Lifting again changes nothing.
    ///
    /// # Errors
    /// `Denied` where the role may not hold.
    pub fn lift_hold(&self, reference: &ReferenceCode, by: &str, role: &RoleCode) -> Result<(), Error> {
        self.check_ability(role, Ability::Hold)?;
        self.register.append(|so_far| {
            let standing = holds_of(so_far).iter().any(|h| h.reference == *reference);
            let lifted = Happened::Lifted { reference: reference.clone(), by: by.to_owned() };
            Ok(standing.then_some(lifted))
        })?;
        let own = self.catalogue.legal_holds(reference)?;
        for hold in own.iter().filter(|h| h.lifted.is_none() && h.key.as_str().starts_with(HOLD_KEYS)) {
            self.catalogue.lift_legal_hold(&hold.key, by, Utc::now())?;
        }
        Ok(())
    }

    /// Makes the catalogue refuse to void the file, whoever asks for it.
    fn hold_in_catalogue(&self, reference: &ReferenceCode, reason: &str, by: &str) -> Result<(), Error> {
        let known = self.catalogue.legal_holds(reference)?;
        if known.iter().any(|hold| hold.lifted.is_none() && hold.key.as_str().starts_with(HOLD_KEYS)) {
            return Ok(());
        }
        let digest = content::digest(reference.as_str().as_bytes()).to_string();
        self.catalogue.place_legal_hold(&LegalHold {
            key: format!("{HOLD_KEYS}{}-{}", &digest[..16], known.len() + 1).parse()?,
            references: vec![reference.clone()],
            reason: reason.to_owned(),
            by: by.to_owned(),
            when: Utc::now(),
            lifted: None,
        })?;
        Ok(())
    }

    /// Proposes files for disposal. The same list again changes nothing.
    ///
    /// # Errors
    /// `InvalidInput` for an empty list; `Denied` where the role may not propose; `Conflict` where a file is
    /// not due, is held or on loan, or the key was used for another list.
    pub fn propose_disposal(
        &self,
        key: RequestKey,
        references: Vec<ReferenceCode>,
        person: &str,
        role: &RoleCode,
    ) -> Result<DisposalList, Error> {
        let today = self.today();
        let list = DisposalList::propose(key, references, person, role, self.policy(), today)?;
        let due = self.due_for_disposal(today)?;
        self.register.append(|so_far| {
            let object = format!("disposal list {}", list.key);
            if let Some(known) = lists_of(so_far).into_iter().find(|l| l.key == list.key) {
                return if known.references == list.references && known.proposed_by == list.proposed_by {
                    Ok(None)
                } else {
                    Err(Error::new(
                        ErrorKind::Conflict,
                        object,
                        "was proposed with other files; use a new key",
                    ))
                };
            }
            for reference in &list.references {
                let message = match due.iter().find(|d| d.reference == *reference) {
                    None => Some(format!("has {reference}, which is not due: it must be kept")),
                    Some(d) => d.held_back.as_ref().map(|why| format!("has {reference}, which is {why}")),
                };
                if let Some(message) = message {
                    return Err(Error::new(ErrorKind::Conflict, object, message));
                }
            }
            Ok(Some(Happened::Disposal(list.clone())))
        })?;
        self.disposal_list(&list.key)
    }

    /// The list `key` as it stands.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub fn disposal_list(&self, key: &RequestKey) -> Result<DisposalList, Error> {
        find_list(&self.register.all()?, key)
    }

    /// Somebody agrees to a list. The same person again changes nothing.
    ///
    /// # Errors
    /// `Denied` for whoever proposed it, and for a role that may not approve.
    pub fn approve_disposal(
        &self,
        key: &RequestKey,
        person: &str,
        role: &RoleCode,
    ) -> Result<DisposalList, Error> {
        let today = self.today();
        self.register.append(|so_far| {
            let before = find_list(so_far, key)?;
            let mut after = before.clone();
            after.approve(person, role, self.policy(), today)?;
            Ok((after != before).then_some(Happened::Disposal(after)))
        })?;
        self.disposal_list(key)
    }

    /// 销毁: carries a list out. Again after a crash it goes on; a list that was carried out gives its
    /// certificate again.
    ///
    /// # Errors
    /// `Denied` where approvals are missing; `Conflict` where a file is held or on loan: then nothing is
    /// destroyed.
    pub fn carry_out_disposal(&self, key: &RequestKey) -> Result<Destroyed, Error> {
        let so_far = self.register.all()?;
        let mut list = find_list(&so_far, key)?;
        if list.state(self.policy()) != ListState::CarriedOut {
            self.register.append(|so_far| {
                list = find_list(so_far, key)?;
                list.check_ready(self.policy(), &holds_of(so_far))?;
                for loan in self.catalogue.open_loans()? {
                    if list.references.contains(&loan.request.reference) {
                        let message = format!("has {}, which is on loan", loan.request.reference);
                        return Err(Error::new(ErrorKind::Conflict, format!("disposal list {key}"), message));
                    }
                }
                let begun =
                    so_far.iter().any(|h| matches!(h, Happened::DisposalBegun { key: k } if k == key));
                Ok((!begun).then(|| Happened::DisposalBegun { key: key.clone() }))
            })?;
        }
        let mut destroyed: Vec<Located> = Vec::new();
        for reference in &list.references {
            self.catalogue.void_number(reference, &format!("销毁，清单 {key}"), Utc::now())?;
            destroyed.extend(self.catalogue.locate(&Locator::Reference(reference.clone()))?);
        }
        let mut needed = BTreeSet::new();
        self.each_file(&mut |file| {
            needed.extend(file.documents.iter().map(|d| d.path.clone()));
            Ok(())
        })?;
        let mut contents = 0;
        for document in
            destroyed.iter().filter(|f| f.filed.state == FilingState::Void).flat_map(|f| &f.documents)
        {
            if !needed.contains(&document.path) {
                contents += usize::from(self.content.remove(&document.path)?);
            }
        }
        let today = self.today();
        self.register.append(|so_far| {
            let mut done = find_list(so_far, key)?;
            let first = done.carried_out.is_none();
            done.carried_out.get_or_insert(today);
            list = done.clone();
            Ok(first.then_some(Happened::Disposal(done)))
        })?;
        Ok(Destroyed { files: list.references.len(), contents, list })
    }

    /// 办结: closes a file; it takes no more documents. Closing again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown or void file.
    pub fn close_file(&self, reference: &ReferenceCode, by: &str, reason: &str) -> Result<(), Error> {
        self.live_file(reference)?;
        self.register.append(|so_far| {
            let (by, reason) = (by.to_owned(), reason.to_owned());
            Ok((!is_closed(so_far, reference)).then(|| Happened::Closed {
                reference: reference.clone(),
                by,
                reason,
            }))
        })
    }

    /// Whether a file takes no more documents.
    pub(crate) fn is_closed(&self, reference: &ReferenceCode) -> Result<bool, Error> {
        Ok(is_closed(&self.register.all()?, reference))
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

fn holds_of(register: &[Happened]) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for happened in register {
        match happened {
            Happened::Held(hold) => holds.push(hold.clone()),
            Happened::Lifted { reference, .. } => holds.retain(|h| h.reference != *reference),
            _ => {}
        }
    }
    holds
}

fn lists_of(register: &[Happened]) -> Vec<DisposalList> {
    let mut lists: Vec<DisposalList> = Vec::new();
    for happened in register {
        if let Happened::Disposal(list) = happened {
            lists.retain(|l| l.key != list.key);
            lists.push(list.clone());
        }
    }
    lists
}

fn find_list(register: &[Happened], key: &RequestKey) -> Result<DisposalList, Error> {
    let found = lists_of(register).into_iter().find(|l| l.key == *key);
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("disposal list {key}"), "was never proposed"))
}

fn is_closed(register: &[Happened], reference: &ReferenceCode) -> bool {
    register.iter().any(|h| matches!(h, Happened::Closed { reference: r, .. } if r == reference))
}
