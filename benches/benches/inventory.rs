//! Inventories of simulated store-rooms, beside a simple count, fixed windows and SMURF at the same reads.
//!
//! `cargo bench -p archive-benches --bench inventory` prints tables and draws
//! `docs/inventory-passes.svg`. An argument sets the number of tags of the last table.

use std::fmt;
use std::time::{Duration, Instant};

use archive_benches::plot::{LineChart, Scale, write_to_docs};
use archive_benches::presence::{self as peers, Pass};
use archive_shelving::inventory::{
    Answer, Conclusion, ExpectedBox, Model, Place, ReadBank, StockTaking, TagHistory, VisitCost,
};
use archive_shelving::simulated::{Population, PopulationPlan, Radio, ReadRates};

/// The passes of one inventory.
const PASSES: usize = 9;
/// The passes up to which errors are drawn.
const MOST_PASSES: usize = 15;

const MISPLACED: f64 = 0.02;
/// The share of misplaced boxes that stand next door; inference takes 0.3 for granted.
const ADJACENT: f64 = 0.5;
const MISSING: f64 = 0.005;

/// One read in twenty is one of a neighbour: 2 s / (1 + 2 s) = 0.05.
const STRAY: f64 = 0.05 / 1.9;

fn plan(boxes: usize) -> PopulationPlan {
    // 20 carriages of 2 faces of 250 boxes: 10,000 a bank.
    let banks = boxes.div_ceil(10_000).max(1) as u16;
    let radio = Radio { stray: STRAY, ..Radio::default() };
    PopulationPlan { banks, carriages: 20, boxes_a_face: 250, radio, ..PopulationPlan::default() }
}

fn stock_taking(population: &Population, histories: Option<&[TagHistory]>) -> StockTaking {
    let banks = population.layouts().iter().cloned().map(ReadBank::new).collect();
    let boxes = population.boxes().iter().enumerate().map(|(n, b)| ExpectedBox {
        number: b.number.clone(),
        tag: b.tag,
        slot: b.slot.clone(),
        history: histories.map_or(TagHistory::default(), |h| h[n]),
    });
    StockTaking::new(Model::default(), banks, boxes).expect("the population is a register")
}

/// What was said, against the truth.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    boxes: f64,
    home: f64,
    there: f64,
    wrong: f64,
    false_missing: f64,
    false_misplaced: f64,
    unverified: f64,
    /// Boxes that are missing or misplaced: all, those given an answer, those given the right one.
    astray: f64,
    astray_answered: f64,
    astray_found: f64,
}

enum Said {
    At(Place),
    Missing,
    Nothing,
}

impl Score {
    fn of(population: &Population, said: impl Iterator<Item = Said>) -> Self {
        let mut score = Self::default();
        for (number, said) in said.enumerate() {
            let (truth, home) = (population.really_at(number), population.is_at_home(number));
            score.boxes += 1.0;
            score.home += f64::from(u8::from(home));
            score.there += f64::from(u8::from(truth.is_some()));
            score.astray += f64::from(u8::from(!home));
            let right = match &said {
                Said::Nothing => {
                    score.unverified += 1.0;
                    continue;
                }
                Said::At(place) => truth == Some(place),
                Said::Missing => truth.is_none(),
            };
            score.wrong += f64::from(u8::from(!right));
            if !home {
                score.astray_answered += 1.0;
                score.astray_found += f64::from(u8::from(right));
            }
            match said {
                Said::Missing if truth.is_some() => score.false_missing += 1.0,
                Said::At(_) if home && !right => score.false_misplaced += 1.0,
                _ => {}
            }
        }
        score
    }

    fn of_conclusion(population: &Population, places: &[Place], homes: &[u32], found: &Conclusion) -> Self {
        Self::of(population, said_of(places, homes, found))
    }

    /// As if nobody could say "unverified": what is most probable counts.
    fn of_forced(population: &Population, places: &[Place], homes: &[u32], found: &Conclusion) -> Self {
        let said =
            said_of(places, homes, found).zip(found.boxes.iter().zip(homes)).map(|(said, (b, home))| {
                let p = &b.posterior;
                match said {
                    Said::Nothing if p.missing > p.present.max(p.elsewhere) => Said::Missing,
                    Said::Nothing => Said::At(match &b.likeliest {
                        Some((place, _)) => place.clone(),
                        None => places[*home as usize].clone(),
                    }),
                    answered => answered,
                }
            });
        Self::of(population, said)
    }

    fn wrong_percent(&self) -> f64 {
        100.0 * self.wrong / self.boxes
    }
}

