//! Traditional characters to simplified ones, one by one, by the tables of OpenCC.

use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// The ideographs of the first plane that have a simplified form.
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9fff;

/// The simplified form of each, one entry a character. Phrases play no part: a form that depended
/// on its neighbours would make a name's form depend on its division.
static TABLE: LazyLock<Vec<char>> = LazyLock::new(|| {
    let all: Vec<char> = (FIRST..=LAST).filter_map(char::from_u32).collect();
    let Ok(converter) = OpenCC::from_config(BuiltinConfig::T2s) else {
        // The tables are compiled in; a test sees that they load.
        return all;
    };
    // One character a line, so that no phrase is found.
    let lines: String = all.iter().flat_map(|c| [*c, '\n']).collect();
    let converted = converter.convert(&lines);
    let once: Vec<char> = all
        .iter()
        .zip(converted.lines())
        .map(|(c, line)| {
            let mut chars = line.chars();
            chars.next().filter(|_| chars.next().is_none()).unwrap_or(*c)
        })
        .collect();
    let step = |c: char| position(c).and_then(|i| once.get(i).copied()).unwrap_or(c);
    // A simplified form may be a traditional character of another: followed to where it ends.
    all.iter().map(|c| (0..4).fold(*c, |c, _| step(c))).collect()
});

fn position(c: char) -> Option<usize> {
    // The range lies far below what a usize holds.
    (FIRST..=LAST).contains(&(c as u32)).then(|| (c as u32 - FIRST) as usize)
}

/// The simplified form of a character; any other character is its own.
pub(super) fn simplified(c: char) -> char {
    position(c).and_then(|i| TABLE.get(i).copied()).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_characters_have_simplified_forms() {
        let text: String = "國家電網蘇號樓龍鄭龜".chars().map(simplified).collect();
        assert_eq!(text, "国家电网苏号楼龙郑龟");
        assert_eq!(simplified('a'), 'a');
        assert_eq!(simplified('中'), '中');
    }

    #[test]
    fn a_simplified_form_is_its_own_form() {
        for c in (FIRST..=LAST).filter_map(char::from_u32) {
            assert_eq!(simplified(simplified(c)), simplified(c), "{c}");
        }
    }
}
