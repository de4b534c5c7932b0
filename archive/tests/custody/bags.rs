//! Bags of every kind: each case of the idea behind the Library of Congress' conformance suite, made here.

use std::path::Path;

use archive::transfer::bagit::{BagReport, validate};
use sha2::{Digest as _, Sha256};

/// A bag as text: its version, its tag files, and what its manifest says.
struct Case {
    directory: tempfile::TempDir,
    version: &'static str,
    encoding: &'static str,
    manifest: Vec<(String, String)>,
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect()
}

impl Case {
    fn new(version: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("data")).unwrap();
        let mut case = Self { directory, version, encoding: "UTF-8", manifest: Vec::new() };
        case.payload("data/hello.txt", b"hello");
        case
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn payload(&mut self, name: &str, content: &[u8]) {
        self.write(name, content);
        self.manifest.push((sha256(content), name.to_owned()));
    }

    fn listed(&mut self, digest: &str, name: &str) {
        self.manifest.push((digest.to_owned(), name.to_owned()));
    }

    fn manifest_text(&self) -> String {
        self.manifest.iter().map(|(digest, name)| format!("{digest}  {name}\n")).collect()
    }

    fn finish(self) -> (Self, BagReport) {
        if !self.path().join("bagit.txt").exists() {
            let text =
                format!("BagIt-Version: {}\nTag-File-Character-Encoding: {}\n", self.version, self.encoding);
            self.write("bagit.txt", text);
        }
        if !self.path().join("manifest-sha256.txt").exists() {
            self.write("manifest-sha256.txt", self.manifest_text());
        }
        let report = validate(self.path()).unwrap();
        (self, report)
    }
}

#[track_caller]
fn check_valid(case: Case, warning: Option<&str>) {
    let (_case, report) = case.finish();
    assert!(report.is_valid(), "{:?}", report.faults);
    match warning {
        None => assert!(report.warnings.is_empty(), "{:?}", report.warnings),
        Some(words) => {
            assert!(report.warnings.iter().any(|w| w.to_string().contains(words)), "{:?}", report.warnings)
        }
    }
}

#[track_caller]
fn check_invalid(case: Case, words: &str) {
    let (_case, report) = case.finish();
    assert!(report.faults.iter().any(|f| f.to_string().contains(words)), "{:?}", report.faults);
}

fn with(version: &'static str, change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case::new(version);
    change(&mut case);
    case
}

#[test]
fn sound_bags_of_every_version_are_valid() {
    for version in ["0.93", "0.94", "0.95", "0.96", "0.97", "1.0"] {
        check_valid(Case::new(version), None);
    }
    check_valid(with("0.97", |c| c.payload("data/a b.txt", b"x")), None);
    check_valid(with("0.97", |c| c.payload("data/%7Ea.txt", b"x")), None);
    check_valid(with("0.97", |c| c.payload("data/bag/bagit.txt", b"x")), None);
    check_valid(with("0.97", |c| c.write("bag-info.txt", "A: 1\n  2\nA : 3\nPayload-Oxum: 5.1\n")), None);
    check_valid(with("0.97", |c| c.write("fetch.txt", "http://x/ - data/hello.txt\r\n")), None);
    check_valid(
        with("0.97", |c| {
            c.encoding = "ISO-8859-1";
            c.write("bag-info.txt", b"Name: J\xe4rvi\n");
        }),
        None,
    );
    check_valid(
        with("0.97", |c| {
            c.encoding = "UTF-16";
            let text: Vec<u8> = c.manifest_text().encode_utf16().flat_map(u16::to_le_bytes).collect();
            c.write("manifest-sha256.txt", [b"\xff\xfe".as_slice(), &text].concat());
        }),
        None,
    );
    // Version 1.0 encodes a percent sign.
    check_valid(
        with("1.0", |c| {
            c.write("data/100%.txt", b"x");
            c.listed(&sha256(b"x"), "data/100%25.txt");
        }),
        None,
    );
}

#[test]
fn suspicious_bags_are_valid_with_a_warning() {
    let twice = |c: &mut Case| c.listed(&sha256(b"hello"), "data/hello.txt");
    check_valid(with("0.97", twice), Some("twice"));
    check_valid(with("0.97", |c| c.manifest[0].1 = "./data/hello.txt".into()), Some("begins with"));
    check_valid(with("0.97", |c| c.manifest[0].1 = "*data/hello.txt".into()), Some("md5sum"));
    check_valid(with("0.97", |c| c.payload("data/HELLO.txt", b"x")), Some("falls together"));
    let other_letters = |c: &mut Case| c.listed(&sha256(b"hello"), "data/HELLO.txt");
    check_valid(with("0.97", other_letters), Some("in other letters"));
    check_valid(with("0.97", |c| c.payload("data/Thumbs.db", b"x")), Some("operating system"));
    check_valid(with("0.97", |c| c.listed(&sha256(b"x"), "data/.DS_Store")), Some("took it away"));
    check_valid(
        with("0.97", |c| {
            c.write("data/ä.txt", b"x");
            c.listed(&sha256(b"x"), "data/a\u{308}.txt");
        }),
        Some("another Unicode form"),
    );
}

