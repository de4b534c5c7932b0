//! The protocol as data: what each message and parameter holds.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// So many bits, never across more than eight bytes.
    Bits(u32),
    /// So many bits in two's complement.
    Signed(u32),
    /// Reserved bits: kept, and never interpreted.
    Reserved(u32),
    /// So many whole bytes.
    Bytes(usize),
    /// A list of whole bytes after its 16-bit count of elements.
    List {
        /// Bytes an element.
        width: usize,
    },
    /// A list of bits after its 16-bit count of bits.
    BitList,
    /// Whatever is left.
    ToEnd,
}

impl FieldKind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "u96" => Self::Bytes(12),
            "u8v" | "utf8v" => Self::List { width: 1 },
            "u16v" => Self::List { width: 2 },
            "u32v" => Self::List { width: 4 },
            "u1v" => Self::BitList,
            "bytesToEnd" => Self::ToEnd,
            _ => match text.split_at_checked(1)? {
                ("u", bits) => Self::Bits(bits.parse().ok()?),
                ("s", bits) => Self::Signed(bits.parse().ok()?),
                ("~", bits) => Self::Reserved(bits.parse().ok()?),
                _ => return None,
            },
        })
    }

    /// The field's width where it is fixed.
    pub(super) fn fixed_bits(self) -> Option<usize> {
        match self {
            Self::Bits(bits) | Self::Signed(bits) | Self::Reserved(bits) => Some(bits as usize),
            Self::Bytes(bytes) => Some(bytes * 8),
            Self::List { .. } | Self::BitList | Self::ToEnd => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: FieldKind,
}

/// A parameter, or a choice of parameters, that a definition contains.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) name: &'static str,
    /// Indices of the definitions that may stand here.
    pub(super) choices: Vec<u16>,
    pub(super) required: bool,
    pub(super) repeats: bool,
}

#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) number: u16,
    pub(super) is_message: bool,
    pub(super) fields: Vec<Field>,
    /// The bytes that the fields take at the front before the first list.
    pub(super) fixed_bytes: usize,
    /// How many of `fields` lie in those bytes.
    pub(super) fixed_fields: usize,
    pub(super) contents: Vec<Content>,
    /// By definition of a parameter: the first content that it belongs to, or [`NOWHERE`].
    places: Vec<u8>,
}

/// No content.
const NOWHERE: u8 = u8::MAX;

impl Definition {
    /// Which content a parameter belongs to.
    pub(super) fn place_of(&self, parameter: u16) -> Option<usize> {
        let place = self.places[usize::from(parameter)];
        (place != NOWHERE).then_some(usize::from(place))
    }

    /// Parameters below 128 are written with their type alone, without a length.
    pub(super) fn is_short(&self) -> bool {
        !self.is_message && self.number < 128
    }
}

/// The whole protocol, indexed both ways.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) definitions: Vec<Definition>,
    by_name: HashMap<&'static str, u16>,
    messages: Vec<u16>,
    parameters: Vec<u16>,
}

/// No definition.
const NONE: u16 = u16::MAX;
/// Type numbers have ten bits.
const TYPES: usize = 1024;

