//! From a number to where its fields stand in it.

use archive_core::language::{Language, StateId};

use crate::limits;
use crate::machine::{Machine, Spans};

impl Machine {
    /// Whether `text` is a number of the rule, and then where its fields stand.
    pub(crate) fn read(&self, text: &str, spans: &mut Spans) -> bool {
        let is_read = match &self.shapes {
            Some(shapes) => match shapes.read(text.as_bytes()) {
                Some(found) => {
                    *spans = *found;
                    true
                }
                None => false,
            },
            None => self.read_by_trial(text, spans).is_some(),
        };
        is_read && self.checks_hold(text, spans)
    }

    /// Where the fields of a number stand in `bytes`, where its shape alone says so: nothing that is no UTF-8 has one.
    #[inline]
    pub(crate) fn read_bytes(&self, bytes: &[u8]) -> Option<&Spans> {
        self.shapes.as_ref().filter(|_| self.checks.is_empty())?.read(bytes)
    }

    /// Finds from the back where each part can begin, then takes the one way from the front.
    fn read_by_trial(&self, text: &str, spans: &mut Spans) -> Option<()> {
        if text.len() > limits::NUMBER_BYTES {
            return None;
        }
        // Bit p of `viable[i]`: from byte p on, the text is a member of the parts from i on.
        let mut viable = [[0_u128; 2]; limits::PARTS + 1];
        let get = |set: &[u128; 2], p: usize| set[p / 128] >> (p % 128) & 1 == 1;
        viable[self.parts.len()][text.len() / 128] = 1 << (text.len() % 128);
        for (i, (_, language)) in self.parts.iter().enumerate().rev() {
            for p in 0..=text.len() {
                if text.is_char_boundary(p) && ends(language, text, p).any(|end| get(&viable[i + 1], end)) {
                    viable[i][p / 128] |= 1 << (p % 128);
                }
            }
        }
        let mut at = 0;
        for (i, (field, language)) in self.parts.iter().enumerate() {
            let end = ends(language, text, at).find(|&end| get(&viable[i + 1], end))?;
            if let Some(field) = *field {
                spans[field] = (at as u8, end as u8);
            }
            at = end;
        }
        Some(())
    }

    #[inline]
    fn checks_hold(&self, text: &str, spans: &Spans) -> bool {
        self.checks
            .iter()
            .all(|check| check.due_and_given(text, spans).is_some_and(|(due, given)| due == *given))
    }

    /// The first check that fails: its field, where it stands, and what it should be.
    pub(crate) fn failing_check(&self, text: &str) -> Option<(usize, usize, String)> {
        let mut spans = [(0, 0); limits::FIELDS];
        self.read_by_trial(text, &mut spans)?;
        self.checks.iter().find_map(|check| {
            let (due, given) = check.due_and_given(text, &spans)?;
            let start = usize::from(spans[check.field].0);
            (due != *given).then(|| (check.field, start, due.as_str().to_owned()))
        })
    }
}

/// Where a member of `language` that begins at byte `start` can end.
fn ends<'a>(language: &'a Language, text: &'a str, start: usize) -> impl Iterator<Item = usize> + 'a {
    let rest = text.get(start..).unwrap_or("");
    let mut state: Option<StateId> = Some(language.start());
    rest.char_indices()
        .map_while(move |(at, c)| {
            state = language.step(state?, c);
            state.map(|state| (start + at + c.len_utf8(), state))
        })
        .filter(|&(_, state)| language.is_accepting(state))
        .map(|(end, _)| end)
}

#[cfg(test)]
mod tests {
    use crate::machine::Spans;
    use crate::{Rule, shipped};

