//! The frame and its check byte.

use archive_core::Error;
use nom::Parser;
use nom::bytes::complete::{tag, take};
use nom::number::complete::be_u8;
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
    /// The most data bytes: the length byte counts them and five more.
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

const START: u8 = 0x55;
const END: u8 = 0x68;
/// What the length byte counts beside the data.
const FIXED: usize = 5;

/// How the check byte is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    polynomial: u8,
    initial: u8,
    reflected: bool,
    final_xor: u8,
    first: First,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum First {
    Start,
    Length,
    Type,
}

impl Check {
    fn of(self, bytes: &[u8]) -> u8 {
        let step = |crc: u8| -> u8 {
            if self.reflected {
                crc >> 1 ^ if crc & 1 == 1 { self.polynomial.reverse_bits() } else { 0 }
            } else {
                crc << 1 ^ if crc & 0x80 != 0 { self.polynomial } else { 0 }
            }
        };
        let crc = bytes.iter().fold(self.initial, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| step(crc)));
        crc ^ self.final_xor
    }

    /// The check byte of a frame that is whole but for its last two bytes.
    fn of_frame(self, frame: &[u8]) -> u8 {
        let first = match self.first {
            First::Start => 0,
            First::Length => 1,
            First::Type => 2,
        };
        self.of(&frame[first..])
    }
}

impl UdpMap {
    /// The bytes of a frame.
    ///
    /// # Errors
    /// `InvalidInput` where the data has more than [`Frame::LONGEST_DATA`] bytes.
    pub fn encode(&self, frame: &Frame) -> Result<Vec<u8>, Error> {
        if frame.data.len() > Frame::LONGEST_DATA {
            return Err(Error::invalid(
                format!("frame {:02X} for column {}", frame.command, frame.column),
                format!("has {} data bytes, more than {}", frame.data.len(), Frame::LONGEST_DATA),
            ));
        }
        // At most 255.
        let length = (FIXED + frame.data.len()) as u8;
        let mut bytes = vec![START, length, frame.device, frame.zone, frame.column, frame.command];
        bytes.extend_from_slice(&frame.data);
        bytes.push(self.check().of_frame(&bytes));
        bytes.push(END);
        Ok(bytes)
    }

    /// The frames in a datagram.
    #[must_use]
    pub fn decode(&self, datagram: &[u8]) -> Decoded {
        let mut decoded = Decoded { frames: Vec::new(), skipped: 0 };
        let mut rest = datagram;
        while !rest.is_empty() {
            match self.frame(rest) {
                Ok((after, frame)) => {
                    decoded.frames.push(frame);
                    rest = after;
                }
                Err(_) => {
                    // Frames are short: trying the next byte costs little, however hostile the bytes.
                    decoded.skipped += 1;
                    rest = &rest[1..];
                }
            }
        }
        decoded
    }

    fn frame<'a>(&self, input: &'a [u8]) -> nom::IResult<&'a [u8], Frame> {
        let reject = || nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify));
        let (rest, (_, length)) = (tag(&[START][..]), be_u8).parse(input)?;
        let data = usize::from(length).checked_sub(FIXED).ok_or_else(reject)?;
        let (rest, (device, zone, column, command)) = (be_u8, be_u8, be_u8, be_u8).parse(rest)?;
        let (rest, data) = take(data)(rest)?;
        let covered = &input[..input.len() - rest.len()];
        let (rest, check) = be_u8(rest)?;
        let (rest, _) = tag(&[END][..])(rest)?;
        if self.check().of_frame(covered) != check {
            return Err(reject());
        }
        Ok((rest, Frame { device, zone, column, command, data: data.to_vec() }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(command: u8, data: &[u8]) -> Frame {
        Frame { device: 1, zone: 2, column: 3, command, data: data.to_vec() }
    }

    #[test]
    fn check_bytes_are_the_published_ones() {
        // The catalogue of parametrised CRC algorithms gives these for "123456789".
        let smbus =
            Check { polynomial: 0x07, initial: 0, reflected: false, final_xor: 0, first: First::Start };
        assert_eq!(smbus.of(b"123456789"), 0xF4);
        let maxim = Check { polynomial: 0x31, reflected: true, ..smbus };
        assert_eq!(maxim.of(b"123456789"), 0xA1);
        let itu = Check { final_xor: 0x55, ..smbus };
        assert_eq!(itu.of(b"123456789"), 0xA1);
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
    }

    proptest! {
        #[test]
        fn frames_read_back(
            device: u8, zone: u8, column: u8, command: u8, data in prop::collection::vec(any::<u8>(), 0..=250),
        ) {
            let (map, frame) = (UdpMap::family_b(), Frame { device, zone, column, command, data });
            let decoded = map.decode(&map.encode(&frame).unwrap());
            prop_assert_eq!(decoded, Decoded { frames: vec![frame], skipped: 0 });
        }

        #[test]
        fn any_bytes_are_frames_or_skipped(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let map = UdpMap::family_b();
            let decoded = map.decode(&bytes);
            let framed: usize = decoded.frames.iter().map(|frame| map.encode(frame).unwrap().len()).sum();
            prop_assert_eq!(framed + decoded.skipped, bytes.len());
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
