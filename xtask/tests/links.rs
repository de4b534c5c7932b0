//! Every link in the project's pages leads somewhere, and every guide is found from the list of guides.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::links::{Page, faults, linked_files, page, pages, slug, unreached};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let pages = pages(Path::new(ROOT)).expect("the pages are readable");
    assert!(pages.iter().any(|page| page.path == Path::new("README.md")), "{} pages", pages.len());
    let faults = faults(Path::new(ROOT), &pages);
    assert!(faults.is_empty(), "dead links:\n{}", faults.join("\n"));
}

#[test]
fn every_guide_is_reached_from_the_list_of_guides() {
    let pages = pages(Path::new(ROOT)).expect("the pages are readable");
    let lost = unreached(&pages, Path::new("docs/README.md"), Path::new("docs"));
    assert!(lost.is_empty(), "no link leads to {lost:?} from docs/README.md");
}

/// A folder of pages made for a test.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a scratch directory");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn checked(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let pages = pages(folder.path()).expect("the pages are readable");
    faults(folder.path(), &pages)
}

#[test]
fn each_kind_of_dead_link_is_named_with_page_and_line() {
    let check = |text: &str, expected: &[&str]| {
        let files = [("docs/a.md", text), ("docs/b.md", "# One\n# One\n## 齐全性、与"), ("data.toml", "")];
        assert_eq!(checked(&files), expected, "{text}");
    };
    check("[b](b.md) [c](../data.toml) [d](https://example.org/x) <mailto:a@example.org>", &[]);
    check(
        "[b](b.md#one) [b](b.md#one-1) [b](b.md#齐全性与) [b](b.md#%E9%BD%90%E5%85%A8%E6%80%A7%E4%B8%8E)",
        &[],
    );
    check("x\n\n[b](gone.md)", &["docs/a.md:3: gone.md: leads to no file"]);
    check("![b](gone.svg)", &["docs/a.md:1: gone.svg: leads to no file"]);
    check(
        "[b](b.md#two)",
        &["docs/a.md:1: b.md#two: leads to no heading; docs/b.md has #one #one-1 #齐全性与"],
    );
    check("[b](#here)", &["docs/a.md:1: #here: leads to no heading; docs/a.md has "]);
    check("[b](../../etc/passwd)", &["docs/a.md:1: ../../etc/passwd: leaves the repository"]);
    check("[b](/docs/b.md)", &["docs/a.md:1: /docs/b.md: begins at the root; write it relative to the page"]);
    check("[b](%ff.md)", &["docs/a.md:1: %ff.md: is not UTF-8 where it is decoded"]);
    check(
        "[b](../data.toml#x)",
        &["docs/a.md:1: ../data.toml#x: has an anchor, and its file has no headings"],
    );
    check("| a |\n|---|\n| [b][x] |\n\n[x]: gone.md", &["docs/a.md:3: gone.md: leads to no file"]);
    check("<img alt=\"\" src=\"gone.png\">", &["docs/a.md:1: gone.png: leads to no file"]);
}

#[test]
fn what_is_code_is_no_link() {
    let text =
        "```sh\n[a](gone.md)\n```\n- x\n  ~~~\n  [a](gone.md)\n  ~~~\n\n`[a](gone.md)`\n\n    [a](gone.md)\n";
    assert_eq!(checked(&[("a.md", text)]), [""; 0]);
    // A fence that nobody closes hides what follows, as it does for a reader.
    assert_eq!(checked(&[("a.md", "````\n```\n[a](gone.md)")]), [""; 0]);
}

#[test]
fn anchors_are_called_as_github_calls_them() {
    let check = |heading: &str, expected: &str| assert_eq!(slug(heading), expected);
    check("What is not there yet", "what-is-not-there-yet");
    check("Errors, threads, Ctrl-C", "errors-threads-ctrl-c");
    check("Four natures (四性检测)", "four-natures-四性检测");
    check("`archive-core` & co.", "archive-core--co");
    check("", "");
    let page = page(PathBuf::from("a.md"), "# `a` [b](c.md)\n\nD\n---\n<a name=\"e\"></a>\n");
    assert_eq!(page.anchors, BTreeSet::from(["a-b", "d", "e"].map(str::to_owned)));
}

#[test]
fn pages_that_no_link_leads_to_are_found() {
    let text = [
        ("docs/README.md", "[a](a.md)"),
        ("docs/a.md", "[b](b/c.md)"),
        ("docs/b/c.md", ""),
        ("docs/d.md", ""),
    ];
    let pages: Vec<Page> = text.iter().map(|(path, text)| page(path.into(), text)).collect();
    assert_eq!(unreached(&pages, Path::new("docs/README.md"), Path::new("docs")), [Path::new("docs/d.md")]);
}

#[test]
fn build_output_is_passed_over_and_unreadable_pages_are_named() {
    let dead = "[a](gone.md)";
    assert_eq!(
        checked(&[
            ("target/a.md", dead),
            ("a/node_modules/b.md", dead),
            (".git/a.md", dead),
            ("a.txt", dead)
        ]),
        [""; 0]
    );
    let folder = folder(&[("a.md", "[b](b.svg)"), ("b.svg", "<svg/>")]);
    let found = pages(folder.path()).expect("the pages are readable");
    assert_eq!(linked_files(folder.path(), &found), BTreeSet::from([PathBuf::from("b.svg")]));
    fs::write(folder.path().join("b.md"), b"\xff\xfe").expect("a file");
    let error = pages(folder.path()).expect_err("the page is not UTF-8");
    assert!(error.to_string().starts_with("b.md: "), "{error}");
}
