use super::*;

fn line(reference: &str) -> Line {
    Line {
        reference: reference.into(),
        responsible: "杭州<永泰>&公司".into(),
        title: "[低压新装档案 \"1\"]".into(),
        date: NaiveDate::from_ymd_opt(2024, 5, 1),
        secrecy: String::new(),
        note: "𠮷家".into(),
        files: Vec::new(),
    }
}

fn write(path: &Path, encoding: Encoding, suite: Suite) {
    let mut medium = MediumWriter::begin(path, encoding, suite).unwrap();
    let files = [("001_合同.jpg".to_owned(), b"scan".to_vec()), ("002_录音.wav".to_owned(), Vec::new())];
    medium.add("2024-KH", line("Z109-KH·2024-D30-YX01-0001"), &files).unwrap();
    medium.add_other("catalogue.json", b"{}").unwrap();
    medium.finish("移交单位：Z109").unwrap();
}

#[test]
fn a_medium_reads_back_in_both_encodings_and_suites() {
    for (encoding, suite) in [(Encoding::Utf8, Suite::Sha256), (Encoding::Gb18030, Suite::Sm3)] {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("medium");
        write(&path, encoding, suite);
        let lines = read(&path).unwrap();
        assert_eq!(lines.len(), 2);
        let mut first = lines[0].clone();
        assert_eq!(first.files[0].path, "电子档案/2024-KH/Z109-KH·2024-D30-YX01-0001/001_合同.jpg");
        assert_eq!(first.files[1].length, 0);
        first.files.clear();
        assert_eq!(first, line("Z109-KH·2024-D30-YX01-0001"));
        let bytes = fs::read(path.join(DESCRIPTION)).unwrap();
        let utf8 = std::str::from_utf8(&bytes).is_ok();
        assert_eq!(utf8, encoding == Encoding::Utf8);
    }
}

#[track_caller]
fn check_refused(damage: impl Fn(&Path), words: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("medium");
    write(&path, Encoding::Utf8, Suite::Sha256);
    // As another program would write it, without a seal: the list is then read as far as it goes.
    fs::write(path.join(DESCRIPTION), "移交单位：某局\r\n").unwrap();
    damage(&path);
    let error = read(&path).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
}

fn replace(path: &Path, from: &str, to: &str) {
    let list = path.join(DIRECTORY);
    let text = fs::read_to_string(&list).unwrap();
    assert!(text.contains(from));
    fs::write(&list, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_damaged_or_hostile_medium_is_refused_as_a_whole() {
    let scan = "电子档案/2024-KH/Z109-KH·2024-D30-YX01-0001/001_合同.jpg";
    check_refused(|p| fs::remove_file(p.join(DESCRIPTION)).unwrap(), "has no 说明文件.TXT");
    // One flipped bit.
    check_refused(|p| fs::write(p.join(scan), b"scao").unwrap(), "where the list says sha256:");
    check_refused(|p| fs::write(p.join(scan), b"sca").unwrap(), "has 3 bytes where the list says 4");
    check_refused(|p| fs::remove_file(p.join(scan)).unwrap(), "is listed and not there");
    check_refused(|p| fs::write(p.join(OTHERS).join("virus.exe"), b"x").unwrap(), "is a stray file");
    check_refused(|p| replace(p, scan, "../../etc/passwd"), "leaves the package");
    check_refused(|p| replace(p, scan, "/etc/passwd"), "leaves the package");
    check_refused(|p| replace(p, "20240501", "2024-05-01"), "not 8 digits");
    check_refused(|p| replace(p, "</文件目录>", ""), "ends in the middle");
    check_refused(
        |p| replace(p, "<文件目录>", "<!DOCTYPE x [<!ENTITY a \"b\">]><文件目录>"),
        "document type",
    );
    check_refused(|p| replace(p, "[低压新装", "&lol;"), "which is not known");
    check_refused(|p| replace(p, "摘要=\"sha256:", "摘要=\"md5:"), "neither sha256 nor sm3");
    check_refused(|p| fs::write(p.join(DIRECTORY), b"\xff\xfe\x00").unwrap(), "文件目录.XML");
    check_refused(
        |p| {
            fs::remove_file(p.join(scan)).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", p.join(scan)).unwrap();
        },
        "a link may lead out",
    );
}

#[test]
fn names_that_fall_together_are_not_written() {
    let scratch = tempfile::tempdir().unwrap();
    let mut medium = MediumWriter::begin(&scratch.path().join("m"), Encoding::Utf8, Suite::Sha256).unwrap();
    let files = [("ä.jpg".to_owned(), vec![1]), ("a\u{308}.jpg".to_owned(), vec![2])];
    assert_eq!(medium.add("2024-KH", line("R"), &files).unwrap_err().kind(), ErrorKind::Conflict);
    drop(medium);
    assert!(fs::read_dir(scratch.path()).unwrap().next().is_none(), "nothing is left");
}
