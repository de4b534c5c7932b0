//! The facade: one object that a business application embeds.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::RequestKey;
use archive_core::policy::Policy;
use archive_core::record::{Digest, Document};
use archive_core::{Error, ErrorKind, data_file};
use archive_ocr::schema::Schemas;
use archive_ocr::{Reader, ReaderConfig};
use archive_reconcile::Schema;
use archive_store::{Catalogue, Located, Locator, SlotFilter, SlotUse};

use crate::config::Config;
use crate::content::ContentStore;
use crate::devices::{DeviceRuntime, Devices, SimulatedDevices};
use crate::inventory::InventoryProgress;
use crate::numbers::{NumberRules, Numbers};
use crate::setup;
use crate::shelve::tag_of;
use crate::slots::ShelfPlan;

/// An open archive: catalogue, content, rules, reader and devices.
///
/// All methods take `&self` and may be called from any number of threads, also from inside an async
/// runtime (they block).
pub struct Archive {
    pub(crate) config: Config,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) content: ContentStore,
    pub(crate) numbers: Numbers,
    pub(crate) devices: Arc<dyn Devices>,
    pub(crate) runtime: DeviceRuntime,
    /// Made at the first box that needs a slot.
    pub(crate) slots: Mutex<Option<ShelfPlan>>,
    /// The inventory that is under way.
    pub(crate) progress: Mutex<Option<InventoryProgress>>,
    /// Opened at the first page: finding a file needs no models.
    reader: Mutex<Option<Arc<Reader>>>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("directory", &self.config.directory()).finish_non_exhaustive()
    }
}

impl Archive {
    /// Opens the archive that `config` describes, with simulated devices.
    ///
    /// # Errors
    /// Those of the catalogue (locked, corrupt, of a newer version) and of the directory.
    pub fn open(config: Config) -> Result<Self, Error> {
        let addresses = config.slots().iter().map(|slot| &slot.address);
        let devices = SimulatedDevices::new(addresses, config.hasten())?;
        let archive = Self::open_with(config, Arc::new(devices))?;
        archive.stand_boxes()?;
        Ok(archive)
    }

    /// Opens the archive that `config` describes, with `devices` of the caller's own.
    ///
    /// # Errors
    /// Those of [`Archive::open`].
    pub fn open_with(config: Config, devices: Arc<dyn Devices>) -> Result<Self, Error> {
        let catalogue = archive_store::open(config.catalogue())?;
        let content = ContentStore::open(config.content_place())?;
        catalogue.add_slots(config.slots().to_vec())?;
        Ok(Self {
            numbers: Numbers::new(config.rules(), config.range().cloned(), config.reserved()),
            config,
            catalogue: Arc::from(catalogue),
            content,
            devices,
            runtime: DeviceRuntime::new()?,
            slots: Mutex::new(None),
            progress: Mutex::new(None),
            reader: Mutex::new(None),
        })
    }

    /// Puts the boxes of the catalogue into the simulated room, where they stood before.
    fn stand_boxes(&self) -> Result<(), Error> {
        self.standing_tags()?.iter().try_for_each(|(tag, slot)| self.devices.place(*tag, slot))
    }

    /// The tags of the boxes that stand on shelves, and where the catalogue says that they stand.
    ///
    /// # Errors
    /// Those of reading the catalogue.
    pub fn standing_tags(&self) -> Result<Vec<(TagEpc, SlotAddress)>, Error> {
        let filter = SlotFilter { used: Some(SlotUse::Confirmed), ..SlotFilter::default() };
        let boxes = self.catalogue.slots(&filter)?.into_iter();
        boxes
            .filter_map(|s| Some((s.box_number?, s.slot.address)))
            .map(|(n, s)| Ok((tag_of(&n)?, s)))
            .collect()
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.config.policy()
    }

