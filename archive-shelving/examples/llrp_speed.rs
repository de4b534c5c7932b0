//! Measures how fast LLRP messages are decoded, and decoded and encoded: `llrp_speed FILE.bin`.
//!
//! One core; the file is read once and pushed again and again in pieces of 64 KiB, as from a socket.

use std::time::Instant;

use archive_shelving::llrp::{FrameDecoder, Message};

/// Enough for a second or so.
const TOTAL: usize = 512 << 20;
const PIECE: usize = 64 << 10;

fn pass(input: &[u8], mut each: impl FnMut(&Message)) -> Result<(f64, u64), archive_core::Error> {
    let mut frames = FrameDecoder::default();
    let mut message = Message::build("KEEPALIVE", 0, |_| {})?;
    let (begin, mut done, mut count) = (Instant::now(), 0, 0);
    while done < TOTAL {
        for piece in input.chunks(PIECE) {
            frames.push(piece);
            while frames.next_into(&mut message)? {
                each(&message);
                count += 1;
            }
        }
        done += input.len();
    }
    Ok((done as f64 / begin.elapsed().as_secs_f64() / 1e6, count))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: llrp_speed FILE.bin")?;
    let input = std::fs::read(&path)?;
    let mut nodes = 0;
    let (speed, messages) = pass(&input, |message| nodes += message.body().parameters().count())?;
    println!("decode: {speed:.0} MB/s ({messages} messages, {nodes} parameters at their top)");
    let mut out = Vec::new();
    let (speed, _) = pass(&input, |message| {
        out.clear();
        message.encode_onto(&mut out);
    })?;
    println!("decode and encode: {speed:.0} MB/s");
    Ok(())
}
