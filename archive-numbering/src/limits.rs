//! How large rules and numbers may be. What is larger is refused with a message that names the
//! limit.
//!
//! ```
//! use archive_numbering::{Rule, limits};
//!
//! let error = Rule::compile("rule x version 1 effective 2024-01-01\n  n = sequence{1000000000}").unwrap_err();
//! assert!(error.to_string().contains(&limits::DIGITS.to_string()), "{error}");
//! ```

/// Bytes in a rule text.
pub const TEXT: usize = 64 << 10;
/// Rules in a text, old versions included.
pub const RULES: usize = 64;
/// Fields in a rule.
pub const FIELDS: usize = 16;
/// Parts in a format: fields and the literal texts between them.
pub const PARTS: usize = 2 * FIELDS + 1;
/// Characters in a name.
pub const NAME: usize = 40;
/// Codes in a list.
pub const CODES: usize = 1024;
/// Characters in a code, and in a field of characters.
pub const CHARS: usize = 40;
/// Digits in a number or a sequence.
pub const DIGITS: usize = 18;
/// Bytes in a format.
pub const FORMAT: usize = 1024;
/// Characters that have an alias.
pub const ALIASES: usize = 512;
/// Characters in a number, as for every reference code.
pub const NUMBER_CHARS: usize = archive_core::identifier::ReferenceCode::LIMIT;
/// Bytes in a number.
pub const NUMBER_BYTES: usize = 240;
/// States in which a proof may find two readings; a rule that needs more is refused as too
/// complex to prove.
pub const PROOF_STATES: usize = 1 << 17;
