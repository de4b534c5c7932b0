//! Every verb and option that a page of the project names is one of the command line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::{command, run};

/// What a page says: the words after `archive`, up to where the shell or the prose takes over.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    page: PathBuf,
    line: usize,
    words: Vec<String>,
}

/// All Markdown pages below `directory`.
fn pages(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                pages(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The commands in the code of a page: lines of blocks that begin with one, and spans that do.
fn named(page: &Path, text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    // The language of the block that the line is in.
    let mut block: Option<&str> = None;
    for (at, line) in text.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language) };
            continue;
        }
        let pieces: Vec<&str> = match block {
            // What is indented is output, or goes on from the line above.
            Some("sh" | "console" | "text") => {
                vec![line.trim_start_matches("$ ").trim_start_matches("target/release/")]
            }
            Some(_) => continue,
            None => line.split('`').skip(1).step_by(2).collect(),
        };
        for rest in pieces.iter().filter_map(|piece| piece.strip_prefix("archive ")) {
            let ends = |word: &&str| word.starts_with(['|', '>', '<', '#', '&', ';', '\\']);
            let is_value = |word: &&str| word.starts_with(['\'', '"', '…']);
            let words = rest.split_whitespace().take_while(|word| !ends(word)).filter(|word| !is_value(word));
            let words = words.map(str::to_owned).collect();
            found.push(Named { page: page.to_owned(), line: at + 1, words });
        }
    }
    found
}

/// The help texts of verbs, each asked for once.
#[derive(Default)]
struct Helps(BTreeMap<Vec<String>, String>);

impl Helps {
    fn of(&mut self, verb: &[String]) -> &str {
        let ask = || String::from_utf8(run(command([]).args(verb).arg("--help")).stdout).unwrap();
        self.0.entry(verb.to_vec()).or_insert_with(ask)
    }

    /// Whether `word` is a verb below `verb`; nothing where there is none below it.
    fn has_verb(&mut self, verb: &[String], word: &str) -> Option<bool> {
        let (_, list) = self.of(verb).split_once("\nCommands:\n")?;
        let list = list.split("\n\n").next().unwrap_or_default();
        let is_listed = list.lines().any(|line| line.split_whitespace().next() == Some(word));
        // A verb that programs alone use stands in no list.
        Some(is_listed || run(command([]).args(verb).args([word, "--help"])).status.success())
    }

    /// What is wrong with a command.
    fn fault(&mut self, words: &[String]) -> Option<String> {
        let (mut verb, mut options) = (Vec::new(), Vec::new());
        for word in words {
            if let Some(name) = word.strip_prefix("--") {
                options.push(name.split(['=', ',', ')', ']']).next().unwrap_or_default().to_owned());
            } else if options.is_empty() && !word.starts_with('-') {
                match self.has_verb(&verb, word.trim_end_matches([',', '.', ')'])) {
                    Some(true) => verb.push(word.trim_end_matches([',', '.', ')']).to_owned()),
                    Some(false) => return Some(format!("`archive {}` has no verb {word}", verb.join(" "))),
                    None => {}
                }
            }
        }
        let help = self.of(&verb);
        let unknown =
            options.iter().find(|o| !help.split_whitespace().any(|word| word == format!("--{o}")))?;
        Some(format!("`archive {}` has no option --{unknown}", verb.join(" ")))
    }
}

#[test]
fn every_verb_and_option_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    pages(root, &mut found);
    let mut helps = Helps::default();
    let mut faults = Vec::new();
    let mut count = 0;
    for page in found {
        for command in named(page.strip_prefix(root).unwrap(), &fs::read_to_string(&page).unwrap()) {
            count += 1;
            if let Some(fault) = helps.fault(&command.words) {
                faults.push(format!("{}:{}: {fault}", command.page.display(), command.line));
            }
        }
    }
    assert!(faults.is_empty(), "of {count} commands:\n{}", faults.join("\n"));
    assert!(
        count > 100,
        "only {count} commands were found: the pages are written otherwise than they are read"
    );
}

#[test]
fn commands_are_found_in_code_and_what_is_wrong_with_them_is_named() {
    let page = "`archive demo` and `archive-core`\n```sh\n$ archive file a.json | head   # archive\n  x archive\n  archive number 1\n```\narchive is a word";
    let words: Vec<Vec<String>> = named(Path::new("a.md"), page).into_iter().map(|n| n.words).collect();
    assert_eq!(words, [vec!["demo"], vec!["file", "a.json"]]);
    let mut helps = Helps::default();
    let mut check = |words: &str, expected: Option<&str>| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        assert_eq!(helps.fault(&words).as_deref(), expected, "{words:?}");
    };
    check("loan lend NUMBER --key loan-1", None);
    check("lend NUMBER", Some("`archive ` has no verb lend"));
    check("loan borrow", Some("`archive loan` has no verb borrow"));
    check("loan lend NUMBER --to li", Some("`archive loan lend` has no option --to"));
    check("file a.json --json,", None);
}
