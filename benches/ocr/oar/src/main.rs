//! Reads pages with the crate `oar-ocr` and prints each one's lines as JSON, for `compare.py`.
//!
//! usage: oar-lines DETECTOR RECOGNISER CHARACTERS THREADS IMAGE...
//! `ORT_DYLIB_PATH` names the engine's library.

use std::path::Path;
use std::time::Instant;

use oar_ocr::core::config::onnx::OrtSessionConfig;
use oar_ocr::prelude::*;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [detector, recogniser, characters, threads, images @ ..] = &arguments[..] else {
        return Err("usage: oar-lines DETECTOR RECOGNISER CHARACTERS THREADS IMAGE...".into());
    };
    let session = OrtSessionConfig { intra_threads: Some(threads.parse()?), ..OrtSessionConfig::default() };
    let ocr = OAROCRBuilder::new(detector.as_str(), recogniser.as_str(), characters).ort_session(session).build()?;
    for path in images {
        let begun = Instant::now();
        let results = ocr.predict(vec![load_image(Path::new(path))?])?;
        let lines: Vec<_> = results
            .iter()
            .flat_map(|page| &page.text_regions)
            .filter_map(|region| {
                let (text, _) = region.text_with_confidence()?;
                let place = &region.bounding_box;
                Some(json!([text, [place.x_min(), place.y_min(), place.x_max(), place.y_max()]]))
            })
            .collect();
        println!("{}", json!({"image": path, "lines": lines, "seconds": begun.elapsed().as_secs_f64()}));
    }
    Ok(())
}
