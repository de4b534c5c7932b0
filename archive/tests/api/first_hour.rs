//! The page on the first hour is what its commands print.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::scene::{models_are_there, run};

const PAGE: &str = include_str!("../../../docs/first-hour.md");

/// The texts of the page's blocks in `language`, one after the other.
fn blocks(language: &str) -> String {
    let opening = format!("```{language}\n");
    let blocks = PAGE.split(opening.as_str()).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect::<String>()
}

/// A line without what another day, or another machine's arithmetic, prints otherwise.
fn masked(line: &str) -> String {
    let changes = ["nats", "confidence", "is out since", ", due ", "inventory-"];
    if !changes.iter().any(|word| line.contains(word)) {
        return line.to_owned();
    }
    let mut out = String::new();
    for c in line.chars() {
        match c.is_ascii_digit() {
            true if out.ends_with('0') => {}
            true => out.push('0'),
            false => out.push(c),
        }
    }
    out
}

#[test]
fn the_first_hour_prints_what_its_page_shows() {
    if !models_are_there("the_first_hour_prints_what_its_page_shows") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let programs = scratch.path().join("programs");
    fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_archive"), programs.join("archive")).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples");
    std::os::unix::fs::symlink(samples, scratch.path().join("samples")).unwrap();
    fs::write(scratch.path().join("request.json"), blocks("json")).unwrap();

    let shown = blocks("console");
    let script: String = shown
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .fold(String::from("exec 2>&1\n"), |script, line| script + line + "\n");
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(scratch.path()).env("PATH", path).stdin(Stdio::null());
    let printed = String::from_utf8(run(&mut shell).stdout).unwrap();

    let known: Vec<String> = printed.lines().map(masked).collect();
    let lines = shown.lines().filter(|line| !line.starts_with("$ ") && line.trim() != "…");
    let missing: Vec<&str> = lines.filter(|line| !known.contains(&masked(line))).collect();
    assert!(missing.is_empty(), "the page shows what is not printed:\n{}\nof\n{printed}", missing.join("\n"));
    assert!(known.len() > 60, "{printed}");
}
