//! Form schemas: which fields a paper bears, and how each is found and read. Data, not code.
//!
//! ```
//! use archive_ocr::schema::Schemas;
//!
//! let mut schemas = Schemas::shipped();
//! // A province adds a field and a paper without a line of code.
//! schemas.add("mine.toml", r#"
//! [field.seal_no]
//! labels = ["封印号"]
//! kind = "identifier"
//! form = "[0-9]{8}"
//!
//! [document.seal_sheet]
//! titles = ["封印登记表"]
//! fields = ["seal_no", "account_no"]
//! "#)?;
//! assert_eq!(schemas.document("seal_sheet").unwrap().fields.len(), 2);
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! A later file replaces what an earlier one said of the same field or document.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use archive_core::identifier::{DocumentType, FieldName};
use archive_core::language::Language;
use archive_core::record::ValueKind;
use archive_core::writing::fold;
use archive_core::{Error, data_file};
use serde::Deserialize;
use toml::Spanned;

use crate::confidence::Calibration;
use crate::pattern;
use crate::value_language::{CheckRule, default_language, writings};

const SHIPPED: [(&str, &str); 3] = [
    ("archive-ocr/schemas/places.toml", include_str!("../schemas/places.toml")),
    ("archive-ocr/schemas/fields.toml", include_str!("../schemas/fields.toml")),
    ("archive-ocr/schemas/documents.toml", include_str!("../schemas/documents.toml")),
];

/// The most labels, titles or words that one entry may list.
const LIST_LIMIT: usize = 20_000;

/// One field: how it is found and read.
#[derive(Debug, Clone)]
pub struct FieldSchema {
    /// Its name.
    pub name: FieldName,
    /// What stands before its value, with synonyms.
    pub labels: Vec<String>,
    /// What its value means.
    pub kind: ValueKind,
    /// Everything that its value may be written as.
    pub language: Language,
    /// The part of the language that is expected: dictionary words, numbers whose check character
    /// holds. What lies outside needs better evidence.
    pub expected: Option<Language>,
    /// Canonical values that most papers bear; empty where none are more usual.
    pub usual: Vec<String>,
    /// Whether any text may be such a value, so that its end must be found by other means.
    pub is_open: bool,
    /// What ends a value within a sentence.
    pub stops: Vec<String>,
    /// Characters that papers print within a value and systems leave out.
    pub separators: String,
    /// How sure a reading is by its scores.
    pub calibration: Calibration,
}

impl FieldSchema {
    /// The canonical form of a value as printed or claimed, without separators.
    #[must_use]
    pub fn normalise(&self, text: &str) -> Option<String> {
        if self.separators.is_empty() {
            return self.kind.normalise(text);
        }
        let bare: String = fold(text).chars().filter(|c| !self.separators.contains(*c)).collect();
        self.kind.normalise(&bare)
    }

    /// All the ways in which a paper may print `value`, with a separator at each place, too.
    pub(crate) fn writings(&self, value: &str) -> Vec<String> {
        let mut all = writings(self.kind, &self.normalise(value).unwrap_or_else(|| value.to_owned()));
        for plain in all.clone().iter().filter(|w| w.len() <= SEPARATED) {
            for (at, _) in plain.char_indices().skip(1) {
                all.extend(self.separators.chars().map(|s| format!("{}{s}{}", &plain[..at], &plain[at..])));
            }
        }
        all
    }
}

/// A longer value, in bytes, is not tried with separators.
const SEPARATED: usize = 40;

/// One kind of paper.
#[derive(Debug, Clone)]
pub struct DocumentSchema {
    /// Its code.
    pub document_type: DocumentType,
    /// Its titles, with variants.
    pub titles: Vec<String>,
    /// The fields that it bears.
    pub fields: Vec<FieldName>,
    /// Those that it must bear.
    pub required: Vec<FieldName>,
}

/// All fields and kinds of paper that a reader knows.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    fields: BTreeMap<FieldName, FieldSchema>,
    documents: BTreeMap<DocumentType, DocumentSchema>,
    lists: BTreeMap<String, Language>,
}

impl Schemas {
    /// The fields and papers that are shipped.
    ///
    /// # Panics
    /// Never: a test reads the shipped files.
    #[must_use]
    pub fn shipped() -> Self {
        static COMPILED: OnceLock<Schemas> = OnceLock::new();
        let compile = || {
            let mut schemas = Self::default();
            for (name, text) in SHIPPED {
                schemas.add(name, text).expect("the shipped schemas are tested");
            }
            schemas
        };
        COMPILED.get_or_init(compile).clone()
    }

