//! What lists and labels say, gathered from the catalogue.

use archive_core::holding::{CustodyMode, SlotAddress};
use archive_core::identifier::{BoxNumber, CustomerNumber, ReferenceCode};
use archive_core::policy::Policy;
use archive_core::record::{Carrier, Document};
use archive_core::units::Millimetres;
use archive_core::{Error, ErrorKind};
use archive_store::{FilingState, Located, Locator, Search};
use chrono::NaiveDate;
use serde::Serialize;

use super::table::{Column, Table};
use crate::archive::Archive;
use crate::filing::FiledDocument;
use crate::intake::stored_case;

/// 条目: one line of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Catalogued {
    /// 档号.
    pub reference: ReferenceCode,
    /// 文号: the number that the document itself bears.
    pub document_number: String,
    /// 责任者.
    pub responsible: String,
    /// 题名; in `[ ]` where it was made here.
    pub title: String,
    /// 日期.
    pub date: Option<NaiveDate>,
    /// 密级.
    pub secrecy: String,
    /// 页数.
    pub pages: u32,
    /// 备注.
    pub note: String,
}

/// 盒脊标签: what the spine of a box says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpineLabel {
    /// 盒号.
    pub number: BoxNumber,
    /// The spine.
    pub spine: Millimetres,
    /// 全宗号.
    pub fonds: String,
    /// 年度.
    pub year: u16,
    /// 保管期限, in words.
    pub retention: String,
    /// 机构(问题).
    pub organisation: String,
    /// The running part of the first and the last item (起止件号).
    pub items: Option<(String, String)>,
    /// 储位.
    pub slot: Option<SlotAddress>,
}

/// 备考表: the note that closes a box or a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoxNote {
    /// What it is for: a box number or an archive number.
    pub object: String,
    /// How many files or documents, and pages.
    pub counts: (usize, u32),
    /// 盒内文件情况说明.
    pub notes: Vec<String>,
    /// 整理人 and 日期.
    pub arranger: (String, Option<NaiveDate>),
    /// 检查人 and 日期.
    pub checker: (String, Option<NaiveDate>),
}

/// 案卷封面.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeCover {
    /// 档号.
    pub reference: ReferenceCode,
    /// 全宗名称 or number.
    pub fonds: String,
    /// 题名.
    pub title: String,
    /// First and last day of its documents.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// 保管期限, in words.
    pub retention: String,
    /// 件数 and 页数.
    pub counts: (usize, u32),
    /// 户号.
    pub customer: CustomerNumber,
}

/// 保管期限 in words.
pub(crate) fn retention_words(retention: archive_core::holding::Retention) -> &'static str {
    use archive_core::holding::Retention;
    match retention {
        Retention::D10 => "10年",
        Retention::D30 => "30年",
        Retention::Y => "永久",
    }
}

/// The columns of the item catalogue.
fn item_columns() -> Vec<Column> {
    [
        ("序号", 12.0),
        ("档号", 62.0),
        ("文号", 34.0),
        ("责任者", 36.0),
        ("题名", 70.0),
        ("日期", 20.0),
        ("密级", 12.0),
        ("页数", 12.0),
        ("备注", 19.0),
    ]
    .map(|(name, width)| Column::new(name, width))
    .into()
}

fn item_rows(entries: &[Catalogued]) -> Vec<Vec<String>> {
    let row = |(index, e): (usize, &Catalogued)| {
        vec![
            (index + 1).to_string(),
            e.reference.to_string(),
            e.document_number.clone(),
            e.responsible.clone(),
            e.title.clone(),
            e.date.map_or(String::new(), |d| d.format("%Y%m%d").to_string()),
            e.secrecy.clone(),
            e.pages.to_string(),
            e.note.clone(),
        ]
    };
    entries.iter().enumerate().map(row).collect()
}

