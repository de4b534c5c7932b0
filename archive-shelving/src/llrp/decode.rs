//! From bytes to messages, on nom.

use archive_core::Error;
use nom::bytes::streaming::take;
use nom::error::{ErrorKind as NomKind, ParseError};
use nom::number::streaming::{be_u16, be_u32};
use nom::{IResult, Parser};

use super::definition::{Definition, FieldKind, Protocol};
use super::message::{Message, Node};

/// Why bytes are no message, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// How many bytes were left when it was seen; turned into a position once the frame is known.
    left: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Truncated,
    UnknownParameter(u16),
    ParameterLength(u16),
    Unexpected { parameter: u16, within: u16 },
    Repeated { content: &'static str, within: u16 },
    Missing { content: &'static str, within: u16 },
    LeftOver(u16),
    TooDeep,
}

impl<'a> ParseError<&'a [u8]> for Fault {
    fn from_error_kind(input: &'a [u8], _: NomKind) -> Self {
        Self { left: input.len(), what: What::Truncated }
    }

    fn append(_: &'a [u8], _: NomKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, T> = IResult<&'a [u8], T, Fault>;

fn fault<T>(input: &[u8], what: What) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault { left: input.len(), what }))
}

/// A message's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) reserved: u8,
    pub(super) version: u8,
    pub(super) number: u16,
    /// Of the whole message, with its header.
    pub(super) length: u32,
    pub(super) id: u32,
}

/// The bytes of a message's header.
pub(super) const HEADER: usize = 10;

/// Ten bytes: reserved 3, version 3, type 10, length 32, id 32.
pub(super) fn header(input: &[u8]) -> Parsed<'_, Header> {
    let (rest, (first, length, id)) = (be_u16, be_u32, be_u32).parse(input)?;
    let header = Header {
        reserved: (first >> 13) as u8,
        version: (first >> 10 & 7) as u8,
        number: first & 0x3FF,
        length,
        id,
    };
    Ok((rest, header))
}

/// Nothing that is real nests deeper; only an attacker's errors within errors do.
const DEEPEST: u32 = 16;

struct Decoder<'m> {
    protocol: &'static Protocol,
    message: &'m mut Message,
}

/// Decodes the frame `frame` of a message that begins with `header` into `message`, whose memory is
/// used again.
///
/// # Errors
/// `InvalidInput`, naming the message and the place.
pub(super) fn message_into(frame: &[u8], header: Header, message: &mut Message) -> Result<(), Error> {
    let protocol = Protocol::get();
    message.nodes.clear();
    message.data.clear();
    message.version = header.version;
    message.id = header.id;
    let object = || format!("LLRP message {} (type {})", header.id, header.number);
    let Some(definition) = protocol.message(header.number) else {
        return Err(Error::invalid(object(), "has an unknown type: is the device newer than LLRP 1.1?"));
    };
    let body = &frame[HEADER.min(frame.len())..];
    let mut decoder = Decoder { protocol, message };
    match decoder.element(body, definition, header.reserved, DEEPEST) {
        Ok(_) => Ok(()),
        Err(error) => {
            let fault = match error {
                nom::Err::Error(fault) | nom::Err::Failure(fault) => fault,
                nom::Err::Incomplete(_) => Fault { left: 0, what: What::Truncated },
            };
            let at = frame.len().saturating_sub(fault.left);
            let name = protocol.definition(definition).name;
            Err(Error::invalid(
                format!("LLRP message {} ({name})", header.id),
                format!("at byte {at} of {}: {}", frame.len(), fault.what.describe(protocol)),
            ))
        }
    }
}

impl What {
    fn describe(self, protocol: &Protocol) -> String {
        let name = |index: u16| protocol.definition(index).name;
        match self {
            Self::Truncated => "ends within a field: a length is wrong".to_owned(),
            Self::UnknownParameter(number) => format!("parameter type {number} is unknown"),
            Self::ParameterLength(number) => {
                format!("parameter type {number} has a length that its place does not allow")
            }
            Self::Unexpected { parameter, within } => {
                format!("{} may not stand in {}", name(parameter), name(within))
            }
            Self::Repeated { content, within } => format!("{content} stands twice in {}", name(within)),
            Self::Missing { content, within } => format!("{content} is missing in {}", name(within)),
            Self::LeftOver(within) => format!("bytes are left over after {}", name(within)),
            Self::TooDeep => "parameters are nested too deeply".to_owned(),
        }
    }
}

