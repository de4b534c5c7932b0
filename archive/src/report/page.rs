//! The report's one page: its frame, its data and its script.

use archive_core::{Error, ErrorKind};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::Report;
use crate::content::digest;

const STYLE: &str = include_str!("page.css");

/// One script, in reading order.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("texts.js"),
    include_str!("comparing.js"),
    include_str!("showing.js"),
    include_str!("plots.js"),
    include_str!("papers.js"),
    include_str!("decisions.js"),
    include_str!("findings.js"),
    include_str!("page.js"),
);

/// The page on `report`.
pub(super) fn render(report: &Report) -> Result<String, Error> {
    let data = serde_json::to_string(report).map_err(|e| {
        Error::new(ErrorKind::Internal, "the report", "cannot be written as JSON").with_source(e)
    })?;
    // Tells this page's decisions from those of others that a browser keeps.
    let name = digest(data.as_bytes()).to_string();
    let policy = format!(
        "default-src 'none'; img-src 'self' file:; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "差异复核 Exceptions" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                noscript {
                    p { "本页用自带的脚本显示内容，不联网；请允许脚本运行。" }
                    p lang="en" { "This page shows its findings by a script of its own and fetches nothing: please allow scripts." }
                }
                script type="application/json" id="report" data-name=(name) { (PreEscaped(inert(&data))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(page.into_string())
}

/// JSON in which nothing can end or begin an element: the escapes mean the same to its readers.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// `text` as a source in a content security policy.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use archive_core::record::Digest;
    use archive_store::Checkpoint;

    use super::*;
    use crate::judging::Silent;

    /// A report whose only text is `text`.
    fn saying(text: &str) -> Report {
        Report {
            archive: Checkpoint { size: 1, root: Digest([1; 32]) },
            made: "2024-05-01".parse().unwrap(),
            compared: 1,
            without_papers: Vec::new(),
            silent: vec![Silent { document: text.into(), reason: text.into() }],
            exceptions: Vec::new(),
            left_out: 0,
            files: Vec::new(),
            completeness: None,
        }
    }

    #[test]
    fn no_text_of_papers_or_records_can_be_taken_for_markup() {
        let plain = render(&saying("x")).unwrap();
        for text in [
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "]]>&lt;\u{2028}\u{2029}\u{0}\u{202e}",
            "\"}]}; alert(1); //",
        ] {
            let page = render(&saying(text)).unwrap();
            let data = page.split_once("<script type=\"application/json\"").unwrap().1;
            let data = data.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
            assert!(!data.contains(['<', '>', '&']), "{data}");
            let read: serde_json::Value = serde_json::from_str(data).unwrap();
            assert_eq!(read["silent"][0]["document"], text, "the browser reads the text back as it was");
            assert_eq!(page.matches("<script").count(), plain.matches("<script").count());
        }
    }

    #[test]
    fn only_the_page_s_own_script_and_style_are_allowed() {
        let page = render(&saying("x")).unwrap();
        let element = |name: &str| {
            let start = format!("<{name}>");
            let end = format!("</{name}>");
            page.split_once(&start).unwrap().1.split_once(&end).unwrap().0.to_owned()
        };
        for (kind, text) in [("script", element("script")), ("style", element("style"))] {
            assert!(
                page.contains(&format!("{kind}-src '{}'", hash(&text))),
                "{kind}: the hash is of what stands there"
            );
        }
        assert!(page.contains("default-src 'none'") && !page.contains("unsafe-inline"));
        for outside in
            ["https://", "src=\"", "@import", "url(http", "eval(", "innerHTML", "insertAdjacentHTML"]
        {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
