//! The line before a simulated device: up or cut, served over TCP or in memory.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::dial::{Dial, Link};

/// A line that can be cut.
#[derive(Debug)]
pub(super) struct Line(watch::Sender<bool>);

impl Line {
    pub(super) fn new() -> Self {
        Self(watch::channel(true).0)
    }

    pub(super) fn set(&self, up: bool) {
        self.0.send_replace(up);
    }

    pub(super) fn is_up(&self) -> bool {
        *self.0.borrow()
    }

    /// Does `work` while the line is up.
    ///
    /// # Errors
    /// `ConnectionReset` where it is cut meanwhile, and the work's.
    pub(super) async fn guard<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let mut line = self.0.subscribe();
        tokio::select! {
            _ = line.wait_for(|up| !up) => Err(io::ErrorKind::ConnectionReset.into()),
            done = work => done,
        }
    }
}

/// A device that serves connections.
pub(super) trait Served: Clone + Debug + Send + Sync + 'static {
    fn line(&self) -> &Line;

    /// Serves one connection until it ends.
    fn serve_link(self, link: Box<dyn Link>) -> impl Future<Output = io::Result<()>> + Send;
}

/// How long a listener rests that could not accept: it may be out of files.
const REST: Duration = Duration::from_millis(50);

/// Serves every connection of `listener`, for ever. A connection that fails is its client's affair, and one
/// that cannot be accepted is told and passed over.
pub(super) async fn listen<D: Served>(device: D, listener: TcpListener) -> Infallible {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(?device, %error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        // A client may be gone already.
        if stream.set_nodelay(true).is_ok() {
            tokio::spawn(device.clone().serve_link(Box::new(stream)));
        }
    }
}

/// Dials a device in memory.
#[derive(Debug)]
pub(super) struct MemoryDial<D>(pub(super) D);

#[async_trait]
impl<D: Served> Dial for MemoryDial<D> {
    async fn dial(&self) -> io::Result<Box<dyn Link>> {
        if !self.0.line().is_up() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(4096);
        tokio::spawn(self.0.clone().serve_link(Box::new(far)));
        Ok(Box::new(near))
    }
}
