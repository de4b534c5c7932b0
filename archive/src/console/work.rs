//! What all requests share, and how they work on the archive: on threads that may block, so many at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use archive_core::completeness::branch::Matrix;
use archive_core::{Error, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ConsoleOptions;
use super::gate::Hosts;
use super::problem::Problem;
use super::sessions::Sessions;
use super::token::Token;
use crate::alert_book::AlertBook;
use crate::archive::Archive;
use crate::room_map::SiteMap;

/// So long is a map shown though nothing changed in the log: columns are locked without an entry.
const MAP_AGE: Duration = Duration::from_secs(5);

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) archive: Arc<Archive>,
    pub(super) token: Token,
    pub(super) sessions: Sessions,
    pub(super) hosts: Hosts,
    pub(super) request_limit: Duration,
    pub(super) body_limit: usize,
    alerts: PathBuf,
    workers: Arc<Semaphore>,
    /// The book is one file that is opened by one at a time: whoever waits takes no worker.
    book: Arc<Semaphore>,
    /// Taken by the inventory that was begun here.
    inventory: Arc<Semaphore>,
    maps: Mutex<BTreeMap<String, KeptMap>>,
    matrix: Mutex<Option<(u64, Arc<Matrix>)>>,
}

#[derive(Debug)]
struct KeptMap {
    log_size: u64,
    made: Instant,
    map: SiteMap,
}

impl Shared {
    pub(super) fn new(archive: Arc<Archive>, options: &ConsoleOptions, hosts: Hosts) -> Self {
        Self {
            token: options.token.clone(),
            sessions: Sessions::new(options.session),
            hosts,
            request_limit: options.request_limit,
            body_limit: options.body_limit,
            alerts: options
                .alerts
                .clone()
                .unwrap_or_else(|| AlertBook::path_in(archive.config().directory())),
            workers: Arc::new(Semaphore::new(options.workers)),
            book: Arc::new(Semaphore::new(1)),
            inventory: Arc::new(Semaphore::new(1)),
            maps: Mutex::default(),
            matrix: Mutex::default(),
            archive,
        }
    }

    /// Has `work` done on a thread that may block. It goes on to its end where the caller went away, and keeps its place
    /// so long.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.workers).acquire_owned().await;
        let place = place.map_err(|_| Error::new(ErrorKind::Unavailable, "console", "is being ended"))?;
        let shared = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work(&shared)
        });
        let lost = |e| Error::new(ErrorKind::Internal, "request", "broke off").with_source(e);
        Ok(done.await.map_err(lost)??)
    }

    /// Has `work` done on the book of alerts.
    pub(super) async fn ask_book<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut AlertBook) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = Arc::clone(&self.book).acquire_owned().await;
        let turn = turn.map_err(|_| Error::new(ErrorKind::Unavailable, "console", "is being ended"))?;
        self.ask(move |shared| {
            let _turn = turn;
            work(&mut AlertBook::open(&shared.alerts)?)
        })
        .await
    }

    /// The turn to take stock, until it is dropped; `None` while an inventory runs.
    pub(super) fn begin_inventory(&self) -> Option<OwnedSemaphorePermit> {
        if self.archive.inventory_progress().is_some() {
            return None;
        }
        Arc::clone(&self.inventory).try_acquire_owned().ok()
    }

    /// The map of a site; its boxes are read anew where the log grew, its carriages always.
    pub(super) fn map(&self, site: &str) -> Result<SiteMap, Error> {
        let log_size = self.archive.catalogue().checkpoint()?.size;
        // Held while the map is made, so that many who ask at once make it once.
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) =
            maps.get_mut(site).filter(|k| k.log_size == log_size && k.made.elapsed() < MAP_AGE)
        {
            self.archive.renew_motion(&mut kept.map);
            return Ok(kept.map.clone());
        }
        let map = self.archive.room_map(site)?;
        maps.insert(site.to_owned(), KeptMap { log_size, made: Instant::now(), map: map.clone() });
        Ok(map)
    }

    /// The completeness of all files; judged anew where the log grew or the day changed.
    pub(super) fn matrix(&self) -> Result<Arc<Matrix>, Error> {
        let log_size = self.archive.catalogue().checkpoint()?.size;
        let mut kept = self.matrix.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, matrix)) =
            kept.as_ref().filter(|(size, m)| *size == log_size && m.day == self.archive.today())
        {
            return Ok(Arc::clone(matrix));
        }
        let matrix = Arc::new(self.archive.completeness_matrix()?);
        *kept = Some((log_size, Arc::clone(&matrix)));
        Ok(matrix)
    }
}
