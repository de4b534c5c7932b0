//! What is printed, looked at: each PDF is rendered to an image and compared with a golden one.

use std::path::{Path, PathBuf};
use std::process::Command;

use archive::cataloguing::Printed;
use archive::cataloguing::gathering::{BoxNote, SpineLabel, VolumeCover};
use archive::cataloguing::table::{Column, Table};
use archive::printing::{Canvas, Font};
use archive_core::units::Millimetres;

use crate::scene::{Scene, peer_is_there};

/// The font in which the golden images are set.
const GOLDEN_FONT: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";
/// Dots an inch of the golden images.
const DPI: &str = "50";

/// The golden images' font and the renderer, where both are there.
fn golden_font(test: &str) -> Option<Font> {
    let font = Font::open(Path::new(GOLDEN_FONT), 0);
    if font.is_err() {
        assert!(std::env::var_os("ARCHIVE_REQUIRE_PEERS").is_none(), "{test}: {GOLDEN_FONT} is required");
        eprintln!("SKIPPED {test}: {GOLDEN_FONT} is not there; install fonts-wqy-microhei");
    }
    font.ok().filter(|_| peer_is_there(test, "pdftoppm", &["-v"]))
}

/// Renders a page of `pdf` in grey.
fn render(pdf: &[u8], page: usize, dpi: &str) -> image::GrayImage {
    let scratch = tempfile::tempdir().unwrap();
    let (file, stem) = (scratch.path().join("a.pdf"), scratch.path().join("page"));
    std::fs::write(&file, pdf).unwrap();
    let number = page.to_string();
    let mut command = Command::new("pdftoppm");
    command.args(["-gray", "-r", dpi, "-f", &number, "-l", &number, "-singlefile", "-png"]);
    let output = command.arg(&file).arg(&stem).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    image::open(stem.with_extension("png")).unwrap().to_luma8()
}

/// Compares a page with its golden image; `UPDATE_GOLDEN=1` writes it anew.
#[track_caller]
fn check_golden(name: &str, pdf: &[u8], page: usize) {
    let found = render(pdf, page, DPI);
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/printing").join(format!("{name}.png"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        found.save(&path).unwrap();
        return;
    }
    let golden = image::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_luma8();
    assert_eq!(found.dimensions(), golden.dimensions(), "{name}");
    // Renderers differ in the grey at edges: few pixels may differ much.
    let different = found.pixels().zip(golden.pixels()).filter(|(a, b)| a.0[0].abs_diff(b.0[0]) > 96).count();
    let most = found.pixels().len() / 400;
    if different > most {
        let kept = std::env::temp_dir().join(format!("{name}-found.png"));
        found.save(&kept).unwrap();
        panic!("{name}: {different} pixels differ, more than {most}; see {}", kept.display());
    }
}

fn text_of(pdf: &[u8]) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("a.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").args(["-layout"]).arg(&file).arg("-").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn items() -> Table {
    let columns =
        [("序号", 12.0), ("档号", 62.0), ("责任者", 40.0), ("题名", 80.0), ("日期", 20.0), ("页数", 12.0)];
    let mut table = Table::new("盒内文件目录", columns.map(|(n, w)| Column::new(n, w)).into());
    table.subtitle = "盒号：Z109-2024-D30-YX01-H0001".into();
    table.rows = (1..=30)
        .map(|n| {
            let title = if n == 3 {
                "[杭州永泰纺织有限公司萧山分公司临江工业园区二期厂房高压新装增容及变更用电档案（含补充协议）]"
            } else {
                "[杭州永泰纺织有限公司催费档案]"
            };
            vec![
                n.to_string(),
                format!("Z109-KH·2024-D30-YX01-{n:04}"),
                "杭州永泰纺织有限公司".into(),
                title.into(),
                "20240501".into(),
                "12".into(),
            ]
        })
        .collect();
    table.signatures = vec!["移交人（签字）".into(), "接收人（签字）".into()];
    table
}

fn label(number: &str, spine: u32) -> SpineLabel {
    SpineLabel {
        number: number.parse().unwrap(),
        spine: Millimetres(spine),
        fonds: "Z109".into(),
        year: 2024,
        retention: "30年".into(),
        organisation: "YX01".into(),
        items: Some(("0001".into(), "0023".into())),
        slot: Some("HZ/R1/B1/C03/A/02/4/05".parse().unwrap()),
    }
}

