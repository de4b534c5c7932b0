//! What a database must offer to be a catalogue: a transaction to read in and one to write in. All the
//! rest is the same for all of them.

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
use crate::catalogue::Catalogue;
use crate::closing::Closing;
use crate::disposal::{DisposalList, DisposalProposal, LegalHold};
use crate::document::{DocumentVersion, FixityCheck};
use crate::evidence_log::{Checkpoint, ConsistencyProof, InclusionProof, LogEntry, LogVerification};
use crate::filing::{
    Draw, Filed, FilingEntry, Located, Locator, PAGE_LIMIT, ShelfReceipt, check_batch, check_text, check_time,
};
use crate::key_provider::{KeyId, KeyProvider};
use crate::loan::{Loan, LoanRequest};
use crate::operations::{
    self, audit, closing, disposal, documents, evidence, filing, holds, loans, lookup, moves, parties,
    relocation, renumbering, sealed, shelf, stock, tables,
};
use crate::party::BusinessProcess;
use crate::relocation::{Relocation, RelocationPlan};
use crate::review::{FindingReview, REVIEW_LIMIT};
use crate::sealed::{Access, RESEAL_LIMIT, Resealed, SealEntry, SealedKind, Secret, Unsealed};
use crate::search::Search;
use crate::shelf::{
    BoxStatus, Inventory, InventorySummary, SiteStatus, SlotFilter, SlotHold, SlotStatus, TagHeard,
};
use crate::sql::Transaction;
use crate::stock::{BoxUse, MappedSlot, Retrieval, Stock};
use crate::tables::{Part, Rows};

/// A database that holds a catalogue.
pub(crate) trait Backend: Debug + Send + Sync {
    /// Runs `operation` on one snapshot of the last commit.
    fn read<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static;

    /// Runs `operation` in a transaction of its own or a part of one, and returns once that is durable.
    fn write<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static;

    /// See [`Catalogue::back_up`].
    fn copy_to(&self, to: &Path) -> Result<(), Error>;
}

impl<B: Backend> Catalogue for B {
    fn add_slots(&self, slots: Vec<Slot>) -> Result<usize, Error> {
        self.write(move |tx| shelf::add_slots(tx, &slots))
    }

    fn slots(&self, filter: &SlotFilter) -> Result<Vec<SlotStatus>, Error> {
        let filter = filter.clone();
        self.read(move |tx| shelf::slots(tx, &filter))
    }

    fn file(&self, entry: FilingEntry) -> Result<Filed, Error> {
        let prepared = filing::Prepared::new(entry)?;
        self.write(move |tx| filing::file(tx, prepared))
    }

    fn file_batch(&self, entries: Vec<FilingEntry>) -> Result<Vec<Filed>, Error> {
        check_batch(&entries)?;
        let batch = filing::Batch::begin(entries)?;
        self.write(move |tx| batch.map(|prepared| filing::file(tx, prepared?)).collect())
    }

    fn confirm(&self, request: &RequestKey, receipt: ShelfReceipt) -> Result<Filed, Error> {
        check_time("shelving time", receipt.when)?;
        let request = request.clone();
        self.write(move |tx| filing::confirm(tx, &request, &receipt))
    }

    fn cancel(&self, request: &RequestKey, reason: &str, when: DateTime<Utc>) -> Result<Filed, Error> {
        check_text("reason", reason)?;
        check_time("cancelling time", when)?;
        let (request, reason) = (request.clone(), reason.to_owned());
        self.write(move |tx| filing::cancel(tx, &request, &reason, when))
    }

    fn expire(&self, now: DateTime<Utc>) -> Result<Vec<Filed>, Error> {
        check_time("present time", now)?;
        self.write(move |tx| filing::expire(tx, now))
    }

    fn pending(&self) -> Result<Vec<Filed>, Error> {
        self.read(lookup::pending)
    }

    fn request(&self, request: &RequestKey) -> Result<Option<Filed>, Error> {
        let request = request.clone();
        self.read(move |tx| lookup::request(tx, &request))
    }

