//! A year in an archive: which boxes stand there, which come, which are fetched together.
//!
//! ```
//! use archive_benches::simulated_year::{Demand, Year};
//!
//! let year = Year::new(1, 2000, &Demand::default());
//! assert!(year.boxes.len() > year.standing && !year.events.is_empty());
//! ```
//!
//! Customers have boxes of several processes and years. How busy a customer is follows a lognormal
//! law; a process has its own rate, which falls with age. A case (an audit, a dispute, a change of
//! contract) concerns a customer and fetches each of his boxes with probability
//! [`Demand::together`]; others fetch one box alone, or some boxes of one series and year. Boxes are
//! added all year, most of them of customers who have some.

use archive_core::holding::{BoxKey, CustodyMode, Retention};
use archive_core::units::{Grams, Millimetres};
use archive_shelving::plan::demand::RetrievalHistory;
use archive_shelving::plan::slot_choice::BoxProfile;

use crate::chance::Chance;

/// What is asked for, and how.
#[derive(Debug, Clone)]
pub struct Demand {
    /// How likely a case fetches each box of its customer.
    pub together: f64,
    /// The share of requests that concern a customer.
    pub cases: f64,
    /// The share of requests that concern a series and year; the rest fetch one box alone.
    pub series: f64,
    /// The deviation of the logarithm of how busy a customer is.
    pub spread: f64,
    /// Requests a month for 1000 boxes.
    pub requests: f64,
}

impl Default for Demand {
    fn default() -> Self {
        Self { together: 0.5, cases: 0.7, series: 0.05, spread: 1.5, requests: 60.0 }
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// The next box comes.
    Arrival(usize),
    /// These boxes are fetched, and brought back.
    Request(Vec<usize>),
}

/// One year.
#[derive(Debug)]
pub struct Year {
    /// All boxes; the first `standing` are there from the start.
    pub boxes: Vec<BoxProfile>,
    /// How many stand there from the start.
    pub standing: usize,
    /// The rate that each box really has, in retrievals a month: what nobody knows.
    pub true_rate: Vec<f64>,
    /// What happens, in order.
    pub events: Vec<Event>,
}

const PROCESSES: [(&str, Retention, f64, f64); 4] = [
    // Code, retention, how often it is asked for when new, and by what factor less each year.
    ("new-connection-hv", Retention::Y, 4.0, 0.85),
    ("new-connection-lv", Retention::D30, 1.0, 0.7),
    ("capacity-change", Retention::D30, 2.5, 0.75),
    ("meter-change", Retention::D10, 0.5, 0.6),
];

/// One box of one customer.
struct Paper {
    customer: usize,
    process: usize,
    year: u16,
    weight: f64,
}

const NOW: u16 = 2026;

impl Year {
    /// A year that begins with `standing` boxes and adds a sixth of them.
    #[must_use]
    pub fn new(seed: u64, standing: usize, demand: &Demand) -> Self {
        let mut chance = Chance::new(seed);
        let mut papers: Vec<Paper> = Vec::new();
        let mut busy: Vec<f64> = Vec::new();
        let coming = standing / 6;
        while papers.len() < standing {
            // Growth: more boxes of late years.
            let year = NOW - 1 - (chance.unit().powi(2) * 12.0) as u16;
            let customer = match busy.len() {
                known if known > 0 && !chance.happens(0.3) => chance.below(known),
                known => {
                    busy.push((demand.spread * chance.normal()).exp());
                    known
                }
            };
            papers.push(Paper { customer, process: chance.below(PROCESSES.len()), year, weight: 0.0 });
        }
        papers.sort_by_key(|paper| paper.year);
        for _ in 0..coming {
            // Who is busy also files more.
            let customer = if chance.happens(0.25) {
                busy.push((demand.spread * chance.normal()).exp());
                busy.len() - 1
            } else {
                chance.below(busy.len())
            };
            papers.push(Paper { customer, process: chance.below(PROCESSES.len()), year: NOW, weight: 0.0 });
        }
        for paper in &mut papers {
            let (.., rate, falls) = PROCESSES[paper.process];
            paper.weight = rate * falls.powi(i32::from(NOW - paper.year)) * busy[paper.customer];
        }
        Self::live(&papers, busy.len(), standing, demand, &mut chance)
    }

