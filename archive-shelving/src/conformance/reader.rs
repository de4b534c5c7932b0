//! The checks of a [`TagInventory`] driver, each beside the line of the contract that it proves.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use archive_core::ErrorKind;
use archive_core::holding::TagEpc;
use tokio::time::timeout;

use super::rig::ReaderRig;
use super::{Ending, Report, Verdict, ensure, fail, needs};
use crate::device_error::DeviceError;
use crate::epc::UserCode;
use crate::layout::AisleId;
use crate::reading::{Antenna, InventoryReport, InventoryRequest, ReaderCapabilities, TagInventory};

struct Bench<'a> {
    reader: &'a dyn TagInventory,
    rig: &'a dyn ReaderRig,
    limits: ReaderCapabilities,
}

/// How long the kit reads, unless the reader cannot read that long.
const ROUND: Duration = Duration::from_secs(2);

/// Proves a reader driver against its contract.
///
/// # Panics
/// Outside a tokio runtime with time enabled.
pub async fn check_reader(reader: &dyn TagInventory, rig: &dyn ReaderRig) -> Report {
    let bench = Bench { reader, rig, limits: reader.capabilities() };
    let mut report = Report::new(&bench.limits.name);
    report.record(
        "capabilities-are-sound",
        "capabilities: constant, answered without asking the device",
        capabilities(&bench),
    );
    if !report.is_green() {
        // Nothing can be asked sensibly of a reader without antennas or limits.
        return report;
    }
    rig.reset().await;
    report.record("device-answers", "inventory: reads, where the reader can be asked", answers(&bench).await);
    if !report.is_green() {
        // Each further check would wait as long, and fail for the same reason.
        return report;
    }
    macro_rules! checks {
        ($($check:ident, $name:literal, $contract:literal;)*) => {$(
            rig.reset().await;
            rig.remove(kit_tag()).await;
            report.record($name, $contract, $check(&bench).await);
        )*};
    }
    checks! {
        duration, "impossible-durations-are-invalid", "inventory: invalid input for zero and too long";
        aisle, "unknown-aisle-is-invalid", "inventory: invalid input where no antenna serves the aisle";
        seen, "a-placed-tag-is-seen", "freshness: a report holds the reads of this call";
        antennas, "reads-name-declared-antennas", "truth: every read names a declared antenna";
        aisles, "only-the-aisle-asked-for", "inventory: reads with the antennas of the aisle asked for";
        times, "times-lie-within-the-call", "truth: what the device did not report is none";
        stale, "a-removed-tag-is-not-seen", "freshness: never earlier reads";
        cancelled, "cancelled-call-leaves-it-ready", "cancellation: the reader is ready for the next call";
        leftovers, "cancelled-reads-do-not-come-later", "freshness: reads of a cancelled call stay away";
        overlap, "overlapping-calls-both-answer", "ordering: calls may overlap";
        cut, "cut-line-is-unavailable", "inventory: unavailable where the reader cannot be asked";
        cut_during, "cut-during-a-call-is-told", "truth: a call that lost reads says so";
        mended, "a-mended-line-reads-again", "inventory: works again after a reconnect";
    }
    rig.reset().await;
    rig.remove(kit_tag()).await;
    report
}

/// A code that no box carries: the kit's own issuer.
fn kit_tag() -> TagEpc {
    UserCode::new((1 << 24) - 1, 0x6B69_7400).expect("the issuer is in range").to_tag()
}

