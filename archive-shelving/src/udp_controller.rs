//! Shelf controllers behind UDP (family B, and others with such frames): frames, the vendor's codes as data,
//! and a driver.
//!
//! ```
//! use archive_shelving::udp_controller::{Command, Event, Frame, UdpMap};
//!
//! let map = UdpMap::family_b();
//! let open = map.command(Command::OpenLeft, 1, 7)?;
//! let bytes = map.encode(&open)?;
//! assert_eq!(bytes[..6], [0x55, 5, 0, 1, 7, 0x81]);
//! assert_eq!(map.decode(&bytes).frames, [open]);
//!
//! let alarm = Frame { device: 0, zone: 1, column: 7, command: 0x89, data: vec![0x2E] };
//! assert_eq!(map.event(&alarm).to_string(), "column 7: alarm 2E (smoke)");
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - A frame of family B is `55 LEN TYPE ZONE COL CMD DATA… CRC 68`, LEN being 5 and the number of data
//!   bytes. The layout is part of the map, so that a family with another start, order or check is a map, too.
//! - A datagram may hold several frames. Bytes that are no frame are skipped and counted: after a bad check
//!   byte the search goes on behind its first byte, so that a good frame within it is still found. Behind a
//!   serial gateway, [`FrameStream`] takes pieces cut anywhere.
//! - One number can be a command and an event, and frames have no number of their own. The driver therefore
//!   asks every question from a port of its own: an answer that comes late, twice or out of order finds the
//!   port closed. Zone and column must fit, besides.
//! - Questions are asked again where datagrams get lost, and so is a stop. A command that moves carriages is
//!   sent once; without an answer it is `MaybeExecuted`.
//! - An aisle is open where the carriages on both its sides say so, and no other carriage is open anywhere.
//!
//! Limits: the controller must answer the port that asked. How family B is stopped and asked for its state is
//! nowhere described: [`PolledShelf::over_udp`](crate::polled::PolledShelf::over_udp) refuses a map without
//! both, as the shipped one is. Alarms are heard with the answers to questions.

mod controller;
mod frame;
mod map;

pub use frame::{Decoded, Frame, FrameStream};
pub use map::{ColumnState, Command, Event, UdpMap};
