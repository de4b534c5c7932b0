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
mod call;
mod custody_handle;
mod reader_handle;
mod rule_handle;
mod shelf_handle;
mod tables;

pub use archive_handle::{
    MaArchive, ma_archive_audit, ma_archive_confirm_move, ma_archive_create, ma_archive_file,
    ma_archive_free, ma_archive_give_back, ma_archive_inventory, ma_archive_lend, ma_archive_locate,
    ma_archive_move_box, ma_archive_open, ma_archive_open_loans, ma_archive_resume,
};
pub use boundary::{
    FILE_LIMIT, MaError, MaStatus, TEXT_LIMIT, ma_abi_version, ma_error_free, ma_error_message,
    ma_error_object, ma_error_status, ma_string_free,
};
pub use call::ma_archive_call;
pub use custody_handle::{
    ma_archive_approve_disposal, ma_archive_cancel_move, ma_archive_carry_out_disposal,
    ma_archive_checkpoint, ma_archive_close_file, ma_archive_completeness, ma_archive_completeness_matrix,
    ma_archive_due_for_disposal, ma_archive_hold, ma_archive_lift_hold, ma_archive_propose_disposal,
    ma_archive_recall, ma_archive_receive, ma_archive_reject_disposal, ma_archive_send, ma_archive_verify,
};
pub use reader_handle::{
    MaReader, MaReading, ma_reader_free, ma_reader_open, ma_reader_open_with, ma_reader_read,
    ma_reading_free, ma_reading_json, ma_reading_verify,
};
pub use rule_handle::{
    MaRule, MaSpan, MaText, ma_rule_canonical, ma_rule_check, ma_rule_compile, ma_rule_explain,
    ma_rule_field_count, ma_rule_field_name, ma_rule_format, ma_rule_free, ma_rule_parse, ma_rule_spans,
    ma_rule_write,
};
pub use shelf_handle::{
    INTERLOCK_DOOR, INTERLOCK_DRIVE, INTERLOCK_LIMIT, INTERLOCK_LOCK, INTERLOCK_OBSTACLE, INTERLOCK_OVERLOAD,
    INTERLOCK_PERSON, INTERLOCK_PRESSURE, INTERLOCK_SMOKE, MaBankState, MaCall, MaController, MaRig, MaShelf,
    MaTarget, ma_shelf_check, ma_shelf_free, ma_shelf_new, ma_shelf_open_aisle, ma_shelf_state,
    ma_shelf_stop,
};
pub use tables::{MaProgress, MaStage, ma_reconcile, ma_reconcile_files};
