//! The checks of a [`ShelfMotion`] driver, each beside the line of the contract that it proves.

use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::SystemTime;

use archive_core::ErrorKind;
use tokio::time::timeout;

use super::rig::ShelfRig;
use super::shelf_bench::Bench;
use super::shelf_faults::{
    climate, cut_climate, cut_during, cut_start, cut_state, light, lock, lost_answer, lost_report, once,
    person_before, person_during, resume, stop_interlocked, unlock,
};
use super::{Check, Ending, Report, Verdict, ensure, fail};
use crate::device_error::Certainty;
use crate::layout::AisleId;
use crate::motion::{MoveOutcome, MoveProgress, MoveTarget, Refusal, ShelfMotion};

/// Proves a shelf driver against its contract. Carriages really move.
///
/// # Panics
/// Outside a tokio runtime with time enabled.
pub async fn check_shelf(shelf: &dyn ShelfMotion, rig: &dyn ShelfRig) -> Report {
    watch_shelf(shelf, rig, &mut |_| ControlFlow::Continue(())).await
}

/// As [`check_shelf`], which takes minutes on a real device; `told` is shown each check that is done, and ends the kit
/// by [`ControlFlow::Break`].
///
/// # Panics
/// As [`check_shelf`].
pub async fn watch_shelf(
    shelf: &dyn ShelfMotion,
    rig: &dyn ShelfRig,
    told: &mut (dyn FnMut(&Check) -> ControlFlow<()> + Send),
) -> Report {
    let limits = shelf.capabilities();
    // A device may remember operations of an earlier run.
    let run = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let bench = Bench { shelf, rig, limits, run, number: AtomicU64::new(0) };
    let mut report = Report::new(&bench.limits.name);
    macro_rules! record {
        ($name:expr, $contract:expr, $verdict:expr) => {
            if told(report.record($name, $contract, $verdict)).is_break() {
                rig.reset().await;
                return report;
            }
        };
    }
    macro_rules! checks {
        ($($check:ident, $name:literal, $contract:literal;)*) => {$(
            let verdict = match bench.settle().await {
                Ok(()) => $check(&bench).await,
                Err(ending) => Err(ending),
            };
            record!($name, $contract, verdict);
        )*};
    }
    record!(
        "capabilities-are-sound",
        "capabilities: constant, answered without asking the device",
        capabilities(&bench)
    );
    record!(
        "abilities-match-capabilities",
        "as_…: present exactly where capabilities say so",
        abilities(&bench)
    );
    if !report.is_green() {
        // Nothing can be asked sensibly of a bank without aisles or limits.
        return report;
    }
    let contract = "state: where the carriages are, as the device reports it";
    record!("device-answers", contract, bench.settle().await);
    if !report.is_green() {
        // Each further check would wait as long, and fail for the same reason.
        return report;
    }
    checks! {
        rest, "rest-is-consistent", "state: where the carriages are, as the device reports it";
        open, "open-reaches-target", "outcome done: the target is reached, as the device reports";
        readback, "readback-is-not-setpoint", "setpoint and readback are two values";
        progress, "progress-is-orderly", "progress never falls, and nothing follows the end";
        same_id, "same-id-is-same-move", "identity: the same id with the same target moves nothing again";
        ended_id, "ended-id-stays-ended", "identity: an ended operation is returned as ended";
        other_target, "id-with-another-target-conflicts", "identity: with another target it is a conflict";
        second_move, "second-move-conflicts", "ordering: a second operation is refused, not queued";
        unknown_aisle, "unknown-aisle-is-invalid", "start: invalid input where the bank has no such aisle";
        dropped_handle, "dropping-the-handle-stops-nothing", "cancellation: dropping a handle stops nothing";
        cancelled_start, "cancelled-start-is-found-again", "cancellation: the same id finds the operation";
        stop_moving, "stop-ends-the-move", "stop: the running operation ends as refused, stopped";
        stop_resting, "stop-at-rest-is-fine", "stop: stopping what stands still is no error";
        stop_lane, "stop-has-its-own-lane", "stop: never waits behind a poll";
        ventilate, "ventilation-matches-capabilities", "start: unsupported targets are refused as such";
        person_before, "person-refuses-start", "safety: no carriage moves while an interlock is on";
        person_during, "person-ends-the-move", "safety: an interlock ends a move as refused";
        resume, "nothing-resumes", "safety: nothing resumes when an interlock goes off again";
        stop_interlocked, "stop-works-under-interlock", "stop: is sent even while an interlock is on";
        cut_state, "cut-line-is-unavailable", "state: unavailable, never an earlier value";
        cut_start, "cut-line-sends-nothing", "start: unavailable (not sent) where the line is down";
        cut_during, "state-is-read-anew", "state: after a reconnect it is read anew";
        lost_answer, "lost-answer-is-maybe-executed", "start: sent without an answer is outcome unknown";
        once, "lost-answer-is-not-repeated", "once: a driver never repeats a movement by itself";
        lost_report, "every-operation-ends", "time-out: every operation ends within the move limit";
        lock, "lock-refuses-moves", "lock: a locked bank refuses every move";
        unlock, "nothing-unlocks-by-itself", "lock: no move, reconnect or error unlocks";
        light, "light-of-unknown-aisle-is-invalid", "light: invalid input where there is no such aisle";
        climate, "climate-is-plausible", "environment: a value that is not reported now is none";
        cut_climate, "cut-line-has-no-climate", "environment: unavailable where the device cannot be asked";
    }
    rig.reset().await;
    report
}

