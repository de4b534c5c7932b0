//! The contract that every backend keeps.

use std::fmt::Debug;

use archive_core::holding::{Slot, SlotAddress};
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey};
use chrono::{DateTime, Utc};

use crate::Error;
use crate::audit::{Break, CounterState};
use crate::evidence_log::{Checkpoint, ConsistencyProof, InclusionProof, LogEntry};
use crate::filing::{Filed, FilingEntry, Located, Locator, ShelfReceipt};
use crate::loan::{Loan, LoanRequest};
use crate::search::Search;
use crate::shelf::{BoxStatus, Inventory, SlotFilter, SlotStatus};

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

    /// 盘点: keeps what an inventory saw. The same inventory again changes nothing.
    ///
    /// # Errors
    /// `Conflict` where its key was used for another one; `NotFound` where it names a box that is not
    /// in the catalogue.
    fn record_inventory(&self, inventory: Inventory) -> Result<(), Error>;

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

    /// Checks the evidence log from end to end and against a `checkpoint` that was kept elsewhere.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` where the store cannot be read at all.
    fn verify(&self, checkpoint: &Checkpoint) -> Result<Vec<Break>, Error>;

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
}
