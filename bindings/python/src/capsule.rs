//! Arrow data across Python's `PyCapsule` interface, without a copy.
//!
//! Anything with `__arrow_c_stream__` or `__arrow_c_array__` is taken: tables, batches and columns of
//! pyarrow, polars, pandas, `DuckDB`. What is given has `__arrow_c_stream__` itself. Crates that do the
//! same need Python 3.11's buffer interface, and this module serves 3.10.

use std::ffi::{CStr, c_char};
use std::sync::Arc;

use archive_core::{Error, ErrorKind};
use archive_reconcile::tables::check_foreign_column;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchIterator, StructArray, make_array, new_empty_array,
};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use rayon::prelude::*;

use crate::errors::{detached, raise};

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// A column, or the rows of a table, in pieces.
pub(crate) struct Chunks {
    /// The name and type of the column; a table is a column of structs.
    field: Field,
    /// Of tables, the metadata too.
    schema: Option<SchemaRef>,
    arrays: Vec<ArrayRef>,
}

impl Chunks {
    /// Takes what `object` offers.
    ///
    /// # Errors
    /// `InvalidInput` where it offers nothing that is Arrow.
    pub(crate) fn of(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if object.hasattr("__arrow_c_stream__")? {
            let capsule = object.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
            let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
            // SAFETY: a capsule of this name holds such a stream, which the interface lets us move out; what
            // is left behind counts as released.
            let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
            return detached(py, || read_stream(name, stream));
        }
        if object.hasattr("__arrow_c_array__")? {
            let pair = object.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
            let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = pair.extract()?;
            let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
            let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
            // SAFETY: capsules of these names hold such values; the schema is only read, the array is moved out.
            let (schema, array) = unsafe { (schema.as_ref(), FFI_ArrowArray::from_raw(array.as_ptr())) };
            return read_array(name, schema, array).map_err(raise);
        }
        let kind = object.get_type().name()?;
        Err(raise(Error::invalid(
            name,
            format!(
                "is a {kind}, not a table: give something with the Arrow PyCapsule interface (pyarrow, polars, pandas 2.2 or newer, DuckDB) or a path"
            ),
        )))
    }

    /// The rows as batches.
    ///
    /// # Errors
    /// `InvalidInput` where this is a column and no table.
    pub(crate) fn into_table(self, name: &str) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
        let DataType::Struct(fields) = self.field.data_type() else {
            let message = format!("is a column of {}, not a table", self.field.data_type());
            return Err(Error::invalid(name, message));
        };
        let schema = self.schema.unwrap_or_else(|| Arc::new(Schema::new(fields.clone())));
        let batches = self
            .arrays
            .into_iter()
            .map(|array| {
                let rows = array.as_any().downcast_ref::<StructArray>().cloned();
                let rows = rows.ok_or_else(|| Error::invalid(name, "has rows that are no structs"))?;
                if rows.null_count() > 0 {
                    return Err(Error::invalid(name, "has rows that are null as a whole"));
                }
                let (_, columns, _) = rows.into_parts();
                RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|e| unreadable(name, e))
            })
            .collect::<Result<_, _>>()?;
        Ok((schema, batches))
    }

    /// The pieces of the column, or of the only column of a table.
    ///
    /// # Errors
    /// `InvalidInput` where this is a table of several columns.
    pub(crate) fn into_column(self, name: &str) -> Result<Vec<ArrayRef>, Error> {
        if !matches!(self.field.data_type(), DataType::Struct(_)) {
            return Ok(self.arrays);
        }
        let (schema, batches) = self.into_table(name)?;
        if schema.fields().len() != 1 {
            let message = format!("is a table of {} columns: give one column", schema.fields().len());
            return Err(Error::invalid(name, message));
        }
        Ok(batches.iter().map(|batch| Arc::clone(batch.column(0))).collect())
    }
}

fn unreadable(name: &str, error: ArrowError) -> Error {
    Error::invalid(name, "cannot be read as Arrow data").with_source(error)
}

/// Rows that one thread checks at a time.
const CHECKED_ROWS: usize = 1 << 15;

/// Checks every value, on all cores.
///
/// # Errors
/// As [`check_foreign_column`].
fn checked(name: &str, array: ArrayRef) -> Result<ArrayRef, Error> {
    if array.is_empty() {
        // Nothing of it is shown: a slice without rows may begin behind the end of its buffers.
        return Ok(new_empty_array(array.data_type()));
    }
    let columns = array.as_struct_opt().map_or(std::slice::from_ref(&array), StructArray::columns);
    let pieces = columns.iter().flat_map(|column| {
        let rows = column.len();
        // Only views can be checked in pieces: the texts of other columns would be gone through again for each.
        let piece = if *column.data_type() == DataType::Utf8View { CHECKED_ROWS } else { rows };
        (0..rows).step_by(piece).map(move |start| column.slice(start, piece.min(rows - start)))
    });
    let pieces: Vec<ArrayRef> = pieces.collect();
    if pieces.par_iter().all(|piece| check_foreign_column(name, piece).is_ok()) {
        return Ok(array);
    }
    // What is wrong is told by the column, whose rows count from its beginning.
    check_foreign_column(name, array.as_ref())?;
    Ok(array)
}

