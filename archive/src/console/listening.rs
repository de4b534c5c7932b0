//! Connections: so many at a time, each bounded in the size of its heads and in time.

use std::time::Duration;

use archive_core::{Error, ErrorKind};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::ConsoleOptions;

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;
const HEADERS: usize = 64;
/// After so long a connection is asked to end: a reader that takes a byte a minute does not stay for ever.
const CONNECTION_LIFE: Duration = Duration::from_secs(15 * 60);
/// So long may what was begun take to end.
const GRACE: Duration = Duration::from_secs(5);

pub(super) async fn serve(
    listener: std::net::TcpListener,
    router: Router,
    options: &ConsoleOptions,
    end: impl Future<Output = ()>,
) -> Result<(), Error> {
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|e| Error::new(ErrorKind::Unavailable, "console", "cannot be served").with_source(e))?;
    let places = std::sync::Arc::new(Semaphore::new(options.connections));
    let (ending, ended) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(end);
    loop {
        let accepted = async {
            let place = std::sync::Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = &mut end => break,
            accepted = accepted => accepted,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // Too many files are open, or the caller went away already.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Answers are small and whole: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(options.head_limit);
        http.max_buf_size(HEAD_BYTES).max_headers(HEADERS);
        let service = TowerToHyperService::new(router.clone());
        let mut ended = ended.clone();
        connections.spawn(async move {
            let _place = place;
            let connection = http.serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            tokio::select! {
                result = &mut connection => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection broke off");
                    }
                    return;
                }
                _ = ended.wait_for(|ended| *ended) => {}
                () = tokio::time::sleep(CONNECTION_LIFE) => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(GRACE, connection).await;
        });
    }
    // Nobody listens where all connections ended already.
    let _ = ending.send(true);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all).await;
    Ok(())
}
