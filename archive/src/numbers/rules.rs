//! The number rules of one archive: those that are shipped, and those of its own files.

use std::path::Path;

use archive_core::policy::Policy;
use archive_core::{Error, ErrorKind, data_file};
use archive_numbering::{Rule, RuleSet, shipped};

/// What a rule of archive or box numbers may be made of, in the words of either language, and where its value
/// comes from.
const KNOWN: [(&str, &str, Source); 5] = [
    ("全宗号", "fonds", Source::Fonds),
    ("门类", "category", Source::Category),
    ("年度", "year", Source::Year),
    ("保管期限", "retention", Source::Retention),
    ("机构", "organisation", Source::Organisation),
];

/// Where the value of a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Fonds,
    Category,
    Year,
    Retention,
    Organisation,
}

/// The rules that an archive knows, proven each alone and those of a file together.
#[derive(Debug, Clone)]
pub struct NumberRules {
    own: Vec<RuleSet>,
    file: Rule,
    container: Rule,
}

impl NumberRules {
    /// DA/T 22-2015 for archive numbers, item by item.
    pub const FILE_RULE: &str = "DA-T-22-件";
    /// The rule of box numbers that goes with it.
    pub const BOX_RULE: &str = "盒号";

    /// The shipped rules.
    ///
    /// # Errors
    /// None in practice: they are tested.
    pub fn shipped() -> Result<Self, Error> {
        Self::of(Vec::new(), Self::FILE_RULE, Self::BOX_RULE)
    }

    /// The shipped rules and those of `files`; archive and box numbers follow the shipped ones.
    ///
    /// # Errors
    /// As [`NumberRules::load`].
    pub fn with(files: &[impl AsRef<Path>]) -> Result<Self, Error> {
        Self::load(files, Self::FILE_RULE, Self::BOX_RULE)
    }

    /// The shipped rules and those of `files`; archive numbers follow the rule named `file`, box numbers
    /// `container`.
    ///
    /// # Errors
    /// `InvalidInput`, naming the file, for a rule that is not proven, and for one that asks for what a box does not
    /// tell or counts nothing; `NotFound` for a name that no rule has; those of reading the files.
    pub fn load(files: &[impl AsRef<Path>], file: &str, container: &str) -> Result<Self, Error> {
        let compile = |path: &Path| {
            RuleSet::compile(&data_file::read(path)?).map_err(|rejection| {
                let object = path.display().to_string();
                Error::invalid(object, format!("is no sound rule: {rejection}; see `archive rule check`"))
            })
        };
        let own = files.iter().map(|path| compile(path.as_ref())).collect::<Result<Vec<_>, _>>()?;
        Self::of(own, file, container)
    }

    fn of(own: Vec<RuleSet>, file: &str, container: &str) -> Result<Self, Error> {
        let (file, container) = (named(&own, file)?, named(&own, container)?);
        for rule in [&file, &container] {
            check(rule)?;
        }
        Ok(Self { own, file, container })
    }

    /// The rule of archive numbers.
    #[must_use]
    pub fn file(&self) -> &Rule {
        &self.file
    }

    /// The rule of box numbers.
    #[must_use]
    pub fn container(&self) -> &Rule {
        &self.container
    }

    /// Whether numbers can be made for the fonds and the organisation of `policy`.
    ///
    /// # Errors
    /// `InvalidInput`, naming the value and the rule that cannot print it.
    pub fn check_policy(&self, policy: &Policy) -> Result<(), Error> {
        for (rule, of) in [(&self.file, "archive numbers"), (&self.container, "box numbers")] {
            for name in rule.field_names() {
                let (key, value) = match source(name) {
                    Some(Source::Fonds) => ("fonds", policy.fonds().as_str()),
                    Some(Source::Organisation) => ("organisation", policy.organisation().as_str()),
                    _ => continue,
                };
                rule.fits(rule.field(name)?, value).map_err(|unfit| {
                    let message = format!(
                        "cannot be printed by {}, the rule of {of}: change numbering.{key}, or number by a rule that prints it",
                        rule.name()
                    );
                    Error::invalid(format!("{key} {value} of policy {}", policy.version()), message).with_source(unfit)
                })?;
            }
        }
        Ok(())
    }

    /// All rules, the archive's own before those that are shipped.
    ///
    /// # Errors
    /// None in practice: the shipped rules are tested.
    pub fn all(&self) -> Result<impl Iterator<Item = &Rule>, Error> {
        let shipped = shipped::rules()?.map(|rule: &Rule| rule);
        Ok(self.own.iter().flat_map(RuleSet::rules).chain(shipped))
    }
}

fn named(own: &[RuleSet], name: &str) -> Result<Rule, Error> {
    let found = own.iter().find_map(|set| set.get(name).ok());
    found.map_or_else(|| shipped::rule(name), |rule| Ok(rule.clone()))
}

/// Where the value of the field `name` comes from; `None` for a name that this archive has no value for.
pub(super) fn source(name: &str) -> Option<Source> {
    KNOWN
        .iter()
        .find(|(chinese, english, _)| name == *chinese || name == *english)
        .map(|(.., source)| *source)
}

/// Whether numbers can be drawn by `rule` with what a box tells.
fn check(rule: &Rule) -> Result<(), Error> {
    let wrong =
        |message: String| Error::new(ErrorKind::InvalidInput, format!("rule {}", rule.name()), message);
    let Some(sequence) = rule.sequence() else {
        return Err(wrong("counts nothing: give it a sequence field".into()));
    };
    for name in rule.field_names() {
        let field = rule.field(name)?;
        if field == sequence || rule.is_computed(field) || source(name).is_some() {
            continue;
        }
        let known: Vec<_> =
            KNOWN.iter().map(|(chinese, english, _)| format!("{chinese} ({english})")).collect();
        return Err(wrong(format!(
            "asks for {name}, which a box does not tell: it tells {}",
            known.join(", ")
        )));
    }
    Ok(())
}
