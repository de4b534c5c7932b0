//! Where the carriages of a simulated bank are at a given instant, and why they may not move.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use archive_core::units::Millimetres;
use tokio::time::Instant;

use crate::device_error::Interlock;
use crate::layout::AisleId;
use crate::motion::{BankState, MoveTarget, OperationId};

/// How carriages move. The default opens an aisle of 0.8 m at 7.6 cm/s in about 12 s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Physics {
    /// The width that all aisles of a bank share.
    pub aisle_width: Millimetres,
    /// The highest speed, in mm/s.
    pub speed: f64,
    /// The acceleration and deceleration, in mm/s².
    pub acceleration: f64,
}

impl Default for Physics {
    fn default() -> Self {
        Self { aisle_width: Millimetres(800), speed: 76.0, acceleration: 40.0 }
    }
}

impl Physics {
    /// The same movement, `factor` times as fast: for demonstrations on a real clock.
    #[must_use]
    pub fn hastened(self, factor: f64) -> Self {
        Self { speed: self.speed * factor, acceleration: self.acceleration * factor * factor, ..self }
    }

    pub(crate) fn is_valid(&self) -> bool {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        positive(self.speed) && positive(self.acceleration) && (1..=10_000).contains(&self.aisle_width.0)
    }

    /// How long the way takes.
    pub(crate) fn duration(&self, way: f64) -> Duration {
        let ramp = self.speed * self.speed / self.acceleration;
        let seconds = if way >= ramp {
            way / self.speed + self.speed / self.acceleration
        } else {
            2.0 * (way / self.acceleration).sqrt()
        };
        Duration::from_secs_f64(seconds.min(86_400.0))
    }

    /// How much of the way is done after `elapsed`.
    fn distance(&self, way: f64, elapsed: Duration) -> f64 {
        let total = self.duration(way).as_secs_f64();
        let t = elapsed.as_secs_f64().min(total);
        let ramp_time = (self.speed / self.acceleration).min(total / 2.0);
        let top = ramp_time * self.acceleration;
        let done = if t < ramp_time {
            self.acceleration * t * t / 2.0
        } else if t <= total - ramp_time {
            top * (t - ramp_time / 2.0)
        } else {
            way - self.acceleration * (total - t) * (total - t) / 2.0
        };
        done.clamp(0.0, way)
    }
}

#[derive(Debug)]
pub(crate) struct Motion {
    pub(crate) operation: OperationId,
    start: Instant,
    from: Vec<f64>,
    to: Vec<f64>,
    way: f64,
    /// Where on the way a stalled drive gives up.
    stall_at: Option<f64>,
}

/// The carriages' offsets from their leftmost places, in mm, and everything that holds them.
#[derive(Debug)]
pub(crate) struct Bank {
    physics: Physics,
    offsets: Vec<f64>,
    pub(crate) motion: Option<Motion>,
    pub(crate) setpoint: Option<MoveTarget>,
    pub(crate) people: BTreeMap<AisleId, u32>,
    pub(crate) interlocks: BTreeSet<Interlock>,
    pub(crate) locked: bool,
    pub(crate) lights: BTreeSet<AisleId>,
    pub(crate) link_up: bool,
    /// How many times carriages were set in motion: the kit's witness against double moves.
    pub(crate) moves_begun: u64,
}

impl Bank {
    pub(crate) fn new(columns: usize, physics: Physics) -> Self {
        Self {
            physics,
            // All carriages at the right end: aisle 0 stands open, as after `Close`.
            offsets: vec![f64::from(physics.aisle_width.0); columns],
            motion: None,
            setpoint: None,
            people: BTreeMap::new(),
            interlocks: BTreeSet::new(),
            locked: false,
            lights: BTreeSet::new(),
            link_up: true,
            moves_begun: 0,
        }
    }

    /// The protections that are on now, the most telling first.
    pub(crate) fn interlocks_on(&self) -> Vec<Interlock> {
        let mut on = self.interlocks.clone();
        if !self.people.is_empty() {
            on.insert(Interlock::Person);
        }
        if self.locked {
            on.insert(Interlock::Lock);
        }
        on.into_iter().collect()
    }

    fn target_offsets(&self, target: MoveTarget) -> Vec<f64> {
        let width = f64::from(self.physics.aisle_width.0);
        let count = self.offsets.len();
        let place = |index: usize| match target {
            MoveTarget::Open(AisleId(aisle)) if index >= usize::from(aisle) => width,
            MoveTarget::Open(_) => 0.0,
            MoveTarget::Close => width,
            MoveTarget::Ventilate => width * (index + 1) as f64 / (count + 1) as f64,
        };
        (0..count).map(place).collect()
    }

