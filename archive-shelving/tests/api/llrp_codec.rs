//! The LLRP codec: golden frames, every split, hostile bytes, and the definition it follows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use archive_core::ErrorKind;
use archive_shelving::llrp::{FrameDecoder, Message};
use proptest::prelude::*;

fn testdata(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/llrp").join(name)).unwrap()
}

/// A file of the fixtures that stand beside the checkout, where they do.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/llrp").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: {} is absent, so a golden file was not checked", path.display());
        return None;
    }
    Some(path)
}

fn decode_all(bytes: &[u8]) -> Vec<Message> {
    let mut frames = FrameDecoder::default();
    frames.push(bytes);
    let mut messages = Vec::new();
    while let Some(message) = frames.next_message().unwrap() {
        messages.push(message);
    }
    assert_eq!(frames.pending(), 0);
    messages
}

#[track_caller]
fn check_recodes(bytes: &[u8], count: usize) {
    let messages = decode_all(bytes);
    assert_eq!(messages.len(), count);
    let encoded: Vec<u8> = messages.iter().flat_map(Message::encode).collect();
    assert_eq!(encoded, bytes);
}

#[test]
fn golden_frames_encode_to_the_same_bytes() {
    check_recodes(&testdata("dx101_b.bin"), 24);
    check_recodes(&testdata("dx101_a_kinds.bin"), 22);
    if let Some(path) = shared("dx101_a.bin") {
        check_recodes(&std::fs::read(path).unwrap(), 934);
    }
}

#[test]
fn a_stream_may_be_cut_anywhere() {
    let bytes = testdata("dx101_b.bin");
    let whole = decode_all(&bytes);
    for cut in 0..bytes.len() {
        let mut frames = FrameDecoder::default();
        let mut messages = Vec::new();
        for piece in [&bytes[..cut], &bytes[cut..]] {
            frames.push(piece);
            while let Some(message) = frames.next_message().unwrap() {
                messages.push(message);
            }
        }
        assert!(messages == whole, "cut at {cut}");
    }
}

#[test]
fn a_stream_may_come_byte_by_byte() {
    let bytes = testdata("dx101_a_kinds.bin");
    let mut frames = FrameDecoder::default();
    let mut messages = Vec::new();
    for byte in &bytes {
        frames.push(&[*byte]);
        messages.extend(frames.next_message().unwrap());
    }
    assert_eq!(messages, decode_all(&bytes));
}

#[test]
fn decoded_codes_are_those_of_the_golden_xml() {
    let Some(path) = shared("dx101_b.xml") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    // <EPC Count='12'>FFF0</EPC>; plain <EPC> holds 96 bits.
    let expected = text.split("<EPC").skip(1).filter_map(|rest| {
        let (head, tail) = rest.split_once('>')?;
        let count = head.split('\'').nth(1).map_or(96, |count| count.parse().unwrap());
        let hex = tail.split_once("</EPC>")?.0.to_owned();
        (!hex.contains('<')).then_some((count, hex))
    });
    let messages = decode_all(&testdata("dx101_b.bin"));
    let mut found = Vec::new();
    for report in messages.iter().flat_map(|m| m.body().parameters()).filter(|p| p.name() == "TagReportData")
    {
        let code = report.parameter("EPC_96").or_else(|| report.parameter("EPCData")).unwrap();
        let bits = code.count("EPC").unwrap_or(96);
        let hex: String = code.bytes("EPC").unwrap().iter().map(|b| format!("{b:02X}")).collect();
        found.push((bits, hex));
    }
    let expected: Vec<(usize, String)> = expected.collect();
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
}

