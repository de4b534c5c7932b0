//! The reference pages name exactly the keys that the readers of data files accept.
//!
//! The readers' types refuse unknown keys, so their fields are the keys; each has a table of its own on a page, under a
//! heading that this list names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use syn::visit::{self, Visit};

/// A reader's source, and for each type in it that refuses unknown keys: page and heading of its table.
type Reader = (&'static str, &'static [(&'static str, &'static str)]);

const POLICY: &[Reader] = &[(
    "archive-core/src/policy/pack_text.rs",
    &[
        ("PackText", "The pack"),
        ("NumberingText", "[numbering]"),
        ("CustodyText", "[custody]"),
        ("ClassCustodyText", "[custody.residential], [custody.business]"),
        ("InterimText", "[[interim]]"),
        ("BoxingText", "[boxing]"),
        ("FilingText", "[filing]"),
        ("ClassFilingText", "[filing.residential], [filing.business]"),
        ("ScanText", "[[scan]]"),
        ("RoleText", "[[role]]"),
        ("RemindersText", "[reminders]"),
        ("LendingText", "[lending]"),
        ("DisposalText", "[disposal]"),
        ("FixityText", "[fixity]"),
        ("FactText", "[[fact]]"),
        ("DocumentText", "[[document]]"),
        ("ProcessText", "[[process]]"),
        ("StageText", "stages"),
        ("RequirementText", "[[process.requires]]"),
    ],
)];

const FIELDS: &[Reader] = &[
    (
        "archive-ocr/src/schema.rs",
        &[
            ("SchemaFile", "Papers and fields"),
            ("RawList", "[list.NAME]"),
            ("RawField", "[field.NAME]"),
            ("RawDocument", "[document.CODE]"),
        ],
    ),
    (
        "archive-reconcile/src/schema.rs",
        &[("Raw", "Comparison"), ("RowRules", "[rows]"), ("RowRule", "[rows.NAME]")],
    ),
    ("archive-reconcile/src/schema/comparison.rs", &[("Comparison", "[[field]]")]),
    ("archive-reconcile/src/schema/codes.rs", &[("Meaning", "codes")]),
    ("archive-reconcile/src/schema/rules.rs", &[("Rule", "[[rule]]"), ("ProcessColumns", "[process]")]),
    (
        "archive-reconcile/src/alerts/rules.rs",
        &[("Rules", "Early warning"), ("Rule", "[[rule]] of alerts"), ("Suppression", "[[suppress]]")],
    ),
    (
        "archive-reconcile/src/canonical/addresses.rs",
        &[("AddressData", "Names and addresses"), ("Province", "[[province]]")],
    ),
    // Its one key is among those of addresses.
    ("archive-reconcile/src/canonical/names.rs", &[("Variant", "[[variant]]")]),
];

const SETTINGS: &[Reader] = &[
    (
        "archive/src/config.rs",
        &[
            ("RawSettings", "archive.toml"),
            ("NumberRange", "[numbers], [[reserved]]"),
            ("RawSimulation", "[simulation]"),
            ("RawBank", "[[bank]]"),
        ],
    ),
    (
        "archive-shelving/src/plan/slot_choice/policy.rs",
        &[
            ("RawPolicy", "slots.toml"),
            ("RawOpening", "[opening]"),
            ("RawLoad", "[load]"),
            ("RawMixing", "[mixing]"),
            ("RawWeights", "[weights]"),
            ("RawTogether", "[together]"),
            ("RawGrowth", "[growth]"),
            ("RawSite", "[[site]]"),
        ],
    ),
];

/// Words that keys take: the page names each variant, as it is written in data.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("docs/policy.md", "archive-core/src/policy/rules.rs", &["Ability", "FilingOrder"]),
    ("docs/policy.md", "archive-core/src/holding.rs", &["CustodyMode"]),
    ("docs/policy.md", "archive-core/src/boxing.rs", &["BoxBeginning"]),
    ("docs/policy.md", "archive-core/src/record.rs", &["CustomerClass", "Carrier", "DocumentForm"]),
    ("docs/settings.md", "archive/src/config.rs", &["Reading"]),
    ("docs/settings.md", "archive-shelving/src/plan/slot_choice/policy.rs", &["Separation"]),
    ("docs/settings.md", "archive-core/src/holding.rs", &["CustodyMode"]),
    ("docs/fields.md", "archive-core/src/record.rs", &["ValueKind"]),
    ("docs/fields.md", "archive-ocr/src/value_language.rs", &["CheckRule"]),
    ("docs/fields.md", "archive-reconcile/src/schema.rs", &["Severity"]),
    ("docs/fields.md", "archive-reconcile/src/schema/comparison.rs", &["Comparator"]),
    ("docs/fields.md", "archive-reconcile/src/schema/rules.rs", &["CapacityFact"]),
    ("docs/fields.md", "archive-reconcile/src/alerts/rules.rs", &["Route"]),
];

