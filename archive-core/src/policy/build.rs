//! Reads a policy pack and checks it as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::pack_text::{FactText, InterimText, PackText, ScanText};
use super::processes::Processes;
use super::{
    Ability, CustodyRule, DisposalRule, DocumentRule, FactEntry, FilingRule, FixityRule, InterimRule,
    LendingRule, Places, Policy, PolicyVersion, ReminderRule, Role, ScanStandard,
};
use crate::boxing::BoxingRule;
use crate::data_file;
use crate::error::Error;
use crate::facts::{Condition, FactKind, FactRule, Possibility};
use crate::holding::CustodyMode;
use crate::record::CustomerClass;
use crate::units::Millimetres;

/// What no box may mix (DA/T 22-2015 §6.4). The catalogue's schema holds it.
const SEPARATE: [&str; 4] = ["fonds", "year", "retention", "organisation"];

/// The text of a pack, for errors and places.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn wrong<T>(self, span: Range<usize>, message: impl AsRef<str>) -> Result<T, Error> {
        Err(data_file::error_at(self.name, self.text, span, message.as_ref()))
    }

    pub(super) fn place(self, span: Range<usize>) -> String {
        data_file::place(self.name, self.text, span)
    }
}

pub(super) fn build(name: &str, text: &str) -> Result<Policy, Error> {
    let pack: PackText = data_file::parse(name, text)?;
    let source = Source { name, text };
    let mut places = Places { name: name.to_owned(), by_key: BTreeMap::new() };
    let mut note = |key: &str, span: Range<usize>| {
        places.by_key.insert(key.to_owned(), source.place(span));
    };

    for (key, value) in [("name", &pack.name), ("version", &pack.version)] {
        let length = value.get_ref().trim().chars().count();
        if length == 0 || length > 100 || value.get_ref().chars().any(char::is_control) {
            return source.wrong(value.span(), format!("{key} must have 1 to 100 printable characters"));
        }
        note(key, value.span());
    }
    note("effective", pack.effective.span());
    note("numbering.fonds", pack.numbering.fonds.span());
    note("numbering.organisation", pack.numbering.organisation.span());
    let version = PolicyVersion { name: pack.name.into_inner(), version: pack.version.into_inner() };
    let supersedes = match pack.supersedes {
        Some(other) if *other.get_ref() == version.to_string() => {
            return source.wrong(other.span(), "names this pack itself: no pack takes its own place");
        }
        other => other.map(Spanned::into_inner),
    };

    let mut custody = BTreeMap::new();
    let mut filing = BTreeMap::new();
    for (class, key, custody_text, filing_text) in [
        (CustomerClass::Residential, "residential", pack.custody.residential, pack.filing.residential),
        (CustomerClass::Business, "business", pack.custody.business, pack.filing.business),
    ] {
        note(&format!("custody.{key}"), custody_text.mode.span());
        note(&format!("filing.{key}"), filing_text.order.span());
        let rule = CustodyRule {
            mode: custody_text.mode.into_inner(),
            originals_returned: custody_text.originals_returned,
            basis: custody_text.basis,
        };
        if rule.originals_returned && rule.mode == CustodyMode::CentralPaper {
            let key = format!("custody.{key}");
            let message =
                "keeps the paper and gives it back: originals are returned only where custody is electronic";
            return Err(Error::invalid(places.get(&key), message));
        }
        custody.insert(class, rule);
        filing.insert(class, FilingRule { order: filing_text.order.into_inner(), basis: filing_text.basis });
    }
    let interim = interim(source, pack.interim, &custody)?;

    note("boxing.spines_mm", pack.boxing.spines_mm.span());
    let boxing_basis = pack.boxing.basis.clone();
    let boxing = boxing(source, pack.boxing)?;
    let scans = pack.scan.into_iter().map(|s| scan(source, s)).collect::<Result<Vec<_>, _>>()?;

    let mut roles = BTreeMap::new();
    for role in pack.role {
        let span = role.code.span();
        let code = role.code.into_inner();
        let role = Role { code: code.clone(), name: role.name, may: role.may, basis: role.basis };
        if roles.insert(code.clone(), role).is_some() {
            return source.wrong(span, format!("role {code} stands twice"));
        }
    }

    let reminders = &pack.reminders;
    let before = reminders.before_days.get_ref();
    if before.windows(2).any(|pair| pair[0] <= pair[1]) {
        return source.wrong(reminders.before_days.span(), "must list days, most first");
    }
    if *reminders.overdue_every_days.get_ref() == 0 {
        return source.wrong(reminders.overdue_every_days.span(), "must be at least 1 day");
    }
    let reminders = ReminderRule {
        before_days: pack.reminders.before_days.into_inner(),
        overdue_every_days: pack.reminders.overdue_every_days.into_inner(),
        basis: pack.reminders.basis,
    };
    if *pack.lending.days.get_ref() == 0 {
        return source.wrong(pack.lending.days.span(), "must be at least 1 day");
    }
    note("lending.days", pack.lending.days.span());
    let lending = LendingRule { days: pack.lending.days.into_inner(), basis: pack.lending.basis };
    let approvals = *pack.disposal.approvals.get_ref();
    if !(2..=10).contains(&approvals) {
        return source.wrong(pack.disposal.approvals.span(), "must be 2 to 10 different persons");
    }
    let can_approve = |role: &&Role| role.may.contains(&Ability::ApproveDisposal);
    if !roles.values().any(|role| can_approve(&role)) {
        return source.wrong(
            pack.disposal.approvals.span(),
            "asks for approvals that no role may give: let one role approve-disposal",
        );
    }
    note("disposal.approvals", pack.disposal.approvals.span());
    let disposal = DisposalRule { approvals, basis: pack.disposal.basis };
    if *pack.fixity.every_days.get_ref() == 0 || *pack.fixity.budget_mib.get_ref() == 0 {
        return source.wrong(pack.fixity.every_days.span(), "needs at least 1 day and 1 MiB");
    }
    let fixity = FixityRule {
        every_days: pack.fixity.every_days.into_inner(),
        budget_mib: pack.fixity.budget_mib.into_inner(),
        basis: pack.fixity.basis,
    };

    let facts = facts(source, &pack.fact)?;
    let fact_rules: Vec<FactRule> = facts.iter().map(|f| f.rule.clone()).collect();

    let mut documents = BTreeMap::new();
    for document in pack.document {
        let span = document.code.span();
        let code = document.code.into_inner();
        note(&format!("document.{code}"), document.retention.as_ref().map_or(span.clone(), Spanned::span));
        let rule = DocumentRule {
            code: code.clone(),
            name: document.name,
            retention: document.retention.map(Spanned::into_inner),
            carriers: document.carriers,
            basis: document.basis,
        };
        if documents.insert(code.clone(), rule).is_some() {
            return source.wrong(span, format!("document {code} stands twice"));
        }
    }
    if documents.len() > crate::completeness::TYPE_LIMIT {
        return Err(Error::invalid(name, "knows more than 128 document types"));
    }
    for standard in &scans {
        if let Some(unknown) = standard.documents.iter().find(|d| !documents.contains_key(d)) {
            let message =
                format!("scan standard {:?} is for {unknown}, which is no document here", standard.name);
            return Err(Error::invalid(name, message));
        }
    }

    let checker = Processes { source, facts: &fact_rules, documents: &documents, roles: &roles };
    let processes = checker.build(pack.process, &mut note)?;
    Ok(Policy {
        version,
        effective: pack.effective.into_inner(),
        supersedes,
        fonds: pack.numbering.fonds.into_inner(),
        organisation: pack.numbering.organisation.into_inner(),
        custody,
        interim,
        boxing,
        boxing_basis,
        filing,
        scans,
        roles,
        reminders,
        lending,
        disposal,
        fixity,
        facts,
        fact_rules,
        documents,
        processes,
        places,
    })
}

