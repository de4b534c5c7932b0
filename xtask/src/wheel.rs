//! The wheel of the Python bindings: built, weighed, and tried as a user has it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{Result, program, python, step, succeeds, target};
use crate::peers;

/// The most bytes that the wheel may have; the models are not in it.
const SIZE_LIMIT: u64 = 30_000_000;

/// Builds the wheel for use, checks its size, and tries it in an environment that has pip alone.
pub(crate) fn run() -> Result<()> {
    peers::install_python_packages()?;
    let wheel = build(&["--release", "--strip"])?;
    let size = fs::metadata(&wheel).map_err(|e| format!("{}: cannot be read: {e}", wheel.display()))?.len();
    if size > SIZE_LIMIT {
        return Err(format!("{}: has {size} bytes, more than {SIZE_LIMIT}", wheel.display()));
    }
    try_in_clean_environment(&wheel)?;
    eprintln!("\n== {}: {:.1} MB", wheel.display(), size as f64 / 1e6);
    Ok(())
}

/// Builds the wheel with these options of maturin; gives its path.
pub(crate) fn build(options: &[&str]) -> Result<PathBuf> {
    let wheels = target().join("wheels");
    let _ = fs::remove_dir_all(&wheels);
    let mut build = program(peers::python_site().join("bin/maturin"));
    build.args(["build", "--manifest-path", "bindings/python/Cargo.toml"]).args(options);
    build.arg("--out").arg(&wheels);
    step("Python wheel", build.env("PYTHONPATH", peers::python_path()))?;
    fs::read_dir(&wheels)
        .map_err(|e| format!("{}: cannot be read: {e}", wheels.display()))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .ok_or_else(|| format!("{}: maturin made no wheel", wheels.display()))
}

/// Installs the wheel by pip alone into an environment where nothing else is, and runs the demo there.
pub(crate) fn try_in_clean_environment(wheel: &Path) -> Result<()> {
    if !succeeds(python().args(["-c", "import ensurepip, venv"])) {
        if peers::are_required() {
            return Err("Python has no venv module, and CI requires it".into());
        }
        eprintln!("== SKIPPED: the wheel in a clean environment: this Python has no venv module");
        return Ok(());
    }
    let environment = target().join("clean-environment");
    let _ = fs::remove_dir_all(&environment);
    step("clean environment", python().args(["-m", "venv"]).arg(&environment))?;
    let inside = |arguments: &[&str]| {
        let mut command = program(environment.join("bin/python"));
        command.args(arguments).env_remove("PYTHONPATH");
        command
    };
    let mut install = inside(&["-m", "pip", "install", "--quiet"]);
    step("install the wheel by pip", peers::quieten_pip(install.arg(wheel)))?;
    let mut demo = inside(&["-m", "marketing_archive", "demo", "--out"]);
    step("demo in the clean environment", demo.arg(environment.join("demo")))
}
