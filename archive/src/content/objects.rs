//! Content in an object store that speaks S3: one object for each, under the same names as in a directory.
//!
//! Keys, region and end point come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`), as other programs take them, and so stay out of settings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use archive_core::identifier::quoted;
use archive_core::{Error, ErrorKind};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig};

use super::SIZE_LIMIT;
use crate::devices::DeviceRuntime;

/// The objects that hold all content.
pub(crate) struct ObjectContent {
    store: Arc<dyn ObjectStore>,
    prefix: Name,
    /// The URL without a slash at its end, for people.
    place: String,
    runtime: DeviceRuntime,
}

impl std::fmt::Debug for ObjectContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectContent").field("place", &self.place).finish_non_exhaustive()
    }
}

impl ObjectContent {
    /// The content in the bucket of `s3://bucket/prefix`.
    pub(super) fn open(place: &str) -> Result<Self, Error> {
        let wrong = |message: &str| Error::invalid(format!("content {}", quoted(place)), message.to_owned());
        let rest =
            place.strip_prefix("s3://").ok_or_else(|| wrong("is not s3://bucket/prefix or a directory"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || bucket.contains(['@', '?', '#']) {
            return Err(wrong("names no bucket, or more than bucket and prefix"));
        }
        let prefix = Name::parse(prefix.trim_end_matches('/'))
            .map_err(|e| wrong("has a prefix that no object can have").with_source(e))?;
        // One provider of cryptography for the program; where another part chose one, that stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let retry =
            RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_retry(retry)
            .build()
            .map_err(|e| wrong("cannot be reached with what the environment says").with_source(e))?;
        Self::over(Arc::new(store), prefix, place)
    }

    /// The content under `prefix` of any store.
    pub(super) fn over(store: Arc<dyn ObjectStore>, prefix: Name, place: &str) -> Result<Self, Error> {
        let place = place.trim_end_matches('/').to_owned();
        Ok(Self { store, prefix, place, runtime: DeviceRuntime::new()? })
    }

    pub(super) fn place(&self, relative: &Path) -> String {
        format!("{}/{}", self.place, relative.display())
    }

    /// The object at `relative`. A path that leaves the prefix names none.
    fn name(&self, relative: &Path) -> Result<Name, Error> {
        let mut name = self.prefix.clone();
        for part in relative.components() {
            match part {
                std::path::Component::Normal(part) if part.to_str().is_some() => {
                    name = name.join(part.to_str().unwrap_or_default());
                }
                _ => {
                    return Err(Error::invalid(
                        self.place(relative),
                        "is no path below the content's prefix",
                    ));
                }
            }
        }
        Ok(name)
    }

    fn fault(&self, relative: &Path, action: &str, error: object_store::Error) -> Error {
        use object_store::Error as E;
        let (kind, message) = match &error {
            E::NotFound { .. } => (ErrorKind::NotFound, format!("cannot {action}: it is not there")),
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
                (ErrorKind::Denied, format!("cannot {action}: the store refuses the keys of the environment"))
            }
            _ => (ErrorKind::Unavailable, format!("cannot {action}: see to the object store, then retry")),
        };
        Error::new(kind, self.place(relative), message).with_source(error)
    }

    pub(super) fn size(&self, relative: &Path) -> Result<Option<u64>, Error> {
        let (store, name) = (Arc::clone(&self.store), self.name(relative)?);
        match self.runtime.run(async move { store.head(&name).await })? {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.fault(relative, "look for the content", error)),
        }
    }

    pub(super) fn write(&self, relative: &Path, bytes: &[u8]) -> Result<(), Error> {
        let (store, name) = (Arc::clone(&self.store), self.name(relative)?);
        let payload = bytes.to_vec();
        let written = self.runtime.run(async move { store.put(&name, payload.into()).await })?;
        written.map(drop).map_err(|e| self.fault(relative, "write the document", e))
    }

    pub(super) fn read(&self, relative: &Path) -> Result<Vec<u8>, Error> {
        let (store, name) = (Arc::clone(&self.store), self.name(relative)?);
        let read = self.runtime.run(async move {
            let found = store.get(&name).await?;
            // What is larger than any document is not brought into memory.
            if found.meta.size > SIZE_LIMIT {
                return Ok(Err(found.meta.size));
            }
            found.bytes().await.map(Ok)
        })?;
        let wrong = |message: String| Err(Error::invalid(self.place(relative), message));
        match read.map_err(|e| self.fault(relative, "read the document", e))? {
            Ok(bytes) if bytes.is_empty() => wrong("is empty; restore it from a copy".into()),
            Ok(bytes) => Ok(bytes.into()),
            Err(size) => wrong(format!("has {size} bytes, more than {SIZE_LIMIT}")),
        }
    }

