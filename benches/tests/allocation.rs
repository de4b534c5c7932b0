//! Reading and writing a number allocates nothing. A counting allocator needs `unsafe`, which the
//! library crates forbid: the check stands here.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use archive_numbering::shipped;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator with its arguments unchanged; the
// counter is a thread-local without a destructor and never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System.alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: `pointer` came from `System.alloc` with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    run();
    COUNT.get() - before
}

#[test]
fn reading_and_writing_a_number_allocate_nothing() {
    // A count of zero means something only if allocations are counted.
    assert!(allocations(|| drop(std::hint::black_box(vec![1]))) > 0);
    let mut out = String::with_capacity(256);
    for (name, number) in [
        ("DA-T-22-件", "Z109-KH·2024-D30-BGS-0007"),
        ("DA-T-13-卷内件", "Z109-KH-001-0007"),
        ("户号档案", "Z109-3388985508-001"),
        ("合同编号", "SGZJ202312345678"),
        ("盒号", "Z109-2024-D30-BGS-H0001"),
        ("表计资产编号", "3312345678901234567890"),
        ("居民身份证号码", "110102194910010016"),
    ] {
        let rule = shipped::rule(name).unwrap();
        let count = allocations(|| {
            let parsed = rule.parse(number).unwrap();
            assert!(parsed.fields().count() > 1);
            out.clear();
            rule.format_into(&parsed.values(), &mut out).unwrap();
        });
        assert_eq!(out, number);
        assert_eq!(count, 0, "{name}");
    }
}