    /// Adds the fields and papers of a TOML text; `name` stands in errors. Where it fails, nothing
    /// is added.
    ///
    /// # Errors
    /// `InvalidInput` naming file, line and key.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let file: SchemaFile = data_file::parse(name, text)?;
        let mut next = self.clone();
        for (list, raw) in file.list {
            let span = raw.words.span();
            let words = Language::words(folded(name, text, raw.words)?)
                .map_err(|e| data_file::error_at(name, text, span, &e.to_string()))?;
            next.lists.insert(list, words);
        }
        for (field, raw) in file.field {
            let schema = compile_field(name, text, field, raw, &next.lists)?;
            next.fields.insert(schema.name.clone(), schema);
        }
        for (document_type, raw) in file.document {
            let known = |listed: Vec<Spanned<FieldName>>| -> Result<Vec<FieldName>, Error> {
                let check = |field: Spanned<FieldName>| {
                    if next.fields.contains_key(field.get_ref()) {
                        return Ok(field.into_inner());
                    }
                    let message = format!("no schema says how to read the field {}", field.get_ref());
                    Err(data_file::error_at(name, text, field.span(), &message))
                };
                listed.into_iter().map(check).collect()
            };
            let titles = folded(name, text, raw.titles)?;
            let schema = DocumentSchema {
                document_type: document_type.clone(),
                titles,
                fields: known(raw.fields)?,
                required: known(raw.required)?,
            };
            next.documents.insert(document_type, schema);
        }
        *self = next;
        Ok(())
    }

    /// Lets the patterns of files that are added later say `<name>` for a text of `language`: a number rule, say.
    /// The first language of a name stays.
    pub fn name_language(&mut self, name: &str, language: Language) {
        self.lists.entry(name.to_owned()).or_insert(language);
    }

    /// The schema of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldSchema> {
        self.fields().find(|f| f.name.as_str() == name)
    }

    /// The schema of a kind of paper.
    #[must_use]
    pub fn document(&self, document_type: &str) -> Option<&DocumentSchema> {
        self.documents().find(|d| d.document_type.as_str() == document_type)
    }

    /// All fields, by name.
    pub fn fields(&self) -> impl Iterator<Item = &FieldSchema> {
        self.fields.values()
    }

    /// All kinds of paper, by code.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentSchema> {
        self.documents.values()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    #[serde(default)]
    list: BTreeMap<String, RawList>,
    #[serde(default)]
    field: BTreeMap<FieldName, RawField>,
    #[serde(default)]
    document: BTreeMap<DocumentType, RawDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    words: Spanned<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    labels: Spanned<Vec<String>>,
    kind: ValueKind,
    form: Option<Spanned<String>>,
    #[serde(default)]
    check: Vec<CheckRule>,
    words: Option<Spanned<Vec<String>>>,
    expected: Option<Spanned<String>>,
    #[serde(default)]
    usual: Vec<Spanned<String>>,
    #[serde(default)]
    stops: Vec<String>,
    #[serde(default)]
    separators: String,
    calibration: Option<Spanned<Calibration>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDocument {
    titles: Spanned<Vec<String>>,
    fields: Vec<Spanned<FieldName>>,
    #[serde(default)]
    required: Vec<Spanned<FieldName>>,
}

/// The texts of a list as a reader sees them; an empty list or text finds nothing, or everything.
fn folded(name: &str, text: &str, list: Spanned<Vec<String>>) -> Result<Vec<String>, Error> {
    let span = list.span();
    let fault = |message: &str| Err(data_file::error_at(name, text, span.clone(), message));
    let list: Vec<String> = list.into_inner().iter().map(|t| fold(t)).collect();
    if list.is_empty() || list.iter().any(String::is_empty) {
        return fault("must list at least one text, and no empty one");
    }
    if list.len() > LIST_LIMIT || list.iter().any(|t| t.chars().count() > 200) {
        return fault("must list at most 20000 texts of at most 200 characters each");
    }
    Ok(list)
}

