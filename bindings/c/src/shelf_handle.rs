//! Mobile shelving behind a controller that is written in C, and the kit that proves it.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use archive_core::{Error, ErrorKind};
use archive_shelving::conformance::{NoRig, RigAnswer, ShelfRig, check_shelf};
use archive_shelving::device_error::{DeviceError, Interlock};
use archive_shelving::layout::AisleId;
use archive_shelving::motion::{BankState, MoveTarget, ShelfMotion, ShelfMotionExt};
use archive_shelving::polled::{PolledShelf, VendorController, VendorLimits};
use tokio::runtime::Runtime;

use crate::boundary::{MaError, MaStatus, borrow, free, give_text, guard, guard_call, text};

/// What became of a controller's call: the truth, since carriages are moved by it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaCall {
    /// Done.
    Done = 0,
    /// No byte left: nothing happened.
    NotSent = 1,
    /// The device said no: nothing happened.
    Rejected = 2,
    /// It was sent, and no answer came.
    MaybeExecuted = 3,
}

/// What carriages are asked to do.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaTarget {
    /// Open one aisle, closing every other.
    Open = 0,
    /// Close all aisles but the first.
    Close = 1,
    /// Spread the carriages evenly.
    Ventilate = 2,
}

/// Somebody is in an aisle or at its entrance.
pub const INTERLOCK_PERSON: u32 = 1;
/// A thing lies in the way.
pub const INTERLOCK_OBSTACLE: u32 = 1 << 1;
/// A pressure bar or strip was touched.
pub const INTERLOCK_PRESSURE: u32 = 1 << 2;
/// A door is open.
pub const INTERLOCK_DOOR: u32 = 1 << 3;
/// The bank is locked by an operator.
pub const INTERLOCK_LOCK: u32 = 1 << 4;
/// Smoke was reported.
pub const INTERLOCK_SMOKE: u32 = 1 << 5;
/// A carriage is too heavy or a motor draws too much.
pub const INTERLOCK_OVERLOAD: u32 = 1 << 6;
/// A carriage stands at or beyond its end of travel.
pub const INTERLOCK_LIMIT: u32 = 1 << 7;
/// A motor or its controller failed.
pub const INTERLOCK_DRIVE: u32 = 1 << 8;

/// What a controller reports of a bank, at one moment.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaBankState {
    /// The aisle that stands fully open, from 0; -1 where none does.
    pub open: i32,
    /// Whether a carriage moves.
    pub moving: bool,
    /// The protections that are on: `MA_INTERLOCK_…`, added up.
    pub interlocks: u32,
}

/// A vendor's controller: three calls that may block, from threads of the library, `stop` also while
/// another is under way. A call that takes longer than `call_limit_ms` is given up.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MaController {
    /// The vendor's own, handed to each call.
    pub context: *mut c_void,
    /// How many aisles can be named: 1 to 1000.
    pub aisles: u16,
    /// Whether carriages can be spread evenly.
    pub ventilate: bool,
    /// How often a running move is looked at, in milliseconds.
    pub poll_ms: u32,
    /// The longest that a call takes, in milliseconds.
    pub call_limit_ms: u32,
    /// The longest that a move takes, in milliseconds.
    pub move_limit_ms: u32,
    /// Where the carriages are, as the device reports it: never an earlier state.
    pub state: Option<unsafe extern "C" fn(context: *mut c_void, state: *mut MaBankState) -> MaCall>,
    /// Sets carriages in motion and returns as soon as the device took the command; `aisle` matters to
    /// `MA_TARGET_OPEN` alone.
    pub command: Option<unsafe extern "C" fn(context: *mut c_void, target: MaTarget, aisle: u16) -> MaCall>,
    /// Stops all carriages, also those that stand still already.
    pub stop: Option<unsafe extern "C" fn(context: *mut c_void) -> MaCall>,
    /// Called once, when nothing calls the controller any more; may be null.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// Hands around a controller, for the kit. A call that is null makes the kit skip what needs it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MaRig {
    /// The bench's own, handed to each call.
    pub context: *mut c_void,
    /// Brings the surroundings to rest: nobody inside, no interlock, the line up.
    pub reset: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Lets somebody walk into an aisle, or out again.
    pub person: Option<unsafe extern "C" fn(context: *mut c_void, inside: bool)>,
    /// Cuts or mends the line between controller and device.
    pub link: Option<unsafe extern "C" fn(context: *mut c_void, up: bool)>,
    /// How many times carriages were set in motion so far.
    pub moves_begun: Option<unsafe extern "C" fn(context: *mut c_void) -> u64>,
    /// The aisle that really stands open; -1 where none does.
    pub really_open: Option<unsafe extern "C" fn(context: *mut c_void) -> i32>,
}

/// A bank of mobile shelving, driven through a controller.
#[derive(Debug)]
pub struct MaShelf {
    // Dropped before the runtime, whose end waits for calls that still run.
    shelf: PolledShelf,
    runtime: Runtime,
}

