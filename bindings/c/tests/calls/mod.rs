//! Calls of the C interface as a program of bytes says: hostile lengths, texts and orders of calls. What
//! the contract excludes (wild pointers, lengths beyond a buffer, use after free) is not tried.

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, BinaryArray, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
use marketing_archive::*;

/// Texts near which mistakes are likely: each call takes one of these, changed or not, or bytes of its own.
const TEXTS: &[&str] = &[
    "",
    "rule box-label version 1 effective 2024-01-01\n  room = chars[A-Z]{2}\n  n = sequence{4} start 1 per (room) gapless refuse-when-full\n  format \"{room}-{n}\"\n  aliases {~}->\"-\"\n",
    "HZ-0042",
    "HZ~0042",
    "HZ-42",
    "{\"room\": \"HZ\", \"n\": 42}",
    "{\"room\": \"HZ\", \"n\": \"0042\", \"year\": -1}",
    "{\"keys\": [\"k\"], \"ignore\": [\"b\"], \"memory\": 1000000}",
    "{\"keys\": [\"k\"]}",
    "{\"keys\": []}",
    "{\"key\": \"L-1\", \"reference\": \"X\", \"borrower\": \"a\", \"purpose\": \"b\", \"when\": \"2024-05-01T00:00:00Z\", \"due\": null}",
    "{\"key\": \"R-1\", \"customer\": {\"number\": \"3342125369\", \"name\": \"甲\", \"class\": \"business\"}, \"process\": \"new-connection-lv\", \"date\": \"2024-05-01\", \"documents\": [], \"record\": {}}",
    "{\"key\": \"D-1\", \"references\": [], \"person\": \"a\", \"role\": \"archivist\"}",
    "{\"call\": \"search\", \"words\": \"甲\"}",
    "{\"call\": \"space\", \"months\": 12}",
    "2024-05-01",
    "HZ/R1/B1/C01/A/01/1/01",
    "3342125369",
    "全宗·\u{0}\u{202e}\u{ffff}",
    "k",
];

/// Bytes as a program.
struct Tape<'a>(&'a [u8]);

impl<'a> Tape<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn text(&mut self) -> Text {
        let how = self.byte();
        let mut bytes = match usize::from(how >> 3) {
            known if known < TEXTS.len() => TEXTS[known].as_bytes().to_vec(),
            _ => self.bytes().to_vec(),
        };
        match how & 7 {
            1 if !bytes.is_empty() => {
                let at = usize::from(self.byte()) % bytes.len();
                bytes[at] = self.byte();
            }
            2 => bytes.truncate(usize::from(self.byte())),
            3 => {
                let more = self.bytes();
                let at = usize::from(self.byte()).min(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            4 => return Text { bytes, claims: Some((false, usize::MAX - usize::from(self.byte()))) },
            5 => return Text { bytes, claims: Some((false, TEXT_LIMIT + 1)) },
            6 => return Text { bytes, claims: Some((true, usize::from(self.byte()))) },
            _ => {}
        }
        Text { bytes, claims: None }
    }
}

/// A text and what its caller says of it.
struct Text {
    bytes: Vec<u8>,
    /// Whether the pointer is null, and the length, where these are not the bytes'. Lengths that are not
    /// true lie beyond the limit: such texts are refused unread.
    claims: Option<(bool, usize)>,
}

impl Text {
    fn data(&self) -> *const c_char {
        if matches!(self.claims, Some((true, _))) { null() } else { self.bytes.as_ptr().cast() }
    }

    fn length(&self) -> usize {
        self.claims.map_or(self.bytes.len(), |(_, length)| length)
    }
}

/// What the caller holds between calls.
pub(crate) struct Caller<'a> {
    /// A directory of the caller's own, for files that calls write.
    scratch: &'a Path,
    archive: *mut MaArchive,
    rules: [*mut MaRule; 3],
}

impl<'a> Caller<'a> {
    /// A caller with an archive in `scratch`.
    pub(crate) fn new(scratch: &'a Path) -> Self {
        let path = scratch.join("holdings");
        let path = path.to_str().expect("scratch paths are UTF-8");
        let mut archive = null_mut();
        // SAFETY: every pointer is valid.
        let status =
            unsafe { ma_archive_create(path.as_ptr().cast(), path.len(), &raw mut archive, null_mut()) };
        assert_eq!(status, MaStatus::Ok);
        Self { scratch, archive, rules: [null_mut(); 3] }
    }

