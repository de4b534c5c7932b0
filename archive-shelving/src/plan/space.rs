//! 库容: when a site will be full, and what keeping some papers electronically alone would free.
//!
//! ```
//! use archive_shelving::plan::space::{Growth, Site, forecast};
//!
//! let site = Site { name: "HZ".into(), slots: 10_000, taken: 8_000, kept: 500 };
//! // 20 to 30 boxes a month in the last year.
//! let growth = [Growth {
//!     series: "new-connection-lv".into(),
//!     site: "HZ".into(),
//!     monthly: vec![20, 30, 25, 24, 26, 22, 28, 25, 23, 27, 25, 25],
//!     disposals: vec![],
//! }];
//! let forecast = forecast(&[site], &growth, 240)?;
//! let full = forecast[0].full_after.unwrap();
//! // 1500 free slots at 25 boxes a month.
//! assert!(full.earliest <= 60 && (55..=65).contains(&full.expected));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! What a series will bring is taken from its past months: a straight line through them (least
//! squares), and the scatter around it. The line's slope counts only where it is surer than not, at
//! two standard errors; else the mean does. Months ahead are uncertain in two ways, which both grow:
//! by the scatter of each month, and by the error of mean and slope. A forecast gives the expected
//! month and the months between which four of five such forecasts hold, if months scatter as they did.
//!
//! Limits: a series that begins, a new law or a merger of sites is in no past month.

use std::collections::BTreeMap;
use std::fmt;

use archive_core::holding::CustodyMode;
use archive_core::policy::Policy;
use archive_core::record::CustomerClass;
use archive_core::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// How many standard errors to each side hold four of five cases (normal law).
const FOUR_OF_FIVE: f64 = 1.2816;

/// The farthest month that is looked at: a century.
pub const FARTHEST: u32 = 1200;

/// A site, and how full it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// 库区.
    pub name: String,
    /// All its slots that can be used.
    pub slots: u64,
    /// Those with a box or a reservation.
    pub taken: u64,
    /// Those kept for boxes that were announced.
    pub kept: u64,
}

/// What a series brings to a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// Its name.
    pub series: String,
    /// The site.
    pub site: String,
    /// New boxes in each past month, the oldest first.
    pub monthly: Vec<u32>,
    /// Boxes that are disposed of in each month from now on.
    pub disposals: Vec<u32>,
}

/// When something happens, in months from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Months {
    /// One case in ten is earlier.
    pub earliest: u32,
    /// As expected.
    pub expected: u32,
    /// One case in ten is later; `None` where that is beyond what was looked at.
    pub latest: Option<u32>,
}

/// A site's future.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// 库区.
    pub site: String,
    /// Slots that are free now, those that are kept not counted.
    pub free: u64,
    /// When no slot is left; `None` where that is not expected in the months looked at.
    pub full_after: Option<Months>,
    /// By series the boxes a month to expect next month, the most first.
    pub growth: Vec<(String, f64)>,
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "site {}: {} slots free, ", self.site, self.free)?;
        match self.full_after {
            None => f.write_str("not full as far as was looked")?,
            Some(Months { earliest, expected, latest: Some(latest) }) => {
                write!(f, "full in {expected} months (4 of 5: {earliest} to {latest})")?;
            }
            Some(Months { earliest, expected, latest: None }) => {
                write!(f, "full in {expected} months (9 of 10: not before {earliest})")?;
            }
        }
        for (series, boxes) in self.growth.iter().take(3) {
            write!(f, "; {series} {boxes:+.1} a month")?;
        }
        Ok(())
    }
}

/// What is known of one series.
struct Trend {
    months: f64,
    mean: f64,
    slope: f64,
    /// The variance of a month around the line.
    scatter: f64,
}

impl Trend {
    fn of(monthly: &[u32]) -> Self {
        let months = monthly.len() as f64;
        let mean = monthly.iter().map(|boxes| f64::from(*boxes)).sum::<f64>() / months.max(1.0);
        let middle = (months - 1.0) / 2.0;
        let (mut spread, mut along, mut total) = (0.0, 0.0, 0.0);
        for (month, boxes) in monthly.iter().enumerate() {
            let (x, y) = (month as f64 - middle, f64::from(*boxes) - mean);
            spread += x * x;
            along += x * y;
            total += y * y;
        }
        let mut trend = Self { months, mean, slope: 0.0, scatter: total / (months - 1.0).max(1.0) };
        if months >= 4.0 {
            let slope = along / spread;
            let scatter = (total - slope * along).max(0.0) / (months - 2.0);
            if slope.abs() > 2.0 * (scatter / spread).sqrt() {
                (trend.slope, trend.scatter) = (slope, scatter);
            }
        }
        // Few boxes scatter as rare events do, at least.
        trend.scatter = trend.scatter.max(mean.min(1.0));
        trend
    }

    /// The boxes of the next `ahead` months, and their variance.
    fn ahead(&self, ahead: u32) -> (f64, f64) {
        let ahead = f64::from(ahead);
        // The middle of the months ahead, seen from the middle of those past.
        let distance = (self.months + ahead) / 2.0;
        let boxes = ahead * (self.mean + self.slope * distance);
        let mut error = self.scatter / self.months.max(1.0);
        if self.slope != 0.0 {
            let spread = self.months * (self.months * self.months - 1.0) / 12.0;
            error += self.scatter * distance * distance / spread;
        }
        (boxes, ahead * self.scatter + ahead * ahead * error)
    }
}

