//! The evidence log: its state, and proofs that entries are in it; and whether the console is well.

use std::sync::Arc;

use archive_core::identifier::ReferenceCode;
use archive_core::{Error, ErrorKind};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::problem::{Failures, PathOf, Problem};
use super::super::work::Shared;
use super::finding::OfFile;

/// The most entries of one file that are proven at a time.
const MOST: usize = 1000;

/// The state of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckpointView {
    /// How many entries it has.
    size: u64,
    /// The root of the tree over them, SHA-256 in hexadecimal.
    root: String,
    /// The three lines to keep elsewhere.
    text: String,
}

impl From<archive_store::Checkpoint> for CheckpointView {
    fn from(checkpoint: archive_store::Checkpoint) -> Self {
        Self { size: checkpoint.size, root: checkpoint.root.to_string(), text: checkpoint.to_string() }
    }
}

/// What the log says of a file, with proofs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProofView {
    /// 档号.
    reference: String,
    /// The state of the log that the proofs lead to.
    checkpoint: CheckpointView,
    /// Its entries, oldest first.
    entries: Vec<ProvenEntry>,
    /// Whether every proof leads to the checkpoint, as computed here.
    holds: bool,
}

/// An entry of the log and the proof that it is there (RFC 6962).
#[derive(Debug, Serialize, ToSchema)]
struct ProvenEntry {
    /// Its place, from 0.
    position: u64,
    /// The bytes that are hashed: JSON.
    event: String,
    /// The hashes beside its path to the root, from below.
    hashes: Vec<String>,
    /// Whether they lead to the root.
    holds: bool,
}

/// Proofs that the log's entries on a file are in the log.
#[utoipa::path(get, path = "/api/v1/records/{reference}/proof", tag = "evidence",
    params(OfFile),
    responses((status = 200, description = "Entries with proofs", body = ProofView), Failures))]
pub(super) async fn proof(
    State(shared): State<Arc<Shared>>,
    PathOf(OfFile { reference }): PathOf<OfFile>,
) -> Result<Json<ProofView>, Problem> {
    let reference: ReferenceCode = reference.parse()?;
    let proven = shared.ask(move |shared| {
        let catalogue = shared.archive.catalogue();
        let history = catalogue.history(&reference)?;
        if history.len() > MOST {
            let message =
                format!("has {} entries, more than {MOST}: use `archive audit prove`", history.len());
            return Err(Error::new(ErrorKind::Unsupported, format!("proof of {reference}"), message));
        }
        // Taken after the entries, so that it covers them all.
        let checkpoint = catalogue.checkpoint()?;
        let prove = |entry: archive_store::LogEntry| {
            let proof = catalogue.prove_inclusion(entry.position, checkpoint.size)?;
            Ok(ProvenEntry {
                position: entry.position,
                holds: proof.holds(&checkpoint),
                hashes: proof.hashes.iter().map(ToString::to_string).collect(),
                event: proof.entry.event,
            })
        };
        let entries = history.into_iter().map(prove).collect::<Result<Vec<_>, Error>>()?;
        Ok(ProofView {
            reference: reference.to_string(),
            checkpoint: checkpoint.into(),
            holds: !entries.is_empty() && entries.iter().all(|entry| entry.holds),
            entries,
        })
    });
    Ok(Json(proven.await?))
}

/// The state of the evidence log, to be kept where the archive's operators cannot write.
#[utoipa::path(get, path = "/api/v1/checkpoint", tag = "evidence",
    responses((status = 200, description = "The state", body = CheckpointView), Failures))]
pub(super) async fn checkpoint(State(shared): State<Arc<Shared>>) -> Result<Json<CheckpointView>, Problem> {
    let checkpoint = shared.ask(|shared| shared.archive.catalogue().checkpoint()).await?;
    Ok(Json(checkpoint.into()))
}

/// That the console answers and the catalogue can be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`; what is not well is a problem instead.
    state: &'static str,
    /// The program's version.
    version: &'static str,
    /// The policy in force.
    policy: String,
    /// How many entries the log has.
    log_size: u64,
}

/// Whether the console is well.
#[utoipa::path(get, path = "/api/v1/health", tag = "service",
    responses((status = 200, description = "It is", body = Health), Failures))]
pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Result<Json<Health>, Problem> {
    let health = shared.ask(|shared| {
        Ok(Health {
            state: "ok",
            version: env!("CARGO_PKG_VERSION"),
            policy: shared.archive.policy().version().to_string(),
            log_size: shared.archive.catalogue().checkpoint()?.size,
        })
    });
    Ok(Json(health.await?))
}
