//! Folders of pages: a journal that survives a kill, PDF files by a process that may die of them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use archive::ErrorKind;
use archive_ocr::pdf::PdfRenderer;
use archive_ocr::{Error, PageFiles, PageImage};

use crate::scene::{Scene, command, models_are_there, run, text};

fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn a_killed_run_goes_on_without_reading_a_page_twice() {
    if !models_are_there("a_killed_run_goes_on_without_reading_a_page_twice") {
        return;
    }
    let scene = Scene::new();
    let page = scene.request("r-1").documents.remove(0).path;
    let folder = scene.path("backlog");
    std::fs::create_dir(&folder).unwrap();
    for number in 0..3 {
        std::fs::copy(&page, folder.join(format!("{number}.jpg"))).unwrap();
    }
    std::fs::write(folder.join("broken.jpg"), b"no image").unwrap();
    let journal = scene.path("read.jsonl");
    let begin = || command(["read", text(&folder), "--journal", text(&journal)]);
    // Killed once there is a page, so that both a part and a rest remain.
    let mut child = begin().spawn().unwrap();
    while lines_whole(&journal) < 1 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    child.wait().unwrap();
    let before = std::fs::read_to_string(&journal).unwrap();
    let kept = before.rfind('\n').map_or(0, |end| end + 1);
    let output = run(&mut begin());
    assert_eq!(output.status.code(), Some(3), "the broken file is reported: {output:?}");
    let after = std::fs::read_to_string(&journal).unwrap();
    assert_eq!(after[..kept], before[..kept], "what was read stays as it is");
    let found = lines(&journal);
    let paths: BTreeSet<&str> = found.iter().filter_map(|l| l["path"].as_str()).collect();
    assert_eq!((found.len(), paths.len()), (4, 4), "each page once");
    assert_eq!(found.iter().filter(|l| l["error"].is_string()).count(), 1);
    // Nothing is left to do.
    let output = run(&mut begin());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), after);
}

fn lines_whole(path: &Path) -> usize {
    std::fs::read(path).map_or(0, |bytes| bytes.iter().filter(|b| **b == b'\n').count())
}

/// A PDF of objects without a table of where they lie, which readers rebuild.
struct Pdf(Vec<u8>);

impl Pdf {
    fn new() -> Self {
        Self(b"%PDF-1.4\n".to_vec())
    }

    fn object(mut self, number: usize, body: &str) -> Self {
        writeln!(self.0, "{number} 0 obj{body}endobj").unwrap();
        self
    }

    fn stream(mut self, number: usize, entries: &str, data: &[u8]) -> Self {
        writeln!(self.0, "{number} 0 obj<<{entries}/Length {}>>stream", data.len()).unwrap();
        self.0.extend(data);
        self.0.extend(b"\nendstream endobj\n");
        self
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.extend(b"trailer<</Root 1 0 R>>\n%%EOF");
        self.0
    }
}

/// A PDF of one page with one image on it.
fn scanned(entries: &str, data: &[u8]) -> Vec<u8> {
    Pdf::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
        .object(
            3,
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
        )
        .stream(4, "", b"595 0 0 842 0 0 cm /I Do")
        .stream(5, &format!("/Type/XObject/Subtype/Image/ColorSpace/DeviceRGB/BitsPerComponent 8{entries}"), data)
        .finish()
}

fn renderer() -> PdfRenderer {
    PdfRenderer::new(env!("CARGO_BIN_EXE_archive"))
}

fn pages_by(renderer: PdfRenderer, bytes: Vec<u8>) -> Vec<Result<PageImage, Error>> {
    PageFiles::with_pdf(renderer).pages_of("p.pdf", bytes).unwrap().collect()
}

#[track_caller]
fn check_refused(bytes: Vec<u8>, message: &str) {
    let pages = pages_by(renderer(), bytes);
    let error = pages.into_iter().find_map(Result::err).expect("a page that fails");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().starts_with("p.pdf") && error.to_string().contains(message), "{error}");
}

