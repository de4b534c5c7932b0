//! The facade and the command from their users' side.
//!
//! What reads pages needs the models of `archive setup`: without them those tests say that they are
//! skipped, and with `ARCHIVE_REQUIRE_MODELS` set they fail.

mod audit;
mod backlog;
mod bad_input;
mod catalogue_files;
mod command_line;
mod crash;
#[cfg(feature = "postgres")]
mod database;
mod early_warning;
mod exceptions;
mod filing;
mod first_hour;
mod inventory;
mod named_verbs;
mod scene;
mod sealed;
mod sync;
mod wire_devices;