#[test]
fn broken_bags_are_invalid() {
    check_invalid(with("0.97", |c| c.write("data/hello.txt", "hellO")), "where its manifest says");
    check_invalid(with("0.97", |c| c.write("data/extra.txt", "x")), "is in no manifest");
    check_invalid(with("0.97", |c| c.listed(&sha256(b"x"), "data/gone.txt")), "is listed and not there");
    check_invalid(with("0.97", |c| c.listed("deadbeef", "data/hello.txt")), "with different digests");
    check_invalid(with("1.0", |c| c.listed(&sha256(b"hello"), "data/hello.txt")), "twice");
    check_invalid(with("0.97", |c| c.write("bagit.txt", "BagIt-Version: 0.97\n")), "does not say");
    check_invalid(
        with("0.97", |c| c.write("bagit.txt", b"\xef\xbb\xbfBagIt-Version: 0.97\n")),
        "byte order mark",
    );
    check_invalid(Case::new(".97"), "no number like 1.0");
    check_invalid(
        with("1.0", |c| c.write("bagit.txt", "BagIt-Version:  1.0\nTag-File-Character-Encoding: UTF-8\n")),
        "white space",
    );
    check_invalid(with("0.97", |c| c.encoding = "KLINGON"), "not known");
    check_invalid(
        with("0.97", |c| c.write("tagmanifest-md5.txt", "00  bagit.txt\n")),
        "where its manifest says",
    );
    check_invalid(
        with("0.97", |c| c.write("tagmanifest-md5.txt", "00  bag-info.txt\n")),
        "is listed and not there",
    );
    check_invalid(with("1.0", |c| c.write("manifest-md5.txt", "")), "is not in every manifest");
    check_invalid(with("0.97", |c| c.write("manifest-crc32.txt", "")), "not known here");
    check_invalid(with("0.97", |c| c.write("bag-info.txt", "Payload-Oxum: 6.1\n")), "Payload-Oxum");
    check_invalid(with("0.97", |c| c.write("fetch.txt", "http://x/ - data/later.txt\n")), "not there yet");
    check_invalid(with("0.97", |c| c.write("manifest-sha256.txt", "garbage\n")), "no digest and path");
    let (case, _) = Case::new("0.97").finish();
    std::fs::remove_file(case.path().join("bagit.txt")).unwrap();
    assert!(validate(case.path()).unwrap().faults[0].to_string().contains("bagit.txt: is missing"));
    assert!(validate(&case.path().join("none")).is_err());
}

#[test]
fn paths_that_leave_the_bag_and_links_are_invalid() {
    let outside = [
        "../outside.txt",
        "data/../../outside.txt",
        "/etc/passwd",
        "~/outside.txt",
        "~root/outside.txt",
        "C:\\outside.txt",
        "\\\\server\\share\\outside.txt",
        "\\.\\./outside.txt",
    ];
    for path in outside {
        check_invalid(with("0.97", |c| c.listed("00", path)), "leaves the bag");
        check_invalid(
            with("0.97", |c| c.write("fetch.txt", format!("http://x/ - {path}\n"))),
            "leaves the bag",
        );
    }
    let case = with("0.97", |c| c.listed(&sha256(b""), "data/link"));
    std::os::unix::fs::symlink("/etc/passwd", case.path().join("data/link")).unwrap();
    check_invalid(case, "is a link");
}

/// The suite itself, where somebody has it: `ARCHIVE_BAGIT_SUITE=path/to/bagit-conformance-suite`.
#[test]
fn every_case_of_the_conformance_suite_is_answered_rightly() {
    let Some(suite) = std::env::var_os("ARCHIVE_BAGIT_SUITE") else {
        eprintln!("SKIPPED: set ARCHIVE_BAGIT_SUITE to a copy of LibraryOfCongress/bagit-conformance-suite");
        return;
    };
    let mut counted = 0;
    for version in std::fs::read_dir(suite).unwrap().flatten() {
        for (group, valid) in [
            ("valid", true),
            ("warning", true),
            ("invalid", false),
            ("linux-only", false),
            ("windows-only", false),
        ] {
            let Ok(cases) = std::fs::read_dir(version.path().join(group)) else { continue };
            for case in cases.flatten().filter(|c| c.path().is_dir()) {
                let report = validate(&case.path()).unwrap();
                assert_eq!(report.is_valid(), valid, "{}: {report:?}", case.path().display());
                assert!(group != "warning" || !report.warnings.is_empty(), "{}", case.path().display());
                counted += 1;
            }
        }
    }
    assert!(counted >= 50, "only {counted} cases: is that the suite?");
}
