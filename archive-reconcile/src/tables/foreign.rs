//! Tables that came across a C interface, whose producer may have written anything.

use archive_core::Error;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, FieldRef, Fields};
use simdutf8::basic::from_utf8;

/// Checks every value of a column that came from outside this program.
///
/// The Arrow crate believes what a producer hands over through the C data interface: offsets that go
/// backwards, a dictionary key without its entry, or a text in GB18030 that is called UTF-8 would be
/// undefined behaviour later on. `object` stands in the error.
///
/// # Errors
/// `InvalidInput`, naming the column and the row where the reason has one.
///
/// ```
/// use archive_reconcile::tables::check_foreign_column;
/// use arrow_array::StringArray;
///
/// check_foreign_column("column account_no", &StringArray::from(vec!["0001"]))?;
/// # Ok::<(), archive_core::Error>(())
/// ```
pub fn check_foreign_column(object: &str, column: &dyn Array) -> Result<(), Error> {
    if let Some(rows) = column.as_struct_opt() {
        return check_columns(object, rows.fields(), rows.columns());
    }
    let data = column.to_data();
    // The Arrow crate asks each text by itself whether it is UTF-8. Most columns are sound, and that is seen sooner.
    if let (DataType::Utf8View, [views, texts @ ..]) = (data.data_type(), data.buffers())
        && data.validate().is_ok()
        && data.validate_nulls().is_ok()
        && let Some(views) = views.typed_data().get(data.offset()..data.offset() + data.len())
        && are_sound(views, texts)
    {
        return Ok(());
    }
    data.validate_full().map_err(|e| {
        let message =
            "has values that its type does not allow, such as text that is not UTF-8: write the column anew";
        Error::invalid(object, message).with_source(e)
    })
}

/// Checks every value of a batch that came from outside this program: [`check_foreign_column`] of each.
///
/// # Errors
/// `InvalidInput`, naming the first column that holds what its type does not allow.
pub fn check_foreign_batch(object: &str, batch: &RecordBatch) -> Result<(), Error> {
    check_columns(object, batch.schema_ref().fields(), batch.columns())
}

fn check_columns(object: &str, fields: &Fields, columns: &[ArrayRef]) -> Result<(), Error> {
    let check = |(field, column): (&FieldRef, &ArrayRef)| {
        check_foreign_column(&format!("{object}, column {}", field.name()), column)
    };
    fields.iter().zip(columns).try_for_each(check)
}

/// Bytes of short texts that are checked together.
const SHORT_BYTES: usize = 4096;

/// The part of a buffer that views show.
#[derive(Clone)]
struct Shown {
    start: usize,
    end: usize,
    /// The bytes of all views, so that those that show little of much are found out.
    bytes: usize,
}

/// What bits the bytes of a text of so many characters of ASCII can have.
const ASCII: [u128; 13] = {
    let mut bits = [0; 13];
    let mut length = 1;
    while length <= 12 {
        bits[length] = bits[length - 1] << 8 | 0x7f;
        length += 1;
    }
    bits
};

/// Whether each view shows a text in UTF-8, as seen from all of them at once: `false` says nothing yet.
///
/// What lies between the views counts, too, so that a buffer with rubbish there is left to a check view by view.
fn are_sound(views: &[u128], texts: &[Buffer]) -> bool {
    let mut shown = vec![Shown { start: usize::MAX, end: 0, bytes: 0 }; texts.len()];
    let mut short = Vec::with_capacity(SHORT_BYTES + 12);
    for view in views {
        let length = *view as u32 as usize;
        if length <= 12 {
            let text = *view >> 32;
            if text & !ASCII[length] != 0 {
                if length < 12 && text >> (8 * length) != 0 {
                    return false;
                }
                // One text behind the other, with zeros or a first byte between, so that none is made whole by the next.
                if is_inside(text as u8) {
                    return false;
                }
                short.extend_from_slice(&text.to_le_bytes()[..12]);
                if short.len() >= SHORT_BYTES {
                    if from_utf8(&short).is_err() {
                        return false;
                    }
                    short.clear();
                }
            }
            continue;
        }
        let (prefix, buffer, start) = ((*view >> 32) as u32, (*view >> 64) as u32, (*view >> 96) as u32);
        let (Some(text), Some(part)) = (texts.get(buffer as usize), shown.get_mut(buffer as usize)) else {
            return false;
        };
        let (start, end) = (start as usize, start as usize + length);
        let first = text.get(start..end).and_then(|text| text.first_chunk());
        if first.is_none_or(|first| u32::from_le_bytes(*first) != prefix)
            || is_inside(prefix as u8)
            || text.get(end).is_some_and(|&next| is_inside(next))
        {
            return false;
        }
        part.start = part.start.min(start);
        part.end = part.end.max(end);
        part.bytes += length;
    }
    from_utf8(&short).is_ok()
        && shown.iter().zip(texts).filter(|(part, _)| part.bytes > 0).all(|(part, text)| {
            let text = &text[part.start..part.end];
            text.len() / 2 <= part.bytes && from_utf8(text).is_ok()
        })
}

