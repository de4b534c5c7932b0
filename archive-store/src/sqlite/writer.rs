//! The one writer: requests of all threads, committed in groups.
//!
//! A durable commit costs a disk's flush, so whatever queued up during one flush shares the next.
//! Each request runs under a savepoint of its own: one that fails leaves the others alone. A reply is
//! sent only after the commit that holds it, which is what makes an acknowledgement worth something.

use std::cell::RefCell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::fault::Fault;
use super::search::{self, Words};
use crate::{Error, ErrorKind};

/// The most requests in one commit, which bounds how long the first of them waits.
const GROUP_LIMIT: usize = 256;

/// How many requests may wait before callers do.
const QUEUE_LIMIT: usize = 1024;

/// The transaction that a request runs in.
///
/// The search index writes out all that it gathered whenever a statement or a savepoint begins. So words
/// are kept here, and entered once for the whole group, just before it is committed.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    connection: &'a Connection,
    words: RefCell<Vec<Words>>,
}

impl Writing<'_> {
    /// Has `words` entered with this transaction.
    pub(super) fn enter_words(&self, words: Words) {
        self.words.borrow_mut().push(words);
    }
}

impl Deref for Writing<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// A request with its type erased.
trait Job: Send {
    /// Runs under a savepoint. Returns whether its changes stay.
    fn run(&mut self, writing: &Writing<'_>) -> bool;
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

impl<T: Send, F: FnOnce(&Writing<'_>) -> Result<T, Error> + Send> Job for Request<T, F> {
    fn run(&mut self, writing: &Writing<'_>) -> bool {
        let Some(operation) = self.operation.take() else { return false };
        // A number writer is the caller's code. Its panic must not take the catalogue with it, and
        // the savepoint is rolled back, so no half-made state is seen.
        let result = catch_unwind(AssertUnwindSafe(|| operation(writing))).unwrap_or_else(|_| {
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
pub(super) struct Tally {
    pub(super) requests: AtomicU64,
    pub(super) commits: AtomicU64,
}

/// The thread that holds the writing connection.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Option<JoinHandle<()>>,
    pub(super) tally: Arc<Tally>,
}

impl Writer {
    pub(super) fn start(connection: Connection, path: &Path) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel(QUEUE_LIMIT);
        let tally = Arc::new(Tally::default());
        let thread = {
            let (owned, tally) = (path.to_owned(), Arc::clone(&tally));
            std::thread::Builder::new()
                .name("catalogue-writer".into())
                .spawn(move || serve(&connection, &owned, &jobs, &tally))
                .map_err(|e| Error::io(path, "start the writer thread", e))?
        };
        Ok(Self { path: path.to_owned(), queue: Mutex::new(Some(queue)), thread: Some(thread), tally })
    }

    /// Runs `operation` in a transaction and returns once that is on disk.
    pub(super) fn write<T, F>(&self, operation: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Writing<'_>) -> Result<T, Error> + Send + 'static,
    {
        let gone = |kind| {
            let message = "its writer has stopped: open the catalogue again, and make the same request again";
            Error::new(kind, self.path.display().to_string(), message)
        };
        if self.thread.as_ref().is_some_and(|t| t.thread().id() == std::thread::current().id()) {
            let message =
                "a number writer called the catalogue, which waits for it: let it only write numbers";
            return Err(Error::new(ErrorKind::Internal, self.path.display().to_string(), message));
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

fn serve(connection: &Connection, path: &Path, jobs: &Receiver<Box<dyn Job>>, tally: &Tally) {
    while let Ok(first) = jobs.recv() {
        let mut group: Vec<Box<dyn Job>> = Vec::new();
        match commit_group(connection, path, first, jobs, &mut group) {
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
    connection: &Connection,
    path: &Path,
    first: Box<dyn Job>,
    jobs: &Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> Result<(), Error> {
    let fault = Fault::new(path, "write");
    group.push(first);
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        // Those who waited as long as the first would only wait as long again.
        group.extend(jobs.try_iter().take(GROUP_LIMIT));
        return Err(fault.of(error));
    }
    let writing = Writing { connection, words: RefCell::default() };
    let mut next = 0;
    while let Some(job) = group.get_mut(next) {
        if let Err(error) = run_one(&writing, job.as_mut()) {
            roll_back(connection);
            return Err(fault.of(error));
        }
        if connection.is_autocommit() {
            // A full disk or an I/O error ended the whole transaction, the earlier requests' too.
            let message =
                "the transaction was rolled back after a fault of the disk: nothing was written, retry";
            let unknown = || Error::new(ErrorKind::Unavailable, path.display().to_string(), message);
            return Err(job.error().map_or_else(unknown, copy));
        }
        next += 1;
        if next == group.len() && next < GROUP_LIMIT {
            group.extend(jobs.try_iter().take(GROUP_LIMIT - next));
        }
    }
    if let Err(error) = search::enter(connection, &writing.words.into_inner()) {
        roll_back(connection);
        return Err(fault.of(error));
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        roll_back(connection);
        fault.of_commit(error)
    })
}

fn run_one(writing: &Writing<'_>, job: &mut dyn Job) -> rusqlite::Result<()> {
    let connection = writing.connection;
    let words = writing.words.borrow().len();
    connection.prepare_cached("SAVEPOINT request")?.execute([])?;
    let keep = job.run(writing);
    if connection.is_autocommit() {
        return Ok(());
    }
    if !keep {
        writing.words.borrow_mut().truncate(words);
        connection.prepare_cached("ROLLBACK TO request")?.execute([])?;
    }
    connection.prepare_cached("RELEASE request")?.execute([]).map(drop)
}

/// The same error for another caller; the driver's own part becomes text.
fn copy(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.object(), error.message());
    match std::error::Error::source(error) {
        Some(source) => copy.with_source(source.to_string()),
        None => copy,
    }
}

fn roll_back(connection: &Connection) {
    // Where the transaction is already gone there is nothing to roll back.
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!("cannot roll back: {error}");
    }
}
