//! Messages out of a stream that may be cut anywhere.

use archive_core::Error;

use super::decode::{HEADER, Header, header, message_into};
use super::message::Message;

/// Splits a stream into frames and decodes them.
///
/// [`FrameDecoder::push`] takes bytes as they come, [`FrameDecoder::next_message`] gives the messages
/// that are complete. After an error in a message the next call goes on with the next frame; after an
/// error in a frame's length the stream has no next frame, and every further call repeats the error.
#[derive(Debug, Clone)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    /// Where the first byte stands that no frame has taken.
    start: usize,
    limit: usize,
    broken: Option<(u32, u32)>,
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self::with_limit(Self::LARGEST)
    }
}

impl FrameDecoder {
    /// The longest frame that can be allowed, in bytes: 16 MiB.
    pub const LARGEST: usize = 16 << 20;
    /// The shortest limit, in bytes: 2 MiB, which a full report of a large reader needs.
    pub const SMALLEST: usize = 2 << 20;

    /// A decoder that takes frames of at most `limit` bytes; held between [`FrameDecoder::SMALLEST`]
    /// and [`FrameDecoder::LARGEST`].
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        let limit = limit.clamp(Self::SMALLEST, Self::LARGEST);
        Self { buffer: Vec::new(), start: 0, limit, broken: None }
    }

    /// Takes the next bytes of the stream.
    ///
    /// Memory grows with what is pushed and not yet taken: take messages after each push.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        // Moving the rest to the front costs less than growing, and only a partial frame is left.
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the stream has no next frame: the connection is to be closed.
    #[must_use]
    pub fn is_out_of_step(&self) -> bool {
        self.broken.is_some()
    }

    /// How many bytes wait for the rest of their frame, or to be taken.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The next message, or `None` until more bytes come.
    ///
    /// # Errors
    /// `InvalidInput` where the next frame is no message, or its length is impossible.
    pub fn next_message(&mut self) -> Result<Option<Message>, Error> {
        let mut message = Message { version: 0, id: 0, nodes: Vec::new(), data: Vec::new() };
        Ok(self.next_into(&mut message)?.then_some(message))
    }

    /// Like [`FrameDecoder::next_message`], into a message whose memory is used again; says whether
    /// there was one. After an error or `false` the message's contents are unspecified but valid.
    ///
    /// # Errors
    /// Those of [`FrameDecoder::next_message`].
    pub fn next_into(&mut self, message: &mut Message) -> Result<bool, Error> {
        let decoded = self.decode_next(message);
        if !matches!(decoded, Ok(true)) {
            message.make_empty();
        }
        decoded
    }

    fn decode_next(&mut self, message: &mut Message) -> Result<bool, Error> {
        if let Some((length, id)) = self.broken {
            return Err(self.impossible(length, id));
        }
        let pending = &self.buffer[self.start..];
        let Ok((_, header)) = header(pending) else { return Ok(false) };
        let Header { length, id, .. } = header;
        let frame = length as usize;
        if !(HEADER..=self.limit).contains(&frame) {
            self.broken = Some((length, id));
            return Err(self.impossible(length, id));
        }
        if pending.len() < frame {
            return Ok(false);
        }
        let bytes = &self.buffer[self.start..self.start + frame];
        let decoded = message_into(bytes, header, message);
        self.start += frame;
        decoded.map(|()| true)
    }

    fn impossible(&self, length: u32, id: u32) -> Error {
        let what = format!(
            "says that it is {length} bytes long, not {HEADER} to {}: close the connection, the stream is \
             out of step",
            self.limit
        );
        Error::invalid(format!("LLRP message {id}"), what)
    }
}
