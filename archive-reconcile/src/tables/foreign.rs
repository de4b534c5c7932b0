//! Tables that came across a C interface, whose producer may have written anything.

use archive_core::Error;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, Fields};

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
    column.to_data().validate_full().map_err(|e| {
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
