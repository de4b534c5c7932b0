//! Threads that read, each over a connection of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::Server;
use super::session::PostgresSession;
use crate::group_commit::Session as _;
use crate::sql::Transaction;
use crate::{Error, ErrorKind};

type Job = Box<dyn FnOnce(&PostgresSession) + Send>;

/// How many readers may wait before callers do.
const QUEUE_LIMIT: usize = 1024;

#[derive(Debug)]
pub(super) struct Readers {
    place: String,
    queue: Mutex<Option<SyncSender<Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts the threads; each connects when it first reads.
    pub(super) fn start(server: &Server) -> Result<Self, Error> {
        let (queue, jobs) = sync_channel::<Job>(QUEUE_LIMIT);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = (0..server.options.readers.max(1))
            .map(|_| {
                let (server, jobs) = (server.clone(), Arc::clone(&jobs));
                std::thread::Builder::new()
                    .name("catalogue-reader".into())
                    .spawn(move || serve(server, &jobs))
            })
            .collect::<Result<_, _>>()
            .map_err(|e| {
                let message = "cannot start its reading threads";
                Error::new(ErrorKind::Unavailable, server.place.clone(), message).with_source(e)
            })?;
        Ok(Self { place: server.place.clone(), queue: Mutex::new(Some(queue)), threads })
    }

    /// Runs `operation` on one snapshot of the last commit.
    pub(super) fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let gone = || {
            let message = "its readers have stopped: open the catalogue again";
            Error::new(ErrorKind::Unavailable, self.place.clone(), message)
        };
        let (reply, answer) = sync_channel(1);
        let job: Job = Box::new(move |session| {
            let result = session
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .and_then(|()| operation(&Transaction::new(session)));
            session.roll_back();
            // A caller that went away does not want the answer.
            let _ = reply.send(result);
        });
        let queue = self.queue.lock().unwrap_or_else(|e| e.into_inner()).clone().ok_or_else(gone)?;
        queue.send(job).map_err(|_| gone())?;
        answer.recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(|e| e.into_inner()).take();
        for thread in self.threads.drain(..) {
            // A panic was already reported to whoever waited for an answer.
            let _ = thread.join();
        }
    }
}

fn serve(server: Server, jobs: &Mutex<Receiver<Job>>) {
    let mut session = PostgresSession::new(server.clone(), "read");
    loop {
        let job = jobs.lock().unwrap_or_else(|e| e.into_inner()).recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&session))).is_err() {
            // Its state is unknown.
            session = PostgresSession::new(server.clone(), "read");
        }
    }
}
