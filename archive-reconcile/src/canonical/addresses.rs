//! Addresses: where a customer is supplied.

use std::sync::LazyLock;

use archive_core::data_file;
use chinese_number::{ChineseCountMethod, ChineseToNumber};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::names::{Variant, replace_variants};
use super::simplified::simplified;

/// What addresses are made of, as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressData {
    /// What a number may stand before: 号, 幢, 室.
    numbered: Vec<String>,
    variant: Vec<Variant>,
    province: Vec<Province>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Province {
    /// As in common use: 江苏.
    name: String,
    /// In full: 江苏省.
    full: String,
    /// Its prefecture-level cities, without 市; none where it is a city itself.
    #[serde(default)]
    cities: Vec<String>,
}

static PLACES: LazyLock<Option<AddressData>> = LazyLock::new(|| {
    // A test reads it.
    data_file::parse("addresses.toml", include_str!("../../schema/addresses.toml")).ok()
});

/// The canonical writing of an address: simplified, in upper case, without what merely stands between
/// its parts; province and city by their common names, the province where only its city is named;
/// numbers before 号, 弄, 幢, 室 and the like in digits.
#[must_use]
pub fn address(text: &str) -> String {
    let mut out = String::new();
    write_address(text, &mut out);
    out
}

pub(crate) fn write_address(text: &str, out: &mut String) {
    out.clear();
    let mut chars = text.nfkc().map(simplified).peekable();
    // Two numbers that only a blank or a comma keeps apart must not become one.
    let mut gap = false;
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => gap = true,
            ',' | '、' | '。' | ';' | '.' | '(' | ')' | '[' | ']' | '【' | '】' | '〔' | '〕' | '"' | '“'
            | '”' | ':' => gap = true,
            '#' => push(out, '号', &mut gap),
            '—' | '–' | '―' | '−' | '~' | '至' if chars.peek().is_some_and(char::is_ascii_digit) => {
                push(out, '-', &mut gap);
            }
            c => push(out, c.to_ascii_uppercase(), &mut gap),
        }
    }
    let Some(places) = PLACES.as_ref() else { return };
    *out = digits_before(&places.numbered, out);
    replace_variants(&places.variant, out);
    places.write_region(out);
}

fn push(out: &mut String, c: char, gap: &mut bool) {
    let is_number = |c: char| c.is_ascii_alphanumeric() || is_numeral(c);
    if *gap && is_number(c) && out.chars().next_back().is_some_and(is_number) {
        out.push(',');
    }
    *gap = false;
    out.push(c);
}

fn is_numeral(c: char) -> bool {
    matches!(
        c,
        '零' | '〇' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '千'
    )
}