    pub(super) fn remove(&self, relative: &Path) -> Result<bool, Error> {
        // Stores answer the same whether there was something or not.
        let was_there = self.size(relative)?.is_some();
        let (store, name) = (Arc::clone(&self.store), self.name(relative)?);
        match self.runtime.run(async move { store.delete(&name).await })? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(was_there),
            Err(error) => Err(self.fault(relative, "remove the content", error)),
        }
    }

    pub(super) fn set_aside(&self, relative: &Path, aside: &Path) -> Result<(), Error> {
        let (store, from, to) = (Arc::clone(&self.store), self.name(relative)?, self.name(aside)?);
        match self.runtime.run(async move { store.rename(&from, &to).await })? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.fault(relative, "set the damaged object aside", error)),
        }
    }

    /// All objects under the prefix.
    pub(super) fn all(&self) -> Result<BTreeSet<PathBuf>, Error> {
        let (store, prefix) = (Arc::clone(&self.store), self.prefix.clone());
        let listed = self.runtime.run(async move {
            let mut token = store.list(Some(&prefix));
            let mut found = Vec::new();
            while let Some(meta) = futures_util::StreamExt::next(&mut token).await {
                found.push(meta?.location);
            }
            Ok::<_, object_store::Error>((prefix, found))
        })?;
        let (prefix, found) = listed.map_err(|e| self.fault(Path::new(""), "list the content", e))?;
        let below = |name: &Name| {
            let parts: Option<PathBuf> =
                name.prefix_match(&prefix).map(|parts| parts.map(|part| part.as_ref().to_owned()).collect());
            parts
        };
        Ok(found.iter().filter_map(below).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{ContentStore, digest};

    /// What every store must do, whoever keeps it. `damage` overwrites an object past the store's back.
    fn conforms(store: &ContentStore, damage: &dyn Fn(&Path, &[u8])) {
        let key = digest(b"scan");
        assert!(!store.has(&key, "jpg").unwrap());
        let path = store.keep(&key, "jpg", b"scan").unwrap();
        assert_eq!(path, ContentStore::relative_path(&key, "jpg"));
        assert!(store.has(&key, "jpg").unwrap());
        assert_eq!(store.keep(&key, "jpg", b"scan").unwrap(), path);
        assert_eq!(store.load(&path, &key).unwrap(), b"scan");
        assert_eq!(store.stray(&BTreeSet::from([path.clone()])).unwrap(), Vec::<PathBuf>::new());
        // Fixity: what was changed behind the store's back is seen on each reading, and put right.
        damage(&path, b"scam");
        let error = store.load(&path, &key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(&key.to_string()), "{error}");
        store.replace(&path, b"scan").unwrap();
        assert_eq!(store.load(&path, &key).unwrap(), b"scan");
        let aside = store.stray(&BTreeSet::from([path.clone()])).unwrap();
        assert_eq!(aside, [path.with_extension("jpg.damaged")]);
        // A write that was cut short left another length.
        damage(&path, b"sc");
        store.keep(&key, "jpg", b"scan").unwrap();
        assert_eq!(store.load(&path, &key).unwrap(), b"scan");
        damage(&path, b"");
        assert_eq!(store.load(&path, &key).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(store.remove(&path).unwrap());
        assert!(!store.remove(&path).unwrap());
        assert_eq!(store.load(&path, &key).unwrap_err().kind(), ErrorKind::NotFound);
        for hostile in ["../x", "/etc/passwd", "a/../../x"] {
            assert!(store.load(Path::new(hostile), &key).is_err(), "{hostile}");
        }
        let large: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
        let key = digest(&large);
        let path = store.keep(&key, "tif", &large).unwrap();
        assert_eq!(store.load(&path, &key).unwrap(), large);
    }

    fn over(store: Arc<dyn ObjectStore>, prefix: &str) -> (ContentStore, impl Fn(&Path, &[u8])) {
        let other = ObjectContent::over(Arc::clone(&store), Name::from(prefix), "test://x").unwrap();
        let content = ObjectContent::over(store, Name::from(prefix), "test://x/").unwrap();
        (ContentStore::Objects(content), move |path: &Path, bytes: &[u8]| other.write(path, bytes).unwrap())
    }

    #[test]
    fn objects_in_memory_and_in_files_conform() {
        for prefix in ["", "holdings/2024"] {
            let (content, damage) = over(Arc::new(object_store::memory::InMemory::new()), prefix);
            conforms(&content, &damage);
            let folder = tempfile::tempdir().unwrap();
            let local = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap();
            let (content, damage) = over(Arc::new(local), prefix);
            conforms(&content, &damage);
        }
    }

    #[test]
    fn a_place_that_is_none_is_refused() {
        for (place, part) in [
            ("http://bucket", "is not s3://"),
            ("s3://", "names no bucket"),
            ("s3:///prefix", "names no bucket"),
            ("s3://key:secret@bucket", "more than bucket"),
            ("s3://bucket/a//b", "no object can have"),
        ] {
            let error = ContentStore::open(place).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains(part), "{part:?} in {error}");
        }
    }
}