/// When each site will be full, looking `months` ahead.
///
/// # Errors
/// `InvalidInput` where a site is given twice or has more boxes than slots, a series has no past month
/// or more than [`FARTHEST`], or `months` is beyond [`FARTHEST`]; `NotFound` where a series is at
/// another site.
pub fn forecast(sites: &[Site], growth: &[Growth], months: u32) -> Result<Vec<Forecast>, Error> {
    if months > FARTHEST {
        return Err(Error::invalid("forecast", format!("looks {months} months ahead, more than {FARTHEST}")));
    }
    let mut of_site: BTreeMap<&str, Vec<(&Growth, Trend)>> = BTreeMap::new();
    for site in sites {
        let object = || format!("site {}", site.name);
        if of_site.insert(&site.name, Vec::new()).is_some() {
            return Err(Error::invalid(object(), "is given twice"));
        }
        if site.taken.checked_add(site.kept).is_none_or(|used| used > site.slots) {
            let message = format!("has {} slots taken and {} kept of {}", site.taken, site.kept, site.slots);
            return Err(Error::invalid(object(), message));
        }
    }
    for series in growth {
        let object = || format!("series {} at site {}", series.series, series.site);
        if series.monthly.is_empty() {
            return Err(Error::invalid(object(), "has no past month to learn from"));
        }
        if series.monthly.len().max(series.disposals.len()) > FARTHEST as usize {
            return Err(Error::invalid(object(), format!("has more than {FARTHEST} months")));
        }
        let Some(known) = of_site.get_mut(series.site.as_str()) else {
            return Err(Error::new(ErrorKind::NotFound, object(), "is at no site of this forecast"));
        };
        known.push((series, Trend::of(&series.monthly)));
    }
    Ok(sites.iter().map(|site| one_site(site, &of_site[site.name.as_str()], months)).collect())
}

fn one_site(site: &Site, growth: &[(&Growth, Trend)], months: u32) -> Forecast {
    let free = site.slots - site.taken - site.kept;
    let mut disposed = 0.0;
    let (mut earliest, mut expected, mut latest) = (None, None, None);
    for month in 1..=months {
        let leaving = growth.iter().filter_map(|(series, _)| series.disposals.get(month as usize - 1));
        disposed += leaving.map(|boxes| f64::from(*boxes)).sum::<f64>();
        let (mut boxes, mut variance) = (-disposed, 0.0);
        for (_, trend) in growth {
            let (more, scatter) = trend.ahead(month);
            boxes += more.max(0.0);
            variance += scatter;
        }
        let (room, error) = (free as f64, FOUR_OF_FIVE * variance.sqrt());
        if boxes + error > room {
            earliest = earliest.or(Some(month));
        }
        if boxes > room {
            expected = expected.or(Some(month));
        }
        if boxes - error > room {
            latest = Some(month);
            break;
        }
    }
    let mut next: Vec<(String, f64)> =
        growth.iter().map(|(series, trend)| (series.series.clone(), trend.ahead(1).0.max(0.0))).collect();
    next.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let full_after = expected.map(|expected| Months {
        // What is expected is at least as far as what comes early.
        earliest: earliest.unwrap_or(expected),
        expected,
        latest,
    });
    Forecast { site: site.name.clone(), free, full_after, growth: next }
}

/// Boxes of one class of customers at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// 库区.
    pub site: String,
    /// Whose papers they hold.
    pub class: CustomerClass,
    /// Boxes with papers of this class alone.
    pub boxes: u64,
    /// Boxes in which they stand with papers of others, and which stay.
    pub mixed: u64,
    /// New boxes of this class alone a month.
    pub boxes_a_month: f64,
}

/// What electronic custody would free at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Freed {
    /// 库区.
    pub site: String,
    /// Slots that become free, once the papers are disposed of as the rules demand.
    pub slots: u64,
    /// Boxes that stay, since papers of other customers are in them.
    pub mixed: u64,
    /// Slots a month that will not be needed.
    pub slots_a_month: f64,
}

/// 差异化保管: what each site would win where the classes that `policy` keeps electronically
/// alone gave up their paper.
///
/// # Errors
/// `InvalidInput` where a growth is negative or no number.
pub fn freed_by_electronic_custody(policy: &Policy, holdings: &[Holding]) -> Result<Vec<Freed>, Error> {
    let mut sites: BTreeMap<&str, Freed> = BTreeMap::new();
    for holding in holdings {
        if !(0.0..=1e9).contains(&holding.boxes_a_month) {
            let message = format!("has {} new boxes a month", holding.boxes_a_month);
            return Err(Error::invalid(format!("holding at site {}", holding.site), message));
        }
        if policy.custody(holding.class) != CustodyMode::Electronic {
            continue;
        }
        let freed = sites.entry(&holding.site).or_insert_with(|| Freed {
            site: holding.site.clone(),
            slots: 0,
            mixed: 0,
            slots_a_month: 0.0,
        });
        freed.slots = freed.slots.saturating_add(holding.boxes);
        freed.mixed = freed.mixed.saturating_add(holding.mixed);
        freed.slots_a_month += holding.boxes_a_month;
    }
    Ok(sites.into_values().collect())
}