/// Writes numerals before one of `words` in digits: 十八号 is 18号.
fn digits_before(words: &[String], text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_numeral) {
        let (before, numeral) = rest.split_at(start);
        let end = numeral.find(|c| !is_numeral(c)).unwrap_or(numeral.len());
        let (numeral, after) = numeral.split_at(end);
        out.push_str(before);
        // A numeral after digits is a part of something else.
        let stands_alone = !out.ends_with(|c: char| c.is_ascii_digit());
        match number(numeral).filter(|_| stands_alone && words.iter().any(|w| after.starts_with(w))) {
            Some(number) => out.push_str(&number.to_string()),
            None => out.push_str(numeral),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The value of 十八, 一百零八 or, digit by digit, 一〇八.
fn number(numeral: &str) -> Option<u32> {
    if numeral.chars().count() > 9 {
        return None;
    }
    let plain = numeral.replace('〇', "零");
    if plain.contains(['十', '百', '千']) {
        return ChineseToNumber::<u32>::to_number(&plain, ChineseCountMethod::TenThousand).ok();
    }
    // A leading zero would be lost.
    if plain.starts_with('零') {
        return None;
    }
    ChineseToNumber::<u32>::to_number_naive(&plain).ok()
}

impl AddressData {
    /// Brings province and city at the beginning to their common names.
    fn write_region(&self, text: &mut String) {
        let found = self.province.iter().find_map(|province| {
            let after = text.strip_prefix(&*province.full).or_else(|| {
                let rest = text.strip_prefix(&*province.name)?;
                // 吉林市 is a city of 吉林, and 海南路 a road.
                let goes_on = !rest.starts_with(['市', '路', '街', '大', '道', '东', '西', '南', '北', '中']);
                goes_on.then_some(rest)
            })?;
            Some((province, after))
        });
        let (province, rest) = match found {
            Some((province, rest)) => (province, rest),
            None => {
                // The city alone names its province.
                let of_city = self.province.iter().find(|p| p.city(text).is_some());
                match of_city {
                    Some(province) => (province, text.as_str()),
                    None => return,
                }
            }
        };
        // 北京市北京市朝阳区, 北京市市辖区朝阳区.
        let rest = rest.trim_start_matches(&*province.full);
        let rest = rest.trim_start_matches("市辖区");
        let written = match province.city(rest) {
            Some((city, rest)) => format!("{}{city}{rest}", province.name),
            None => format!("{}{rest}", province.name),
        };
        *text = written;
    }
}

impl Province {
    /// The city that `text` begins with, and what follows.
    fn city<'t>(&self, text: &'t str) -> Option<(&str, &'t str)> {
        self.cities.iter().find_map(|city| {
            let rest = text.strip_prefix(&**city)?;
            // Without 市, a district or county must follow: 南京路 is a road.
            let rest = match rest.strip_prefix('市') {
                Some(rest) => rest,
                None => rest.find(['区', '县', '市']).filter(|at| *at > 0 && *at <= 15).map(|_| rest)?,
            };
            Some((&**city, rest.strip_prefix("市辖区").unwrap_or(rest)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(a: &str, b: &str, equal: bool) {
        assert_eq!(address(a) == address(b), equal, "{} {}", address(a), address(b));
    }

    #[test]
    fn the_data_is_sound() {
        let places = PLACES.as_ref().expect("the shipped data is read");
        assert_eq!(places.province.len(), 34);
        for variant in &places.variant {
            assert!(places.variant.iter().all(|v| !variant.means.contains(&v.written)), "it ends");
        }
        let cities: Vec<&String> = places.province.iter().flat_map(|p| &p.cities).collect();
        let mut once = cities.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), cities.len(), "a city stands in one province");
    }

    #[test]
    fn one_place_in_many_writings() {
        check("江苏省南京市鼓楼区中山路18号", "江苏南京鼓楼区中山路１８號", true);
        check("南京市鼓楼区中山路18号", "江苏省南京市鼓楼区中山路18号", true);
        check("北京市市辖区朝阳区八里庄1号", "北京朝阳区八里庄1号", true);
        check("内蒙古自治区呼和浩特市新城区", "内蒙古呼和浩特新城区", true);
        check("中山路一百零八号二幢三单元五〇一室", "中山路108号2栋3单元501房", true);
        check("吉林省吉林市船营区", "吉林市船营区", true);
        check("中山路5号, 3室", "中山路5号3室", true);
        check("中山路5#a座", "中山路5号Ａ座", true);
        check("人民路5号(东侧)", "人民路5号东侧", true);
    }

    #[test]
    fn another_place_is_never_equal() {
        check("中山路1号23室", "中山路12号3室", false);
        check("工业园 5 3室", "工业园53室", false);
        check("中山路18号", "中山北路18号", false);
        check("八一路5号", "八二路5号", false);
        check("南京路5号", "江苏南京路5号", false);
        check("中山路18号", "中山路18号东", false);
    }

    proptest! {
        #[test]
        fn a_canonical_address_is_its_own_form(
            text in "(江苏省|江苏|北京市市辖区)?(南京市|南京)?(鼓楼区)?([一二十百零〇0-9]{0,3}(号|幢|栋|室|房|路|街|东|#|a)|[,。 \\-]){0,8}",
        ) {
            let once = address(&text);
            prop_assert_eq!(address(&once), once);
        }

        #[test]
        fn any_text_has_a_form(text in "\\PC{0,60}") {
            let _ = address(&text);
        }
    }
}
