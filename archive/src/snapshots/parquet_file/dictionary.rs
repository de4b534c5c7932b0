//! A column chunk that a dictionary was written for, read as that dictionary and indices into it.
//!
//! The reader of the crate `parquet` gives text as dictionaries, and everything else value by value:
//! a few dozen capacities become a million decimals. Here each value of the dictionary is decoded
//! once, whatever its type.

use std::fs::File;
use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Int32Array, Int64Array};
use arrow_array::{PrimitiveArray, StringArray};
use arrow_buffer::{NullBuffer, NullBufferBuilder};
use arrow_schema::{DataType, Field};
use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::hybrid::{Damaged, Hybrid};

/// Whether all pages of `chunk` are indices into one dictionary, of a type that is read here.
pub(super) fn is_readable(chunk: &ColumnChunkMetaData, field: &Field) -> bool {
    let column = chunk.column_descr();
    let is_flat = column.max_rep_level() == 0 && column.max_def_level() <= 1;
    let is_known = matches!(
        (chunk.column_type(), field.data_type()),
        (Type::BYTE_ARRAY, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
            | (Type::INT32, DataType::Int32 | DataType::Date32 | DataType::Decimal128(..))
            | (Type::INT64, DataType::Int64 | DataType::Decimal128(..))
            | (Type::FIXED_LEN_BYTE_ARRAY, DataType::Decimal128(..))
    );
    let is_dictionary = chunk.page_encoding_stats_mask().is_some_and(|mask| {
        mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
    });
    // An empty chunk has no dictionary.
    is_flat && is_known && is_dictionary && chunk.num_values() > 0
}

/// A chunk's dictionary, and its indices from where it was read to.
pub(super) struct DictionaryChunk {
    pages: SerializedPageReader<File>,
    values: ArrayRef,
    nullable: bool,
    page: Option<DataPage>,
    /// Rows that were read.
    row: usize,
}

struct DataPage {
    left: usize,
    /// One where a row has a value, zero where it is null.
    levels: Option<Hybrid>,
    indices: Hybrid,
}

/// An error of this reader: the caller knows the file's name.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl From<Damaged> for Failure {
    fn from(_: Damaged) -> Self {
        "a page's indices are damaged".into()
    }
}

impl DictionaryChunk {
    /// Opens the chunk, for which [`is_readable`] holds, and decodes its dictionary.
    pub(super) fn open(
        file: Arc<File>,
        chunk: &ColumnChunkMetaData,
        field: &Field,
        rows: usize,
    ) -> Result<Self, Failure> {
        let mut pages = SerializedPageReader::new(file, chunk, rows, None)?;
        let Some(Page::DictionaryPage { buf, num_values, .. }) = pages.get_next_page()? else {
            return Err("its dictionary is missing".into());
        };
        let width = chunk.column_descr().type_length();
        let values = decode(&buf, num_values as usize, chunk.column_type(), width, field.data_type())?;
        let nullable = chunk.column_descr().max_def_level() == 1;
        Ok(Self { pages, values, nullable, page: None, row: 0 })
    }

    /// The type that its columns have.
    pub(super) fn data_type(&self) -> DataType {
        DataType::Dictionary(Box::new(DataType::UInt32), Box::new(self.values.data_type().clone()))
    }

    /// The next `count` rows.
    pub(super) fn read(&mut self, count: usize) -> Result<ArrayRef, Failure> {
        let keys = self.keys(count)?;
        self.column(keys)
    }

    /// The rows at the ascending positions `rows` of the chunk, none of them read yet.
    pub(super) fn pick(&mut self, rows: &[usize]) -> Result<ArrayRef, Failure> {
        let first = self.row;
        let (keys, nulls) = self.keys(rows.last().map_or(0, |last| last + 1 - first))?;
        let picked = rows.iter().map(|row| keys[row - first]).collect();
        let nulls = nulls.map(|nulls| rows.iter().map(|row| nulls.is_valid(row - first)).collect());
        self.column((picked, nulls))
    }

    fn column(&self, (keys, nulls): (Vec<u32>, Option<NullBuffer>)) -> Result<ArrayRef, Failure> {
        let keys = PrimitiveArray::<UInt32Type>::try_new(keys.into(), nulls)?;
        // It looks at each index: one beyond the dictionary is damage.
        Ok(Arc::new(DictionaryArray::try_new(keys, self.values.clone())?))
    }

