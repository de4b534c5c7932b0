//! Images as they come: broken, lying about themselves, too large, of another kind.

use std::io::Cursor;

use archive_core::ErrorKind;
use archive_ocr::PageImage;
use image::{DynamicImage, ImageFormat};

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[track_caller]
fn check_refused(bytes: &[u8], kind: ErrorKind, message: &str) {
    let error = PageImage::from_bytes("scan 7", bytes).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().starts_with("scan 7: "), "{error}");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn what_is_no_still_image_is_refused() {
    check_refused(b"", ErrorKind::InvalidInput, "is empty");
    check_refused(b"hello", ErrorKind::Unsupported, "is no image");
    check_refused(b"%PDF-1.7", ErrorKind::Unsupported, "is a PDF");
    check_refused(b"GIF89a\x01\x00\x01\x00", ErrorKind::Unsupported, "is Gif");
}

#[test]
fn every_truncation_is_an_error_or_a_page() {
    let page = DynamicImage::new_rgb8(64, 64);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Tiff] {
        let bytes = encode(&page, format);
        for length in 1..bytes.len() {
            // A JPEG that lacks only its end marker still decodes; nothing may panic.
            if let Err(error) = PageImage::from_bytes("scan", &bytes[..length]) {
                assert!(error.to_string().starts_with("scan: "));
            }
        }
        assert!(PageImage::from_bytes("scan", &bytes[..bytes.len() / 2]).is_err(), "{format:?}");
        assert!(PageImage::from_bytes("scan", &bytes).is_ok(), "{format:?}");
    }
}

#[test]
fn every_flipped_byte_is_an_error_or_a_page() {
    let page = DynamicImage::new_luma8(40, 40);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Tiff] {
        let bytes = encode(&page, format);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            let _ = PageImage::from_bytes("scan", &broken);
        }
    }
}

#[test]
fn pixels_are_counted_from_the_header() {
    // A PNG header of 50,000 x 50,000 pixels with nothing behind it.
    let mut bytes = encode(&DynamicImage::new_luma8(64, 64), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    check_refused(&bytes, ErrorKind::InvalidInput, "50000 x 50000 pixels");
    check_refused(
        &encode(&DynamicImage::new_luma8(8, 900), ImageFormat::Png),
        ErrorKind::InvalidInput,
        "too small",
    );
}

/// The checksum of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}

#[test]
fn every_depth_and_colour_becomes_one_plane() {
    let white = |image: DynamicImage, format| {
        let page = PageImage::from_bytes("scan", &encode(&image, format)).unwrap();
        assert_eq!((page.width(), page.height(), page.plane().len()), (32, 20, 640));
        page
    };
    let mut grey = DynamicImage::new_luma16(32, 20);
    grey.as_mut_luma16().unwrap().pixels_mut().for_each(|p| p.0[0] = u16::MAX);
    assert!(white(grey.clone(), ImageFormat::Png).plane().iter().all(|v| *v == 255));
    assert!(white(grey, ImageFormat::Tiff).plane().iter().all(|v| *v == 255));
    // What is transparent is paper.
    let clear = white(DynamicImage::new_rgba8(32, 20), ImageFormat::Png);
    assert!(clear.plane().iter().all(|v| *v == 255));
    let colour = white(DynamicImage::new_rgb16(32, 20), ImageFormat::Png);
    assert!(colour.is_colour() && colour.plane().iter().all(|v| *v == 0));
}

#[test]
fn red_stamps_fade_and_ink_stays() {
    let mut image = image::RgbImage::from_pixel(32, 20, image::Rgb([255, 255, 255]));
    image.put_pixel(3, 3, image::Rgb([205, 40, 45]));
    image.put_pixel(5, 5, image::Rgb([20, 20, 20]));
    let page = PageImage::from_bytes("scan", &encode(&image.into(), ImageFormat::Png)).unwrap();
    assert!(page.plane()[3 * 32 + 3] > 200 && page.plane()[5 * 32 + 5] < 30);
}

#[test]
fn a_path_without_an_image_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("nobody.jpg");
    let error = PageImage::open(&missing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("nobody.jpg"));
    let error = PageImage::open(directory.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[test]
fn an_animation_is_refused() {
    // An animation control chunk between header and data makes a PNG an animation.
    let bytes = encode(&DynamicImage::new_luma8(20, 20), ImageFormat::Png);
    let mut chunk = b"acTL\0\0\0\x02\0\0\0\0".to_vec();
    let checksum = crc32(&chunk);
    chunk.extend(checksum.to_be_bytes());
    let mut animated = bytes[..33].to_vec();
    animated.extend(8_u32.to_be_bytes());
    animated.extend(chunk);
    animated.extend(&bytes[33..]);
    check_refused(&animated, ErrorKind::Unsupported, "animation");
}
