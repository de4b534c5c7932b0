//! Dates, amounts and characters in all the ways that papers write them.
//!
//! ```
//! use archive_core::writing::{parse_amount, parse_date};
//! use chrono::NaiveDate;
//!
//! let day = NaiveDate::from_ymd_opt(2021, 7, 5);
//! assert_eq!(parse_date("二零二一年七月五日"), day);
//! assert_eq!(parse_date("2021.7.5"), day);
//! assert_eq!(parse_amount("人民币肆拾柒万贰仟陆佰元整"), Some(472_600));
//! ```
//!
//! Reading and writing stand side by side: [`date_writings`] and [`amount_writing`] make what the
//! parsers accept, which lets a reader score every way in which a claimed value may be printed.
//!
//! Limits: dates from the year 1900 to 2199; whole amounts below 10¹² yuan.

use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

/// Folds what scans and keyboards vary without meaning: full width, compatibility forms and white
/// space (removed, since Chinese text does not depend on it).
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const CAPITAL_DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

/// The value of a Chinese digit, common or capital (大写).
fn digit(c: char) -> Option<u32> {
    if matches!(c, '〇' | '○') {
        return Some(0);
    }
    let position = |digits: &[char; 10]| digits.iter().position(|d| *d == c);
    // The array has ten entries.
    position(&DIGITS).or_else(|| position(&CAPITAL_DIGITS)).map(|p| p as u32)
}

/// A number below one thousand in digits, or below one hundred in Chinese: `7`, `07`, `七`, `十`,
/// `二十八`, `二八`.
#[must_use]
pub fn parse_small_number(text: &str) -> Option<u32> {
    if text.is_empty() || text.chars().count() > 3 {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let ten = |c| matches!(c, '十' | '拾');
    match text.split_once(ten) {
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { single(tens)? };
            let ones = if ones.is_empty() { 0 } else { single(ones)? };
            Some(tens * 10 + ones)
        }
        None => text.chars().try_fold(0, |n, c| Some(n * 10 + digit(c)?)),
    }
}

fn single(text: &str) -> Option<u32> {
    let mut chars = text.chars();
    let value = digit(chars.next()?)?;
    chars.next().is_none().then_some(value)
}

fn year(text: &str) -> Option<i32> {
    if text.chars().count() != 4 {
        return None;
    }
    let value = text.chars().try_fold(0, |n, c| Some(n * 10 + c.to_digit(10).or_else(|| digit(c))?))?;
    (1900..2200).contains(&value).then_some(value as i32)
}

/// Reads a date written `2019年3月5日`, `2019-03-05`, `2019.3.5`, `2019/3/5`, `20190305` or
/// `二〇一九年三月五日`, in full width too. `None` where the text is no such date, or no day of the
/// calendar.
#[must_use]
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let text = fold(text);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return NaiveDate::from_ymd_opt(year(&text[..4])?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
    }
    let (y, m, d) = if let Some((y, rest)) = text.split_once('年') {
        let (m, d) = rest.split_once('月')?;
        (y, m, d.strip_suffix(['日', '号']).unwrap_or(d))
    } else {
        let separator = text.chars().find(|c| matches!(c, '-' | '.' | '/'))?;
        let mut parts = text.split(separator);
        let all = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        all
    };
    NaiveDate::from_ymd_opt(year(y)?, parse_small_number(m)?, parse_small_number(d)?)
}

/// The ways in which a paper may print `date`, most frequent first, without repetition.
#[must_use]
pub fn date_writings(date: NaiveDate) -> Vec<String> {
    let (y, m, d) = (date.year(), date.month(), date.day());
    let chinese_year = |zero: char| -> String {
        // A year has decimal digits alone.
        y.to_string().bytes().map(|b| if b == b'0' { zero } else { DIGITS[usize::from(b - b'0')] }).collect()
    };
    let (month, day) = (chinese_below_hundred(m), chinese_below_hundred(d));
    let mut all = vec![
        format!("{y}年{m}月{d}日"),
        format!("{y}年{m:02}月{d:02}日"),
        format!("{y}-{m:02}-{d:02}"),
        format!("{}年{month}月{day}日", chinese_year('零')),
        format!("{}年{month}月{day}日", chinese_year('〇')),
        format!("{y}.{m}.{d}"),
        format!("{y}.{m:02}.{d:02}"),
        format!("{y}-{m}-{d}"),
        format!("{y}/{m}/{d}"),
        format!("{y}/{m:02}/{d:02}"),
        format!("{y}{m:02}{d:02}"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|w| seen.insert(w.clone()));
    all
}

fn chinese_below_hundred(n: u32) -> String {
    let (tens, ones) = (n / 10 % 10, n % 10);
    let mut text = String::new();
    if tens > 1 {
        text.push(DIGITS[tens as usize]);
    }
    if tens > 0 {
        text.push('十');
    }
    if ones > 0 || tens == 0 {
        text.push(DIGITS[ones as usize]);
    }
    text
}

/// The most yuan that a capital amount may state.
const AMOUNT_LIMIT: u64 = 1_000_000_000_000;

/// Reads a whole amount of yuan in capital numerals (大写): `人民币叁仟伍佰元整`. Digits are read
/// too: `3500`, `3500元`, `¥3500.00`. `None` where it is neither, or has a fraction other than zero.
#[must_use]
pub fn parse_amount(text: &str) -> Option<u64> {
    let text = fold(text);
    let text = text.strip_prefix("人民币").unwrap_or(&text);
    let text = text.trim_start_matches(['¥', '￥', ':']);
    let text = text.trim_end_matches(['整', '正']);
    let text = text.strip_suffix(['元', '圆']).unwrap_or(text);
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let value = crate::units::parse_number(text)?;
        return u64::try_from(value).ok().filter(|_| value.is_integer()).filter(|v| *v < AMOUNT_LIMIT);
    }
    let value = parse_capital_numeral(text)?;
    // Accepting only the canonical form keeps a misread character from becoming another amount. Two
    // liberties are common on paper: zeros left out, and 拾 for 壹拾 at the beginning.
    let canonical = |s: &str| {
        let without_zeros = s.replace('零', "");
        match without_zeros.strip_prefix("壹拾") {
            Some(rest) => format!("拾{rest}"),
            None => without_zeros,
        }
    };
    (canonical(&capital_numeral(value)?) == canonical(text)).then_some(value)
}

