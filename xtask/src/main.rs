//! Project automation: `cargo xtask test` sets up what the tests need and runs every one of them.
#![forbid(unsafe_code)]

mod book;
mod browser;
mod c_library;
mod command;
mod peers;
mod test;
mod wheel;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test         set up what the tests need, then run every test: Rust, documentation, C,
               Python, browser
  test PART    the same for one part: rust, c, python or browser
  header       write the C header anew after a change of the C functions
  wheel        build the Python wheel for use, into target/wheels, and try it in a clean environment
  install-c D  build the C library and install it below the directory D
  lint         formatting, lints, documentation links and the book, as in CI
  book         build the book of all pages into target/book; a dead link fails
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["test"] => test::run(),
        ["test", "rust"] => test::rust(),
        ["test", "c"] => c_library::test(),
        ["install-c", prefix] => c_library::install(std::path::Path::new(prefix)),
        ["test", "python"] => test::python_module(),
        ["test", "browser"] => browser::test(),
        ["wheel"] => wheel::run(),
        ["header"] => test::write_header(),
        ["lint"] => test::lint(),
        ["book"] => book::run(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
