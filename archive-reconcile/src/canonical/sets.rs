//! Sets of values in one cell: `A相、B相` is `B相,A相`.

use crate::tables::fold::fold_into;

/// The canonical writing of a set: its members folded, each once, sorted, with a comma between them.
/// Members stand apart by `、`, `,`, `;`, `|` or a line's end, in any width.
#[must_use]
pub fn set(text: &str) -> String {
    let mut out = String::new();
    write_set(text, &mut out);
    out
}

pub(crate) fn write_set(text: &str, out: &mut String) {
    let separators = ['、', ',', '，', ';', '；', '|', '｜', '\n', '､', '﹐', '﹔', '︔'];
    let fold = |member: &str| {
        let mut folded = String::new();
        fold_into(member, &mut folded);
        folded
    };
    let mut members: Vec<String> = text.split(separators).map(fold).filter(|m| !m.is_empty()).collect();
    members.sort_unstable();
    members.dedup();
    *out = members.join(",");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_repetition_and_writing_play_no_part() {
        assert_eq!(set("峰谷、 居民；峰谷"), set("居民,峰谷"));
        assert_ne!(set("居民"), set("居民,峰谷"));
        assert_eq!(set("、,;"), "");
    }

    proptest! {
        #[test]
        fn a_canonical_set_is_its_own_form(text in "[a-c、,； \\n１]{0,12}") {
            prop_assert_eq!(set(&set(&text)), set(&text));
        }
    }
}