/// The vendor's calls.
#[derive(Debug)]
struct Calls {
    name: String,
    controller: MaController,
}

// SAFETY: `ma_shelf_new` asks for calls that may come from any thread.
unsafe impl Send for Calls {}
// SAFETY: and for a `stop` that may come during another call; the driver makes no other two at a time.
unsafe impl Sync for Calls {}

impl Calls {
    fn outcome(&self, call: MaCall, what: &str) -> Result<(), DeviceError> {
        match call {
            MaCall::Done => Ok(()),
            MaCall::NotSent => {
                Err(DeviceError::not_sent(&self.name, format!("{what}: check its line and power")))
            }
            MaCall::Rejected => Err(DeviceError::rejected(&self.name, format!("{what}: the device said no"))),
            MaCall::MaybeExecuted => {
                let message = format!("{what}: no answer came, read the state before anything else");
                Err(DeviceError::maybe_executed(&self.name, message))
            }
        }
    }

    fn missing(&self) -> DeviceError {
        DeviceError::unsupported(&self.name, "has no such call")
    }
}

fn aisle(number: i32) -> Option<AisleId> {
    u16::try_from(number).ok().map(AisleId)
}

impl VendorController for Calls {
    fn state(&self) -> Result<BankState, DeviceError> {
        let mut found = MaBankState { open: -1, moving: false, interlocks: 0 };
        let state = self.controller.state.ok_or_else(|| self.missing())?;
        // SAFETY: the caller of `ma_shelf_new` vouches for the call.
        let call = unsafe { state(self.controller.context, &raw mut found) };
        self.outcome(call, "gave no state")?;
        // A bit that nobody knows still protects.
        let known = Interlock::ALL.into_iter().enumerate().filter(|(i, _)| found.interlocks >> i & 1 == 1);
        let mut interlocks: Vec<Interlock> = known.map(|(_, interlock)| interlock).collect();
        if found.interlocks >> Interlock::ALL.len() != 0 {
            interlocks.push(Interlock::Drive);
        }
        Ok(BankState {
            open: aisle(found.open),
            gaps: None,
            moving: found.moving,
            setpoint: None,
            interlocks,
        })
    }

    fn command(&self, target: MoveTarget) -> Result<(), DeviceError> {
        let command = self.controller.command.ok_or_else(|| self.missing())?;
        let (target, aisle) = match target {
            MoveTarget::Open(AisleId(aisle)) => (MaTarget::Open, aisle),
            MoveTarget::Close => (MaTarget::Close, 0),
            MoveTarget::Ventilate => (MaTarget::Ventilate, 0),
        };
        // SAFETY: the caller of `ma_shelf_new` vouches for the call.
        let call = unsafe { command(self.controller.context, target, aisle) };
        self.outcome(call, "did not move")
    }

    fn stop(&self) -> Result<(), DeviceError> {
        let stop = self.controller.stop.ok_or_else(|| self.missing())?;
        // SAFETY: the caller of `ma_shelf_new` vouches for the call.
        let call = unsafe { stop(self.controller.context) };
        self.outcome(call, "did not stop")
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        if let Some(release) = self.controller.release {
            // SAFETY: the caller of `ma_shelf_new` vouches for the call, and nothing calls any more.
            unsafe { release(self.controller.context) };
        }
    }
}

/// The bench's calls.
#[derive(Debug)]
struct Bench(MaRig);

// SAFETY: `ma_shelf_check` asks for calls that may come from any thread.
unsafe impl Send for Bench {}
// SAFETY: the kit makes no two at a time.
unsafe impl Sync for Bench {}

fn answer(done: Option<()>) -> RigAnswer {
    done.map_or(RigAnswer::Cannot, |()| RigAnswer::Done)
}

#[async_trait::async_trait]
impl ShelfRig for Bench {
    async fn reset(&self) {
        if let Some(reset) = self.0.reset {
            // SAFETY: the caller of `ma_shelf_check` vouches for the call, here and below.
            unsafe { reset(self.0.context) };
        }
    }

    async fn person(&self, inside: bool) -> RigAnswer {
        // SAFETY: as above.
        answer(self.0.person.map(|person| unsafe { person(self.0.context, inside) }))
    }

    async fn link(&self, up: bool) -> RigAnswer {
        // SAFETY: as above.
        answer(self.0.link.map(|link| unsafe { link(self.0.context, up) }))
    }

    async fn lose_next_answer(&self) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn lose_next_report(&self) -> RigAnswer {
        RigAnswer::Cannot
    }

    async fn moves_begun(&self) -> Option<u64> {
        // SAFETY: as above.
        self.0.moves_begun.map(|moves_begun| unsafe { moves_begun(self.0.context) })
    }

    async fn really_open(&self) -> Option<Option<AisleId>> {
        // SAFETY: as above.
        self.0.really_open.map(|really_open| aisle(unsafe { really_open(self.0.context) }))
    }
}

