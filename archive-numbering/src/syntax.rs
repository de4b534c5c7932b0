//! A rule file as written: its parts with their places, before anything is checked.

mod fields;
mod keywords;
mod lexer;
mod parser;
mod printer;

use chrono::NaiveDate;

pub use keywords::Keywords;
pub(crate) use parser::parse;
pub(crate) use printer::print;

use crate::check_characters::CheckSystem;

/// A part of the text and where it begins, as a byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) at: usize,
}

/// A name of a rule, a field, a source or a counter.
pub(crate) type Name = At<String>;

/// A whole rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleFile {
    pub(crate) keywords: Keywords,
    pub(crate) namespace: Option<(Comments, Name)>,
    pub(crate) rules: Vec<RuleText>,
    /// Comments behind the last statement.
    pub(crate) closing: Vec<String>,
}

/// The comments of a statement: on the lines before it, and behind it on its last line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comments {
    pub(crate) before: Vec<String>,
    pub(crate) behind: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleText {
    pub(crate) comments: Comments,
    pub(crate) name: Name,
    pub(crate) version: u32,
    pub(crate) effective: NaiveDate,
    pub(crate) until: Option<NaiveDate>,
    pub(crate) counter: Option<Name>,
    pub(crate) statements: Vec<(Comments, Statement)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    Field(Name, FieldText),
    Format(At<Vec<Part>>),
    Sort(At<Vec<Name>>),
    Aliases(Vec<At<Alias>>),
}

/// One part of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(At<String>),
    Field(Name),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alias {
    /// Each of the characters stands for the last one.
    Characters(String, At<char>),
    /// Full-width forms stand for ASCII.
    FullWidth,
    /// Lower case Latin letters stand for capitals.
    LowerCase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldText {
    Chars { class: At<Vec<(char, char)>>, width: At<Width>, pad: Option<At<char>> },
    Digits { width: At<Width>, range: Option<At<(u64, u64)>>, source: Option<(Name, DatePart)> },
    Codes { codes: Vec<At<CodeText>>, ordered: bool },
    Date { pattern: At<String>, years: Option<At<(u64, u64)>>, source: Option<Name> },
    Sequence(SequenceText),
    Check { system: At<CheckSystem>, of: Vec<Name> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SequenceText {
    pub(crate) width: At<Width>,
    pub(crate) start: Option<At<u64>>,
    pub(crate) end: Option<At<u64>>,
    pub(crate) scope: Vec<Name>,
    pub(crate) gapless: Option<bool>,
    pub(crate) overflow: Option<At<Overflow>>,
}

/// What a full sequence does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overflow {
    Refuse,
    /// Grows, to so many digits if it says so.
    Widen(Option<u32>),
}

/// The least and the most characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Width {
    pub(crate) min: u32,
    pub(crate) max: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeText {
    pub(crate) text: String,
    pub(crate) label: Option<String>,
}

/// Which part of a date a field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatePart {
    Year,
    Month,
    Day,
}
