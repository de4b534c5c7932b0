//! The crate from outside: one binary, one module a topic.

mod backup;
mod conforming;
mod decisions;
mod hostile;
mod invariants;
mod postgres;
mod random_walk;
mod sealed;
mod signing;

#[path = "../support/server.rs"]
mod server;
