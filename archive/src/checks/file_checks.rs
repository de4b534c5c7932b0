//! The checks of a file and of the holdings.

use std::collections::BTreeSet;

use archive_core::completeness::State;
use archive_core::identifier::ReferenceCode;
use archive_core::record::{Carrier, Document};
use archive_core::{Error, ErrorKind};
use archive_store::{FilingState, Located};

use super::{Answer, CheckResult, FourNatures, MalwareScanner, Nature, Occasion};
use crate::archive::Archive;
use crate::capture::{self, Format, PdfFacts};
use crate::filing::FiledDocument;
use crate::intake::stored_case;

/// Collects answers about one object.
struct Checklist {
    results: Vec<CheckResult>,
}

impl Checklist {
    fn note(&mut self, nature: Nature, item: &'static str, object: &str, fault: Result<(), String>) {
        let (answer, message) = match fault {
            Ok(()) => (Answer::Passed, String::new()),
            Err(message) => (Answer::Failed, message),
        };
        self.results.push(CheckResult { nature, item, object: Some(object.to_owned()), answer, message });
    }

    fn unverified(&mut self, nature: Nature, item: &'static str, object: &str, why: &str) {
        let (object, message) = (Some(object.to_owned()), why.to_owned());
        self.results.push(CheckResult { nature, item, object, answer: Answer::Unverified, message });
    }
}

impl Archive {
    /// Checks the four natures of the file `reference`.
    ///
    /// # Errors
    /// `NotFound` where no live file bears the number; those of the catalogue. What is wrong with the file
    /// is in the report.
    pub fn check_file(&self, reference: &ReferenceCode, occasion: Occasion) -> Result<FourNatures, Error> {
        let file = self.live_file(reference)?;
        let mut list = Checklist { results: Vec::new() };
        self.check_one(&file, occasion, &mut list)?;
        Ok(FourNatures { occasion, day: self.today(), file: Some(reference.clone()), results: list.results })
    }

