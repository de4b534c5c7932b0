//! Random small rules, and what they mean, written down a second time without automata: every
//! field is the list of its values and writings, every number a row of them.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A small generator of its own, so that a seed gives the same rules for ever.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// SplitMix64: near seeds give unlike rows.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`.
    pub(crate) fn number(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.number(0, items.len() as u64 - 1) as usize]
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.number(0, 99) < percent
    }
}

/// One value of a field.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) writing: String,
    /// What tells it from other values.
    pub(crate) value: String,
    /// Its place in the declared order.
    pub(crate) rank: (u64, String),
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) entries: Vec<Entry>,
    /// Whether a value of it cannot be written, or a counter has no declared end.
    pub(crate) too_wide: bool,
    pub(crate) scope: Option<Vec<usize>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) text: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) parts: Vec<Part>,
    pub(crate) sort: Option<Vec<usize>>,
    pub(crate) aliases: Vec<(char, char)>,
    pub(crate) counter: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Literal(String),
    Field(usize),
}

const LETTERS: [&str; 4] = ["ab", "a0", "ab0", "b"];

fn chars(random: &mut Random) -> (String, Vec<Entry>) {
    let class = *random.pick(&LETTERS);
    let min = random.number(1, 2);
    let max = if random.chance(40) { min } else { 2 };
    let pad = random.chance(15).then(|| *random.pick(&['0', 'x', 'a']));
    let mut values = vec![String::new()];
    let mut all = Vec::new();
    for width in 1..=max {
        values = values.iter().flat_map(|v| class.chars().map(move |c| format!("{v}{c}"))).collect();
        if width >= min {
            all.extend(values.iter().cloned());
        }
    }
    let entry = |value: String| {
        let fill = if pad.is_some() { max as usize - value.len() } else { 0 };
        let writing = format!("{}{value}", pad.map(String::from).unwrap_or_default().repeat(fill));
        Entry { rank: (0, writing.clone()), writing, value }
    };
    let mut text = format!("chars[{class}]{{{min},{max}}}");
    if let Some(pad) = pad {
        let _ = write!(text, " pad \"{pad}\"");
    }
    (text, all.into_iter().map(entry).collect())
}

fn numbers(low: u64, high: u64, min: usize, max: usize) -> (Vec<Entry>, bool) {
    let limit = 10_u64.pow(max as u32) - 1;
    let entry = |value: u64| Entry {
        writing: format!("{value:0min$}"),
        value: value.to_string(),
        rank: (value, String::new()),
    };
    ((low..=high.min(limit)).map(entry).collect(), high > limit)
}

fn digits(random: &mut Random) -> (String, Vec<Entry>, bool) {
    if random.chance(20) {
        // A year cut to its last digits.
        let width = random.number(1, 2);
        let low = random.number(1996, 2000);
        let high = low + random.number(0, 5) + if random.chance(20) { 7 } else { 0 };
        let entry = |year: u64| Entry {
            writing: format!("{:0w$}", year % 10_u64.pow(width as u32), w = width as usize),
            value: year.to_string(),
            rank: (year, String::new()),
        };
        let text = format!("digits{{{width}}} century {low}..{high} from day");
        return (text, (low..=high).map(entry).collect(), false);
    }
    let min = random.number(1, 2);
    let max = if random.chance(50) { min } else { 2 };
    let low = random.number(0, 10).min(10_u64.pow(max as u32) - 1);
    let high = low + random.number(0, 4);
    let (entries, too_wide) = numbers(low, high, min as usize, max as usize);
    (format!("digits{{{min},{max}}} range {low}..{high}"), entries, too_wide)
}

fn codes(random: &mut Random) -> (String, Vec<Entry>) {
    let ordered = random.chance(60);
    let count = random.number(1, 3);
    let words = ["a", "b", "ab", "ba", "0", "01", "1", "aa", "·"];
    let picked: Vec<&str> = (0..count).map(|_| *random.pick(&words)).collect();
    let entries = picked.iter().enumerate().map(|(i, word)| Entry {
        writing: (*word).to_owned(),
        value: format!("L{i}"),
        rank: if ordered { (i as u64, String::new()) } else { (0, (*word).to_owned()) },
    });
    let list: Vec<String> = picked.iter().enumerate().map(|(i, word)| format!("{word}=L{i}")).collect();
    let text = format!("codes{{{}}}", list.join(if ordered { "<" } else { "," }));
    (text, entries.collect())
}

fn sequence(random: &mut Random, scope: Vec<usize>, names: &[String]) -> Field {
    let min = random.number(1, 2);
    let widen = min == 1 && random.chance(20);
    let max = if widen { 2 } else { min };
    let low = random.number(0, 9);
    let high = low + random.number(0, 3) + if random.chance(15) { 7 } else { 0 };
    let (entries, mut too_wide) = numbers(low, high, min as usize, max as usize);
    let mut text = format!("sequence{{{min}}} start {low} end {high}");
    if !scope.is_empty() {
        let names: Vec<&str> = scope.iter().map(|&f| names[f].as_str()).collect();
        let _ = write!(text, " per ({})", names.join(","));
    }
    if widen {
        text.push_str(" widen-when-full to 2");
    } else if random.chance(95) {
        text.push_str(" refuse-when-full");
    } else {
        too_wide = true;
    }
    Field { name: "n".into(), text, entries, too_wide, scope: Some(scope) }
}

