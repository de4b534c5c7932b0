//! The contract that every backend keeps.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::{BoxNumber, CustomerNumber, DocumentId, ReferenceCode, RequestKey, RoleCode};
use archive_core::record::Customer;
use chrono::{DateTime, Utc};

use crate::Error;
use crate::audit::{Break, CounterState};
use crate::closing::Closing;
use crate::disposal::{DisposalList, DisposalProposal, LegalHold};
use crate::document::{DocumentVersion, FixityCheck};
use crate::evidence_log::{Checkpoint, ConsistencyProof, InclusionProof, LogEntry, LogVerification};
use crate::filing::{Draw, Filed, FilingEntry, Located, Locator, ShelfReceipt};
use crate::key_provider::{KeyId, KeyProvider};
use crate::loan::{Loan, LoanRequest};
use crate::party::BusinessProcess;
use crate::relocation::{Relocation, RelocationPlan};
use crate::review::FindingReview;
use crate::sealed::{Access, Resealed, SealEntry, SealedKind, Secret, Unsealed};
use crate::search::Search;
use crate::shelf::{
    BoxStatus, Inventory, InventorySummary, SiteStatus, SlotFilter, SlotHold, SlotStatus, TagHeard,
};
use crate::stock::{BoxUse, MappedSlot, Retrieval, Stock};
use crate::tables::{Part, Rows};

/// A catalogue of files, boxes, slots and numbers.
///
/// # Contract
/// - Each call is one transaction: it happens as a whole or not at all, and an `Ok` is returned
///   only once the change would survive a power cut.
/// - The same call again changes nothing: filing, confirming, cancelling and recording an inventory
///   are known by their keys.
/// - A number is given once. One that is voided keeps its reason and is never given again; within
///   a counter the given numbers have no gap.
/// - A failed call consumes no number and takes no room.
/// - Calls may come from any number of threads. Time is only what callers pass in: a clock that
///   goes backwards changes what is recorded, never what is allowed.
/// - `OutcomeUnknown` means that the store could not learn whether the change was kept: the same
///   call again tells.
pub trait Catalogue: Debug + Send + Sync {
    /// Adds `slots`; those already known with the same width are left as they are. Returns how many
    /// were new.
    ///
    /// # Errors
    /// `Conflict` where a known slot has another width; then none is added.
    fn add_slots(&self, slots: Vec<Slot>) -> Result<usize, Error>;

    /// The slots that `filter` lets through, in the order in which they were added.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn slots(&self, filter: &SlotFilter) -> Result<Vec<SlotStatus>, Error>;

    /// Files an archival unit: draws its number, enters it with its documents, ties it to its
    /// system record and, for paper, to a box with a slot; all in one transaction.
    ///
    /// The same request key with the same digest returns what was filed before, with
    /// [`Filed::already`] set.
    ///
    /// # Errors
    /// `Conflict` where the key was used for another request, the counter is full, a document's id is
    /// taken, the system record belongs to another customer, or no free slot fits; `InvalidInput`
    /// where the entry contradicts itself; the number writer's own error.
    fn file(&self, entry: FilingEntry) -> Result<Filed, Error>;

    /// Files many archival units in one transaction: all or none.
    ///
    /// # Errors
    /// As [`Catalogue::file`], for the first entry that fails; `InvalidInput` for more than
    /// [`BATCH_LIMIT`](crate::filing::BATCH_LIMIT) entries.
    fn file_batch(&self, entries: Vec<FilingEntry>) -> Result<Vec<Filed>, Error>;

    /// Records that the paper of `request` stands in its box and the box in its slot.
    ///
    /// Confirming again returns the same; a file in electronic custody is confirmed from the start.
    ///
    /// # Errors
    /// `NotFound` for an unknown request; `Conflict` where it was cancelled, or where the tag belongs
    /// to another box.
    fn confirm(&self, request: &RequestKey, receipt: ShelfReceipt) -> Result<Filed, Error>;

    /// Undoes a request that was not confirmed: its number is void with `reason`, its room is free
    /// again, and a box that was made for it alone is withdrawn. Cancelling again returns the same.
    ///
    /// # Errors
    /// `NotFound` for an unknown request; `Conflict` where it was confirmed: void its number instead.
    fn cancel(&self, request: &RequestKey, reason: &str, when: DateTime<Utc>) -> Result<Filed, Error>;

    /// Cancels every request whose reservation ran out before `now`, and returns those.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read or written.
    fn expire(&self, now: DateTime<Utc>) -> Result<Vec<Filed>, Error>;

