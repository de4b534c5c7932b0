//! 控制台: pages and an API of HTTP over the facade, for people at the archive's desk and for systems that prefer HTTP to a
//! library.
//!
//! ```
//! use archive::console::{Console, ConsoleOptions, Token};
//! use archive::{Archive, Config};
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! let archive = Archive::open(Config::create(&scratch.path().join("holdings"))?)?;
//! let options = ConsoleOptions { address: "127.0.0.1:0".parse().unwrap(), ..ConsoleOptions::new(Token::generate()?) };
//! let console = Console::bind(archive.into(), options)?;
//! assert!(console.link().starts_with("http://127.0.0.1:"));
//! // `serve` runs until it is told to end.
//! console.serve(async {})?;
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! What comes in is not trusted: every request names a host that the console serves ([`gate`]), bears the [`Token`] or the
//! cookie of a session that was opened with it, and is bounded in size, time and number. A path of the address never
//! becomes a path of the file system. What fails is told as a [`Problem`].
//!
//! The routes and their description (`/api/v1/openapi.json`) are made of the same declarations ([`api`]).
//!
//! Limits: no TLS. Beyond this machine, a proxy in front brings it.

pub mod api;
pub mod gate;
mod listening;
mod pages;
mod problem;
mod sessions;
mod token;
mod work;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use archive_core::{Error, ErrorKind};
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};

pub use problem::Problem;
pub use token::Token;

use crate::archive::Archive;
use work::Shared;

/// The port where none is said.
pub const PORT: u16 = 8480;

/// How a console is served.
#[derive(Debug)]
pub struct ConsoleOptions {
    /// Where it listens; this machine alone, unless the caller knows why not.
    pub address: SocketAddr,
    /// Names under which it is reached besides the address, such as that of a proxy.
    pub names: Vec<String>,
    /// What lets callers in.
    pub token: Token,
    /// How long a session of a browser lasts.
    pub session: Duration,
    /// The book of alerts; the file `alerts.json` of the archive's directory where absent.
    pub alerts: Option<PathBuf>,
    /// So many requests work on the archive at a time; others wait.
    pub workers: usize,
    /// So many connections are open at a time; others wait to be accepted.
    pub connections: usize,
    /// So long may the head of a request take, and a connection stand idle.
    pub head_limit: Duration,
    /// So long may a request take, from its head to its answer.
    pub request_limit: Duration,
    /// So many bytes may the body of a request have; reviews may have [`Review::SIZE_LIMIT`](crate::review::Review::SIZE_LIMIT).
    pub body_limit: usize,
}

impl ConsoleOptions {
    /// The usual settings: this machine alone at [`PORT`].
    #[must_use]
    pub fn new(token: Token) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], PORT)),
            names: Vec::new(),
            token,
            session: Duration::from_secs(8 * 3600),
            alerts: None,
            workers: 8,
            connections: 512,
            head_limit: Duration::from_secs(10),
            request_limit: Duration::from_secs(30),
            body_limit: 64 << 10,
        }
    }
}

/// A console that listens and is not served yet.
#[derive(Debug)]
pub struct Console {
    listener: TcpListener,
    address: SocketAddr,
    options: ConsoleOptions,
    shared: Arc<Shared>,
}

impl Console {
    /// Takes the address of `options`.
    ///
    /// # Errors
    /// `Unavailable`, naming address and port, where another program listens there or the machine has no such address;
    /// `Denied` where this user may not listen there.
    pub fn bind(archive: Arc<Archive>, options: ConsoleOptions) -> Result<Self, Error> {
        let object = || format!("port {} at {}", options.address.port(), options.address.ip());
        let listener = TcpListener::bind(options.address).map_err(|e| {
            use std::io::ErrorKind as Io;
            let (kind, message) = match e.kind() {
                Io::AddrInUse => {
                    (ErrorKind::Unavailable, "is in use by another program: name another with --listen")
                }
                Io::PermissionDenied => {
                    (ErrorKind::Denied, "may not be used by this user: name one above 1023 with --listen")
                }
                _ => (ErrorKind::Unavailable, "cannot be listened on: name another with --listen"),
            };
            Error::new(kind, object(), message).with_source(e)
        })?;
        let failed = |e| Error::new(ErrorKind::Unavailable, object(), "cannot be listened on").with_source(e);
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::new(archive, &options, gate::Hosts::new(address, &options.names)));
        Ok(Self { listener, address, options, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that opens the pages, with the token where no server sees it.
    #[must_use]
    pub fn link(&self) -> String {
        format!("http://{}/#token={}", self.address, self.options.token.reveal())
    }

    /// Serves until `end` is there; what was begun by then is finished.
    ///
    /// # Errors
    /// `Unavailable` where the machine gives no threads.
    pub fn serve(self, end: impl Future<Output = ()>) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(self.options.workers + 2)
            .thread_name("archive-console")
            .enable_all()
            .build()
            .map_err(|e| Error::new(ErrorKind::Unavailable, "console", "cannot be started").with_source(e))?;
        let router = router(Arc::clone(&self.shared), &self.options);
        let served = runtime.block_on(listening::serve(self.listener, router, &self.options, end));
        runtime.shutdown_timeout(Duration::from_secs(5));
        served
    }
}

/// Pages and API behind the gate.
fn router(shared: Arc<Shared>, options: &ConsoleOptions) -> Router {
    api::router()
        .0
        .merge(pages::router())
        .merge(sessions::router())
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(DefaultBodyLimit::max(options.body_limit))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), gate::check))
        .with_state(shared)
}
