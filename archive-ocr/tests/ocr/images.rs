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
fn a_jpeg_that_ends_early_says_so() {
    let page = DynamicImage::ImageLuma8(image::GrayImage::from_fn(640, 640, |x, y| {
        image::Luma([(x * y % 251) as u8])
    }));
    let bytes = encode(&page, ImageFormat::Jpeg);
    let whole = PageImage::from_bytes("scan", &bytes).unwrap();
    assert!(!whole.ends_early());
    let half = PageImage::from_bytes("scan", &bytes[..bytes.len() / 2]).unwrap();
    assert!(half.ends_early() && half.height() == whole.height());
    // What a camera writes behind the picture is not the picture's.
    let followed = [&bytes[..], b"behind it"].concat();
    assert!(!PageImage::from_bytes("scan", &followed).unwrap().ends_early());
    // A small picture among the notes before it has an end of its own.
    let note = [&[0xff, 0xe5, 0, 8][..], b"ab\xff\xd9cd"].concat();
    let cut = [&bytes[..2], &note, &bytes[2..bytes.len() / 2]].concat();
    assert!(PageImage::from_bytes("scan", &cut).unwrap().ends_early());
    let whole = [&bytes[..2], &note, &bytes[2..]].concat();
    assert!(!PageImage::from_bytes("scan", &whole).unwrap().ends_early());
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

/// A TIFF of 20 by 20 pixels, uncompressed, with samples of eight or sixteen bits, all alike.
fn tiff(photometric: u32, samples: &[u8], bits: u32) -> Vec<u8> {
    let channels = samples.len() as u32 / (bits / 8);
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    let data_at = 8 + 2 + 12 * 10 + 4 + 2 * channels;
    let bits_at = data_at - 2 * channels;
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut entry = Vec::new();
        entry.extend(tag.to_le_bytes());
        entry.extend(kind.to_le_bytes());
        entry.extend(count.to_le_bytes());
        entry.extend(value.to_le_bytes());
        entry
    };
    bytes.extend(10_u16.to_le_bytes());
    let inline = if channels <= 2 { bits | if channels == 2 { bits << 16 } else { 0 } } else { bits_at };
    for (tag, kind, count, value) in [
        (256, 3, 1, 20),
        (257, 3, 1, 20),
        (258, 3, channels, inline),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, data_at),
        (277, 3, 1, channels),
        (278, 3, 1, 20),
        (279, 4, 1, 400 * samples.len() as u32),
        (284, 3, 1, 1),
    ] {
        bytes.extend(entry(tag, kind, count, value));
    }
    bytes.extend([0; 4]);
    (0..channels).for_each(|_| bytes.extend((bits as u16).to_le_bytes()));
    bytes.extend(samples.repeat(400));
    bytes
}

#[test]
fn inks_and_sixteen_bits_become_brightness() {
    let white = |bytes: &[u8]| PageImage::from_bytes("scan", bytes).unwrap().plane()[7];
    // No ink at all is paper; black ink is black; so is full colour in two bytes a sample.
    assert_eq!(white(&tiff(5, &[0, 0, 0, 0], 8)), 255);
    assert!(white(&tiff(5, &[0, 0, 0, 255], 8)) < 10);
    assert_eq!(white(&tiff(5, &[0; 8], 16)), 255);
    assert_eq!(white(&tiff(2, &[255; 6], 16)), 255);
    assert_eq!(white(&tiff(1, &[0, 128], 16)), 128);
}

#[test]
fn a_page_without_size_is_refused() {
    let mut bytes = tiff(1, &[255], 8);
    // The width, the first value of the first entry.
    bytes[18..22].copy_from_slice(&0_u32.to_le_bytes());
    assert_eq!(PageImage::from_bytes("scan", &bytes).unwrap_err().kind(), ErrorKind::InvalidInput);
    let mut png = encode(&DynamicImage::new_luma8(64, 64), ImageFormat::Png);
    png[16..20].copy_from_slice(&0_u32.to_be_bytes());
    let checksum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    assert_eq!(PageImage::from_bytes("scan", &png).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_photo_comes_out_as_its_camera_was_held() {
    let mut image = image::GrayImage::from_pixel(64, 32, image::Luma([255]));
    (0..8).for_each(|y| (0..8).for_each(|x| image.put_pixel(x, y, image::Luma([0]))));
    let jpeg = encode(&image.into(), ImageFormat::Jpeg);
    // Exif: orientation (tag 274) 3, upside down.
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0".to_vec();
    let mut photo = jpeg[..2].to_vec();
    photo.extend([0xff, 0xe1]);
    photo.extend((exif.len() as u16 + 2).to_be_bytes());
    photo.append(&mut exif);
    photo.extend(&jpeg[2..]);
    let dark = |bytes: &[u8], x: usize, y: usize| {
        PageImage::from_bytes("photo", bytes).unwrap().plane()[y * 64 + x] < 64
    };
    assert!(dark(&jpeg, 2, 2) && !dark(&jpeg, 61, 29));
    assert!(dark(&photo, 61, 29) && !dark(&photo, 2, 2));
}