    /// The requests that are neither confirmed nor cancelled, oldest first.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn pending(&self) -> Result<Vec<Filed>, Error>;

    /// What became of `request`; `None` where it was never filed.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn request(&self, request: &RequestKey) -> Result<Option<Filed>, Error>;

    /// The files that go by `locator`, oldest first. Void files are found by number, request,
    /// customer and system record, and say so in their state; a box or a slot holds live files alone.
    ///
    /// # Errors
    /// `NotFound` where nothing in the catalogue goes by that name. A box or slot that is there and
    /// empty is an empty answer.
    fn locate(&self, locator: &Locator) -> Result<Vec<Located>, Error>;

    /// The live files after `place`, `limit` at most, each with its place, in the order in which they were
    /// filed. Begun with 0 and gone on with the last place, it gives every file, without holding all of them.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0 or above [`PAGE_LIMIT`](crate::filing::PAGE_LIMIT).
    fn files_after(&self, place: u64, limit: usize) -> Result<Vec<(u64, Located)>, Error>;

    /// The files that `search` asks for, newest first.
    ///
    /// # Errors
    /// `InvalidInput` where the query is too long.
    fn search(&self, search: &Search) -> Result<Vec<Filed>, Error>;

    /// 作废: takes a live file out of the holdings. Its number keeps `reason` and is never given
    /// again. Voiding again returns the same.
    ///
    /// # Errors
    /// `NotFound` where no file bears the number; `Conflict` where the file is on loan.
    fn void_number(&self, number: &ReferenceCode, reason: &str, when: DateTime<Utc>) -> Result<Filed, Error>;

    /// What is known of the box `number`.
    ///
    /// # Errors
    /// `NotFound` where no such box is on a shelf or on its way there.
    fn box_status(&self, number: &BoxNumber) -> Result<BoxStatus, Error>;

    /// 移位: keeps the slot `to` for the box `number`, which stays where it is until
    /// [`Catalogue::confirm_move`]. A box that nobody put on the shelf yet goes there at once. The same
    /// move again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown box or slot; `Conflict` where the slot is taken or too narrow, or the
    /// box is on its way elsewhere.
    fn move_box(&self, number: &BoxNumber, to: &SlotAddress, when: DateTime<Utc>)
    -> Result<BoxStatus, Error>;

    /// Records that the box stands in the slot that it was moved to; its old slot is free. Without a
    /// move under way nothing changes.
    ///
    /// # Errors
    /// `NotFound` for an unknown box.
    fn confirm_move(&self, number: &BoxNumber, when: DateTime<Utc>) -> Result<BoxStatus, Error>;

    /// Undoes a move that was not confirmed. Without one nothing changes.
    ///
    /// # Errors
    /// `NotFound` for an unknown box.
    fn cancel_move(&self, number: &BoxNumber, when: DateTime<Utc>) -> Result<BoxStatus, Error>;

    /// Takes an empty box off the shelf for good and returns the slot that is free.
    ///
    /// # Errors
    /// `NotFound` for an unknown box; `Conflict` where it holds live files.
    fn vacate(&self, number: &BoxNumber, reason: &str, when: DateTime<Utc>) -> Result<SlotAddress, Error>;

    /// 借阅: lends a file's paper. The same request again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Conflict` where it is out already or not on the shelf, or the key
    /// was used for another loan.
    fn lend(&self, request: &LoanRequest) -> Result<Loan, Error>;

    /// 归还: records that a loan came back. Returning again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown loan.
    fn give_back(&self, loan: &RequestKey, when: DateTime<Utc>) -> Result<Loan, Error>;

    /// The loans that are out, oldest first.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn open_loans(&self) -> Result<Vec<Loan>, Error>;

    /// The latest loans, out or back, the newest first, at most `limit`.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn latest_loans(&self, limit: usize) -> Result<Vec<Loan>, Error>;

    /// 架上现状: what stands in which slot, whole, or what changed since the log had `since` entries.
    /// [`Stock::whole`] says which it is: after many changes, or new slots, it is the whole again.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn stock(&self, since: Option<u64>) -> Result<Stock, Error>;

    /// Every loan of a file in a box, oldest first: what was fetched, and how old its box was.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn retrievals(&self) -> Result<Vec<Retrieval>, Error>;

    /// For each box that stands in a slot, how long nobody looked for it, and how often it was opened since;
    /// boxes in the order in which they were made.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn box_uses(&self) -> Result<Vec<BoxUse>, Error>;

    /// The slots below `within`, a part of an address such as `HZ/R1`, with what a map shows of their boxes;
    /// in the order in which the slots were added. Loans are counted from `since`.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn shelf_map(&self, within: &str, since: DateTime<Utc>) -> Result<Vec<MappedSlot>, Error>;

