//! What happens around a shelf: people, broken lines, lost answers, locks, and the climate.

use archive_core::ErrorKind;

use super::shelf_bench::Bench;
use super::{Ending, Verdict, ensure, fail, needs};
use crate::device_error::{Certainty, DeviceError, Interlock};
use crate::layout::AisleId;
use crate::motion::{MoveOutcome, MoveTarget, Refusal};

const NO_PERSON: &str = "the rig has nobody to walk in";

pub(super) async fn person_before(bench: &Bench<'_>) -> Verdict {
    let (target, before) = (bench.elsewhere().await?, bench.rig.moves_begun().await);
    needs(bench.rig.person(true).await, NO_PERSON)?;
    let state = bench.state().await?;
    let listed = state.interlocks.contains(&Interlock::Person);
    ensure(listed, || format!("the state's interlocks are {:?}", state.interlocks))?;
    match bench.try_start(&bench.id(), target).await? {
        Ok(_) => return fail("a move was accepted with somebody in an aisle"),
        Err(error) => refused_by(&error, Interlock::Person)?,
    }
    bench.stays(&state, "with somebody in an aisle").await?;
    bench.at_most(before, 0).await
}

fn refused_by(error: &DeviceError, interlock: Interlock) -> Verdict {
    ensure(error.kind() == ErrorKind::Refused, || format!("kind {}: {error}", error.kind()))?;
    ensure(error.interlock() == Some(interlock), || format!("interlock {:?}: {error}", error.interlock()))?;
    ensure(error.certainty() != Certainty::MaybeExecuted, || format!("certainty maybe executed: {error}"))
}

pub(super) async fn person_during(bench: &Bench<'_>) -> Verdict {
    let mut handle = bench.moving().await?;
    needs(bench.rig.person(true).await, NO_PERSON)?;
    let outcome = bench.end(&mut handle).await?;
    let right = outcome == MoveOutcome::Refused(Refusal::Interlock(Interlock::Person));
    ensure(right, || format!("the move ended as {outcome}"))?;
    let state = bench.state().await?;
    bench.stays(&state, "with somebody in an aisle").await
}

pub(super) async fn resume(bench: &Bench<'_>) -> Verdict {
    let mut handle = bench.moving().await?;
    needs(bench.rig.person(true).await, NO_PERSON)?;
    bench.end(&mut handle).await?;
    let (state, begun) = (bench.state().await?, bench.rig.moves_begun().await);
    needs(bench.rig.person(false).await, NO_PERSON)?;
    bench.stays(&state, "when the interlock went off").await?;
    bench.at_most(begun, 0).await
}

pub(super) async fn stop_interlocked(bench: &Bench<'_>) -> Verdict {
    needs(bench.rig.person(true).await, NO_PERSON)?;
    bench.stop().await
}

const NO_CUT: &str = "the rig cannot cut the line";

pub(super) async fn cut_state(bench: &Bench<'_>) -> Verdict {
    bench.state().await?;
    needs(bench.rig.link(false).await, NO_CUT)?;
    match bench.ask("state", bench.shelf.state()).await? {
        Ok(state) => fail(format!("the line is cut, and the state is {state:?}")),
        Err(error) => {
            ensure(error.kind() == ErrorKind::Unavailable, || format!("kind {}: {error}", error.kind()))
        }
    }
}

pub(super) async fn cut_start(bench: &Bench<'_>) -> Verdict {
    let (target, before) = (bench.elsewhere().await?, bench.rig.moves_begun().await);
    needs(bench.rig.link(false).await, NO_CUT)?;
    match bench.try_start(&bench.id(), target).await? {
        Ok(_) => return fail("a start was accepted over a cut line"),
        Err(error) => {
            ensure(error.kind() == ErrorKind::Unavailable, || format!("kind {}: {error}", error.kind()))?;
            ensure(error.certainty() == Certainty::NotSent, || format!("{:?}: {error}", error.certainty()))?;
        }
    }
    needs(bench.rig.link(true).await, NO_CUT)?;
    tokio::time::sleep(bench.limits.move_limit).await;
    bench.at_most(before, 0).await
}

pub(super) async fn cut_during(bench: &Bench<'_>) -> Verdict {
    let mut handle = bench.moving().await?;
    needs(bench.rig.link(false).await, NO_CUT)?;
    tokio::time::sleep(bench.limits.move_limit).await;
    needs(bench.rig.link(true).await, NO_CUT)?;
    let outcome = bench.end(&mut handle).await?;
    let state = bench.reconnected().await?;
    let reached = state.open.map(MoveTarget::Open) == Some(handle.target());
    ensure(reached || outcome != MoveOutcome::Done, || format!("done, and the state is {state:?}"))?;
    match bench.rig.really_open().await {
        Some(really) => ensure(really == state.open, || format!("really open is {really:?}: {state:?}")),
        None => Ok(()),
    }
}