    /// Runs a program of calls and checks what each must keep.
    pub(crate) fn run(&mut self, program: &[u8]) {
        let mut tape = Tape(program);
        if self.rules[0].is_null() {
            let (source, out) = (TEXTS[1], &raw mut self.rules[0]);
            // SAFETY: every pointer is valid.
            let status = unsafe { ma_rule_compile(source.as_ptr().cast(), source.len(), out, null_mut()) };
            assert_eq!(status, MaStatus::Ok);
        }
        while !tape.0.is_empty() {
            self.call(&mut tape);
        }
        // One rule stays, so that most programs begin with one.
        for rule in &mut self.rules[1..] {
            // SAFETY: the rule is null or was not freed yet.
            unsafe { ma_rule_free(std::mem::replace(rule, null_mut())) };
        }
    }

    fn call(&mut self, tape: &mut Tape<'_>) {
        let what = tape.byte();
        let slot = usize::from(tape.byte()) % self.rules.len();
        let rule = self.rules[slot];
        let archive = if what & 0x40 == 0 { self.archive } else { null_mut() };
        let text = tape.text();
        let (data, length) = (text.data(), text.length());
        // SAFETY: texts are as long as they say or refused unread, handles are null or alive, and each call
        // below gets places that are null or may be written.
        unsafe {
            match what & 0x1f {
                0 | 1 => {
                    // A handle that is overwritten would leak: free first, as a caller must.
                    ma_rule_free(std::mem::replace(&mut self.rules[slot], null_mut()));
                    answered::<MaRule>(tape, |out, error| ma_rule_compile(data, length, out, error))
                        .inspect(|made| self.rules[slot] = *made);
                }
                2 => given(tape, |out, error| ma_rule_check(data, length, out, error)),
                3 => given(tape, |out, error| ma_rule_parse(rule, data, length, out, error)),
                4 => given(tape, |out, error| ma_rule_canonical(rule, data, length, out, error)),
                5 => given(tape, |out, error| ma_rule_explain(rule, data, length, out, error)),
                6 => given(tape, |out, error| ma_rule_format(rule, data, length, out, error)),
                7 => {
                    let position = usize::from(tape.byte()).wrapping_sub(2);
                    given(tape, |out, error| ma_rule_field_name(rule, position, out, error));
                    let count = ma_rule_field_count(rule);
                    assert!(rule.is_null() == (count == 0) || count > 0);
                }
                8 => spans(tape, rule, &text),
                9 => write(tape, rule, &text),
                10 => {
                    ma_rule_free(std::mem::replace(&mut self.rules[slot], null_mut()));
                }
                11 => given(tape, |out, error| ma_archive_locate(archive, data, length, out, error)),
                12 => given(tape, |out, error| ma_archive_lend(archive, data, length, out, error)),
                13 => given(tape, |out, error| ma_archive_give_back(archive, data, length, out, error)),
                14 => given(tape, |out, error| ma_archive_confirm_move(archive, data, length, out, error)),
                15 => {
                    let to = tape.text();
                    let (place, size) = (to.data(), to.length());
                    given(tape, |out, error| {
                        ma_archive_move_box(archive, data, length, place, size, out, error)
                    });
                }
                16 => given(tape, |out, error| ma_archive_open_loans(archive, out, error)),
                17 => given(tape, |out, error| ma_archive_audit(archive, out, error)),
                18 => given(tape, |out, error| ma_archive_file(archive, data, length, out, error)),
                19 => {
                    answered::<MaArchive>(tape, |out, error| ma_archive_open(data, length, out, error))
                        .inspect(|opened| ma_archive_free(*opened));
                }
                20 => {
                    let image = tape.text();
                    let image = image.data().cast::<u8>();
                    answered::<MaReading>(tape, |out, error| {
                        ma_reader_read(null(), data, length, image, FILE_LIMIT + 1, out, error)
                    })
                    .inspect(|reading| ma_reading_free(*reading));
                    given(tape, |out, error| ma_reading_verify(null(), data, length, out, error));
                }
                21 => shelf(tape, &text),
                22 => self.reconcile_files(tape, &text),
                23 => custody(tape, archive, &text),
                _ => reconcile(tape, &text),
            }
        }
    }

