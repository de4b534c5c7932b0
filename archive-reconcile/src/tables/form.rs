//! Canonical forms: two cells are one value exactly where their forms are equal.

use archive_core::record::ValueKind;
use archive_core::units::{Quantity, Unit, parse_number};
use archive_core::writing::{fold, parse_date};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::fold::{fold_into, is_plain};
use crate::canonical::{CheckScheme, citizen_id, write_address, write_name, write_set};
use crate::schema::{CapacityFact, Comparator, Comparison};

/// The canonical form of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form<'a> {
    /// No value: null, or text of nothing but white space.
    Absent,
    /// A number, without trailing zeros.
    Number(Number),
    /// A day, counted from 1970-01-01.
    Day(i32),
    /// Text in its folded writing.
    Text(&'a str),
    /// A value that is none of the field's kind: it equals only its own writing.
    Foreign(&'a str),
}

/// A decimal number: `mantissa × 10^-scale`, with the least scale that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number {
    mantissa: i128,
    scale: i32,
}

impl Number {
    pub(crate) fn new(mantissa: i128, scale: i32) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        if mantissa == 0 {
            return Self { mantissa, scale: 0 };
        }
        // 64-bit division is several times as fast, and nearly every number fits.
        if let Ok(mut small) = i64::try_from(mantissa) {
            while scale > 0 && small % 10 == 0 {
                (small, scale) = (small / 10, scale - 1);
            }
            return Self { mantissa: small.into(), scale };
        }
        while scale > 0 && mantissa % 10 == 0 {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }
        Self { mantissa, scale }
    }

    /// Plain digits with at most one point between them and an optional minus, 18 digits at most.
    fn of_digits(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            all => (false, all),
        };
        if digits.is_empty() || digits.len() > 19 {
            return None;
        }
        let (mut value, mut point, mut count) = (0_i64, None, 0);
        for (i, b) in digits.iter().enumerate() {
            match b {
                b'0'..=b'9' => {
                    count += 1;
                    if count > 18 {
                        return None;
                    }
                    value = value * 10 + i64::from(b - b'0');
                }
                b'.' if point.is_none() && i > 0 && i + 1 < digits.len() => point = Some(i),
                _ => return None,
            }
        }
        // At most 19 bytes: the scale fits.
        let scale = point.map_or(0, |p| (digits.len() - p - 1) as i32);
        Some(Self::new(if negative { -value } else { value }.into(), scale))
    }

    /// The number as a decimal, where it is one of at most 28 digits.
    pub(crate) fn decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.mantissa, u32::try_from(self.scale).ok()?).ok()
    }
}

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Self {
        // A scale is at most 28.
        Self::new(value.mantissa(), value.scale() as i32)
    }
}

/// The days that [`parse_date`] can give: 1900-01-01 to 2199-12-31.
const DAYS: std::ops::RangeInclusive<i32> = -25_567..=84_005;

impl<'a> Form<'a> {
    /// The form of a day counted from 1970-01-01, where it is one that a text could state too.
    pub(crate) fn of_day(days: i32) -> Option<Self> {
        DAYS.contains(&days).then_some(Self::Day(days))
    }

    /// The form of a key: folded text in upper case, whatever its characters.
    pub(crate) fn of_key(text: &'a str, scratch: &'a mut String) -> Self {
        if !text.is_empty() && text.bytes().fold(true, |all, b| all & matches!(b, b'0'..=b'9' | b'A'..=b'Z'))
        {
            return Self::Text(text);
        }
        scratch.clear();
        fold_into(text, scratch);
        if scratch.is_empty() {
            return Self::Absent;
        }
        if scratch.chars().any(|c| c.is_lowercase()) {
            *scratch = scratch.to_uppercase();
        }
        Self::Text(scratch)
    }

    /// The form of `text` under `field`'s comparator. `scratch` lends the memory for a form that
    /// is not a part of `text`.
    pub(crate) fn of_text(field: &Comparison, text: &'a str, scratch: &'a mut String) -> Self {
        Self::of_dated_text(field, text, None, scratch)
    }

