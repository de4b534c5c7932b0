//! Keys that are wrong: which row that stands on the left only may be which that stands on the right
//! only.
//!
//! ```
//! use archive_reconcile::linkage::{OneSided, Settings, link};
//!
//! let row = |key: &str, name: &str, address: &str| OneSided {
//!     key: key.into(),
//!     values: vec![Some(name.into()), Some(address.into())],
//! };
//! let papers = [row("3342125369", "徐州鑫达有限公司", "建设路1号"), row("3342000001", "王芳", "人民路2号")];
//! let system = [row("3342152369", "徐州鑫达有限公司", "建设路1号"), row("3349999999", "李强", "光明路3号")];
//! let found = link(&["customer_name", "service_address"], &papers, &system, &Settings::default());
//! assert_eq!(found.candidates.len(), 1);
//! let candidate = &found.candidates[0];
//! assert_eq!((candidate.left, candidate.right), (0, 0));
//! assert!(candidate.reason.starts_with("two neighbouring characters of the key change places"));
//! ```
//!
//! # How
//! Pairs that may be one customer share a block: the same key but for one character (every key less
//! one of its characters, which two keys with a wrong, missing, extra or transposed character share),
//! the same values of two fields, or the same rare value of one. A block of more than
//! [`Settings::block_limit`] pairs says nothing and is left out, so that the work stays near-linear.
//!
//! Each pair gets a Fellegi–Sunter weight in bits: for each field, how much more frequent its level of
//! agreement is among rows of one customer (m) than among any two rows (u). u is counted on the rows;
//! m is learned from the pairs by expectation maximisation.
//!
//! Limits: fields count as independent. A candidate is a question to a person, never an equality.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::canonical::likeness;

/// A row that stands on one side only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneSided {
    /// Its key, folded and in upper case.
    pub key: String,
    /// Its values in canonical writing, one for each field; `None` where absent.
    pub values: Vec<Option<String>>,
}

/// What is proposed, and how much work it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The probability of being one customer from which a pair is proposed.
    pub least: f64,
    /// The most candidates for one row.
    pub most: usize,
    /// The most pairs of one block.
    pub block_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { least: 0.5, most: 3, block_limit: 400 }
    }
}

/// Two rows that may be one customer's.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Position among the left rows.
    pub left: usize,
    /// Position among the right rows.
    pub right: usize,
    /// The Fellegi–Sunter weight, in bits.
    pub weight: f64,
    /// The probability that they are one customer's, before anybody looked at papers.
    pub probability: f64,
    /// What speaks for and against it.
    pub reason: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linkage {
    /// Candidates by left row, the best first.
    pub candidates: Vec<Candidate>,
    /// Pairs that were compared.
    pub compared: usize,
    /// Blocks that were too large to say anything.
    pub left_out: usize,
}

/// How two values agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Same = 0,
    Alike = 1,
    Other = 2,
    /// One of them is absent: nothing is known.
    Unknown = 3,
}

/// How two keys agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeySlip {
    OneCharacter = 0,
    Transposed = 1,
    OneMore = 2,
    Far = 3,
}

const KEY_LEVELS: usize = 4;
const FIELD_LEVELS: usize = 3;

/// How two keys differ: by one slip of a pen, or by more.
fn key_slip(a: &str, b: &str) -> KeySlip {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let same_end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let shorter = a.len().min(b.len());
    if a.len() == b.len() {
        let differing = shorter.saturating_sub(same_start + same_end.min(shorter - same_start));
        let transposed = || a[same_start] == b[same_start + 1] && a[same_start + 1] == b[same_start];
        match differing {
            1 => KeySlip::OneCharacter,
            2 if transposed() => KeySlip::Transposed,
            _ => KeySlip::Far,
        }
    } else if a.len().abs_diff(b.len()) == 1 && same_start + same_end >= shorter {
        KeySlip::OneMore
    } else {
        KeySlip::Far
    }
}

fn level(a: Option<&str>, b: Option<&str>) -> Level {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Level::Same,
        (Some(a), Some(b)) => {
            let likeness = likeness(a, b);
            if likeness.letters >= 0.8 || likeness.sound { Level::Alike } else { Level::Other }
        }
        _ => Level::Unknown,
    }
}

