//! The test command: sets up, then runs Rust, documentation, C, Python and browser tests.

use crate::command::{Result, cargo, python, step, target};
use crate::{book, browser, c_library, peers, wheel};

/// Runs every test.
pub(crate) fn run() -> Result<()> {
    rust()?;
    c_library::test()?;
    python_module()?;
    browser::test()?;
    eprintln!("\n== all tests passed");
    Ok(())
}

/// Runs the Rust and documentation tests.
pub(crate) fn rust() -> Result<()> {
    peers::install_python_packages()?;
    let all_peers = peers::install_debian_packages();
    if !all_peers && peers::are_required() {
        return Err("a program to compare with is missing, and CI requires all".into());
    }
    let models = set_up_models()?;
    // The Python module is tested from Python: a Rust test of it would need Python's library.
    let mut rust = cargo();
    rust.args(["test", "--workspace", "--all-features", "--exclude", "archive-python"]);
    rust.env("ARCHIVE_REQUIRE_MODELS", "1").env("ARCHIVE_MODELS", models);
    rust.env("PYTHONPATH", peers::python_path()).env("PYTHONDONTWRITEBYTECODE", "1");
    if all_peers {
        rust.env("ARCHIVE_REQUIRE_PEERS", "1");
    }
    if std::env::var_os("CI").is_some() && std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        // CI judges a change, and judges it twice alike; elsewhere every run tries new values.
        rust.env("PROPTEST_RNG_SEED", "20240101");
    }
    step("Rust and documentation tests", &mut rust)
}

/// Fetches engine and models where they are not there yet; gives their directory.
pub(crate) fn set_up_models() -> Result<String> {
    let mut setup = cargo();
    setup.args(["run", "--quiet", "--package", "archive", "--", "setup"]);
    step("engine and models", &mut setup)?;
    let output = setup.arg("--json").output().map_err(|e| format!("engine and models: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // One JSON object with one path.
    let directory =
        text.split('"').nth(3).ok_or_else(|| format!("engine and models: no directory in {text}"))?;
    Ok(directory.to_owned())
}

/// Formatting, lints, documentation links, and the book.
pub(crate) fn lint() -> Result<()> {
    step("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    step("lints", cargo().args(clippy))?;
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--all-features"]).env("RUSTDOCFLAGS", "-D warnings");
    step("documentation links", &mut doc)?;
    book::run()
}

/// Writes the C header anew.
pub(crate) fn write_header() -> Result<()> {
    let mut test = cargo();
    test.args(["test", "--package", "archive-c", "--test", "header"]).env("UPDATE_GOLDEN", "1");
    step("C header", &mut test)
}

/// Builds the wheel, installs it into a directory of its own and runs the Python tests on it.
pub(crate) fn python_module() -> Result<()> {
    peers::install_python_packages()?;
    set_up_models()?;
    let wheel = wheel::build(&[])?;
    wheel::try_in_clean_environment(&wheel)?;
    let installed = target().join("python-wheel");
    let _ = std::fs::remove_dir_all(&installed);
    let mut install = python();
    install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]);
    install.arg(&installed).arg(&wheel);
    step("install the wheel", peers::quieten_pip(&mut install))?;

    let mut paths = vec![installed];
    paths.extend(std::env::split_paths(&peers::python_path()));
    let path = std::env::join_paths(paths).map_err(|e| format!("PYTHONPATH: {e}"))?;
    let mut stubs = python();
    let config = "--config-file=bindings/python/pyproject.toml";
    stubs.args(["-m", "mypy", "--strict", config, "bindings/python/tests"]).env("PYTHONPATH", &path);
    step("Python type stubs", &mut stubs)?;
    let mut tests = python();
    tests.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "bindings/python/tests"]);
    tests.env("ARCHIVE_REQUIRE_MODELS", "1").env("ARCHIVE_REQUIRE_PEERS", "1");
    tests.env("PYTHONDONTWRITEBYTECODE", "1");
    step("Python tests", tests.env("PYTHONPATH", &path))
}
