//! The crate from outside: one binary, one module a topic.

mod backup;
mod conforming;
mod hostile;
mod invariants;
mod random_walk;