#[test]
fn lists_labels_notes_and_covers_look_as_they_should() {
    let Some(font) = golden_font("lists_labels_notes_and_covers_look_as_they_should") else { return };
    let list = Printed::Table(&items()).to_pdf(&font).unwrap();
    assert_eq!((list.pages, list.missing.len()), (2, 0));
    check_golden("list-1", &list.pdf, 1);
    check_golden("list-2", &list.pdf, 2);
    assert!(text_of(&list.pdf).contains("Z109-KH·2024-D30-YX01-0030"), "text can be searched and copied");

    let labels = [20, 30, 40, 50, 50].map(|spine| label(&format!("Z109-2024-D30-YX01-H00{spine}"), spine));
    let spines = Printed::Spines(&labels).to_pdf(&font).unwrap();
    assert_eq!(spines.pages, 1, "190 mm of spines stand on one sheet");
    check_golden("spines", &spines.pdf, 1);

    let note = BoxNote {
        object: "Z109-2024-D30-YX01-H0001".into(),
        counts: (23, 310),
        notes: vec!["Z109-KH·2024-D30-YX01-0007 借出，20240601".into()],
        arranger: ("李整理".into(), "2024-06-01".parse().ok()),
        checker: (String::new(), None),
    };
    check_golden("note", &Printed::Note(&note).to_pdf(&font).unwrap().pdf, 1);

    let cover = VolumeCover {
        reference: "Z109-KH·2024-Y-YX01-0001".parse().unwrap(),
        fonds: "Z109".into(),
        title: "[杭州永泰纺织有限公司高压新装档案]".into(),
        days: Some(("2024-01-05".parse().unwrap(), "2024-05-01".parse().unwrap())),
        retention: "永久".into(),
        counts: (31, 210),
        customer: "3388985508".parse().unwrap(),
    };
    check_golden("cover", &Printed::Cover(&cover).to_pdf(&font).unwrap().pdf, 1);

    let mut canvas = Canvas::new(&font, "阅览副本");
    let scan = archive::samples::FILES[0].1;
    canvas.page(Canvas::A4_PORTRAIT, |page| {
        assert!(page.image(8.0, 14.0, 194.0, 267.0, scan));
        page.watermark(Canvas::A4_PORTRAIT, 15.0, "仅供查阅 王查阅 核对合同 2024-06-01");
    });
    check_golden("reading-copy", &canvas.finish().unwrap().pdf, 1);
}

#[test]
fn a_qr_code_on_a_printed_label_gives_the_box() {
    let Some(font) = golden_font("a_qr_code_on_a_printed_label_gives_the_box") else { return };
    for spine in [20, 50] {
        let number = "Z109-2024-D30-YX01-H0042";
        let pdf = Printed::Spines(&[label(number, spine)]).to_pdf(&font).unwrap().pdf;
        let page = render(&pdf, 1, "300");
        let (width, height) = (page.width() as usize, page.height() as usize);
        let grey = |x: usize, y: usize| page.get_pixel(x as u32, y as u32).0[0];
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        let grids = prepared.detect_grids();
        assert_eq!(grids.len(), 1, "one code on a label of {spine} mm");
        assert_eq!(grids[0].decode().unwrap().1, number);
    }
}

#[test]
fn the_font_is_embedded_and_only_its_used_part() {
    let Some(font) = golden_font("the_font_is_embedded_and_only_its_used_part") else { return };
    let pdf = Printed::Table(&items()).to_pdf(&font).unwrap().pdf;
    let whole = std::fs::metadata(GOLDEN_FONT).unwrap().len();
    assert!((pdf.len() as u64) < whole / 10, "{} bytes of a font of {whole}", pdf.len());
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("a.pdf");
    std::fs::write(&file, &pdf).unwrap();
    let output = Command::new("pdffonts").arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().nth(2).unwrap();
    // emb, sub, uni: embedded, a subset, with a map to Unicode.
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(words.windows(3).any(|w| w == ["yes", "yes", "yes"]), "{text}");
}

#[test]
fn a_label_that_fits_no_sheet_and_a_character_that_no_font_has_are_told() {
    let Some(font) = golden_font("a_label_that_fits_no_sheet_and_a_character_that_no_font_has_are_told")
    else {
        return;
    };
    let error = Printed::Spines(&[label("H1", 400)]).to_pdf(&font).unwrap_err();
    assert!(error.to_string().contains("no label sheet takes"), "{error}");
    assert!(Printed::Spines(&[]).to_pdf(&font).is_err());
    let mut table = items();
    table.rows[0][2] = "\u{10FFFD}氏".into();
    let printed = Printed::Table(&table).to_pdf(&font).unwrap();
    assert_eq!(printed.missing.into_iter().collect::<String>(), "\u{10FFFD}");
}

#[test]
fn what_is_filed_can_be_printed_and_listed() {
    let scene = Scene::new();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let number = outcome.box_number.unwrap();
    let table = archive.box_catalogue(&number).unwrap();
    assert_eq!(table.rows[0][4], "[杭州永泰纺织有限公司催费档案]");
    assert!(table.to_csv(Default::default()).unwrap().contains(outcome.reference_code.as_str()));
    assert!(!table.to_xlsx().unwrap().is_empty());
    assert_eq!(archive.volume_catalogue(&outcome.reference_code).unwrap().rows.len(), 2);
    let spine = archive.spine_label(&number).unwrap();
    assert_eq!(spine.items, Some(("0001".into(), "0001".into())));
    assert_eq!(archive.box_note(&number, "李整理", "").unwrap().counts, (1, 2));
    assert_eq!(archive.volume_cover(&outcome.reference_code).unwrap().retention, "10年");
    let day = "2024-06-01".parse().unwrap();
    let list = archive.hand_over_list(&[outcome.reference_code], "营业厅", "档案室", day).unwrap();
    assert_eq!(list.rows.len(), 1);
    assert!(archive.hand_over_list(&["none".parse().unwrap()], "a", "b", day).is_err());
}