fn said_of<'a>(
    places: &'a [Place],
    homes: &'a [u32],
    found: &'a Conclusion,
) -> impl Iterator<Item = Said> + 'a {
    found.boxes.iter().zip(homes).map(|(b, home)| match &b.answer {
        Answer::Present => Said::At(places[*home as usize].clone()),
        Answer::Elsewhere { place } => Said::At(place.clone()),
        Answer::Missing => Said::Missing,
        Answer::Unverified { .. } => Said::Nothing,
    })
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.3} {:>13.4} {:>15.4} {:>16.2} {:>12.2} {:>11.2}",
            self.wrong_percent(),
            100.0 * self.false_missing / self.there,
            100.0 * self.false_misplaced / self.home,
            100.0 * self.astray_found / self.astray_answered,
            100.0 * self.unverified / self.boxes,
            100.0 * self.astray_found / self.astray,
        )
    }
}

fn header(title: &str) {
    println!(
        "\n{title:<44} {:>8} {:>13} {:>15} {:>16} {:>12} {:>11}",
        "wrong", "false missing", "false misplaced", "found, answered", "unverified", "found, all"
    );
}

/// All reads of a population, kept for peers: for each tag, each pass.
struct Reads {
    of_tag: Vec<Vec<Pass>>,
    count: usize,
}

impl Reads {
    fn new(tags: usize) -> Self {
        Self { of_tag: vec![Vec::new(); tags], count: 0 }
    }

    /// One pass over all aisles, told to inference and kept for peers.
    fn pass(
        &mut self,
        population: &mut Population,
        places: &[Place],
        number: usize,
        taking: &mut [&mut StockTaking],
    ) {
        self.of_tag.iter_mut().for_each(|passes| passes.push(Pass::new()));
        for (at, place) in (0_u32..).zip(places) {
            let begun = Duration::from_secs(10) * (number * places.len() + at as usize) as u32;
            let visit = population.visit(place, begun).expect("it is a place of the population");
            for read in &visit.report.reads {
                // The simulated tag's last eight bytes are the number of its box.
                let tag = u64::from_be_bytes(read.epc.0[4..].try_into().expect("eight bytes")) as usize;
                let strength = read.rssi.map_or(-60, |dbm| dbm.0);
                self.of_tag[tag].last_mut().expect("a pass was begun").push((at, strength));
            }
            self.count += visit.report.reads.len();
            taking.iter_mut().for_each(|taking| taking.add(&visit));
        }
    }

    fn score(
        &self,
        population: &Population,
        places: &[Place],
        peer: impl Fn(&[Pass]) -> peers::Place,
    ) -> Score {
        let said = self.of_tag.iter().map(|passes| match peer(passes) {
            Some(place) => Said::At(places[place as usize].clone()),
            None => Said::Missing,
        });
        Score::of(population, said)
    }
}

