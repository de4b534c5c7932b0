//! What a line does to the answers of a simulated device.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::chance::Chance;

/// What the line does to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The answer never comes.
    Lose,
    /// The answer comes after this long.
    Delay(Duration),
    /// The answer comes twice.
    Duplicate,
    /// The answer comes after the next one.
    Reorder,
    /// The answer carries the number of another call, or the name of another device.
    Misnumber,
    /// So many bytes of the answer come; then the connection ends, or the datagram does.
    Reset(usize),
}

/// Injected faults in their order, then faults by chance.
#[derive(Debug)]
pub(super) struct Harm(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    injected: VecDeque<WireFault>,
    /// Applies to answers to commands alone: the command acts, its answer is lost.
    lose_command_answer: bool,
    rate: f64,
    chance: Chance,
}

impl Harm {
    pub(super) fn none() -> Self {
        let (injected, lose_command_answer, rate, chance) = (VecDeque::new(), false, 0.0, Chance::new(1));
        Self(Mutex::new(Inner { injected, lose_command_answer, rate, chance }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn inject(&self, fault: WireFault) {
        self.lock().injected.push_back(fault);
    }

    pub(super) fn lose_next_command_answer(&self) {
        self.lock().lose_command_answer = true;
    }

    pub(super) fn set(&self, share: f64, seed: u64) {
        let mut inner = self.lock();
        (inner.rate, inner.chance) = (share.clamp(0.0, 1.0), Chance::new(seed));
    }

    /// What befalls the next answer.
    pub(super) fn next(&self, is_command: bool) -> Option<WireFault> {
        let mut inner = self.lock();
        if is_command && std::mem::take(&mut inner.lose_command_answer) {
            return Some(WireFault::Lose);
        }
        if let Some(fault) = inner.injected.pop_front() {
            return Some(fault);
        }
        let rate = inner.rate;
        if !inner.chance.happens(rate) {
            return None;
        }
        let draw = inner.chance.next_u64();
        Some(match draw % 6 {
            0 => WireFault::Lose,
            1 => WireFault::Delay(Duration::from_millis(draw >> 8 & 0x3FF)),
            2 => WireFault::Duplicate,
            3 => WireFault::Reorder,
            4 => WireFault::Misnumber,
            _ => WireFault::Reset((draw >> 8 & 0xF) as usize),
        })
    }
}

/// Sends the answers of one connection, harmed.
#[derive(Debug, Default)]
pub(super) struct HarmedSender {
    /// Answers that come after the next one.
    held: Vec<u8>,
}

impl HarmedSender {
    /// Sends an answer as `fault` leaves it; `number` is the place of a byte of its number.
    pub(super) async fn send(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        mut answer: Vec<u8>,
        number: usize,
        fault: Option<WireFault>,
    ) -> io::Result<()> {
        match fault {
            Some(WireFault::Lose) => return Ok(()),
            Some(WireFault::Delay(delay)) => tokio::time::sleep(delay).await,
            Some(WireFault::Duplicate) => answer = answer.repeat(2),
            Some(WireFault::Reorder) => {
                self.held.append(&mut answer);
                return Ok(());
            }
            Some(WireFault::Misnumber) => {
                if let Some(byte) = answer.get_mut(number) {
                    *byte ^= 0x55;
                }
            }
            Some(WireFault::Reset(bytes)) => {
                stream.write_all(&answer[..bytes.min(answer.len())]).await?;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            None => {}
        }
        answer.append(&mut self.held);
        stream.write_all(&answer).await
    }
}