#[test]
fn the_definition_is_the_toolkits() {
    let Some(path) = shared("llrp-1x0-def.xml") else { return };
    let xml = std::fs::read_to_string(path).unwrap();
    let ours = include_str!("../../src/llrp/definition.txt");
    let ours: BTreeSet<&str> = ours.split("# LLRP 1.1").next().unwrap().lines().collect();
    let mut compared = 0;
    for kind in ["message", "parameter", "choice"] {
        for block in xml.split(&format!("<{kind}Definition ")).skip(1) {
            let line = definition_line(kind, block.split(&format!("</{kind}Definition>")).next().unwrap());
            assert!(ours.contains(line.as_str()), "not in definition.txt: {line}");
            compared += 1;
        }
    }
    assert_eq!(compared, 40 + 108 + 12);
}

/// One definition of the XML in the form of `definition.txt`.
fn definition_line(kind: &str, block: &str) -> String {
    let attribute = |tag: &str, name: &str| -> Option<String> {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let (head, body) = block.split_once('>').unwrap();
    let body = body.split_once("</annotation>").map_or(body, |(_, rest)| rest);
    let (mut fields, mut contents) = (String::new(), String::new());
    for tag in body.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        // A field's name may hold what looks like another attribute's name; types are cut out first.
        let word = tag.split_whitespace().next().unwrap_or_default();
        match word.trim_end_matches('/') {
            "field" => {
                fields +=
                    &format!(" {}:{}", attribute(tag, " name").unwrap(), attribute(tag, " type").unwrap());
            }
            "reserved" => fields += &format!(" ~{}", attribute(tag, "bitCount").unwrap()),
            "parameter" | "choice" => {
                let mark = match attribute(tag, "repeat").as_deref() {
                    Some("0-1") => "?",
                    Some("0-N") => "*",
                    Some("1-N") => "+",
                    _ => "",
                };
                contents += &format!(" {}{mark}", attribute(tag, " type").unwrap());
            }
            _ => {}
        }
    }
    let name = attribute(&format!(" {head}"), " name").unwrap();
    if kind == "choice" {
        return format!("choice {name} ={contents}");
    }
    let number = attribute(head, "typeNum").unwrap();
    let contents = if contents.is_empty() { contents } else { format!(" :{contents}") };
    format!("{kind} {number} {name}{fields}{contents}")
}

#[track_caller]
fn check_rejected(bytes: &[u8], message: &str) {
    let mut frames = FrameDecoder::default();
    frames.push(bytes);
    let error = frames.next_message().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), message);
}

#[test]
fn hostile_frames_end_in_clear_errors() {
    check_rejected(
        &[0x04, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 9],
        "LLRP message 9: says that it is 4294967295 bytes long, not 10 to 16777216: close the connection, the \
         stream is out of step",
    );
    check_rejected(
        &[0x04, 0x3F, 0, 0, 0, 9, 0, 0, 0, 9],
        "LLRP message 9: says that it is 9 bytes long, not 10 to 16777216: close the connection, the stream is \
         out of step",
    );
    check_rejected(
        &[0x07, 0x00, 0, 0, 0, 10, 0, 0, 0, 1],
        "LLRP message 1 (type 768): has an unknown type: is the device newer than LLRP 1.1?",
    );
    check_rejected(
        &[0x04, 0x16, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0],
        "LLRP message 1 (START_ROSPEC): at byte 12 of 12: ends within a field: a length is wrong",
    );
    check_rejected(
        &[0x04, 0x16, 0, 0, 0, 15, 0, 0, 0, 1, 0, 0, 0, 1, 0],
        "LLRP message 1 (START_ROSPEC): at byte 14 of 15: bytes are left over after START_ROSPEC",
    );
    check_rejected(
        &[0x04, 0x1E, 0, 0, 0, 10, 0, 0, 0, 1],
        "LLRP message 1 (ADD_ROSPEC_RESPONSE): at byte 10 of 10: LLRPStatus is missing in ADD_ROSPEC_RESPONSE",
    );
    check_rejected(
        &[0x04, 0x3D, 0, 0, 0, 14, 0, 0, 0, 1, 0x00, 0xF0, 0x00, 0x03],
        "LLRP message 1 (RO_ACCESS_REPORT): at byte 10 of 14: parameter type 240 has a length that its place \
         does not allow",
    );
    check_rejected(
        &[0x04, 0x3D, 0, 0, 0, 14, 0, 0, 0, 1, 0x00, 0x84, 0x00, 0x04],
        "LLRP message 1 (RO_ACCESS_REPORT): at byte 10 of 14: parameter type 132 is unknown",
    );
    check_rejected(
        &[0x04, 0x3D, 0, 0, 0, 13, 0, 0, 0, 1, 0x81, 0x00, 0x01],
        "LLRP message 1 (RO_ACCESS_REPORT): at byte 10 of 13: AntennaID may not stand in RO_ACCESS_REPORT",
    );
}

