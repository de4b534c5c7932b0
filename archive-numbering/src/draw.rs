//! Drawing a number: what a store needs to count and to print inside its transaction.
//!
//! ```
//! let rule = archive_numbering::shipped::rule("DA-T-22-件")?;
//! let mut values = rule.values();
//! for (field, value) in [("全宗号", "Z109"), ("门类", "KH"), ("年度", "2024"), ("保管期限", "D30"), ("机构", "BGS")] {
//!     values.set(field, value)?;
//! }
//! let draw = rule.draw(&values)?;
//! assert_eq!(draw.counter(), "客户文件-件/Z109/KH/2024/D30/BGS");
//! assert_eq!((draw.first(), draw.last()), (1, 9999));
//! assert_eq!(draw.format(7)?.as_str(), "Z109-KH·2024-D30-BGS-0007");
//!
//! // As a closure that outlives the rule, for another thread.
//! let number = draw.into_fn();
//! assert_eq!(std::thread::spawn(move || number(8)).join().unwrap()?.as_str(), "Z109-KH·2024-D30-BGS-0008");
//! # Ok::<(), archive_core::Error>(())
//! ```

use archive_core::Error;
use archive_core::identifier::ReferenceCode;

use crate::field::Kind;
use crate::limits;
use crate::rule::Rule;
use crate::values::{FieldId, Value, Values};
use crate::writer;

/// A number that only lacks its place in the sequence.
#[derive(Debug, Clone)]
pub struct Draw {
    rule: Rule,
    sequence: FieldId,
    /// The writing of each field that was given.
    writings: Box<[Option<Box<str>>]>,
    counter: String,
    first: u64,
    last: u64,
}

impl Draw {
    pub(crate) fn new(rule: &Rule, values: &Values<'_>) -> Result<Self, Error> {
        let (field, sequence) = rule.drawn()?;
        let fields = &rule.checked().fields;
        let mut writings: Vec<Option<Box<str>>> = vec![None; fields.len()];
        for (i, other) in fields.iter().enumerate() {
            let needed = sequence.scope.contains(&i) || rule.checked().piece_of(i).is_some();
            if i != field && needed && !matches!(other.kind, Kind::Check { .. }) {
                writings[i] = Some(writer::field_text(rule, i, values)?);
            }
        }
        let mut counter = match (&rule.checked().namespace, &rule.checked().counter) {
            (Some(namespace), Some(name)) => format!("{namespace}:{name}"),
            (None, Some(name)) => name.clone(),
            (Some(namespace), None) => format!("{namespace}:{}@{}", rule.name().name, rule.name().version),
            (None, None) => format!("{}@{}", rule.name().name, rule.name().version),
        };
        for &within in &sequence.scope {
            counter.push('/');
            for c in writings[within].as_deref().unwrap_or_default().chars() {
                match c {
                    // A separator within a value must not look like one between values.
                    '/' => counter.push_str("%2F"),
                    '%' => counter.push_str("%25"),
                    c => counter.push(c),
                }
            }
        }
        let draw = Self {
            rule: rule.clone(),
            sequence: FieldId(field as u8),
            writings: writings.into(),
            counter,
            first: sequence.number.low,
            last: sequence.number.high,
        };
        // What fails for every number is better said before a transaction begins.
        draw.format(draw.first)?;
        Ok(draw)
    }

    /// The key of the counter: files with one key are counted together, others apart.
    #[must_use]
    pub fn counter(&self) -> &str {
        &self.counter
    }

    /// The first number that the counter gives.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The last number that the counter gives; behind it, it is full.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The rule that is drawn from.
    #[must_use]
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The archive number for the sequence number `number`.
    ///
    /// # Errors
    /// `InvalidInput` for a number outside of [`Draw::first`] to [`Draw::last`].
    pub fn format(&self, number: u64) -> Result<ReferenceCode, Error> {
        let mut values = self.rule.values();
        for (i, writing) in self.writings.iter().enumerate() {
            if let Some(writing) = writing {
                values.put(FieldId(i as u8), Value::Text(writing));
            }
        }
        values.put(self.sequence, number);
        let mut text = String::with_capacity(limits::NUMBER_CHARS);
        self.rule.format_into(&values, &mut text)?;
        text.parse()
    }

    /// [`Draw::format`] as a closure, for a store that runs it on its own thread.
    pub fn into_fn(self) -> impl Fn(u64) -> Result<ReferenceCode, Error> + Send + Sync + 'static {
        move |number| self.format(number)
    }
}