    /// # Safety
    /// As every call of a program.
    unsafe fn reconcile_files(&self, tape: &mut Tape<'_>, options: &Text) {
        let table = self.scratch.join("table.csv");
        std::fs::write(&table, tape.bytes()).expect("the scratch directory may be written");
        let out = self.scratch.join(if tape.byte() & 1 == 0 { "found.csv" } else { "found.parquet" });
        let (table, out) = (table.to_str().unwrap_or_default(), out.to_str().unwrap_or_default());
        let (data, size) = (table.as_ptr().cast::<c_char>(), table.len());
        // SAFETY: as the caller vouches.
        unsafe {
            given(tape, |summary, error| {
                let (options, length, place) = (options.data(), options.length(), out.as_ptr().cast());
                let progress = Some(go_on as unsafe extern "C" fn(_, _, _, _) -> bool);
                ma_reconcile_files(
                    data,
                    size,
                    data,
                    size,
                    options,
                    length,
                    place,
                    out.len(),
                    progress,
                    null_mut(),
                    summary,
                    error,
                )
            });
        }
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        // SAFETY: neither was freed yet.
        unsafe {
            ma_archive_free(self.archive);
            ma_rule_free(self.rules[0]);
        }
    }
}

unsafe extern "C" fn go_on(_: *mut c_void, _: MaStage, rows: u64, _: u64) -> bool {
    rows < 3
}

/// Makes a call whose answer is a handle or a text, with places that are there or not, and checks status
/// and error against each other.
unsafe fn answered<T>(
    tape: &mut Tape<'_>,
    call: impl FnOnce(*mut *mut T, *mut *mut MaError) -> MaStatus,
) -> Option<*mut T> {
    let places = tape.byte();
    let (mut out, mut error) = (null_mut::<T>(), null_mut::<MaError>());
    let out_place = if places & 7 == 7 { null_mut() } else { &raw mut out };
    let error_place = if places & 0x38 == 0x38 { null_mut() } else { &raw mut error };
    let status = call(out_place, error_place);
    // SAFETY: the error is null or the call's.
    unsafe { check(status, error, !error_place.is_null()) };
    assert_eq!(status == MaStatus::Ok, !out.is_null(), "an answer comes with success, and only then");
    (!out.is_null()).then_some(out)
}

/// Makes a call whose answer is a text.
unsafe fn given(tape: &mut Tape<'_>, call: impl FnOnce(*mut *mut c_char, *mut *mut MaError) -> MaStatus) {
    // SAFETY: as the caller vouches; a text that was given ends in a zero byte.
    unsafe {
        if let Some(text) = answered::<c_char>(tape, call) {
            assert!(CStr::from_ptr(text).to_str().is_ok(), "texts are UTF-8");
            ma_string_free(text);
        }
    }
}

unsafe fn check(status: MaStatus, error: *mut MaError, is_asked: bool) {
    assert_ne!(status, MaStatus::Internal, "the library is at fault");
    // SAFETY: the error is null or the last call's.
    unsafe {
        assert_eq!(!error.is_null(), is_asked && status != MaStatus::Ok);
        assert_eq!(ma_error_status(error), if error.is_null() { MaStatus::Ok } else { status });
        for text in [ma_error_message(error), ma_error_object(error)] {
            let text = CStr::from_ptr(text).to_str().expect("errors are UTF-8");
            assert_eq!(text.is_empty(), error.is_null(), "an error says what, and of what");
        }
        ma_error_free(error);
    }
}

unsafe fn custody(tape: &mut Tape<'_>, archive: *const MaArchive, text: &Text) {
    let (data, length) = (text.data(), text.length());
    let call = match tape.byte() % 14 {
        0 => ma_archive_cancel_move,
        1 => ma_archive_completeness,
        2 => ma_archive_due_for_disposal,
        3 => ma_archive_hold,
        4 => ma_archive_lift_hold,
        5 => ma_archive_propose_disposal,
        6 => ma_archive_approve_disposal,
        7 => ma_archive_carry_out_disposal,
        8 => ma_archive_send,
        9 => ma_archive_receive,
        10 => ma_archive_reject_disposal,
        11 => ma_archive_close_file,
        12 => ma_archive_recall,
        13 | 14 => ma_archive_call,
        _ => ma_archive_verify,
    };
    // SAFETY: as the caller vouches.
    unsafe {
        given(tape, |out, error| call(archive, data, length, out, error));
        given(tape, |out, error| ma_archive_checkpoint(archive, out, error));
        given(tape, |out, error| ma_archive_completeness_matrix(archive, out, error));
    }
}

