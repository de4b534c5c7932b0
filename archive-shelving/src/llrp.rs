//! The codec of LLRP, the readers' protocol: frames in, messages out, and back, byte for byte.
//!
//! ```
//! use archive_shelving::llrp::{FrameDecoder, Message};
//!
//! let request = Message::build("START_ROSPEC", 7, |m| {
//!     m.set("ROSpecID", 1);
//! })?;
//! let bytes = request.encode();
//! assert_eq!(bytes, [0x04, 0x16, 0, 0, 0, 14, 0, 0, 0, 7, 0, 0, 0, 1]);
//!
//! // A stream may be cut anywhere.
//! let mut frames = FrameDecoder::default();
//! frames.push(&bytes[..5]);
//! assert_eq!(frames.next_message()?, None);
//! frames.push(&bytes[5..]);
//! let message = frames.next_message()?.unwrap();
//! assert_eq!((message.name(), message.id()), ("START_ROSPEC", 7));
//! assert_eq!(message.body().number("ROSpecID"), Some(1));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! - The protocol is data: `definition.txt` lists every message and parameter of LLRP 1.0.1 and 1.1,
//!   and a test compares it with the toolkit's definition file. One decoder and one encoder walk it.
//! - A [`Message`] keeps field values, the order of parameters, and reserved bits, which clients
//!   ignore; lengths are computed anew when it is encoded. Custom messages and parameters keep their
//!   contents as bytes.
//! - A message with an unknown type, a wrong length, a missing or unexpected parameter is an error that
//!   names the message and the place; the stream goes on with the next frame.
//!
//! Limits: no input or output here; versions 1 and 2 of the header; frames up to a set length.

mod build;
mod decode;
mod definition;
mod encode;
mod frames;
mod message;

pub use build::ElementBuilder;
pub use frames::FrameDecoder;
pub use message::{Element, Message};
