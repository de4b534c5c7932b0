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

#[test]
fn a_text_column_that_is_no_utf8_is_refused_by_name() {
    let stream = |name: &[u8]| {
        let columns = [("k", said_to_be_text(&[Some(b"1")])), ("name", said_to_be_text(&[Some(name)]))];
        let batch = RecordBatch::try_from_iter(columns).expect("columns are of one length");
        let schema = batch.schema();
        FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
    };
    // 杭州 in GB18030, called UTF-8.
    let (mut left, mut right) = (stream("杭州".as_bytes()), stream(b"\xBA\xBC\xD6\xDD"));
    let (mut found, mut summary, mut error) = (FFI_ArrowArrayStream::empty(), null_mut(), null_mut());
    let options = r#"{"keys": ["k"]}"#;
    // SAFETY: the streams are alive, the options as long as said, and the answers writable.
    let message = unsafe {
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
        assert_eq!(status, MaStatus::InvalidInput);
        let message = CStr::from_ptr(ma_error_object(error)).to_string_lossy().into_owned();
        ma_error_free(error);
        message
    };
    assert_eq!(message, "argument right, column name");
}

/// A slice without rows may begin behind the end of its buffers, as those of pyarrow do.
#[test]
fn slices_without_rows_are_tables() {
    let stream = |rows: std::ops::Range<usize>| {
        let columns = [("k", said_to_be_text(&[Some(b"1"), Some(b"2")]))];
        let batch = RecordBatch::try_from_iter(columns).expect("columns are of one length");
        let schema = batch.schema();
        let batch = batch.slice(rows.start, rows.len());
        FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
    };
    let (mut left, mut right) = (stream(2..2), stream(0..2));
    let (mut found, mut summary, mut error) = (FFI_ArrowArrayStream::empty(), null_mut(), null_mut());
    let options = r#"{"keys": ["k"]}"#;
    // SAFETY: the streams are alive, the options as long as said, and the answers writable.
    let summary = unsafe {
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
        assert_eq!(status, MaStatus::Ok);
        let told = CStr::from_ptr(summary).to_string_lossy().into_owned();
        ma_string_free(summary);
        told
    };
    drop(found);
    assert!(summary.contains("2"), "{summary}");
}
