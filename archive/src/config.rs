//! An archive's directory and its settings, `archive.toml`.
//!
//! ```
//! use archive::Config;
//!
//! # let scratch = tempfile::tempdir().unwrap();
//! # let directory = scratch.path().join("holdings");
//! let config = Config::create(&directory)?;
//! assert!(directory.join("archive.toml").exists());
//! assert_eq!(Config::load(&directory)?.slots().len(), config.slots().len());
//! # Ok::<(), archive::Error>(())
//! ```
//!
//! The settings say which policy and comparison schema hold, and which slots there are. A new
//! directory gets the shipped settings, whose comments explain each key.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use archive_core::data_file;
use archive_core::holding::{Slot, SlotAddress};
use archive_core::policy::Policy;
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use archive_ocr::schema::Schemas;
use archive_reconcile::Schema;
use archive_shelving::plan::slot_choice::SlotPolicy;
use serde::Deserialize;
use toml::Spanned;

use crate::archive::load_fields;
use crate::numbers::NumberRules;
use crate::snapshots::open_schema;

use crate::checks::{MalwareScanner, ScannerCommand};

/// The settings that a new archive begins with.
pub const DEFAULT_SETTINGS: &str = include_str!("../settings/archive.toml");

/// The name of the settings file in an archive's directory.
pub const SETTINGS: &str = "archive.toml";

/// Whether pages are read when they are filed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// Page images are read, and verified against the record.
    #[default]
    Pages,
    /// Nothing is read: the caller says what each document is.
    Off,
}

/// A range of running numbers that one site alone draws from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRange {
    /// The range's name, such as the site's code.
    pub site: String,
    /// Its first number.
    pub first: u64,
    /// Its last number.
    pub last: u64,
}

/// Checked settings.
#[derive(Clone)]
pub struct Config {
    directory: PathBuf,
    policy: Policy,
    schema: Schema,
    slot_policy: SlotPolicy,
    slots: Vec<Slot>,
    hasten: f64,
    catalogue: String,
    content: String,
    rules: NumberRules,
    fields: Schemas,
    range: Option<NumberRange>,
    reserved: Vec<NumberRange>,
    known_ranges: Vec<NumberRange>,
    /// Whether pages are read when they are filed.
    pub reading: Reading,
    /// What looks for malware; nothing where absent.
    pub scanner: Option<Arc<dyn MalwareScanner>>,
    /// Where the engine and the models lie; the cache of [`crate::setup`] where absent.
    pub models: Option<PathBuf>,
    /// How many threads read pages; all cores where absent.
    pub threads: Option<usize>,
}