impl Archive {
    /// 归档文件目录: the item catalogue of the files that `search` finds, by number.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn item_catalogue(&self, search: &Search) -> Result<Table, Error> {
        let mut entries = Vec::new();
        for filed in self.catalogue.search(search)? {
            for file in self.catalogue.locate(&Locator::Reference(filed.reference))? {
                entries.push(self.entry_of(&file)?);
            }
        }
        entries.sort_by(|a, b| a.reference.cmp(&b.reference));
        let mut table = Table::new("归档文件目录", item_columns());
        table.subtitle = format!("全宗号：{}", self.policy().fonds());
        table.rows = item_rows(&entries);
        Ok(table)
    }

    /// 盒内文件目录: what lies in the box `number`.
    ///
    /// # Errors
    /// `NotFound` for an unknown box.
    pub fn box_catalogue(&self, number: &BoxNumber) -> Result<Table, Error> {
        let entries =
            self.files_in(number)?.iter().map(|f| self.entry_of(f)).collect::<Result<Vec<_>, _>>()?;
        let mut table = Table::new("盒内文件目录", item_columns());
        table.subtitle = format!("盒号：{number}");
        table.rows = item_rows(&entries);
        Ok(table)
    }

    /// 卷内文件目录: the documents of one file, and those that joined it late, which have numbers of their own.
    ///
    /// # Errors
    /// `NotFound` where no live file bears the number.
    pub fn volume_catalogue(&self, reference: &ReferenceCode) -> Result<Table, Error> {
        let mut entries = Vec::new();
        for file in self.volume(reference)? {
            let details = read_back(&file)?;
            for document in &file.documents {
                let detail = details.iter().find(|d| d.id == document.id);
                entries.push(self.document_entry(&file, document, detail));
            }
        }
        let mut table = Table::new("卷内文件目录", item_columns());
        table.subtitle = format!("案卷档号：{reference}");
        table.rows = item_rows(&entries);
        Ok(table)
    }

    /// 移交清单: files that are handed over from one party to another.
    ///
    /// # Errors
    /// `NotFound` where no live file bears one of the numbers.
    pub fn hand_over_list(
        &self,
        references: &[ReferenceCode],
        from: &str,
        to: &str,
        day: NaiveDate,
    ) -> Result<Table, Error> {
        let mut rows = Vec::new();
        for (reference, number) in references.iter().zip(1..) {
            let file = self.live_file(reference)?;
            let entry = self.entry_of(&file)?;
            let (number_of_box, slot) = match &file.filed.place {
                Some(place) => (place.archive_box.number.to_string(), place.slot.to_string()),
                None => ("电子".to_owned(), String::new()),
            };
            let count = file.documents.len();
            rows.push(vec![
                number.to_string(),
                reference.to_string(),
                entry.title,
                count.to_string(),
                entry.pages.to_string(),
                number_of_box,
                slot,
                String::new(),
            ]);
        }
        let columns = [
            ("序号", 12.0),
            ("档号", 60.0),
            ("题名", 70.0),
            ("件数", 12.0),
            ("页数", 12.0),
            ("盒号", 50.0),
            ("储位", 46.0),
            ("备注", 15.0),
        ];
        let mut table = Table::new("档案移交清单", columns.map(|(n, w)| Column::new(n, w)).into());
        table.subtitle = format!("移交：{from}　接收：{to}　日期：{}", day.format("%Y%m%d"));
        table.rows = rows;
        table.signatures = ["移交人（签字）", "接收人（签字）", "监交人（签字）"].map(str::to_owned).into();
        Ok(table)
    }

    /// The spine label of the box `number`.
    ///
    /// # Errors
    /// `NotFound` for an unknown box.
    pub fn spine_label(&self, number: &BoxNumber) -> Result<SpineLabel, Error> {
        let status = self.catalogue.box_status(number)?;
        let files = self.files_in(number)?;
        let running = |file: &Located| {
            let reference = file.filed.reference.as_str();
            reference.rsplit('-').next().unwrap_or(reference).to_owned()
        };
        let items = files.first().zip(files.last()).map(|(first, last)| (running(first), running(last)));
        let key = status.archive_box.key;
        Ok(SpineLabel {
            number: number.clone(),
            spine: status.archive_box.spine,
            fonds: key.fonds.to_string(),
            year: key.year,
            retention: retention_words(key.retention).to_owned(),
            organisation: key.organisation.to_string(),
            items,
            slot: Some(status.slot),
        })
    }

    /// The note that closes the box `number`.
    ///
    /// # Errors
    /// `NotFound` for an unknown box.
    pub fn box_note(&self, number: &BoxNumber, arranger: &str, checker: &str) -> Result<BoxNote, Error> {
        let files = self.files_in(number)?;
        let pages = files.iter().map(pages_of).sum();
        let mut notes = Vec::new();
        for loan in self.catalogue.open_loans()? {
            if files.iter().any(|f| f.filed.reference == loan.request.reference) {
                notes.push(format!(
                    "{} 借出，{}",
                    loan.request.reference,
                    loan.request.when.format("%Y%m%d")
                ));
            }
        }
        let today = Some(self.today());
        Ok(BoxNote {
            object: number.to_string(),
            counts: (files.len(), pages),
            notes,
            arranger: (arranger.to_owned(), today),
            checker: (checker.to_owned(), today.filter(|_| !checker.is_empty())),
        })
    }

    /// The cover of a volume: one file, and what joined it late.
    ///
    /// # Errors
    /// `NotFound` where no live file bears the number.
    pub fn volume_cover(&self, reference: &ReferenceCode) -> Result<VolumeCover, Error> {
        let volume = self.volume(reference)?;
        let documents = || volume.iter().flat_map(|file| &file.documents);
        let mut days: Vec<NaiveDate> = documents().filter_map(|d| d.date).collect();
        days.sort_unstable();
        let pages = volume.iter().map(pages_of).fold(0, u32::saturating_add);
        let file = &volume[0];
        Ok(VolumeCover {
            reference: reference.clone(),
            fonds: file.filed.key.fonds.to_string(),
            title: self.entry_of(file)?.title,
            days: days.first().copied().zip(days.last().copied()),
            retention: retention_words(file.filed.key.retention).to_owned(),
            counts: (documents().count(), pages),
            customer: file.filed.customer.clone(),
        })
    }

    /// The live file that bears `reference`, first, and those that joined it.
    pub(crate) fn volume(&self, reference: &ReferenceCode) -> Result<Vec<Located>, Error> {
        let mut volume = vec![self.live_file(reference)?];
        volume.extend(self.late_files(reference)?);
        Ok(volume)
    }

    /// The live files in a box, by number.
    pub(crate) fn files_in(&self, number: &BoxNumber) -> Result<Vec<Located>, Error> {
        let mut files = self.catalogue.locate(&Locator::Box(number.clone()))?;
        files.sort_by(|a, b| a.filed.reference.cmp(&b.filed.reference));
        Ok(files)
    }

    /// The live file that bears `reference`.
    pub(crate) fn live_file(&self, reference: &ReferenceCode) -> Result<Located, Error> {
        let files = self.catalogue.locate(&Locator::Reference(reference.clone()))?;
        files.into_iter().find(|f| f.filed.state != FilingState::Void).ok_or_else(|| {
            let message = "is void: its file was taken out of the holdings";
            Error::new(ErrorKind::NotFound, format!("reference code {reference}"), message)
        })
    }

    fn entry_of(&self, file: &Located) -> Result<Catalogued, Error> {
        let details = read_back(file)?;
        let name = self
            .policy()
            .process(&file.filed.process)
            .map_or_else(|_| file.filed.process.to_string(), |p| p.name.clone());
        let responsible = responsible(&details, file)?;
        Ok(Catalogued {
            reference: file.filed.reference.clone(),
            document_number: field(&details, "contract_no"),
            title: format!("[{responsible}{name}档案]"),
            responsible,
            date: file.documents.iter().filter_map(|d| d.date).max(),
            secrecy: String::new(),
            pages: pages_of(file),
            note: match file.custody {
                CustodyMode::Electronic => "电子".to_owned(),
                CustodyMode::CentralPaper => String::new(),
            },
        })
    }

    fn document_entry(
        &self,
        file: &Located,
        document: &Document,
        detail: Option<&FiledDocument>,
    ) -> Catalogued {
        let details: Vec<FiledDocument> = detail.cloned().into_iter().collect();
        Catalogued {
            reference: file.filed.reference.clone(),
            document_number: field(&details, "contract_no"),
            responsible: field(&details, "customer_name"),
            title: format!("[{}]", document_name(self.policy(), document)),
            date: document.date,
            secrecy: String::new(),
            pages: document.pages.0,
            note: carrier_words(document.carrier).to_owned(),
        }
    }
}

