//! Hostile calls of the C interface, from a fixed seed.

mod calls;

use calls::Caller;

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