impl Protocol {
    pub(super) fn get() -> &'static Self {
        static PROTOCOL: LazyLock<Protocol> = LazyLock::new(|| {
            // The text is part of the program, and a test reads it.
            Protocol::parse(include_str!("definition.txt")).expect("definition.txt is well-formed")
        });
        &PROTOCOL
    }

    pub(super) fn message(&self, number: u16) -> Option<u16> {
        self.messages.get(usize::from(number)).copied().filter(|index| *index != NONE)
    }

    pub(super) fn parameter(&self, number: u16) -> Option<u16> {
        self.parameters.get(usize::from(number)).copied().filter(|index| *index != NONE)
    }

    pub(super) fn named(&self, name: &str) -> Option<u16> {
        self.by_name.get(name).copied()
    }

    pub(super) fn definition(&self, index: u16) -> &Definition {
        &self.definitions[usize::from(index)]
    }

    fn parse(text: &'static str) -> Result<Self, String> {
        let lines = || text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut protocol = Self {
            definitions: Vec::new(),
            by_name: HashMap::new(),
            messages: vec![NONE; TYPES],
            parameters: vec![NONE; TYPES],
        };
        // Names first, since contents may name what stands further down.
        for line in lines() {
            let mut words = line.split(' ');
            let kind = words.next().unwrap_or_default();
            if !matches!(kind, "message" | "parameter") {
                continue;
            }
            let number: u16 = words.next().and_then(|w| w.parse().ok()).ok_or(line)?;
            let name = words.next().ok_or(line)?;
            // At most 2 × 1024 definitions fit the type numbers.
            let index = protocol.definitions.len() as u16;
            let is_message = kind == "message";
            let types = if is_message { &mut protocol.messages } else { &mut protocol.parameters };
            let place = types.get_mut(usize::from(number)).ok_or(line)?;
            if std::mem::replace(place, index) != NONE || protocol.by_name.insert(name, index).is_some() {
                return Err(format!("defined twice: {line}"));
            }
            let fields = words.take_while(|word| *word != ":").map(field).collect::<Option<Vec<_>>>();
            let fields = fields.ok_or(line)?;
            let fixed = fields.iter().map_while(|f| f.kind.fixed_bits());
            let (fixed_fields, bits) = (fixed.clone().count(), fixed.sum::<usize>());
            if bits % 8 != 0 {
                return Err(format!("not whole bytes: {line}"));
            }
            protocol.definitions.push(Definition {
                name,
                number,
                is_message,
                fields,
                fixed_bytes: bits / 8,
                fixed_fields,
                contents: Vec::new(),
                places: Vec::new(),
            });
        }
        protocol.add_contents(lines())?;
        let count = protocol.definitions.len();
        for definition in &mut protocol.definitions {
            definition.places = vec![NOWHERE; count];
            // Backwards, so that the first content that a parameter belongs to stands.
            for (place, content) in definition.contents.iter().enumerate().rev() {
                for choice in &content.choices {
                    // A test holds that there are at most 32 contents.
                    definition.places[usize::from(*choice)] = place as u8;
                }
            }
        }
        Ok(protocol)
    }

    fn add_contents(&mut self, lines: impl Iterator<Item = &'static str> + Clone) -> Result<(), String> {
        let mut choices: HashMap<&str, Vec<u16>> = HashMap::new();
        for line in lines.clone() {
            let Some((left, right)) = line.split_once(" = ") else { continue };
            let name = left.split(' ').next_back().ok_or(line)?;
            let members = right.split(' ').map(|word| self.named(word).ok_or(line));
            let members = members.collect::<Result<Vec<_>, _>>()?;
            choices.entry(name).or_default().extend(members);
        }
        for line in lines {
            let Some((left, right)) = line.split_once(" : ") else { continue };
            let position = if left.starts_with("also") { 1 } else { 2 };
            let owner = left.split(' ').nth(position).and_then(|name| self.named(name)).ok_or(line)?;
            for word in right.split(' ') {
                let name = word.trim_end_matches(['?', '*', '+']);
                let members = match (choices.get(name), self.named(name)) {
                    (Some(members), _) => members.clone(),
                    (None, Some(index)) => vec![index],
                    (None, None) => return Err(format!("{name} is not defined: {line}")),
                };
                self.definitions[usize::from(owner)].contents.push(Content {
                    name,
                    choices: members,
                    required: !word.ends_with(['?', '*']),
                    repeats: word.ends_with(['*', '+']),
                });
            }
        }
        Ok(())
    }
}

fn field(word: &'static str) -> Option<Field> {
    match word.split_once(':') {
        Some((name, kind)) => Some(Field { name, kind: FieldKind::parse(kind)? }),
        None => Some(Field { name: "", kind: FieldKind::parse(word)? }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_well_formed_and_complete() {
        let protocol = Protocol::get();
        let messages = protocol.definitions.iter().filter(|d| d.is_message).count();
        // The definition file has 40 messages and 108 parameters; 1.1 and client requests add the rest.
        assert_eq!((messages, protocol.definitions.len() - messages), (46, 122));
        for definition in &protocol.definitions {
            let variable = definition.fields.len() > definition.fixed_fields;
            assert!(!definition.is_short() || !variable && definition.contents.is_empty(), "{definition:?}");
            // The decoder marks contents that it has seen in 32 bits.
            assert!(definition.contents.len() <= 32, "{definition:?}");
            // The decoder gives a parameter to the first content that it belongs to.
            for (place, content) in definition.contents.iter().enumerate() {
                for choice in &content.choices {
                    let first = definition.place_of(*choice).unwrap();
                    assert!(first == place || definition.contents[first].repeats, "{definition:?}");
                }
            }
        }
    }

    #[test]
    fn broken_definitions_are_named() {
        for bad in ["message x Y", "parameter 200 A B:u1", "parameter 200 A : B", "parameter 2000 A"] {
            assert!(Protocol::parse(bad).is_err(), "{bad}");
        }
        assert!(
            Protocol::parse("parameter 200 A\nparameter 200 B").unwrap_err().starts_with("defined twice")
        );
    }
}
