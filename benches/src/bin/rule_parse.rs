//! The Rust side of `benches/bindings/measure.py`: prints the CPU nanoseconds that taking a number apart takes.

use std::hint::black_box;
use std::time::Instant;

use archive_numbering::{FieldId, Rule, shipped};

const NUMBER: &str = "Z109-KH·2024-D30-BGS-0007";
const ROUND: u32 = 200_000;
const ROUNDS: usize = 25;

fn main() {
    let rule: Rule = shipped::rule("DA-T-22-件").expect("the rule is shipped");
    let fields: Vec<FieldId> =
        rule.field_names().map(|name| rule.field(name).expect("a name of its own")).collect();
    let round = |_| {
        let begun = Instant::now();
        let mut letters = 0;
        for _ in 0..ROUND {
            let parsed = rule.parse(black_box(NUMBER)).expect("a number of the rule");
            letters += fields.iter().filter_map(|field| parsed.get(*field)).map(str::len).sum::<usize>();
        }
        black_box(letters);
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(ROUND)
    };
    // The fastest round: nobody else had the core.
    println!("{:.2}", (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min));
}
