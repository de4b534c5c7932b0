//! Any bytes, cut anywhere, are messages that encode to the same bytes, or errors.
#![no_main]

use archive_shelving::llrp::FrameDecoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let (mut whole, mut cut) = (FrameDecoder::default(), FrameDecoder::default());
    whole.push(bytes);
    let mut pieces = bytes.chunks(usize::from(piece) + 1);
    let mut at = 0;
    loop {
        let message = whole.next_message();
        // The same stream in pieces gives the same messages and the same errors.
        let again = loop {
            match cut.next_message() {
                Ok(None) => match pieces.next() {
                    Some(piece) => cut.push(piece),
                    None => break Ok(None),
                },
                other => break other,
            }
        };
        match (message, again) {
            (Ok(Some(message)), Ok(Some(again))) => {
                assert_eq!(message, again);
                let encoded = message.encode();
                assert_eq!(bytes.get(at..at + encoded.len()), Some(&encoded[..]));
                at += encoded.len();
                let _ = format!("{message:?}");
            }
            (Ok(None), Ok(None)) => return,
            (Err(error), Err(again)) => {
                assert_eq!(error.to_string(), again.to_string());
                if whole.is_out_of_step() {
                    return;
                }
                at = bytes.len() - whole.pending();
            }
            (message, again) => panic!("{message:?} and in pieces {again:?}"),
        }
    }
});