    /// 盘点: keeps what an inventory saw. The same inventory again changes nothing.
    ///
    /// # Errors
    /// `Conflict` where its key was used for another one; `NotFound` where it names a box that is not
    /// in the catalogue.
    fn record_inventory(&self, inventory: Inventory) -> Result<(), Error>;

    /// What the inventory of this key saw, boxes in the order in which they were made; `None` where there is
    /// none. What it heard of tags is in [`Catalogue::tag_histories`].
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn inventory(&self, key: &RequestKey) -> Result<Option<Inventory>, Error>;

    /// The latest inventories in figures, newest first, at most `limit`.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn inventories(&self, limit: usize) -> Result<Vec<InventorySummary>, Error>;

    /// What inventories heard of each tag so far, in order of their codes.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn tag_histories(&self) -> Result<Vec<TagHeard>, Error>;

    /// The state of every counter: how many numbers it gave and how many of those are void.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn counters(&self) -> Result<Vec<CounterState>, Error>;

    /// Checks everything that must hold: the trinity link from each of its three ends, boxes and
    /// their room, numbers without gap or duplicate, and the store's own integrity. Nothing found
    /// is an empty list; a break is a finding, not an error.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read at all.
    fn audit(&self) -> Result<Vec<Break>, Error>;

    /// The state of the evidence log, to be kept outside of the catalogue.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn checkpoint(&self) -> Result<Checkpoint, Error>;

    /// Checks the evidence log from end to end and against `checkpoints` that were kept elsewhere, in any
    /// order: makes its root anew from every entry. The more checkpoints there are, the closer is the place
    /// known of a change that somebody made to fit.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read at all.
    fn verify(&self, checkpoints: &[Checkpoint]) -> Result<LogVerification, Error>;

    /// What the log says of the file that bears `number`, oldest first.
    ///
    /// # Errors
    /// `NotFound` where no file bears it.
    fn history(&self, number: &ReferenceCode) -> Result<Vec<LogEntry>, Error>;

    /// The proof that the entry at `position` is among the first `size` of the log.
    ///
    /// # Errors
    /// `InvalidInput` where it is not; `NotFound` where the log is shorter than `size`.
    fn prove_inclusion(&self, position: u64, size: u64) -> Result<InclusionProof, Error>;

    /// The proof that the first `old` entries of the log are the beginning of its first `new`.
    ///
    /// # Errors
    /// `InvalidInput` where `old` is above `new`; `NotFound` where the log is shorter than `new`.
    fn prove_consistency(&self, old: u64, new: u64) -> Result<ConsistencyProof, Error>;

    /// Keeps a free slot for the request of the same key until it runs out. The same hold again changes
    /// nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown slot; `Conflict` where it is not free, or the key keeps another slot.
    fn hold_slot(&self, hold: &SlotHold) -> Result<SlotHold, Error>;

    /// Gives up a slot that is held. Releasing again, or what was used or ran out, changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown hold.
    fn release_slot(&self, key: &RequestKey, when: DateTime<Utc>) -> Result<SlotHold, Error>;

    /// What stands at each site, in order of their names.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn sites(&self) -> Result<Vec<SiteStatus>, Error>;

    /// Enters a customer, or what changed of one.
    ///
    /// # Errors
    /// `InvalidInput` where the name is empty or long.
    fn enter_customer(&self, customer: &Customer, when: DateTime<Utc>) -> Result<(), Error>;

    /// The customer `number`; `None` where it was never entered.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn customer(&self, number: &CustomerNumber) -> Result<Option<Customer>, Error>;

    /// Enters a business process, or its end.
    ///
    /// # Errors
    /// `NotFound` where its customer was not entered; `Conflict` where its row belongs to another customer
    /// or is known otherwise.
    fn enter_process(&self, process: &BusinessProcess) -> Result<(), Error>;

    /// The business processes of a customer, in the order in which they began.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn processes(&self, customer: &CustomerNumber) -> Result<Vec<BusinessProcess>, Error>;

    /// Adds the next version of a document. The same version again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown document; `Conflict` where the version is not the next, or is there with
    /// another content.
    fn add_version(&self, version: &DocumentVersion) -> Result<(), Error>;

    /// All versions of a document, from the first, which is the document as filed.
    ///
    /// # Errors
    /// `NotFound` for an unknown document.
    fn versions(&self, document: &DocumentId) -> Result<Vec<DocumentVersion>, Error>;