/// The four rates of the heterogeneous model, and errors by number of passes.
fn rates() {
    let mut population = Population::new(&plan(200_000), 8).expect("the plan is possible");
    let places: Vec<Place> = population.places().cloned().collect();
    let homes = homes(&population, &places);
    let tags = population.boxes().len();

    // An earlier inventory, when every box stood in its place.
    let mut reads = Reads::new(tags);
    let mut earlier = stock_taking(&population, None);
    for pass in 0..PASSES {
        reads.pass(&mut population, &places, pass, &mut [&mut earlier]);
    }
    let histories: Vec<TagHistory> = earlier.conclude().boxes.iter().map(|b| b.history).collect();
    population.people_err(MISPLACED, ADJACENT, MISSING).expect("they are probabilities");

    let mut chart = LineChart::new("Wrong and open answers by number of passes", "passes", "boxes, %")
        .scale(Scale::Logarithmic);
    let mut first = stock_taking(&population, None);
    let mut later = stock_taking(&population, Some(&histories));
    let names = [
        "wrong: simple count",
        "wrong: window of 3",
        "wrong: SMURF",
        "wrong: first inventory",
        "wrong: with history",
        "unverified: first",
        "unverified: with history",
    ];
    let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new(); names.len()];
    let before = reads.count;
    for pass in 0..MOST_PASSES {
        reads.pass(&mut population, &places, pass, &mut [&mut first, &mut later]);
        let now = pass + 1;
        let found =
            [&first, &later].map(|t| Score::of_conclusion(&population, &places, &homes, &t.conclude()));
        let count = reads.score(&population, &places, |p| peers::simple_count(&p[PASSES..]));
        let window = reads.score(&population, &places, |p| peers::fixed_window(&p[PASSES..], 3));
        let smurf = reads.score(&population, &places, |p| peers::smurf(&p[PASSES..]));
        let ys = [
            count.wrong_percent(),
            window.wrong_percent(),
            smurf.wrong_percent(),
            found[0].wrong_percent(),
            found[1].wrong_percent(),
            100.0 * found[0].unverified / found[0].boxes,
            100.0 * found[1].unverified / found[1].boxes,
        ];
        lines.iter_mut().zip(ys).for_each(|(line, y)| line.push((now as f64, y)));
        if now == PASSES {
            let of_this = reads.count - before;
            header(&format!("{tags} boxes, {of_this} reads of {PASSES} passes, %"));
            println!("  {:<42} {count}", "simple count");
            for width in [3, 5] {
                let score = reads.score(&population, &places, |p| peers::fixed_window(&p[PASSES..], width));
                println!("  {:<42} {score}", format!("fixed window of {width} passes"));
            }
            println!("  {:<42} {smurf}", "SMURF");
            println!("  {:<42} {}", "this inventory, no earlier reads", found[0]);
            let forced = |t: &StockTaking| Score::of_forced(&population, &places, &homes, &t.conclude());
            println!("  {:<42} {}", "  the same, \"unverified\" forbidden", forced(&first));
            println!("with the reads of an earlier inventory:");
            let all = |peer: fn(&[Pass]) -> peers::Place| reads.score(&population, &places, peer);
            println!("  {:<42} {}", "simple count of all 18 passes", all(peers::simple_count));
            println!("  {:<42} {}", "SMURF over all 18 passes", all(peers::smurf));
            println!("  {:<42} {}", "this inventory", found[1]);
            println!("  {:<42} {}", "  the same, \"unverified\" forbidden", forced(&later));
        }
    }
    for (name, line) in names.into_iter().zip(lines) {
        chart.line(name, line);
    }
    match write_to_docs("inventory-passes", &chart) {
        Ok(path) => println!("drawn: {}", path.display()),
        Err(error) => println!("not drawn: {error}"),
    }
}

/// The number of each box's own aisle.
fn homes(population: &Population, places: &[Place]) -> Vec<u32> {
    let number: std::collections::HashMap<&Place, u32> = places.iter().zip(0..).collect();
    let home = |n| number[population.really_at(n).expect("nobody has erred yet")];
    (0..population.boxes().len()).map(home).collect()
}

/// Three passes, then only those visits that pay, against nine passes everywhere.
fn planned() {
    header("visits that pay, 50,000 boxes, %");
    let cost = VisitCost::default();
    let mut population = Population::new(&plan(50_000), 21).expect("the plan is possible");
    let places: Vec<Place> = population.places().cloned().collect();
    let homes = homes(&population, &places);
    let mut earlier = stock_taking(&population, None);
    for pass in 0..PASSES {
        visit_all(&mut population, &places, pass, &mut earlier);
    }
    let histories: Vec<TagHistory> = earlier.conclude().boxes.iter().map(|b| b.history).collect();
    population.people_err(MISPLACED, ADJACENT, MISSING).expect("they are probabilities");
    for (name, histories) in [("no earlier reads", None), ("earlier reads", Some(histories.as_slice()))] {
        let mut fixed = stock_taking(&population, histories);
        (0..PASSES).for_each(|pass| visit_all(&mut population, &places, pass, &mut fixed));
        let mut adaptive = stock_taking(&population, histories);
        let (mut visits, mut openings, mut rounds) = (3 * places.len(), places.len(), 0);
        (0..3).for_each(|pass| visit_all(&mut population, &places, pass, &mut adaptive));
        loop {
            let proposals = adaptive.more_passes(&cost).expect("the cost is possible");
            if proposals.is_empty() || rounds == 20 {
                break;
            }
            rounds += 1;
            for proposal in &proposals {
                openings += 1;
                visits += proposal.visits as usize;
                for _ in 0..proposal.visits {
                    let visit = population.visit(&proposal.place, Duration::ZERO).expect("it is a place");
                    adaptive.add(&visit);
                }
            }
        }
        let score = |t: &StockTaking| Score::of_conclusion(&population, &places, &homes, &t.conclude());
        let time = |openings: usize, visits: usize| {
            (cost.opening * openings as u32 + cost.reading * visits as u32).as_secs_f64() / 3600.0
        };
        println!("  {:<42} {}", format!("nine passes, {name}"), score(&fixed));
        println!("  {:<42} {}", format!("visits that pay, {name}"), score(&adaptive));
        let by_hand = |t: &StockTaking| score(t).unverified * cost.by_hand.as_secs_f64() / 3600.0;
        println!(
            "    hours of reading and of looking for unverified boxes: {:.1} + {:.1} against {:.1} + {:.1}; \
             {visits} visits in {rounds} rounds against {}",
            time(openings, visits),
            by_hand(&adaptive),
            time(places.len(), PASSES * places.len()),
            by_hand(&fixed),
            PASSES * places.len(),
        );
    }
}

