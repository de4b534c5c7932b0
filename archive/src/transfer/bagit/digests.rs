//! The digest functions that manifests may use.

use std::io::Read;
use std::path::Path;

use archive_core::Error;
use sha2::digest::DynDigest;

/// A digest function by the name that manifests give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

impl Algorithm {
    pub(super) const ALL: [Self; 7] =
        [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512, Self::Sm3];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sm3 => "sm3",
        }
    }

    pub(super) fn by_name(name: &str) -> Option<Self> {
        let plain: String =
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        Self::ALL.into_iter().find(|a| a.name() == plain)
    }

    fn hasher(self) -> Box<dyn DynDigest> {
        match self {
            Self::Md5 => Box::<md5::Md5>::default(),
            Self::Sha1 => Box::<sha1::Sha1>::default(),
            Self::Sha224 => Box::<sha2::Sha224>::default(),
            Self::Sha256 => Box::<sha2::Sha256>::default(),
            Self::Sha384 => Box::<sha2::Sha384>::default(),
            Self::Sha512 => Box::<sha2::Sha512>::default(),
            Self::Sm3 => Box::<sm3::Sm3>::default(),
        }
    }

    /// The digest of `content` in hexadecimal.
    pub(super) fn of(self, content: &[u8]) -> String {
        let mut hasher = self.hasher();
        hasher.update(content);
        hexadecimal(&hasher.finalize())
    }
}

/// The digests of the file at `path` by each of `algorithms`, reading it once, and its length.
pub(super) fn of_file(path: &Path, algorithms: &[Algorithm]) -> Result<(Vec<String>, u64), Error> {
    let io = |e| Error::io(path, "read", e);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let mut hashers: Vec<Box<dyn DynDigest>> = algorithms.iter().map(|a| a.hasher()).collect();
    let mut buffer = vec![0; 1 << 17];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer).map_err(io)?;
        if count == 0 {
            break;
        }
        length += count as u64;
        hashers.iter_mut().for_each(|h| h.update(&buffer[..count]));
    }
    Ok((hashers.into_iter().map(|h| hexadecimal(&h.finalize())).collect(), length))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        assert_eq!(Algorithm::Md5.of(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Algorithm::Sha1.of(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(Algorithm::Sha512.of(b"abc").starts_with("ddaf35a193617aba"));
        assert_eq!(Algorithm::by_name("SHA-256"), Some(Algorithm::Sha256));
        assert_eq!(Algorithm::by_name("crc32"), None);
    }
}