pub(super) async fn lost_answer(bench: &Bench<'_>) -> Verdict {
    let (id, target) = (bench.id(), bench.elsewhere().await?);
    let error = bench.start_unanswered(&id, target).await?;
    let right = error.certainty() == Certainty::MaybeExecuted && error.kind() == ErrorKind::OutcomeUnknown;
    ensure(right, || format!("{:?}, kind {}: {error}", error.certainty(), error.kind()))
}

pub(super) async fn once(bench: &Bench<'_>) -> Verdict {
    let (id, target) = (bench.id(), bench.elsewhere().await?);
    let before = bench.rig.moves_begun().await;
    if before.is_none() {
        return Err(Ending::Skip("the rig cannot count moves"));
    }
    bench.start_unanswered(&id, target).await?;
    tokio::time::sleep(bench.limits.move_limit).await;
    bench.reconnected().await?;
    bench.at_most(before, 1).await?;
    // The same name is still the same operation: it may be known or unknown, it never moves again.
    if let Ok(mut handle) = bench.try_start(&id, target).await? {
        bench.end(&mut handle).await?;
    }
    tokio::time::sleep(bench.limits.move_limit).await;
    bench.at_most(before, 1).await
}

pub(super) async fn lost_report(bench: &Bench<'_>) -> Verdict {
    let target = bench.elsewhere().await?;
    needs(bench.rig.lose_next_report().await, "the rig cannot lose a report")?;
    let mut handle = bench.start(&bench.id(), target).await?;
    let outcome = bench.end(&mut handle).await?;
    let state = bench.state().await?;
    let reached = state.open.map(MoveTarget::Open) == Some(target);
    ensure(reached || outcome != MoveOutcome::Done, || format!("ended as {outcome}: {state:?}"))
}

pub(super) async fn lock(bench: &Bench<'_>) -> Verdict {
    let Some(lock) = bench.shelf.as_access_lock() else { return Err(Ending::Skip("the bank has no lock")) };
    let (target, before) = (bench.elsewhere().await?, bench.rig.moves_begun().await);
    if let Err(error) = bench.ask("lock", lock.lock()).await? {
        return fail(format!("lock: {error}"));
    }
    match bench.try_start(&bench.id(), target).await? {
        Ok(_) => return fail("a locked bank accepted a move"),
        Err(error) => refused_by(&error, Interlock::Lock)?,
    }
    bench.at_most(before, 0).await
}

pub(super) async fn unlock(bench: &Bench<'_>) -> Verdict {
    let Some(lock) = bench.shelf.as_access_lock() else { return Err(Ending::Skip("the bank has no lock")) };
    let target = bench.elsewhere().await?;
    let _ = bench.ask("lock", lock.lock()).await?;
    let _ = bench.try_start(&bench.id(), target).await?;
    bench.stop().await?;
    if needs(bench.rig.link(false).await, NO_CUT).is_ok() {
        let _ = bench.ask("state", bench.shelf.state()).await?;
        bench.rig.link(true).await;
        bench.reconnected().await?;
    }
    match bench.ask("is_locked", lock.is_locked()).await? {
        Ok(true) => {}
        Ok(false) => return fail("the lock opened without being asked to"),
        Err(error) => return fail(format!("is_locked: {error}")),
    }
    if let Err(error) = bench.ask("unlock", lock.unlock()).await? {
        return fail(format!("unlock: {error}"));
    }
    let outcome = bench.end(&mut bench.start(&bench.id(), target).await?).await?;
    ensure(outcome == MoveOutcome::Done, || format!("once unlocked, the move ended as {outcome}"))
}

pub(super) async fn light(bench: &Bench<'_>) -> Verdict {
    let Some(lock) = bench.shelf.as_access_lock() else { return Err(Ending::Skip("the bank has no light")) };
    match bench.ask("set_light", lock.set_light(AisleId(bench.limits.aisles), true)).await? {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        other => fail(format!("the light of an unknown aisle: {other:?}")),
    }
}

pub(super) async fn climate(bench: &Bench<'_>) -> Verdict {
    let Some(sensors) = bench.shelf.as_environment() else {
        return Err(Ending::Skip("the bank has no sensors"));
    };
    match bench.ask("climate", sensors.climate()).await? {
        Ok(climate) => {
            let cold = climate.temperature.is_none_or(|t| (-400..=850).contains(&t.0));
            let damp = climate.humidity.is_none_or(|h| h.0 <= 1000);
            ensure(cold && damp, || format!("implausible, is the scale right? {climate:?}"))
        }
        Err(error) => fail(format!("climate: {error}")),
    }
}

pub(super) async fn cut_climate(bench: &Bench<'_>) -> Verdict {
    let Some(sensors) = bench.shelf.as_environment() else {
        return Err(Ending::Skip("the bank has no sensors"));
    };
    let _ = bench.ask("climate", sensors.climate()).await?;
    needs(bench.rig.link(false).await, NO_CUT)?;
    match bench.ask("climate", sensors.climate()).await? {
        Ok(climate) => fail(format!("the line is cut, and the climate is {climate:?}")),
        Err(error) => {
            ensure(error.kind() == ErrorKind::Unavailable, || format!("kind {}: {error}", error.kind()))
        }
    }
}
