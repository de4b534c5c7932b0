//! How probable reads are, where a tag stands in a given aisle.

use std::cell::RefCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::model::{Model, RatePrior, Strength};

/// How far apart the nodes of [`RateGrid`] stand, on the logistic scale.
const STEP: f64 = 0.125;

/// Nodes are left out where the prior's logarithm lies so far below its peak.
const DEPTH: f64 = 40.0;

/// Means over all read rates a tag may have: ∫ pᵘ (1 − p)ᵈ (1 − s p)ⁿ Beta(p; a, b) dp.
///
/// The integral is taken over t = ln(p / (1 − p)), where the integrand is smooth and falls off on
/// both sides for any a and b, so that the trapezoid rule converges faster than any power of its
/// step. Few counts occur, and each is calculated once.
#[derive(Debug)]
pub(super) struct RateGrid {
    nodes: Vec<Node>,
    known: RefCell<HashMap<[u32; 3], f64, RandomState>>,
}

#[derive(Debug)]
struct Node {
    ln_weight: f64,
    ln_read: f64,
    ln_missed: f64,
    ln_no_stray: f64,
}

/// ln(1 + eᵗ) without overflow.
fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

/// ln(eˣ + eʸ + …) without overflow.
pub(super) fn ln_sum(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + values.map(|v| (v - most).exp()).sum::<f64>().ln()
}

impl RateGrid {
    /// `stray`: the share of its rate at which a tag is read from a neighbouring aisle.
    pub(super) fn new(prior: RatePrior, stray: f64) -> Self {
        let node = |t: f64| {
            let (ln_read, ln_missed) = (-softplus(-t), -softplus(t));
            let ln_no_stray = (-stray * ln_read.exp()).ln_1p();
            // dp = p (1 − p) dt
            Node { ln_weight: prior.a * ln_read + prior.b * ln_missed, ln_read, ln_missed, ln_no_stray }
        };
        let peak = (prior.a / prior.b).ln();
        let least = node(peak).ln_weight - DEPTH;
        let side = |step: f64| {
            let nodes = (1..).map(move |n| node(peak + f64::from(n) * step));
            nodes.take_while(move |node| node.ln_weight > least)
        };
        let mut nodes: Vec<Node> = side(-STEP).collect();
        nodes.reverse();
        nodes.push(node(peak));
        nodes.extend(side(STEP));
        let all = ln_sum(nodes.iter().map(|n| n.ln_weight));
        nodes.iter_mut().for_each(|n| n.ln_weight -= all);
        Self { nodes, known: RefCell::default() }
    }

    /// The logarithm of the mean for a tag that was `read` so often, `missed` so often where it
    /// stands, and `silent` so often in visits of the aisles beside.
    pub(super) fn ln_mean(&self, read: u32, missed: u32, silent: u32) -> f64 {
        let key = [read, missed, silent];
        if let Some(value) = self.known.borrow().get(&key) {
            return *value;
        }
        let [r, m, s] = key.map(f64::from);
        let term = |n: &Node| n.ln_weight + r * n.ln_read + m * n.ln_missed + s * n.ln_no_stray;
        let value = ln_sum(self.nodes.iter().map(term));
        let mut known = self.known.borrow_mut();
        // Hostile histories differ in every tag; memory stays bounded.
        if known.len() >= 1 << 18 {
            known.clear();
        }
        known.insert(key, value);
        value
    }
}

/// The strengths of some reads: how many, their sum in dBm, and the sum of their squares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Strengths {
    pub(super) count: u32,
    pub(super) sum: i64,
    pub(super) squares: i64,
}

impl Strengths {
    pub(super) fn add(&mut self, dbm: i16) {
        self.count += 1;
        self.sum += i64::from(dbm);
        self.squares += i64::from(dbm) * i64::from(dbm);
    }

