//! Which models there are, what proves them unchanged, and how each wants its input.
//!
//! ```
//! use archive_ocr::manifest::ModelManifest;
//!
//! let manifest = ModelManifest::shipped();
//! assert_eq!(manifest.recogniser.height, 48);
//! let error = ModelManifest::parse("my.toml", "version = 1").unwrap_err();
//! assert!(error.to_string().starts_with("my.toml"), "{error}");
//! ```
//!
//! A directory of models may hold a `manifest.toml` of its own, which then replaces the shipped
//! one: so a later model, or one's own, plugs in without a change of code.

use std::path::Path;

use archive_core::record::Digest;
use archive_core::{Error, data_file};
use serde::{Deserialize, Serialize};

/// The text of the shipped manifest.
pub const SHIPPED_TEXT: &str = include_str!("../models/manifest.toml");

/// The file in a directory of models that replaces the shipped manifest.
pub const FILE_NAME: &str = "manifest.toml";

/// The models of one reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelManifest {
    /// The version of this form of manifest: 1.
    pub version: u32,
    /// Finds where text stands.
    pub detector: DetectorModel,
    /// Reads one line of text.
    pub recogniser: RecogniserModel,
}

/// A model that turns a page into a map of where text stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorModel {
    /// What people call it.
    pub name: String,
    /// Its file, in the directory of models.
    pub file: String,
    /// The SHA-256 of its file.
    pub sha256: Digest,
    /// Its licence, as an SPDX expression.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// What is taken from each channel's value of 0 to 1.
    pub mean: [f32; 3],
    /// What each channel is divided by then.
    pub deviation: [f32; 3],
    /// Both sides of the input are multiples of this many pixels.
    pub multiple: u32,
}

/// A model that turns the image of a line into a lattice of characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecogniserModel {
    /// What people call it.
    pub name: String,
    /// Its file, in the directory of models.
    pub file: String,
    /// The SHA-256 of its file.
    pub sha256: Digest,
    /// Its licence, as an SPDX expression.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// What is taken from each channel's value of 0 to 1.
    pub mean: [f32; 3],
    /// What each channel is divided by then.
    pub deviation: [f32; 3],
    /// The height of a line in pixels.
    pub height: u32,
    /// How many columns of the input make one frame of the output.
    pub stride: u32,
    /// The arithmetic of looks that need not be as exact as the model can be.
    #[serde(default)]
    pub glance: Arithmetic,
}

/// The numbers that a model computes with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// Those of the model's file.
    #[default]
    Float32,
    /// Weights of eight bits, made of the file's when it is loaded: about half the time.
    Int8,
}

impl ModelManifest {
    /// The manifest of the models that are shipped for.
    ///
    /// # Panics
    /// Never: a test parses the shipped text.
    #[must_use]
    pub fn shipped() -> Self {
        Self::parse("archive-ocr/models/manifest.toml", SHIPPED_TEXT).expect("the shipped manifest is tested")
    }

    /// Reads a manifest; `name` stands in errors.
    ///
    /// # Errors
    /// `InvalidInput` naming file, line and key, or the rule that a value breaks.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let manifest: Self = data_file::parse(name, text)?;
        let refuse = |key: &str, message: &str| Err(Error::invalid(format!("{name}, key {key}"), message));
        if manifest.version != 1 {
            return refuse("version", "must be 1: this release knows no other form of manifest");
        }
        let (detector, recogniser) = (&manifest.detector, &manifest.recogniser);
        for (key, file) in [("detector.file", &detector.file), ("recogniser.file", &recogniser.file)] {
            // A path could leave the directory that the user chose.
            if file.is_empty() || Path::new(file).file_name() != Some(file.as_ref()) {
                return refuse(key, "must be a file name without a directory");
            }
        }
        for (key, values) in
            [("detector.deviation", detector.deviation), ("recogniser.deviation", recogniser.deviation)]
        {
            if !values.iter().all(|v| v.is_finite() && *v > 0.0) {
                return refuse(key, "must be three numbers above zero");
            }
        }
        for (key, value) in [
            ("detector.multiple", detector.multiple),
            ("recogniser.height", recogniser.height),
            ("recogniser.stride", recogniser.stride),
        ] {
            if !(1..=256).contains(&value) {
                return refuse(key, "must lie between 1 and 256");
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        let text = SHIPPED_TEXT.replace(from, to);
        assert_ne!(text, SHIPPED_TEXT, "the shipped manifest has {from}");
        let error = ModelManifest::parse("m.toml", &text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn the_shipped_manifest_holds() {
        assert_eq!(ModelManifest::shipped().recogniser.stride, 8);
    }

    #[test]
    fn faults_are_named() {
        check("version = 1", "version = 2", "m.toml, key version: must be 1");
        check("\"PP-OCRv6_rec_small.onnx\"", "\"../secret\"", "key recogniser.file: must be a file name");
        check("height = 48", "height = 0", "key recogniser.height");
        check("height = 48", "height = -1", "line");
        check("6f327246", "xyz", "recogniser.sha256");
        check("[0.229, 0.224, 0.225]", "[0.0, 1.0, 1.0]", "key detector.deviation");
        check("multiple = 32", "multiples = 32", "detector.multiple");
    }
}
