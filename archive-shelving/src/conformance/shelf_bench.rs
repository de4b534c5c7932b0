//! The kit's bench: asking a shelf driver within its limits, and bringing the bank where a check begins.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use super::rig::ShelfRig;
use super::{Ending, Verdict, ensure, fail, needs};
use crate::device_error::DeviceError;
use crate::layout::AisleId;
use crate::motion::{
    BankState, MoveHandle, MoveOutcome, MoveProgress, MoveTarget, OperationId, ShelfCapabilities, ShelfMotion,
};

pub(super) struct Bench<'a> {
    pub(super) shelf: &'a dyn ShelfMotion,
    pub(super) rig: &'a dyn ShelfRig,
    pub(super) limits: ShelfCapabilities,
    pub(super) run: u128,
    pub(super) number: AtomicU64,
}

impl Bench<'_> {
    pub(super) fn id(&self) -> OperationId {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        format!("kit-{}-{number}", self.run).parse().expect("digits and dashes are valid")
    }

    /// Waits for an answer no longer than the driver promises.
    pub(super) async fn ask<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, DeviceError>>,
    ) -> Verdict<Result<T, DeviceError>> {
        match timeout(self.limits.answer_limit, answer).await {
            Ok(answer) => Ok(answer),
            Err(_) => fail(format!("{what} did not answer within {:?}", self.limits.answer_limit)),
        }
    }

    pub(super) async fn state(&self) -> Verdict<BankState> {
        match self.ask("state", self.shelf.state()).await? {
            Ok(state) => Ok(state),
            Err(error) => fail(format!("state: {error}")),
        }
    }

    pub(super) async fn try_start(
        &self,
        id: &OperationId,
        target: MoveTarget,
    ) -> Verdict<Result<MoveHandle, DeviceError>> {
        self.ask("start", self.shelf.start(id.clone(), target)).await
    }

    pub(super) async fn start(&self, id: &OperationId, target: MoveTarget) -> Verdict<MoveHandle> {
        match self.try_start(id, target).await? {
            Ok(handle) => Ok(handle),
            Err(error) => fail(format!("start ({target}): {error}")),
        }
    }

    pub(super) async fn end(&self, handle: &mut MoveHandle) -> Verdict<MoveOutcome> {
        match timeout(self.limits.move_limit, handle.outcome()).await {
            Ok(outcome) => Ok(outcome),
            Err(_) => fail(format!("{} did not end within {:?}", handle.target(), self.limits.move_limit)),
        }
    }

    pub(super) async fn stop(&self) -> Verdict {
        match self.ask("stop", self.shelf.stop()).await? {
            Ok(()) => Ok(()),
            Err(error) => fail(format!("stop: {error}")),
        }
    }

    /// The kit's own preparation: everything at rest. Uses the driver, which is all it has.
    pub(super) async fn settle(&self) -> Verdict {
        self.rig.reset().await;
        if let Some(lock) = self.shelf.as_access_lock() {
            let _ = self.ask("unlock", lock.unlock()).await?;
        }
        let _ = self.ask("stop", self.shelf.stop()).await?;
        let limit = tokio::time::Instant::now() + self.limits.move_limit;
        loop {
            match self.ask("state", self.shelf.state()).await? {
                Ok(state) if !state.moving => return Ok(()),
                Ok(_) if tokio::time::Instant::now() > limit => {
                    return fail("the bank does not come to rest");
                }
                Err(error) if tokio::time::Instant::now() > limit => {
                    return fail(format!("the bank does not answer between two checks: {error}"));
                }
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// A target that makes carriages move from where they are.
    pub(super) async fn elsewhere(&self) -> Verdict<MoveTarget> {
        let aisles = self.limits.aisles;
        let open = self.state().await?.open;
        let far = if open.is_none_or(|AisleId(open)| open < aisles / 2) { aisles - 1 } else { 0 };
        if open == Some(AisleId(far)) {
            return Err(Ending::Skip("the bank has a single aisle"));
        }
        Ok(MoveTarget::Open(AisleId(far)))
    }

    /// Starts a move that takes time, and waits until carriages move.
    pub(super) async fn moving(&self) -> Verdict<MoveHandle> {
        if self.state().await?.open.is_none() {
            // From half-way the rest of the way may be too short to act on.
            self.end(&mut self.start(&self.id(), MoveTarget::Open(AisleId(0))).await?).await?;
        }
        let target = self.elsewhere().await?;
        let mut handle = self.start(&self.id(), target).await?;
        let begun =
            async { while handle.progress() == MoveProgress::Accepted && handle.next().await.is_some() {} };
        if timeout(self.limits.move_limit, begun).await.is_err() {
            return fail("no progress came within the move limit");
        }
        match handle.progress() {
            MoveProgress::Ended(outcome) => fail(format!("{target} ended before it moved: {outcome}")),
            _ => Ok(handle),
        }
    }

    /// Fails where carriages were set in motion more often than `allowed` since `before`.
    pub(super) async fn at_most(&self, before: Option<u64>, allowed: u64) -> Verdict {
        let begun = self.rig.moves_begun().await.zip(before).map_or(0, |(now, before)| now - before);
        ensure(begun <= allowed, || format!("carriages were set in motion {begun} times, not {allowed}"))
    }

    /// Fails where carriages are elsewhere after a while.
    pub(super) async fn stays(&self, before: &BankState, why: &str) -> Verdict {
        tokio::time::sleep(self.limits.move_limit).await;
        let after = self.state().await?;
        let same = (before.open, &before.gaps) == (after.open, &after.gaps) && !after.moving;
        ensure(same, || format!("carriages moved {why}: from {:?} to {:?}", before.gaps, after.gaps))
    }
}

impl Bench<'_> {
    /// The first state after the line was mended, for which a driver may need a while.
    pub(super) async fn reconnected(&self) -> Verdict<BankState> {
        let limit = tokio::time::Instant::now() + self.limits.move_limit;
        loop {
            match self.ask("state", self.shelf.state()).await? {
                Ok(state) => return Ok(state),
                Err(error) if tokio::time::Instant::now() > limit => {
                    return fail(format!("no reconnect within the move limit: {error}"));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Starts a move whose answer is lost.
    pub(super) async fn start_unanswered(
        &self,
        id: &OperationId,
        target: MoveTarget,
    ) -> Verdict<DeviceError> {
        needs(self.rig.lose_next_answer().await, "the rig cannot lose an answer")?;
        match self.try_start(id, target).await? {
            Ok(_) => fail("the answer was lost, and start says accepted"),
            Err(error) => Ok(error),
        }
    }
}