    fn locate(&self, locator: &Locator) -> Result<Vec<Located>, Error> {
        let locator = locator.clone();
        self.read(move |tx| lookup::locate(tx, &locator))
    }

    fn files_after(&self, place: u64, limit: usize) -> Result<Vec<(u64, Located)>, Error> {
        if limit == 0 || limit > PAGE_LIMIT {
            return Err(Error::invalid(
                format!("page of {limit} files"),
                format!("ask for 1 to {PAGE_LIMIT}"),
            ));
        }
        self.read(move |tx| lookup::files_after(tx, place, limit))
    }

    fn search(&self, search: &Search) -> Result<Vec<Filed>, Error> {
        let search = search.clone();
        self.read(move |tx| operations::search::search(tx, &search))
    }

    fn void_number(&self, number: &ReferenceCode, reason: &str, when: DateTime<Utc>) -> Result<Filed, Error> {
        check_text("reason", reason)?;
        check_time("voiding time", when)?;
        let (number, reason) = (number.clone(), reason.to_owned());
        self.write(move |tx| filing::void_number(tx, &number, &reason, when))
    }

    fn box_status(&self, number: &BoxNumber) -> Result<BoxStatus, Error> {
        let number = number.clone();
        self.read(move |tx| moves::status(tx, &number))
    }

    fn move_box(
        &self,
        number: &BoxNumber,
        to: &SlotAddress,
        when: DateTime<Utc>,
    ) -> Result<BoxStatus, Error> {
        check_time("moving time", when)?;
        let (number, to) = (number.clone(), to.clone());
        self.write(move |tx| {
            relocation::refuse_if_planned(tx, &number)?;
            moves::begin(tx, &number, &to, when)
        })
    }

    fn confirm_move(&self, number: &BoxNumber, when: DateTime<Utc>) -> Result<BoxStatus, Error> {
        check_time("moving time", when)?;
        let number = number.clone();
        self.write(move |tx| {
            relocation::refuse_if_planned(tx, &number)?;
            moves::confirm(tx, &number, when)
        })
    }

    fn cancel_move(&self, number: &BoxNumber, when: DateTime<Utc>) -> Result<BoxStatus, Error> {
        check_time("cancelling time", when)?;
        let number = number.clone();
        self.write(move |tx| {
            relocation::refuse_if_planned(tx, &number)?;
            moves::cancel(tx, &number, when)
        })
    }

    fn vacate(&self, number: &BoxNumber, reason: &str, when: DateTime<Utc>) -> Result<SlotAddress, Error> {
        check_text("reason", reason)?;
        check_time("vacating time", when)?;
        let (number, reason) = (number.clone(), reason.to_owned());
        self.write(move |tx| {
            relocation::refuse_if_planned(tx, &number)?;
            moves::vacate(tx, &number, &reason, when)
        })
    }

    fn lend(&self, request: &LoanRequest) -> Result<Loan, Error> {
        request.check()?;
        let request = request.clone();
        self.write(move |tx| loans::lend(tx, &request))
    }

    fn give_back(&self, loan: &RequestKey, when: DateTime<Utc>) -> Result<Loan, Error> {
        check_time("returning time", when)?;
        let loan = loan.clone();
        self.write(move |tx| loans::give_back(tx, &loan, when))
    }

    fn open_loans(&self) -> Result<Vec<Loan>, Error> {
        self.read(loans::open)
    }

    fn latest_loans(&self, limit: usize) -> Result<Vec<Loan>, Error> {
        self.read(move |tx| loans::latest(tx, limit))
    }

    fn stock(&self, since: Option<u64>) -> Result<Stock, Error> {
        self.read(move |tx| stock::stock(tx, since))
    }

    fn retrievals(&self) -> Result<Vec<Retrieval>, Error> {
        self.read(stock::retrievals)
    }

    fn box_uses(&self) -> Result<Vec<BoxUse>, Error> {
        self.read(stock::box_uses)
    }

    fn shelf_map(&self, within: &str, since: DateTime<Utc>) -> Result<Vec<MappedSlot>, Error> {
        let within = within.to_owned();
        self.read(move |tx| stock::shelf_map(tx, &within, since))
    }