impl Decoder<'_> {
    /// The fields and parameters of one element, which takes all of `body`.
    fn element<'a>(&mut self, body: &'a [u8], index: u16, reserved: u8, deeper: u32) -> Parsed<'a, ()> {
        let definition = self.protocol.definition(index);
        let (mut rest, ()) = fields(body, definition)?;
        let own = body.len() - rest.len();
        // Frames are limited to less than 4 GiB.
        let start = self.message.data.len() as u32;
        self.message.data.extend_from_slice(&body[..own]);
        let place = self.message.nodes.len();
        self.message.nodes.push(Node {
            definition: index,
            reserved,
            start,
            end: self.message.data.len() as u32,
            next: 0,
        });
        if definition.contents.is_empty() {
            if !rest.is_empty() {
                return fault(rest, What::LeftOver(index));
            }
        } else {
            rest = self.contents(rest, definition, index, deeper)?.0;
        }
        self.message.nodes[place].next = self.message.nodes.len() as u32;
        Ok((rest, ()))
    }

    fn contents<'a>(
        &mut self,
        mut rest: &'a [u8],
        definition: &'static Definition,
        index: u16,
        deeper: u32,
    ) -> Parsed<'a, ()> {
        let Some(deeper) = deeper.checked_sub(1) else { return fault(rest, What::TooDeep) };
        // No definition has more than 32 contents; a test holds that.
        let mut seen = 0_u32;
        while !rest.is_empty() {
            let at = rest;
            let (next, child) = self.parameter(rest, deeper)?;
            let Some(place) = definition.place_of(child) else {
                return fault(at, What::Unexpected { parameter: child, within: index });
            };
            let content = &definition.contents[place];
            if seen & 1 << place != 0 && !content.repeats {
                return fault(at, What::Repeated { content: content.name, within: index });
            }
            seen |= 1 << place;
            rest = next;
        }
        let missing = definition.contents.iter().enumerate().find(|(i, c)| c.required && seen & 1 << i == 0);
        match missing {
            Some((_, content)) => fault(rest, What::Missing { content: content.name, within: index }),
            None => Ok((rest, ())),
        }
    }

    /// One parameter with its header; returns its definition.
    fn parameter<'a>(&mut self, input: &'a [u8], deeper: u32) -> Parsed<'a, u16> {
        let first = input[0];
        if first & 0x80 != 0 {
            let number = u16::from(first & 0x7F);
            let Some(index) = self.protocol.parameter(number) else {
                return fault(input, What::UnknownParameter(number));
            };
            let (rest, body) = take(self.protocol.definition(index).fixed_bytes)(&input[1..])?;
            self.element(body, index, 0, deeper)?;
            return Ok((rest, index));
        }
        let (after, (kind, length)) = (be_u16, be_u16).parse(input)?;
        let number = kind & 0x3FF;
        let Some(index) = self.protocol.parameter(number).filter(|_| number >= 128) else {
            return fault(input, What::UnknownParameter(number));
        };
        let Some(length) = usize::from(length).checked_sub(4).filter(|n| *n <= after.len()) else {
            return fault(input, What::ParameterLength(number));
        };
        let (rest, body) = take(length)(after)?;
        // The reserved bits are the six above the type.
        self.element(body, index, (kind >> 10) as u8, deeper).map_err(|error| shift(error, rest.len()))?;
        Ok((rest, index))
    }
}

/// Errors within a parameter count what is left of it; the bytes after it are left too.
fn shift(error: nom::Err<Fault>, after: usize) -> nom::Err<Fault> {
    match error {
        nom::Err::Failure(fault) => nom::Err::Failure(Fault { left: fault.left + after, ..fault }),
        nom::Err::Error(fault) => nom::Err::Failure(Fault { left: fault.left + after, ..fault }),
        nom::Err::Incomplete(_) => nom::Err::Failure(Fault { left: after, what: What::Truncated }),
    }
}

/// Walks over the fields; what is left are parameters.
fn fields<'a>(body: &'a [u8], definition: &Definition) -> Parsed<'a, ()> {
    let (mut rest, _) = take(definition.fixed_bytes)(body)?;
    for field in &definition.fields[definition.fixed_fields..] {
        rest = match field.kind {
            FieldKind::List { width } => {
                let (rest, count) = be_u16(rest)?;
                take(usize::from(count) * width)(rest)?.0
            }
            FieldKind::BitList => {
                let (rest, bits) = be_u16(rest)?;
                take(usize::from(bits).div_ceil(8))(rest)?.0
            }
            FieldKind::ToEnd => &rest[rest.len()..],
            fixed => take(fixed.fixed_bits().unwrap_or(0) / 8)(rest)?.0,
        };
    }
    Ok((rest, ()))
}
