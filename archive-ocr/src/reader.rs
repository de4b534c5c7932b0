//! Reads pages: one reader, shared by all threads.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use archive_core::identifier::{DocumentType, FieldName};
use archive_core::{Error, ErrorKind};

use crate::cancellation::Cancellation;
use crate::crowd::Crowd;
use crate::detection::{Detection, detect};
use crate::engine::{Engine, OnnxEngine};
use crate::manifest::{self, ModelManifest};
use crate::page_image::PageImage;
use crate::page_work::{PageWork, legibility};
use crate::paper;
use crate::place::Place;
use crate::quality::Quality;
use crate::reading::{FieldReading, PageReading};
use crate::schema::{FieldSchema, Schemas};
use crate::text_lines::{Occurrence, ReadSegment, TextLines, edit_distance, faint_labels, find_labels};

/// How a [`Reader`] is made.
#[derive(Debug, Clone)]
pub struct ReaderConfig {
    /// The directory of the engine's library and the models.
    pub model_dir: PathBuf,
    /// How many threads read at once; 0 is one for each core.
    pub threads: usize,
    /// The pixels of the longer side at which text is looked for.
    pub detector_side: u32,
    /// The fields and papers to read.
    pub schemas: Schemas,
}

impl ReaderConfig {
    /// The defaults, with the models in `model_dir`.
    #[must_use]
    pub fn new(model_dir: impl Into<PathBuf>) -> Self {
        Self { model_dir: model_dir.into(), threads: 0, detector_side: 960, schemas: Schemas::shipped() }
    }
}

/// How one call reads.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Ends the call from outside.
    pub cancellation: Cancellation,
    /// Reads the number that the page bears at its head or foot, too.
    pub page_numbers: bool,
}

/// Reads pages. Cheap to share: wrap it in an [`Arc`], or lend it to threads.
pub struct Reader {
    engine: Box<dyn Engine>,
    crowd: Crowd,
    detector_side: u32,
    schemas: Schemas,
    fields: Vec<Arc<FieldSchema>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// What was found on a page.
#[derive(Default)]
struct Found {
    document_type: Option<DocumentType>,
    title: Option<String>,
    fields: BTreeMap<FieldName, FieldReading>,
}

impl Reader {
    /// Opens the engine and the models.
    ///
    /// # Errors
    /// - `Unavailable`: the library or a model is missing; the message says what to run.
    /// - `Corrupt`: a model is not the one that the manifest names, or of another kind.
    /// - `InvalidInput`: the directory's own manifest has a fault.
    pub fn open(config: &ReaderConfig) -> Result<Self, Error> {
        let path = config.model_dir.join(manifest::FILE_NAME);
        let manifest = match std::fs::read_to_string(&path) {
            Ok(text) => ModelManifest::parse(&path.display().to_string(), &text)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => ModelManifest::shipped(),
            Err(e) => return Err(Error::io(&path, "read the manifest", e)),
        };
        Self::with_engine(Box::new(OnnxEngine::open(&config.model_dir, &manifest)?), config)
    }

    /// A reader on an engine of one's own.
    ///
    /// # Errors
    /// `Unavailable` where the system gives no threads; `InvalidInput` for a detector side outside
    /// 64 to 8192 pixels.
    pub fn with_engine(engine: Box<dyn Engine>, config: &ReaderConfig) -> Result<Self, Error> {
        if !(64..=8192).contains(&config.detector_side) {
            let message = "must lie between 64 and 8192 pixels";
            return Err(Error::invalid(format!("detector side {}", config.detector_side), message));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(config.threads)
            .thread_name(|i| format!("archive-ocr {i}"))
            .build()
            .map_err(|e| {
                Error::new(ErrorKind::Unavailable, "threads of the reader", "the system gives none")
                    .with_source(e)
            })?;
        let schemas = config.schemas.clone();
        let fields = schemas.fields().cloned().map(Arc::new).collect();
        Ok(Self { engine, crowd: Crowd::new(pool), detector_side: config.detector_side, schemas, fields })
    }

    /// How many threads read at once.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.crowd.threads()
    }

