//! Messages made from names and values.

use archive_core::Error;

use super::definition::{Definition, FieldKind, Protocol};
use super::message::{Message, Node};

impl Message {
    /// A message by its name in the standard, under the header version of LLRP 1.0.1. `fill` sets fields
    /// and adds parameters; fields that are not set are zero, lists empty.
    ///
    /// # Errors
    /// `InvalidInput` where a name is unknown, a value does not fit its field, or a parameter is
    /// missing, unexpected or too long.
    pub fn build(name: &str, id: u32, fill: impl FnOnce(&mut ElementBuilder)) -> Result<Self, Error> {
        let protocol = Protocol::get();
        let object = format!("LLRP message {id} ({name})");
        let Some(index) = protocol.named(name).filter(|i| protocol.definition(*i).is_message) else {
            return Err(Error::invalid(object, "has a name that LLRP does not define"));
        };
        let mut body = ElementBuilder::new(index);
        fill(&mut body);
        let mut message = Self { version: Self::VERSION_1_0_1, id, nodes: Vec::new(), data: Vec::new() };
        body.finish(&mut message).map_err(|fault| Error::invalid(object, fault))?;
        // What was built must read back: one check for lengths, counts and contents.
        let bytes = message.encode();
        let (_, header) = super::decode::header(&bytes)
            .map_err(|_| Error::invalid(format!("LLRP message {id} ({name})"), "has no header"))?;
        super::decode::message_into(&bytes, header, &mut message)?;
        Ok(message)
    }

    /// This message with the parameters of another one after its own. The caller knows that they may
    /// stand here.
    pub(crate) fn with_parameters_of(mut self, other: &Self) -> Self {
        // Every frame is below 4 GiB.
        let (nodes, data) = (self.nodes.len() as u32, self.data.len() as u32);
        let moved = other.nodes.iter().skip(1).map(|node| Node {
            start: node.start + data,
            end: node.end + data,
            // The other message's own node stays behind.
            next: node.next - 1 + nodes,
            ..*node
        });
        self.nodes.extend(moved);
        self.data.extend_from_slice(&other.data);
        self.nodes[0].next = self.nodes.len() as u32;
        self
    }

    /// An empty message that is valid: what a failed decode leaves behind.
    pub(super) fn make_empty(&mut self) {
        let keepalive = Protocol::get().named("KEEPALIVE").expect("LLRP defines KEEPALIVE");
        self.nodes.clear();
        self.data.clear();
        self.nodes.push(Node { definition: keepalive, reserved: 0, start: 0, end: 0, next: 1 });
    }
}

/// Sets the fields of a message or parameter and adds parameters to it. Mistakes are reported by
/// [`Message::build`].
#[derive(Debug)]
pub struct ElementBuilder {
    definition: u16,
    values: Vec<Value>,
    children: Vec<ElementBuilder>,
    fault: Option<String>,
}

#[derive(Debug, Clone)]
enum Value {
    Number(u64),
    Bytes(Vec<u8>),
}

impl ElementBuilder {
    fn new(index: u16) -> Self {
        let values = Protocol::get().definition(index).fields.iter().map(|field| match field.kind {
            FieldKind::Bits(_) | FieldKind::Signed(_) | FieldKind::Reserved(_) => Value::Number(0),
            FieldKind::Bytes(bytes) => Value::Bytes(vec![0; bytes]),
            FieldKind::List { .. } | FieldKind::BitList => Value::Bytes(vec![0, 0]),
            FieldKind::ToEnd => Value::Bytes(Vec::new()),
        });
        Self { definition: index, values: values.collect(), children: Vec::new(), fault: None }
    }