/// Whether a byte is one of a character in UTF-8, but not its first.
fn is_inside(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringViewArray;
    use arrow_array::builder::StringViewBuilder;
    use proptest::prelude::*;

    use super::*;

    fn column(texts: &[&str]) -> StringViewArray {
        // Small blocks, so that there are several.
        let mut builder = StringViewBuilder::new().with_fixed_block_size(64);
        texts.iter().for_each(|text| builder.append_value(text));
        builder.finish()
    }

    fn parts(column: &StringViewArray) -> (Vec<u128>, Vec<Vec<u8>>) {
        (column.views().to_vec(), column.data_buffers().iter().map(|buffer| buffer.to_vec()).collect())
    }

    /// What is found sound must be so to the Arrow crate; returns whether it is.
    fn check(views: &[u128], texts: &[Vec<u8>]) -> bool {
        let texts: Vec<Buffer> = texts.iter().map(|text| Buffer::from(text.as_slice())).collect();
        let is_sound = are_sound(views, &texts);
        if is_sound {
            StringViewArray::try_new(views.to_vec().into(), Arc::from(texts), None).unwrap();
        }
        is_sound
    }

    const TEXTS: [&str; 9] = [
        "",
        "Z109",
        "永泰",
        "杭州永泰",
        "杭州市滨江",
        "012345678901",
        "0123456789é",
        "杭州永泰纺织有限公司",
        "Z109-KH·2024-D30-BGS-0007",
    ];

    #[test]
    fn whole_columns_are_sound() {
        let texts: Vec<&str> = TEXTS.iter().copied().cycle().take(5000).collect();
        let (views, buffers) = parts(&column(&texts));
        assert!(buffers.len() > 3 && check(&views, &buffers));
        assert!(check(&[], &[]) && check(&views[..3], &[]));
        // Of a large buffer with few views nothing is said: each is looked at by itself.
        assert!(!check(&[views[4], views[4] + (150 << 96)], &[TEXTS[4].repeat(20).into_bytes()]));
    }

    #[test]
    fn texts_are_not_made_whole_by_their_neighbours() {
        let short = |text: &[u8]| {
            let mut bytes = [0; 16];
            bytes[0] = text.len() as u8;
            bytes[4..4 + text.len()].copy_from_slice(text);
            u128::from_le_bytes(bytes)
        };
        assert!(check(&[short("012345678永".as_bytes()), short("泰".as_bytes())], &[]));
        // The character is cut between two texts.
        assert!(!check(&[short(b"0123456789\xe6\xb0"), short(b"\xb8")], &[]));
        let long = |start: u128| 13 | 0x3333_3333 << 32 | start << 96;
        let text = [b"3333333333333".as_slice(), "é".as_bytes(), b"3333333333333"].concat();
        assert!(check(&[long(0), long(15)], std::slice::from_ref(&text)));
        assert!(!check(&[long(0) + 1, long(15)], std::slice::from_ref(&text)));
        // A length, a place or a buffer that is not there; what stands in the view is not what it shows.
        for wrong in
            [long(0) + 99, long(16), long(u128::from(u32::MAX)), long(0) | 1 << 64, long(0) ^ 1 << 40]
        {
            assert!(!check(&[long(0), wrong], std::slice::from_ref(&text)), "{wrong:x}");
        }
        assert!(!check(&[short(b"a") | 1 << 64], &[]), "something stands behind the text");
    }

    proptest! {
        /// Whatever is changed in a column, nothing unsound passes.
        #[test]
        fn what_passes_is_sound(
            chosen in proptest::collection::vec(0..TEXTS.len(), 1..40),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4),
            in_views in any::<bool>(),
        ) {
            let texts: Vec<&str> = chosen.iter().map(|&i| TEXTS[i]).collect();
            let (mut views, mut buffers) = parts(&column(&texts));
            prop_assert!(check(&views, &buffers));
            for (which, place, value) in changes {
                if in_views || buffers.is_empty() {
                    *which.get_mut(views.as_mut_slice()) ^= u128::from(value) << (8 * place.index(16));
                } else {
                    *place.get_mut(which.get_mut(buffers.as_mut_slice()).as_mut_slice()) = value;
                }
            }
            check(&views, &buffers);
        }
    }
}
