//! Any datagram is frames and skipped bytes that account for all of it; a stream in pieces loses none.
#![no_main]

use archive_shelving::udp_controller::{FrameStream, UdpMap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let map = UdpMap::simulated_b();
    let decoded = map.decode(bytes);
    let encoded = decoded.frames.iter().map(|frame| map.encode(frame).map_or(usize::MAX, |bytes| bytes.len()));
    assert_eq!(encoded.sum::<usize>() + decoded.skipped, bytes.len());
    for frame in &decoded.frames {
        let _ = map.event(frame).to_string();
    }
    let (mut stream, mut frames) = (FrameStream::default(), Vec::new());
    for piece in bytes.chunks(usize::from(piece) + 1) {
        stream.push(piece);
        frames.extend(std::iter::from_fn(|| stream.next_frame(&map)));
    }
    // What the stream still waits for, a datagram's end decides.
    assert_eq!(frames[..], decoded.frames[..frames.len()]);
    assert!(stream.pending() > 0 || frames.len() == decoded.frames.len());
});
