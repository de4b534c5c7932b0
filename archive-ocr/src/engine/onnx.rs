//! Models run by ONNX Runtime, whose library is opened at run time.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use archive_core::record::Digest;
use archive_core::{Error, ErrorKind};
use ort::environment::Environment;
use ort::ep::CPU;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use sha2::{Digest as _, Sha256};

use super::network::Network;
use super::{Engine, HeatMap};
use crate::lattice::{Alphabet, Lattice};
use crate::manifest::{Arithmetic, DetectorModel, ModelManifest, RecogniserModel};
use crate::plane::Plane;

/// Runs the models of a directory; cheap to share, safe to call from several threads.
pub struct OnnxEngine {
    detector: DetectorModel,
    recogniser: RecogniserModel,
    detectors: SessionPool,
    recognisers: SessionPool,
    /// The recogniser in eight bits.
    glancers: Option<SessionPool>,
    alphabet: Arc<Alphabet>,
}

impl fmt::Debug for OnnxEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnnxEngine({}, {})", self.detector.name, self.recogniser.name)
    }
}

impl OnnxEngine {
    /// Opens the library and the models of `manifest` that lie in `directory`.
    ///
    /// # Errors
    /// - `Unavailable`: the library or a model is missing, or the library cannot be opened.
    /// - `Corrupt`: a model is not the one that the manifest names, or of another kind.
    /// - `Unsupported`: the manifest asks for eight bits, and no part of the model can work in them.
    pub fn open(directory: &Path, manifest: &ModelManifest) -> Result<Self, Error> {
        // Models first: a fault in them is found without a library, and leaves the process as it was.
        let read = |file: &str, digest| read_model(directory, file, digest);
        let (detector_bytes, recogniser_bytes) = side_by_side(
            || read(&manifest.detector.file, manifest.detector.sha256),
            || read(&manifest.recogniser.file, manifest.recogniser.sha256),
        )?;
        let environment = environment(directory)?;
        let detector_path = directory.join(&manifest.detector.file);
        let recogniser_path = directory.join(&manifest.recogniser.file);
        let detectors = || {
            let model = simplified(&detector_bytes).map_or(detector_bytes, Network::into_bytes);
            SessionPool::new(environment, detector_path, model)
        };
        let recognisers =
            || recognisers(environment, recogniser_path, recogniser_bytes, manifest.recogniser.glance);
        let (detectors, (recognisers, glancers)) = side_by_side(detectors, recognisers)?;
        let characters = glancers.as_ref().unwrap_or(&recognisers).with(|session| {
            let characters = session.metadata().ok().and_then(|m| m.custom("character"));
            characters
                .ok_or_else(|| recognisers.corrupt("holds no list of characters: it is no text recogniser"))
        })?;
        // One character a line; the space stands last and is not in the list.
        let alphabet =
            Alphabet::new(characters.lines().filter_map(|l| l.chars().next()).chain(std::iter::once(' ')));
        let engine = Self {
            detector: manifest.detector.clone(),
            recogniser: manifest.recogniser.clone(),
            detectors,
            recognisers,
            glancers,
            alphabet: Arc::new(alphabet),
        };
        engine.try_models()?;
        Ok(engine)
    }

    /// Runs both models on the smallest input, so that one of another kind is found now.
    fn try_models(&self) -> Result<(), Error> {
        let blank = |width: u32, height: u32| {
            let (width, height) = (width as usize, height as usize);
            Plane::new(width, height, vec![1.0; width * height])
        };
        if let Some(page) = blank(self.detector.multiple * 2, self.detector.multiple * 2) {
            self.detect(&page)?;
        }
        if let Some(line) = blank(self.recogniser.stride * 8, self.recogniser.height) {
            self.glance(&line)?;
        }
        Ok(())
    }

    fn lattice(&self, sessions: &SessionPool, line: &Plane) -> Result<Lattice, Error> {
        let input = channels(line, self.recogniser.mean, self.recogniser.deviation);
        sessions.run(line, &input, |shape, values| match *shape {
            [1, _, classes] if classes as usize == self.alphabet.class_count() => {
                Lattice::prune(Arc::clone(&self.alphabet), values)
            }
            _ => Err(sessions.corrupt(&format!("gave the shape {shape:?}: it is no text recogniser"))),
        })
    }
}

