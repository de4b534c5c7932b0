//! Shelf controllers behind HTTP (family C): requests, the vendor's answers as data, and a driver.
//!
//! ```
//! use archive_shelving::http_controller::{HttpOperation, HttpRequest};
//!
//! let request = HttpRequest { operation: HttpOperation::LeftMove, column: 7 };
//! assert_eq!(request.to_string(), "/MjjWebApi?Op=LeftMove&ColumnNo=7");
//! assert_eq!(request.to_string().parse::<HttpRequest>()?, request);
//! // A GET that moves carriages must never be repeated by an HTTP client.
//! assert!(request.operation.moves());
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - These controllers take `GET` for everything. An HTTP library, a proxy or a browser may repeat a `GET`
//!   whenever it likes. The driver has neither: one request, one connection, no redirect, no retry; and never
//!   put a proxy between.
//! - What an answer means is an [`HttpMap`]: places in its JSON, and the values that mean yes.
//! - A column moved to the left opens the aisle on its right, so aisle 0 opens by moving the first column to
//!   the right, and so the bank closes.
//! - Only a request that moves and has no answer is `MaybeExecuted`, or one whose answer cannot be read. A stop
//!   is sent again until it is accepted.
//! - The lock is one of the controller's operations, so this driver has one.
//!
//! Limits: what the controllers of this family answer is nowhere described, so no vendor's map is shipped;
//! [`HttpMap::simulated_c`] is the simulated controller's. No TLS and no authentication: keep the controller
//! in a network of its own.

mod controller;
mod map;
mod request;

pub use map::HttpMap;
pub use request::{HttpOperation, HttpRequest};