impl Rule {
    /// A rule of at most four fields and few numbers.
    pub(crate) fn random(random: &mut Random, name: &str) -> Self {
        // Some rules run their fields together, which is where readings go apart.
        let loose = random.chance(15);
        let mut fields: Vec<Field> = Vec::new();
        for i in 0..random.number(1, 3) {
            let (text, entries, too_wide) = match random.number(0, 2) {
                1 if loose => {
                    let (text, entries) = codes(random);
                    (text, entries, false)
                }
                0 => {
                    let (text, entries) = chars(random);
                    (text, entries, false)
                }
                1 => digits(random),
                _ => {
                    let (text, entries) = codes(random);
                    (text, entries, false)
                }
            };
            // Years of different dates, so that none tells another.
            let text = text.replace("from day", &format!("from day{i}"));
            fields.push(Field { name: format!("f{i}"), text, entries, too_wide, scope: None });
        }
        let names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
        let mut printed: Vec<usize> = (0..fields.len()).collect();
        if random.chance(70) {
            let scope: Vec<usize> = (0..fields.len()).filter(|_| random.chance(70)).collect();
            // Now and then a field is counted within without being printed.
            if random.chance(15)
                && let Some(&hidden) = scope.first()
            {
                printed.retain(|&f| f != hidden);
            }
            fields.push(sequence(random, scope, &names));
            if random.chance(97) {
                printed.push(fields.len() - 1);
            }
        }
        // Print in a random order.
        for i in (1..printed.len()).rev() {
            printed.swap(i, random.number(0, i as u64) as usize);
        }
        let mut parts = Vec::new();
        let mut format = String::new();
        for (i, &field) in printed.iter().enumerate() {
            let separator = *random.pick(&["-", "-", "·", "", "", "", "a", "0"]);
            if i > 0 && !separator.is_empty() && !loose {
                parts.push(Part::Literal(separator.to_owned()));
                format.push_str(separator);
            }
            parts.push(Part::Field(field));
            let _ = write!(format, "{{{}}}", fields[field].name);
        }
        if printed.is_empty() {
            parts.push(Part::Literal("a".into()));
            format.push('a');
        }
        let sort = random.chance(60).then(|| {
            let mut sort = printed.clone();
            if random.chance(30) {
                for i in (1..sort.len()).rev() {
                    sort.swap(i, random.number(0, i as u64) as usize);
                }
            }
            if sort.len() > 1 && random.chance(15) {
                sort.pop();
            }
            sort
        });
        let sort = sort.filter(|sort| !sort.is_empty());
        let mut aliases = Vec::new();
        if random.chance(30) {
            for from in ['—', 'O', 'b', '-'] {
                let to = *random.pick(&['-', '0', 'a']);
                if random.chance(50) && from != to {
                    aliases.push((from, to));
                }
            }
        }
        let counter = random.chance(20).then_some("shared");

        let mut text = format!("rule {name} version 1 effective 2024-01-01");
        if let Some(counter) = counter {
            let _ = write!(text, " counter {counter}");
        }
        for field in &fields {
            let _ = write!(text, "\n  {} = {}", field.name, field.text);
        }
        let _ = write!(text, "\n  format \"{format}\"");
        if let Some(sort) = &sort {
            let names: Vec<&str> = sort.iter().map(|&f| fields[f].name.as_str()).collect();
            let _ = write!(text, "\n  sort {}", names.join(", "));
        }
        if !aliases.is_empty() {
            text.push_str("\n  aliases");
            for (from, to) in &aliases {
                let _ = write!(text, " {{{from}}}->\"{to}\"");
            }
        }
        text.push('\n');
        Self { text, fields, parts, sort, aliases, counter }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.fields.iter().map(|field| field.entries.len()).product()
    }

    pub(crate) fn is_printed(&self, field: usize) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field(f) if *f == field))
    }

    /// Every combination of entries, as an index into each field.
    pub(crate) fn combinations(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for field in &self.fields {
            let extend = |row: Vec<usize>| {
                (0..field.entries.len()).map(move |entry| [row.as_slice(), &[entry]].concat())
            };
            all = all.into_iter().flat_map(extend).collect();
        }
        all
    }

    pub(crate) fn print(&self, row: &[usize]) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Literal(text) => text.as_str(),
            Part::Field(f) => &self.fields[*f].entries[row[*f]].writing,
        });
        parts.collect()
    }

    /// The writings of the printed fields in `row`.
    pub(crate) fn writings(&self, row: &[usize]) -> Vec<(usize, String)> {
        let mut writings: Vec<(usize, String)> = (0..self.fields.len())
            .filter(|&f| self.is_printed(f))
            .map(|f| (f, self.fields[f].entries[row[f]].writing.clone()))
            .collect();
        writings.sort();
        writings
    }
}

