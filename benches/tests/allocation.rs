//! Reading and writing a number allocates nothing. A counting allocator needs `unsafe`, which the
//! library crates forbid: the check stands here.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use archive_numbering::{NumberBuffer, Rule, shipped};
use chrono::NaiveDate;

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
        ("统一社会信用代码", "919999999999999984"),
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

/// Values of every kind: texts, numbers of up to eighteen digits, days; and a rule of so many
/// shapes that its automata read.
#[test]
fn values_of_all_kinds_allocate_nothing() {
    let rule = Rule::compile(
        "rule r version 1 effective 2024-01-01
           day   = date{YYYY-MM-DD} from filed
           year  = digits{2} century 1970..2069 from filed
           name  = chars[a-z]{1,20}
           big   = digits{1,18}
           pages = digits{1,3}
           check = check LUHN(pages)
           n     = sequence{10} refuse-when-full
           format \"{day}:{year}:{name}:{big}:{pages}{check}:{n}\"",
    )
    .unwrap();
    let mut out = String::with_capacity(256);
    let mut buffer = NumberBuffer::new();
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let count = allocations(|| {
        let mut values = rule.values();
        values.set_date("filed", day).unwrap();
        values.set("name", "abcdefghijkl").unwrap().set("big", 999_999_999_999_999_999_u64).unwrap();
        values.set("pages", 42_u64).unwrap().set("n", 1_234_567_890_u64).unwrap();
        rule.format_into(&values, &mut out).unwrap();
        rule.format_bytes(&values, &mut buffer).unwrap();
        let parsed = rule.parse(&out).unwrap();
        assert_eq!(parsed.number("big"), Some(999_999_999_999_999_999));
        assert_eq!(parsed.number("year"), Some(2024));
    });
    assert_eq!(out, "2024-02-29:24:abcdefghijkl:999999999999999999:422:1234567890");
    assert_eq!(out, buffer.as_str());
    assert_eq!(count, 0);
}