/// Tells how many slots there are instead of listing each.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("directory", &self.directory)
            .field("policy", self.policy.version())
            .field("slots", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl Config {
    /// The most slots that one archive may have.
    pub const SLOT_LIMIT: u64 = 2_000_000;

    /// Makes the directory with the shipped settings where it has none yet, then loads it.
    ///
    /// # Errors
    /// Those of writing the directory, and of [`Config::load`].
    pub fn create(directory: &Path) -> Result<Self, Error> {
        fs::create_dir_all(directory).map_err(|e| Error::io(directory, "create the archive directory", e))?;
        let path = directory.join(SETTINGS);
        if !path.exists() {
            fs::write(&path, DEFAULT_SETTINGS).map_err(|e| Error::io(&path, "write", e))?;
        }
        Self::load(directory)
    }

    /// Reads the settings of the archive in `directory`.
    ///
    /// # Errors
    /// - `NotFound` where the directory has no settings.
    /// - `InvalidInput`, naming file, line and key, where settings, policy or schema are wrong.
    pub fn load(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(SETTINGS);
        if !path.exists() {
            let message = format!("is no archive: it has no {SETTINGS}; make one with `archive init`");
            return Err(Error::new(ErrorKind::NotFound, directory.display().to_string(), message));
        }
        let text = data_file::read(&path)?;
        let name = path.display().to_string();
        let raw: RawSettings = data_file::parse(&name, &text)?;
        let policy = match &raw.policy {
            Some(file) => {
                let path = directory.join(file);
                Policy::parse(&path.display().to_string(), &data_file::read(&path)?)?
            }
            None => Policy::reference(),
        };
        let schema = open_schema(raw.schema.as_ref().map(|file| directory.join(file)).as_deref())?;
        let slot_policy = match &raw.slot_policy {
            Some(file) => {
                let path = directory.join(file);
                SlotPolicy::parse(&path.display().to_string(), &data_file::read(&path)?)?
            }
            None => SlotPolicy::reference(),
        };
        let at = |span, message: &str| data_file::error_at(&name, &text, span, message);
        let hasten = *raw.simulation.hasten.get_ref();
        if !(hasten.is_finite() && (0.01..=10_000.0).contains(&hasten)) {
            return Err(at(raw.simulation.hasten.span(), "must be a factor between 0.01 and 10000"));
        }
        let mut slots = Vec::new();
        for bank in raw.bank {
            let span = bank.span();
            let bank = bank.into_inner();
            if slots.len() as u64 + bank.slot_count() > Self::SLOT_LIMIT {
                return Err(at(span, "brings the archive above 2000000 slots"));
            }
            bank.add_slots(&mut slots).map_err(|error| at(span, error.message()))?;
        }
        if slots.is_empty() {
            return Err(Error::invalid(name, "has no slots; describe a bank of shelves"));
        }
        let inside = |files: &[PathBuf]| files.iter().map(|file| directory.join(file)).collect::<Vec<_>>();
        let named = |rule: Option<String>, usual: &str| rule.unwrap_or_else(|| usual.to_owned());
        let rules = NumberRules::load(
            &inside(&raw.rules),
            &named(raw.number_rule, NumberRules::FILE_RULE),
            &named(raw.box_rule, NumberRules::BOX_RULE),
        )?;
        let fields = load_fields(&inside(&raw.fields), &rules)?;
        let (range, reserved) = ranges(&name, &text, raw.numbers, raw.reserved)?;
        let scanner =
            raw.scanner.map(|command| Arc::new(ScannerCommand { command }) as Arc<dyn MalwareScanner>);
        let directory = directory.to_path_buf();
        let catalogue = match raw.catalogue {
            Some(url) if url.get_ref().contains("://") || url.get_ref() == "memory:" => url.into_inner(),
            Some(path) if path.get_ref().trim().is_empty() => {
                return Err(at(path.span(), "is empty: name a file or postgres://…"));
            }
            Some(path) => directory.join(path.into_inner()).display().to_string(),
            None => directory.join("catalogue.db").display().to_string(),
        };
        let content = match raw.content {
            Some(url) if url.get_ref().contains("://") => url.into_inner(),
            Some(path) if path.get_ref().trim().is_empty() => {
                return Err(at(path.span(), "is empty: name a directory or s3://bucket/prefix"));
            }
            Some(path) => directory.join(path.into_inner()).display().to_string(),
            None => directory.join("content").display().to_string(),
        };
        Ok(Self {
            directory,
            policy,
            schema,
            slot_policy,
            slots,
            hasten,
            catalogue,
            content,
            rules,
            fields,
            range,
            reserved,
            known_ranges: Vec::new(),
            reading: raw.reading,
            scanner,
            models: None,
            threads: None,
        })
    }

    /// The archive's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How papers are compared with records.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How archive numbers and box numbers are written and counted.
    #[must_use]
    pub fn rules(&self) -> &NumberRules {
        &self.rules
    }

    /// The fields and papers that are read.
    #[must_use]
    pub fn fields(&self) -> &Schemas {
        &self.fields
    }

    /// 库区: the site of this archive, where new boxes stand; that of the first bank.
    #[must_use]
    pub fn site(&self) -> Option<&str> {
        self.slots.first().map(|slot| slot.address.site())
    }

    /// What decides which slot a box gets.
    #[must_use]
    pub fn slot_policy(&self) -> &SlotPolicy {
        &self.slot_policy
    }

    /// All slots, in the order in which they are filled.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The range of numbers that this archive draws from; all that nobody reserved where absent.
    #[must_use]
    pub fn range(&self) -> Option<&NumberRange> {
        self.range.as_ref()
    }

    /// The ranges of numbers that are kept for sites which may be cut off.
    #[must_use]
    pub fn reserved(&self) -> &[NumberRange] {
        &self.reserved
    }

    /// Keeps one more range for a site, as `[[reserved]]` would, without ending this archive's own numbers
    /// below it: for a site whose organisation code has counters of its own.
    pub fn keep_for(&mut self, range: NumberRange) {
        self.known_ranges.push(range);
    }

    /// Whether `range` is kept for its site.
    pub(crate) fn keeps(&self, range: &NumberRange) -> bool {
        self.reserved.contains(range) || self.known_ranges.contains(range)
    }

    /// How many times faster than life the simulated shelf moves.
    #[must_use]
    pub fn hasten(&self) -> f64 {
        self.hasten
    }

    /// Where the catalogue lies: a path, or the URL of a server, for [`archive_store::open`]. A URL may hold a
    /// password.
    #[must_use]
    pub fn catalogue(&self) -> &str {
        &self.catalogue
    }

    /// Where the content of documents lies: a directory, or `s3://bucket/prefix`.
    #[must_use]
    pub fn content_place(&self) -> &str {
        &self.content
    }

    /// The directory of the content of documents. Where content lies in an object store, there is nothing in
    /// it: ask [`Archive::content_directory`](crate::Archive::content_directory).
    #[must_use]
    pub fn content(&self) -> PathBuf {
        match self.content.contains("://") {
            true => self.directory.join("content"),
            false => PathBuf::from(&self.content),
        }
    }
}

/// Ranges that hold numbers, bear names and do not overlap.
fn ranges(
    name: &str,
    text: &str,
    own: Option<Spanned<NumberRange>>,
    reserved: Vec<Spanned<NumberRange>>,
) -> Result<(Option<NumberRange>, Vec<NumberRange>), Error> {
    if let Some(own) = own.as_ref().filter(|_| !reserved.is_empty()) {
        let message = "an archive draws from its own range or reserves ranges for others, not both";
        return Err(data_file::error_at(name, text, own.span(), message));
    }
    let mut kept: Vec<NumberRange> = Vec::new();
    for range in own.iter().chain(&reserved) {
        let wrong = |message: &str| Err(data_file::error_at(name, text, range.span(), message));
        let span = range.get_ref();
        let plain =
            !span.site.is_empty() && span.site.len() <= 32 && span.site.chars().all(char::is_alphanumeric);
        if !plain || span.first < 2 || span.first > span.last {
            return wrong("needs a site of letters and digits and 2 ≤ first ≤ last: number 1 stays here");
        }
        if kept.iter().any(|k| k.site == span.site || (k.first <= span.last && span.first <= k.last)) {
            return wrong("overlaps another range or bears its name");
        }
        kept.push(span.clone());
    }
    Ok(match own {
        Some(own) => (Some(own.into_inner()), Vec::new()),
        None => (None, kept),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSettings {
    catalogue: Option<Spanned<String>>,
    content: Option<Spanned<String>>,
    policy: Option<PathBuf>,
    schema: Option<PathBuf>,
    slot_policy: Option<PathBuf>,
    #[serde(default)]
    rules: Vec<PathBuf>,
    number_rule: Option<String>,
    box_rule: Option<String>,
    #[serde(default)]
    fields: Vec<PathBuf>,
    #[serde(default)]
    reading: Reading,
    scanner: Option<Vec<String>>,
    numbers: Option<Spanned<NumberRange>>,
    #[serde(default)]
    reserved: Vec<Spanned<NumberRange>>,
    simulation: RawSimulation,
    #[serde(default)]
    bank: Vec<Spanned<RawBank>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSimulation {
    hasten: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBank {
    site: String,
    room: String,
    name: String,
    columns: u16,
    bays: u16,
    levels: u16,
    positions: u16,
    width_mm: u32,
}

impl RawBank {
    fn slot_count(&self) -> u64 {
        2 * [self.columns, self.bays, self.levels, self.positions].map(u64::from).iter().product::<u64>()
    }

    fn add_slots(&self, slots: &mut Vec<Slot>) -> Result<(), Error> {
        for column in 1..=self.columns {
            for side in ["A", "B"] {
                for (bay, level, position) in self.places() {
                    let Self { site, room, name, .. } = self;
                    let address: SlotAddress =
                        format!("{site}/{room}/{name}/C{column:02}/{side}/{bay:02}/{level}/{position:02}")
                            .parse()?;
                    slots.push(Slot { address, width: Millimetres(self.width_mm) });
                }
            }
        }
        Ok(())
    }

    fn places(&self) -> impl Iterator<Item = (u16, u16, u16)> + use<> {
        let (bays, levels, positions) = (self.bays, self.levels, self.positions);
        (1..=bays).flat_map(move |b| (1..=levels).flat_map(move |l| (1..=positions).map(move |p| (b, l, p))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(settings: &str) -> Result<Config, Error> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(SETTINGS), settings).unwrap();
        Config::load(directory.path())
    }

    #[track_caller]
    fn check_broken(from: &str, to: &str, key: &str, message: &str) {
        assert!(DEFAULT_SETTINGS.contains(from));
        let error = load(&DEFAULT_SETTINGS.replacen(from, to, 1)).unwrap_err();
        assert!(error.object().ends_with(key) && error.message().contains(message), "{error}");
    }

    #[test]
    fn the_shipped_settings_are_sound() {
        assert!(load(DEFAULT_SETTINGS).unwrap().slots().len() >= 100);
    }

    #[test]
    fn the_catalogue_lies_beside_its_settings_or_in_a_server() {
        let with = |line: &str| load(&format!("{line}\n{DEFAULT_SETTINGS}")).unwrap();
        assert!(with("").catalogue().ends_with("/catalogue.db"));
        assert!(with("catalogue = \"kept/here.db\"").catalogue().ends_with("/kept/here.db"));
        assert_eq!(with("catalogue = \"/kept/there.db\"").catalogue(), "/kept/there.db");
        assert_eq!(with("catalogue = \"memory:\"").catalogue(), "memory:");
        let server = with("catalogue = \"postgres://archive:sesame@db/archive\"");
        assert_eq!(server.catalogue(), "postgres://archive:sesame@db/archive");
        assert!(!format!("{server:?}").contains("sesame"));
    }

    #[test]
    fn broken_settings_name_line_and_key() {
        check_broken("[simulation]", "catalogue = \" \"\n[simulation]", "key catalogue", "is empty");
        check_broken("hasten = ", "hasten = -", "key simulation.hasten", "between");
        check_broken("width_mm = ", "width = ", "key bank.width", "unknown field");
        check_broken("site = \"HZ\"", "site = \"H/Z\"", "key bank", "is not site/room");
        check_broken("columns = 4", "columns = 65535", "key bank", "above 2000000 slots");
        check_broken("[simulation]", "policy = \"none.toml\"\n[simulation]", "none.toml", "cannot read");
        check_broken("[simulation]", "slot_policy = \"none.toml\"\n[simulation]", "none.toml", "cannot read");
    }

    #[test]
    fn a_directory_without_settings_is_no_archive() {
        let directory = tempfile::tempdir().unwrap();
        let error = Config::load(directory.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("archive init"));
    }
}