    /// How papers are compared with records.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.config.schema()
    }

    /// The day of the clock, in the time zone of the field's calendar (UTC+8).
    pub(crate) fn today(&self) -> chrono::NaiveDate {
        (chrono::Utc::now() + chrono::TimeDelta::hours(8)).date_naive()
    }

    /// The catalogue, for what this facade does not offer.
    #[must_use]
    pub fn catalogue(&self) -> &dyn Catalogue {
        &*self.catalogue
    }

    /// The page reader, opened at the first call.
    ///
    /// # Errors
    /// `Unavailable` where engine or models are not there; the message says how to get them.
    pub fn reader(&self) -> Result<Arc<Reader>, Error> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = &*reader {
            return Ok(Arc::clone(reader));
        }
        let opened = Arc::new(open_reader(
            self.config.models.as_deref(),
            self.config.threads,
            self.config.fields().clone(),
        )?);
        *reader = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Finds files by anything that names them: archive number, customer, document, box, slot,
    /// request or tag, tried in this order.
    ///
    /// # Errors
    /// `NotFound` where nothing in the catalogue goes by that name.
    pub fn locate(&self, name: &str) -> Result<Vec<Located>, Error> {
        for locator in locators(name) {
            match self.catalogue.locate(&locator) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => return other,
            }
        }
        let quoted = archive_core::identifier::quoted(name);
        let message = "is no archive number, customer, document, box, slot, request or tag of this catalogue";
        Err(Error::new(ErrorKind::NotFound, quoted, message))
    }

    /// The content of a document that was found, checked against its fixity.
    ///
    /// # Errors
    /// `NotFound` where its file is gone, `Corrupt` where it is not what was filed.
    pub fn content(&self, document: &Document) -> Result<Vec<u8>, Error> {
        self.content.load(&document.path, &document.digest)
    }

    /// Where the content of a document lies, for people: a path, or an object's URL.
    #[must_use]
    pub fn content_place(&self, document: &Document) -> String {
        self.content.place(&document.path)
    }

    /// A directory with the content of `relative`, as the catalogue names it: that of the archive, or a copy
    /// that is gone with what is returned where content lies in an object store. What is missing or damaged
    /// is missing there, too.
    ///
    /// # Errors
    /// `Unavailable` where the object store is out of reach or the copy cannot be written.
    pub fn content_directory<'a>(
        &self,
        relative: impl IntoIterator<Item = (&'a Path, &'a Digest)>,
    ) -> Result<ContentCopy, Error> {
        if let Some(root) = self.content.directory() {
            return Ok(ContentCopy { root: root.to_owned(), _copy: None });
        }
        let copy = tempfile::tempdir()
            .map_err(|e| Error::io(&std::env::temp_dir(), "make a directory for copies", e))?;
        for (path, digest) in relative {
            let bytes = match self.content.load(path, digest) {
                Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
                Err(_) => continue,
                Ok(bytes) => bytes,
            };
            let place = copy.path().join(path);
            let written = place.parent().map_or(Ok(()), std::fs::create_dir_all);
            written
                .and_then(|()| std::fs::write(&place, bytes))
                .map_err(|e| Error::io(&place, "copy the content", e))?;
        }
        Ok(ContentCopy { root: copy.path().to_owned(), _copy: Some(copy) })
    }

    /// The requests that wait for their box to stand in its slot.
    ///
    /// # Errors
    /// Those of reading the catalogue.
    pub fn pending(&self) -> Result<BTreeSet<RequestKey>, Error> {
        Ok(self.catalogue.pending()?.into_iter().map(|filed| filed.request).collect())
    }
}

/// A directory with content, which is removed at the end where it is a copy.
#[derive(Debug)]
pub struct ContentCopy {
    root: PathBuf,
    _copy: Option<tempfile::TempDir>,
}

impl ContentCopy {
    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }
}

/// Everything that `name` may be the name of.
fn locators(name: &str) -> impl Iterator<Item = Locator> {
    let candidates = [
        name.parse().ok().map(Locator::Reference),
        name.parse().ok().map(Locator::Customer),
        name.parse().ok().map(Locator::Document),
        name.parse().ok().map(Locator::Box),
        name.parse().ok().map(Locator::Slot),
        name.parse().ok().map(Locator::Request),
        name.parse().ok().map(Locator::Tag),
    ];
    candidates.into_iter().flatten()
}

/// A page reader over the models in `directory`, or those that `archive setup` installed, for the fields and papers
/// of `schemas`: [`load_fields`], or [`Schemas::shipped`].
///
/// # Errors
/// `Unavailable` where engine or models are not there; the message says how to get them.
pub fn open_reader(
    directory: Option<&Path>,
    threads: Option<usize>,
    schemas: Schemas,
) -> Result<Reader, Error> {
    let directory = match directory {
        Some(directory) => directory.to_path_buf(),
        None => {
            let cache = setup::cache_dir()?;
            setup::installed(&cache).ok_or_else(|| {
                let object = format!("engine and models in {}", cache.display());
                Error::new(ErrorKind::Unavailable, object, "are not installed; run `archive setup` once")
            })?
        }
    };
    let mut config = ReaderConfig { schemas, ..ReaderConfig::new(directory) };
    if let Some(threads) = threads {
        config.threads = threads;
    }
    Reader::open(&config)
}

/// The fields and papers that are shipped, and those of `files`, of which a later one replaces what an earlier one
/// said. In their patterns `<NAME>` stands for a number of the rule NAME, such as `<合同编号>`.
///
/// # Errors
/// `InvalidInput`, naming file, line and key, for a file that is none; those of reading it.
pub fn load_fields(files: &[impl AsRef<Path>], rules: &NumberRules) -> Result<Schemas, Error> {
    let mut schemas = Schemas::shipped();
    if files.is_empty() {
        return Ok(schemas);
    }
    for rule in rules.all()? {
        schemas.name_language(&rule.name().name, rule.language()?);
    }
    for path in files {
        let path = path.as_ref();
        schemas.add(&path.display().to_string(), &data_file::read(path)?)?;
    }
    Ok(schemas)
}