    /// The indices of the next `count` rows, with any number where a row is null.
    fn keys(&mut self, count: usize) -> Result<(Vec<u32>, Option<NullBuffer>), Failure> {
        let mut keys = Vec::with_capacity(count);
        let mut nulls = NullBufferBuilder::new(count);
        while keys.len() < count {
            let page = match &mut self.page {
                Some(page) if page.left > 0 => page,
                _ => {
                    self.page = Some(next_page(&mut self.pages, self.nullable)?);
                    continue;
                }
            };
            let wanted = page.left.min(count - keys.len());
            // Nearly always the levels of a page are one run.
            let (level, taken) = match &mut page.levels {
                Some(levels) => levels.read_run(wanted)?,
                None => (1, wanted),
            };
            page.left -= taken;
            if level == 1 {
                page.indices.read(taken, &mut keys)?;
                nulls.append_n_non_nulls(taken);
            } else {
                keys.extend(std::iter::repeat_n(0, taken));
                nulls.append_n_nulls(taken);
            }
        }
        self.row += count;
        Ok((keys, nulls.finish()))
    }
}

fn next_page(pages: &mut SerializedPageReader<File>, nullable: bool) -> Result<DataPage, Failure> {
    let is_indices = |e: Encoding| matches!(e, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    let cut_off = "a page is cut off";
    let (left, levels, body) = match pages.get_next_page()? {
        Some(Page::DataPage { buf, num_values, encoding, def_level_encoding, .. })
            if is_indices(encoding) =>
        {
            if !nullable {
                (num_values, None, buf)
            } else if def_level_encoding == Encoding::RLE {
                let length = buf.first_chunk::<4>().ok_or(cut_off)?;
                let end = 4 + u32::from_le_bytes(*length) as usize;
                if end > buf.len() {
                    return Err(cut_off.into());
                }
                (num_values, Some(buf.slice(4..end)), buf.slice(end..))
            } else {
                return Err("its levels are written in an old way: write the file anew".into());
            }
        }
        Some(Page::DataPageV2 {
            buf,
            num_values,
            encoding,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        }) if is_indices(encoding) => {
            let start = rep_levels_byte_len as usize;
            let end = start + def_levels_byte_len as usize;
            if end > buf.len() {
                return Err(cut_off.into());
            }
            (num_values, nullable.then(|| buf.slice(start..end)), buf.slice(end..))
        }
        Some(_) => return Err("a page is no page of indices".into()),
        None => return Err("it has fewer rows than its row group".into()),
    };
    let levels = levels.map(|bytes| Hybrid::new(bytes, 1)).transpose()?;
    let indices = match body.first() {
        Some(width) => Hybrid::new(body.slice(1..), u32::from(*width))?,
        // A page of nulls alone.
        None => Hybrid::new(Bytes::new(), 0)?,
    };
    Ok(DataPage { left: left as usize, levels, indices })
}

/// The dictionary's values, which are written one after the other.
fn decode(
    bytes: &[u8],
    count: usize,
    physical: Type,
    width: i32,
    data_type: &DataType,
) -> Result<ArrayRef, Failure> {
    let too_few = "its dictionary is cut off";
    if physical == Type::BYTE_ARRAY {
        let mut rest = bytes;
        let mut texts = Vec::with_capacity(count.min(bytes.len()));
        for _ in 0..count {
            let (length, after) = rest.split_first_chunk::<4>().ok_or(too_few)?;
            let (text, after) =
                after.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(too_few)?;
            texts.push(simdutf8::basic::from_utf8(text)?);
            rest = after;
        }
        return Ok(Arc::new(StringArray::from_iter_values(texts)));
    }
    let width = match physical {
        Type::INT32 => 4,
        Type::INT64 => 8,
        _ => usize::try_from(width)
            .ok()
            .filter(|width| (1..=16).contains(width))
            .ok_or("its values have no width")?,
    };
    let bytes = count.checked_mul(width).and_then(|length| bytes.get(..length)).ok_or(too_few)?;
    let cells = bytes.chunks_exact(width);
    let number = |cell: &[u8]| -> i128 {
        let big_endian = physical == Type::FIXED_LEN_BYTE_ARRAY;
        let most_significant = if big_endian { cell[0] } else { cell[width - 1] };
        let sign = if most_significant & 0x80 == 0 { 0 } else { -1 };
        let add = |number: i128, byte: &u8| number << 8 | i128::from(*byte);
        if big_endian { cell.iter().fold(sign, add) } else { cell.iter().rev().fold(sign, add) }
    };
    // Four and eight bytes give numbers of 32 and 64 bits.
    Ok(match data_type {
        DataType::Date32 => Arc::new(Date32Array::from_iter_values(cells.map(|c| number(c) as i32))),
        DataType::Int32 => Arc::new(Int32Array::from_iter_values(cells.map(|c| number(c) as i32))),
        DataType::Int64 => Arc::new(Int64Array::from_iter_values(cells.map(|c| number(c) as i64))),
        DataType::Decimal128(precision, scale) => {
            let values = Decimal128Array::from_iter_values(cells.map(number));
            Arc::new(values.with_precision_and_scale(*precision, *scale)?)
        }
        other => return Err(format!("{other} is not read as a dictionary").into()),
    })
}