    /// Checks the four natures of all holdings: what fails of each file, and the catalogue as a whole.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn check_holdings(&self, occasion: Occasion) -> Result<FourNatures, Error> {
        let mut list = Checklist { results: Vec::new() };
        let mut known = BTreeSet::new();
        self.each_file(&mut |file| {
            let mut one = Checklist { results: Vec::new() };
            self.check_one(file, occasion, &mut one)?;
            list.results.extend(one.results.into_iter().filter(|r| r.answer != Answer::Passed));
            known.extend(file.documents.iter().map(|d| d.path.clone()));
            Ok(())
        })?;
        let whole = "全部馆藏";
        let breaks = self.catalogue.audit()?;
        let first = breaks.first().map_or(Ok(()), |b| Err(format!("{b}, and {} more", breaks.len() - 1)));
        list.note(Nature::Authenticity, "三位一体关联与登记日志", whole, first);
        let gap = self.catalogue.counters()?.into_iter().find(|c| c.next - c.first != c.given);
        let gap =
            gap.map_or(Ok(()), |c| Err(format!("{}: gave {} numbers up to {}", c.scope, c.given, c.next)));
        list.note(Nature::Integrity, "编号连续", whole, gap);
        let stray = self.content.stray(&known)?;
        let stray = stray.first().map_or(Ok(()), |path| {
            Err(format!("{} and {} more belong to no document", path.display(), stray.len() - 1))
        });
        // A crash between content and catalogue leaves a file that the next filing uses: it does no harm.
        match stray {
            Ok(()) => list.note(Nature::Safety, "无多余文件", whole, Ok(())),
            Err(why) => list.unverified(Nature::Safety, "无多余文件", whole, &why),
        }
        Ok(FourNatures { occasion, day: self.today(), file: None, results: list.results })
    }

    fn check_one(&self, file: &Located, occasion: Occasion, list: &mut Checklist) -> Result<(), Error> {
        let object = file.filed.reference.to_string();
        let today = self.today();
        let case = stored_case(file);
        let future = case.as_ref().ok().and_then(|c| c.date).filter(|d| *d > today);
        let dates = future.map_or(Ok(()), |day| Err(format!("is dated {day}, in the future")));
        list.note(Nature::Authenticity, "元数据日期在值域内", &object, dates);
        let number = self.numbers.is_file_number(&file.filed.reference);
        list.note(Nature::Authenticity, "档号符合编号规则", &object, number.map_err(|e| e.to_string()));
        let process = self.policy().process(&file.filed.process);
        list.note(
            Nature::Authenticity,
            "业务类型在策略内",
            &object,
            process.map(|_| ()).map_err(|e| e.to_string()),
        );
        list.note(Nature::Authenticity, "登记日志可证", &object, self.log_proves(file)?);

        let details = crate::cataloguing::gathering::read_back(file);
        list.note(
            Nature::Usability,
            "元数据可读取",
            &object,
            match (&details, &case) {
                (Ok(_), Ok(_)) => Ok(()),
                (Err(e), _) | (_, Err(e)) => Err(e.to_string()),
            },
        );
        match self.completeness(&file.filed.reference) {
            Ok(found) => match found.state() {
                State::Complete | State::CompleteWithDeferrals => {
                    list.note(Nature::Integrity, "应归文件齐全", &object, Ok(()));
                }
                State::Incomplete => {
                    let names: Vec<&str> = found.open_items().map(|i| i.name.as_str()).collect();
                    list.note(
                        Nature::Integrity,
                        "应归文件齐全",
                        &object,
                        Err(format!("lacks {}", names.join("、"))),
                    );
                }
                State::Unverified => {
                    list.unverified(
                        Nature::Integrity,
                        "应归文件齐全",
                        &object,
                        "somebody must look at a paper",
                    );
                }
            },
            Err(error) => list.unverified(Nature::Integrity, "应归文件齐全", &object, &error.to_string()),
        }
        let ids: BTreeSet<_> = file.documents.iter().map(|d| &d.id).collect();
        let unique =
            if ids.len() == file.documents.len() { Ok(()) } else { Err("names a document twice".into()) };
        list.note(Nature::Integrity, "文件标识不重复", &object, unique);
        let details = details.unwrap_or_default();
        for document in &file.documents {
            self.check_document(document, details.iter().find(|d| d.id == document.id), occasion, list)?;
        }
        Ok(())
    }

    /// Whether the log holds an entry on the file, and a proof of it.
    fn log_proves(&self, file: &Located) -> Result<Result<(), String>, Error> {
        let checkpoint = self.catalogue.checkpoint()?;
        let history = self.catalogue.history(&file.filed.reference)?;
        let Some(first) = history.first() else { return Ok(Err("the log does not know it".into())) };
        let proof = self.catalogue.prove_inclusion(first.position, checkpoint.size)?;
        Ok(if proof.holds(&checkpoint) { Ok(()) } else { Err("the log's proof does not hold".into()) })
    }

    fn check_document(
        &self,
        document: &Document,
        detail: Option<&FiledDocument>,
        occasion: Occasion,
        list: &mut Checklist,
    ) -> Result<(), Error> {
        let object = document.id.to_string();
        let path = &document.path;
        let true_path =
            path.file_stem().and_then(|s| s.to_str()) == Some(document.digest.to_string().as_str());
        let true_path =
            if true_path { Ok(()) } else { Err(format!("{} is not where its digest says", path.display())) };
        list.note(Nature::Authenticity, "存储路径真实", &object, true_path);
        let content = match self.content.load(path, &document.digest) {
            Ok(content) => content,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::Corrupt | ErrorKind::InvalidInput
                ) =>
            {
                list.note(Nature::Integrity, "内容存在且未变", &object, Err(error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        list.note(Nature::Integrity, "内容存在且未变", &object, Ok(()));
        let name = path.display().to_string();
        match capture::identify(&name, &content) {
            Err(error) => list.note(Nature::Usability, "格式合规", &object, Err(error.to_string())),
            Ok(format) => {
                let claimed = detail.and_then(|d| d.format).unwrap_or(format);
                let agrees = if claimed == format {
                    Ok(())
                } else {
                    Err(format!("is {format:?} where the metadata says {claimed:?}"))
                };
                list.note(Nature::Authenticity, "内容与元数据一致", &object, agrees);
                let standard = self.policy().scan_standard(document.document_type.as_ref());
                let scan = document.carrier == Carrier::Paper;
                let allowed =
                    standard.is_none_or(|s| !scan || s.formats.iter().any(|f| f == format.extension()));
                let allowed = if allowed {
                    Ok(())
                } else {
                    Err(format!("{} is no format for scans", format.extension()))
                };
                list.note(Nature::Usability, "格式合规", &object, allowed);
                list.note(Nature::Usability, "可以打开、未加密", &object, opens(&name, format, &content));
            }
        }
        self.check_safety(&name, &content, &object, occasion, list);
        Ok(())
    }

    fn check_safety(
        &self,
        name: &str,
        content: &[u8],
        object: &str,
        occasion: Occasion,
        list: &mut Checklist,
    ) {
        match &self.config.scanner {
            None if occasion == Occasion::LongTerm => {}
            None => list.unverified(Nature::Safety, "无恶意代码", object, "no scanner is connected"),
            Some(scanner) => match scanner.scan(name, content) {
                Ok(None) => list.note(Nature::Safety, "无恶意代码", object, Ok(())),
                Ok(Some(found)) => list.note(
                    Nature::Safety,
                    "无恶意代码",
                    object,
                    Err(format!("{}: {found}", scanner.name())),
                ),
                Err(error) => list.unverified(Nature::Safety, "无恶意代码", object, &error.to_string()),
            },
        }
    }
}

fn opens(name: &str, format: Format, content: &[u8]) -> Result<(), String> {
    match format {
        Format::Pdf => match PdfFacts::of(name, content) {
            Ok(facts) if facts.encrypted => Err("is encrypted".into()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        },
        Format::Jpeg | Format::Png | Format::Tiff => {
            let reader = image::ImageReader::new(std::io::Cursor::new(content)).with_guessed_format();
            let dimensions = reader.map_err(|e| e.to_string())?.into_dimensions();
            dimensions.map(|_| ()).map_err(|e| e.to_string())
        }
        _ => Ok(()),
    }
}

/// A scanner that is a command: content goes to its standard input; 0 is clean, 1 is found.
#[derive(Debug, Clone)]
pub struct ScannerCommand {
    /// The program and its arguments.
    pub command: Vec<String>,
}

impl MalwareScanner for ScannerCommand {
    fn name(&self) -> String {
        self.command.first().cloned().unwrap_or_default()
    }

    fn scan(&self, name: &str, content: &[u8]) -> Result<Option<String>, Error> {
        use std::io::Write as _;
        use std::process::{Command, Stdio};
        let unavailable =
            |message: String| Error::new(ErrorKind::Unavailable, format!("scanner {}", self.name()), message);
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| unavailable("has no program".into()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| unavailable("cannot be started".into()).with_source(e))?;
        // A scanner may answer before it has read everything.
        let mut input = child.stdin.take();
        let _ = input.as_mut().map(|pipe| pipe.write_all(content));
        drop(input);
        let output =
            child.wait_with_output().map_err(|e| unavailable("gave no answer".into()).with_source(e))?;
        match output.status.code() {
            Some(0) => Ok(None),
            Some(1) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())),
            other => Err(unavailable(format!("ended with {other:?} on {name}"))),
        }
    }
}

/// Whether a file is in the holdings at all.
pub(super) fn is_live(file: &Located) -> bool {
    file.filed.state != FilingState::Void
}