fn boxing(source: Source<'_>, text: super::pack_text::BoxingText) -> Result<BoxingRule, Error> {
    let spines = text.spines_mm.get_ref();
    if spines.is_empty() || spines.windows(2).any(|pair| pair[0] >= pair[1]) || spines[0] == 0 {
        return source.wrong(text.spines_mm.span(), "must list spines above 0 mm, thinnest first");
    }
    if spines.len() > 16 || spines.last().is_some_and(|s| *s > 1000) {
        return source.wrong(text.spines_mm.span(), "lists a spine above 1000 mm, or more than 16");
    }
    if *text.sheet_um.get_ref() == 0 {
        return source.wrong(text.sheet_um.span(), "must be above 0: paper without thickness fills no box");
    }
    let separate: BTreeSet<&str> = text.separate.get_ref().iter().map(String::as_str).collect();
    if separate != BTreeSet::from(SEPARATE) {
        let message = format!("must be exactly {}: the catalogue keeps these apart", SEPARATE.join(", "));
        return source.wrong(text.separate.span(), message);
    }
    Ok(BoxingRule {
        spines: text.spines_mm.into_inner().into_iter().map(Millimetres).collect(),
        sheet_micrometres: text.sheet_um.into_inner(),
        cover_micrometres: text.cover_um,
        begin: text.begin,
    })
}