impl Engine for OnnxEngine {
    fn detector_multiple(&self) -> u32 {
        self.detector.multiple
    }

    fn detect(&self, page: &Plane) -> Result<HeatMap, Error> {
        let input = channels(page, self.detector.mean, self.detector.deviation);
        self.detectors.run(page, &input, |shape, values| {
            let sides = (page.width(), page.height());
            match *shape {
                [1, 1, h, w] if (w, h) == (sides.0 as i64, sides.1 as i64) => {
                    HeatMap::new(sides.0, sides.1, values.to_vec())
                }
                _ => None,
            }
            .ok_or_else(|| {
                self.detectors.corrupt(&format!("gave the shape {shape:?}: it is no text detector"))
            })
        })
    }

    fn line_height(&self) -> u32 {
        self.recogniser.height
    }

    fn recognise(&self, line: &Plane) -> Result<Lattice, Error> {
        self.lattice(&self.recognisers, line)
    }

    fn glance(&self, line: &Plane) -> Result<Lattice, Error> {
        self.lattice(self.glancers.as_ref().unwrap_or(&self.recognisers), line)
    }

    fn glances(&self) -> bool {
        self.glancers.is_some()
    }
}

/// Does both on threads of their own: a process starts as fast as the slower of its models.
fn side_by_side<A: Send, B>(
    first: impl FnOnce() -> Result<A, Error> + Send,
    second: impl FnOnce() -> Result<B, Error>,
) -> Result<(A, B), Error> {
    std::thread::scope(|scope| {
        let first = std::thread::Builder::new().spawn_scoped(scope, first).map_err(|e| {
            let message = "the system gives no thread to open the models on";
            Error::new(ErrorKind::Unavailable, "engine", message).with_source(e)
        })?;
        let second = second();
        let first = first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((first?, second?))
    })
}

/// A model with less work for the same values; `None` where its graph is not understood.
fn simplified(model: &[u8]) -> Option<Network> {
    let mut network = Network::parse(model)?;
    network.simplify();
    Some(network)
}

/// The sessions of the recogniser, and those of the recogniser in eight bits, where the manifest asks
/// for it and the processor is faster that way.
fn recognisers(
    environment: &'static Environment,
    path: PathBuf,
    model: Vec<u8>,
    glance: Arithmetic,
) -> Result<(SessionPool, Option<SessionPool>), Error> {
    let network = simplified(&model);
    let exact = network.clone().map_or(model, Network::into_bytes);
    if glance == Arithmetic::Float32 || !multiplies_eight_bits() {
        return Ok((SessionPool::new(environment, path, exact)?, None));
    }
    let quantised = network.and_then(|mut network| (network.quantise() > 0).then(|| network.into_bytes()));
    let Some(quantised) = quantised else {
        // What is no model at all says so itself.
        let recognisers = SessionPool::new(environment, path, exact)?;
        let message = "no part of the model can work in eight bits; set recogniser.glance to \"float32\" in the \
                       manifest";
        return Err(Error::new(ErrorKind::Unsupported, recognisers.path.display().to_string(), message));
    };
    let glancers = SessionPool::new(environment, path.clone(), quantised)?;
    // A session of the whole model is made when it is first needed.
    let recognisers =
        SessionPool { input: glancers.input.clone(), ..SessionPool::unopened(environment, path, exact) };
    Ok((recognisers, Some(glancers)))
}

/// Whether products of eight bits are faster here than floating-point ones, and their sums exact.
///
/// Processors of x86-64 without instructions for them (before 2019) lose sums that exceed 16 bits, or
/// take as long as with floating-point numbers.
fn multiplies_eight_bits() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni");
    #[cfg(not(target_arch = "x86_64"))]
    true
}

/// The three channels of a grey plane, each normalised.
fn channels(plane: &Plane, mean: [f32; 3], deviation: [f32; 3]) -> Vec<f32> {
    let mut input = Vec::with_capacity(3 * plane.values().len());
    for (mean, deviation) in mean.into_iter().zip(deviation) {
        let factor = deviation.recip();
        input.extend(plane.values().iter().map(|v| (v - mean) * factor));
    }
    input
}

