//! Shelf drivers that break one line of the contract each: the kit must name the line.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use archive_core::holding::SlotAddress;
use async_trait::async_trait;

use super::{NoRig, SimulatedShelfRig, check_shelf, watch_shelf};
use crate::ability::{AccessLock, Climate, DeciCelsius, Environment};
use crate::device_error::{DeviceError, Interlock};
use crate::layout::{AisleId, BankLayout};
use crate::motion::{
    BankState, MoveHandle, MoveOutcome, MoveReporter, MoveTarget, OperationId, Refusal, ShelfCapabilities,
    ShelfMotion,
};
use crate::simulated::{SimulatedRoom, SimulatedShelf};

/// What a driver gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    HasNoAisles,
    NeverAnswers,
    DeclaresAMissingLock,
    MiscountsGaps,
    SaysDoneAtOnce,
    ReportsTheSetpointAsReadback,
    ForgetsThatItMoves,
    GivesOperationsUp,
    MovesAgainForTheSameId,
    MovesAgainForAnEndedId,
    IgnoresTheTargetOfAKnownId,
    ReplacesTheRunningMove,
    QueuesASecondMove,
    ClampsAnUnknownAisle,
    StopsWhenTheHandleIsDropped,
    LosesACancelledStart,
    IgnoresStop,
    CallsAStopDone,
    FailsToStopWhatStands,
    QueuesStopBehindPolls,
    AcceptsUndeclaredVentilation,
    ClearsInterlocksBeforeItStarts,
    HidesWhichInterlock,
    ReportsAnInterruptedMoveAsStopped,
    ResumesWhenTheAisleIsFree,
    RefusesToStopWhileProtected,
    AnswersFromItsCache,
    ClaimsUnknownWithoutALine,
    KeepsTheAssumedPosition,
    ClaimsALostAnswerWasNotSent,
    RepeatsAMoveWithoutAnAnswer,
    WaitsForEverForALostReport,
    IgnoresTheLock,
    UnlocksToMove,
    AcceptsAnyLight,
    ForgetsTheScale,
    KeepsTheLastClimate,
}

use Wrong::*;

/// Each fault and the check that names it.
const CAUGHT: [(Wrong, &str); 37] = [
    (HasNoAisles, "capabilities-are-sound"),
    (NeverAnswers, "device-answers"),
    (DeclaresAMissingLock, "abilities-match-capabilities"),
    (MiscountsGaps, "rest-is-consistent"),
    (SaysDoneAtOnce, "open-reaches-target"),
    (ReportsTheSetpointAsReadback, "readback-is-not-setpoint"),
    (ForgetsThatItMoves, "readback-is-not-setpoint"),
    (GivesOperationsUp, "open-reaches-target"),
    (MovesAgainForTheSameId, "same-id-is-same-move"),
    (MovesAgainForAnEndedId, "ended-id-stays-ended"),
    (IgnoresTheTargetOfAKnownId, "id-with-another-target-conflicts"),
    (ReplacesTheRunningMove, "second-move-conflicts"),
    (QueuesASecondMove, "second-move-conflicts"),
    (ClampsAnUnknownAisle, "unknown-aisle-is-invalid"),
    (StopsWhenTheHandleIsDropped, "dropping-the-handle-stops-nothing"),
    (LosesACancelledStart, "cancelled-start-is-found-again"),
    (IgnoresStop, "stop-ends-the-move"),
    (CallsAStopDone, "stop-ends-the-move"),
    (FailsToStopWhatStands, "stop-at-rest-is-fine"),
    (QueuesStopBehindPolls, "stop-has-its-own-lane"),
    (AcceptsUndeclaredVentilation, "ventilation-matches-capabilities"),
    (ClearsInterlocksBeforeItStarts, "person-refuses-start"),
    (HidesWhichInterlock, "person-refuses-start"),
    (ReportsAnInterruptedMoveAsStopped, "person-ends-the-move"),
    (ResumesWhenTheAisleIsFree, "nothing-resumes"),
    (RefusesToStopWhileProtected, "stop-works-under-interlock"),
    (AnswersFromItsCache, "cut-line-is-unavailable"),
    (ClaimsUnknownWithoutALine, "cut-line-sends-nothing"),
    (KeepsTheAssumedPosition, "state-is-read-anew"),
    (ClaimsALostAnswerWasNotSent, "lost-answer-is-maybe-executed"),
    (RepeatsAMoveWithoutAnAnswer, "lost-answer-is-not-repeated"),
    (WaitsForEverForALostReport, "every-operation-ends"),
    (IgnoresTheLock, "lock-refuses-moves"),
    (UnlocksToMove, "nothing-unlocks-by-itself"),
    (AcceptsAnyLight, "light-of-unknown-aisle-is-invalid"),
    (ForgetsTheScale, "climate-is-plausible"),
    (KeepsTheLastClimate, "cut-line-has-no-climate"),
];

