//! From a rule as written to a rule whose parts fit together; what they amount to is then proven.

pub(crate) mod characters;
mod fields;

use archive_core::language::{CharClass, Language};
use chrono::NaiveDate;

use characters::{characters, widest_bytes};

use crate::field::{Field, Kind, Sequence};
use crate::limits;
use crate::report::RuleName;
use crate::syntax::*;

/// Something about the text that makes no sense, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// One part of the format: literal text or a field.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) literal: Option<String>,
    pub(crate) field: Option<usize>,
    pub(crate) language: Language,
}

#[derive(Debug)]
pub(crate) struct CheckedRule {
    pub(crate) name: RuleName,
    pub(crate) at: usize,
    pub(crate) namespace: Option<String>,
    pub(crate) effective: NaiveDate,
    pub(crate) until: Option<NaiveDate>,
    /// The counter's name, if the rule shares it or keeps it over versions.
    pub(crate) counter: Option<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) format_at: usize,
    /// Fields in declared order.
    pub(crate) sort: Option<(usize, Vec<usize>)>,
    /// (what is typed, what it stands for), sorted.
    pub(crate) aliases: Vec<(char, char)>,
    pub(crate) aliases_at: usize,
}

impl CheckedRule {
    /// The piece that prints `field`.
    pub(crate) fn piece_of(&self, field: usize) -> Option<usize> {
        self.pieces.iter().position(|piece| piece.field == Some(field))
    }

    /// The sequence that is drawn: the last one, which the others only lead to.
    pub(crate) fn drawn(&self) -> Option<(usize, &Sequence)> {
        self.fields.iter().enumerate().rev().find_map(|(i, field)| match &field.kind {
            Kind::Sequence(sequence) => Some((i, sequence)),
            _ => None,
        })
    }
}

pub(crate) fn build(file: &RuleFile, rule: &RuleText) -> Result<CheckedRule, Vec<Fault>> {
    let mut builder = Builder { faults: Vec::new(), names: Vec::new() };
    let checked = builder.rule(file, rule);
    match checked {
        Some(checked) if builder.faults.is_empty() => Ok(checked),
        _ => Err(builder.faults),
    }
}

struct Builder {
    faults: Vec<Fault>,
    names: Vec<String>,
}