unsafe fn spans(tape: &mut Tape<'_>, rule: *const MaRule, number: &Text) {
    let mut spans = vec![MaSpan { start: 7, end: 7 }; usize::from(tape.byte() & 7)];
    let how = tape.byte();
    let (place, capacity) = match how & 7 {
        0 => (null_mut(), spans.len()),
        1 => (spans.as_mut_ptr(), usize::MAX / 2),
        _ => (spans.as_mut_ptr(), spans.len()),
    };
    let mut error = null_mut();
    // SAFETY: as the caller vouches; a capacity that is not true is refused.
    unsafe {
        let status = ma_rule_spans(rule, number.data(), number.length(), place, capacity, &raw mut error);
        check(status, error, true);
        if status == MaStatus::Ok {
            let whole = std::str::from_utf8(&number.bytes).expect("a number is UTF-8");
            for span in &spans[..ma_rule_field_count(rule)] {
                assert!(whole.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {whole:?}");
            }
        }
    }
}

unsafe fn write(tape: &mut Tape<'_>, rule: *const MaRule, first: &Text) {
    let others: Vec<Text> = (0..tape.byte() & 3).map(|_| tape.text()).collect();
    let values: Vec<MaText> = std::iter::once(first)
        .chain(&others)
        .map(|text| MaText { data: text.data(), length: text.length() })
        .collect();
    let mut buffer = vec![0xAA_u8; usize::from(tape.byte())];
    let (mut written, mut error) = (usize::MAX, null_mut());
    // SAFETY: as the caller vouches.
    unsafe {
        let place = buffer.as_mut_ptr().cast();
        let written_place = if tape.byte() & 15 == 15 { null_mut() } else { &raw mut written };
        let status = ma_rule_write(
            rule,
            values.as_ptr(),
            values.len(),
            place,
            buffer.len(),
            written_place,
            &raw mut error,
        );
        check(status, error, true);
        if status == MaStatus::Ok {
            // What a rule writes, it reads.
            let mut error = null_mut();
            let mut again = null_mut();
            let status = ma_rule_canonical(rule, place, written, &raw mut again, &raw mut error);
            check(status, error, true);
            assert_eq!(CStr::from_ptr(again).to_bytes(), &buffer[..written]);
            ma_string_free(again);
        } else {
            assert!(written == usize::MAX && buffer.iter().all(|b| *b == 0xAA), "a failure writes nothing");
        }
    }
}

/// A controller that says whatever its program says.
struct Controller {
    answers: Vec<u8>,
    at: usize,
    released: Arc<AtomicU32>,
}

impl Controller {
    fn next(&mut self) -> u8 {
        self.at += 1;
        self.answers.get(self.at % self.answers.len().max(1)).copied().unwrap_or(0)
    }

    fn outcome(&mut self) -> MaCall {
        [MaCall::Done, MaCall::NotSent, MaCall::Rejected, MaCall::MaybeExecuted][usize::from(self.next() & 3)]
    }
}

unsafe extern "C" fn controller_state(context: *mut c_void, state: *mut MaBankState) -> MaCall {
    // SAFETY: the library hands back the context and a place to write.
    unsafe {
        let controller = &mut *context.cast::<Controller>();
        let (open, bits) = (controller.next(), controller.next());
        let open = i32::from(open as i8) << (bits & 7);
        *state = MaBankState { open, moving: bits & 8 != 0, interlocks: u32::from(bits & 0xf0) << 4 };
        controller.outcome()
    }
}

unsafe extern "C" fn controller_command(context: *mut c_void, _: MaTarget, _: u16) -> MaCall {
    // SAFETY: the library hands back the context.
    unsafe { (*context.cast::<Controller>()).outcome() }
}

unsafe extern "C" fn controller_stop(_: *mut c_void) -> MaCall {
    // `stop` may come during another call: it shares nothing.
    MaCall::Done
}

unsafe extern "C" fn controller_release(context: *mut c_void) {
    // SAFETY: the context came from a box, and this is called once.
    unsafe {
        let controller = Box::from_raw(context.cast::<Controller>());
        controller.released.fetch_add(1, Ordering::SeqCst);
    }
}

unsafe fn shelf(tape: &mut Tape<'_>, name: &Text) {
    let how = tape.byte();
    let released = Arc::new(AtomicU32::new(0));
    let answers = tape.bytes().to_vec();
    let context = Box::into_raw(Box::new(Controller { answers, at: 0, released: Arc::clone(&released) }));
    let controller = MaController {
        context: context.cast(),
        aisles: u16::from(tape.byte()) * u16::from(tape.byte()),
        ventilate: how & 1 == 1,
        poll_ms: u32::from(tape.byte() & 1),
        call_limit_ms: u32::from(how & 2) * 20,
        move_limit_ms: u32::from(how & 4),
        state: (how & 0x18 != 0x18).then_some(controller_state),
        command: Some(controller_command),
        stop: Some(controller_stop),
        release: Some(controller_release),
    };
    let operation = tape.text();
    let aisle = u16::from(tape.byte());
    // SAFETY: as the caller vouches; the controller's calls may come from any thread.
    unsafe {
        let made = answered::<MaShelf>(tape, |out, error| {
            ma_shelf_new(name.data(), name.length(), &raw const controller, out, error)
        });
        let shelf = made.unwrap_or(null_mut());
        given(tape, |out, error| {
            ma_shelf_open_aisle(shelf, operation.data(), operation.length(), aisle, out, error)
        });
        let mut state = MaBankState { open: 0, moving: false, interlocks: 0 };
        let mut error = null_mut();
        let status = ma_shelf_state(shelf, &raw mut state, &raw mut error);
        check(status, error, true);
        ma_shelf_free(shelf);
    }
    // Also a call that fails takes the controller over, and gives it up once.
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

unsafe fn reconcile(tape: &mut Tape<'_>, options: &Text) {
    let (mut left, mut right) = (stream(tape), stream(tape));
    let how = tape.byte();
    let mut found = FFI_ArrowArrayStream::empty();
    let left_place = if how & 7 == 7 { null_mut() } else { &raw mut left };
    let found_place = if how & 0x38 == 0x38 { null_mut() } else { &raw mut found };
    let is_left_given = !left_place.is_null();
    // SAFETY: as the caller vouches; streams are released or alive.
    unsafe {
        given(tape, |summary, error| {
            let (data, length) = (options.data(), options.length());
            let (progress, context) = (None, null_mut());
            ma_reconcile(
                left_place,
                &raw mut right,
                data,
                length,
                progress,
                context,
                found_place,
                summary,
                error,
            )
        });
    }
    assert!(right.release.is_none() && (left.release.is_none() || !is_left_given), "streams are consumed");
}

/// A column that says it is text, whatever its bytes are: a producer in C may write anything.
pub(crate) fn said_to_be_text(texts: &[Option<&[u8]>]) -> ArrayRef {
    let bytes = BinaryArray::from_iter(texts).into_data().into_builder().data_type(StringArray::DATA_TYPE);
    // SAFETY: only what looks at the texts may not be called, and the interface alone gets the column.
    Arc::new(StringArray::from(unsafe { bytes.build_unchecked() }))
}

/// A table of a text and a number column, or a stream that was released.
fn stream(tape: &mut Tape<'_>) -> FFI_ArrowArrayStream {
    let how = tape.byte();
    if how & 15 == 15 {
        return FFI_ArrowArrayStream::empty();
    }
    let keys: Vec<Option<&[u8]>> = tape.bytes().chunks(3).map(|key| (key[0] != 0).then_some(key)).collect();
    let numbers: Vec<Option<i64>> =
        (0..keys.len()).map(|row| (row % 5 != 4).then_some(i64::from(how) - row as i64)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("k", said_to_be_text(&keys)),
        (if how & 0x10 == 0 { "b" } else { "k" }, Arc::new(Int64Array::from(numbers))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns are of one length");
    let schema = batch.schema();
    let batches = if how & 0x20 == 0 { vec![Ok(batch)] } else { Vec::new() };
    FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(batches, schema)))
}