/// A simulated shelf behind a driver that is wrong in one way.
#[derive(Debug)]
struct Broken {
    wrong: Wrong,
    room: SimulatedRoom,
    slot: SlotAddress,
    inner: SimulatedShelf,
    lane: tokio::sync::Mutex<()>,
    cache: Mutex<Option<BankState>>,
    climate: Mutex<Option<Climate>>,
    cut_seen: Arc<AtomicBool>,
    fresh: AtomicU64,
}

fn room() -> (SimulatedRoom, SlotAddress) {
    let bank = BankLayout::new("HZ", "R1", "B1", ["C1", "C2", "C3", "C4"]).unwrap();
    (SimulatedRoom::builder([bank]).build().unwrap(), "HZ/R1/B1/C2/A/1/1/1".parse().unwrap())
}

impl Broken {
    fn new(wrong: Wrong) -> (Self, SimulatedShelfRig) {
        let (room, slot) = room();
        let broken = Self {
            wrong,
            inner: room.shelf_of(&slot).unwrap(),
            room: room.clone(),
            slot: slot.clone(),
            lane: tokio::sync::Mutex::new(()),
            cache: Mutex::default(),
            climate: Mutex::default(),
            cut_seen: Arc::default(),
            fresh: AtomicU64::new(0),
        };
        (broken, SimulatedShelfRig::new(room, slot))
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == wrong
    }

    /// An id that the device has not seen.
    fn fresh_id(&self) -> OperationId {
        format!("again-{}", self.fresh.fetch_add(1, Ordering::Relaxed)).parse().unwrap()
    }

    /// Somebody else's handle under the caller's id, ending as `change` says.
    fn disguised(
        id: OperationId,
        mut handle: MoveHandle,
        change: impl Fn(MoveOutcome) -> MoveOutcome + Send + 'static,
    ) -> MoveHandle {
        let reporter = MoveReporter::new(id, handle.target());
        let disguised = reporter.handle();
        tokio::spawn(async move {
            reporter.moving(None);
            let outcome = handle.outcome().await;
            reporter.finish(change(outcome));
        });
        disguised
    }

    /// A handle that ends at once.
    fn ended(id: OperationId, target: MoveTarget, outcome: MoveOutcome) -> MoveHandle {
        let reporter = MoveReporter::new(id, target);
        reporter.finish(outcome);
        reporter.handle()
    }
}

#[async_trait]
impl ShelfMotion for Broken {
    fn capabilities(&self) -> ShelfCapabilities {
        let mut limits = self.inner.capabilities();
        match self.wrong {
            HasNoAisles => limits.aisles = 0,
            AcceptsUndeclaredVentilation => limits.ventilate = false,
            _ => {}
        }
        limits
    }

