//! Fetching one wheel by `python3 -m pip download`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use archive_core::{Error, ErrorKind};

use super::packages::{Package, Wheel};

/// Fetches `wheel` into a directory of its own under `scratch`, telling `progress` how many bytes
/// have arrived. pip checks the digest too, and fetches no other wheel than the pinned one.
pub(super) fn download(
    package: &Package,
    wheel: &Wheel,
    scratch: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<PathBuf, Error> {
    let target = scratch.join(&package.name);
    // pip streams into its temporary directory first: naming it makes progress visible.
    let temporary = scratch.join(format!("{}.tmp", package.name));
    for directory in [&target, &temporary] {
        fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create a directory", e))?;
    }
    let requirements = scratch.join(format!("{}.txt", package.name));
    let pinned = format!("{}=={} --hash=sha256:{}\n", package.name, package.version, wheel.sha256);
    fs::write(&requirements, pinned).map_err(|e| Error::io(&requirements, "write", e))?;

    let python = std::env::var_os("PYTHON").filter(|v| !v.is_empty()).unwrap_or_else(|| "python3".into());
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--require-hashes"]);
    command.args(["--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]);
    if let Some(version) = &package.python {
        command.args(["--implementation=cp", "--python-version", version]);
    }
    if let Some(tag) = &wheel.tag {
        command.args(["--platform", tag]);
    }
    command.arg("--dest").arg(&target).arg("--requirement").arg(&requirements);
    command.env("TMPDIR", &temporary).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());

    let unavailable = |message: String| Error::new(ErrorKind::Unavailable, package.title(), message);
    let mut child = command.spawn().map_err(|e| {
        let message = format!("{} cannot be started: install Python 3 with pip", python.display());
        unavailable(message).with_source(e)
    })?;
    let mut stderr = child.stderr.take();
    // pip's messages are short, but a full pipe would stop it: read them beside the waiting.
    let messages = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(pipe) = &mut stderr {
            let _ = pipe.take(1 << 20).read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {
                progress(size_of_files(&temporary).max(size_of_files(&target)).min(wheel.bytes));
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(e) => return Err(unavailable("pip cannot be waited for".into()).with_source(e)),
        }
    };
    let messages = messages.join().unwrap_or_default();
    if !status.success() {
        return Err(unavailable(explain(&messages)));
    }
    progress(wheel.bytes);
    let found = fs::read_dir(&target)
        .map_err(|e| Error::io(&target, "read", e))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "whl"));
    found.ok_or_else(|| unavailable("pip fetched no wheel".into()))
}

/// One sentence from pip's messages: its last error, and what to do.
fn explain(messages: &str) -> String {
    let errors: Vec<&str> = messages.lines().map(str::trim).filter(|l| l.starts_with("ERROR:")).collect();
    let last = messages.lines().map(str::trim).rfind(|l| !l.is_empty());
    let cause =
        errors.last().copied().or(last).unwrap_or("pip said nothing").trim_start_matches("ERROR:").trim();
    let advice = if messages.contains("No module named pip") {
        "install pip (Debian: apt-get install python3-pip)"
    } else {
        "check the network or pip's index setting, then run the same command again"
    };
    format!("pip could not fetch it ({cause}); {advice}")
}

/// The bytes of all files under `directory`; what vanishes meanwhile counts nothing.
fn size_of_files(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of_files(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_messages_become_one_sentence() {
        let offline = "WARNING: Retrying\nERROR: Could not find a version\nERROR: No matching distribution found for x\n";
        assert_eq!(
            explain(offline),
            "pip could not fetch it (No matching distribution found for x); \
             check the network or pip's index setting, then run the same command again"
        );
        assert!(explain("/usr/bin/python3: No module named pip").contains("apt-get install python3-pip"));
        assert!(explain("").contains("pip said nothing"));
    }
}