    /// Records that a document's content was compared with its fixity.
    ///
    /// # Errors
    /// `NotFound` for an unknown document or version.
    fn record_fixity(&self, check: &FixityCheck) -> Result<(), Error>;

    /// The fixity checks of a document, oldest first.
    ///
    /// # Errors
    /// `NotFound` for an unknown document.
    fn fixity_checks(&self, document: &DocumentId) -> Result<Vec<FixityCheck>, Error>;

    /// Gives the live file that bears `number` a new one. The old one goes on to resolve and is never given
    /// again.
    ///
    /// # Errors
    /// `NotFound` where no file bears it; `Conflict` where the file is void or `number` was replaced before;
    /// those of drawing a number.
    fn renumber(
        &self,
        number: &ReferenceCode,
        new: Draw<ReferenceCode>,
        reason: &str,
        when: DateTime<Utc>,
    ) -> Result<Filed, Error>;

    /// The numbers that the file bore before, oldest first; any of them, or its present one, names it.
    ///
    /// # Errors
    /// `NotFound` where no file bears or bore the number.
    fn aliases(&self, number: &ReferenceCode) -> Result<Vec<ReferenceCode>, Error>;

    /// 办结: closes a file, which takes no more documents. Closing again changes nothing.
    ///
    /// # Errors
    /// `NotFound` where no file bears the number; `Conflict` where it is void, or joined another file.
    fn close(
        &self,
        number: &ReferenceCode,
        by: &str,
        reason: &str,
        when: DateTime<Utc>,
    ) -> Result<Closing, Error>;

    /// How the file was closed; `None` where it takes late documents still.
    ///
    /// # Errors
    /// `NotFound` where no file bears the number.
    fn closing(&self, number: &ReferenceCode) -> Result<Option<Closing>, Error>;

    /// 复核: logs what reviewers decided on findings, each in the history of its file, all or none. The same
    /// decision again changes nothing. Gives how many were new.
    ///
    /// # Errors
    /// `NotFound` where no file bears a number; `InvalidInput` for more than
    /// [`REVIEW_LIMIT`](crate::REVIEW_LIMIT) decisions.
    fn record_reviews(&self, reviews: Vec<FindingReview>) -> Result<usize, Error>;

    /// 鉴定: proposes files for disposal. The same proposal again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Conflict` where one is not confirmed, under a legal hold or on
    /// another list, or late documents that joined it are not on this one, or the key was used for another
    /// list.
    fn propose_disposal(&self, proposal: &DisposalProposal) -> Result<DisposalList, Error>;

    /// Says yes to a list. Saying it again, in whatever role, changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown list; `Denied` where `person` proposed it; `Conflict` where it has ended.
    fn approve_disposal(
        &self,
        list: &RequestKey,
        person: &str,
        role: Option<&RoleCode>,
        when: DateTime<Utc>,
    ) -> Result<DisposalList, Error>;

    /// Says no to a list, which ends it.
    ///
    /// # Errors
    /// `NotFound` for an unknown list; `Conflict` where it was executed.
    fn reject_disposal(
        &self,
        list: &RequestKey,
        person: &str,
        reason: &str,
        when: DateTime<Utc>,
    ) -> Result<DisposalList, Error>;

    /// 销毁: voids every file of a list that enough approved, in one transaction. Again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown list; `Denied` where too few approved; `Conflict` where a file is on
    /// loan, under a legal hold or void, late documents joined one since, or the list was rejected.
    fn execute_disposal(&self, list: &RequestKey, when: DateTime<Utc>) -> Result<DisposalList, Error>;

    /// What became of a list; `None` where it was never proposed.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn disposal(&self, list: &RequestKey) -> Result<Option<DisposalList>, Error>;

    /// 冻结: forbids that files are voided or disposed of. The same hold again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown file; `Conflict` where one is void or the key was used for another hold.
    fn place_legal_hold(&self, hold: &LegalHold) -> Result<LegalHold, Error>;

    /// 解冻. Lifting again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown hold.
    fn lift_legal_hold(
        &self,
        hold: &RequestKey,
        person: &str,
        when: DateTime<Utc>,
    ) -> Result<LegalHold, Error>;

    /// Every hold that is or was on a file, in order of their keys.
    ///
    /// # Errors
    /// `NotFound` where no file bears the number.
    fn legal_holds(&self, number: &ReferenceCode) -> Result<Vec<LegalHold>, Error>;

    /// The holds that stand, in order of their keys.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn standing_holds(&self) -> Result<Vec<LegalHold>, Error>;

