//! Checks a rule file and prints what was proven: `cargo run --example rule_check -- FILE [--json]`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("rule_check FILE [--json]");
        return ExitCode::FAILURE;
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let report = archive_numbering::check(&path, &text);
    if arguments.next().as_deref() == Some("--json") {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        println!("{report}");
    }
    if report.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
