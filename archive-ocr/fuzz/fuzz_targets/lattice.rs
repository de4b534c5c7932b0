//! Whatever probabilities a model gives and whatever a record claims: readings have a finite score,
//! and a claim has an answer.
#![no_main]

use archive_core::identifier::FieldName;
use archive_ocr::engine::{Engine, HeatMap};
use archive_ocr::lattice::{Alphabet, Lattice};
use archive_ocr::{Error, PageImage, Plane, Reader, ReaderConfig};
use libfuzzer_sys::fuzz_target;

const CHARACTERS: &str = "合同容量:0123456789kVA千伏安年月日户号用电";

/// A model that says what the fuzzer wants.
#[derive(Debug)]
struct Hostile(Vec<u8>);

impl Engine for Hostile {
    fn detector_multiple(&self) -> u32 {
        32
    }

    fn detect(&self, page: &Plane) -> Result<HeatMap, Error> {
        let (width, height) = (page.width(), page.height());
        let heat = (0..width * height).map(|i| f32::from(self.0[i % self.0.len()]) / 255.0).collect();
        Ok(HeatMap::new(width, height, heat).expect("one value for each pixel"))
    }

    fn line_height(&self) -> u32 {
        48
    }

    fn recognise(&self, line: &Plane) -> Result<Lattice, Error> {
        let alphabet = std::sync::Arc::new(Alphabet::new(CHARACTERS.chars()));
        let count = alphabet.class_count() * (line.width() / 8).clamp(1, 64);
        // Every bit pattern of a number is tried, what is no number among them.
        let at = |i: usize| self.0[i % self.0.len()];
        let value = |i: usize| match at(i) {
            255 => f32::NAN,
            254 => f32::INFINITY,
            253 => -1.0,
            byte => f32::from(byte) / 252.0,
        };
        Lattice::prune(alphabet, &(0..count).map(value).collect::<Vec<_>>())
    }
}

fuzz_target!(|input: (Vec<u8>, &str)| {
    let (bytes, claim) = input;
    if bytes.is_empty() {
        return;
    }
    let mut config = ReaderConfig::new(".");
    (config.threads, config.detector_side) = (1, 64);
    let reader = Reader::with_engine(Box::new(Hostile(bytes)), &config).expect("a reader");
    let page = PageImage::from_plane("fuzz", 64, 64, vec![255; 64 * 64]).expect("a page");
    let reading = reader.read(&page).expect("the engine does not fail");
    for field in ["contract_capacity_kva", "sign_date", "customer_name"] {
        let field: FieldName = field.parse().expect("a constant name");
        assert!(!reading.verify(&field, claim).suspicion.is_nan());
    }
});