    /// As [`Form::of_text`], of a value that was written on `day`.
    pub(crate) fn of_dated_text(
        field: &Comparison,
        text: &'a str,
        day: Option<NaiveDate>,
        scratch: &'a mut String,
    ) -> Self {
        if text.is_empty() {
            return Self::Absent;
        }
        if !field.codes.is_empty() {
            scratch.clear();
            fold_into(text, scratch);
            let current = field.codes.current(scratch, day);
            if current != scratch {
                *scratch = current.to_owned();
            }
            return Self::written(scratch);
        }
        match (field.comparator, field.kind) {
            (Comparator::Exact, _) => Self::Text(text),
            (Comparator::Name, _) => {
                write_name(text, scratch);
                Self::written(scratch)
            }
            (Comparator::Address, _) => {
                write_address(text, scratch);
                Self::written(scratch)
            }
            (Comparator::Set, _) => {
                write_set(text, scratch);
                Self::written(scratch)
            }
            (Comparator::Kind, ValueKind::Text) => Self::folded(text, scratch),
            (Comparator::Kind, ValueKind::Identifier) if field.check.is_some() => {
                // The old citizen ID is the new one.
                let of_citizen = field.check != Some(CheckScheme::CreditCode);
                match citizen_id(&fold(text).to_uppercase()).filter(|_| of_citizen) {
                    Some(id) => {
                        *scratch = id;
                        Self::Text(scratch)
                    }
                    None => Self::fast(ValueKind::Identifier, text)
                        .unwrap_or_else(|| Self::slow(ValueKind::Identifier, text, scratch)),
                }
            }
            (Comparator::Kind, ValueKind::CapacityKva)
                if field.fact.is_some() || field.power_factor.is_some() =>
            {
                Self::capacity(field, text)
            }
            (Comparator::Kind, kind) => {
                Self::fast(kind, text).unwrap_or_else(|| Self::slow(kind, text, scratch))
            }
        }
    }

    fn written(scratch: &'a str) -> Self {
        if scratch.is_empty() { Self::Absent } else { Self::Text(scratch) }
    }

    /// A capacity that may state which one it is, and may be written in kW.
    fn capacity(field: &Comparison, text: &'a str) -> Self {
        let kind = ValueKind::CapacityKva;
        if let Some(form) = Self::fast(kind, text) {
            return form;
        }
        let folded = fold(text);
        let (label, value) = match folded.split_once("容量") {
            Some((_, value)) => {
                let label = &folded[..folded.len() - value.len()];
                (CapacityFact::stated_in(label), value.trim_start_matches([':', '为', '是']))
            }
            None => (None, folded.as_str()),
        };
        if label.is_some() && label != field.fact {
            return Self::Foreign(text);
        }
        let kilowatts = field.power_factor.and_then(|factor| {
            let quantity = value.parse::<Quantity>().ok().filter(|q| q.unit() == Unit::Kilowatt)?;
            quantity.value().checked_div(factor)
        });
        if let Some(number) = kilowatts {
            return Self::Number(number.into());
        }
        let bare = Number::of_digits(value);
        let read = bare.or_else(|| kind.normalise(value).as_deref().and_then(parse_number).map(Number::from));
        match read {
            Some(number) => Self::Number(number),
            None if folded.is_empty() => Self::Absent,
            None => Self::Foreign(text),
        }
    }

    fn folded(text: &'a str, scratch: &'a mut String) -> Self {
        if is_plain(text) {
            return Self::Text(text);
        }
        scratch.clear();
        fold_into(text, scratch);
        if scratch.is_empty() { Self::Absent } else { Self::Text(scratch) }
    }