impl Bench<'_> {
    fn round(&self) -> Duration {
        ROUND.min(self.limits.longest)
    }

    fn request(&self, aisle: Option<AisleId>) -> InventoryRequest {
        InventoryRequest { aisle, duration: self.round() }
    }

    async fn try_read(&self, request: InventoryRequest) -> Verdict<Result<InventoryReport, DeviceError>> {
        // A call in turn behind another takes twice as long.
        let limit = request.duration.min(self.limits.longest) * 2 + self.limits.answer_limit;
        match timeout(limit, self.reader.inventory(request)).await {
            Ok(answer) => Ok(answer),
            Err(_) => fail(format!("a call of {:?} did not end within {limit:?}", request.duration)),
        }
    }

    async fn read(&self, aisle: Option<AisleId>) -> Verdict<InventoryReport> {
        match self.try_read(self.request(aisle)).await? {
            Ok(report) => Ok(report),
            Err(error) => fail(format!("inventory: {error}")),
        }
    }

    /// An aisle in which the rig can put the kit's tag, now there.
    async fn with_tag(&self) -> Verdict<AisleId> {
        for aisle in self.limits.antennas.iter().filter_map(|antenna| antenna.aisle) {
            if needs(self.rig.place(kit_tag(), aisle).await, "").is_ok() {
                return Ok(aisle);
            }
        }
        Err(Ending::Skip("the rig cannot place a tag in any aisle"))
    }

    /// Reads with the kit's tag in place until it is seen: reading is a matter of chance.
    async fn until_seen(&self, aisle: AisleId) -> Verdict<InventoryReport> {
        for _ in 0..10 {
            let report = self.read(Some(aisle)).await?;
            if report.reads.iter().any(|read| read.epc == kit_tag()) {
                return Ok(report);
            }
        }
        fail(format!("the tag in {aisle} was not seen in 10 calls of {:?}", self.round()))
    }

    async fn invalid(&self, request: InventoryRequest) -> Verdict {
        match self.try_read(request).await? {
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
            Err(error) => fail(format!("{request:?}: kind {}: {error}", error.kind())),
            Ok(_) => fail(format!("{request:?} was accepted")),
        }
    }

    /// Starts a call and drops it half-way.
    async fn cancelled_call(&self) -> Verdict {
        let half = self.round() / 2;
        let _ = timeout(half, self.reader.inventory(self.request(None))).await;
        Ok(())
    }
}

async fn answers(bench: &Bench<'_>) -> Verdict {
    let request = InventoryRequest { aisle: None, duration: ROUND.min(bench.limits.longest) };
    let limit = request.duration + bench.limits.answer_limit;
    match timeout(limit, bench.reader.inventory(request)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => fail(format!("inventory: {error}")),
        Err(_) => fail(format!("inventory did not answer within {limit:?}")),
    }
}

fn capabilities(bench: &Bench<'_>) -> Verdict {
    let limits = &bench.limits;
    ensure(!limits.name.is_empty(), || "the device has no name".into())?;
    ensure(!limits.antennas.is_empty(), || "the reader has no antenna".into())?;
    let ports: BTreeSet<_> = limits.antennas.iter().map(|antenna| antenna.port).collect();
    ensure(ports.len() == limits.antennas.len(), || "an antenna is declared twice".into())?;
    ensure(ports.iter().all(|port| port.0 >= 1), || "antennas count from 1".into())?;
    let limited = !limits.longest.is_zero() && !limits.answer_limit.is_zero();
    ensure(limited, || "a limit is zero".into())?;
    ensure(bench.reader.capabilities() == *limits, || "a second call gave other capabilities".into())
}

async fn duration(bench: &Bench<'_>) -> Verdict {
    bench.invalid(InventoryRequest { aisle: None, duration: Duration::ZERO }).await?;
    let longest = bench.limits.longest;
    bench.invalid(InventoryRequest { aisle: None, duration: longest.saturating_add(ROUND) }).await
}

async fn aisle(bench: &Bench<'_>) -> Verdict {
    if bench.limits.antennas.iter().any(|antenna| antenna.aisle.is_none()) {
        return Err(Ending::Skip("an antenna hears every aisle"));
    }
    bench.invalid(bench.request(Some(AisleId(u16::MAX)))).await
}

async fn seen(bench: &Bench<'_>) -> Verdict {
    let aisle = bench.with_tag().await?;
    bench.until_seen(aisle).await.map(drop)
}

/// A call that read something: the kit's tag where the rig can place it, or whatever is in the room.
async fn some_reads(bench: &Bench<'_>) -> Verdict<(Option<AisleId>, InventoryReport)> {
    let placed = bench.with_tag().await.ok();
    let aisle = placed.or_else(|| bench.limits.antennas.iter().find_map(|antenna| antenna.aisle));
    for _ in 0..10 {
        let report = bench.read(aisle).await?;
        if !report.reads.is_empty() {
            return Ok((aisle, report));
        }
    }
    Err(Ending::Skip("no tag was read: put one into the first antenna's aisle"))
}

async fn antennas(bench: &Bench<'_>) -> Verdict {
    for read in some_reads(bench).await?.1.reads {
        let declared = bench.limits.antennas.contains(&Antenna { port: read.antenna, aisle: read.aisle });
        ensure(declared, || format!("undeclared: {} in {:?}", read.antenna, read.aisle))?;
    }
    Ok(())
}

