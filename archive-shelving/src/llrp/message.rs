//! A decoded message: a flat list of elements over the bytes of their fields.

use std::fmt;
use std::ops::Range;

use super::definition::{Definition, Field, FieldKind, Protocol};

/// One message or parameter within a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) definition: u16,
    /// The bits beside the type that the standard reserves.
    pub(super) reserved: u8,
    /// Where its field bytes lie in the message's data.
    pub(super) start: u32,
    pub(super) end: u32,
    /// The index of the first node that is not within this one.
    pub(super) next: u32,
}

/// A message, whole and valid: type, id, fields and parameters in their order.
///
/// Made by [`super::FrameDecoder`] or [`Message::build`]; [`Message::encode`] gives its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(super) version: u8,
    pub(super) id: u32,
    /// The first node is the message itself; parents stand before their children.
    pub(super) nodes: Vec<Node>,
    /// The fields' bytes, without headers.
    pub(super) data: Vec<u8>,
}

impl Message {
    /// Header version of LLRP 1.0.1.
    pub const VERSION_1_0_1: u8 = 1;
    /// Header version of LLRP 1.1.
    pub const VERSION_1_1: u8 = 2;

    /// The message's name in the standard, such as `RO_ACCESS_REPORT`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.body().name()
    }

    /// The message's type number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.body().definition().number
    }

    /// The header's version: 1 is LLRP 1.0.1, 2 is 1.1.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The same message under another header version.
    #[must_use]
    pub fn with_version(mut self, version: u8) -> Self {
        // The header has three bits for it.
        self.version = version & 7;
        self
    }

    /// The id by which requests and responses find each other.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The message's own fields and parameters.
    #[must_use]
    pub fn body(&self) -> Element<'_> {
        Element { message: self, index: 0 }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {:?}", self.id, self.body())
    }
}

/// A message or parameter with its fields and the parameters within it.
#[derive(Clone, Copy)]
pub struct Element<'m> {
    message: &'m Message,
    index: u32,
}

impl<'m> Element<'m> {
    fn node(self) -> &'m Node {
        &self.message.nodes[self.index as usize]
    }

    fn definition(self) -> &'static Definition {
        Protocol::get().definition(self.node().definition)
    }

    fn data(self) -> &'m [u8] {
        let node = self.node();
        &self.message.data[node.start as usize..node.end as usize]
    }

    /// The name in the standard, such as `TagReportData`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// The parameters within it, in the order of the wire.
    pub fn parameters(self) -> impl Iterator<Item = Element<'m>> {
        let mut index = self.index + 1;
        let end = self.node().next;
        std::iter::from_fn(move || {
            let child = (index < end).then_some(Element { message: self.message, index })?;
            index = child.node().next;
            Some(child)
        })
    }

    /// The first parameter of a name.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Element<'m>> {
        let wanted = Protocol::get().named(name)?;
        self.parameters().find(|p| p.node().definition == wanted)
    }

    /// Where a field's value lies in the data, as bits.
    fn locate(self, name: &str) -> Option<(&'static Field, Range<usize>)> {
        let mut at = 0;
        for field in &self.definition().fields {
            let bits = match field.kind {
                FieldKind::List { width } => 16 + self.count_at(at) * width * 8,
                FieldKind::BitList => 16 + self.count_at(at).div_ceil(8) * 8,
                FieldKind::ToEnd => self.data().len() * 8 - at,
                fixed => fixed.fixed_bits().unwrap_or(0),
            };
            if field.name == name && !name.is_empty() {
                return Some((field, at..at + bits));
            }
            at += bits;
        }
        None
    }

    /// The 16-bit count at a bit position, which decoding has checked.
    fn count_at(self, at: usize) -> usize {
        let bytes = &self.data()[at / 8..at / 8 + 2];
        usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A number field's value; `None` where there is no such field, or it is no unsigned number.
    #[must_use]
    pub fn number(self, name: &str) -> Option<u64> {
        let (field, range) = self.locate(name)?;
        matches!(field.kind, FieldKind::Bits(_)).then(|| take_bits(self.data(), range))
    }

    /// A signed field's value; `None` where there is no such field, or it is not signed.
    #[must_use]
    pub fn signed(self, name: &str) -> Option<i64> {
        let (field, range) = self.locate(name)?;
        let FieldKind::Signed(bits) = field.kind else { return None };
        let raw = take_bits(self.data(), range);
        // Moves the sign to the top and back.
        Some((raw << (64 - bits)) as i64 >> (64 - bits))
    }

    /// The bytes of a list or byte field, without its count; `None` where there is no such field.
    #[must_use]
    pub fn bytes(self, name: &str) -> Option<&'m [u8]> {
        let (field, range) = self.locate(name)?;
        let bytes = &self.data()[range.start / 8..range.end / 8];
        match field.kind {
            FieldKind::Bytes(_) | FieldKind::ToEnd => Some(bytes),
            FieldKind::List { .. } | FieldKind::BitList => Some(&bytes[2..]),
            FieldKind::Bits(_) | FieldKind::Signed(_) | FieldKind::Reserved(_) => None,
        }
    }

    /// How many elements a list has: bits for a list of bits.
    #[must_use]
    pub fn count(self, name: &str) -> Option<usize> {
        let (field, range) = self.locate(name)?;
        matches!(field.kind, FieldKind::List { .. } | FieldKind::BitList).then(|| self.count_at(range.start))
    }
}

/// Reads up to 64 bits, the first of a byte being its highest.
fn take_bits(data: &[u8], range: Range<usize>) -> u64 {
    let bytes = &data[range.start / 8..range.end.div_ceil(8)];
    let value = bytes.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
    let unused = bytes.len() * 8 - (range.start % 8 + range.len());
    let mask = (1_u128 << range.len()) - 1;
    // Fields have at most 64 bits.
    (value >> unused & mask) as u64
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct(self.name());
        for field in self.definition().fields.iter().filter(|field| !field.name.is_empty()) {
            match field.kind {
                FieldKind::Signed(_) => out.field(field.name, &self.signed(field.name).unwrap_or_default()),
                FieldKind::Bits(_) => out.field(field.name, &self.number(field.name).unwrap_or_default()),
                _ => out.field(field.name, &Hex(self.bytes(field.name).unwrap_or_default())),
            };
        }
        for child in self.parameters() {
            out.field("", &child);
        }
        out.finish()
    }
}

/// Bytes as people compare them; long ones are cut, since a hostile frame must not flood a log.
struct Hex<'a>(&'a [u8]);

impl fmt::Debug for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(64).try_for_each(|byte| write!(f, "{byte:02X}"))?;
        if self.0.len() > 64 { write!(f, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}