fn compile_field(
    name: &str,
    text: &str,
    field: FieldName,
    raw: RawField,
    lists: &BTreeMap<String, Language>,
) -> Result<FieldSchema, Error> {
    let at = |span: std::ops::Range<usize>, e: &Error| data_file::error_at(name, text, span, &e.to_string());
    let mut language = match &raw.form {
        Some(form) => pattern::compile_with(form.get_ref(), lists).map_err(|e| at(form.span(), &e))?,
        None => default_language(raw.kind)?,
    };
    if let Some(form) = raw.form.filter(|_| language.is_empty() || language.matches("")) {
        return Err(data_file::error_at(name, text, form.span(), "must have a text, and not the empty one"));
    }
    let mut expected = None;
    if !raw.check.is_empty() {
        let rules = raw.check.iter().map(|rule| rule.language()).collect::<Result<Vec<_>, _>>()?;
        expected = Some(Language::any_of(&rules)?.intersection(&language)?);
    }
    if let Some(pattern) = raw.expected {
        let compiled = pattern::compile_with(pattern.get_ref(), lists).map_err(|e| at(pattern.span(), &e))?;
        expected = Some(compiled);
    }
    let is_open = raw.kind == ValueKind::Text && raw.words.is_none();
    if let Some(words) = raw.words {
        let span = words.span();
        let words = Language::words(folded(name, text, words)?).map_err(|e| at(span, &e))?;
        language = language.union(&words)?;
        expected = Some(words);
    }
    let mut usual = Vec::new();
    for value in raw.usual {
        match raw.kind.normalise(value.get_ref()) {
            Some(canonical) => usual.push(canonical),
            None => {
                let message = format!("{:?} is no value of the kind", value.get_ref());
                return Err(data_file::error_at(name, text, value.span(), &message));
            }
        }
    }
    let calibration = match raw.calibration {
        Some(weights) if !weights.get_ref().is_sound() => {
            let message = "must weigh lead above 0 to 10, fit 0 to 10, offset -20 to 20";
            return Err(data_file::error_at(name, text, weights.span(), message));
        }
        weights => weights.map(Spanned::into_inner).unwrap_or_default(),
    };
    Ok(FieldSchema {
        name: field,
        labels: folded(name, text, raw.labels)?,
        kind: raw.kind,
        language,
        expected,
        usual,
        is_open,
        stops: raw.stops.iter().map(|t| fold(t)).filter(|t| !t.is_empty()).collect(),
        separators: raw.separators,
        calibration,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_schemas_hold() {
        let schemas = Schemas::shipped();
        assert_eq!(schemas.fields().count(), 15);
        let id = schemas.field("id_no").unwrap();
        assert!(id.language.matches("911302021234567890"));
        assert!(id.expected.as_ref().unwrap().matches("11010519491231002X"));
        assert!(!id.expected.as_ref().unwrap().matches("110105194912310021"));
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut schemas = Schemas::shipped();
        let error = schemas.add("mine.toml", text).unwrap_err();
        assert_eq!(error.kind(), archive_core::ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(schemas.fields().count(), 15, "nothing is added by a file that fails");
    }

    #[test]
    fn faults_name_file_line_and_key() {
        check("[field.a]\nlabels = []\nkind = \"text\"", "mine.toml line 2, key field.a.labels");
        check("[field.a]\nlabels = [\"\"]\nkind = \"text\"", "mine.toml line 2");
        check("[field.a]\nlabels = [\"x\"]\nkind = \"colour\"", "mine.toml line 3, key field.a.kind");
        check(
            "[field.a]\nlabels = [\"x\"]\nkind = \"text\"\nform = \"(\"",
            "mine.toml line 4, key field.a.form",
        );
        check("[field.a]\nlabels = [\"x\"]\nkind = \"text\"\nform = \"a*\"", "mine.toml line 4");
        check("[field.a]\nlabels = [\"x\"]\nkind = \"date\"\nusual = [\"soon\"]", "mine.toml line 4");
        check(
            "[document.d]\ntitles = [\"t\"]\nfields = [\"nobody\"]",
            "mine.toml line 3, key document.d.fields",
        );
        check("[field.a]\nlabels = [\"x\"]\nkind = \"text\"\ncheck = [\"luck\"]", "mine.toml line 4");
        check(
            "[field.a]\nlabels = [\"x\"]\nkind = \"date\"\ncalibration = { lead = 0 }",
            "mine.toml line 4, key field.a.calibration: must weigh lead above 0",
        );
        check("[field.a]\nlabels = [\"x\"]\nkind = \"date\"\ncalibration = { gain = 1 }", "mine.toml line 4");
        check("field = 3", "mine.toml line 1");
    }
}
