//! Files of several pages: TIFF in memory, PDF by the program's side.

use std::io::Cursor;

use archive_core::ErrorKind;
use archive_ocr::page_file::PageFiles;
use archive_ocr::{Error, PageImage};
use image::codecs::tiff::TiffEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// A TIFF of one grey page, and where its directory lies.
fn grey_tiff(width: u32, height: u32, value: u8) -> (Vec<u8>, u32) {
    let mut bytes = Cursor::new(Vec::new());
    let pixels = vec![value; (width * height) as usize];
    TiffEncoder::new(&mut bytes).write_image(&pixels, width, height, ExtendedColorType::L8).unwrap();
    let bytes = bytes.into_inner();
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
    (bytes, directory)
}

/// Pages as one file: each page's numbers are moved to where it comes to lie.
fn join(pages: &[(Vec<u8>, u32)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut link = None;
    for (bytes, directory) in pages {
        let base = file.len() as u32;
        file.extend(bytes);
        let at = (base + directory) as usize;
        let count = u16::from_le_bytes(file[at..at + 2].try_into().unwrap()) as usize;
        for entry in 0..count {
            let entry = at + 2 + 12 * entry;
            let tag = u16::from_le_bytes(file[entry..entry + 2].try_into().unwrap());
            let kind = u16::from_le_bytes(file[entry + 2..entry + 4].try_into().unwrap());
            let length = u32::from_le_bytes(file[entry + 4..entry + 8].try_into().unwrap());
            let size = [0, 1, 1, 2, 4, 8][usize::from(kind).min(5)] * length;
            // Strip offsets always point into the file, other values where they are too long.
            if size > 4 || tag == 273 {
                let value = u32::from_le_bytes(file[entry + 8..entry + 12].try_into().unwrap()) + base;
                file[entry + 8..entry + 12].copy_from_slice(&value.to_le_bytes());
            }
        }
        if let Some(link) = link {
            let link: usize = link;
            file[link..link + 4].copy_from_slice(&(at as u32).to_le_bytes());
        }
        link = Some(at + 2 + 12 * count);
    }
    file
}

fn pages(bytes: Vec<u8>) -> Vec<Result<PageImage, Error>> {
    PageFiles::images().pages_of("scan.tif", bytes).unwrap().collect()
}

#[test]
fn every_page_of_a_tiff_comes_in_its_order() {
    let file = join(&[grey_tiff(40, 30, 200), grey_tiff(20, 50, 90), grey_tiff(33, 44, 10)]);
    let pages = pages(file.clone());
    let seen: Vec<_> =
        pages.iter().flatten().map(|p| (p.width(), p.height(), p.plane()[0], p.name().to_owned())).collect();
    let expected = [(40, 30, 200, 1), (20, 50, 90, 2), (33, 44, 10, 3)];
    assert_eq!(seen, expected.map(|(w, h, v, n)| (w, h, v, format!("scan.tif, page {n}"))));
    // As a single page it is refused, not cut short.
    let error = PageImage::from_bytes("scan.tif", &file).unwrap_err();
    assert!(error.to_string().contains("has 3 pages"), "{error}");
    let mut skipping = PageFiles::images().pages_of("scan.tif", file).unwrap();
    assert!(skipping.skip_page() && skipping.skip_page());
    assert_eq!(skipping.next().unwrap().unwrap().width(), 33);
    assert!(!skipping.skip_page() && skipping.next().is_none());
}

#[test]
fn a_damaged_page_is_an_error_in_its_place() {
    let (bytes, directory) = grey_tiff(40, 30, 200);
    let mut tiny = grey_tiff(20, 50, 90);
    // The width of the second page, its first value, becomes a lie.
    let entry = tiny.1 as usize + 2;
    let entries = u16::from_le_bytes(tiny.0[entry - 2..entry].try_into().unwrap()) as usize;
    let width = (0..entries).map(|i| entry + 12 * i).find(|at| tiny.0[*at..*at + 2] == [0, 1]).unwrap();
    tiny.0[width + 8..width + 12].copy_from_slice(&50_000_u32.to_le_bytes());
    let pages = pages(join(&[(bytes.clone(), directory), tiny, (bytes, directory)]));
    assert_eq!(pages.len(), 3);
    assert!(pages[0].is_ok() && pages[2].is_ok());
    let error = pages[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().starts_with("scan.tif, page 2: "), "{error}");
}

#[test]
fn a_tiff_cut_anywhere_gives_pages_or_errors() {
    let file = join(&[grey_tiff(20, 20, 200), grey_tiff(20, 20, 90)]);
    for length in 1..file.len() {
        if let Ok(pages) = PageFiles::images().pages_of("scan.tif", file[..length].to_vec()) {
            assert!(pages.count() <= 2);
        }
    }
    for at in 0..file.len() {
        let mut broken = file.clone();
        broken[at] ^= 0xff;
        if let Ok(pages) = PageFiles::images().pages_of("scan.tif", broken) {
            assert!(pages.take(5).count() <= 3);
        }
    }
}

#[test]
fn a_pdf_without_a_renderer_is_refused() {
    let error = PageFiles::images().pages_of("p.pdf", b"%PDF-1.7".to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_renderer_that_is_not_there_is_named() {
    let files = PageFiles::with_pdf(archive_ocr::pdf::PdfRenderer::new("/nowhere/archive"));
    let error = files.pages_of("p.pdf", b"%PDF-1.7".to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("/nowhere/archive: "), "{error}");
    // Another program in its place says nothing that makes a page.
    let files = PageFiles::with_pdf(archive_ocr::pdf::PdfRenderer::new("true"));
    let mut pages = files.pages_of("p.pdf", b"%PDF-1.7".to_vec()).unwrap();
    let error = pages.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("does not render PDF files"), "{error}");
    assert!(pages.next().is_none());
}

#[cfg(feature = "pdf-rendering")]
#[test]
fn the_programs_side_draws_or_says_why_not() {
    let serve = |bytes: &[u8]| {
        let mut output = Vec::new();
        archive_ocr::pdf::serve(bytes, &mut output).unwrap();
        String::from_utf8_lossy(&output).into_owned()
    };
    assert_eq!(
        serve(b"%PDF-1.7"),
        "archive pages 1\nfault is damaged, protected by a password, or no PDF\nend\n"
    );
    let pdf = b"%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 144]/Contents 4 0 R>>endobj
4 0 obj<</Length 21>>stream
0 0 36 144 re f
endstream endobj
trailer<</Root 1 0 R>>";
    let output = serve(pdf);
    assert!(output.starts_with("archive pages 1\npage 200 400 0\n"), "{}", &output[..60]);
    let plane = &output.as_bytes()[output.len() - 4 - 200 * 400..];
    assert!(plane.len() > 200 * 400);
    for at in 0..pdf.len() {
        let mut broken = pdf.to_vec();
        broken[at] ^= 0x55;
        assert!(serve(&broken).ends_with("end\n"), "byte {at}");
    }
}
