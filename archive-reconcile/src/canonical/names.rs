//! Names of companies and people.

use std::sync::LazyLock;

use archive_core::data_file;
use pinyin::ToPinyin;
use serde::Deserialize;

use super::simplified::simplified;
use crate::tables::fold::fold_into;

/// Writings that mean the same in names, as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameData {
    variant: Vec<Variant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    /// How it is written.
    pub(super) written: String,
    /// What it means.
    pub(super) means: String,
}

static NAMES: LazyLock<Vec<Variant>> = LazyLock::new(|| {
    let data = data_file::parse::<NameData>("names.toml", include_str!("../../schema/names.toml"));
    // A test reads it.
    data.map(|data| data.variant).unwrap_or_default()
});

/// The canonical writing of a company's or a person's name: simplified, without white space, with
/// plain brackets, in upper case, and with one writing for each legal form. 有限责任公司 is 有限公司 (the
/// law knows them as one); 股份有限公司 is another.
#[must_use]
pub fn name(text: &str) -> String {
    let mut out = String::new();
    write_name(text, &mut out);
    out
}

pub(crate) fn write_name(text: &str, out: &mut String) {
    out.clear();
    fold_into(text, out);
    if out.chars().any(|c| canonical(c) != Some(c)) {
        *out = out.chars().filter_map(canonical).collect();
    }
    out.make_ascii_uppercase();
    let end = out.trim_end_matches(['.', ',', ';', '。']).len();
    out.truncate(end);
    replace_variants(&NAMES, out);
}

fn canonical(c: char) -> Option<char> {
    Some(match c {
        '[' | '{' | '【' | '〔' | '〈' | '《' | '「' | '『' => '(',
        ']' | '}' | '】' | '〕' | '〉' | '》' | '」' | '』' => ')',
        // What stands between the parts of a foreign name.
        '•' | '・' | '‧' | '∙' | '⋅' => '·',
        '"' | '\'' | '“' | '”' | '‘' | '’' => return None,
        c => simplified(c),
    })
}

/// Replaces what a variant writes by what it means, as long as there is something to replace: what
/// one leaves may be what another writes.
pub(super) fn replace_variants(variants: &[Variant], text: &mut String) {
    // No meaning contains what is written, so that each round leaves less to replace.
    while let Some(variant) = variants.iter().find(|v| text.contains(&v.written)) {
        *text = text.replace(&variant.written, &variant.means);
    }
}

/// How alike two names or addresses are, for people who look at a finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// One less the share of characters that must change: 1 is the same text.
    pub letters: f64,
    /// Whether both are read aloud alike, as 张 and 章 are: a slip of an input method.
    pub sound: bool,
}

/// How alike two canonical writings are. A hint, never an equality.
#[must_use]
pub fn likeness(a: &str, b: &str) -> Likeness {
    // Beyond a few hundred characters a name is none, and the comparison takes the product of both.
    const LONGEST: usize = 256;
    if a.chars().nth(LONGEST).is_some() || b.chars().nth(LONGEST).is_some() {
        return Likeness { letters: f64::from(u8::from(a == b)), sound: false };
    }
    let letters = strsim::normalized_damerau_levenshtein(a, b);
    let sound = a != b && !a.is_empty() && a.chars().count() == b.chars().count() && sounds(a, b);
    Likeness { letters, sound }
}

fn sounds(a: &str, b: &str) -> bool {
    a.chars().zip(b.chars()).all(|(x, y)| {
        x == y || matches!((x.to_pinyin(), y.to_pinyin()), (Some(x), Some(y)) if x.plain() == y.plain())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(a: &str, b: &str, equal: bool) {
        assert_eq!(name(a) == name(b), equal, "{} {}", name(a), name(b));
    }

    #[test]
    fn the_data_is_sound() {
        assert!(!NAMES.is_empty());
        for variant in NAMES.iter() {
            assert_eq!(name(&variant.means), variant.means, "a meaning is its own form");
            assert!(NAMES.iter().all(|other| !variant.means.contains(&other.written)), "it ends");
        }
    }

    #[test]
    fn one_company_in_many_writings() {
        check("徐州鑫达汽车零部件有限责任公司", "徐州鑫達汽車零部件有限公司", true);
        check("华东（上海）机械　制造厂", "华东(上海)机械制造厂", true);
        check("华东【上海】机械制造厂", "华东(上海)机械制造厂", true);
        check("ａbc电子有限公司。", "ABC电子有限公司", true);
        check("长江股份公司", "长江股份有限公司", true);
        check("长江有限责任公司南京分公司", "长江有限公司南京分公司", true);
        check("买买提•艾力", "买买提·艾力", true);
    }

    #[test]
    fn another_company_is_never_equal() {
        check("长江有限公司", "长江股份有限公司", false);
        check("长江有限公司", "长江有限公司南京分公司", false);
        check("华东(上海)机械", "华东上海机械", false);
        check("王芳", "王芳甲", false);
        check("张伟", "章伟", false);
    }

    #[test]
    fn likeness_is_told_apart_from_equality() {
        let alike = likeness("张伟", "章伟");
        assert!(alike.sound && alike.letters == 0.5);
        assert!(!likeness("张伟", "李伟").sound);
        assert!(likeness("长江机械有限公司", "长江机戒有限公司").letters > 0.8);
        let long = "长".repeat(100_000);
        assert_eq!(likeness(&long, &long).letters, 1.0);
    }

    proptest! {
        #[test]
        fn a_canonical_name_is_its_own_form(text in "(有限责任公司|股份公司|[國家電網（）【·\\.a１ ]){0,12}") {
            let once = name(&text);
            prop_assert_eq!(name(&once), once);
        }
    }
}