fn rank(texts: &[&str]) -> usize {
    texts.iter().map(|text| text.chars().count()).sum()
}

/// For each proof that fails by brute force, how long its shortest counterexample is (the number,
/// the two numbers, the input); zero where length means nothing.
pub(crate) fn brute_force(rule: &Rule) -> BTreeMap<&'static str, usize> {
    let mut failed = BTreeMap::new();
    let mut fail = |proof: &'static str, length: usize| {
        let known = failed.entry(proof).or_insert(length);
        *known = length.min(*known);
    };
    for field in &rule.fields {
        for (i, a) in field.entries.iter().enumerate() {
            if field.entries[..i].iter().any(|b| b.writing == a.writing && b.value != a.value) {
                fail("writing", 0);
            }
        }
        if field.too_wide {
            fail("capacity", 0);
        }
    }
    let rows = rule.combinations();
    let texts: Vec<String> = rows.iter().map(|row| rule.print(row)).collect();
    // Number by number, the first row that prints it.
    let mut readings: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, text) in texts.iter().enumerate() {
        let first = *readings.entry(text).or_insert(i);
        if rule.writings(&rows[first]) != rule.writings(&rows[i]) {
            fail("reading", rank(&[text]));
        }
    }
    for (at, field) in rule.fields.iter().enumerate() {
        let Some(scope) = &field.scope else { continue };
        // A field's values are told apart by their writing here: what is lost in writing is for
        // the first proof.
        let several = |f: usize| {
            let entries = &rule.fields[f].entries;
            entries.iter().any(|e| e.writing != entries[0].writing)
        };
        if !rule.is_printed(at) || scope.iter().any(|&f| !rule.is_printed(f) && several(f)) {
            fail("scope", 0);
        }
    }
    if rule.fields.iter().all(|f| f.scope.is_none()) && (0..rule.fields.len()).all(|f| !rule.is_printed(f)) {
        fail("scope", 0);
    }
    if let Some(sort) = &rule.sort {
        for (i, x) in texts.iter().enumerate() {
            for (j, y) in texts.iter().enumerate() {
                if x < y && declared(rule, sort, &rows[i], &rows[j]).is_gt() {
                    fail("order", rank(&[x, y]));
                }
            }
        }
    }
    if !rule.aliases.is_empty() {
        let mut meant: BTreeMap<String, &str> = BTreeMap::new();
        for text in readings.keys() {
            for typed in typings(rule, text) {
                let length = rank(&[&typed]);
                let other = *meant.entry(typed).or_insert(text);
                if other != *text {
                    fail("aliases", length);
                }
            }
        }
    }
    failed
}

/// The declared order of two rows.
fn declared(rule: &Rule, sort: &[usize], x: &[usize], y: &[usize]) -> std::cmp::Ordering {
    let rank = |row: &[usize]| -> Vec<_> {
        sort.iter().map(|&f| rule.fields[f].entries[row[f]].rank.clone()).collect()
    };
    rank(x).cmp(&rank(y))
}

/// All inputs that can stand for `text`.
fn typings(rule: &Rule, text: &str) -> Vec<String> {
    let mut typed = vec![String::new()];
    for c in text.chars() {
        let mut ways = vec![c];
        ways.extend(rule.aliases.iter().filter(|(_, to)| *to == c).map(|(from, _)| *from));
        typed = typed.iter().flat_map(|t| ways.iter().map(move |w| format!("{t}{w}"))).collect();
    }
    typed
}

/// Whether two rules of one namespace can give one number to two files, and the length of the
/// shortest such number.
pub(crate) fn collide(a: &Rule, b: &Rule) -> Option<usize> {
    let counted = |rule: &Rule, row: &[usize]| -> Option<Vec<String>> {
        let sequence = rule.fields.iter().position(|f| f.scope.is_some())?;
        let mut key: Vec<String> = Vec::new();
        for &f in rule.fields[sequence].scope.as_ref()? {
            key.push(rule.fields[f].entries[row[f]].writing.clone());
        }
        key.push(rule.fields[sequence].entries[row[sequence]].writing.clone());
        Some(key)
    };
    let mut shortest: Option<usize> = None;
    let others: BTreeMap<String, Vec<usize>> =
        b.combinations().into_iter().map(|row| (b.print(&row), row)).collect();
    for row in a.combinations() {
        let text = a.print(&row);
        if let Some(other) = others.get(&text) {
            let shared = a.counter.is_some() && a.counter == b.counter;
            let one = counted(a, &row);
            if !shared || one.is_none() || one != counted(b, other) {
                let length = rank(&[&text]);
                shortest = Some(shortest.map_or(length, |known| known.min(length)));
            }
        }
    }
    shortest
}
