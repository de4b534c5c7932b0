//! The layers hold: no library crate depends on a sibling, and the map names every crate.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// The crates that may depend on `archive-core` alone.
const LIBRARIES: [&str; 5] =
    ["archive-numbering", "archive-ocr", "archive-reconcile", "archive-shelving", "archive-store"];

fn members() -> Vec<Package> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs");
    metadata.packages
}

/// Dependencies of `package` within the workspace, those of tests left out.
fn siblings(package: &Package, members: &BTreeSet<String>) -> BTreeSet<String> {
    let kinds = |kind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
    let within = package.dependencies.iter().filter(|d| kinds(d.kind) && members.contains(&d.name));
    within.map(|d| d.name.clone()).collect()
}

#[test]
fn no_library_crate_depends_on_a_sibling() {
    let packages = members();
    let names: BTreeSet<String> = packages.iter().map(|p| p.name.to_string()).collect();
    for package in &packages {
        let found = siblings(package, &names);
        let core = BTreeSet::from(["archive-core".to_owned()]);
        match package.name.as_str() {
            "archive-core" => assert!(found.is_empty(), "archive-core depends on {found:?}"),
            name if LIBRARIES.contains(&name) => assert_eq!(found, core, "{name}"),
            // The facade joins the library crates; what stands outside wraps it.
            "archive" => assert!(LIBRARIES.iter().all(|l| found.contains(*l)), "archive joins {found:?}"),
            _ => assert!(!found.contains("xtask"), "{} depends on xtask", package.name),
        }
    }
    assert!(LIBRARIES.iter().all(|l| names.contains(*l)), "a library crate is gone: {names:?}");
}

#[test]
fn nothing_depends_on_the_outside() {
    let packages = members();
    let outside: BTreeSet<String> =
        ["archive-c", "archive-python", "archive-benches", "xtask"].map(str::to_owned).into();
    for package in &packages {
        let found = siblings(package, &outside);
        assert!(found.is_empty(), "{} depends on {found:?}", package.name);
    }
}

/// The directory of each member, relative to the top level.
fn directories() -> BTreeSet<String> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs");
    let root = metadata.workspace_root.clone();
    let directory = |p: &Package| {
        let parent = p.manifest_path.parent().expect("a manifest lies in a directory");
        parent.strip_prefix(&root).expect("members lie under the top level").to_string()
    };
    metadata.packages.iter().map(directory).collect()
}

#[test]
fn the_map_names_exactly_the_workspace_members() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
    let map = std::fs::read_to_string(path).expect("ARCHITECTURE.md is there");
    // Rows of the table of rooms begin with the directory in backquotes.
    let named: BTreeSet<String> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("/`").map(|(name, _)| name.to_owned()))
        .collect();
    assert_eq!(named, directories());
}

#[test]
fn what_the_map_says_to_read_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    // Paths stand in backquotes and begin at the top, at a member or at a member's sources.
    let members = directories();
    let beginnings = members.iter().flat_map(|member| [member.clone(), format!("{member}/src")]);
    let places: Vec<_> = beginnings.chain([String::new()]).map(|place| root.join(place)).collect();
    let spans = map.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths = spans.filter(|span| span.contains('/') && !span.contains([' ', '*', ':']));
    let missing: Vec<&str> =
        paths.filter(|path| !places.iter().any(|place| place.join(path).exists())).collect();
    assert!(missing.is_empty(), "the map names what is not there: {missing:?}");
}

#[test]
fn every_crate_has_its_front_page() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for directory in directories() {
        let readme = format!("{root}/{directory}/README.md");
        let text = std::fs::read_to_string(&readme).unwrap_or_else(|e| panic!("{readme}: {e}"));
        assert!(text.contains("```"), "{readme} shows no example");
    }
}
