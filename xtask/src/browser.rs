//! The pages that people look at, tested in a real browser.
//!
//! The tests lie in `xtask/browser`: they click through pages that opened from disk, the book's among them, and through
//! the console, compare screenshots with stored ones (`UPDATE_GOLDEN=1` stores them anew), and ask axe-core for faults
//! of accessibility.

use crate::command::{Result, cargo, program, root, step, succeeds, target};
use crate::{book, peers, test};

/// The oldest Node.js that the tests run on: that of the oldest Debian which they are meant for.
const NODE: u32 = 18;

/// Writes the pages and runs the browser tests on them.
pub(crate) fn test() -> Result<()> {
    if let Err(missing) = tools() {
        if peers::are_required() {
            return Err(format!("browser tests: {missing}, and CI requires it"));
        }
        eprintln!("\n== SKIPPED: the browser tests: {missing}");
        return Ok(());
    }
    let tests = root().join("xtask/browser");
    let mut packages = program("npm");
    packages.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    step("packages of the browser tests", packages.current_dir(&tests))?;

    let models = test::set_up_models()?;
    let pages = target().join("browser");
    // Demo filings of an earlier run would be findings of this one, too.
    if pages.exists() {
        std::fs::remove_dir_all(&pages)
            .map_err(|e| format!("{}: cannot be removed: {e}", pages.display()))?;
    }
    for (name, count) in [("none", "0"), ("few", "200"), ("many", "5000")] {
        let mut page = cargo();
        page.args(["run", "--quiet", "--package", "archive", "--example", "exception_page", "--"]);
        step(&format!("a page of {count} findings"), page.arg(pages.join(name)).arg(count))?;
    }
    let mut holdings = cargo();
    holdings.args(["run", "--quiet", "--package", "archive", "--example", "console_holdings", "--"]);
    step("holdings for the console", holdings.arg(pages.join("console")))?;
    let mut demo = cargo();
    demo.args(["run", "--quiet", "--package", "archive", "--", "demo", "--out"]).arg(pages.join("demo"));
    step("the page of the demo", demo.env("ARCHIVE_MODELS", models))?;

    book::run()?;

    let mut node = program("node");
    node.args(["--test", "--test-reporter=spec", "xtask/browser/"]);
    node.env("BROWSER_PAGES", &pages).env("ARCHIVE_COMMAND", target().join("debug/archive"));
    step("browser tests", &mut node)
}

/// Installs what is missing where this user may; says what is still missing.
fn tools() -> std::result::Result<(), String> {
    if !peers::install_browser() {
        return Err("chromium, nodejs and npm are not all there".into());
    }
    let condition = format!("process.exitCode = parseInt(process.versions.node) < {NODE} ? 1 : 0");
    if !succeeds(program("node").args(["-e", &condition])) {
        return Err(format!("node is older than {NODE}"));
    }
    Ok(())
}