fn scan(source: Source<'_>, text: Spanned<ScanText>) -> Result<ScanStandard, Error> {
    let text = text.into_inner();
    if !(50..=1200).contains(text.least_dpi.get_ref()) {
        return source.wrong(text.least_dpi.span(), "must lie between 50 and 1200 dots an inch");
    }
    if !(0.0..=45.0).contains(text.most_skew.get_ref()) {
        return source.wrong(text.most_skew.span(), "must lie between 0 and 45 degrees");
    }
    let plain = |f: &String| {
        (1..=5).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if text.formats.get_ref().is_empty() || !text.formats.get_ref().iter().all(plain) {
        return source.wrong(text.formats.span(), "must list formats as extensions, such as \"tif\"");
    }
    Ok(ScanStandard {
        name: text.name,
        documents: text.documents,
        least_dpi: text.least_dpi.into_inner(),
        most_skew: text.most_skew.into_inner(),
        formats: text.formats.into_inner(),
        basis: text.basis,
    })
}

/// Interim states lead, in finitely many steps, to the lasting mode of their class.
fn interim(
    source: Source<'_>,
    texts: Vec<Spanned<InterimText>>,
    custody: &BTreeMap<CustomerClass, CustodyRule>,
) -> Result<Vec<InterimRule>, Error> {
    let lasting = |class| custody[&class].mode.to_string();
    let spans: Vec<Range<usize>> = texts.iter().map(|t| t.get_ref().then.span()).collect();
    let mut rules: Vec<InterimRule> = Vec::new();
    for text in texts {
        let text = text.into_inner();
        if *text.at_most_days.get_ref() == 0 {
            return source.wrong(text.at_most_days.span(), "must be at least 1 day");
        }
        let state = text.state.get_ref();
        if ["electronic", "central-paper", ""].contains(&state.as_str())
            || rules.iter().any(|r| r.class == text.class && r.state == *state)
        {
            return source
                .wrong(text.state.span(), format!("state {state:?} stands twice or is a lasting mode"));
        }
        rules.push(InterimRule {
            state: text.state.into_inner(),
            class: text.class,
            at_most_days: text.at_most_days.into_inner(),
            then: text.then.into_inner(),
            basis: text.basis,
        });
    }
    for (start, span) in rules.iter().zip(spans) {
        let mut way = vec![start.state.as_str()];
        let mut rule = start;
        while rule.then != lasting(rule.class) {
            let next = rules.iter().find(|r| r.class == rule.class && r.state == rule.then);
            let Some(next) = next else {
                let message = format!(
                    "{:?} is no state of its class, and its lasting mode is {}",
                    rule.then,
                    lasting(rule.class)
                );
                return source.wrong(span, message);
            };
            let circular = way.contains(&next.state.as_str());
            way.push(&next.state);
            if circular {
                return source.wrong(span, format!("goes in a circle: {}", way.join(" → ")));
            }
            rule = next;
        }
    }
    Ok(rules)
}

fn facts(source: Source<'_>, texts: &[FactText]) -> Result<Vec<FactEntry>, Error> {
    let mut names = BTreeSet::new();
    for text in texts {
        let name = text.name.get_ref();
        let plain = name.as_str().chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
            && name.as_str().chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !plain || ["and", "or", "not"].contains(&name.as_str()) {
            return source.wrong(text.name.span(), "must be a word of letters, digits, \"_\" and \"-\"");
        }
        if !names.insert(name.clone()) {
            return source.wrong(text.name.span(), format!("fact {name} stands twice"));
        }
    }
    let mut rules: Vec<FactRule> = Vec::new();
    for text in texts.iter().filter(|t| t.is.is_none()) {
        let kind = match (&text.unit, &text.one_of) {
            (None, None) => FactKind::Flag,
            (Some(unit), None) => FactKind::Number { unit: unit.clone() },
            (None, Some(of)) => {
                let words: BTreeSet<&String> = of.get_ref().iter().collect();
                if words.len() < 2
                    || words.len() != of.get_ref().len()
                    || of.get_ref().iter().any(|w| w.contains('\''))
                {
                    return source.wrong(of.span(), "must list two or more different words");
                }
                FactKind::Choice { of: of.get_ref().clone() }
            }
            (Some(_), Some(of)) => {
                return source.wrong(of.span(), "a fact has a unit or words, not both");
            }
        };
        rules.push(FactRule::new(text.name.get_ref().clone(), &text.label, kind));
    }
    let derived: Vec<&FactText> = texts.iter().filter(|t| t.is.is_some()).collect();
    for text in &derived {
        resolve(source, text, &derived, &mut rules, &mut Vec::new())?;
    }
    let entry = |text: &FactText| {
        let rule = rules.iter().find(|r| r.name == *text.name.get_ref()).cloned();
        rule.map(|rule| FactEntry { rule, basis: text.basis.clone() })
    };
    Ok(texts.iter().filter_map(entry).collect())
}

/// Compiles a derived fact after those that it rests on; `way` holds those under way.
fn resolve<'a>(
    source: Source<'_>,
    text: &'a FactText,
    derived: &[&'a FactText],
    rules: &mut Vec<FactRule>,
    way: &mut Vec<&'a str>,
) -> Result<(), Error> {
    let name = text.name.get_ref();
    let Some(condition) = &text.is else { return Ok(()) };
    if rules.iter().any(|r| r.name == *name) {
        return Ok(());
    }
    if text.unit.is_some() || text.one_of.is_some() {
        return source
            .wrong(condition.span(), "a derived fact holds or does not: it has no unit and no words");
    }
    let circular = way.contains(&name.as_str());
    way.push(name.as_str());
    if circular {
        return source.wrong(condition.span(), format!("goes in a circle: {}", way.join(" → ")));
    }
    let words = condition.get_ref().split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    for word in words {
        if let Some(other) = derived.iter().find(|t| t.name.get_ref().as_str() == word) {
            resolve(source, other, derived, rules, way)?;
        }
    }
    way.pop();
    let condition = checked_condition(source, condition, rules)?;
    rules.push(FactRule::new(name.clone(), &text.label, FactKind::Derived(Box::new(condition))));
    Ok(())
}

/// A condition that holds in some cases and not in others.
pub(super) fn checked_condition(
    source: Source<'_>,
    text: &Spanned<String>,
    rules: &[FactRule],
) -> Result<Condition, Error> {
    let condition = Condition::parse(text.get_ref(), rules)
        .or_else(|error| source.wrong(text.span(), format!("{}: {}", error.object(), error.message())))?;
    match condition.possible(rules) {
        Possibility::Sometimes => Ok(condition),
        Possibility::Never => source.wrong(text.span(), format!("\"{condition}\" can never hold")),
        Possibility::Always => {
            source.wrong(text.span(), format!("\"{condition}\" always holds: leave the condition out"))
        }
        Possibility::Unproven => source
            .wrong(text.span(), format!("\"{condition}\" asks for too many facts to be checked: split it")),
    }
}