    fn definition(&self) -> &'static Definition {
        Protocol::get().definition(self.definition)
    }

    fn put(&mut self, name: &str, value: impl FnOnce(FieldKind) -> Result<Value, String>) -> &mut Self {
        let definition = self.definition();
        let place = definition.fields.iter().position(|field| field.name == name && !name.is_empty());
        let outcome = match place {
            Some(place) => value(definition.fields[place].kind).map(|value| self.values[place] = value),
            None => Err("is not a field".to_owned()),
        };
        if let Err(what) = outcome {
            self.fault.get_or_insert(format!("{name} of {} {what}", definition.name));
        }
        self
    }

    /// Sets a number field.
    pub fn set(&mut self, name: &str, number: u64) -> &mut Self {
        self.put(name, |kind| match kind {
            FieldKind::Bits(bits) if u128::from(number) < 1 << bits => Ok(Value::Number(number)),
            FieldKind::Bits(bits) => Err(format!("is {number}, which needs more than {bits} bits")),
            _ => Err("is not an unsigned number".to_owned()),
        })
    }

    /// Sets a signed field.
    pub fn set_signed(&mut self, name: &str, number: i64) -> &mut Self {
        self.put(name, |kind| match kind {
            FieldKind::Signed(bits)
                if (-(1_i128 << (bits - 1))..1 << (bits - 1)).contains(&number.into()) =>
            {
                Ok(Value::Number(number as u64 & (u64::MAX >> (64 - bits))))
            }
            FieldKind::Signed(bits) => Err(format!("is {number}, which needs more than {bits} bits")),
            _ => Err("is not a signed number".to_owned()),
        })
    }

    /// Sets a byte field, a text, or a list of whole elements from their bytes.
    pub fn set_bytes(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.put(name, |kind| match kind {
            FieldKind::Bytes(length) if length == bytes.len() => Ok(Value::Bytes(bytes.to_vec())),
            FieldKind::ToEnd => Ok(Value::Bytes(bytes.to_vec())),
            FieldKind::List { width } if bytes.len().is_multiple_of(width) => {
                counted(bytes.len() / width, bytes)
            }
            FieldKind::BitList => counted(bytes.len() * 8, bytes),
            _ => Err(format!("cannot hold {} bytes", bytes.len())),
        })
    }

    /// Sets a list of bits from its bytes; a last byte that is not full counts from its highest bit.
    pub fn set_bits(&mut self, name: &str, bytes: &[u8], bits: usize) -> &mut Self {
        self.put(name, |kind| match kind {
            FieldKind::BitList if bits.div_ceil(8) == bytes.len() => counted(bits, bytes),
            _ => Err(format!("cannot hold {bits} bits in {} bytes", bytes.len())),
        })
    }

    /// Sets a list of 16-bit numbers.
    pub fn set_list(&mut self, name: &str, numbers: &[u16]) -> &mut Self {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
        self.set_bytes(name, &bytes)
    }

    /// Adds a parameter by its name in the standard.
    pub fn add(&mut self, name: &str, fill: impl FnOnce(&mut ElementBuilder)) -> &mut Self {
        let protocol = Protocol::get();
        match protocol.named(name).filter(|i| !protocol.definition(*i).is_message) {
            Some(index) => {
                let mut child = Self::new(index);
                fill(&mut child);
                self.children.push(child);
            }
            None => {
                self.fault.get_or_insert(format!("{name} is not a parameter"));
            }
        }
        self
    }

    fn finish(self, message: &mut Message) -> Result<(), String> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let definition = Protocol::get().definition(self.definition);
        let (start, place) = (message.data.len() as u32, message.nodes.len());
        let mut bits = (0_u64, 0);
        for (field, value) in definition.fields.iter().zip(&self.values) {
            match value {
                Value::Number(number) => {
                    // The definition holds that fields end on whole bytes before the next bytes begin.
                    let width = field.kind.fixed_bits().unwrap_or(0);
                    push_bits(&mut bits, *number, width, &mut message.data);
                }
                Value::Bytes(bytes) => message.data.extend_from_slice(bytes),
            }
        }
        let end = message.data.len() as u32;
        message.nodes.push(Node { definition: self.definition, reserved: 0, start, end, next: 0 });
        for child in self.children {
            child.finish(message)?;
        }
        message.nodes[place].next = message.nodes.len() as u32;
        let size = 4 * (message.nodes.len() - place) + message.data.len() - start as usize;
        if !definition.is_message && size > usize::from(u16::MAX) {
            return Err(format!("{} is longer than 65535 bytes", definition.name));
        }
        Ok(())
    }
}

/// Collects bits into whole bytes.
fn push_bits(open: &mut (u64, usize), number: u64, width: usize, data: &mut Vec<u8>) {
    for bit in (0..width).rev() {
        open.0 = open.0 << 1 | number >> bit & 1;
        open.1 += 1;
        if open.1 == 8 {
            data.push(open.0 as u8);
            *open = (0, 0);
        }
    }
}

fn counted(count: usize, bytes: &[u8]) -> Result<Value, String> {
    let count = u16::try_from(count).map_err(|_| format!("cannot count {count} elements in 16 bits"))?;
    Ok(Value::Bytes([&count.to_be_bytes(), bytes].concat()))
}
