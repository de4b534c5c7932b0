//! Folding of text as [`archive_core::writing::fold`] does it, at the speed of whole tables.

use archive_core::writing;

/// Whether `text` is its own folded form, found without decoding it. `false` means "perhaps not".
///
/// The bytes allowed are printable ASCII and the three-byte sequences of U+4000 to U+9FFF, the
/// ideographs that no compatibility mapping touches.
pub(crate) fn is_plain(text: &str) -> bool {
    // Without an early exit the loop compiles to wide instructions.
    text.bytes().fold(true, |plain, b| plain & (matches!(b, 0x21..=0x7e | 0x80..=0xbf | 0xe4..=0xe9)))
}

/// Appends the folded form of `text` to `out`.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    let start = out.len();
    for c in text.chars() {
        match c {
            '\u{21}'..='\u{7e}' | '\u{4e00}'..='\u{9fff}' => out.push(c),
            ' ' | '\t' | '\n' | '\r' | '\u{3000}' => {}
            // Full width forms of ASCII stand in the same order as ASCII.
            '\u{ff01}'..='\u{ff5e}' => out.push((c as u32 - 0xfee0) as u8 as char),
            // Anything else may decompose or compose with its neighbours.
            _ => {
                out.truncate(start);
                out.push_str(&writing::fold(text));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold_into(text, &mut out);
        out
    }

    #[test]
    fn every_plain_character_is_its_own_form() {
        for c in ('\u{21}'..='\u{7e}').chain('\u{4000}'..='\u{9fff}') {
            let text = c.to_string();
            assert!(is_plain(&text), "{c}");
            assert_eq!(writing::fold(&text), text);
            assert_eq!(folded(&text), text);
        }
        assert!(!is_plain("１") && !is_plain(" ") && !is_plain("é"));
    }

    proptest! {
        #[test]
        fn folds_as_core_does(text in "(\\PC|[0-9Ａ-ｚ　 \u{301}号幢é㎡]){0,20}") {
            prop_assert_eq!(folded(&text), writing::fold(&text));
            if is_plain(&text) {
                prop_assert_eq!(writing::fold(&text), text);
            }
        }
    }
}