    /// The writings that most rows have, without any allocation. What it gives is what
    /// [`Form::slow`] gives; a property test holds them together.
    fn fast(kind: ValueKind, text: &'a str) -> Option<Self> {
        let number = |text: &str| Number::of_digits(text).map(Self::Number);
        match kind {
            ValueKind::Identifier => {
                let valid = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'Z' | b'-' | b'.');
                (!text.is_empty() && text.bytes().fold(true, |all, b| all & valid(b)))
                    .then_some(Self::Text(text))
            }
            // A bare number may be negative; one with its unit, as papers have it, is not.
            ValueKind::CapacityKva | ValueKind::VoltageKv => {
                let unit = if kind == ValueKind::CapacityKva { "kVA" } else { "kV" };
                match text.strip_suffix(unit) {
                    Some(bare) if bare.starts_with('-') => None,
                    Some(bare) => number(bare),
                    None => number(text),
                }
            }
            ValueKind::Decimal => number(text),
            ValueKind::Date => fixed_date(text.as_bytes()).map(Self::Day),
            ValueKind::Ratio => {
                let (primary, secondary) = text.split_once('/')?;
                let plain = |s: &str| {
                    (1..=18).contains(&s.len())
                        && !s.starts_with('0')
                        && s.bytes().all(|b| b.is_ascii_digit())
                };
                (plain(primary) && plain(secondary)).then_some(Self::Text(text))
            }
            _ => None,
        }
    }

    fn slow(kind: ValueKind, text: &'a str, scratch: &'a mut String) -> Self {
        scratch.clear();
        fold_into(text, scratch);
        if scratch.is_empty() {
            return Self::Absent;
        }
        let number = |value: Option<Decimal>| value.map(|v| Self::Number(v.into()));
        let read = match kind {
            ValueKind::Date => parse_date(scratch).map(|d| Self::Day(d.num_days_from_ce() - EPOCH)),
            ValueKind::CapacityKva | ValueKind::VoltageKv | ValueKind::Decimal | ValueKind::AmountCny => {
                Number::of_digits(scratch)
                    .filter(|_| kind != ValueKind::AmountCny)
                    .map(Self::Number)
                    .or_else(|| number(kind.normalise(scratch).as_deref().and_then(parse_number)))
            }
            _ => {
                if let Some(normal) = kind.normalise(scratch) {
                    *scratch = normal;
                    return Self::Text(scratch);
                }
                None
            }
        };
        read.unwrap_or(Self::Foreign(text))
    }

    /// The day, where it is one.
    pub(crate) fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Day(days) => NaiveDate::from_num_days_from_ce_opt(days + EPOCH),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub(crate) fn number(self) -> Option<Decimal> {
        match self {
            Self::Number(number) => number.decimal(),
            _ => None,
        }
    }

    /// The fingerprint of the form in the column that `seed` belongs to.
    pub(crate) fn fingerprint(self, seed: u64) -> u128 {
        let hash = |kind: u64, bytes: &[u8]| xxh3_128_with_seed(bytes, seed.wrapping_add(kind));
        match self {
            Self::Absent => hash(0, &[]),
            Self::Text(text) => hash(1, text.as_bytes()),
            Self::Number(Number { mantissa, scale }) => {
                let mut bytes = [0; 20];
                bytes[..16].copy_from_slice(&mantissa.to_le_bytes());
                bytes[16..].copy_from_slice(&scale.to_le_bytes());
                hash(2, &bytes)
            }
            Self::Day(days) => hash(3, &days.to_le_bytes()),
            Self::Foreign(text) => hash(4, text.as_bytes()),
        }
    }

    /// The form as an owned key, to sort and count by.
    pub(crate) fn to_key(self) -> String {
        match self {
            Self::Absent => String::new(),
            Self::Text(text) => format!("t{text}"),
            Self::Number(n) => format!("n{}e-{}", n.mantissa, n.scale),
            Self::Day(days) => format!("d{days}"),
            Self::Foreign(text) => format!("f{text}"),
        }
    }
}

/// 1970-01-01, counted from the first day of the common era.
const EPOCH: i32 = 719_163;