fn capabilities(bench: &Bench<'_>) -> Verdict {
    let limits = &bench.limits;
    ensure(!limits.name.is_empty(), || "the device has no name".into())?;
    ensure((1..=1000).contains(&limits.aisles), || format!("{} aisles, not 1 to 1000", limits.aisles))?;
    ensure(!limits.answer_limit.is_zero(), || "the answer limit is zero".into())?;
    ensure(limits.move_limit >= limits.answer_limit, || "the move limit is below the answer limit".into())?;
    ensure(bench.shelf.capabilities() == *limits, || "a second call gave other capabilities".into())
}

fn abilities(bench: &Bench<'_>) -> Verdict {
    let pairs = [
        ("environment", bench.limits.environment, bench.shelf.as_environment().is_some()),
        ("access lock", bench.limits.access_lock, bench.shelf.as_access_lock().is_some()),
    ];
    match pairs.into_iter().find(|(_, declared, present)| declared != present) {
        Some((what, declared, _)) => fail(format!("{what}: declared {declared}, found {}", !declared)),
        None => Ok(()),
    }
}

async fn rest(bench: &Bench<'_>) -> Verdict {
    let state = bench.state().await?;
    let aisles = bench.limits.aisles;
    ensure(!state.moving, || "carriages move at rest".into())?;
    ensure(state.open.is_none_or(|open| open.0 < aisles), || format!("an unknown aisle is open: {state:?}"))?;
    match (&state.gaps, bench.limits.reports_gaps) {
        (None, false) => Ok(()),
        (Some(gaps), true) => {
            ensure(gaps.len() == usize::from(aisles), || format!("{} gaps for {aisles} aisles", gaps.len()))?;
            let widest = gaps.iter().max();
            let open = state.open.map(|open| &gaps[usize::from(open.0)]);
            ensure(open.is_none() || open == widest, || format!("the open aisle is not the widest: {gaps:?}"))
        }
        (gaps, declared) => fail(format!("gaps are {gaps:?} where reports_gaps is {declared}")),
    }
}

async fn open(bench: &Bench<'_>) -> Verdict {
    for _ in 0..2 {
        let target = bench.elsewhere().await?;
        let mut handle = bench.start(&bench.id(), target).await?;
        ensure(handle.target() == target, || format!("the handle is to {}, not {target}", handle.target()))?;
        let outcome = bench.end(&mut handle).await?;
        ensure(outcome == MoveOutcome::Done, || format!("{target} ended as {outcome}"))?;
        let state = bench.state().await?;
        let reached = state.open.map(MoveTarget::Open) == Some(target) && !state.moving;
        ensure(reached, || format!("{target} is done, and the state is {state:?}"))?;
        if let Some(really) = bench.rig.really_open().await {
            ensure(really == state.open, || format!("really open is {really:?}, not {:?}", state.open))?;
        }
        ensure(state.setpoint == Some(target), || format!("the setpoint is {:?}", state.setpoint))?;
    }
    Ok(())
}

