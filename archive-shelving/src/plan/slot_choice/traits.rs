//! What matters of a box when its slot is chosen.

use std::collections::HashMap;
use std::fmt;

use archive_core::Error;
use archive_core::holding::{BoxKey, CustodyMode, Retention};
use archive_core::identifier::{BoxNumber, CustomerNumber, FondsNumber, OrganisationCode, ProcessCode};
use archive_core::units::{Grams, Millimetres};
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::policy::Separation;

/// A box that has or needs a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoxProfile {
    /// 盒号.
    pub number: BoxNumber,
    /// What its files have in common.
    pub key: BoxKey,
    /// 业务: the process that made its files, or most of them.
    pub process: ProcessCode,
    /// 户号, where all its files are of one customer.
    pub customer: Option<CustomerNumber>,
    /// The thickness of its spine, which its slot must offer.
    pub spine: Millimetres,
    /// Its mass when it is full.
    pub mass: Grams,
    /// How its papers are kept.
    pub custody: CustodyMode,
    /// The site (库区) at which it must stand; any where absent.
    pub site: Option<String>,
    /// How often it will be fetched a month, such as
    /// [`RetrievalHistory::monthly`](crate::plan::demand::RetrievalHistory::monthly) says.
    pub monthly_retrievals: f64,
}

/// 系列: boxes that are filed one after the other, year by year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// 全宗号.
    pub fonds: FondsNumber,
    /// 机构(问题).
    pub organisation: OrganisationCode,
    /// 业务.
    pub process: ProcessCode,
    /// 保管期限.
    pub retention: Retention,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.fonds, self.organisation, self.process, self.retention)
    }
}

impl BoxProfile {
    /// The most retrievals a month that are believed.
    pub const MOST_RETRIEVALS: f64 = 1e6;

    /// The series that the box belongs to.
    #[must_use]
    pub fn series(&self) -> Series {
        Series {
            fonds: self.key.fonds.clone(),
            organisation: self.key.organisation.clone(),
            process: self.process.clone(),
            retention: self.key.retention,
        }
    }

    /// The year after which it is disposed of; `None` where it is kept for ever.
    #[must_use]
    pub fn disposal_year(&self) -> Option<u16> {
        match self.key.retention {
            Retention::D10 => Some(self.key.year.saturating_add(10)),
            Retention::D30 => Some(self.key.year.saturating_add(30)),
            Retention::Y => None,
        }
    }

    /// Refuses what no box is.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::invalid(format!("box {}", self.number), message));
        if self.spine.0 == 0 {
            return wrong("has no thickness".into());
        }
        if self.mass.0 == 0 {
            return wrong("has no mass".into());
        }
        if !(0.0..=Self::MOST_RETRIEVALS).contains(&self.monthly_retrievals) {
            let message = format!("is expected to be fetched {} times a month", self.monthly_retrievals);
            return wrong(message);
        }
        if self.custody == CustodyMode::Electronic {
            return wrong("is in electronic custody, which has no slot".into());
        }
        Ok(())
    }
}

/// The number of a name that is new.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// A box by numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Traits {
    pub(super) customer: Option<u32>,
    pub(super) series: u32,
    pub(super) disposal: Option<u16>,
    /// What its level must have in common with it.
    pub(super) group: u32,
    pub(super) spine: u32,
    pub(super) mass: u32,
    pub(super) rate: f64,
    /// The number of its site in [`Names::sites`]; any where absent.
    pub(super) site: Option<u32>,
    pub(super) custody: CustodyMode,
}

/// Numbers for names.
#[derive(Debug, Default)]
pub(super) struct Names {
    customers: HashMap<CustomerNumber, u32, RandomState>,
    pub(super) series: HashMap<Series, u32, RandomState>,
    groups: HashMap<String, u32, RandomState>,
    pub(super) sites: HashMap<String, u32, RandomState>,
}

impl Names {
    pub(super) fn series_number(&mut self, series: Series) -> u32 {
        let next = self.series.len() as u32;
        *self.series.entry(series).or_insert(next)
    }

    pub(super) fn site_number(&mut self, site: &str) -> u32 {
        let next = self.sites.len() as u32;
        match self.sites.get(site) {
            Some(known) => *known,
            None => *self.sites.entry(site.to_owned()).or_insert(next),
        }
    }

    /// The numbers of a box. A name that is new gets one: naming it again finds it.
    pub(super) fn learn(&mut self, profile: &BoxProfile, separation: &[Separation]) -> Result<Traits, Error> {
        profile.check()?;
        if let Some(customer) = &profile.customer {
            let next = self.customers.len() as u32;
            self.customers.entry(customer.clone()).or_insert(next);
        }
        let next = self.groups.len() as u32;
        self.groups.entry(group_name(profile, separation)).or_insert(next);
        self.series_number(profile.series());
        if let Some(site) = &profile.site {
            self.site_number(site);
        }
        self.find(profile, separation)
    }

    /// The numbers of a box; [`UNKNOWN`] for a name that is new.
    pub(super) fn find(&self, profile: &BoxProfile, separation: &[Separation]) -> Result<Traits, Error> {
        profile.check()?;
        let known = |number: Option<&u32>| number.copied().unwrap_or(UNKNOWN);
        Ok(Traits {
            customer: profile.customer.as_ref().map(|customer| known(self.customers.get(customer))),
            series: known(self.series.get(&profile.series())),
            disposal: profile.disposal_year(),
            group: known(self.groups.get(&group_name(profile, separation))),
            spine: profile.spine.0,
            mass: profile.mass.0,
            rate: profile.monthly_retrievals,
            site: profile.site.as_deref().map(|site| known(self.sites.get(site))),
            custody: profile.custody,
        })
    }
}

/// What the boxes of one level have in common, as one text.
fn group_name(profile: &BoxProfile, separation: &[Separation]) -> String {
    let mut name = String::new();
    for part in separation {
        match part {
            Separation::Fonds => name.push_str(profile.key.fonds.as_str()),
            Separation::Year => name.push_str(&profile.key.year.to_string()),
            Separation::Retention => name.push_str(profile.key.retention.code()),
            Separation::Organisation => name.push_str(profile.key.organisation.as_str()),
            Separation::Process => name.push_str(profile.process.as_str()),
            Separation::Customer => name.push_str(profile.customer.as_ref().map_or("", |c| c.as_str())),
        }
        // No identifier has a line break.
        name.push('\n');
    }
    name
}