/// Finds which of `left` may be which of `right`; `fields` names the values of each.
#[must_use]
pub fn link(fields: &[&str], left: &[OneSided], right: &[OneSided], settings: &Settings) -> Linkage {
    let mut linkage = Linkage::default();
    if left.is_empty() || right.is_empty() {
        return linkage;
    }
    let pairs = blocked(fields.len(), left, right, settings.block_limit, &mut linkage.left_out);
    linkage.compared = pairs.len();
    let compared: Vec<Compared> = pairs.iter().map(|(l, r)| Compared::new(&left[*l], &right[*r])).collect();
    let all_pairs = left.len() as f64 * right.len() as f64;
    let model = Model::learn(fields.len(), left, right, &compared, all_pairs);
    for ((l, r), agreement) in pairs.iter().zip(&compared) {
        let weight = model.weight(agreement);
        let probability = model.probability(weight);
        if probability >= settings.least {
            let reason = reason(fields, agreement, weight);
            linkage.candidates.push(Candidate { left: *l, right: *r, weight, probability, reason });
        }
    }
    let order = |a: &Candidate, b: &Candidate| {
        a.left.cmp(&b.left).then(b.weight.total_cmp(&a.weight)).then(a.right.cmp(&b.right))
    };
    linkage.candidates.sort_by(order);
    let (mut row, mut count) = (usize::MAX, 0);
    linkage.candidates.retain(|candidate| {
        count = if candidate.left == row { count + 1 } else { 1 };
        row = candidate.left;
        count <= settings.most.max(1)
    });
    linkage
}