fn parse_capital_numeral(text: &str) -> Option<u64> {
    if text.is_empty() || text.chars().count() > 40 {
        return None;
    }
    let (mut total, mut group, mut pending) = (0_u64, 0_u64, None);
    for c in text.chars() {
        let place = match c {
            '拾' => 10,
            '佰' => 100,
            '仟' => 1000,
            '万' | '萬' => {
                total += (group + pending.take().unwrap_or(0)) * 10_000;
                group = 0;
                continue;
            }
            '亿' | '億' => {
                total = (total + group + pending.take().unwrap_or(0)) * 100_000_000;
                group = 0;
                continue;
            }
            '零' => {
                pending = None;
                continue;
            }
            _ => {
                pending = Some(u64::from(digit(c).filter(|_| CAPITAL_DIGITS.contains(&c))?));
                continue;
            }
        };
        group += pending.take().unwrap_or(1) * place;
    }
    let value = total.checked_add(group)?.checked_add(pending.unwrap_or(0))?;
    (value < AMOUNT_LIMIT).then_some(value)
}

/// The capital numeral (大写) of a whole number below 10¹²: `472600` is `肆拾柒万贰仟陆佰`.
#[must_use]
pub fn capital_numeral(value: u64) -> Option<String> {
    if value >= AMOUNT_LIMIT {
        return None;
    }
    if value == 0 {
        return Some("零".to_owned());
    }
    const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
    const GROUPS: [&str; 3] = ["", "万", "亿"];
    let mut text = String::new();
    let mut zero = false;
    for group in (0..3).rev() {
        let digits = value / 10_000_u64.pow(group) % 10_000;
        if digits == 0 {
            zero = !text.is_empty();
            continue;
        }
        for place in (0..4).rev() {
            let d = digits / 10_u64.pow(place) % 10;
            if d == 0 {
                zero = !text.is_empty();
                continue;
            }
            if zero {
                text.push('零');
                zero = false;
            }
            text.push(CAPITAL_DIGITS[d as usize]);
            text.push_str(PLACES[place as usize]);
        }
        text.push_str(GROUPS[group as usize]);
    }
    Some(text)
}

/// How an amount of whole yuan is printed in capital numerals: `人民币叁仟伍佰元整`.
#[must_use]
pub fn amount_writing(value: u64) -> Option<String> {
    capital_numeral(value).map(|numeral| format!("人民币{numeral}元整"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_date(input: &str, expected: &str) {
        let read = parse_date(input).map(|d| d.to_string()).unwrap_or_default();
        assert_eq!(read, expected, "{input}");
    }

    #[test]
    fn dates_in_every_writing() {
        check_date("2019年3月5日", "2019-03-05");
        check_date("２０１９－０３－０５", "2019-03-05");
        check_date("2019.3.5", "2019-03-05");
        check_date("20190305", "2019-03-05");
        check_date("二〇一九年十二月二十八日", "2019-12-28");
        check_date("贰零壹玖年叁月伍日", "2019-03-05");
    }

    #[test]
    fn what_is_no_day_is_no_date() {
        for bad in [
            "",
            "2019年2月30日",
            "2019-13-01",
            "20190230",
            "3019-01-01",
            "2019-1-2-3",
            "年月日",
            "二零一九年",
            "2019年十十月1日",
        ] {
            check_date(bad, "");
        }
    }

    #[test]
    fn amounts() {
        assert_eq!(parse_amount("人民币肆拾叁万捌仟元整"), Some(438_000));
        assert_eq!(parse_amount("壹拾万零伍佰元整"), Some(100_500));
        assert_eq!(parse_amount("拾万元"), Some(100_000));
        assert_eq!(parse_amount("¥3500.00"), Some(3500));
        assert_eq!(parse_amount("3500.50"), None);
        assert_eq!(parse_amount("肆肆肆元整"), None);
        assert_eq!(parse_amount(&"玖".repeat(10_000)), None);
    }

    proptest! {
        #[test]
        fn written_amounts_read_back(value in 0_u64..AMOUNT_LIMIT) {
            prop_assert_eq!(parse_amount(&amount_writing(value).unwrap()), Some(value));
        }

        #[test]
        fn written_dates_read_back(days in -25_000_i32..=80_000) {
            let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Duration::days(days.into());
            for writing in date_writings(date) {
                prop_assert_eq!(parse_date(&writing), Some(date), "{}", writing);
            }
        }

        #[test]
        fn any_text_is_a_value_or_none(text in ".{0,60}") {
            let _ = (parse_date(&text), parse_amount(&text));
        }
    }
}