    /// Reads the fields of a page.
    ///
    /// May be called from several threads at once; the work of all runs on the reader's threads.
    /// Call it from threads of your own: one of rayon's begins further pages while it waits, and
    /// all of them end late.
    ///
    /// # Errors
    /// What the engine fails with. A page without a field is a reading without fields.
    pub fn read(&self, page: &PageImage) -> Result<PageReading, Error> {
        self.read_with(page, &ReadOptions::default())
    }

    /// Reads the fields of a page, with a way to end the call.
    ///
    /// # Errors
    /// `Unavailable` where the call was cancelled; else as [`Reader::read`].
    pub fn read_with(&self, page: &PageImage, options: &ReadOptions) -> Result<PageReading, Error> {
        self.crowd.with_page(|| self.read_here(page, options))
    }

    fn read_here(&self, page: &PageImage, options: &ReadOptions) -> Result<PageReading, Error> {
        let begun = Instant::now();
        options.cancellation.check(page.name())?;
        let even = paper::evened(page);
        let detection = detect(self.engine.as_ref(), &even, self.detector_side)?;
        let prepare = begun.elapsed().saturating_sub(detection.model_time);
        let mut reading = match self.read_detected(page, &even, &detection, options, true)? {
            Some(reading) => reading,
            None => {
                let reading = self.read_detected(page, &even, &detection.reversed(), options, false)?;
                reading.ok_or_else(|| Error::new(ErrorKind::Internal, page.name(), "was turned twice"))?
            }
        };
        reading.timing.detect = detection.model_time;
        reading.timing.prepare += prepare;
        reading.timing.total = begun.elapsed();
        Ok(reading)
    }

    /// The reading of a page whose text was found on `even`, its paper made even; `None` where it lies
    /// the other way round.
    fn read_detected(
        &self,
        page: &PageImage,
        even: &PageImage,
        detection: &Detection,
        options: &ReadOptions,
        may_be_reversed: bool,
    ) -> Result<Option<PageReading>, Error> {
        let mut work =
            PageWork::new(self.engine.as_ref(), even, detection, &options.cancellation, &self.crowd);
        let mut segments = Vec::new();
        let mut found = Found::default();
        let rounds = work.rounds();
        for (round, wanted) in rounds.iter().enumerate() {
            segments.extend(work.recognise(wanted)?);
            if round == 0 {
                if may_be_reversed && work.is_reversed(&segments)? {
                    return Ok(None);
                }
                segments = work.recognise_with_care(segments)?;
            }
            let is_last = round + 1 == rounds.len();
            if let Some(complete) = self.find(&work, &segments, is_last)? {
                found = complete;
                break;
            }
        }
        let page_number = if options.page_numbers { work.page_number(&segments)? } else { None };
        let legibility = legibility(&segments);
        let Found { document_type, title, mut fields } = found;
        fields.values_mut().for_each(|field| field.legibility = legibility);
        Ok(Some(PageReading {
            document_type,
            title,
            fields,
            page_number,
            legibility,
            quality: Quality::of(page, detection),
            width: page.width(),
            height: page.height(),
            timing: work.timing(),
        }))
    }

