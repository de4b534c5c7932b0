//! Which paths a package may name.
//!
//! ```
//! use archive::transfer::names::{collisions, safe};
//!
//! assert!(safe("data/2024/扫描.jpg").is_ok());
//! for bad in ["../etc/passwd", "/etc/passwd", "data/../../x", "C:\\x", "~/x", "data/x\0"] {
//!     assert!(safe(bad).is_err(), "{bad}");
//! }
//! // Two names that are one on some file systems.
//! assert_eq!(collisions(["data/Ä.txt", "data/A\u{308}.txt"]).len(), 1);
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use archive_core::Error;
use archive_core::identifier::quoted;
use unicode_normalization::UnicodeNormalization as _;

/// The most bytes of a path in a package.
const PATH_LIMIT: usize = 1024;

/// The path below the package's own directory that `name` means.
///
/// # Errors
/// `InvalidInput` where it leaves the package (`..`, an absolute path, a drive, a home directory), is
/// empty or too long, or has characters that no package may have.
pub fn safe(name: &str) -> Result<PathBuf, Error> {
    let wrong = |message: &str| Err(Error::invalid(format!("path {}", quoted(name)), message));
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if name.starts_with(['/', '\\', '~']) || drive {
        return wrong("leaves the package: it must be relative");
    }
    if name.len() > PATH_LIMIT {
        return wrong("is longer than 1024 bytes");
    }
    if name.chars().any(|c| c.is_control()) {
        return wrong("contains a control character");
    }
    let mut path = PathBuf::new();
    for part in name.split('/') {
        match part {
            // Old tools write "./data/x"; it means the same.
            "" | "." => {}
            ".." => return wrong("leaves the package by \"..\""),
            part if part.replace('\\', "/").split('/').any(|p| p == ".." || p == "\\.\\.") => {
                return wrong("leaves the package by \"..\"");
            }
            part => path.push(part),
        }
    }
    if path.as_os_str().is_empty() {
        return wrong("names no file");
    }
    Ok(path)
}

/// The form of `name` in which names are one where some file system holds them for one: NFC, lower case.
#[must_use]
pub fn folded(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}

/// Names that are different here and one on a file system that ignores case or normalisation.
pub fn collisions<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Vec<&'a str>> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        let group = groups.entry(folded(name)).or_default();
        if !group.contains(&name) {
            group.push(name);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_package_are_safe() {
        for good in ["a", "./data/a", "data/a b", "data/%7Ea", "data/扫描.jpg", "data/..a", "data//a"] {
            assert!(safe(good).is_ok(), "{good}");
        }
        let long = "a".repeat(2000);
        let bad = [
            "",
            ".",
            "/",
            "..",
            "a/..",
            "../a",
            "a/../../b",
            "/a",
            "\\a",
            "\\\\server\\share",
            "~a/b",
            "c:/a",
            "C:\\a",
            "a\nb",
            "..\\a",
            "a\\..\\..\\b",
            "\\.\\./x",
            &long,
        ];
        for bad in bad {
            assert!(safe(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_fall_together_are_found() {
        assert_eq!(collisions(["a.txt", "A.TXT", "b.txt"]), [["a.txt", "A.TXT"]]);
        assert!(collisions(["a", "a"]).is_empty(), "the same name twice is one name");
    }
}
