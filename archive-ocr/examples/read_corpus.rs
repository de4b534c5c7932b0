//! Reads the pages of a corpus and writes what was read and verified, for a scorer.
//!
//! usage: read_corpus MODEL_DIR CORPUS_DIR OUT_PREFIX [threads]
//! Writes OUT_PREFIX.read.jsonl and, where the corpus has a records.csv, OUT_PREFIX.verify.jsonl.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use archive_ocr::{PageImage, Reader, ReaderConfig, Timing};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, corpus, out, rest @ ..] = &arguments[..] else {
        return Err("usage: read_corpus MODEL_DIR CORPUS_DIR OUT_PREFIX [threads]".into());
    };
    let mut config = ReaderConfig::new(models);
    config.threads = rest.first().map_or(Ok(2), |t| t.parse())?;
    if let Ok(side) = std::env::var("DETECTOR_SIDE") {
        config.detector_side = side.parse()?;
    }
    let reader = Reader::open(&config)?;
    let corpus = Path::new(corpus);
    let mut images: Vec<_> = fs::read_dir(corpus)?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "jpg"))
        .collect();
    images.sort();
    let records = records(&corpus.join("records.csv"))?;
    // Threads of their own rather than rayon's: one of those begins further pages while it waits. One
    // more than the reader's, so that the next page is open when a thread is free.
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let read_some = || {
        let mut read = Vec::new();
        while let Some(path) = images.get(next.fetch_add(1, Ordering::Relaxed)) {
            let begun = Instant::now();
            let page = PageImage::open(path)?;
            let decode = begun.elapsed();
            read.push((path.clone(), reader.read(&page)?, decode, begun.elapsed()));
        }
        Ok::<_, archive_ocr::Error>(read)
    };
    let mut pages = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..=config.threads).map(|_| scope.spawn(read_some)).collect();
        for worker in workers {
            pages.extend(worker.join().expect("reading does not panic")?);
        }
        Ok::<_, archive_ocr::Error>(())
    })?;
    pages.sort_by(|a, b| a.0.cmp(&b.0));
    let wall = begun.elapsed();
    let mut readings = fs::File::create(format!("{out}.read.jsonl"))?;
    let mut verdicts = fs::File::create(format!("{out}.verify.jsonl"))?;
    let mut sums = [Duration::ZERO; 6];
    let (mut lines, mut looks) = (0, 0);
    for (path, page, decode, total) in &pages {
        let image = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let fields: serde_json::Map<_, _> = page
            .fields
            .iter()
            .map(|(name, f)| {
                let value =
                    json!({"value": f.value, "text": f.text, "confidence": f.confidence, "box": f.region,
                        "lead": f.lead.min(99.0), "fit": f.fit});
                (name.to_string(), value)
            })
            .collect();
        let line = json!({"image": image, "fields": fields, "doc_type": page.document_type, "seconds": total.as_secs_f64()});
        writeln!(readings, "{line}")?;
        for (field, claim) in records.get(image).into_iter().flatten() {
            let evidence = page.verify(&field.parse()?, claim);
            let line = json!({"image": image, "field": field, "suspicion": evidence.suspicion,
                "verdict": evidence.verdict, "read": evidence.read, "record": claim, "legibility": page.legibility});
            writeln!(verdicts, "{line}")?;
        }
        let Timing { detect, recognise, prepare, decide, .. } = page.timing;
        for (sum, part) in sums.iter_mut().zip([*decode, detect, recognise, prepare, decide, *total]) {
            *sum += part;
        }
        lines += page.timing.lines;
        looks += page.timing.second_looks;
    }
    let count = pages.len() as f64;
    let each = |d: Duration| d.as_secs_f64() * 1000.0 / count;
    let [decode, detect, recognise, prepare, decide, latency] = sums.map(each);
    let models = 100.0 * (detect + recognise) / (decode + detect + recognise + prepare + decide);
    println!(
        "{} pages in {:.2} s on {} threads: {:.2} pages/s; a page, all threads: decode {decode:.0} ms, detect {detect:.0} ms, recognise {recognise:.0} ms ({:.1} lines, {:.1} of them second looks), prepare {prepare:.0} ms, decide {decide:.0} ms: models {models:.1}%; latency {latency:.0} ms",
        pages.len(),
        wall.as_secs_f64(),
        config.threads,
        count / wall.as_secs_f64(),
        lines as f64 / count,
        looks as f64 / count,
    );
    Ok(())
}

type Rows = HashMap<String, Vec<(String, String)>>;

/// The filled cells of a table without quoted commas, by the column `image`.
fn records(path: &Path) -> Result<Rows, Box<dyn Error>> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(Rows::new()) };
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let row = |line: &str| {
        let cells = header.iter().zip(line.split(',')).map(|(h, c)| ((*h).to_owned(), c.trim().to_owned()));
        let mut cells: Vec<_> = cells.collect();
        let image = cells.remove(0).1;
        cells.retain(|(_, value)| !value.is_empty());
        (image, cells)
    };
    Ok(lines.map(row).collect())
}
