//! Papers of one process, by chance.

use std::path::Path;

use archive_core::Error;
use archive_core::facts::Facts;
use archive_core::policy::Policy;
use archive_core::record::{Carrier, Customer, CustomerClass, DocumentForm, Record};
use archive_core::units::Pages;
use chrono::NaiveDate;

use crate::filing::{FilingRequest, SubmittedDocument};

/// Numbers by a seed: the same on every machine.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// A number below `below`.
    pub(super) fn number(&mut self, below: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below.max(1)
    }

    /// Whether something that happens so often in a thousand does.
    pub(super) fn happens(&mut self, in_a_thousand: u64) -> bool {
        self.number(1000) < in_a_thousand
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(usize::try_from(self.number(from.len() as u64)).unwrap_or(0))
    }
}

/// The processes of a branch, by how often they come in a hundred.
const PROCESSES: [(&str, u64); 11] = [
    ("meter-change", 18),
    ("dunning", 12),
    ("inspection", 8),
    ("closing", 6),
    ("new-connection-residential", 14),
    ("new-connection-lv", 12),
    ("capacity-change", 6),
    ("transfer-of-name", 8),
    ("tariff-change", 4),
    ("default", 4),
    ("new-connection-hv", 8),
];

/// Writes the papers of a process into `directory` and gives the request that files them.
pub(super) fn request(
    key: &str,
    date: NaiveDate,
    policy: &Policy,
    chance: &mut Chance,
    directory: &Path,
) -> Result<FilingRequest, Error> {
    let mut draw = chance.number(PROCESSES.iter().map(|(_, share)| share).sum());
    let mut code = PROCESSES[0].0;
    for (name, share) in PROCESSES {
        if draw < share {
            code = name;
            break;
        }
        draw -= share;
    }
    let process = policy.process(&code.parse()?)?;
    let residential = code == "new-connection-residential" || chance.happens(250);
    let class = if residential { CustomerClass::Residential } else { CustomerClass::Business };
    let mut facts = Facts::new();
    for entry in policy.facts() {
        if matches!(entry.rule.kind, archive_core::facts::FactKind::Flag) && chance.happens(970) {
            facts.insert(entry.rule.name.clone(), chance.happens(120).into());
        }
    }
    let mut documents = Vec::new();
    for (requirement, number) in process.requirements.iter().zip(0..) {
        let applies = requirement.when.as_ref().is_none_or(|w| w.holds(&facts) == Some(true));
        // High voltage files are thick; one in fifty papers is missing.
        if !applies || chance.happens(20) || documents.len() >= 12 {
            continue;
        }
        let Some(kind) = chance.pick(&requirement.one_of) else { continue };
        let electronic = chance.happens(150);
        let extension = if electronic { "ofd" } else { "png" };
        let path = directory.join(format!("{key}-{number:02}.{extension}"));
        let head: &[u8] = if electronic {
            b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\0\0\0OFD.xml"
        } else {
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
        };
        let content = [head, format!("{key} {number} {}", chance.number(u64::MAX)).as_bytes()].concat();
        std::fs::write(&path, content).map_err(|e| Error::io(&path, "write", e))?;
        documents.push(SubmittedDocument {
            path,
            document_type: Some(kind.clone()),
            form: Some(DocumentForm::Original),
            carrier: Some(if electronic { Carrier::Electronic } else { Carrier::Paper }),
            pages: Some(Pages(1 + u32::try_from(chance.number(9)).unwrap_or(0))),
        });
    }
    // What no list asks for, such as a photograph of the site.
    let path = directory.join(format!("{key}-photo.png"));
    std::fs::write(&path, [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), key.as_bytes()].concat())
        .map_err(|e| Error::io(&path, "write", e))?;
    documents.push(SubmittedDocument { carrier: Some(Carrier::Image), ..SubmittedDocument::new(path) });
    let number = 3_300_000_000 + chance.number(8000);
    Ok(FilingRequest {
        key: key.parse()?,
        customer: Customer { number: number.to_string().parse()?, name: format!("客户{number}"), class },
        process: process.code.clone(),
        date,
        stage: None,
        documents,
        record: Record::default(),
        facts,
    })
}
