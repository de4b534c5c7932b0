//! C bindings: opaque handles, status codes, and JSON for requests and answers.
//!
//! The header is `include/marketing_archive.h`; a program begins like this:
//!
//! ```c
//! ma_archive *archive = NULL;
//! ma_error *error = NULL;
//! if (ma_archive_open(path, strlen(path), &archive, &error) != MA_STATUS_OK) {
//!     fprintf(stderr, "%s\n", ma_error_message(error));
//!     ma_error_free(error);
//! }
//! ```
//!
//! Rules of the boundary, for every function:
//! - Text is UTF-8 with its length in bytes, and needs no terminator. Null with a length of 0 is the
//!   empty text. Lengths above [`TEXT_LIMIT`] are refused unread.
//! - A function that can fail returns a status; on failure it sets `*error` (where `error` is not
//!   null), which the caller frees. Status numbers are never used for something else.
//! - Text that the library gives ends in a zero byte and is freed by [`ma_string_free`].
//! - Handles may be used from any thread, several at a time; freeing one while another thread uses
//!   it is a fault of the caller. Freeing null does nothing.
//! - A panic inside the library becomes `MA_STATUS_INTERNAL`.

mod archive_handle;
mod boundary;
mod rule_handle;

pub use archive_handle::{
    MaArchive, ma_archive_create, ma_archive_file, ma_archive_free, ma_archive_inventory, ma_archive_locate,
    ma_archive_open, ma_archive_resume,
};
pub use boundary::{
    MaError, MaStatus, TEXT_LIMIT, ma_abi_version, ma_error_free, ma_error_message, ma_error_object,
    ma_error_status, ma_string_free,
};
pub use rule_handle::{MaRule, ma_rule_compile, ma_rule_free, ma_rule_parse};