async fn aisles(bench: &Bench<'_>) -> Verdict {
    let (aisle, report) = some_reads(bench).await?;
    let serves = |a: &Antenna| a.aisle.is_none() || a.aisle == aisle;
    for read in report.reads {
        let asked = bench.limits.antennas.iter().any(|a| a.port == read.antenna && serves(a));
        ensure(asked, || format!("{aisle:?} was asked for, and {} read", read.antenna))?;
    }
    Ok(())
}

async fn times(bench: &Bench<'_>) -> Verdict {
    let (_, report) = some_reads(bench).await?;
    ensure(!report.lasted.is_zero(), || "it read for no time and saw a tag".into())?;
    let longest = bench.round() + bench.limits.answer_limit;
    ensure(report.lasted <= longest, || format!("it read for {:?}, asked for less", report.lasted))?;
    for read in &report.reads {
        ensure(read.at.is_none_or(|at| at <= report.lasted), || format!("read after the end: {read:?}"))?;
        ensure(read.count >= 1, || format!("read no time: {read:?}"))?;
        ensure(read.rssi.is_none_or(|rssi| (-120..=30).contains(&rssi.0)), || format!("signal: {read:?}"))?;
    }
    Ok(())
}

async fn not_seen(bench: &Bench<'_>, why: &str) -> Verdict {
    let report = bench.read(None).await?;
    let ghost = report.reads.iter().find(|read| read.epc == kit_tag());
    ensure(ghost.is_none(), || format!("{why}: {ghost:?}"))
}

const NO_REMOVE: &str = "the rig cannot take a tag away";

async fn stale(bench: &Bench<'_>) -> Verdict {
    let aisle = bench.with_tag().await?;
    bench.until_seen(aisle).await?;
    needs(bench.rig.remove(kit_tag()).await, NO_REMOVE)?;
    not_seen(bench, "the tag was taken away and still read").await
}

async fn cancelled(bench: &Bench<'_>) -> Verdict {
    bench.cancelled_call().await?;
    bench.read(None).await.map(drop)
}

async fn leftovers(bench: &Bench<'_>) -> Verdict {
    bench.with_tag().await?;
    bench.cancelled_call().await?;
    needs(bench.rig.remove(kit_tag()).await, NO_REMOVE)?;
    not_seen(bench, "reads of a cancelled call came with the next").await
}

async fn overlap(bench: &Bench<'_>) -> Verdict {
    let (mut one, mut two) = (pin!(bench.read(None)), pin!(bench.read(None)));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(verdict) = one.as_mut().poll(context)
        {
            first = Some(verdict);
        }
        if second.is_none()
            && let Poll::Ready(verdict) = two.as_mut().poll(context)
        {
            second = Some(verdict);
        }
        if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    for verdict in [first, second].into_iter().flatten() {
        verdict?;
    }
    Ok(())
}

const NO_CUT: &str = "the rig cannot cut the line";

async fn cut(bench: &Bench<'_>) -> Verdict {
    needs(bench.rig.link(false).await, NO_CUT)?;
    match bench.try_read(bench.request(None)).await? {
        Ok(report) => fail(format!("the line is cut, and a call returned {} reads", report.reads.len())),
        Err(error) => {
            ensure(error.kind() == ErrorKind::Unavailable, || format!("kind {}: {error}", error.kind()))
        }
    }
}

async fn cut_during(bench: &Bench<'_>) -> Verdict {
    let mut call = pin!(bench.try_read(bench.request(None)));
    if let Ok(ended) = timeout(bench.round() / 2, call.as_mut()).await {
        ended?.ok();
        return Err(Ending::Skip("the call ended before the line could be cut"));
    }
    needs(bench.rig.link(false).await, NO_CUT)?;
    match call.await? {
        Ok(report) if report.complete => fail("the line broke during the call, which says complete"),
        _ => Ok(()),
    }
}

async fn mended(bench: &Bench<'_>) -> Verdict {
    needs(bench.rig.link(false).await, NO_CUT)?;
    let _ = bench.try_read(bench.request(None)).await?;
    bench.rig.link(true).await;
    // A driver may need a while to find the line again.
    let mut last = String::new();
    for _ in 0..10 {
        match bench.try_read(bench.request(None)).await? {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(bench.round()).await;
    }
    fail(format!("ten calls after the line was mended: {last}"))
}
