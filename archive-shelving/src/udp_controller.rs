//! The frames of shelf controllers behind UDP (family B), with the vendor's codes as data.
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
//! A frame is `55 LEN TYPE ZONE COL CMD DATA… CRC 68`, LEN being 5 and the number of data bytes. A
//! datagram may hold several. Bytes that are no frame are skipped and counted: after a bad check byte the
//! search goes on behind its first byte, so that a good frame within it is still found.
//!
//! Limits: frames and their meaning alone, without sockets. The check byte's polynomial and coverage are
//! nowhere described and are parameters of the map. One number can be a command and an event, so a
//! reply is never found by its command byte alone: compare zone and column, too.

mod frame;
mod map;

pub use frame::{Decoded, Frame};
pub use map::{ColumnState, Command, Event, UdpMap};