/// What kind of document it is, in words.
pub(crate) fn document_name(policy: &Policy, document: &Document) -> String {
    match &document.document_type {
        None => "未识别文件".to_owned(),
        Some(code) => policy.document(code).map_or_else(|| code.to_string(), |rule| rule.name.clone()),
    }
}

fn carrier_words(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Paper => "",
        Carrier::Image => "照片",
        Carrier::Electronic => "电子",
        Carrier::Audio => "录音",
        Carrier::Video => "录像",
    }
}

pub(crate) fn pages_of(file: &Located) -> u32 {
    file.documents.iter().map(|d| d.pages.0).fold(0, u32::saturating_add)
}

/// What was read from a file's documents when it was filed.
pub(crate) fn read_back(file: &Located) -> Result<Vec<FiledDocument>, Error> {
    if file.readings.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&file.readings).map_err(|e| {
        let object = format!("readings of {} in the catalogue", file.filed.reference);
        Error::new(ErrorKind::Corrupt, object, "cannot be read back").with_source(e)
    })
}

fn field(details: &[FiledDocument], name: &str) -> String {
    let mut fields = details.iter().flat_map(|d| &d.fields);
    fields.find(|(field, _)| field.as_str() == name).map_or(String::new(), |(_, read)| read.value.clone())
}

/// Who made the papers: the name on them, else that of the marketing system, else the customer's number.
fn responsible(details: &[FiledDocument], file: &Located) -> Result<String, Error> {
    let on_paper = field(details, "customer_name");
    if !on_paper.is_empty() {
        return Ok(on_paper);
    }
    let name = stored_case(file)?.name;
    Ok(if name.is_empty() { file.filed.customer.to_string() } else { name })
}