fn read(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What a source says of keys and words.
#[derive(Default)]
struct Accepted {
    /// The fields of each type that refuses unknown ones.
    keys: BTreeMap<String, BTreeSet<String>>,
    /// The variants of each enumeration, in kebab case.
    words: BTreeMap<String, BTreeSet<String>>,
}

impl<'ast> Visit<'ast> for Accepted {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if serde_says(&item.attrs, "deny_unknown_fields").is_some() {
            let name = |field: &syn::Field| {
                let renamed = serde_says(&field.attrs, "rename").filter(|name| !name.is_empty());
                renamed.or_else(|| field.ident.as_ref().map(ToString::to_string))
            };
            self.keys.insert(item.ident.to_string(), item.fields.iter().filter_map(name).collect());
        }
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let words = item.variants.iter().map(|variant| kebab(&variant.ident.to_string()));
        self.words.insert(item.ident.to_string(), words.collect());
    }
}

/// The text that serde's attribute `name` has, empty where it has none; nothing where the attribute is not there.
fn serde_says(attributes: &[syn::Attribute], name: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        let read = attribute.parse_nested_meta(|meta| {
            let text = match meta.value() {
                Ok(value) => value.parse::<syn::LitStr>()?.value(),
                Err(_) => String::new(),
            };
            if meta.path.is_ident(name) {
                found = Some(text);
            }
            Ok(())
        });
        read.expect("serde's attributes are read");
    }
    found
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn accepted(source: &str) -> Accepted {
    let file = syn::parse_file(&read(source)).unwrap_or_else(|e| panic!("{source}: {e}"));
    let mut accepted = Accepted::default();
    accepted.visit_file(&file);
    accepted
}

/// The keys in the first table below each heading.
fn tables(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut heading, mut ended) = (String::new(), false);
    for line in page.lines() {
        if line.starts_with('#') {
            (heading, ended) = (line.trim_start_matches('#').trim().replace('`', ""), false);
        } else if let Some(row) = line.strip_prefix("| `").filter(|_| !ended) {
            let key = row.split('`').next().unwrap_or_default();
            tables.entry(heading.clone()).or_default().insert(key.to_owned());
        } else if line.is_empty() && tables.contains_key(&heading) {
            ended = true;
        }
    }
    tables
}

#[track_caller]
fn check(page: &str, readers: &[Reader]) {
    let tables = tables(&read(page));
    for (source, types) in readers {
        let accepted = accepted(source);
        for (name, heading) in *types {
            let keys = accepted.keys.get(*name).unwrap_or_else(|| panic!("{source} has no {name}"));
            assert_eq!(tables.get(*heading), Some(keys), "{page}, {heading:?}, beside {name} of {source}");
        }
        let named: BTreeSet<&str> = types.iter().map(|(name, _)| *name).chain(["NameData"]).collect();
        let missing: Vec<&String> =
            accepted.keys.keys().filter(|name| !named.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "{page} has no table for {missing:?} of {source}");
    }
}

#[test]
fn the_page_on_policy_packs_names_every_key() {
    check("docs/policy.md", POLICY);
}

#[test]
fn the_page_on_fields_names_every_key() {
    check("docs/fields.md", FIELDS);
}

#[test]
fn the_page_on_settings_names_every_key() {
    check("docs/settings.md", SETTINGS);
}

#[test]
fn the_pages_name_every_word_that_a_key_takes() {
    for (page, source, names) in WORDS {
        let (text, accepted) = (read(page), accepted(source));
        for name in *names {
            let words = accepted.words.get(*name).unwrap_or_else(|| panic!("{source} has no {name}"));
            let unnamed: Vec<&String> = words.iter().filter(|w| !text.contains(&format!("`{w}`"))).collect();
            assert!(unnamed.is_empty(), "{page} does not name {unnamed:?} of {name} in {source}");
        }
    }
}

#[test]
fn sources_and_pages_are_read_as_they_are_written() {
    let source = "#[serde(default, deny_unknown_fields)] struct A { #[serde(rename = \"rule\", default = \"d\")] rules: u8, b: u8 }
        struct Free { c: u8 } fn f() { #[serde(deny_unknown_fields)] struct Inner { d: u8 } } enum E { OneTwo }";
    let mut found = Accepted::default();
    found.visit_file(&syn::parse_file(source).expect("it is Rust"));
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(found.keys["A"], set(&["rule", "b"]));
    assert_eq!(found.keys.keys().collect::<Vec<_>>(), ["A", "Inner"]);
    assert_eq!(found.words["E"], set(&["one-two"]));
    let page = "## `[a]`\n| key |\n|---|\n| `x` | y |\n\n| `z` |\n# B\ntext\n\n| `x` |";
    assert_eq!(tables(page), BTreeMap::from([("[a]".into(), set(&["x"])), ("B".into(), set(&["x"]))]));
}
