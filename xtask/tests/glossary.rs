//! The glossary has each term once, and the names it gives are names of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Every word of the crates' sources, and of the data files that stand beside them.
fn words(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).expect("a directory of the repository").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules", "docs", "xtask"].contains(&name.as_str())
            {
                words(&path, found);
            }
        } else if name.ends_with(".rs") || name.ends_with(".toml") {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let all = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            found.extend(all.map(str::to_owned));
        }
    }
}

/// What is wrong with a glossary, given the words of the code.
fn faults(glossary: &str, code: &BTreeSet<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for row in glossary.lines().filter_map(|line| line.strip_prefix("| ")).skip(1) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [term, english, names, ..] = cells[..] else {
            faults.push(format!("{row}: has no three columns"));
            continue;
        };
        if !seen.insert(term) {
            faults.push(format!("{term}: stands twice"));
        }
        if english.is_empty() {
            faults.push(format!("{term}: has no English"));
        }
        let spans = names.split('`').skip(1).step_by(2);
        let parts = spans.flat_map(|span| span.split(|c: char| !c.is_alphanumeric() && c != '_'));
        let unknown = parts.filter(|part| !part.is_empty() && !code.contains(*part));
        faults.extend(unknown.map(|part| format!("{term}: {part} is no name of the code")));
    }
    faults
}

#[test]
fn each_term_stands_once_and_its_names_are_those_of_the_code() {
    let mut code = BTreeSet::new();
    words(Path::new(ROOT), &mut code);
    let glossary = fs::read_to_string(format!("{ROOT}/docs/glossary.md")).expect("the glossary is there");
    let faults = faults(&glossary, &code);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(glossary.lines().filter(|line| line.starts_with("| ")).count() > 80);
}

#[test]
fn what_is_wrong_with_a_glossary_is_named() {
    let code = BTreeSet::from(["policy", "Process"].map(str::to_owned));
    let glossary = "| Chinese | English | code |\n|---|---|---|\n| 业务 | process | `policy::Process` |\n| 业务 | process | `Gone`, text |\n| 盒 | | |\n| 架 |";
    assert_eq!(
        faults(glossary, &code),
        [
            "业务: stands twice",
            "业务: Gone is no name of the code",
            "盒: has no English",
            "架 |: has no three columns"
        ]
    );
}