    /// Sets the carriages in motion. The caller checked that nothing forbids it.
    pub(crate) fn begin(&mut self, operation: OperationId, target: MoveTarget, stall: bool) {
        let to = self.target_offsets(target);
        let way = self.offsets.iter().zip(&to).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        self.setpoint = Some(target);
        self.moves_begun += 1;
        self.motion = Some(Motion {
            operation,
            start: Instant::now(),
            from: self.offsets.clone(),
            to,
            way,
            stall_at: stall.then_some(way / 2.0),
        });
    }

    /// Brings the carriages to where they are now; says how far the motion is, in thousandths, and
    /// whether it just ended.
    pub(crate) fn advance(&mut self) -> Advance {
        let Some(motion) = &self.motion else { return Advance::Still };
        let done = self.physics.distance(motion.way, motion.start.elapsed());
        let over = motion.start.elapsed() >= self.physics.duration(motion.way);
        let stalled = motion.stall_at.is_some_and(|at| done >= at && motion.way > 0.0);
        let done = if stalled { motion.way / 2.0 } else { done };
        let share = if over && !stalled || motion.way == 0.0 { 1.0 } else { done / motion.way };
        for (offset, (from, to)) in self.offsets.iter_mut().zip(motion.from.iter().zip(&motion.to)) {
            *offset = from + (to - from) * share;
        }
        if stalled {
            self.motion = None;
            self.interlocks.insert(Interlock::Drive);
            return Advance::Stalled;
        }
        if share >= 1.0 {
            self.motion = None;
            return Advance::Arrived;
        }
        // 0 ≤ share < 1.
        Advance::Moving((share * 1000.0) as u16)
    }

    /// The widths of all aisles.
    pub(crate) fn gaps(&self) -> Vec<f64> {
        let width = f64::from(self.physics.aisle_width.0);
        let edges = std::iter::once(0.0).chain(self.offsets.iter().copied());
        let next = self.offsets.iter().copied().chain(std::iter::once(width));
        edges.zip(next).map(|(left, right)| (right - left).max(0.0)).collect()
    }

    /// How open an aisle is, 0 to 1.
    pub(crate) fn openness(&self, aisle: AisleId) -> f64 {
        let gap = self.gaps().get(usize::from(aisle.0)).copied().unwrap_or(0.0);
        gap / f64::from(self.physics.aisle_width.0)
    }

    /// What the bank reports, as of the last [`Bank::advance`].
    pub(crate) fn state(&self) -> BankState {
        let gaps: Vec<Millimetres> = self.gaps().iter().map(|gap| Millimetres(gap.round() as u32)).collect();
        let open = gaps.iter().position(|gap| *gap == self.physics.aisle_width);
        BankState {
            // At most 1,000 aisles.
            open: open.filter(|_| self.motion.is_none()).map(|index| AisleId(index as u16)),
            gaps: Some(gaps),
            moving: self.motion.is_some(),
            setpoint: self.setpoint,
            interlocks: self.interlocks_on(),
        }
    }
}

/// What became of the running motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    Still,
    Moving(u16),
    Arrived,
    Stalled,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trapezoid_covers_the_way_and_never_runs_back() {
        let physics = Physics::default();
        for way in [0.0, 1.0, 100.0, 800.0] {
            let total = physics.duration(way);
            let steps: Vec<f64> = (0..=100).map(|i| physics.distance(way, total * i / 100)).collect();
            assert!(steps.windows(2).all(|w| w[0] <= w[1] + 1e-9), "{way}: {steps:?}");
            assert!((steps[100] - way).abs() < 1e-6, "{way}: {}", steps[100]);
            // No step is longer than the top speed allows.
            let longest = steps.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
            assert!(longest <= physics.speed * total.as_secs_f64() / 100.0 + 1e-6);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn aisles_always_share_one_width() {
        let mut bank = Bank::new(5, Physics::default());
        for target in [MoveTarget::Open(AisleId(3)), MoveTarget::Ventilate, MoveTarget::Open(AisleId(5))] {
            bank.begin("op".parse().unwrap(), target, false);
            for _ in 0..40 {
                tokio::time::advance(Duration::from_millis(400)).await;
                bank.advance();
                let sum: f64 = bank.gaps().iter().sum();
                assert!((sum - 800.0).abs() < 1e-6, "{sum}");
            }
            assert!(bank.motion.is_none());
        }
        assert_eq!(bank.state().open, Some(AisleId(5)));
    }

    #[test]
    fn haste_keeps_the_shape() {
        let physics = Physics::default();
        let fast = physics.hastened(100.0);
        let ratio = physics.duration(800.0).as_secs_f64() / fast.duration(800.0).as_secs_f64();
        assert!((ratio - 100.0).abs() < 1e-6, "{ratio}");
    }
}
