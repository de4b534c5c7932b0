//! Running programs, with their names in every failure.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

pub(crate) type Result<T> = std::result::Result<T, String>;

/// The top level of the checkout.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root().join(directory),
        None => root().join("target"),
    }
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The Python that tests use: `$PYTHON`, else `python3`.
pub(crate) fn python() -> Command {
    let mut command = Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
    command.current_dir(root());
    command
}

/// A program of this name, run from the top level.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs `command` to its end and prints how long it took.
///
/// # Errors
/// Where it cannot be started or fails.
pub(crate) fn step(title: &str, command: &mut Command) -> Result<()> {
    eprintln!("\n== {title}");
    let begin = Instant::now();
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|e| format!("{title}: {name} cannot be started: {e}"))?;
    if !status.success() {
        return Err(format!("{title}: {name} failed with {status}"));
    }
    eprintln!("== {title}: done in {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

/// Whether `command` starts and ends well; its output is thrown away.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
