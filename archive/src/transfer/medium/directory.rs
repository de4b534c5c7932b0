//! The list of a medium, `文件目录.XML`.

use std::fmt::Write as _;

use archive_core::Error;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Line, ListedFile};
use crate::transfer::Encoding;

/// The most lines of a list.
const LINE_LIMIT: usize = 2_000_000;

pub(super) fn write(lines: &[Line], encoding: Encoding) -> String {
    let mut text = format!("<?xml version=\"1.0\" encoding=\"{}\"?>\r\n<文件目录>\r\n", encoding.name());
    for (index, line) in lines.iter().enumerate() {
        let date = line.date.map_or(String::new(), |d| d.format("%Y%m%d").to_string());
        let fields = [
            ("顺序号", (index + 1).to_string()),
            ("档号", line.reference.clone()),
            ("责任者", line.responsible.clone()),
            ("题名", line.title.clone()),
            ("日期", date),
            ("密级", line.secrecy.clone()),
            ("备注", line.note.clone()),
        ];
        text.push_str("<文件>\r\n");
        for (name, value) in fields {
            let _ = write!(text, "<{name}>{}</{name}>\r\n", escaped(&value));
        }
        for file in &line.files {
            let ListedFile { path, fixity, length } = file;
            let path = escaped(path);
            let _ =
                write!(text, "<电子档案名称 长度=\"{length}\" 摘要=\"{fixity}\">{path}</电子档案名称>\r\n");
        }
        text.push_str("</文件>\r\n");
    }
    text.push_str("</文件目录>\r\n");
    text
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// Reads a list; `name` stands in errors.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Vec<Line>, Error> {
    let text = Encoding::decode_xml(name, bytes)?;
    let error_at = |at: u64, message: String| Error::invalid(format!("{name} byte {at}"), message);
    let wrong = |at: u64, message: String| Err(error_at(at, message));
    let mut reader = Reader::from_str(&text);
    let mut lines: Vec<Line> = Vec::new();
    let mut current: Option<Line> = None;
    let mut element = String::new();
    let mut value = String::new();
    let mut file: Option<(u64, String)> = None;
    loop {
        let at = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return wrong(at, format!("is no XML: {error}")),
        };
        match event {
            Event::Start(start) => {
                let tag = start.name();
                element = AsRef::<str>::as_ref(&tag).to_owned();
                value.clear();
                if element == "文件" {
                    if current.is_some() {
                        return wrong(at, "has a 文件 within a 文件".into());
                    }
                    current = Some(empty_line());
                }
                if element == "电子档案名称" {
                    let attribute = |wanted: &str| {
                        let found =
                            start.attributes().flatten().find(|a| AsRef::<str>::as_ref(&a.key) == wanted);
                        found.map(|a| a.value.into_owned())
                    };
                    let length = attribute("长度").and_then(|l| l.parse().ok());
                    match (length, attribute("摘要")) {
                        (Some(length), Some(digest)) => file = Some((length, digest)),
                        _ => return wrong(at, "lacks 长度 or 摘要 of a file".into()),
                    }
                }
            }
            Event::Text(text) => value.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let name = AsRef::<str>::as_ref(&reference).to_owned();
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned),
                };
                match resolved {
                    Some(resolved) => value.push_str(&resolved),
                    // A list needs no entities of its own, and those of others are how XML is attacked.
                    None => return wrong(at, format!("refers to the entity {name:?}, which is not known")),
                }
            }
            Event::End(end) => {
                let tag = end.name();
                let ended = AsRef::<str>::as_ref(&tag).to_owned();
                if ended == "文件" {
                    if lines.len() >= LINE_LIMIT {
                        return wrong(at, format!("has more than {LINE_LIMIT} lines"));
                    }
                    lines.extend(current.take());
                } else if let Some(line) = current.as_mut().filter(|_| ended == element) {
                    set(line, &ended, std::mem::take(&mut value), file.take())
                        .map_err(|m| error_at(at, m))?;
                }
            }
            Event::DocType(_) => {
                return wrong(at, "declares a document type, which a list never needs".into());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if current.is_some() || !text.contains("</文件目录>") {
        return Err(Error::invalid(name, "ends in the middle"));
    }
    Ok(lines)
}

fn empty_line() -> Line {
    let empty = String::new;
    Line {
        reference: empty(),
        responsible: empty(),
        title: empty(),
        date: None,
        secrecy: empty(),
        note: empty(),
        files: Vec::new(),
    }
}

fn set(line: &mut Line, name: &str, value: String, file: Option<(u64, String)>) -> Result<(), String> {
    match name {
        "档号" => line.reference = value,
        "责任者" => line.responsible = value,
        "题名" => line.title = value,
        "密级" => line.secrecy = value,
        "备注" => line.note = value,
        "日期" if value.is_empty() => {}
        "日期" => {
            let date = chrono::NaiveDate::parse_from_str(&value, "%Y%m%d");
            line.date =
                Some(date.map_err(|_| format!("has the date {value:?}, which is not 8 digits of a day"))?);
        }
        "电子档案名称" => {
            let (length, digest) = file.ok_or("lacks 长度 or 摘要 of a file")?;
            let fixity = digest.parse().map_err(|e: Error| e.to_string())?;
            line.files.push(ListedFile { path: value, fixity, length });
        }
        _ => {}
    }
    Ok(())
}
