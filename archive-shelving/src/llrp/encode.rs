//! From messages to bytes: headers and lengths are computed from what the message holds.

use super::decode::HEADER;
use super::definition::Protocol;
use super::message::Message;

impl Message {
    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_onto(&mut out);
        out
    }

    /// Appends the message's bytes to `out`.
    pub fn encode_onto(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        let body = self.body_node();
        let number = Protocol::get().definition(body.definition).number;
        let first = u16::from(body.reserved & 7) << 13 | u16::from(self.version & 7) << 10 | number;
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.id.to_be_bytes());
        debug_assert_eq!(out.len() - begin, HEADER);
        self.write_contents(0, out);
        // Decoding and building keep messages below 4 GiB.
        let length = (out.len() - begin) as u32;
        out[begin + 2..begin + 6].copy_from_slice(&length.to_be_bytes());
    }

    fn body_node(&self) -> &super::message::Node {
        &self.nodes[0]
    }

    /// The fields of a node, then the parameters within it.
    fn write_contents(&self, index: usize, out: &mut Vec<u8>) {
        let node = &self.nodes[index];
        out.extend_from_slice(&self.data[node.start as usize..node.end as usize]);
        let (mut child, end) = (index + 1, node.next as usize);
        while child < end {
            self.write_parameter(child, out);
            child = self.nodes[child].next as usize;
        }
    }

    fn write_parameter(&self, index: usize, out: &mut Vec<u8>) {
        let node = &self.nodes[index];
        let definition = Protocol::get().definition(node.definition);
        if definition.is_short() {
            // Below 128 by definition.
            out.push(0x80 | definition.number as u8);
            return self.write_contents(index, out);
        }
        let begin = out.len();
        let kind = u16::from(node.reserved) << 10 | definition.number;
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        self.write_contents(index, out);
        // Decoding and building keep parameters below 64 KiB.
        let length = (out.len() - begin) as u16;
        out[begin + 2..begin + 4].copy_from_slice(&length.to_be_bytes());
    }
}
