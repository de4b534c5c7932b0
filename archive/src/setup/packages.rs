//! The pinned packages, as data.

use std::collections::BTreeMap;

use archive_core::data_file;
use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use serde::Deserialize;

/// The list of packages that is shipped, with versions, digests and sizes.
pub const PACKAGES: &str = include_str!("../../setup/packages.toml");

/// The list of the font that is fetched where the system has none.
const FONT: &str = include_str!("../../setup/font.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageList {
    pub(super) set: String,
    #[serde(rename = "package")]
    pub(super) packages: Vec<Package>,
}

/// A wheel on the package index and what is taken out of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// The Python version whose wheel is taken, where it has one for each.
    pub(super) python: Option<String>,
    #[serde(rename = "wheel")]
    wheels: Vec<Wheel>,
    /// Paths in the wheel, and the names under which they are kept.
    pub(super) members: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wheel {
    platform: String,
    /// The wheel's platform tag, where it has native code.
    pub(super) tag: Option<String>,
    pub(super) sha256: Digest,
    pub(super) bytes: u64,
}

/// This platform's name in the list.
pub(super) fn platform() -> &'static str {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        "linux-x86_64"
    } else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
        "linux-aarch64"
    } else {
        "other"
    }
}

impl PackageList {
    pub(super) fn shipped() -> Self {
        data_file::parse("packages.toml", PACKAGES).expect("the shipped list is checked by a test")
    }
}

impl PackageList {
    pub(super) fn font() -> Self {
        data_file::parse("font.toml", FONT).expect("the shipped list is checked by a test")
    }
}

impl Package {
    /// Name and version, for people.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The wheel for `platform`.
    pub(super) fn wheel_for(&self, platform: &str) -> Result<&Wheel, Error> {
        self.wheels.iter().find(|w| w.platform == "any" || w.platform == platform).ok_or_else(|| {
            let message = format!(
                "is not pinned for this platform; put {} into a directory and name it in ARCHIVE_MODELS",
                self.members.values().cloned().collect::<Vec<_>>().join(", "),
            );
            Error::new(ErrorKind::Unsupported, self.title(), message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_sound() {
        let lists = [PackageList::shipped(), PackageList::font()];
        for package in lists.iter().flat_map(|list| &list.packages) {
            for known in ["linux-x86_64", "linux-aarch64"] {
                assert!(package.wheel_for(known).is_ok(), "{} has no wheel for {known}", package.title());
            }
            // Members are written into the cache under these names.
            assert!(
                package.members.values().all(|name| !name.contains(['/', '\\']) && !name.starts_with('.'))
            );
        }
    }

    #[test]
    fn another_platform_is_told_what_to_do() {
        let error = PackageList::shipped().packages[0].wheel_for("other").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("ARCHIVE_MODELS"), "{error}");
    }
}
