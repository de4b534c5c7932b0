//! 库容: when each site of the catalogue will be full, and what electronic custody would free there.

use std::collections::{BTreeMap, BTreeSet};

use archive_core::Error;
use archive_core::holding::Retention;
use archive_core::record::CustomerClass;
use archive_shelving::plan::space::{
    FARTHEST, Forecast, Freed, Growth, Holding, Site, forecast, freed_by_electronic_custody,
};
use archive_store::{Locator, ShelvedBox};
use chrono::{DateTime, Datelike, Utc};
use serde::Serialize;

use super::DAYS_A_MONTH;
use crate::archive::Archive;
use crate::intake::stored_case;

/// So many past months say what a series will bring.
const PAST_MONTHS: usize = 36;

/// The future of the sites of a catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpaceOutlook {
    /// When each site will be full.
    pub sites: Vec<Forecast>,
    /// What the policy in force would free where papers of classes that it keeps electronically alone still
    /// stand in boxes.
    pub freed: Vec<Freed>,
}

impl Archive {
    /// 库容预测: when each site will be full, looking `months` ahead, from the boxes that were made in the
    /// past 36 months and from what is due for disposal.
    ///
    /// # Errors
    /// `InvalidInput` for more than 1200 months; those of reading the catalogue.
    pub fn space(&self, months: u32) -> Result<SpaceOutlook, Error> {
        let now = Utc::now();
        let boxes = self.catalogue.stock(None)?.boxes;
        let sites: Vec<Site> = self
            .catalogue
            .sites()?
            .into_iter()
            .map(|site| Site { name: site.site, slots: site.slots, taken: site.slots - site.free, kept: 0 })
            .collect();
        let oldest = boxes.iter().map(|shelved| months_ago(shelved.made, now)).max().unwrap_or(0);
        let past = (oldest + 1).min(PAST_MONTHS);
        let mut growth: BTreeMap<(String, String), Growth> = BTreeMap::new();
        for shelved in &boxes {
            let series = growth.entry((site_of(shelved), series_of(shelved))).or_insert_with(|| Growth {
                series: series_of(shelved),
                site: site_of(shelved),
                monthly: vec![0; past],
                disposals: Vec::new(),
            });
            let ago = months_ago(shelved.made, now);
            if ago < past {
                series.monthly[past - 1 - ago] += 1;
            }
            if let Some(due) = months_to_disposal(shelved, now).filter(|due| *due < FARTHEST as usize) {
                if series.disposals.len() <= due {
                    series.disposals.resize(due + 1, 0);
                }
                series.disposals[due] += 1;
            }
        }
        let growth: Vec<Growth> = growth.into_values().collect();
        Ok(SpaceOutlook {
            sites: forecast(&sites, &growth, months)?,
            freed: freed_by_electronic_custody(self.policy(), &self.holdings_by_class(&boxes, now)?)?,
        })
    }

    /// Boxes by site and by the class of the customers whose papers they hold.
    fn holdings_by_class(&self, boxes: &[ShelvedBox], now: DateTime<Utc>) -> Result<Vec<Holding>, Error> {
        let mut holdings: BTreeMap<(String, CustomerClass), Holding> = BTreeMap::new();
        for shelved in boxes {
            let mut classes = BTreeSet::new();
            for located in self.catalogue.locate(&Locator::Box(shelved.status.archive_box.number.clone()))? {
                // What was filed before classes were kept stays where it is.
                classes.insert(stored_case(&located)?.class.unwrap_or(CustomerClass::Business));
            }
            let alone = classes.len() == 1;
            for class in classes {
                let holding = holdings.entry((site_of(shelved), class)).or_insert_with(|| Holding {
                    site: site_of(shelved),
                    class,
                    boxes: 0,
                    mixed: 0,
                    boxes_a_month: 0.0,
                });
                if alone {
                    holding.boxes += 1;
                    if months_ago(shelved.made, now) < 12 {
                        holding.boxes_a_month += 1.0 / 12.0;
                    }
                } else {
                    holding.mixed += 1;
                }
            }
        }
        Ok(holdings.into_values().collect())
    }
}

fn site_of(shelved: &ShelvedBox) -> String {
    shelved.status.slot.site().to_owned()
}

fn series_of(shelved: &ShelvedBox) -> String {
    let key = &shelved.status.archive_box.key;
    let process = shelved.process.as_ref().map_or("empty", |process| process.as_str());
    format!("{}/{}/{process}/{}", key.fonds, key.organisation, key.retention)
}

/// A clock that went backwards makes no box of the future.
fn months_ago(made: DateTime<Utc>, now: DateTime<Utc>) -> usize {
    ((now - made).num_days().max(0) as f64 / DAYS_A_MONTH) as usize
}

/// In how many months a box may be disposed of: in the January after its retention ended.
fn months_to_disposal(shelved: &ShelvedBox, now: DateTime<Utc>) -> Option<usize> {
    let key = &shelved.status.archive_box.key;
    let years = match key.retention {
        Retention::D10 => 10,
        Retention::D30 => 30,
        Retention::Y => return None,
    };
    let months = (i64::from(key.year) + years + 1 - i64::from(now.year())) * 12 - i64::from(now.month0());
    // What is overdue may go next month.
    Some(usize::try_from(months).unwrap_or(0))
}