#[test]
fn a_bad_message_does_not_cost_the_next_one() {
    let mut bytes = vec![0x07, 0x00, 0, 0, 0, 10, 0, 0, 0, 1];
    bytes.extend(testdata("dx101_b.bin"));
    let mut frames = FrameDecoder::default();
    frames.push(&bytes);
    assert!(frames.next_message().is_err());
    assert_eq!(frames.next_message().unwrap().unwrap().name(), "RO_ACCESS_REPORT");
}

#[test]
fn a_lost_step_stays_lost_and_takes_no_memory() {
    let mut frames = FrameDecoder::with_limit(0);
    frames.push(&[0x04, 0x3F, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 9]);
    assert!(frames.next_message().is_err());
    for _ in 0..1000 {
        frames.push(&[0; 65536]);
    }
    assert!(frames.pending() < 100);
    assert!(frames.next_message().is_err());
}

#[test]
fn errors_within_errors_are_not_followed_for_ever() {
    // ParameterError may hold a ParameterError: 8,000 of them fit in one frame.
    let mut inner = Vec::new();
    for _ in 0..8000 {
        let length = (inner.len() + 8) as u16;
        let mut outer = vec![0x01, 0x21];
        outer.extend(length.to_be_bytes());
        outer.extend([0, 0, 0, 0]);
        outer.extend(&inner);
        inner = outer;
    }
    let status_length = (inner.len() + 8) as u16;
    let mut bytes = vec![0x04, 0x64];
    bytes.extend((10 + u32::from(status_length)).to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0x01, 0x1F]);
    bytes.extend(status_length.to_be_bytes());
    bytes.extend([0, 0, 0, 0]);
    bytes.extend(inner);
    let mut frames = FrameDecoder::default();
    frames.push(&bytes);
    let error = frames.next_message().unwrap_err();
    assert!(error.to_string().ends_with("parameters are nested too deeply"), "{error}");
}

#[test]
fn reserved_bits_are_ignored_and_kept() {
    // Reserved bits of the header, of a parameter's header, and within a parameter.
    let bytes = [0xE4, 0x03, 0, 0, 0, 16, 0, 0, 0, 1, 0x7F, 0x7C, 0xE2, 0x00, 0x05, 0x7F];
    let messages = decode_all(&bytes);
    assert_eq!(messages[0].name(), "SET_READER_CONFIG");
    assert_eq!(messages[0].body().number("ResetToFactoryDefault"), Some(0));
    let events = messages[0].body().parameter("EventsAndReports").unwrap();
    assert_eq!(events.number("HoldEventsAndReportsUponReconnect"), Some(0));
    assert_eq!(messages[0].encode(), bytes);
}

#[test]
fn custom_contents_are_kept_as_bytes() {
    let message = Message::build("CUSTOM_MESSAGE", 3, |m| {
        m.set("VendorIdentifier", 25882).set("MessageSubtype", 21).set_bytes("Data", b"\x00\x01anything");
    })
    .unwrap();
    let messages = decode_all(&message.encode());
    assert_eq!(messages[0].body().bytes("Data"), Some(&b"\x00\x01anything"[..]));
    assert_eq!(messages, [message]);
}

