//! The one writer of a catalogue: requests of all threads, committed in groups.
//!
//! A durable commit costs a disk's flush, so whatever queued up during one flush shares the next.
//! Each request runs under a savepoint of its own: one that fails leaves the others alone. A reply is
//! sent only after the commit that holds it, which is what makes an acknowledgement worth something.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::operations::{evidence, numbers, search};
use crate::sql::{Link, Transaction};
use crate::{Error, ErrorKind};

/// A connection that writes, as the writer thread drives it.
pub(crate) trait Session: Link + Send {
    /// Begins a transaction that keeps other writers out; connects again where the connection was lost.
    fn begin(&self) -> Result<(), Error>;
    /// Begins a part that can be undone alone.
    fn savepoint(&self) -> Result<(), Error>;
    /// Undoes the part.
    fn roll_back_part(&self) -> Result<(), Error>;
    /// Keeps the part, or what is left of it.
    fn release(&self) -> Result<(), Error>;
    /// Whether a fault of disk or network ended the whole transaction.
    fn is_ended(&self) -> bool;
    /// Makes the transaction durable. `OutcomeUnknown` where nobody can tell whether it is.
    fn commit(&self) -> Result<(), Error>;
    /// Undoes the transaction, where there still is one.
    fn roll_back(&self);
}

/// The most requests in one commit, which bounds how long the first of them waits.
const GROUP_LIMIT: usize = 256;

/// How many requests may wait before callers do.
const QUEUE_LIMIT: usize = 1024;

/// A request with its type erased.
trait Job: Send {
    /// Runs under a savepoint. Returns whether its changes stay.
    fn run(&mut self, tx: &Transaction<'_>) -> bool;
    /// Why it failed, where it did.
    fn error(&self) -> Option<&Error>;
    /// Tells the caller. `fault` is why the commit failed, where it did.
    fn answer(self: Box<Self>, fault: Option<&Error>);
}

struct Request<T, F> {
    operation: Option<F>,
    result: Option<Result<T, Error>>,
    reply: SyncSender<Result<T, Error>>,
}

impl<T: Send, F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send> Job for Request<T, F> {
    fn run(&mut self, tx: &Transaction<'_>) -> bool {
        let Some(operation) = self.operation.take() else { return false };
        // A number writer is the caller's code. Its panic must not take the catalogue with it, and
        // the savepoint is rolled back, so no half-made state is seen.
        let result = catch_unwind(AssertUnwindSafe(|| operation(tx))).unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Internal,
                "a catalogue request",
                "panicked; nothing was written: report it",
            ))
        });
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn error(&self) -> Option<&Error> {
        self.result.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, fault: Option<&Error>) {
        let result = match (self.result, fault) {
            // Even what a request found against itself may rest on one that was rolled back with it.
            (_, Some(fault)) => Err(copy(fault)),
            (Some(result), None) => result,
            (None, None) => {
                Err(Error::new(ErrorKind::Internal, "a catalogue request", "was never run: report it"))
            }
        };
        // A caller that went away does not want the answer.
        let _ = self.reply.send(result);
    }
}

/// How many requests and commits there were: their ratio is what grouping saves.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: AtomicU64,
    pub(crate) commits: AtomicU64,
}

impl Tally {
    pub(crate) fn both(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.commits.load(Ordering::Relaxed))
    }
}

/// The thread that holds the writing connection.
#[derive(Debug)]
pub(crate) struct Writer {
    place: String,
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Option<JoinHandle<()>>,
    pub(crate) tally: Arc<Tally>,
}

impl Writer {
    /// Starts the thread for the catalogue at `place`.
    pub(crate) fn start(session: impl Session + 'static, place: &str) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel(QUEUE_LIMIT);
        let tally = Arc::new(Tally::default());
        let thread = {
            let (owned, tally) = (place.to_owned(), Arc::clone(&tally));
            std::thread::Builder::new()
                .name("catalogue-writer".into())
                .spawn(move || serve(&session, &owned, &jobs, &tally))
                .map_err(|e| {
                    Error::new(ErrorKind::Unavailable, place, "cannot start the writer thread").with_source(e)
                })?
        };
        Ok(Self { place: place.to_owned(), queue: Mutex::new(Some(queue)), thread: Some(thread), tally })
    }

