//! The frame, its check byte, and frames out of a stream.

use archive_core::Error;
use nom::Parser;
use nom::bytes::streaming::{tag, take};
use nom::number::streaming::be_u8;
use serde::Deserialize;

use super::map::UdpMap;

/// One frame, without what frames it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The kind of device.
    pub device: u8,
    /// The zone (区) within the room.
    pub zone: u8,
    /// The carriage (列) within the zone.
    pub column: u8,
    /// The command or event.
    pub command: u8,
    /// What comes with it, at most [`Frame::LONGEST_DATA`] bytes.
    pub data: Vec<u8>,
}

impl Frame {
    /// The most data bytes in any family; a length byte that counts more than the data leaves fewer.
    pub const LONGEST_DATA: usize = 250;
}

/// What a datagram held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The frames, in their order.
    pub frames: Vec<Frame>,
    /// How many bytes were no part of a frame: noise, cut frames, bad check bytes.
    pub skipped: usize,
}

/// How frames are laid out: what differs between families.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layout {
    start: Vec<u8>,
    end: Vec<u8>,
    /// What the length byte counts beside the data.
    length_counts: u8,
    header: [HeaderByte; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum HeaderByte {
    Device,
    Zone,
    Column,
    Command,
}

impl Layout {
    /// What is wrong with it.
    pub(super) fn fault(&self) -> Option<&'static str> {
        use HeaderByte::{Column, Command, Device, Zone};
        if self.start.is_empty() || self.start.len() > 4 || self.end.len() > 4 {
            return Some("frame: start has 1 to 4 bytes, end at most 4");
        }
        let complete = [Device, Zone, Column, Command].iter().all(|byte| self.header.contains(byte));
        (!complete).then_some("frame.header: names each of device, zone, column, command once")
    }

    fn longest_data(&self) -> usize {
        Frame::LONGEST_DATA.min(usize::from(u8::MAX - self.length_counts))
    }
}

/// How the check byte is computed, from which byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Check {
    Crc8 {
        polynomial: u8,
        initial: u8,
        reflected: bool,
        final_xor: u8,
        first: First,
    },
    /// The low byte of the sum.
    Sum {
        first: First,
    },
    Xor {
        first: First,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum First {
    Start,
    Length,
    Header,
}

impl Check {
    fn first(self) -> First {
        match self {
            Self::Crc8 { first, .. } | Self::Sum { first } | Self::Xor { first } => first,
        }
    }

    fn of(self, bytes: &[u8]) -> u8 {
        match self {
            Self::Sum { .. } => bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte)),
            Self::Xor { .. } => bytes.iter().fold(0, |xor, byte| xor ^ byte),
            Self::Crc8 { polynomial, initial, reflected, final_xor, .. } => {
                let step = |crc: u8| -> u8 {
                    if reflected {
                        crc >> 1 ^ if crc & 1 == 1 { polynomial.reverse_bits() } else { 0 }
                    } else {
                        crc << 1 ^ if crc & 0x80 != 0 { polynomial } else { 0 }
                    }
                };
                let crc = bytes.iter().fold(initial, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| step(crc)));
                crc ^ final_xor
            }
        }
    }
}

impl UdpMap {
    /// The check byte of a frame that is whole up to its data.
    fn check_byte(&self, frame: &[u8]) -> u8 {
        let start = self.frame.start.len();
        let first = match self.check.first() {
            First::Start => 0,
            First::Length => start,
            First::Header => start + 1,
        };
        self.check.of(&frame[first..])
    }

    /// The bytes of a frame.
    ///
    /// # Errors
    /// `InvalidInput` where the data has more bytes than a frame can hold.
    pub fn encode(&self, frame: &Frame) -> Result<Vec<u8>, Error> {
        let (layout, longest) = (&self.frame, self.frame.longest_data());
        if frame.data.len() > longest {
            return Err(Error::invalid(
                format!("frame {:02X} for column {}", frame.command, frame.column),
                format!("has {} data bytes, more than {longest}", frame.data.len()),
            ));
        }
        let mut bytes = layout.start.clone();
        // At most 255, by the check above.
        bytes.push(layout.length_counts + frame.data.len() as u8);
        bytes.extend(layout.header.iter().map(|byte| match byte {
            HeaderByte::Device => frame.device,
            HeaderByte::Zone => frame.zone,
            HeaderByte::Column => frame.column,
            HeaderByte::Command => frame.command,
        }));
        bytes.extend_from_slice(&frame.data);
        bytes.push(self.check_byte(&bytes));
        bytes.extend_from_slice(&layout.end);
        Ok(bytes)
    }