    pub(super) fn join(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    /// Sum and sum of squares of the deviations from `mean`.
    fn deviations(self, mean: f64) -> (f64, f64) {
        let (n, sum, squares) = (f64::from(self.count), self.sum as f64, self.squares as f64);
        (sum - n * mean, squares - 2.0 * mean * sum + n * mean * mean)
    }
}

/// The density of strengths, where `own` were heard in the tag's aisle and `stray` beside it.
///
/// A tag is stronger or weaker than others by one normal deviate, and each of its reads by another;
/// the first is integrated out.
pub(super) fn ln_strength(model: &Strength, own: Strengths, stray: Strengths) -> f64 {
    let n = f64::from(own.count + stray.count);
    if n == 0.0 {
        return 0.0;
    }
    let (own, stray) = (own.deviations(model.own), stray.deviations(model.stray));
    let (sum, squares) = (own.0 + stray.0, own.1 + stray.1);
    let (within, between) = (model.within_tag.powi(2), model.between_tags.powi(2));
    let fit = (squares - between * sum * sum / (within + n * between)) / within;
    -0.5 * (n * (std::f64::consts::TAU * within).ln() + (n * between / within).ln_1p() + fit.max(0.0))
}

/// The density of one strength of a read that no tag near explains: anything over 60 dB.
pub(super) fn ln_ghost_strength() -> f64 {
    -(60_f64.ln())
}

/// The grid and the logarithms of a model.
#[derive(Debug)]
pub(super) struct Likelihood {
    pub(super) grid: RateGrid,
    pub(super) ln_stray: f64,
    pub(super) ln_ghost: f64,
    pub(super) strength: Strength,
}

impl Likelihood {
    pub(super) fn new(model: &Model) -> Self {
        Self {
            grid: RateGrid::new(model.rates, model.stray),
            ln_stray: model.stray.ln(),
            ln_ghost: model.ghost.ln(),
            strength: model.strength,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: RatePrior = RatePrior { a: 1.3, b: 0.7 };

    /// ∏ (a + i) … / ∏ (a + b + i): the closed form where nothing is read beside.
    fn closed_form(prior: RatePrior, read: u32, missed: u32) -> f64 {
        let rising = |x: f64, n: u32| (0..n).map(|i| (x + f64::from(i)).ln()).sum::<f64>();
        rising(prior.a, read) + rising(prior.b, missed) - rising(prior.a + prior.b, read + missed)
    }

    #[test]
    fn means_are_those_of_the_closed_form() {
        let priors = [PRIOR, RatePrior { a: 0.1, b: 0.1 }, RatePrior { a: 30.0, b: 2.0 }];
        for prior in priors {
            let grid = RateGrid::new(prior, 0.03);
            for (read, missed) in [(0, 0), (0, 1), (0, 9), (9, 0), (6, 3), (64, 9), (40, 60)] {
                let (is, should) = (grid.ln_mean(read, missed, 0), closed_form(prior, read, missed));
                assert!((is - should).abs() < 1e-4, "{prior:?} {read} {missed}: {is} {should}");
            }
        }
    }

    #[test]
    fn one_present_tag_in_25_is_silent_in_nine_passes() {
        let silent = RateGrid::new(PRIOR, 0.03).ln_mean(0, 9, 0).exp();
        assert!((silent - 0.0395).abs() < 0.0005, "{silent}");
    }

    #[test]
    fn silence_beside_speaks_against_a_tag_that_strays() {
        let grid = RateGrid::new(PRIOR, 0.5);
        // ∫ (1 − p/2) Beta(p; 1.3, 0.7) dp = 1 − 0.65 / 2
        assert!((grid.ln_mean(0, 0, 1).exp() - 0.675).abs() < 1e-4);
    }

    #[test]
    fn strengths_have_the_density_of_correlated_normals() {
        let model = Strength { own: -55.0, stray: -68.0, between_tags: 3.0, within_tag: 4.0 };
        let (mut own, mut stray) = (Strengths::default(), Strengths::default());
        own.add(-50);
        stray.add(-70);
        // Covariance [[25, 9], [9, 25]], deviations (5, −2).
        let (det, inverse) = (544.0_f64, [25.0 / 544.0, -9.0 / 544.0]);
        let quadratic = inverse[0] * (25.0 + 4.0) + 2.0 * inverse[1] * -10.0;
        let should = -std::f64::consts::TAU.ln() - 0.5 * det.ln() - 0.5 * quadratic;
        assert!((ln_strength(&model, own, stray) - should).abs() < 1e-9);
    }
}
