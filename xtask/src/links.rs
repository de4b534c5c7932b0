//! Links between Markdown pages: where they lead, and which lead nowhere.
//!
//! What is a link and what is code is CommonMark's matter and left to its parser; what a heading's anchor is called is
//! GitHub's rule, which mkdocs is told to follow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use percent_encoding::percent_decode_str;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A Markdown page of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its path below the top level.
    pub path: PathBuf,
    /// What it links to, in order; images too.
    pub links: Vec<Link>,
    /// What a link to a place in it may name.
    pub anchors: BTreeSet<String>,
}

/// A link as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The line it begins on, from 1.
    pub line: usize,
    /// The target, with its anchor.
    pub target: String,
}

impl Link {
    /// The file below the top level that a relative link on `page` leads to, and the anchor; nothing where it leads out
    /// to the network, and an error where it leaves the repository.
    fn resolve(&self, page: &Path) -> Result<Option<(PathBuf, Option<String>)>, String> {
        let scheme = self.target.split(['/', '#', '?']).next().is_some_and(|first| first.contains(':'));
        if scheme || self.target.starts_with("//") {
            return Ok(None);
        }
        let (file, anchor) = match self.target.split_once('#') {
            Some((file, anchor)) => (file, Some(decoded(anchor)?)),
            None => (self.target.as_str(), None),
        };
        if file.starts_with('/') {
            return Err("begins at the root; write it relative to the page".into());
        }
        if file.is_empty() {
            return Ok(Some((page.to_path_buf(), anchor)));
        }
        let mut path = page.parent().unwrap_or(Path::new("")).to_path_buf();
        for part in Path::new(&decoded(file)?).components() {
            match part {
                Component::Normal(name) => path.push(name),
                Component::ParentDir if path.pop() => {}
                Component::CurDir => {}
                _ => return Err("leaves the repository".into()),
            }
        }
        Ok(Some((path, anchor)))
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "is not UTF-8 where it is decoded")?;
    Ok(text.into_owned())
}

/// All Markdown pages below `root`, by path. Hidden directories and what builds leave behind are passed over.
///
/// # Errors
/// Where a directory or a page cannot be read, or a page is not UTF-8; the message names it.
pub fn pages(root: &Path) -> io::Result<Vec<Page>> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        let named = |path: &Path, e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
        for entry in fs::read_dir(root.join(&directory)).map_err(|e| named(&directory, e))? {
            let entry = entry?;
            let name = entry.file_name();
            let path = directory.join(&name);
            let kind = entry.file_type()?;
            if kind.is_dir()
                && !name.to_string_lossy().starts_with('.')
                && name != "target"
                && name != "node_modules"
            {
                waiting.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|e| e == "md") {
                let text = fs::read_to_string(root.join(&path)).map_err(|e| named(&path, e))?;
                found.push(page(path, &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The links and anchors of one page.
pub fn page(path: PathBuf, text: &str) -> Page {
    let mut links = Vec::new();
    let mut anchors = BTreeSet::new();
    let mut headings: BTreeMap<String, usize> = BTreeMap::new();
    let mut heading: Option<String> = None;
    let (mut line, mut counted) = (1, 0);
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    for (event, span) in Parser::new_ext(text, options).into_offset_iter() {
        // Events come nearly in order; one that begins earlier is a child of the last.
        if span.start > counted {
            line += text[counted..span.start].bytes().filter(|byte| *byte == b'\n').count();
            counted = span.start;
        }
        let mut add = |target: &str| links.push(Link { line, target: target.to_owned() });
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let name = slug(&heading.take().unwrap_or_default());
                let before = headings.entry(name.clone()).or_default();
                anchors.insert(if *before == 0 { name } else { format!("{name}-{before}") });
                *before += 1;
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => add(&dest_url),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::Html(markup) | Event::InlineHtml(markup) => {
                ["href", "src", "srcset"]
                    .iter()
                    .flat_map(|name| attributes(&markup, name))
                    .for_each(&mut add);
                anchors.extend(
                    ["id", "name"].iter().flat_map(|name| attributes(&markup, name)).map(str::to_owned),
                );
            }
            _ => {}
        }
    }
    Page { path, links, anchors }
}

/// The values of an attribute in a piece of HTML.
fn attributes<'m>(markup: &'m str, name: &str) -> Vec<&'m str> {
    let opening = format!(" {name}=\"");
    markup.split(opening.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// GitHub's name for a heading: lower case, without punctuation, with a hyphen for each space.
pub fn slug(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What is wrong with the links of `pages`, each with page, line and reason; empty where all lead somewhere.
pub fn faults(root: &Path, pages: &[Page]) -> Vec<String> {
    let by_path: BTreeMap<&Path, &Page> = pages.iter().map(|page| (page.path.as_path(), page)).collect();
    let mut faults = Vec::new();
    for page in pages {
        for link in &page.links {
            let reason = match link.resolve(&page.path) {
                Err(reason) => reason,
                Ok(None) => continue,
                Ok(Some((path, anchor))) => match (by_path.get(path.as_path()), anchor) {
                    _ if !root.join(&path).exists() => "leads to no file".into(),
                    (Some(page), Some(anchor)) if !page.anchors.contains(&anchor) => {
                        format!("leads to no heading; {} has {}", path.display(), listed(&page.anchors))
                    }
                    (None, Some(_)) => "has an anchor, and its file has no headings".into(),
                    _ => continue,
                },
            };
            faults.push(format!("{}:{}: {}: {reason}", page.path.display(), link.line, link.target));
        }
    }
    faults
}

fn listed(anchors: &BTreeSet<String>) -> String {
    anchors.iter().map(|anchor| format!("#{anchor}")).collect::<Vec<_>>().join(" ")
}

/// The pages below `directory` to which no chain of links leads from the page `start`.
pub fn unreached<'p>(pages: &'p [Page], start: &Path, directory: &Path) -> Vec<&'p Path> {
    let mut reached = BTreeSet::from([start.to_path_buf()]);
    let mut waiting = vec![start.to_path_buf()];
    while let Some(path) = waiting.pop() {
        for link in pages.iter().filter(|page| page.path == path).flat_map(|page| &page.links) {
            if let Ok(Some((next, _))) = link.resolve(&path)
                && reached.insert(next.clone())
            {
                waiting.push(next);
            }
        }
    }
    let all = pages.iter().map(|page| page.path.as_path());
    all.filter(|path| path.starts_with(directory) && !reached.contains(*path)).collect()
}

/// The files below the top level, other than pages, to which pages link.
pub fn linked_files(root: &Path, pages: &[Page]) -> BTreeSet<PathBuf> {
    let targets = pages.iter().flat_map(|page| page.links.iter().map(|link| link.resolve(&page.path)));
    let paths = targets.filter_map(|target| Some(target.ok()??.0));
    paths.filter(|path| path.extension().is_none_or(|e| e != "md") && root.join(path).is_file()).collect()
}