    async fn state(&self) -> Result<BankState, DeviceError> {
        if self.is(NeverAnswers) {
            return Err(DeviceError::not_sent("bank", "does not answer"));
        }
        if self.is(QueuesStopBehindPolls) {
            let _turn = self.lane.lock().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut state = match self.inner.state().await {
            Ok(state) => state,
            Err(error) => {
                let cached = self.cache.lock().unwrap().clone();
                return cached.filter(|_| self.is(AnswersFromItsCache)).ok_or(error);
            }
        };
        match self.wrong {
            MiscountsGaps => state.gaps.as_mut().unwrap().truncate(2),
            ForgetsThatItMoves => state.moving = false,
            ReportsTheSetpointAsReadback => {
                if let Some(MoveTarget::Open(aisle)) = state.setpoint {
                    state.open = Some(aisle);
                }
            }
            _ => {}
        }
        if self.is(KeepsTheAssumedPosition) && self.cut_seen.load(Ordering::Relaxed) {
            return Ok(BankState { open: None, moving: false, ..state });
        }
        *self.cache.lock().unwrap() = Some(state.clone());
        Ok(state)
    }

    async fn start(&self, id: OperationId, target: MoveTarget) -> Result<MoveHandle, DeviceError> {
        match (self.wrong, target) {
            (ClampsAnUnknownAisle, MoveTarget::Open(AisleId(aisle))) => {
                let most = self.inner.capabilities().aisles - 1;
                let near = MoveTarget::Open(AisleId(aisle.min(most)));
                return self.inner.start(id, near).await;
            }
            (LosesACancelledStart, _) => {
                let handle = self.inner.start(self.fresh_id(), target).await?;
                // A caller that gives up here leaves a running move that nobody finds by its name.
                tokio::task::yield_now().await;
                return Ok(Self::disguised(id, handle, |outcome| outcome));
            }
            (ReplacesTheRunningMove, _) if self.inner.state().await.is_ok_and(|s| s.moving) => {
                self.inner.stop().await?;
            }
            (ClearsInterlocksBeforeItStarts, _) => self.room.people_leave(&self.slot).unwrap(),
            (UnlocksToMove, _) => self.inner.unlock().await?,
            (KeepsTheAssumedPosition, _) => {
                // It sees the line break, and from then on believes what it knew.
                let (inner, cut_seen) = (self.inner.clone(), Arc::clone(&self.cut_seen));
                cut_seen.store(false, Ordering::Relaxed);
                tokio::spawn(async move {
                    while let Ok(state) = inner.state().await {
                        if !state.moving {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    cut_seen.store(true, Ordering::Relaxed);
                });
            }
            (MovesAgainForAnEndedId, _) if !self.inner.state().await?.moving => {
                let handle = self.inner.start(self.fresh_id(), target).await?;
                return Ok(Self::disguised(id, handle, |outcome| outcome));
            }
            _ => {}
        }
        let started = self.inner.start(id.clone(), target).await;
        match (self.wrong, started) {
            (SaysDoneAtOnce, Ok(_)) => Ok(Self::ended(id, target, MoveOutcome::Done)),
            (GivesOperationsUp, Ok(_)) => Ok(MoveReporter::new(id, target).handle()),
            (MovesAgainForTheSameId, Ok(handle)) => {
                self.inner.stop().await?;
                let again = self.inner.start(self.fresh_id(), target).await?;
                drop(handle);
                Ok(Self::disguised(id, again, |outcome| outcome))
            }
            (IgnoresTheTargetOfAKnownId, Err(error)) if error.message().contains("was to") => {
                Ok(Self::ended(id, target, MoveOutcome::Done))
            }
            (QueuesASecondMove, Err(error)) if error.message().contains("still running") => {
                let (inner, fresh) = (self.inner.clone(), self.fresh_id());
                tokio::spawn(async move {
                    while inner.state().await.is_ok_and(|s| s.moving) {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    let _ = inner.start(fresh, target).await;
                });
                Err(error)
            }
            (StopsWhenTheHandleIsDropped, Ok(handle)) => {
                let reporter = MoveReporter::new(id, target);
                let (guarded, inner) = (reporter.handle(), self.inner.clone());
                let mut handle = handle;
                tokio::spawn(async move {
                    reporter.moving(None);
                    tokio::select! {
                        outcome = handle.outcome() => reporter.finish(outcome),
                        () = reporter.abandoned() => inner.stop().await.unwrap_or(()),
                    }
                });
                Ok(guarded)
            }
            (CallsAStopDone, Ok(handle)) => Ok(Self::disguised(id, handle, |_| MoveOutcome::Done)),
            (HidesWhichInterlock, Err(error)) if error.interlock().is_some() => {
                Err(DeviceError::rejected(error.object(), error.message()))
            }
            (ReportsAnInterruptedMoveAsStopped, Ok(handle)) => {
                Ok(Self::disguised(id, handle, |outcome| match outcome {
                    MoveOutcome::Refused(_) => MoveOutcome::Refused(Refusal::Stopped),
                    other => other,
                }))
            }
            (ResumesWhenTheAisleIsFree, Ok(handle)) => {
                let (inner, fresh, mut watched) = (self.inner.clone(), self.fresh_id(), handle.clone());
                tokio::spawn(async move {
                    if let MoveOutcome::Refused(Refusal::Interlock(_)) = watched.outcome().await {
                        while inner.state().await.is_ok_and(|s| !s.interlocks.is_empty()) {
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                        let _ = inner.start(fresh, target).await;
                    }
                });
                Ok(handle)
            }
            (ClaimsUnknownWithoutALine, Err(error)) if error.message().contains("does not answer") => {
                Err(DeviceError::maybe_executed(error.object(), error.message()))
            }
            (ClaimsALostAnswerWasNotSent, Err(error)) if error.message().contains("did not answer") => {
                Err(DeviceError::not_sent(error.object(), error.message()))
            }
            (RepeatsAMoveWithoutAnAnswer, Err(error)) if error.message().contains("did not answer") => {
                let _ = self.inner.stop().await;
                let _ = self.inner.start(self.fresh_id(), target).await;
                Err(error)
            }
            (WaitsForEverForALostReport, Ok(mut handle)) => {
                let reporter = MoveReporter::new(id, target);
                let waiting = reporter.handle();
                tokio::spawn(async move {
                    reporter.moving(None);
                    match handle.outcome().await {
                        MoveOutcome::Unknown(_) => std::future::pending().await,
                        outcome => reporter.finish(outcome),
                    }
                });
                Ok(waiting)
            }
            (IgnoresTheLock, Err(error)) if error.interlock() == Some(Interlock::Lock) => {
                Ok(Self::ended(id, target, MoveOutcome::Done))
            }
            (_, started) => started,
        }
    }

    async fn stop(&self) -> Result<(), DeviceError> {
        match self.wrong {
            IgnoresStop => return Ok(()),
            FailsToStopWhatStands if !self.inner.state().await?.moving => {
                return Err(DeviceError::rejected("bank", "stands still"));
            }
            QueuesStopBehindPolls => {
                let _turn = self.lane.lock().await;
                return self.inner.stop().await;
            }
            RefusesToStopWhileProtected if !self.inner.state().await?.interlocks.is_empty() => {
                return Err(DeviceError::rejected("bank", "is protected"));
            }
            _ => {}
        }
        self.inner.stop().await
    }

    fn as_environment(&self) -> Option<&dyn Environment> {
        Some(self)
    }

    fn as_access_lock(&self) -> Option<&dyn AccessLock> {
        (!self.is(DeclaresAMissingLock)).then_some(self)
    }
}

#[async_trait]
impl Environment for Broken {
    async fn climate(&self) -> Result<Climate, DeviceError> {
        match self.inner.climate().await {
            Ok(mut climate) => {
                if self.is(ForgetsTheScale) {
                    climate.temperature = climate.temperature.map(|t| DeciCelsius(t.0 * 10));
                }
                *self.climate.lock().unwrap() = Some(climate);
                Ok(climate)
            }
            Err(error) => self.climate.lock().unwrap().filter(|_| self.is(KeepsTheLastClimate)).ok_or(error),
        }
    }
}

#[async_trait]
impl AccessLock for Broken {
    async fn is_locked(&self) -> Result<bool, DeviceError> {
        self.inner.is_locked().await
    }

    async fn lock(&self) -> Result<(), DeviceError> {
        self.inner.lock().await
    }

    async fn unlock(&self) -> Result<(), DeviceError> {
        self.inner.unlock().await
    }

    async fn set_light(&self, aisle: AisleId, on: bool) -> Result<(), DeviceError> {
        match self.inner.set_light(aisle, on).await {
            Err(_) if self.is(AcceptsAnyLight) => Ok(()),
            answer => answer,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_driver_is_green_and_nothing_is_skipped() {
    let (room, slot) = room();
    let shelf = room.shelf_of(&slot).unwrap();
    let report = check_shelf(&shelf, &SimulatedShelfRig::new(room, slot)).await;
    assert!(report.is_green(), "{report}");
    assert_eq!(report.skipped().count(), 0, "{report}");
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_told_each_check_and_may_end_the_kit() {
    let (room, slot) = room();
    let (shelf, rig) = (room.shelf_of(&slot).unwrap(), SimulatedShelfRig::new(room, slot));
    let mut seen = Vec::new();
    let report = watch_shelf(&shelf, &rig, &mut |check| {
        seen.push(check.name);
        ControlFlow::Continue(())
    })
    .await;
    assert_eq!(seen, report.checks().iter().map(|check| check.name).collect::<Vec<_>>());
    let mut left = 5;
    let report = watch_shelf(&shelf, &rig, &mut |_| {
        left -= 1;
        if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await;
    assert_eq!(report.checks().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn without_a_rig_checks_are_skipped_and_named() {
    let (room, slot) = room();
    let report = check_shelf(&room.shelf_of(&slot).unwrap(), &NoRig).await;
    assert!(report.is_green(), "{report}");
    assert!(report.skipped().any(|name| name == "person-refuses-start"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn every_broken_driver_is_caught_by_the_check_that_names_its_fault() {
    let mut missed = Vec::new();
    for (wrong, check) in CAUGHT {
        let (broken, rig) = Broken::new(wrong);
        let report = check_shelf(&broken, &rig).await;
        if !report.failed().any(|name| name == check) {
            missed.push(format!("{wrong:?} is not caught by {check}:\n{report}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