    fn record_inventory(&self, inventory: Inventory) -> Result<(), Error> {
        check_time("inventory time", inventory.when)?;
        self.write(move |tx| shelf::record_inventory(tx, &inventory))
    }

    fn inventory(&self, key: &RequestKey) -> Result<Option<Inventory>, Error> {
        let key = key.clone();
        self.read(move |tx| shelf::inventory(tx, &key))
    }

    fn inventories(&self, limit: usize) -> Result<Vec<InventorySummary>, Error> {
        self.read(move |tx| shelf::inventories(tx, limit))
    }

    fn tag_histories(&self) -> Result<Vec<TagHeard>, Error> {
        self.read(shelf::tag_histories)
    }

    fn counters(&self) -> Result<Vec<CounterState>, Error> {
        self.read(audit::counters)
    }

    fn audit(&self) -> Result<Vec<Break>, Error> {
        self.read(audit::audit)
    }

    fn checkpoint(&self) -> Result<Checkpoint, Error> {
        self.read(evidence::checkpoint)
    }

    fn verify(&self, checkpoints: &[Checkpoint]) -> Result<LogVerification, Error> {
        let checkpoints = checkpoints.to_vec();
        self.read(move |tx| evidence::verify(tx, &checkpoints))
    }

    fn history(&self, number: &ReferenceCode) -> Result<Vec<LogEntry>, Error> {
        let number = number.clone();
        self.read(move |tx| evidence::history(tx, &number))
    }

    fn prove_inclusion(&self, position: u64, size: u64) -> Result<InclusionProof, Error> {
        self.read(move |tx| evidence::prove_inclusion(tx, position, size))
    }

    fn prove_consistency(&self, old: u64, new: u64) -> Result<ConsistencyProof, Error> {
        self.read(move |tx| evidence::prove_consistency(tx, old, new))
    }

    fn hold_slot(&self, hold: &SlotHold) -> Result<SlotHold, Error> {
        check_time("time of the hold", hold.when)?;
        check_time("expiry", hold.expires)?;
        let hold = hold.clone();
        self.write(move |tx| holds::begin(tx, &hold))
    }

    fn release_slot(&self, key: &RequestKey, when: DateTime<Utc>) -> Result<SlotHold, Error> {
        check_time("releasing time", when)?;
        let key = key.clone();
        self.write(move |tx| holds::release(tx, &key, when))
    }

    fn sites(&self) -> Result<Vec<SiteStatus>, Error> {
        self.read(shelf::sites)
    }

    fn enter_customer(&self, customer: &Customer, when: DateTime<Utc>) -> Result<(), Error> {
        check_text("customer name", &customer.name)?;
        check_time("time of entering", when)?;
        let customer = customer.clone();
        self.write(move |tx| parties::enter_customer(tx, &customer, when))
    }

    fn customer(&self, number: &CustomerNumber) -> Result<Option<Customer>, Error> {
        let number = number.clone();
        self.read(move |tx| parties::customer(tx, &number))
    }

    fn enter_process(&self, process: &BusinessProcess) -> Result<(), Error> {
        check_time("beginning of the process", process.opened)?;
        process.closed.map_or(Ok(()), |closed| check_time("end of the process", closed))?;
        let process = process.clone();
        self.write(move |tx| parties::enter_process(tx, &process))
    }

    fn processes(&self, customer: &CustomerNumber) -> Result<Vec<BusinessProcess>, Error> {
        let customer = customer.clone();
        self.read(move |tx| parties::processes(tx, &customer))
    }

    fn add_version(&self, version: &DocumentVersion) -> Result<(), Error> {
        version.check()?;
        let version = version.clone();
        self.write(move |tx| documents::add_version(tx, &version))
    }

    fn versions(&self, document: &DocumentId) -> Result<Vec<DocumentVersion>, Error> {
        let document = document.clone();
        self.read(move |tx| documents::versions(tx, &document))
    }

    fn record_fixity(&self, check: &FixityCheck) -> Result<(), Error> {
        check_time("time of the check", check.when)?;
        let check = check.clone();
        self.write(move |tx| documents::record_fixity(tx, &check))
    }