async fn readback(bench: &Bench<'_>) -> Verdict {
    let handle = bench.moving().await?;
    let state = bench.state().await?;
    if matches!(handle.progress(), MoveProgress::Ended(_)) {
        return Err(Ending::Skip("the move ended before its state was read"));
    }
    ensure(state.moving, || "the state says at rest during a move".into())?;
    let early = state.open.map(MoveTarget::Open) == Some(handle.target());
    ensure(!early, || format!("{} counts as open before it is", handle.target()))?;
    ensure(state.setpoint == Some(handle.target()), || format!("the setpoint is {:?}", state.setpoint))
}

async fn progress(bench: &Bench<'_>) -> Verdict {
    let target = bench.elsewhere().await?;
    let mut handle = bench.start(&bench.id(), target).await?;
    let mut last = None;
    let watch = async {
        let mut steps = Vec::new();
        let mut now = handle.progress();
        loop {
            let ended = matches!(now, MoveProgress::Ended(_));
            steps.push(now);
            if ended {
                return steps;
            }
            match handle.next().await {
                Some(next) => now = next,
                None => return steps,
            }
        }
    };
    let Ok(steps) = timeout(bench.limits.move_limit, watch).await else {
        return fail("progress did not end within the move limit");
    };
    for step in &steps {
        if let MoveProgress::Moving { permille } = step {
            ensure(*permille >= last && permille.is_none_or(|p| p <= 1000), || {
                format!("progress {steps:?}")
            })?;
            last = *permille;
        }
    }
    let ended = matches!(steps.last(), Some(MoveProgress::Ended(_)));
    ensure(ended, || format!("the stream closed without an end: {steps:?}"))?;
    let after = timeout(bench.limits.answer_limit, handle.next()).await;
    ensure(!matches!(after, Ok(Some(_))), || format!("{after:?} followed the end"))
}

async fn same_id(bench: &Bench<'_>) -> Verdict {
    let (id, target) = (bench.id(), bench.elsewhere().await?);
    let before = bench.rig.moves_begun().await;
    let mut first = bench.start(&id, target).await?;
    let mut second = bench.start(&id, target).await?;
    ensure(second.operation() == &id, || format!("the second handle is of {}", second.operation()))?;
    let ends = (bench.end(&mut first).await?, bench.end(&mut second).await?);
    ensure(ends.0 == ends.1, || format!("one operation ended as {} and as {}", ends.0, ends.1))?;
    bench.at_most(before, 1).await
}

async fn ended_id(bench: &Bench<'_>) -> Verdict {
    let (id, target) = (bench.id(), bench.elsewhere().await?);
    let outcome = bench.end(&mut bench.start(&id, target).await?).await?;
    let away = bench.elsewhere().await?;
    bench.end(&mut bench.start(&bench.id(), away).await?).await?;
    let (state, begun) = (bench.state().await?, bench.rig.moves_begun().await);
    let mut again = bench.start(&id, target).await?;
    let repeated = bench.end(&mut again).await?;
    ensure(repeated == outcome, || format!("ended as {outcome}, then as {repeated}"))?;
    bench.at_most(begun, 0).await?;
    bench.stays(&state, "when an ended operation was asked for again").await
}

async fn other_target(bench: &Bench<'_>) -> Verdict {
    let (id, target) = (bench.id(), bench.elsewhere().await?);
    bench.end(&mut bench.start(&id, target).await?).await?;
    let (state, other) = (bench.state().await?, bench.elsewhere().await?);
    match bench.try_start(&id, other).await? {
        Ok(_) => fail(format!("{id} was to {target} and is now accepted to {other}")),
        Err(error) if error.kind() != ErrorKind::Conflict => fail(format!("kind {}: {error}", error.kind())),
        Err(_) => bench.stays(&state, "after a conflict").await,
    }
}

async fn second_move(bench: &Bench<'_>) -> Verdict {
    let mut running = bench.moving().await?;
    let before = bench.rig.moves_begun().await;
    match bench.try_start(&bench.id(), MoveTarget::Close).await? {
        Ok(_) => return fail("a second operation was accepted during a move"),
        Err(error) if error.kind() != ErrorKind::Conflict => {
            return fail(format!("kind {}: {error}", error.kind()));
        }
        Err(_) => {}
    }
    let outcome = bench.end(&mut running).await?;
    ensure(outcome == MoveOutcome::Done, || format!("the first operation ended as {outcome}"))?;
    let state = bench.state().await?;
    bench.stays(&state, "for a queued operation").await?;
    bench.at_most(before, 0).await
}

