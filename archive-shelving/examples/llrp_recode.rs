//! Decodes a file of LLRP messages and writes them encoded anew: `llrp_recode FILE.bin > OUT.bin`.
//!
//! Ends with status 1 at the first message that cannot be represented, having written those before it.

use std::io::Write;
use std::process::ExitCode;

use archive_shelving::llrp::FrameDecoder;

fn recode(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let input = std::fs::read(path).map_err(|error| format!("{path}: cannot read: {error}"))?;
    let mut frames = FrameDecoder::default();
    frames.push(&input);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut bytes, mut at, mut count) = (Vec::new(), 0, 0_u64);
    loop {
        let message = match frames.next_message() {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(error) => {
                out.flush()?;
                return Err(format!("{path}: message {} at byte {at}: {error}", count + 1).into());
            }
        };
        bytes.clear();
        message.encode_onto(&mut bytes);
        if input[at..].get(..bytes.len()) != Some(&bytes[..]) {
            out.flush()?;
            return Err(format!("{path}: message {} at byte {at}: encodes to other bytes", count + 1).into());
        }
        out.write_all(&bytes)?;
        at += bytes.len();
        count += 1;
    }
    out.flush()?;
    if frames.pending() > 0 {
        return Err(format!("{path}: ends within message {} at byte {at}", count + 1).into());
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: llrp_recode FILE.bin > OUT.bin");
        return ExitCode::from(2);
    };
    match recode(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
