//! Custody of files: completeness, disposal, consignments, and the evidence log.

use std::ffi::c_char;

use archive::Error;
use archive_core::identifier::{BoxNumber, ReferenceCode, RequestKey, RoleCode};
use archive_store::Checkpoint;
use chrono::{NaiveDate, Utc};
use serde::Deserialize;

use crate::archive_handle::{MaArchive, answer};
use crate::boundary::{MaError, MaStatus, borrow, give_text, guard, taken, text};

/// Who keeps a file from disposal, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldRequest {
    reference: ReferenceCode,
    reason: String,
    by: String,
    role: RoleCode,
}

/// Who lifts a hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftRequest {
    reference: ReferenceCode,
    by: String,
    role: RoleCode,
}

/// Who proposes what for disposal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisposalRequest {
    key: RequestKey,
    references: Vec<ReferenceCode>,
    person: String,
    role: RoleCode,
}

/// Who agrees to a disposal list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalRequest {
    key: RequestKey,
    person: String,
    role: RoleCode,
}

/// Who says no to a disposal list, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectionRequest {
    key: RequestKey,
    person: String,
    role: RoleCode,
    reason: String,
}

/// Who closes a file, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosingRequest {
    reference: ReferenceCode,
    by: String,
    reason: String,
}

/// Boxes that are sent to another site, or that arrived there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsignmentRequest {
    key: RequestKey,
    boxes: Vec<BoxNumber>,
    #[serde(default)]
    to: Option<String>,
}

/// Undoes the move of the box `number` that was not confirmed; `*out` becomes the box as JSON.
///
/// # Safety
/// `archive` must be null or an open archive; `number` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_cancel_move(
    archive: *const MaArchive,
    number: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let number = text("number", number, length)?.parse()?;
            archive.catalogue().cancel_move(&number, Utc::now())
        })
    }
}

/// How complete the file `reference` is today; `*out` becomes a JSON object, with each paper that is missing,
/// deferred or to be looked at.
///
/// # Safety
/// `archive` must be null or an open archive; `reference` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_completeness(
    archive: *const MaArchive,
    reference: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let reference = text("reference", reference, length)?.parse()?;
            archive.completeness(&reference)
        })
    }
}

/// How complete all live files are; `*out` becomes a JSON object: `rows`, one a process with `cells` for its
/// papers, and `figures` over all.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_completeness_matrix(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe { answer(archive, out, error, |archive| archive.completeness_matrix()) }
}

/// The live files whose time of keeping is over on the day `today` (as 2024-05-01); `*out` becomes a JSON
/// array of `reference`, `until` and `held_back`.
///
/// # Safety
/// `archive` must be null or an open archive; `today` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_due_for_disposal(
    archive: *const MaArchive,
    today: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let today: NaiveDate = text("today", today, length)?.parse().map_err(|e| {
                Error::invalid("argument today", "is no day such as 2024-05-01").with_source(e)
            })?;
            archive.due_for_disposal(today)
        })
    }
}

/// Keeps a file from disposal: `request` is a JSON object with `reference`, `reason`, `by` and `role`; `*out`
/// becomes a JSON array of all holds. Again changes nothing. `MA_STATUS_DENIED` where the policy does not let
/// the role do it.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_hold(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let hold: HoldRequest = taken("hold", request, length)?;
            archive.hold(&hold.reference, &hold.reason, &hold.by, &hold.role)?;
            archive.holds()
        })
    }
}

/// Lifts the hold on a file: `request` is a JSON object with `reference`, `by` and `role`; `*out` becomes a
/// JSON array of the holds that are left.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_lift_hold(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let lift: LiftRequest = taken("lifting", request, length)?;
            archive.lift_hold(&lift.reference, &lift.by, &lift.role)?;
            archive.holds()
        })
    }
}

/// Proposes files for disposal: `request` is a JSON object with `key`, `references`, `person` and `role`;
/// `*out` becomes the list as JSON. The same list again changes nothing. `MA_STATUS_CONFLICT` where a file is
/// not due, is held or on loan.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_propose_disposal(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let list: DisposalRequest = taken("disposal", request, length)?;
            archive.propose_disposal(list.key, list.references, &list.person, &list.role)
        })
    }
}