impl Builder {
    fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push(Fault { at, message: message.into() });
    }

    fn find(&mut self, name: &Name) -> Option<usize> {
        let found = self.names.iter().position(|n| *n == name.value);
        if found.is_none() {
            let message = format!(
                "there is no field {:?}: the rule's fields are {}",
                name.value,
                self.names.join(", ")
            );
            self.fault(name.at, message);
        }
        found
    }

    fn find_all(&mut self, names: &[Name]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for name in names {
            if let Some(field) = self.find(name) {
                if found.contains(&field) {
                    self.fault(name.at, format!("{} is named twice", name.value));
                }
                found.push(field);
            }
        }
        found
    }

    fn rule(&mut self, file: &RuleFile, rule: &RuleText) -> Option<CheckedRule> {
        let texts: Vec<(&Name, &FieldText)> = rule
            .statements
            .iter()
            .filter_map(|(_, s)| match s {
                Statement::Field(name, kind) => Some((name, kind)),
                _ => None,
            })
            .collect();
        if texts.len() > limits::FIELDS {
            self.fault(
                rule.name.at,
                format!("the rule has {} fields, more than {}", texts.len(), limits::FIELDS),
            );
            return None;
        }
        for (name, _) in &texts {
            if self.names.contains(&name.value) {
                self.fault(name.at, format!("there are two fields {:?}", name.value));
            }
            self.names.push(name.value.clone());
        }
        let mut fields = Vec::new();
        for (name, text) in texts {
            let source = match text {
                FieldText::Digits { source, .. } => source.as_ref().map(|(source, _)| source),
                FieldText::Date { source, .. } => source.as_ref(),
                _ => None,
            };
            if let Some(kind) = self.kind(name, text) {
                let source = source.map(|source| source.value.clone());
                fields.push(Field { name: name.value.clone(), at: name.at, kind, source });
            }
        }
        if !self.faults.is_empty() {
            return None;
        }

        let format = self.once(rule, "格式 (format)", |s| match s {
            Statement::Format(parts) => Some((parts.at, parts)),
            _ => None,
        });
        let sort = self.once(rule, "排序 (sort)", |s| match s {
            Statement::Sort(names) => Some((names.at, names)),
            _ => None,
        });
        let aliases = self.once(rule, "录入别名 (aliases)", |s| match s {
            Statement::Aliases(aliases) => Some((aliases[0].at, aliases)),
            _ => None,
        });
        let Some((format_at, format)) = format else {
            self.fault(rule.name.at, "the rule has no 格式 (format)");
            return None;
        };
        let pieces = self.pieces(&format.value, format_at, &fields);
        let sort = sort.map(|(at, names)| (at, self.find_all(&names.value)));
        if let Some((at, order)) = &sort
            && let Some(&check) = order.iter().find(|&&f| matches!(fields[f].kind, Kind::Check { .. }))
        {
            self.fault(*at, format!("{} is a check character, which orders nothing", fields[check].name));
        }
        let aliases_at = aliases.as_ref().map_or(rule.name.at, |(at, _)| *at);
        let aliases = aliases.map_or(Vec::new(), |(_, aliases)| self.aliases(aliases));
        let checked = CheckedRule {
            name: RuleName { name: rule.name.value.clone(), version: rule.version },
            at: rule.name.at,
            namespace: file.namespace.as_ref().map(|(_, name)| name.value.clone()),
            effective: rule.effective,
            until: rule.until,
            counter: rule.counter.as_ref().map(|name| name.value.clone()),
            fields,
            pieces,
            format_at,
            sort,
            aliases,
            aliases_at,
        };
        // A format that could not be understood says nothing about what it prints.
        if self.faults.is_empty() {
            self.check_coverage(&checked);
        }
        Some(checked)
    }

    /// The one statement that `pick` picks.
    fn once<'a, T: ?Sized>(
        &mut self,
        rule: &'a RuleText,
        what: &str,
        pick: impl Fn(&'a Statement) -> Option<(usize, &'a T)>,
    ) -> Option<(usize, &'a T)> {
        let mut found = rule.statements.iter().filter_map(|(_, s)| pick(s));
        let first = found.next();
        if let Some((at, _)) = found.next() {
            self.fault(at, format!("the rule has two statements {what}"));
        }
        first
    }

    fn pieces(&mut self, parts: &[Part], at: usize, fields: &[Field]) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            let piece = match part {
                Part::Literal(literal) => {
                    if self.printable(literal.at, &CharClass::of(&literal.value)).is_none() {
                        continue;
                    }
                    let language = Language::literal(&literal.value);
                    language.map(|language| Piece {
                        literal: Some(literal.value.clone()),
                        field: None,
                        language,
                    })
                }
                Part::Field(name) => {
                    let Some(field) = self.find(name) else { continue };
                    if pieces.iter().any(|piece| piece.field == Some(field)) {
                        self.fault(name.at, format!("the format prints {} twice", name.value));
                        continue;
                    }
                    let language = fields[field].kind.language();
                    language.map(|language| Piece { literal: None, field: Some(field), language })
                }
            };
            match piece {
                Ok(piece) => pieces.push(piece),
                Err(error) => self.fault(at, error.to_string()),
            }
        }
        if pieces.is_empty() {
            self.fault(at, "the format prints nothing");
        }
        let chars: usize = pieces.iter().filter_map(|p| p.language.longest()).sum();
        let bytes: usize = pieces.iter().map(|p| widest_bytes(&p.language)).sum();
        if chars > limits::NUMBER_CHARS || bytes > limits::NUMBER_BYTES {
            let message = format!(
                "its longest number has {chars} characters and up to {bytes} bytes, more than {} or {}",
                limits::NUMBER_CHARS,
                limits::NUMBER_BYTES
            );
            self.fault(at, message);
        }
        pieces
    }

    fn aliases(&mut self, texts: &[At<Alias>]) -> Vec<(char, char)> {
        let mut aliases: Vec<(char, char)> = Vec::new();
        for text in texts {
            let pairs: Vec<(char, char)> = match &text.value {
                Alias::FullWidth => ('！'..='～').zip('!'..='~').collect(),
                Alias::LowerCase => ('a'..='z').zip('A'..='Z').collect(),
                Alias::Characters(from, to) => from.chars().map(|c| (c, to.value)).collect(),
            };
            for (from, to) in pairs {
                match aliases.iter().find(|known| known.0 == from) {
                    Some(known) if known.1 != to => {
                        let message = format!("{from:?} stands for {:?} and for {to:?}: remove one", known.1);
                        self.fault(text.at, message);
                    }
                    Some(_) => {}
                    None if from == to => {
                        self.fault(text.at, format!("{from:?} stands for itself: remove it"));
                    }
                    None => aliases.push((from, to)),
                }
                if aliases.len() > limits::ALIASES {
                    self.fault(text.at, format!("more than {} characters have an alias", limits::ALIASES));
                    return aliases;
                }
            }
        }
        aliases.sort_unstable();
        aliases
    }

    /// Each field has a use, and each check character stands behind what it covers.
    fn check_coverage(&mut self, rule: &CheckedRule) {
        for (i, field) in rule.fields.iter().enumerate() {
            let printed = rule.piece_of(i);
            let in_scope = rule.fields.iter().any(|other| match &other.kind {
                Kind::Sequence(sequence) => sequence.scope.contains(&i),
                _ => false,
            });
            if printed.is_none() && !in_scope && !matches!(field.kind, Kind::Sequence(_)) {
                self.fault(
                    field.at,
                    format!("{} is neither printed nor counted within: print it or remove it", field.name),
                );
            }
            if let Kind::Sequence(sequence) = &field.kind
                && let Some(&check) =
                    sequence.scope.iter().find(|&&f| matches!(rule.fields[f].kind, Kind::Check { .. }))
            {
                let message = format!(
                    "{} cannot count within the check character {}",
                    field.name, rule.fields[check].name
                );
                self.fault(field.at, message);
            }
            let (Kind::Check { system, of }, Some(own)) = (&field.kind, printed) else { continue };
            let places: Vec<Option<usize>> = of.iter().map(|&f| rule.piece_of(f)).collect();
            let in_order = places.windows(2).all(|pair| pair[0] < pair[1]);
            if !in_order || places.iter().any(|place| place.is_none_or(|place| place >= own)) {
                self.fault(
                    field.at,
                    format!("{} must be printed behind the fields that it checks, which are named in their printed order", field.name),
                );
                continue;
            }
            let alphabet = system.alphabet();
            let mut widths = (0, 0);
            for piece in places.iter().flatten().map(|&place| &rule.pieces[place]) {
                let stray = characters(&piece.language).intersection(&alphabet.complement());
                if let Some(range) = stray.ranges().next() {
                    let message = format!("{} does not cover {:?}", system.name(), range.start());
                    self.fault(field.at, message);
                }
                widths.0 += piece.language.shortest().map_or(0, |text| text.chars().count());
                widths.1 += piece.language.longest().unwrap_or(0);
            }
            if let Some(length) = system.covers().filter(|&length| widths != (length, length)) {
                let message = format!(
                    "{} covers exactly {length} characters, not {} to {}",
                    system.name(),
                    widths.0,
                    widths.1
                );
                self.fault(field.at, message);
            }
        }
    }
}