#[test]
fn a_scanned_page_keeps_its_own_pixels() {
    let scene = Scene::new();
    let path = scene.request("r-1").documents.remove(0).path;
    let image = PageImage::open(&path).unwrap();
    let (width, height) = (image.width(), image.height());
    let jpeg = std::fs::read(&path).unwrap();
    let pdf = scanned(&format!("/Width {width}/Height {height}/Filter/DCTDecode"), &jpeg);
    let mut pages = pages_by(renderer(), pdf.clone());
    assert_eq!(pages.len(), 1);
    let page = pages.remove(0).unwrap();
    assert!(page.width().abs_diff(width) <= 2 && page.height().abs_diff(height) <= 3, "{page:?} {image:?}");
    if models_are_there("a_scanned_page_keeps_its_own_pixels") {
        let file = scene.path("contract.pdf");
        std::fs::write(&file, pdf).unwrap();
        let output = run(&mut command(["read", "--json", text(&file)]));
        let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one line");
        assert_eq!(line["fields"]["account_no"]["value"], "3342125369", "{line}");
    }
}

#[test]
fn what_is_no_pdf_inside_is_an_error() {
    check_refused(b"%PDF-1.7 and nothing else".to_vec(), "damaged");
    let page = scanned("/Width 10/Height 10", &[0; 300]);
    for length in (9..page.len()).step_by(97) {
        // A cut file may still have a page, drawn without what is missing.
        let pages = pages_by(renderer(), page[..length].to_vec());
        assert!(pages.iter().flatten().all(|p| p.width() < 3000), "{length} bytes");
    }
}

#[test]
fn a_page_of_the_wrong_size_is_an_error() {
    let huge = |size: &str| {
        String::from_utf8(scanned("/Width 10/Height 10", b"x"))
            .unwrap()
            .replace("0 0 595 842", size)
            .into_bytes()
    };
    check_refused(huge("0 0 50000 50000"), "not the size of a page");
    check_refused(huge("0 0 1 1"), "not the size of a page");
}

/// A deflate stream that begins with `head` and goes on by repeating its last `distance` bytes (1 or
/// 13), 258 at a time.
fn repeating(head: &[u8], distance: u32, times: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let mut code = |value: u32, length: u32| bits.extend((0..length).rev().map(|i| value >> i & 1 == 1));
    for byte in head {
        match *byte {
            low @ 0..144 => code(0b0011_0000 + u32::from(low), 8),
            high => code(0b1_1001_0000 + u32::from(high) - 144, 9),
        }
    }
    for _ in 0..times {
        code(0b1100_0101, 8);
        if distance == 1 {
            code(0, 5)
        } else {
            code(7 << 2, 7)
        };
    }
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    bits.chunks(8).map(byte).collect()
}

#[test]
fn a_bomb_ends_in_its_own_process() {
    // Of the zeros' stream only the head is made; the outer stream repeats its 13 bytes: a file of
    // 160 kB that unfolds to 26 MB, and those to 4 GiB.
    let zeros = repeating(&[0], 1, 40);
    let bomb = repeating(&zeros[..39], 13, 100_000);
    let image = scanned("/Width 60000/Height 60000/Filter[/FlateDecode/FlateDecode]", &bomb);
    assert!(image.len() < 200_000, "{}", image.len());
    let pages = pages_by(renderer().with_page_time(Duration::from_secs(5)), image);
    // The page is drawn without its image, or its process ends; this one goes on.
    assert_eq!(pages.len(), 1);
    if let Err(error) = &pages[0] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

#[test]
fn a_page_that_is_never_done_is_given_up() {
    // A form that draws itself twice, and so on without end.
    let pdf = Pdf::new()
        .object(1, "<</Type/Catalog/Pages 2 0 R>>")
        .object(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
        .object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>")
        .stream(4, "", b"/F Do")
        .stream(
            5,
            "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</F 5 0 R>>>>",
            b"/F Do /F Do",
        )
        .finish();
    let pages = pages_by(renderer().with_page_time(Duration::from_secs(3)), pdf);
    assert_eq!(pages.len(), 1);
    if let Err(error) = &pages[0] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}