    fn fixity_checks(&self, document: &DocumentId) -> Result<Vec<FixityCheck>, Error> {
        let document = document.clone();
        self.read(move |tx| documents::fixity_checks(tx, &document))
    }

    fn renumber(
        &self,
        number: &ReferenceCode,
        new: Draw<ReferenceCode>,
        reason: &str,
        when: DateTime<Utc>,
    ) -> Result<Filed, Error> {
        new.check()?;
        check_text("reason", reason)?;
        check_time("renumbering time", when)?;
        let (number, reason) = (number.clone(), reason.to_owned());
        self.write(move |tx| renumbering::renumber(tx, &number, &new, &reason, when))
    }

    fn aliases(&self, number: &ReferenceCode) -> Result<Vec<ReferenceCode>, Error> {
        let number = number.clone();
        self.read(move |tx| renumbering::aliases(tx, &number))
    }

    fn close(
        &self,
        number: &ReferenceCode,
        by: &str,
        reason: &str,
        when: DateTime<Utc>,
    ) -> Result<Closing, Error> {
        check_text("person", by)?;
        check_text("reason", reason)?;
        check_time("closing time", when)?;
        let number = number.clone();
        let closing = Closing { by: by.to_owned(), reason: reason.to_owned(), when };
        self.write(move |tx| closing::close(tx, &number, &closing))
    }

    fn closing(&self, number: &ReferenceCode) -> Result<Option<Closing>, Error> {
        let number = number.clone();
        self.read(move |tx| closing::closing(tx, &number))
    }

    fn record_reviews(&self, reviews: Vec<FindingReview>) -> Result<usize, Error> {
        if reviews.len() > REVIEW_LIMIT {
            let message = format!("has {} decisions, more than {REVIEW_LIMIT}: split it", reviews.len());
            return Err(Error::invalid("a review", message));
        }
        reviews.iter().try_for_each(|review| check_time("review time", review.when))?;
        self.write(move |tx| operations::reviews::record(tx, &reviews))
    }

    fn propose_disposal(&self, proposal: &DisposalProposal) -> Result<DisposalList, Error> {
        proposal.check()?;
        let proposal = proposal.clone();
        self.write(move |tx| disposal::propose(tx, &proposal))
    }

    fn approve_disposal(
        &self,
        list: &RequestKey,
        person: &str,
        role: Option<&RoleCode>,
        when: DateTime<Utc>,
    ) -> Result<DisposalList, Error> {
        check_text("person", person)?;
        check_time("approving time", when)?;
        let (list, person, role) = (list.clone(), person.to_owned(), role.cloned());
        self.write(move |tx| disposal::approve(tx, &list, &person, role.as_ref(), when))
    }

    fn reject_disposal(
        &self,
        list: &RequestKey,
        person: &str,
        reason: &str,
        when: DateTime<Utc>,
    ) -> Result<DisposalList, Error> {
        check_text("person", person)?;
        check_text("reason", reason)?;
        check_time("rejecting time", when)?;
        let (list, person, reason) = (list.clone(), person.to_owned(), reason.to_owned());
        self.write(move |tx| disposal::reject(tx, &list, &person, &reason, when))
    }

    fn execute_disposal(&self, list: &RequestKey, when: DateTime<Utc>) -> Result<DisposalList, Error> {
        check_time("disposal time", when)?;
        let list = list.clone();
        self.write(move |tx| disposal::execute(tx, &list, when))
    }

    fn disposal(&self, list: &RequestKey) -> Result<Option<DisposalList>, Error> {
        let list = list.clone();
        self.read(move |tx| disposal::list(tx, &list))
    }

    fn place_legal_hold(&self, hold: &LegalHold) -> Result<LegalHold, Error> {
        hold.check()?;
        let hold = hold.clone();
        self.write(move |tx| disposal::place_hold(tx, &hold))
    }

    fn lift_legal_hold(
        &self,
        hold: &RequestKey,
        person: &str,
        when: DateTime<Utc>,
    ) -> Result<LegalHold, Error> {
        check_text("person", person)?;
        check_time("lifting time", when)?;
        let (hold, person) = (hold.clone(), person.to_owned());
        self.write(move |tx| disposal::lift_hold(tx, &hold, &person, when))
    }