/// Store-rooms that are not as the model takes for granted: what its answers are worth there.
fn otherwise() {
    header("other store-rooms, earlier reads, 50,000 boxes, %");
    let usual = plan(50_000);
    let beta = |a, b| Radio { rates: ReadRates::Beta { a, b }, ..usual.radio };
    let rooms = [
        ("as the model: Beta(1.3, 0.7), strays 5 %", usual.radio),
        ("well read: Beta(4, 1), mean 0.80", beta(4.0, 1.0)),
        ("badly read: Beta(0.8, 1.2), mean 0.40", beta(0.8, 1.2)),
        ("all alike: every tag 0.65", Radio { rates: ReadRates::Fixed(0.65), ..usual.radio }),
        ("strays 10 %", Radio { stray: 0.1 / 1.8, ..usual.radio }),
        ("tags differ by 6 dB", Radio { tag_spread: 6.0, ..usual.radio }),
    ];
    for (name, radio) in rooms {
        let plan = PopulationPlan { radio, ..usual };
        let mut population = Population::new(&plan, 34).expect("the plan is possible");
        let places: Vec<Place> = population.places().cloned().collect();
        let homes = homes(&population, &places);
        let mut earlier = stock_taking(&population, None);
        (0..PASSES).for_each(|pass| visit_all(&mut population, &places, pass, &mut earlier));
        let histories: Vec<TagHistory> = earlier.conclude().boxes.iter().map(|b| b.history).collect();
        population.people_err(MISPLACED, ADJACENT, MISSING).expect("they are probabilities");
        let mut now = stock_taking(&population, Some(&histories));
        (0..PASSES).for_each(|pass| visit_all(&mut population, &places, pass, &mut now));
        println!("  {name:<42} {}", Score::of_conclusion(&population, &places, &homes, &now.conclude()));
    }
}

fn visit_all(population: &mut Population, places: &[Place], pass: usize, taking: &mut StockTaking) {
    for (at, place) in places.iter().enumerate() {
        let begun = Duration::from_secs(10) * (pass * places.len() + at) as u32;
        taking.add(&population.visit(place, begun).expect("it is a place of the population"));
    }
}

/// A million tags, ten million reads: seconds and memory.
fn large(tags: usize) {
    let mut population = Population::new(&plan(tags), 5).expect("the plan is possible");
    let places: Vec<Place> = population.places().cloned().collect();
    let histories = vec![TagHistory { seen: 6, missed: 3 }; population.boxes().len()];
    population.people_err(MISPLACED, ADJACENT, MISSING).expect("they are probabilities");
    let mut watch = Watch::default();
    let mut taking = watch.time(|| stock_taking(&population, Some(&histories)));
    let mut reads = 0;
    for pass in 0..MOST_PASSES {
        for (at, place) in places.iter().enumerate() {
            let begun = Duration::from_secs(10) * (pass * places.len() + at) as u32;
            let visit = population.visit(place, begun).expect("it is a place of the population");
            reads += visit.report.reads.len();
            watch.time(|| taking.add(&visit));
        }
    }
    let found = watch.time(|| taking.conclude());
    println!(
        "\n{} tags, {reads} reads, {} answers: {:.2} s by the clock, {:.2} s of one core; peak memory of the \
         whole process {:.0} MiB (goals: 5 s, 1024 MiB)",
        population.boxes().len(),
        found.boxes.len(),
        watch.clock.as_secs_f64(),
        watch.core.as_secs_f64(),
        peak_memory(),
    );
}

/// Time by the clock and on the core: on a machine that is shared, the first is the longer one.
#[derive(Default)]
struct Watch {
    clock: Duration,
    core: Duration,
}

impl Watch {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (begun, core) = (Instant::now(), core_time());
        let result = work();
        self.core += core_time().saturating_sub(core);
        self.clock += begun.elapsed();
        result
    }
}

/// How long this thread has run, as the kernel tells; nothing where it does not.
fn core_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// In MiB, as the kernel tells; not a number where it does not.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

fn main() {
    let argument = std::env::args().skip(1).find_map(|a| a.parse().ok());
    // First, so that the peak memory is its own.
    large(argument.unwrap_or(1_000_000));
    rates();
    planned();
    otherwise();
}
