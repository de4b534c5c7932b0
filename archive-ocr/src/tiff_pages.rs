//! The pages of a TIFF file: where each one's directory lies.
//!
//! The decoder reads the first page only. Each directory names the next one, so a page is decoded
//! from a header that names its own directory first.

/// More pages than any scanner puts into a file.
const PAGE_LIMIT: usize = 2000;

/// The tag that says of what kind a page is, and its bit for a small copy of another page.
const SUBFILE_TYPE: u16 = 254;
const REDUCED: u64 = 1;

/// How a file writes its numbers.
#[derive(Debug, Clone, Copy)]
struct Layout {
    is_big_endian: bool,
    /// Offsets of eight bytes instead of four.
    is_big: bool,
}

impl Layout {
    fn of(bytes: &[u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let layout = Self { is_big_endian, is_big: false };
        match layout.number(bytes, 2, 2)? {
            42 => Some(layout),
            43 => Some(Self { is_big: true, ..layout }),
            _ => None,
        }
    }

    /// Where the header names the first directory, and in how many bytes.
    fn first(self) -> (usize, usize) {
        if self.is_big { (8, 8) } else { (4, 4) }
    }

    fn number(self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        let digits = bytes.get(at..at.checked_add(length)?)?;
        let add = |sum: u64, digit: &u8| sum << 8 | u64::from(*digit);
        Some(if self.is_big_endian { digits.iter().fold(0, add) } else { digits.iter().rev().fold(0, add) })
    }
}

/// The directories of a file's pages, in their order; empty where it has no readable one.
///
/// Small copies of pages are left out. A chain of directories that comes back to itself ends there.
pub(crate) fn directories(bytes: &[u8]) -> Vec<u64> {
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let Some(layout) = Layout::of(bytes) else { return found };
    let (at, length) = layout.first();
    let mut next = layout.number(bytes, at, length);
    while let Some(offset) = next.filter(|offset| *offset != 0 && seen.insert(*offset)) {
        let Some((is_page, after)) = directory(layout, bytes, offset) else { break };
        if is_page {
            found.push(offset);
        }
        if found.len() == PAGE_LIMIT {
            break;
        }
        next = after;
    }
    found
}

/// Whether a directory is that of a page, and where the next one lies.
fn directory(layout: Layout, bytes: &[u8], offset: u64) -> Option<(bool, Option<u64>)> {
    let (count_length, entry_length) = if layout.is_big { (8, 20) } else { (2, 12) };
    let start = usize::try_from(offset).ok()?;
    let count = usize::try_from(layout.number(bytes, start, count_length)?).ok()?;
    let entries = start.checked_add(count_length)?;
    let end = entries.checked_add(count.checked_mul(entry_length)?)?;
    if end > bytes.len() {
        return None;
    }
    let value_at = if layout.is_big { 12 } else { 8 };
    let subfile_type = (0..count)
        .map(|entry| entries + entry * entry_length)
        .find(|at| layout.number(bytes, *at, 2) == Some(u64::from(SUBFILE_TYPE)))
        .and_then(|at| layout.number(bytes, at + value_at, 4));
    let next = layout.number(bytes, end, layout.first().1);
    Some((subfile_type.unwrap_or(0) & REDUCED == 0, next))
}

/// Makes the directory at `offset` the first one of the file.
pub(crate) fn put_first(bytes: &mut [u8], offset: u64) {
    let Some(layout) = Layout::of(bytes) else { return };
    let (at, length) = layout.first();
    let Some(place) = bytes.get_mut(at..at + length) else { return };
    if layout.is_big_endian {
        place.copy_from_slice(&offset.to_be_bytes()[8 - length..]);
    } else {
        place.copy_from_slice(&offset.to_le_bytes()[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of directories without entries; each names the next one by its position.
    fn chain(nexts: &[u32]) -> Vec<u8> {
        let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
        for next in nexts {
            bytes.extend(0_u16.to_le_bytes());
            bytes.extend(next.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn directories_are_followed_to_the_end() {
        assert_eq!(directories(&chain(&[14, 20, 0])), [8, 14, 20]);
        assert_eq!(directories(&chain(&[0])), [8]);
    }

    #[test]
    fn a_chain_that_comes_back_or_leads_nowhere_ends() {
        assert_eq!(directories(&chain(&[14, 8])), [8, 14]);
        assert_eq!(directories(&chain(&[u32::MAX])), [8]);
        assert_eq!(directories(b"II\x2a\0\xff\xff\xff\xff"), []);
        for hostile in [&b""[..], b"II", b"II\x2a\0", b"MM\0\x2b\0\x08\0\0\0", b"XX\x2a\0"] {
            assert_eq!(directories(hostile), [], "{hostile:?}");
        }
    }

    #[test]
    fn a_small_copy_is_no_page() {
        let mut bytes = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
        // Tag 254, a long, one of it, with the value 1.
        bytes.extend([0, 254, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1]);
        bytes.extend([0; 4]);
        assert_eq!(directories(&bytes), []);
        let last = bytes.len() - 5;
        bytes[last] = 2;
        assert_eq!(directories(&bytes), [8]);
    }

    #[test]
    fn the_header_names_another_page() {
        let mut bytes = chain(&[14, 0]);
        put_first(&mut bytes, 14);
        assert_eq!(directories(&bytes), [14]);
        put_first(&mut [], 14);
    }
}