    /// The fields on what was read so far; `None` where reading on may find more.
    fn find(&self, work: &PageWork, segments: &[ReadSegment], is_last: bool) -> Result<Option<Found>, Error> {
        let text = TextLines::new(segments);
        let (document, title) = work.deciding(|| self.title(segments));
        let document = document.and_then(|at| self.schemas.documents().nth(at));
        let occurrences = work.deciding(|| find_labels(&text.marks, self.labels()));
        let own = |schema: &FieldSchema| -> Vec<&Occurrence> {
            occurrences.iter().filter(|o| self.fields[o.owner].name == schema.name).collect()
        };
        let is_wanted = |f: &&Arc<FieldSchema>| document.is_none_or(|d| d.fields.contains(&f.name));
        let wanted: Vec<&Arc<FieldSchema>> = self.fields.iter().filter(is_wanted).collect();
        if !is_last && (document.is_none() || wanted.iter().any(|f| own(f).is_empty())) {
            return Ok(None);
        }
        let place = |schema: &&Arc<FieldSchema>| {
            work.place(schema, is_last, &own(schema), &occurrences, &text, segments)
        };
        let places = self.crowd.each(&wanted, place)?;
        if !is_last && places.iter().any(Option::is_none) {
            return Ok(None);
        }
        // Only now are places looked at again: what reading on would find anew is not worth it.
        let settle = |(schema, place): (&&Arc<FieldSchema>, Option<Place>)| {
            place.map_or(Ok(None), |place| work.settle(schema, place, segments))
        };
        let readings = self.crowd.each(wanted.iter().zip(places), settle)?;
        let mut fields: BTreeMap<FieldName, FieldReading> =
            readings.into_iter().flatten().map(|f| (f.schema.name.clone(), f)).collect();
        // What a paper of an unknown kind should bear is unknown too.
        if document.is_some() && fields.len() < wanted.len() {
            self.find_faint(work, &wanted, &mut fields, &occurrences, &text, segments)?;
        }
        Ok(Some(Found { document_type: document.map(|d| d.document_type.clone()), title, fields }))
    }

    /// The fields whose labels could not be read, by what is left of the label, or by the form of
    /// the value alone.
    fn find_faint(
        &self,
        work: &PageWork,
        wanted: &[&Arc<FieldSchema>],
        fields: &mut BTreeMap<FieldName, FieldReading>,
        occurrences: &[Occurrence],
        text: &TextLines,
        segments: &[ReadSegment],
    ) -> Result<(), Error> {
        let is_missing = |(_, field): &(usize, &Arc<FieldSchema>)| {
            wanted.iter().any(|w| w.name == field.name) && !fields.contains_key(&field.name)
        };
        let missing: Vec<usize> = self.fields.iter().enumerate().filter(is_missing).map(|(i, _)| i).collect();
        let faint = work.deciding(|| faint_labels(text, segments, self.labels(), &missing, occurrences));
        let mut all = [occurrences, &faint].concat();
        all.sort_by_key(|o| o.marks.start);
        for &at in &missing {
            let schema = &self.fields[at];
            let own: Vec<&Occurrence> = faint.iter().filter(|o| o.owner == at).collect();
            let place =
                if own.is_empty() { None } else { work.place(schema, true, &own, &all, text, segments)? };
            let labelled = place.map_or(Ok(None), |place| work.settle(schema, place, segments))?;
            let reading = match labelled {
                None if !schema.is_open => {
                    let known: Vec<&FieldReading> = fields.values().collect();
                    work.unlabelled(schema, &known, segments)?
                }
                found => found,
            };
            if let Some(reading) = reading {
                fields.insert(schema.name.clone(), reading);
            }
        }
        Ok(())
    }

    /// All labels, each with the number of its field.
    fn labels(&self) -> impl Iterator<Item = (usize, &str)> + Clone {
        self.fields.iter().enumerate().flat_map(|(i, f)| f.labels.iter().map(move |l| (i, l.as_str())))
    }

    /// The paper whose title stands on the page, and the title as read.
    fn title(&self, segments: &[ReadSegment]) -> (Option<usize>, Option<String>) {
        let mut best: Option<(f32, usize, String)> = None;
        for read in segments {
            let text: Vec<char> = read.lattice.greedy().0.iter().map(|g| g.character).collect();
            if !(3..=40).contains(&text.len()) {
                continue;
            }
            for (at, document) in self.schemas.documents().enumerate() {
                for title in &document.titles {
                    let title: Vec<char> = title.chars().collect();
                    let length = title.len().max(text.len()) as f32;
                    let likeness = 1.0 - edit_distance(&text, &title) as f32 / length;
                    // Between two like texts, the larger type is the title.
                    let score = likeness + 0.002 * read.segment.height().min(100.0);
                    if likeness >= 0.6 && best.as_ref().is_none_or(|b| score > b.0) {
                        best = Some((score, at, text.iter().collect()));
                    }
                }
            }
        }
        best.map_or((None, None), |(_, at, text)| (Some(at), Some(text)))
    }
}
