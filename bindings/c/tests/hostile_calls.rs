//! Hostile calls of the C interface, from a fixed seed.

mod calls;

use std::ffi::CStr;
use std::ptr::null_mut;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator};
use calls::{Caller, said_to_be_text};
use marketing_archive::*;

/// How many programs of calls are run.
const PROGRAMS: usize = 1500;

#[test]
fn hostile_calls_end_in_a_status_and_one_error() {
    let scratch = tempfile::tempdir().expect("a scratch directory is made");
    let mut caller = Caller::new(scratch.path());
    // xorshift64*: the same programs on every machine.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8
    };
    for _ in 0..PROGRAMS {
        let length = usize::from(next());
        let program: Vec<u8> = (0..length).map(|_| next()).collect();
        caller.run(&program);
    }
}

/// What comparing two tables by the column `k` ends with: the summary, or the status and what it is about.
fn reconciled(left: RecordBatch, right: RecordBatch) -> Result<String, (MaStatus, String)> {
    let stream = |batch: RecordBatch| {
        let schema = batch.schema();
        FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
    };
    let (mut left, mut right) = (stream(left), stream(right));
    let (mut found, mut summary, mut error) = (FFI_ArrowArrayStream::empty(), null_mut(), null_mut());
    let options = r#"{"keys": ["k"]}"#;
    // SAFETY: the streams are alive, the options as long as said, and the answers writable and freed once.
    unsafe {
        let status = ma_reconcile(
            &raw mut left,
            &raw mut right,
            options.as_ptr().cast(),
            options.len(),
            None,
            null_mut(),
            &raw mut found,
            &raw mut summary,
            &raw mut error,
        );
        if status == MaStatus::Ok {
            let told = CStr::from_ptr(summary).to_string_lossy().into_owned();
            ma_string_free(summary);
            return Ok(told);
        }
        let object = CStr::from_ptr(ma_error_object(error)).to_string_lossy().into_owned();
        ma_error_free(error);
        Err((status, object))
    }
}

#[test]
fn a_text_column_that_is_no_utf8_is_refused_by_name() {
    let table = |name: &[u8]| {
        let columns = [("k", said_to_be_text(&[Some(b"1")])), ("name", said_to_be_text(&[Some(name)]))];
        RecordBatch::try_from_iter(columns).expect("columns are of one length")
    };
    // 杭州 in GB18030, called UTF-8.
    let refused = reconciled(table("杭州".as_bytes()), table(b"\xBA\xBC\xD6\xDD"));
    assert_eq!(refused, Err((MaStatus::InvalidInput, "argument right, column name".to_owned())));
}

/// A slice without rows may begin behind the end of its buffers, as those of pyarrow do.
#[test]
fn slices_without_rows_are_tables() {
    let columns = [("k", said_to_be_text(&[Some(b"1"), Some(b"2")]))];
    let table = RecordBatch::try_from_iter(columns).expect("columns are of one length");
    let summary = reconciled(table.slice(2, 0), table.slice(0, 2)).expect("both are tables");
    assert!(summary.contains("2"), "{summary}");
}
