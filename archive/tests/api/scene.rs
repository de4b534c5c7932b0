//! What the tests share: archives in scratch directories, devices that fail on demand, the command.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use archive::devices::{Devices, SimulatedDevices};
use archive::{Archive, Config, Error, ErrorKind, FilingRequest, samples, setup};
use archive_core::holding::{SlotAddress, TagEpc};
use archive_shelving::layout::AisleId;
use archive_shelving::motion::ShelfMotion;
use archive_shelving::reading::TagInventory;

/// Whether models are there. Where not: says so loudly, or fails where they are required.
pub(crate) fn models_are_there(test: &str) -> bool {
    let found = setup::cache_dir().ok().and_then(|cache| setup::installed(&cache)).is_some();
    if !found {
        assert!(
            std::env::var_os("ARCHIVE_REQUIRE_MODELS").is_none(),
            "{test}: the models are required and not there; run `archive setup`"
        );
        eprintln!("SKIPPED {test}: no models; run `archive setup`");
    }
    found
}

/// A scratch directory with an archive's settings and the sample scans.
pub(crate) struct Scene {
    scratch: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        Config::create(&scratch.path().join("holdings")).expect("the shipped settings");
        Self { scratch }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub(crate) fn holdings(&self) -> PathBuf {
        self.path("holdings")
    }

    pub(crate) fn config(&self) -> Config {
        Config::load(&self.holdings()).expect("the settings load")
    }

    pub(crate) fn open(&self) -> Archive {
        Archive::open(self.config()).expect("the archive opens")
    }

    /// An archive whose devices fail while `broken` is set.
    pub(crate) fn open_breakable(&self) -> (Archive, Arc<BreakableDevices>) {
        let config = self.config();
        let devices =
            SimulatedDevices::new(config.slots().iter().map(|s| &s.address), 100.0).expect("a room");
        let devices = Arc::new(BreakableDevices { devices, broken: AtomicBool::new(false) });
        let shared: Arc<dyn Devices> = Arc::<BreakableDevices>::clone(&devices);
        (Archive::open_with(config, shared).expect("the archive opens"), devices)
    }

    /// The sample papers under `key`.
    pub(crate) fn request(&self, key: &str) -> FilingRequest {
        samples::write(&self.path("scans"), key.parse().expect("a key")).expect("the samples are written")
    }

    /// The sample papers with the contract alone, which reads faster.
    pub(crate) fn short_request(&self, key: &str) -> FilingRequest {
        let mut request = self.request(key);
        request.documents.truncate(1);
        request
    }

    /// The request as a file for the command.
    pub(crate) fn request_file(&self, request: &FilingRequest) -> PathBuf {
        let path = self.path(&format!("{}.json", request.key));
        std::fs::write(&path, serde_json::to_vec(request).expect("JSON")).expect("the request is written");
        path
    }
}

/// A simulated room that can be cut off.
#[derive(Debug)]
pub(crate) struct BreakableDevices {
    pub(crate) devices: SimulatedDevices,
    pub(crate) broken: AtomicBool,
}

impl BreakableDevices {
    fn check(&self) -> Result<(), Error> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "shelf", "is cut off"));
        }
        Ok(())
    }
}

impl Devices for BreakableDevices {
    fn shelf(&self, slot: &SlotAddress) -> Result<Arc<dyn ShelfMotion>, Error> {
        self.check()?;
        self.devices.shelf(slot)
    }

    fn reader(&self, slot: &SlotAddress) -> Result<Arc<dyn TagInventory>, Error> {
        self.devices.reader(slot)
    }

    fn aisle(&self, slot: &SlotAddress) -> Result<AisleId, Error> {
        self.devices.aisle(slot)
    }

    fn place(&self, tag: TagEpc, slot: &SlotAddress) -> Result<(), Error> {
        self.devices.place(tag, slot)
    }
}

/// The command with `arguments`.
pub(crate) fn command<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
    command.args(arguments);
    command
}

/// Runs the command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the command starts")
}

/// Asserts that a command failed with `code` and one sentence that holds all of `words`.
#[track_caller]
pub(crate) fn assert_fails(output: &Output, code: i32, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    let complaints: Vec<&str> = stderr.lines().filter(|line| line.starts_with("archive: ")).collect();
    assert_eq!(complaints.len(), 1, "one sentence: {stderr}");
    for word in words {
        assert!(complaints[0].contains(word), "{word:?} is not in {stderr}");
    }
}

/// The text of a path in a temporary directory.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