/// Sessions of one model: as many as run at once. A session runs on the thread that calls it.
struct SessionPool {
    environment: &'static Environment,
    path: PathBuf,
    model: Vec<u8>,
    input: String,
    idle: Mutex<Vec<Session>>,
}

impl SessionPool {
    fn new(environment: &'static Environment, path: PathBuf, model: Vec<u8>) -> Result<Self, Error> {
        let mut pool = Self::unopened(environment, path, model);
        let session = pool.session()?;
        match session.inputs() {
            [input] => pool.input = input.name().to_owned(),
            inputs => {
                return Err(pool.corrupt(&format!("takes {} inputs instead of one image", inputs.len())));
            }
        }
        pool.idle = Mutex::new(vec![session]);
        Ok(pool)
    }

    /// A pool that has no session yet, and does not know the name of the model's input.
    fn unopened(environment: &'static Environment, path: PathBuf, model: Vec<u8>) -> Self {
        Self { environment, path, model, input: String::new(), idle: Mutex::default() }
    }

    fn session(&self) -> Result<Session, Error> {
        let make = || -> Result<Session, ort::Error> {
            let builder = Session::builder(self.environment)?;
            let builder = builder.with_intra_threads(1).map_err(ort::Error::<()>::from)?;
            let builder = builder.with_inter_threads(1).map_err(ort::Error::<()>::from)?;
            let builder = builder
                .with_optimization_level(GraphOptimizationLevel::Level3)
                .map_err(ort::Error::<()>::from)?;
            // Lines come in every width, and a pattern is kept for each. The arena gives its memory to the
            // next width; without it, every run asks the system for pages anew.
            let builder = builder.with_memory_pattern(false).map_err(ort::Error::<()>::from)?;
            let cpu = CPU::default().with_arena_allocator(true).build();
            let mut builder = builder.with_execution_providers([cpu]).map_err(ort::Error::<()>::from)?;
            builder.commit_from_memory(&self.model)
        };
        make().map_err(|e| self.corrupt("is no model that the engine can load").with_source(e))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Session) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = match idle {
            Some(session) => session,
            None => self.session()?,
        };
        let result = work(&mut session);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        result
    }

    fn run<T>(
        &self,
        plane: &Plane,
        input: &[f32],
        read: impl FnOnce(&[i64], &[f32]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let failed = |e: ort::Error| {
            Error::new(ErrorKind::Internal, self.path.display().to_string(), "failed to run").with_source(e)
        };
        self.with(|session| {
            let shape = [1, 3, plane.height(), plane.width()];
            let tensor = TensorRef::from_array_view((shape, input)).map_err(failed)?;
            let outputs = session.run(ort::inputs![self.input.as_str() => tensor]).map_err(failed)?;
            let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
            read(shape, values)
        })
    }

    fn corrupt(&self, message: &str) -> Error {
        let message = format!("{message}; run `archive setup` again, or correct the manifest");
        Error::new(ErrorKind::Corrupt, self.path.display().to_string(), message)
    }
}

fn read_model(directory: &Path, file: &str, expected: Digest) -> Result<Vec<u8>, Error> {
    let path = directory.join(file);
    let bytes = fs::read(&path).map_err(|e| {
        let message = "the model is missing: run `archive setup`, or name its directory in ARCHIVE_MODELS";
        Error::new(ErrorKind::Unavailable, path.display().to_string(), message).with_source(e)
    })?;
    let found = Digest(Sha256::digest(&bytes).into());
    if found != expected {
        let message = format!(
            "the model is damaged or another one (SHA-256 {found}, the manifest says {expected}): delete it and \
             run `archive setup`"
        );
        return Err(Error::new(ErrorKind::Corrupt, path.display().to_string(), message));
    }
    Ok(bytes)
}

/// The engine's library in `directory`: the newest `libonnxruntime.so.1.x.y`, or its like on other
/// systems.
///
/// # Errors
/// `Unavailable` where there is none, or the directory cannot be read.
pub fn find_library(directory: &Path) -> Result<PathBuf, Error> {
    let missing = |message: &str| {
        let message = format!("{message}: run `archive setup`, or name the directory in ARCHIVE_MODELS");
        Error::new(ErrorKind::Unavailable, directory.display().to_string(), message)
    };
    let entries = fs::read_dir(directory)
        .map_err(|e| missing("the directory of the engine and the models is missing").with_source(e))?;
    let name = |path: &PathBuf| path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
    let version =
        |path: &PathBuf| -> Vec<u32> { name(path).split('.').filter_map(|p| p.parse().ok()).collect() };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = name(path);
            name.starts_with("libonnxruntime.so")
                || (name.starts_with("libonnxruntime") && name.ends_with(".dylib"))
                || name == "onnxruntime.dll"
        })
        .max_by_key(version)
        .ok_or_else(|| missing("holds no libonnxruntime.so.1.x.y (the OCR engine)"))
}