/// A driver of the bank called `name` behind `controller`. Who moves, in which order, whether it was done:
/// all of that is the driver's work. From here on the controller is the library's until its `release` is
/// called, also where this call fails.
///
/// # Safety
/// `name` must point to `length` bytes; `controller` must be null or point to a controller whose calls may
/// be made from any thread, `stop` also during another; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_shelf_new(
    name: *const c_char,
    length: usize,
    controller: *const MaController,
    out: *mut *mut MaShelf,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        // Taken over first: whatever fails from here on releases the controller.
        let calls = controller.as_ref().map(|c| Calls { name: String::new(), controller: *c });
        guard(out, error, move || {
            let mut calls = calls.ok_or_else(|| Error::invalid("argument controller", "is null"))?;
            let controller = calls.controller;
            text("name", name, length)?.clone_into(&mut calls.name);
            if controller.state.is_none() || controller.command.is_none() || controller.stop.is_none() {
                return Err(Error::invalid("argument controller", "lacks state, command or stop"));
            }
            let limits = VendorLimits {
                name: calls.name.clone(),
                aisles: controller.aisles,
                ventilate: controller.ventilate,
                poll: Duration::from_millis(controller.poll_ms.into()),
                call_limit: Duration::from_millis(controller.call_limit_ms.into()),
                move_limit: Duration::from_millis(controller.move_limit_ms.into()),
            };
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().map_err(
                    |e| Error::new(ErrorKind::Unavailable, "threads", "cannot be made").with_source(e),
                )?;
            let shelf = {
                let _entered = runtime.enter();
                PolledShelf::over_vendor(limits, Arc::new(calls))?
            };
            Ok(Box::into_raw(Box::new(MaShelf { shelf, runtime })))
        })
    }
}

/// Opens an aisle and waits for the end. `operation` names the move: the same name again is the same
/// move and moves nothing. `*out` becomes `done`, or `refused: …` or `outcome unknown: …` with the reason.
///
/// # Safety
/// `shelf` must be null or a shelf; `operation` must point to `length` bytes; `out` and `error` must each be
/// null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_shelf_open_aisle(
    shelf: *const MaShelf,
    operation: *const c_char,
    length: usize,
    aisle: u16,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let shelf = borrow("shelf", shelf)?;
            let operation = text("operation", operation, length)?.parse()?;
            let target = MoveTarget::Open(AisleId(aisle));
            let ended = shelf.runtime.block_on(shelf.shelf.move_and_wait(operation, target))?;
            Ok(give_text(&ended.to_string()))
        })
    }
}

/// Where the carriages are.
///
/// # Safety
/// `shelf` must be null or a shelf; `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_shelf_state(
    shelf: *const MaShelf,
    out: *mut MaBankState,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard_call(error, || {
            let shelf = borrow("shelf", shelf)?;
            if out.is_null() {
                return Err(Error::invalid("argument out", "is null"));
            }
            let state = shelf.runtime.block_on(shelf.shelf.state())?;
            let bit =
                |on: &Interlock| Interlock::ALL.iter().position(|known| known == on).map_or(0, |i| 1 << i);
            out.write(MaBankState {
                open: state.open.map_or(-1, |open| open.0.into()),
                moving: state.moving,
                interlocks: state.interlocks.iter().map(bit).fold(0, |all, bit| all | bit),
            });
            Ok(())
        })
    }
}

/// Stops all carriages. May be called from any thread while another waits for a move.
///
/// # Safety
/// `shelf` must be null or a shelf; `error` must be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_shelf_stop(shelf: *const MaShelf, error: *mut *mut MaError) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard_call(error, || {
            let shelf = borrow("shelf", shelf)?;
            Ok(shelf.runtime.block_on(shelf.shelf.stop())?)
        })
    }
}

/// Runs the conformance kit; carriages really move. `rig` may be null: what needs hands is skipped then.
/// `*out` becomes the report for people; the status is `MA_STATUS_OK` also where a check failed, and
/// `*green` says whether none did.
///
/// # Safety
/// `shelf` must be null or a shelf; `rig` must be null or point to a rig whose calls may be made from any
/// thread; `green`, `out` and `error` must each be null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_shelf_check(
    shelf: *const MaShelf,
    rig: *const MaRig,
    green: *mut bool,
    out: *mut *mut c_char,
    error: *mut *mut MaError,
) -> MaStatus {
    // SAFETY: as the caller vouches, here and inside.
    unsafe {
        guard(out, error, || {
            let shelf = borrow("shelf", shelf)?;
            let report = match rig.as_ref() {
                Some(rig) => shelf.runtime.block_on(check_shelf(&shelf.shelf, &Bench(*rig))),
                None => shelf.runtime.block_on(check_shelf(&shelf.shelf, &NoRig)),
            };
            if !green.is_null() {
                green.write(report.is_green());
            }
            Ok(give_text(&report.to_string()))
        })
    }
}

/// Gives a shelf up; what its controller is doing is waited for, and its `release` is called.
///
/// # Safety
/// `shelf` must be null or a shelf that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ma_shelf_free(shelf: *mut MaShelf) {
    // SAFETY: as the caller vouches.
    unsafe { free(shelf) };
}