    /// Runs `operation` in a transaction and returns once that is on disk.
    pub(crate) fn write<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    {
        let gone = |kind| {
            let message = "its writer has stopped: open the catalogue again, and make the same request again";
            Error::new(kind, self.place.clone(), message)
        };
        if self.thread.as_ref().is_some_and(|t| t.thread().id() == std::thread::current().id()) {
            let message =
                "a number writer called the catalogue, which waits for it: let it only write numbers";
            return Err(Error::new(ErrorKind::Internal, self.place.clone(), message));
        }
        let (reply, answer) = sync_channel(1);
        let job = Request { operation: Some(operation), result: None, reply };
        let queue = self.queue.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let Some(queue) = queue else { return Err(gone(ErrorKind::Unavailable)) };
        queue.send(Box::new(job)).map_err(|_| gone(ErrorKind::Unavailable))?;
        answer.recv().unwrap_or_else(|_| Err(gone(ErrorKind::OutcomeUnknown)))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(|e| e.into_inner()).take();
        if let Some(thread) = self.thread.take() {
            // The thread's panic was already reported to whoever waited for an answer.
            let _ = thread.join();
        }
    }
}

fn serve(session: &impl Session, place: &str, jobs: &Receiver<Box<dyn Job>>, tally: &Tally) {
    while let Ok(first) = jobs.recv() {
        let mut group: Vec<Box<dyn Job>> = Vec::new();
        match commit_group(session, place, first, jobs, &mut group) {
            Ok(()) => {
                tally.commits.fetch_add(1, Ordering::Relaxed);
                tally.requests.fetch_add(group.len() as u64, Ordering::Relaxed);
                group.into_iter().for_each(|job| job.answer(None));
            }
            Err(fault) => {
                tracing::error!("{}", fault.report());
                group.into_iter().for_each(|job| job.answer(Some(&fault)));
            }
        }
    }
}

/// Runs `first` and all that wait behind it in one transaction. `group` holds every job that was
/// taken, whatever happens.
fn commit_group(
    session: &impl Session,
    place: &str,
    first: Box<dyn Job>,
    jobs: &Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> Result<(), Error> {
    group.push(first);
    if let Err(error) = session.begin() {
        // Those who waited as long as the first would only wait as long again.
        group.extend(jobs.try_iter().take(GROUP_LIMIT));
        return Err(error);
    }
    let tx = Transaction::new(session);
    let mut next = 0;
    while let Some(job) = group.get_mut(next) {
        if let Err(error) = run_one(session, &tx, job.as_mut()) {
            session.roll_back();
            return Err(error);
        }
        if session.is_ended() {
            // A full disk, an I/O error or a lost connection ended the transaction, the earlier requests' too.
            let message = "the transaction was rolled back after a fault: nothing was written, retry";
            let unknown = || Error::new(ErrorKind::Unavailable, place, message);
            let fault = job.error().map_or_else(unknown, copy);
            session.roll_back();
            return Err(fault);
        }
        next += 1;
        if next == group.len() && next < GROUP_LIMIT {
            group.extend(jobs.try_iter().take(GROUP_LIMIT - next));
        }
    }
    if let Err(error) = finish(&tx) {
        session.roll_back();
        return Err(error);
    }
    session.commit().inspect_err(|_| session.roll_back())
}

/// Writes what waits for the end of the transaction.
pub(crate) fn finish(tx: &Transaction<'_>) -> Result<(), Error> {
    search::enter_words(tx)?;
    numbers::write_counters(tx)?;
    evidence::write_head(tx)
}

fn run_one(session: &impl Session, tx: &Transaction<'_>, job: &mut dyn Job) -> Result<(), Error> {
    let mark = tx.mark();
    session.savepoint()?;
    let keep = job.run(tx);
    if session.is_ended() {
        return Ok(());
    }
    if !keep {
        tx.return_to(mark);
        session.roll_back_part()?;
    }
    session.release()
}

/// The same error for another caller; the driver's own part becomes text.
fn copy(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.object(), error.message());
    match std::error::Error::source(error) {
        Some(source) => copy.with_source(source.to_string()),
        None => copy,
    }
}