/// A day written `2019-03-05`, `2019/03/05`, `2019.03.05` or `2019年03月05日`.
fn fixed_date(text: &[u8]) -> Option<i32> {
    let (y, m, d) = match text {
        [y @ .., b'-', m1, m2, b'-', d1, d2] => (y, [*m1, *m2], [*d1, *d2]),
        [y @ .., b'/', m1, m2, b'/', d1, d2] => (y, [*m1, *m2], [*d1, *d2]),
        [y @ .., b'.', m1, m2, b'.', d1, d2] => (y, [*m1, *m2], [*d1, *d2]),
        [y @ .., 0xe5, 0xb9, 0xb4, m1, m2, 0xe6, 0x9c, 0x88, d1, d2, 0xe6, 0x97, 0xa5] => {
            (y, [*m1, *m2], [*d1, *d2])
        }
        _ => return None,
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i32, |n, b| b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0')))
    };
    if y.len() != 4 {
        return None;
    }
    let (y, m, d) = (number(y)?, number(&m)?, number(&d)?);
    let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let length = match m {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(leap),
        _ => return None,
    };
    if !(1900..2200).contains(&y) || !(1..=length).contains(&d) {
        return None;
    }
    // Days from civil: years begin in March, so that the leap day comes last.
    let (y, m) = if m <= 2 { (y - 1, m + 9) } else { (y, m - 3) };
    let of_year = (153 * m + 2) / 5 + d - 1;
    Some(y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(kind: ValueKind) -> Comparison {
        Comparison::unnamed("x", kind, Comparator::Kind).unwrap()
    }

    #[track_caller]
    fn check(kind: ValueKind, a: &str, b: &str, equal: bool) {
        let (mut left, mut right) = (String::new(), String::new());
        let field = field(kind);
        let (a, b) = (Form::of_text(&field, a, &mut left), Form::of_text(&field, b, &mut right));
        assert_eq!(a == b, equal, "{a:?} {b:?}");
        assert_eq!(a.fingerprint(7) == b.fingerprint(7), equal);
    }

    #[test]
    fn writings_of_one_value_have_one_form() {
        check(ValueKind::CapacityKva, "100.00kVA", "100", true);
        check(ValueKind::CapacityKva, "１００千伏安", "100.0", true);
        check(ValueKind::CapacityKva, "100kW", "100", false);
        check(ValueKind::VoltageKv, "380V", "0.38kV", true);
        check(ValueKind::Date, "2019年03月05日", "2019/03/05", true);
        check(ValueKind::Date, "2019年3月5日", "2019-03-05", true);
        check(ValueKind::Date, "2019-02-29", "2019-03-01", false);
        check(ValueKind::Ratio, "２００：５", "200/5", true);
        check(ValueKind::AmountCny, "人民币叁仟伍佰元整", "3500.00", true);
        check(ValueKind::Decimal, "-5.00", "-5", true);
        check(ValueKind::Text, " 王芳　", "王芳", true);
        check(ValueKind::Text, "", " \u{3000}", true);
        check(ValueKind::Identifier, "ａb1", "AB1", true);
    }

    #[test]
    fn a_value_of_no_kind_equals_only_its_own_writing() {
        check(ValueKind::Date, "next year", "next year", true);
        check(ValueKind::Date, "next year", "next  year", false);
        check(ValueKind::Date, "18000", "18000", true);
    }

    #[test]
    fn the_kind_of_a_form_is_part_of_its_fingerprint() {
        let digits = "1";
        let forms = [Form::Absent, Form::Text(digits), Form::Foreign(digits), Form::Text(""), Form::Day(1)];
        for (i, a) in forms.iter().enumerate() {
            for b in &forms[i + 1..] {
                assert_ne!(a.fingerprint(3), b.fingerprint(3), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_day_is_counted_as_the_calendar_counts() {
        for day in DAYS {
            let date = chrono::NaiveDate::from_num_days_from_ce_opt(day + EPOCH).unwrap();
            assert_eq!(fixed_date(date.to_string().as_bytes()), Some(day));
        }
        assert_eq!(fixed_date(b"1899-12-31"), None);
        assert_eq!(fixed_date(b"2200-01-01"), None);
    }

    proptest! {
        #[test]
        fn the_fast_way_gives_what_the_slow_way_gives(text in "(-?[0-9]{0,20}[./]?[0-9]{0,5}(kVA|kV|V)?|[12][0-9]{3}(-|/|年)[01][0-9](-|/|月)[0-3][0-9]日?|[0-9A-Z.-]{1,9})") {
            for kind in ValueKind::ALL {
                if let Some(fast) = Form::fast(kind, &text) {
                    let mut scratch = String::new();
                    let slow = Form::slow(kind, &text, &mut scratch);
                    prop_assert!(fast == slow, "{:?}: {:?} and {:?}", kind, fast, slow);
                }
            }
        }

        #[test]
        fn equal_forms_are_what_core_calls_equal(a in "[0-9一二三年月日./千伏安kVA元壹拾 -]{0,12}", b in "[0-9./千伏安kVA -]{0,12}") {
            for kind in ValueKind::ALL {
                if let (Some(x), Some(y)) = (kind.normalise(&a), kind.normalise(&b)) {
                    let (mut left, mut right) = (String::new(), String::new());
                    let field = field(kind);
                    let equal = Form::of_text(&field, &a, &mut left) == Form::of_text(&field, &b, &mut right);
                    prop_assert_eq!(equal, kind.equal(&x, &y), "{:?}", kind);
                }
            }
        }
    }
}