    /// The frames in a datagram.
    #[must_use]
    pub fn decode(&self, datagram: &[u8]) -> Decoded {
        let mut stream = FrameStream::default();
        stream.push(datagram);
        let mut frames: Vec<Frame> = std::iter::from_fn(|| stream.next_frame(self)).collect();
        // Nothing follows: what could still become a frame is none, and may hide one.
        while stream.pending() > 0 {
            stream.skip();
            frames.extend(std::iter::from_fn(|| stream.next_frame(self)));
        }
        Decoded { frames, skipped: stream.skipped }
    }

    /// The frame at the front of `input`; `Incomplete` where more bytes may make it one.
    fn parse_frame<'a>(&self, input: &'a [u8]) -> nom::IResult<&'a [u8], Frame> {
        let reject = || nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify));
        let layout = &self.frame;
        let (rest, (_, length)) = (tag(&layout.start[..]), be_u8).parse(input)?;
        let data = length.checked_sub(layout.length_counts).map(usize::from).ok_or_else(reject)?;
        if data > layout.longest_data() {
            return Err(reject());
        }
        let (rest, header) = take(4_usize)(rest)?;
        let (rest, data) = take(data)(rest)?;
        let covered = &input[..input.len() - rest.len()];
        let (rest, check) = be_u8(rest)?;
        let (rest, _) = tag(&layout.end[..])(rest)?;
        if self.check_byte(covered) != check {
            return Err(reject());
        }
        let mut frame = Frame { device: 0, zone: 0, column: 0, command: 0, data: data.to_vec() };
        for (kind, byte) in layout.header.iter().zip(header) {
            match kind {
                HeaderByte::Device => frame.device = *byte,
                HeaderByte::Zone => frame.zone = *byte,
                HeaderByte::Column => frame.column = *byte,
                HeaderByte::Command => frame.command = *byte,
            }
        }
        Ok((rest, frame))
    }
}

/// Frames out of a stream that may be cut anywhere, as behind a serial gateway.
///
/// A frame that lies about its length hides what follows until as many bytes came as it claims, at most
/// some 260; then the search goes on behind its first byte.
#[derive(Debug, Clone, Default)]
pub struct FrameStream {
    buffer: Vec<u8>,
    start: usize,
    skipped: usize,
}

impl FrameStream {
    /// Takes the next bytes of the stream. Take the frames after each push: memory grows with what is not
    /// taken.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..std::mem::take(&mut self.start));
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, or `None` until more bytes come.
    pub fn next_frame(&mut self, map: &UdpMap) -> Option<Frame> {
        loop {
            let pending = &self.buffer[self.start..];
            if pending.is_empty() {
                return None;
            }
            match map.parse_frame(pending) {
                Ok((rest, frame)) => {
                    self.start = self.buffer.len() - rest.len();
                    return Some(frame);
                }
                Err(nom::Err::Incomplete(_)) => return None,
                // Frames are short: trying the next byte costs little, however hostile the bytes.
                Err(_) => self.skip(),
            }
        }
    }

    fn skip(&mut self) {
        self.start += 1;
        self.skipped += 1;
    }