/// Starts the engine with the library in `directory`, for a process that has one already (a Python
/// program with the onnxruntime package, say): every later reader runs on it. Without this call the first
/// reader starts the engine with the library beside its models.
///
/// # Errors
/// `Unavailable` where there is no library, or it cannot be opened. A later call may name another one.
pub fn start_engine(directory: &Path) -> Result<(), Error> {
    environment(directory).map(drop)
}

/// The one environment of the process.
///
/// ONNX Runtime allows one, and the binding keeps the first library that it opened; whatever
/// directory a later reader names, it runs on that library.
fn environment(directory: &Path) -> Result<&'static Environment, Error> {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    static OPENING: Mutex<()> = Mutex::new(());
    // A failure is not kept, so that a process may set up and try again.
    let _turn = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let library = find_library(directory)?;
    let unusable = |message: &str| {
        let message = format!("{message}: run `archive setup` again; 1.23 or newer is needed");
        Error::new(ErrorKind::Unavailable, library.display().to_string(), message)
    };
    let builder = ort::init_from(&library)
        .map_err(|e| unusable("the OCR engine's library cannot be opened").with_source(e.to_string()))?;
    let environment = builder
        .with_telemetry(false)
        .build()
        .map_err(|e| unusable("the OCR engine does not start").with_source(e))?;
    Ok(ENVIRONMENT.get_or_init(|| environment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::SHIPPED_TEXT;

    /// Text-like strokes on paper, so that no layer has nothing to do.
    fn strokes(width: usize, height: usize) -> Plane {
        let ink = |x: usize, y: usize| y % 24 < 14 && (x * 7 + x * x / 11 + y / 3 * 5) % 13 < 4;
        let values = (0..width * height).map(|at| if ink(at % width, at / width) { 0.1 } else { 0.9 });
        Plane::new(width, height, values.collect()).unwrap()
    }

    #[test]
    fn a_simplified_model_gives_the_same() {
        let Some(directory) = std::env::var_os("ARCHIVE_MODELS").filter(|v| !v.is_empty()) else {
            let required = std::env::var_os("ARCHIVE_REQUIRE_MODELS").is_some_and(|v| v == "1");
            assert!(!required, "ARCHIVE_REQUIRE_MODELS=1, but ARCHIVE_MODELS names no directory");
            return eprintln!("SKIPPED: name the directory of the models in ARCHIVE_MODELS to run this test");
        };
        let directory = PathBuf::from(directory);
        let manifest = ModelManifest::parse("shipped", SHIPPED_TEXT).unwrap();
        let environment = environment(&directory).unwrap();
        let (detector, recogniser) = (&manifest.detector, &manifest.recogniser);
        for (file, digest, plane) in [
            (&detector.file, detector.sha256, strokes(160, 224)),
            (&recogniser.file, recogniser.sha256, strokes(320, 48)),
        ] {
            let model = read_model(&directory, file, digest).unwrap();
            let simple = simplified(&model).unwrap().into_bytes();
            let input = channels(&plane, [0.5; 3], [0.5; 3]);
            let [whole, simple] = [model, simple].map(|model| {
                let pool = SessionPool::new(environment, directory.join(file), model).unwrap();
                pool.run(&plane, &input, |shape, values| Ok((shape.to_vec(), values.to_vec()))).unwrap()
            });
            assert_eq!(whole.0, simple.0, "{file}");
            let differences = whole.1.iter().zip(&simple.1).map(|(a, b)| (a - b).abs());
            let largest = differences.fold(0.0, f32::max);
            assert!(largest < 1e-3, "{file}: {largest}");
            let spread = whole.1.iter().fold(0.0, |most: f32, v| most.max(*v));
            assert!(spread > 0.01, "{file}: nothing was found, which compares nothing");
        }
    }
}
