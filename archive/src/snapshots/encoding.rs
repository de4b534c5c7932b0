//! In which encoding a CSV file's text is: UTF-8 or GB18030, never a mixture.

use std::borrow::Cow;
use std::io::BufRead;

use archive_core::Error;
use encoding_rs::GB18030;

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Gb18030,
}

impl Encoding {
    /// The text of a cell; `None` where its bytes are none.
    pub(super) fn decode(self, cell: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => simdutf8::basic::from_utf8(cell).ok().map(Cow::Borrowed),
            Self::Gb18030 => GB18030.decode_without_bom_handling_and_without_replacement(cell),
        }
    }
}

/// Looks through the whole file. Lines of ASCII tell nothing; one that is no UTF-8 must be GB18030; one
/// with a Chinese character in UTF-8 is taken for UTF-8, since in GB18030 its bytes would be three
/// characters that hardly ever stand together.
///
/// # Errors
/// `InvalidInput`, naming both lines, where a line is in the one encoding and another in the other, or
/// where a line is in neither; those of reading.
pub(super) fn detect(name: &str, mut file: impl BufRead) -> Result<Encoding, Error> {
    let (mut utf8, mut gb18030) = (None::<u64>, None::<u64>);
    let mut bytes = Vec::new();
    let mut line = 0_u64;
    loop {
        bytes.clear();
        // A line of the file is not always a row of the table, but it is where an editor finds the place.
        let read = read_line(&mut file, &mut bytes)
            .map_err(|e| Error::io(std::path::Path::new(name), "read the table", e))?;
        if read == 0 {
            break;
        }
        line += 1;
        let part = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1).unwrap_or(&bytes);
        if part.len() < bytes.len() {
            // A byte order mark says what follows.
            utf8 = Some(1);
        }
        if part.is_ascii() {
            continue;
        }
        match simdutf8::basic::from_utf8(part) {
            Ok(text) if text.contains(is_han) => {
                utf8.get_or_insert(line);
            }
            // Two bytes may be a letter of Latin or a Chinese character of GB18030.
            Ok(_) => {}
            Err(_) if GB18030.decode_without_bom_handling_and_without_replacement(part).is_some() => {
                gb18030.get_or_insert(line);
            }
            Err(_) => {
                let message = "is neither UTF-8 nor GB18030: export the table anew in one encoding";
                return Err(Error::invalid(format!("{name} line {line}"), message));
            }
        }
        if let (Some(utf8), Some(gb18030)) = (utf8, gb18030) {
            let message =
                format!("is GB18030 and line {utf8} is UTF-8: one file, one encoding; export the table anew");
            return Err(Error::invalid(format!("{name} line {gb18030}"), message));
        }
    }
    Ok(if gb18030.is_some() { Encoding::Gb18030 } else { Encoding::Utf8 })
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// The most bytes of a line that are looked at together.
const LINE_LIMIT: u64 = 1 << 20;

/// Reads a line, or as much of a very long one as ends with an ASCII character.
fn read_line(file: &mut impl BufRead, out: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut read = std::io::Read::take(&mut *file, LINE_LIMIT).read_until(b'\n', out)?;
    // A character must not be cut. None has more than four bytes, and all but its last may be high.
    while read >= LINE_LIMIT as usize && !out.ends_with(b"\n") && out.last().is_some_and(|b| !b.is_ascii()) {
        let more = std::io::Read::take(&mut *file, 1).read_until(b'\n', out)?;
        if more == 0 || read > 2 * LINE_LIMIT as usize {
            break;
        }
        read += more;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[track_caller]
    fn check(file: &[u8], expected: Result<Encoding, &str>) {
        match (detect("t.csv", file), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expected) => panic!("{found:?} {expected:?}"),
        }
    }

    #[test]
    fn one_file_has_one_encoding() {
        check(b"a,b\n1,2\n", Ok(Encoding::Utf8));
        check("a,b\n1,正常\n".as_bytes(), Ok(Encoding::Utf8));
        check(&[b"a,b\n1,".as_slice(), &bytes("正常"), b"\n"].concat(), Ok(Encoding::Gb18030));
        let mixed = ["a,b\n1,正常\n".as_bytes(), b"2,", &bytes("销户"), b"\n"].concat();
        check(&mixed, Err("t.csv line 3: is GB18030 and line 2 is UTF-8"));
        let marked = [b"\xef\xbb\xbfa,b\n2,".as_slice(), &bytes("销户"), b"\n"].concat();
        check(&marked, Err("line 2: is GB18030 and line 1 is UTF-8"));
        check(b"a\n\xff\xff\n", Err("t.csv line 2: is neither"));
    }

    #[test]
    fn characters_beyond_two_bytes_are_read() {
        let text = "𠀀镕㐂";
        assert_eq!(Encoding::Gb18030.decode(&bytes(text)).unwrap(), text);
        assert_eq!(Encoding::Gb18030.decode(b"\xd5"), None);
    }

    #[test]
    fn a_line_without_an_end_takes_bounded_memory() {
        let long = bytes("正常").repeat(1 << 20);
        check(&long, Ok(Encoding::Gb18030));
    }
}