#[test]
fn mistakes_in_building_are_named() {
    #[track_caller]
    fn check(name: &str, message: &str, fill: impl FnOnce(&mut archive_shelving::llrp::ElementBuilder)) {
        assert_eq!(Message::build(name, 1, fill).unwrap_err().to_string(), message);
    }
    check("NO_SUCH", "LLRP message 1 (NO_SUCH): has a name that LLRP does not define", |_| {});
    check("START_ROSPEC", "LLRP message 1 (START_ROSPEC): Nope of START_ROSPEC is not a field", |m| {
        m.set("Nope", 1);
    });
    check(
        "START_ROSPEC",
        "LLRP message 1 (START_ROSPEC): ROSpecID of START_ROSPEC is 4294967296, which needs more than 32 bits",
        |m| {
            m.set("ROSpecID", 1 << 32);
        },
    );
    check(
        "ADD_ROSPEC",
        "LLRP message 1 (ADD_ROSPEC): at byte 10 of 10: ROSpec is missing in ADD_ROSPEC",
        |_| {},
    );
    let mut big = vec![0; 70_000];
    big[0] = 1;
    check("RO_ACCESS_REPORT", "LLRP message 1 (RO_ACCESS_REPORT): Custom is longer than 65535 bytes", |m| {
        m.add("Custom", |p| {
            p.set_bytes("Data", &big);
        });
    });
}

#[test]
fn signed_numbers_and_odd_bits_read_back() {
    let message = Message::build("RO_ACCESS_REPORT", 1, |m| {
        m.add("TagReportData", |report| {
            report.add("EPCData", |p| {
                p.set_bits("EPC", &[0xFF, 0xE0], 11);
            });
            report.add("PeakRSSI", |p| {
                p.set_signed("PeakRSSI", -57);
            });
        });
    })
    .unwrap();
    let report = message.body().parameter("TagReportData").unwrap();
    assert_eq!(report.parameter("PeakRSSI").unwrap().signed("PeakRSSI"), Some(-57));
    assert_eq!(report.parameter("EPCData").unwrap().count("EPC"), Some(11));
    assert_eq!(report.parameter("EPCData").unwrap().bytes("EPC"), Some(&[0xFF, 0xE0][..]));
}

proptest! {
    #[test]
    fn mutated_frames_never_panic_and_recode_exactly(
        place in 0_usize..6000, value: u8, cut in 0_usize..6000, file in 0_usize..2,
    ) {
        let mut bytes = testdata(["dx101_b.bin", "dx101_a_kinds.bin"][file]);
        let place = place % bytes.len();
        bytes[place] = value;
        bytes.truncate(bytes.len() - cut % 100);
        let mut frames = FrameDecoder::default();
        frames.push(&bytes);
        let mut at = 0;
        // Each turn takes a frame or ends, so this ends.
        loop {
            let before = frames.pending();
            match frames.next_message() {
                Ok(Some(message)) => {
                    let encoded = message.encode();
                    prop_assert_eq!(&encoded[..], &bytes[at..at + encoded.len()]);
                    let _ = format!("{message:?}");
                }
                Ok(None) => break,
                Err(_) if frames.pending() == before => break,
                Err(_) => {}
            }
            at += before - frames.pending();
        }
    }

    #[test]
    fn arbitrary_bodies_never_panic(number in 0_u16..1024, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = (0x0400 | number).to_be_bytes().to_vec();
        bytes.extend((10 + body.len() as u32).to_be_bytes());
        bytes.extend([0, 0, 0, 1]);
        bytes.extend(&body);
        let mut frames = FrameDecoder::default();
        frames.push(&bytes);
        if let Ok(Some(message)) = frames.next_message() {
            prop_assert_eq!(message.encode(), bytes);
            let _ = format!("{message:?}");
        }
    }
}
