//! The builds, tests and measurements that pages name are there: packages, targets, features, scripts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand, TargetKind};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use xtask::links::pages;

/// The commands in the code of a page that begin with one of `programs`, as words without what the shell adds.
fn commands(text: &str, programs: &[&str]) -> Vec<Vec<String>> {
    let (mut code, mut is_shell) = (Vec::new(), None);
    for event in Parser::new_ext(text, pulldown_cmark::Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                is_shell = Some(["sh", "console", "text"].contains(&language.as_ref()));
            }
            Event::End(TagEnd::CodeBlock) => is_shell = None,
            Event::Text(lines) if is_shell == Some(true) => code.extend(lines.lines().map(str::to_owned)),
            Event::Code(span) => code.push(span.replace('\n', " ")),
            _ => {}
        }
    }
    let words = |line: &String| {
        let words = line.split_whitespace().take_while(|word| !word.starts_with(['#', '>', '|', ';', '`']));
        // Variables of the environment come first.
        let words = words
            .skip_while(|word| *word == "$" || word.split_once('=').is_some_and(|(name, _)| shouts(name)));
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let all = code.iter().map(words);
    all.filter(|words| words.first().is_some_and(|first| programs.contains(&first.as_str()))).collect()
}

fn shouts(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// What is wrong with a command of cargo.
fn cargo_fault(words: &[String], metadata: &Metadata) -> Option<String> {
    let verb = words.get(1).map(String::as_str).unwrap_or_default();
    if !["bench", "build", "run", "test"].contains(&verb) {
        return None;
    }
    let before: Vec<&str> = words.iter().map(String::as_str).take_while(|word| *word != "--").collect();
    let after =
        |name: &str| before.windows(2).filter(|pair| pair[0] == name).map(|pair| pair[1]).collect::<Vec<_>>();
    let mut packages: Vec<_> = metadata.workspace_packages();
    for name in after("-p").into_iter().filter(|name| !shouts(name)) {
        packages.retain(|package| package.name.as_str() == name);
        if packages.is_empty() {
            return Some(format!("there is no package {name}"));
        }
    }
    let kinds =
        [("--bench", TargetKind::Bench), ("--example", TargetKind::Example), ("--test", TargetKind::Test)];
    for (option, kind) in kinds {
        for name in after(option) {
            let targets = packages.iter().flat_map(|package| &package.targets);
            if !targets.filter(|target| target.kind.contains(&kind)).any(|target| target.name == name) {
                return Some(format!("there is no target {option} {name}"));
            }
        }
    }
    let features: BTreeSet<&str> =
        packages.iter().flat_map(|p| p.features.keys().map(String::as_str)).collect();
    let unknown = after("--features").into_iter().find(|feature| !features.contains(feature))?;
    Some(format!("there is no feature {unknown}"))
}

fn xtask_fault(words: &[String], usage: &str) -> Option<String> {
    let verb = words.get(2).filter(|_| words.get(1).is_some_and(|word| word == "xtask"))?;
    let known = usage.lines().any(|line| line.split_whitespace().next() == Some(verb));
    (!known).then(|| format!("xtask has no command {verb}"))
}

#[test]
fn what_pages_build_run_and_measure_is_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs");
    let usage = fs::read_to_string(root.join("xtask/src/main.rs")).expect("the usage is readable");
    let (mut faults, mut count) = (Vec::new(), 0);
    for page in pages(root).expect("the pages are readable") {
        let text = fs::read_to_string(root.join(&page.path)).expect("the page is readable");
        for words in commands(&text, &["cargo", "python3"]) {
            count += 1;
            let fault = match words[0].as_str() {
                "cargo" => cargo_fault(&words, &metadata).or_else(|| xtask_fault(&words, &usage)),
                // What lies outside of the repository, or is a module, is somebody else's.
                _ => words
                    .get(1)
                    .filter(|path| path.ends_with(".py") && !path.starts_with("../"))
                    .and_then(|path| (!root.join(path).is_file()).then(|| format!("there is no {path}"))),
            };
            faults
                .extend(fault.map(|fault| format!("{}: {}: {fault}", page.path.display(), words.join(" "))));
        }
    }
    assert!(faults.is_empty(), "of {count} commands:\n{}", faults.join("\n"));
    assert!(count > 60, "only {count} commands were found: pages are written otherwise than they are read");
}

#[test]
fn commands_that_nothing_answers_are_named() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs");
    let page = "`A_B=1 cargo test -p nobody`\n\n`cargo bench`\n```sh\n$ cargo run --release   # x\n```\n```rust\ncargo x\n```";
    let found = commands(page, &["cargo"]);
    assert_eq!(
        found.iter().map(|words| words.join(" ")).collect::<Vec<_>>(),
        ["cargo test -p nobody", "cargo bench", "cargo run --release"]
    );
    let check = |line: &str, expected: Option<&str>| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let fault = cargo_fault(&words, &metadata).or_else(|| xtask_fault(&words, "  test  \n  lint  "));
        assert_eq!(fault.as_deref(), expected, "{line}");
    };
    check("cargo test -p xtask --test links every_link -- --nocapture", None);
    check("cargo test -p CRATE NAME", None);
    check("cargo test -p nobody", Some("there is no package nobody"));
    check("cargo test -p xtask --test nothing", Some("there is no target --test nothing"));
    check("cargo bench -p xtask --bench links", Some("there is no target --bench links"));
    check("cargo build -p archive --features postgres", None);
    check("cargo build -p archive --features oracle", Some("there is no feature oracle"));
    check("cargo xtask lint", None);
    check("cargo xtask deploy", Some("xtask has no command deploy"));
}