async fn unknown_aisle(bench: &Bench<'_>) -> Verdict {
    let (state, before) = (bench.state().await?, bench.rig.moves_begun().await);
    for aisle in [bench.limits.aisles, u16::MAX] {
        let target = MoveTarget::Open(AisleId(aisle));
        match bench.try_start(&bench.id(), target).await? {
            Ok(_) => return fail(format!("{target} was accepted")),
            Err(error) => {
                let right = error.kind() == ErrorKind::InvalidInput;
                ensure(right, || format!("{target}: kind {}: {error}", error.kind()))?;
                let certain = error.certainty() != Certainty::MaybeExecuted;
                ensure(certain, || format!("{target} may have been executed: {error}"))?;
            }
        }
    }
    bench.stays(&state, "towards an unknown aisle").await?;
    bench.at_most(before, 0).await
}

async fn dropped_handle(bench: &Bench<'_>) -> Verdict {
    let handle = bench.moving().await?;
    let (id, target) = (handle.operation().clone(), handle.target());
    drop(handle);
    tokio::time::sleep(bench.limits.move_limit).await;
    let state = bench.state().await?;
    let reached = state.open.map(MoveTarget::Open) == Some(target);
    ensure(reached, || format!("{target} was given up with its handle: {state:?}"))?;
    let outcome = bench.end(&mut bench.start(&id, target).await?).await?;
    ensure(outcome == MoveOutcome::Done, || format!("asked for again, it ended as {outcome}"))
}

async fn cancelled_start(bench: &Bench<'_>) -> Verdict {
    let (id, target) = (bench.id(), bench.elsewhere().await?);
    let before = bench.rig.moves_begun().await;
    {
        let mut start = pin!(bench.shelf.start(id.clone(), target));
        // Polled once and dropped: the command may be anywhere between here and the device.
        poll_fn(|context| {
            let _ = start.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    tokio::time::sleep(bench.limits.answer_limit).await;
    let mut handle = bench.start(&id, target).await?;
    let outcome = bench.end(&mut handle).await?;
    ensure(outcome == MoveOutcome::Done, || format!("after a cancelled start it ended as {outcome}"))?;
    let state = bench.state().await?;
    ensure(state.open.map(MoveTarget::Open) == Some(target), || format!("{target} is done: {state:?}"))?;
    bench.at_most(before, 1).await
}

async fn stop_moving(bench: &Bench<'_>) -> Verdict {
    let mut handle = bench.moving().await?;
    bench.stop().await?;
    let outcome = bench.end(&mut handle).await?;
    let stopped = outcome == MoveOutcome::Refused(Refusal::Stopped);
    ensure(stopped, || format!("a stopped move ended as {outcome}"))?;
    let state = bench.state().await?;
    ensure(!state.moving, || "carriages still move after the stop".into())?;
    bench.stays(&state, "after a stop").await
}

async fn stop_resting(bench: &Bench<'_>) -> Verdict {
    bench.stop().await?;
    bench.stop().await
}

async fn stop_lane(bench: &Bench<'_>) -> Verdict {
    const POLLS: usize = 64;
    let mut handle = bench.moving().await?;
    let mut polls: Vec<_> = (0..POLLS).map(|_| Some(bench.shelf.state())).collect();
    let mut stop = pin!(bench.stop());
    let mut first = true;
    let verdict = poll_fn(|context| {
        // The polls are all on their way before the stop is asked for.
        for poll in &mut polls {
            if poll.as_mut().is_some_and(|future| future.as_mut().poll(context).is_ready()) {
                *poll = None;
            }
        }
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        stop.as_mut().poll(context)
    })
    .await;
    verdict?;
    let outcome = bench.end(&mut handle).await?;
    ensure(outcome == MoveOutcome::Refused(Refusal::Stopped), || format!("the move ended as {outcome}"))
}

async fn ventilate(bench: &Bench<'_>) -> Verdict {
    let started = bench.try_start(&bench.id(), MoveTarget::Ventilate).await?;
    match (started, bench.limits.ventilate) {
        (Ok(mut handle), true) => {
            let outcome = bench.end(&mut handle).await?;
            ensure(outcome == MoveOutcome::Done, || format!("ventilation ended as {outcome}"))
        }
        (Err(error), false) => {
            ensure(error.kind() == ErrorKind::Unsupported, || format!("kind {}: {error}", error.kind()))
        }
        (Ok(_), false) => fail("ventilation is not declared, and was accepted"),
        (Err(error), true) => fail(format!("ventilation is declared: {error}")),
    }
}
