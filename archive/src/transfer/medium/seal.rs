//! The seal of a medium: the description ends with the digests of the list and of itself, so that one flipped
//! bit in either of the two texts is seen, too.

use crate::capture::{Fixity, Suite};
use crate::transfer::Encoding;

/// What stands before the digest of the list.
const LIST: &str = "目录摘要：";
/// What stands before the digest of the description up to here.
const DESCRIPTION: &str = "说明摘要：";

/// The description `text`, sealed over the bytes of the `list`.
pub(super) fn sealed(text: &str, list: &[u8], encoding: Encoding, suite: Suite) -> Vec<u8> {
    let mut bytes = encoding.encode(&format!("{text}{LIST}{}\r\n", Fixity::of(suite, list)));
    let own = Fixity::of(suite, &bytes);
    bytes.extend(encoding.encode(&format!("{DESCRIPTION}{own}\r\n")));
    bytes
}

/// Where `label` stands last in `bytes`, in either encoding, and where what follows it begins.
fn find(bytes: &[u8], label: &str) -> Option<(usize, usize)> {
    [Encoding::Utf8, Encoding::Gb18030].iter().find_map(|encoding| {
        let label = encoding.encode(label);
        let at = bytes.windows(label.len()).rposition(|window| window == label)?;
        Some((at, at + label.len()))
    })
}

/// What is wrong with the seal of a `description` over its `list`. One that never had a seal, from another
/// program, has none that could be wrong.
pub(super) fn fault(description: &[u8], list: &[u8]) -> Option<&'static str> {
    let (own, of_list) = (find(description, DESCRIPTION), find(description, LIST));
    let (Some((at, value)), Some((_, list_value))) = (own, of_list) else {
        return (own.is_some() || of_list.is_some()).then_some("has a part of its seal alone");
    };
    let line = |from: usize| -> Option<Fixity> {
        let rest = &description[from..];
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
    };
    let (Some(own), Some(of_list)) = (line(value), line(list_value)) else {
        return Some("has a seal that cannot be read");
    };
    if Fixity::of(own.suite, &description[..at]) != own
        || description[value..] != format!("{own}\r\n").into_bytes()
    {
        return Some("is not what its seal says: it was changed");
    }
    (Fixity::of(of_list.suite, list) != of_list).then_some("seals another list than is there: it was changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_breaks_the_seal() {
        let list = "<目录/>".as_bytes();
        for (encoding, suite) in [(Encoding::Utf8, Suite::Sha256), (Encoding::Gb18030, Suite::Sm3)] {
            let whole = sealed("移交单位：某局\r\n", list, encoding, suite);
            assert_eq!(fault(&whole, list), None);
            for bit in 0..whole.len() * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(fault(&flipped, list).is_some(), "bit {bit}");
            }
            for bit in 0..list.len() * 8 {
                let mut flipped = list.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(fault(&whole, &flipped).is_some(), "bit {bit} of the list");
            }
            for end in 0..whole.len() {
                let cut = fault(&whole[..end], list);
                let bare = find(&whole[..end], LIST).is_none();
                assert!(cut.is_some() || bare, "cut after {end} bytes");
            }
        }
        assert_eq!(fault("别的软件写的说明".as_bytes(), list), None);
    }
}
