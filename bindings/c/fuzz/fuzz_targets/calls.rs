//! Any order of calls with any texts and lengths ends in statuses, each failure in one error, and no panic.
#![no_main]

#[path = "../../tests/calls/mod.rs"]
mod calls;

use std::cell::RefCell;

use calls::Caller;
use libfuzzer_sys::fuzz_target;

thread_local! {
    /// One archive for all programs: making one takes longer than a program.
    static CALLER: RefCell<Option<Caller<'static>>> = const { RefCell::new(None) };
}

fuzz_target!(|program: &[u8]| {
    CALLER.with_borrow_mut(|caller| {
        caller
            .get_or_insert_with(|| {
                let scratch = tempfile::tempdir().expect("a scratch directory is made");
                Caller::new(Box::leak(Box::new(scratch.keep())))
            })
            .run(program);
    });
});