    /// How many bytes wait for the rest of their frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// How many bytes were no part of a frame so far.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(command: u8, data: &[u8]) -> Frame {
        Frame { device: 1, zone: 2, column: 3, command, data: data.to_vec() }
    }

    /// A family with another layout and another check.
    fn other_family() -> UdpMap {
        let text = include_str!("controller_b.toml")
            .replace("start = [0x55]", "start = [0xAA, 0x55]")
            .replace("end = [0x68]", "end = []")
            .replace("length_counts = 5", "length_counts = 7")
            .replace(
                r#"header = ["device", "zone", "column", "command"]"#,
                r#"header = ["command", "zone", "column", "device"]"#,
            );
        let (head, rest) = text.split_once("[check]").unwrap();
        let (_, tail) = rest.split_once("[bank]").unwrap();
        let text = format!("{head}[check]\nkind = \"sum\"\nfirst = \"header\"\n[bank]{tail}");
        UdpMap::parse("other.toml", &text).unwrap()
    }

    #[test]
    fn check_bytes_are_the_published_ones() {
        // The catalogue of parametrised CRC algorithms gives these for "123456789".
        let crc = |polynomial, reflected, final_xor| {
            Check::Crc8 { polynomial, initial: 0, reflected, final_xor, first: First::Start }.of(b"123456789")
        };
        assert_eq!(crc(0x07, false, 0), 0xF4);
        assert_eq!(crc(0x31, true, 0), 0xA1);
        assert_eq!(crc(0x07, false, 0x55), 0xA1);
        assert_eq!(Check::Sum { first: First::Start }.of(b"123456789"), 0xDD);
        assert_eq!(Check::Xor { first: First::Start }.of(&[0x0F, 0xF0, 0x01]), 0xFE);
    }

    #[test]
    fn another_family_is_another_layout() {
        let bytes = other_family().encode(&frame(0x84, &[9])).unwrap();
        assert_eq!(bytes, [0xAA, 0x55, 8, 0x84, 2, 3, 1, 9, 0x84 + 2 + 3 + 1 + 9]);
        assert_eq!(other_family().decode(&bytes).frames, [frame(0x84, &[9])]);
    }

    #[test]
    fn noise_between_frames_is_counted() {
        let map = UdpMap::family_b();
        let (one, two) = (frame(0x8C, &[]), frame(0x0E, &[0, 203, 1, 224]));
        let mut bytes = vec![0x55, 0x00, 0x68];
        bytes.extend(map.encode(&one).unwrap());
        bytes.extend([0x55, 0x55]);
        bytes.extend(map.encode(&two).unwrap());
        let decoded = map.decode(&bytes);
        assert_eq!((decoded.frames, decoded.skipped), (vec![one, two], 5));
    }

    #[test]
    fn a_frame_that_lies_about_its_length_hides_nothing() {
        let map = UdpMap::family_b();
        let good = frame(0x8B, &[]);
        let mut bytes = vec![0x55, 0xFF, 0, 0, 0, 0];
        bytes.extend(map.encode(&good).unwrap());
        assert_eq!(map.decode(&bytes).frames, [good]);
    }

    #[test]
    fn too_much_data_is_refused() {
        let error = UdpMap::family_b().encode(&frame(0x81, &[0; 251])).unwrap_err();
        assert_eq!(error.to_string(), "frame 81 for column 3: has 251 data bytes, more than 250");
        let error = other_family().encode(&frame(0x81, &[0; 249])).unwrap_err();
        assert_eq!(error.to_string(), "frame 81 for column 3: has 249 data bytes, more than 248");
    }

    proptest! {
        #[test]
        fn frames_read_back(
            device: u8, zone: u8, column: u8, command: u8, data in prop::collection::vec(any::<u8>(), 0..=248),
        ) {
            let frame = Frame { device, zone, column, command, data };
            for map in [UdpMap::family_b(), other_family()] {
                let decoded = map.decode(&map.encode(&frame).unwrap());
                prop_assert_eq!(decoded, Decoded { frames: vec![frame.clone()], skipped: 0 });
            }
        }

        #[test]
        fn any_bytes_are_frames_or_skipped(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let map = UdpMap::family_b();
            let decoded = map.decode(&bytes);
            let framed: usize = decoded.frames.iter().map(|frame| map.encode(frame).unwrap().len()).sum();
            prop_assert_eq!(framed + decoded.skipped, bytes.len());
        }

        #[test]
        fn a_stream_may_be_cut_anywhere(
            datas in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6), piece in 1_usize..50,
        ) {
            let map = UdpMap::family_b();
            let sent: Vec<Frame> = datas.iter().map(|data| frame(0x81, data)).collect();
            let bytes: Vec<u8> = sent.iter().flat_map(|frame| map.encode(frame).unwrap()).collect();
            let (mut stream, mut got) = (FrameStream::default(), Vec::new());
            for piece in bytes.chunks(piece) {
                stream.push(piece);
                got.extend(std::iter::from_fn(|| stream.next_frame(&map)));
            }
            prop_assert_eq!((got, stream.pending(), stream.skipped()), (sent, 0, 0));
        }

        #[test]
        fn one_wrong_bit_is_noticed(place in 8_usize..96, data in prop::collection::vec(any::<u8>(), 4..5)) {
            let (map, frame) = (UdpMap::family_b(), frame(0x0E, &data));
            let mut bytes = map.encode(&frame).unwrap();
            bytes[place / 8] ^= 1 << (place % 8);
            prop_assert!(!map.decode(&bytes).frames.contains(&frame));
        }
    }
}