/// Takes an array of `data_type` over, and checks it.
///
/// # Safety
/// `array` must be of this type, or at least its buffers must be where it says.
unsafe fn imported(name: &str, array: FFI_ArrowArray, data_type: &DataType) -> Result<ArrayRef, Error> {
    // SAFETY: as the caller vouches; what is taken over as another type has no buffer but those of validity.
    let data = unsafe { from_ffi_and_data_type(array, taken_as(data_type)) };
    // SAFETY: `data` came as `taken_as` says.
    let data = data.map(|data| unsafe { given_back(data, data_type) }).map_err(|e| unreadable(name, e))?;
    checked(name, make_array(data))
}

/// The type as which an array of `data_type` is taken over.
///
/// A column that is null throughout has no buffer, but polars announces one of validity, as libraries did before the
/// interface was fixed, and then the Arrow crate gives up. Structs without a field are taken either way.
fn taken_as(data_type: &DataType) -> DataType {
    let field = |field: &FieldRef| {
        Arc::new(field.as_ref().clone().with_data_type(taken_as(field.data_type()))) as FieldRef
    };
    match data_type {
        DataType::Null => DataType::Struct(Fields::empty()),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        other => other.clone(),
    }
}

/// What was taken over as [`taken_as`] says, as what it is.
///
/// # Safety
/// `data` must be of the type that [`taken_as`] gives for `data_type`.
unsafe fn given_back(data: ArrayData, data_type: &DataType) -> ArrayData {
    let inner: Vec<&DataType> = match data_type {
        DataType::Null => return ArrayData::new_null(data_type, data.len()),
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            vec![item.data_type()]
        }
        _ => return data,
    };
    // SAFETY: as the caller vouches, of each child, too.
    let child = |(data, data_type): (&ArrayData, &DataType)| unsafe { given_back(data.clone(), data_type) };
    let children = data.child_data().iter().zip(inner).map(child).collect();
    let builder = data.into_builder().data_type(data_type.clone()).child_data(children);
    // SAFETY: nothing but nulls changed, which have no buffers.
    unsafe { builder.build_unchecked() }
}

fn read_array(name: &str, schema: &FFI_ArrowSchema, array: FFI_ArrowArray) -> Result<Chunks, Error> {
    let field = Field::try_from(schema).map_err(|e| unreadable(name, e))?;
    // SAFETY: the producer vouches that the array is of its schema's type.
    let array = unsafe { imported(name, array, field.data_type()) }?;
    Ok(Chunks { schema: Schema::try_from(schema).ok().map(Arc::new), field, arrays: vec![array] })
}

/// Reads a stream to its end. The reader that the Arrow crate has takes tables alone.
fn read_stream(name: &str, mut stream: FFI_ArrowArrayStream) -> Result<Chunks, Error> {
    let (Some(get_schema), Some(get_next)) = (stream.get_schema, stream.get_next) else {
        return Err(Error::new(ErrorKind::Conflict, name, "is a stream that was read already: give it anew"));
    };
    let failed = |stream: &mut FFI_ArrowArrayStream, code: i32| {
        let text: *const c_char = match stream.get_last_error {
            // SAFETY: the stream is not released.
            Some(last_error) => unsafe { last_error(stream) },
            None => std::ptr::null(),
        };
        let reason = if text.is_null() {
            format!("error {code}")
        } else {
            // SAFETY: not null, and by the interface a text that lives until the next call.
            unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
        };
        Error::invalid(name, format!("cannot be read: {reason}"))
    };
    let mut schema = FFI_ArrowSchema::empty();
    // SAFETY: the stream is not released, and `schema` may be written.
    let code = unsafe { get_schema(&raw mut stream, &raw mut schema) };
    if code != 0 {
        return Err(failed(&mut stream, code));
    }
    let field = Field::try_from(&schema).map_err(|e| unreadable(name, e))?;
    let table = Schema::try_from(&schema).ok().map(Arc::new);
    let mut arrays = Vec::new();
    loop {
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: as above.
        let code = unsafe { get_next(&raw mut stream, &raw mut array) };
        if code != 0 {
            return Err(failed(&mut stream, code));
        }
        if array.is_released() {
            break;
        }
        // SAFETY: the producer vouches that each array is of the stream's type.
        arrays.push(unsafe { imported(name, array, field.data_type()) }?);
    }
    Ok(Chunks { field, schema: table, arrays })
}

/// Gives a table to Python as a stream of batches.
pub(crate) fn to_stream<'py>(
    py: Python<'py>,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let reader = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), STREAM)
}

/// Gives a column to Python.
pub(crate) fn to_array<'py>(py: Python<'py>, array: &dyn Array) -> PyResult<Bound<'py, PyTuple>> {
    let internal =
        |e: ArrowError| raise(Error::new(ErrorKind::Internal, "column", "cannot be given").with_source(e));
    let schema = FFI_ArrowSchema::try_from(array.data_type()).map_err(internal)?;
    let array = FFI_ArrowArray::new(&array.to_data());
    let schema = PyCapsule::new_with_value(py, schema, SCHEMA)?;
    let array = PyCapsule::new_with_value(py, array, ARRAY)?;
    PyTuple::new(py, [schema, array])
}