    /// Shapes and automata find the same fields in the numbers of `rule`, whole and damaged, and
    /// in nothing else.
    fn check(rule: &Rule, number: &str) {
        let machine = rule.machine();
        let shapes = machine.shapes.as_ref().expect("shapes");
        let agree = |text: &str| {
            let mut spans = Spans::default();
            let found = machine.read_by_trial(text, &mut spans).map(|()| spans);
            assert_eq!(shapes.read(text.as_bytes()).copied(), found, "{rule:?} {text:?}");
            found.is_some()
        };
        assert!(agree(number));
        let mut refused = 0;
        for (at, old) in number.char_indices() {
            let (before, behind) = (&number[..at], &number[at + old.len_utf8()..]);
            for new in ["", "0", "9", "A", "Z", "/", ":", "-", "·", "档", "é", "\0", "\u{7f}", "00"] {
                refused += u32::from(!agree(&format!("{before}{new}{behind}")));
                refused += u32::from(!agree(&format!("{before}{old}{new}{behind}")));
                agree(before);
            }
        }
        assert!(refused > 20);
    }

    #[test]
    fn shapes_agree_with_automata() {
        for (name, number) in [
            ("DA-T-22-件", "Z109-KH·2024-D30-BGS-0007"),
            ("DA-T-22-件", "Z109-WS·2099-Y-BGSCWZSX-9999"),
            ("DA-T-13-卷内件", "Z109-KH-001-0007"),
            ("户号档案", "Z109-3388985508-001"),
            ("合同编号", "SGZJ202312345678"),
            ("盒号", "Z109-2024-D30-BGS-H0001"),
            ("表计资产编号", "3312345678901234567890"),
            ("居民身份证号码", "110102194910010016"),
        ] {
            check(&shipped::rule(name).unwrap(), number);
        }
        // Shorter than a word; widths that only the whole number tells apart.
        let rule = |text: &str| Rule::compile(&format!("rule r version 1 effective 2024-01-01\n{text}"));
        let short = rule("n = sequence{1,3} end 250 refuse-when-full\nformat \"{n}\"").unwrap();
        ["1", "42", "250"].iter().for_each(|number| check(&short, number));
        let wide =
            rule("a = chars[ab]{1,3}\nb = codes{1, 档=x, 22}\nc = chars[a-c]{2}\nformat \"{a}{b}{c}档案\"")
                .unwrap();
        ["a1ab档案", "bab档bc档案", "ab22cc档案"].iter().for_each(|number| check(&wide, number));
    }

    /// What is found in bytes is a number in UTF-8, with its fields where the text has them.
    #[test]
    fn bytes_are_read_as_their_text_is() {
        let mut found = 0;
        for rule in shipped::rules().unwrap() {
            let number = rule.example().unwrap();
            for at in 0..=number.as_str().len() {
                for byte in 0..=u8::MAX {
                    let mut bytes = number.as_str().as_bytes().to_vec();
                    match bytes.get_mut(at) {
                        Some(place) => *place = byte,
                        None => bytes.push(byte),
                    }
                    let Some(places) = rule.places(&bytes) else { continue };
                    found += 1;
                    let text = std::str::from_utf8(&bytes).unwrap();
                    let parsed = rule.parse(text).unwrap();
                    assert_eq!(places, parsed.places());
                    for name in rule.field_names() {
                        let field = rule.field(name).unwrap();
                        assert_eq!(
                            places.get(field).map(|place| &text[place]),
                            parsed.get(field),
                            "{name} {text}"
                        );
                    }
                }
            }
        }
        assert!(found > 1000, "{found}");
    }

    /// Where there are too many shapes, the automata read alone.
    #[test]
    fn many_shapes_are_left_to_automata() {
        let text = "rule r version 1 effective 2024-01-01
            a = chars[0-9]{1,20}
            b = chars[0-9]{1,20}
            format \"{a}-{b}\"";
        let rule = Rule::compile(text).unwrap();
        assert!(rule.machine().shapes.is_none());
        let parsed = rule.parse("0123456789-12345678901234567890").unwrap();
        assert_eq!(parsed.text("b"), Some("12345678901234567890"));
        for bad in ["", "-", "1-", "-1", "1-123456789012345678901", "1-2-3", &"1".repeat(400)] {
            assert!(rule.parse(bad).is_err(), "{bad}");
        }
    }
}