/// The pairs that share a block, each once.
fn blocked(
    fields: usize,
    left: &[OneSided],
    right: &[OneSided],
    limit: usize,
    left_out: &mut usize,
) -> Vec<(usize, usize)> {
    let hasher = RandomState::new();
    let mut entries: Vec<(u64, bool, u32)> = Vec::new();
    for (is_right, rows) in [(false, left), (true, right)] {
        for (i, row) in rows.iter().enumerate() {
            // More rows than 32 bits count cannot all be one-sided in memory.
            let mut add = |block: u64| entries.push((block, is_right, i as u32));
            let mut shorter = String::with_capacity(row.key.len());
            for (at, c) in row.key.char_indices() {
                shorter.clear();
                shorter.push_str(&row.key[..at]);
                shorter.push_str(&row.key[at + c.len_utf8()..]);
                add(hasher.hash_one((usize::MAX, &shorter)));
            }
            // A key with one character more or less shares its whole self with one that lacks it.
            add(hasher.hash_one((usize::MAX, &row.key)));
            for (a, x) in row.values.iter().enumerate().take(fields) {
                let Some(x) = x else { continue };
                add(hasher.hash_one((a, x)));
                for (b, y) in row.values.iter().enumerate().take(fields).skip(a + 1) {
                    if let Some(y) = y {
                        add(hasher.hash_one((a, x, b, y)));
                    }
                }
            }
        }
    }
    entries.sort_unstable();
    entries.dedup();
    let mut pairs = Vec::new();
    for block in entries.chunk_by(|a, b| a.0 == b.0) {
        let (l, r) = block.split_at(block.partition_point(|(_, is_right, _)| !is_right));
        if l.len() * r.len() > limit {
            *left_out += 1;
            continue;
        }
        pairs.extend(l.iter().flat_map(|(.., l)| r.iter().map(|(.., r)| (*l as usize, *r as usize))));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// How a pair agrees.
struct Compared {
    key: KeySlip,
    levels: Vec<Level>,
}

impl Compared {
    fn new(left: &OneSided, right: &OneSided) -> Self {
        let levels = left.values.iter().zip(&right.values).map(|(a, b)| level(a.as_deref(), b.as_deref()));
        Self { key: key_slip(&left.key, &right.key), levels: levels.collect() }
    }
}

/// How frequent each level is among rows of one customer, and among any two.
struct Model {
    key: [(f64, f64); KEY_LEVELS],
    fields: Vec<[(f64, f64); FIELD_LEVELS]>,
    /// The probability that any two rows are one customer's.
    prior: f64,
}

impl Model {
    fn learn(
        fields: usize,
        left: &[OneSided],
        right: &[OneSided],
        compared: &[Compared],
        all_pairs: f64,
    ) -> Self {
        let u = |i| chance(i, left, right);
        let mut model = Self {
            key: key_chances(compared, all_pairs),
            fields: (0..fields).map(|i| u(i).map(|u| (0.0, u))).collect(),
            // At most every row of the shorter side has a partner.
            prior: 0.5 / left.len().max(right.len()) as f64,
        };
        for field in &mut model.fields {
            for (level, m) in field.iter_mut().zip([0.9, 0.07, 0.03]) {
                level.0 = m;
            }
        }
        for (level, m) in model.key.iter_mut().zip([0.5, 0.2, 0.1, 0.2]) {
            level.0 = m;
        }
        // Pairs that one slip or two equal values brought together are few; a handful of rounds
        // settles the shares.
        for _ in 0..8 {
            let mut key = [0.5; KEY_LEVELS];
            let mut shares = vec![[0.5; FIELD_LEVELS]; fields];
            for pair in compared {
                let is_one = model.probability(model.weight(pair));
                key[pair.key as usize] += is_one;
                for (share, level) in shares.iter_mut().zip(&pair.levels) {
                    if *level != Level::Unknown {
                        share[*level as usize] += is_one;
                    }
                }
            }
            let update = |levels: &mut [(f64, f64)], shares: &[f64]| {
                let sum: f64 = shares.iter().sum();
                levels.iter_mut().zip(shares).for_each(|(level, share)| level.0 = share / sum);
            };
            update(&mut model.key, &key);
            model.fields.iter_mut().zip(&shares).for_each(|(field, share)| update(field, share));
        }
        model
    }

    fn weight(&self, pair: &Compared) -> f64 {
        let bits = |(m, u): (f64, f64)| (m / u).log2();
        let fields = self.fields.iter().zip(&pair.levels).map(|(levels, level)| match level {
            Level::Unknown => 0.0,
            known => bits(levels[*known as usize]),
        });
        bits(self.key[pair.key as usize]) + fields.sum::<f64>()
    }

    fn probability(&self, weight: f64) -> f64 {
        let odds = self.prior / (1.0 - self.prior) * weight.exp2();
        // Odds beyond what a float holds are certainty.
        if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
    }
}

/// How often any two rows agree in the field `i`, by level.
fn chance(i: usize, left: &[OneSided], right: &[OneSided]) -> [f64; FIELD_LEVELS] {
    let value = |row: &OneSided| row.values.get(i).cloned().flatten();
    let mut counts: HashMap<String, [f64; 2]> = HashMap::new();
    let mut totals = [0.0_f64; 2];
    for (side, rows) in [left, right].into_iter().enumerate() {
        for value in rows.iter().filter_map(value) {
            counts.entry(value).or_default()[side] += 1.0;
            totals[side] += 1.0;
        }
    }
    let pairs = (totals[0] * totals[1]).max(1.0);
    let same = counts.values().map(|[l, r]| l * r).sum::<f64>() / pairs;
    // A rate of zero would make one agreement a proof.
    let least = 1.0 / pairs.max(100.0);
    let same = same.clamp(least, 0.99);
    // Likeness is counted on a few thousand pairs, far apart in their lists.
    let sample = 2000.min(left.len() * right.len());
    let alike = (0..sample)
        .filter(|n| {
            let (l, r) = (&left[n * 7919 % left.len()], &right[n * 104_729 % right.len()]);
            level(value(l).as_deref(), value(r).as_deref()) == Level::Alike
        })
        .count();
    let alike = (alike as f64 / sample.max(1) as f64).clamp(0.5 / sample.max(1) as f64, 0.5);
    [same, alike, (1.0 - same - alike).max(0.01)]
}

/// How often any two keys are a slip apart. Pairs of one customer are counted too, which makes the
/// weight of a slip smaller, never larger.
fn key_chances(compared: &[Compared], all_pairs: f64) -> [(f64, f64); KEY_LEVELS] {
    let mut counts = [0.5; KEY_LEVELS];
    compared.iter().for_each(|pair| counts[pair.key as usize] += 1.0);
    let mut chances = counts.map(|count| (0.0, (count / all_pairs).min(0.25)));
    chances[KeySlip::Far as usize].1 = 1.0 - chances[..3].iter().map(|(_, u)| u).sum::<f64>();
    chances
}

fn reason(fields: &[&str], pair: &Compared, weight: f64) -> String {
    let key = match pair.key {
        KeySlip::OneCharacter => "one character of the key differs",
        KeySlip::Transposed => "two neighbouring characters of the key change places",
        KeySlip::OneMore => "one key has a character more",
        KeySlip::Far => "another key",
    };
    let mut reason = key.to_owned();
    for (level, word) in [(Level::Same, "same"), (Level::Alike, "like"), (Level::Other, "other")] {
        let of: Vec<&str> =
            fields.iter().zip(&pair.levels).filter(|(_, l)| **l == level).map(|(f, _)| *f).collect();
        if !of.is_empty() {
            reason.push_str(&format!("; {word} {}", of.join(", ")));
        }
    }
    reason.push_str(&format!(" ({weight:.1} bits)"));
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, values: &[&str]) -> OneSided {
        let values = values.iter().map(|v| (!v.is_empty()).then(|| (*v).to_owned())).collect();
        OneSided { key: key.to_owned(), values }
    }

    #[test]
    fn slips_of_a_pen_are_told_apart() {
        assert_eq!(key_slip("12345", "12345"), KeySlip::Far, "equal keys are no slip");
        assert_eq!(key_slip("12345", "12395"), KeySlip::OneCharacter);
        assert_eq!(key_slip("12345", "21345"), KeySlip::Transposed);
        assert_eq!(key_slip("12345", "12354"), KeySlip::Transposed);
        assert_eq!(key_slip("11345", "31145"), KeySlip::Far);
        assert_eq!(key_slip("12345", "1245"), KeySlip::OneMore);
        assert_eq!(key_slip("1245", "12345"), KeySlip::OneMore);
        assert_eq!(key_slip("1111", "111"), KeySlip::OneMore);
        assert_eq!(key_slip("12345", "12"), KeySlip::Far);
        assert_eq!(key_slip("", ""), KeySlip::Far);
    }

    /// Customers with a slip in the key, and strangers, by position: even ones have a partner.
    fn tables(n: u64) -> (Vec<OneSided>, Vec<OneSided>) {
        let key = |i: u64| format!("{:010}", i.wrapping_mul(7_368_787) % 10_000_000_000);
        let slip = |i: u64| {
            let mut digits = key(i).into_bytes();
            let at = 1 + (i % 8) as usize;
            match i / 2 % 2 {
                0 => digits[at] = b'0' + (digits[at] - b'0' + 3) % 10,
                _ => digits.swap(at, at + 1),
            }
            String::from_utf8(digits).unwrap()
        };
        let name = |i: u64| format!("客户{}", i % (n / 3));
        let left = (0..n).map(|i| row(&key(i), &[&name(i), &format!("建设路{i}号"), "10"])).collect();
        let right = (0..n)
            .map(|i| match i % 2 {
                0 => row(&slip(i), &[&name(i), &format!("建设路{i}号"), "10"]),
                _ => row(&key(i + 3 * n), &[&name(i + 1), &format!("人民路{i}号"), "10"]),
            })
            .collect();
        (left, right)
    }

    #[test]
    fn customers_with_a_slip_in_their_key_are_found_and_strangers_are_not() {
        let (left, right) = tables(600);
        let found = link(&["name", "address", "voltage"], &left, &right, &Settings::default());
        let right_ones = found.candidates.iter().filter(|c| c.left == c.right && c.left % 2 == 0).count();
        // A swap of two equal digits changes nothing, and no slip is left to find.
        assert!(right_ones > 290, "{right_ones}");
        assert!(found.candidates.len() - right_ones < 3, "{}", found.candidates.len());
        assert!(found.candidates.iter().all(|c| c.probability >= 0.5 && !c.reason.is_empty()));
    }

    #[test]
    fn work_stays_near_linear_in_the_rows() {
        // Every row has the same voltage, and a third of the names are the same: blocks by them alone
        // would be quadratic.
        let compared = |n| {
            let (left, right) = tables(n);
            let found = link(&["name", "address", "voltage"], &left, &right, &Settings::default());
            assert!(found.left_out > 0);
            found.compared as f64
        };
        let (small, large) = (compared(1000), compared(8000));
        assert!(large < small * 8.0 * 1.5, "{small} {large}");
    }

    #[test]
    fn a_missing_value_says_nothing_and_an_empty_side_has_no_candidate() {
        assert_eq!(link(&["a"], &[], &[row("1", &["x"])], &Settings::default()), Linkage::default());
        let (left, right) = ([row("3342125369", &["", ""])], [row("3342125368", &["x", ""])]);
        let found = link(&["a", "b"], &left, &right, &Settings { least: 0.0, ..Settings::default() });
        assert_eq!(found.candidates.len(), 1);
        assert!(!found.candidates[0].reason.contains("same"), "{}", found.candidates[0].reason);
        let odd = [row("户号一", &[]), row("", &["x"])];
        let _ = link(&["a", "b"], &odd, &odd, &Settings::default());
    }

    #[test]
    fn a_row_has_its_best_candidates_first_and_no_more_than_asked_for() {
        let left = [row("1000000000", &["甲公司", "一号路1号"])];
        let right: Vec<_> = (1..8).map(|i| row(&format!("100000000{i}"), &["甲公司", "一号路1号"])).collect();
        let settings = Settings { least: 0.0, most: 2, ..Settings::default() };
        let found = link(&["name", "address"], &left, &right, &settings);
        assert_eq!(found.candidates.len(), 2);
        assert!(found.candidates[0].weight >= found.candidates[1].weight);
    }
}