/// Agrees to a disposal list: `request` is a JSON object with `key`, `person` and `role`; `*out` becomes the
/// list as JSON. `MA_STATUS_DENIED` for whoever proposed it and for a role that may not.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_approve_disposal(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let approval: ApprovalRequest = taken("approval", request, length)?;
            archive.approve_disposal(&approval.key, &approval.person, &approval.role)
        })
    }
}

/// Says no to a disposal list, which ends it: `request` is a JSON object with `key`, `person`, `role` and
/// `reason`; `*out` becomes the list as JSON. `MA_STATUS_DENIED` for a role that may not approve,
/// `MA_STATUS_CONFLICT` where it was carried out.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_reject_disposal(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let no: RejectionRequest = taken("rejection", request, length)?;
            archive.reject_disposal(&no.key, &no.person, &no.role, &no.reason)
        })
    }
}

/// Closes a file, which takes no more documents: `request` is a JSON object with `reference`, `by` and
/// `reason`; `*out` becomes a JSON object with who closed it when. Again changes nothing.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_close_file(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let closing: ClosingRequest = taken("closing", request, length)?;
            archive.close_file(&closing.reference, &closing.by, &closing.reason)
        })
    }
}

/// Destroys what the disposal list `key` names; `*out` becomes the certificate as JSON. After a crash the
/// same call goes on. `MA_STATUS_DENIED` where approvals are missing, `MA_STATUS_CONFLICT` where a file is
/// held or on loan: then nothing is destroyed.
///
/// # Safety
/// `archive` must be null or an open archive; `key` must point to `length` bytes; `out` and `error` must each
/// be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_carry_out_disposal(
    archive: *const MaArchive,
    key: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let key = text("key", key, length)?.parse()?;
            archive.carry_out_disposal(&key)
        })
    }
}

/// Sends boxes to another site: `request` is a JSON object with `key`, `boxes` and `to`; `*out` becomes the
/// consignment as JSON. The same consignment again changes nothing.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_send(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let sent: ConsignmentRequest = taken("consignment", request, length)?;
            let to = sent.to.ok_or_else(|| Error::invalid("argument request", "lacks the site \"to\""))?;
            archive.send(&sent.key, &sent.boxes, &to)
        })
    }
}

/// Records that boxes of a consignment arrived: `request` is a JSON object with `key` and `boxes`; `*out`
/// becomes the consignment as JSON.
///
/// # Safety
/// `archive` must be null or an open archive; `request` must point to `length` bytes; `out` and `error` must
/// each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_receive(
    archive: *const MaArchive,
    request: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let arrived: ConsignmentRequest = taken("consignment", request, length)?;
            archive.receive(&arrived.key, &arrived.boxes)
        })
    }
}

/// Recalls the consignment `key`: boxes on their way stay where they were, and those that arrived are sent
/// back; `*out` becomes the consignment as JSON. Again changes nothing.
///
/// # Safety
/// `archive` must be null or an open archive; `key` must point to `length` bytes; `out` and `error` must each
/// be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_recall(
    archive: *const MaArchive,
    key: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let key = text("key", key, length)?.parse()?;
            archive.recall(&key)
        })
    }
}

/// The state of the whole evidence log, to be kept elsewhere; `*out` becomes a text of three lines.
///
/// # Safety
/// `archive` must be null or an open archive; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_checkpoint(
    archive: *const MaArchive,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let archive = &borrow("archive", archive)?.archive;
            Ok(give_text(&archive.catalogue().checkpoint()?.to_string()))
        })
    }
}

/// Checks the evidence log from end to end and against `checkpoint`, which was kept elsewhere; `*out`
/// becomes a JSON object: `breaks` has what was found, `agreed` and `disputed` the checkpoint where it agrees
/// or does not.
///
/// # Safety
/// `archive` must be null or an open archive; `checkpoint` must point to `length` bytes; `out` and `error`
/// must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_archive_verify(
    archive: *const MaArchive,
    checkpoint: *const c_char,
    length: usize,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        answer(archive, out, error, |archive| {
            let checkpoint: Checkpoint = text("checkpoint", checkpoint, length)?.parse()?;
            archive.catalogue().verify(&[checkpoint])
        })
    }
}