    /// 移库: keeps the target slots of all boxes of a plan. The same plan again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown box or slot; `Conflict` where a box is not in its slot or in another plan,
    /// a slot is taken by a box that the plan does not move before, or the key was used for another plan.
    fn plan_relocation(&self, plan: &RelocationPlan) -> Result<Relocation, Error>;

    /// Records that one box of a plan stands where it was sent. The same receipt again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan or a box that it does not move; `Conflict` where the box waits, was
    /// not moved, or another tag was seen.
    fn receive_relocated(
        &self,
        plan: &RequestKey,
        box_number: &BoxNumber,
        receipt: ShelfReceipt,
    ) -> Result<Relocation, Error>;

    /// Undoes a plan: what has not moved stays, what has moved is sent back. Undoing again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan; `Conflict` where a box went on since or its old slot is taken.
    fn undo_relocation(&self, plan: &RequestKey, when: DateTime<Utc>) -> Result<Relocation, Error>;

    /// What became of a plan; `None` where there is none.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn relocation(&self, plan: &RequestKey) -> Result<Option<Relocation>, Error>;

    /// Seals a personal value and returns its id. The same value again, in any writing, changes nothing.
    ///
    /// # Errors
    /// `InvalidInput` where nothing of the value counts; `Denied` where `keys` lacks a key in use or holds
    /// another one under its id; the provider's own.
    fn seal(&self, entry: &SealEntry, keys: &Arc<dyn KeyProvider>) -> Result<u64, Error>;

    /// The personal values of a customer, all or of one kind, oldest first. The look is logged with role,
    /// person and purpose, also where there is nothing.
    ///
    /// # Errors
    /// `Denied` as for [`Catalogue::seal`]; `Corrupt` where a value is not what was sealed.
    fn unseal(
        &self,
        customer: &CustomerNumber,
        kind: Option<SealedKind>,
        access: &Access,
        keys: &Arc<dyn KeyProvider>,
    ) -> Result<Vec<Unsealed>, Error>;

    /// The customers who have exactly this personal value, in any writing, in order of their numbers. The
    /// question is logged, without the value.
    ///
    /// # Errors
    /// `Denied` as for [`Catalogue::seal`].
    fn find_sealed(
        &self,
        kind: SealedKind,
        value: &Secret,
        access: &Access,
        keys: &Arc<dyn KeyProvider>,
    ) -> Result<Vec<CustomerNumber>, Error>;

    /// Takes a personal value out for good; its id and the reason stay. The same again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown id; `Conflict` where it was withdrawn for another reason.
    fn withdraw_sealed(&self, value: u64, reason: &str, when: DateTime<Utc>) -> Result<(), Error>;

    /// Seals at most `limit` values anew with the current key, in one transaction. Called until nothing is
    /// left, it goes on where it stopped, whatever came between.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0 or above [`RESEAL_LIMIT`](crate::sealed::RESEAL_LIMIT); else those of
    /// [`Catalogue::unseal`], and then none of this call's values was resealed.
    fn reseal(
        &self,
        limit: usize,
        when: DateTime<Utc>,
        keys: &Arc<dyn KeyProvider>,
    ) -> Result<Resealed, Error>;

    /// How many values are sealed with each key: one that has none can be forgotten, once the backups from
    /// its time are.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read.
    fn sealing_keys(&self) -> Result<Vec<(KeyId, u64)>, Error>;

    /// Sends the whole catalogue as it is at one moment, table by table in the order of
    /// [`TABLES`](crate::tables::TABLES), while others go on reading and writing. Returns once all was sent, so
    /// it runs beside whoever takes the rows.
    ///
    /// # Errors
    /// `Unavailable` where whoever takes the rows went away; `Unavailable` or `Corrupt` where the store cannot
    /// be read.
    fn export(&self, rows: SyncSender<Rows>) -> Result<(), Error>;

    /// Takes in a catalogue that was exported, in one transaction: all of it or nothing. Other writers wait.
    ///
    /// # Errors
    /// `Conflict` where this catalogue is not empty; `InvalidInput` where a table has other columns; `Corrupt`
    /// where a row breaks a rule or the audit finds a break; `Unavailable` where the parts end before
    /// [`Part::End`].
    fn import(&self, parts: Receiver<Part>) -> Result<(), Error>;

    /// Copies the catalogue as it is at one moment to the new file `to`, while others go on reading and
    /// writing. How it is restored is said by each backend.
    ///
    /// # Errors
    /// `Conflict` where something is at `to` already; `NotFound`, `Denied` or `Unavailable` where it cannot
    /// be written, and then nothing is left there.
    fn back_up(&self, to: &Path) -> Result<(), Error>;
}