    fn legal_holds(&self, number: &ReferenceCode) -> Result<Vec<LegalHold>, Error> {
        let number = number.clone();
        self.read(move |tx| disposal::holds_on(tx, &number))
    }

    fn standing_holds(&self) -> Result<Vec<LegalHold>, Error> {
        self.read(disposal::standing_holds)
    }

    fn plan_relocation(&self, plan: &RelocationPlan) -> Result<Relocation, Error> {
        plan.check()?;
        let plan = plan.clone();
        self.write(move |tx| relocation::plan(tx, &plan))
    }

    fn receive_relocated(
        &self,
        plan: &RequestKey,
        box_number: &BoxNumber,
        receipt: ShelfReceipt,
    ) -> Result<Relocation, Error> {
        check_time("shelving time", receipt.when)?;
        let (plan, number) = (plan.clone(), box_number.clone());
        self.write(move |tx| relocation::receive(tx, &plan, &number, &receipt))
    }

    fn undo_relocation(&self, plan: &RequestKey, when: DateTime<Utc>) -> Result<Relocation, Error> {
        check_time("undoing time", when)?;
        let plan = plan.clone();
        self.write(move |tx| relocation::undo(tx, &plan, when))
    }

    fn relocation(&self, plan: &RequestKey) -> Result<Option<Relocation>, Error> {
        let plan = plan.clone();
        self.read(move |tx| relocation::status(tx, &plan))
    }

    fn seal(&self, entry: &SealEntry, keys: &Arc<dyn KeyProvider>) -> Result<u64, Error> {
        entry.check()?;
        let (entry, keys) = (entry.clone(), Arc::clone(keys));
        self.write(move |tx| sealed::seal(tx, &entry, &keys))
    }

    fn unseal(
        &self,
        customer: &CustomerNumber,
        kind: Option<SealedKind>,
        access: &Access,
        keys: &Arc<dyn KeyProvider>,
    ) -> Result<Vec<Unsealed>, Error> {
        let (customer, access, keys) = (customer.clone(), access.clone(), Arc::clone(keys));
        self.write(move |tx| sealed::unseal(tx, &customer, kind, &access, &keys))
    }

    fn find_sealed(
        &self,
        kind: SealedKind,
        value: &Secret,
        access: &Access,
        keys: &Arc<dyn KeyProvider>,
    ) -> Result<Vec<CustomerNumber>, Error> {
        let (value, access, keys) = (value.clone(), access.clone(), Arc::clone(keys));
        self.write(move |tx| sealed::find(tx, kind, &value, &access, &keys))
    }

    fn withdraw_sealed(&self, value: u64, reason: &str, when: DateTime<Utc>) -> Result<(), Error> {
        check_text("reason", reason)?;
        check_time("withdrawing time", when)?;
        let reason = reason.to_owned();
        self.write(move |tx| sealed::withdraw(tx, value, &reason, when))
    }

    fn reseal(
        &self,
        limit: usize,
        when: DateTime<Utc>,
        keys: &Arc<dyn KeyProvider>,
    ) -> Result<Resealed, Error> {
        check_time("resealing time", when)?;
        if !(1..=RESEAL_LIMIT).contains(&limit) {
            let message = format!("is not 1 to {RESEAL_LIMIT}");
            return Err(Error::invalid(format!("a batch of {limit} values"), message));
        }
        let keys = Arc::clone(keys);
        self.write(move |tx| sealed::reseal(tx, limit, when, &keys))
    }

    fn sealing_keys(&self) -> Result<Vec<(KeyId, u64)>, Error> {
        self.read(sealed::keys)
    }

    fn export(&self, rows: SyncSender<Rows>) -> Result<(), Error> {
        self.read(move |tx| tables::export(tx, &rows))
    }

    fn import(&self, parts: Receiver<Part>) -> Result<(), Error> {
        self.write(move |tx| tables::import(tx, &parts))
    }

    fn back_up(&self, to: &Path) -> Result<(), Error> {
        self.copy_to(to)
    }
}