    fn live(
        papers: &[Paper],
        customers: usize,
        standing: usize,
        demand: &Demand,
        chance: &mut Chance,
    ) -> Self {
        let mut of_customer: Vec<Vec<usize>> = vec![Vec::new(); customers];
        for (at, paper) in papers.iter().enumerate() {
            of_customer[paper.customer].push(at);
        }
        let count = |months: f64, boxes: usize| (demand.requests * months * boxes as f64 / 1000.0) as usize;
        // The year before, from which the rules learn.
        let mut fetched = vec![0_u64; papers.len()];
        let before = Requests::new(papers, standing, &of_customer, demand);
        for _ in 0..count(12.0, standing) {
            for at in before.next(chance) {
                fetched[at] += 1;
            }
        }
        // The long run, for those rules that are told the truth.
        let mut true_rate = vec![0.0; papers.len()];
        let all = Requests::new(papers, papers.len(), &of_customer, demand);
        let long = 40.0 * 12.0;
        for _ in 0..count(long, papers.len()) {
            for at in all.next(chance) {
                true_rate[at] += 1.0 / long;
            }
        }
        let mut history = RetrievalHistory::default();
        let process = |paper: &Paper| PROCESSES[paper.process].0.parse().expect("it is a code");
        for (at, paper) in papers[..standing].iter().enumerate() {
            history.observe(&process(paper), NOW - 1 - paper.year, 12.0, fetched[at]).expect("it is a count");
        }
        let boxes = papers
            .iter()
            .enumerate()
            .map(|(at, paper)| {
                let age = NOW.saturating_sub(paper.year);
                let expected = history.monthly(&process(paper), age.saturating_sub(1));
                // What a box was asked for last year tells as much as a year of its kind.
                let rate =
                    if at < standing { (expected * 12.0 + fetched[at] as f64) / 24.0 } else { expected };
                let spine = [20, 30, 30, 40, 50][chance.below(5)];
                BoxProfile {
                    number: format!("X{at}").parse().expect("it is a number"),
                    key: BoxKey {
                        fonds: "Z109".parse().expect("it is a number"),
                        year: paper.year,
                        retention: PROCESSES[paper.process].1,
                        organisation: "YX01".parse().expect("it is a code"),
                    },
                    process: process(paper),
                    customer: Some(format!("C{}", paper.customer).parse().expect("it is a number")),
                    spine: Millimetres(spine),
                    mass: Grams(spine * 60),
                    custody: CustodyMode::CentralPaper,
                    site: None,
                    monthly_retrievals: rate,
                }
            })
            .collect();
        let mut events = Vec::new();
        let (mut there, steps) = (standing, 52);
        for step in 1..=steps {
            let due = standing + (papers.len() - standing) * step / steps;
            let requests = Requests::new(papers, there, &of_customer, demand);
            let mut week: Vec<Event> =
                (0..count(12.0 / 52.0, there)).map(|_| Event::Request(requests.next(chance))).collect();
            week.extend((there..due).map(Event::Arrival));
            there = due;
            events.extend(week);
        }
        Self { boxes, standing, true_rate, events }
    }
}

/// Draws requests among the boxes that are there.
struct Requests<'a> {
    papers: &'a [Paper],
    there: usize,
    of_customer: &'a [Vec<usize>],
    demand: &'a Demand,
    cumulative: Vec<f64>,
}

impl<'a> Requests<'a> {
    fn new(papers: &'a [Paper], there: usize, of_customer: &'a [Vec<usize>], demand: &'a Demand) -> Self {
        let mut sum = 0.0;
        let cumulative = papers[..there]
            .iter()
            .map(|paper| {
                sum += paper.weight;
                sum
            })
            .collect();
        Self { papers, there, of_customer, demand, cumulative }
    }

    fn next(&self, chance: &mut Chance) -> Vec<usize> {
        let first = chance.weighted(&self.cumulative);
        let kind = chance.unit();
        let mut boxes = vec![first];
        let paper = &self.papers[first];
        if kind < self.demand.cases {
            let others = self.of_customer[paper.customer].iter().copied();
            boxes.extend(
                others.filter(|b| *b < self.there && *b != first && chance.happens(self.demand.together)),
            );
        } else if kind < self.demand.cases + self.demand.series {
            let alike: Vec<usize> = (0..self.there)
                .filter(|b| {
                    let other = &self.papers[*b];
                    *b != first && (other.process, other.year) == (paper.process, paper.year)
                })
                .collect();
            for _ in 0..4.min(alike.len()) {
                let other = alike[chance.below(alike.len())];
                if !boxes.contains(&other) {
                    boxes.push(other);
                }
            }
        }
        boxes
    }
}
