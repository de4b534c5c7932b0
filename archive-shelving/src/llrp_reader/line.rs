//! One connection to a reader: sending, receiving, and finding the answer to a request.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::collector::Collector;
use super::request;
use crate::dial::Link;
use crate::llrp::{FrameDecoder, Message};
use crate::reading::Antenna;

/// How long a reader may take to answer.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Why a request got no answer that can be used.
#[derive(Debug)]
pub(super) enum LineFault {
    /// The connection ended or broke a rule.
    Broken(String),
    /// The reader stayed silent.
    Silent,
    /// The reader answered no.
    Refused { code: u64, text: String },
}

pub(super) struct Line {
    stream: Box<dyn Link>,
    frames: FrameDecoder,
    next_id: u32,
    /// What the running operation reports; messages arrive between any two answers.
    pub(super) collector: Option<Collector>,
    pub(super) heard: Instant,
    /// A message is partly written: cancelled now, the connection is out of step.
    pub(super) mid_message: bool,
}

impl Line {
    /// Takes a new connection and waits until the reader says that it stands.
    pub(super) async fn open(stream: Box<dyn Link>, antennas: &[Antenna]) -> Result<Self, LineFault> {
        let frames = FrameDecoder::with_limit(FrameDecoder::SMALLEST);
        let mut line =
            Self { stream, frames, next_id: 1, collector: None, heard: Instant::now(), mid_message: false };
        let first = line.receive_until(Instant::now() + ANSWER_LIMIT).await?;
        let event = first
            .body()
            .parameter("ReaderEventNotificationData")
            .and_then(|data| data.parameter("ConnectionAttemptEvent"))
            .and_then(|event| event.number("Status"));
        match event {
            Some(0) => {}
            Some(1 | 2) => return Err(LineFault::Broken("serves another client: close that one".to_owned())),
            Some(status) => {
                return Err(LineFault::Broken(format!("refused the connection (status {status})")));
            }
            None => {
                return Err(LineFault::Broken(format!("began with {} instead of a greeting", first.name())));
            }
        }
        let configured = line.request(request::configure, "SET_READER_CONFIG_RESPONSE", antennas).await;
        tolerate(configured)?;
        line.delete_leftovers(antennas).await?;
        Ok(line)
    }

    /// Deletes what an earlier run of this driver left behind, and nothing of anybody else.
    async fn delete_leftovers(&mut self, antennas: &[Antenna]) -> Result<(), LineFault> {
        let listed =
            self.request(|id| request::plain("GET_ROSPECS", id), "GET_ROSPECS_RESPONSE", antennas).await;
        let Some(listed) = tolerate(listed)? else { return Ok(()) };
        let ids =
            listed.body().parameters().filter(|p| p.name() == "ROSpec").filter_map(|p| p.number("ROSpecID"));
        for rospec in ids.filter_map(|id| u32::try_from(id).ok()).filter(|id| super::OWN_RANGE.contains(id)) {
            self.delete(rospec, antennas).await?;
        }
        Ok(())
    }

    /// Deletes an operation; that it is gone already is what was wanted.
    pub(super) async fn delete(&mut self, rospec: u32, antennas: &[Antenna]) -> Result<(), LineFault> {
        let deleted = self
            .request(|id| request::about("DELETE_ROSPEC", id, rospec), "DELETE_ROSPEC_RESPONSE", antennas)
            .await;
        tolerate(deleted).map(drop)
    }

    /// Sends a request and waits for its answer, found by its id; takes care of all else that comes.
    pub(super) async fn request(
        &mut self,
        request: impl FnOnce(u32) -> Result<Message, archive_core::Error>,
        answer: &str,
        antennas: &[Antenna],
    ) -> Result<Message, LineFault> {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1).max(1);
        let request = request(id).map_err(|error| LineFault::Broken(error.to_string()))?;
        let deadline = Instant::now() + ANSWER_LIMIT;
        self.send(&request, deadline).await?;
        loop {
            let message = self.receive_until(deadline).await?;
            if message.id() == id && (message.name() == answer || message.name() == "ERROR_MESSAGE") {
                return checked(message, answer);
            }
            // Another id is the late answer to a request that was given up: nobody waits for it.
            self.handle(&message, antennas).await?;
        }
    }

    /// Takes care of a message that is no awaited answer.
    pub(super) async fn handle(&mut self, message: &Message, antennas: &[Antenna]) -> Result<(), LineFault> {
        if message.name() == "KEEPALIVE" {
            let alive = request::plain("KEEPALIVE_ACK", message.id());
            let alive = alive.map_err(|error| LineFault::Broken(error.to_string()))?;
            return self.send(&alive, Instant::now() + ANSWER_LIMIT).await;
        }
        let data = message.body().parameter("ReaderEventNotificationData");
        if data.is_some_and(|data| data.parameter("ConnectionCloseEvent").is_some()) {
            return Err(LineFault::Broken("closed the connection".to_owned()));
        }
        if let Some(collector) = &mut self.collector {
            collector.take(message, antennas);
        }
        Ok(())
    }

    pub(super) async fn send(&mut self, message: &Message, deadline: Instant) -> Result<(), LineFault> {
        self.mid_message = true;
        match timeout_at(deadline, self.stream.write_all(&message.encode())).await {
            Ok(Ok(())) => {
                self.mid_message = false;
                Ok(())
            }
            Ok(Err(error)) => Err(LineFault::Broken(format!("broke the connection ({error})"))),
            Err(_) => Err(LineFault::Silent),
        }
    }

    pub(super) async fn receive_until(&mut self, deadline: Instant) -> Result<Message, LineFault> {
        timeout_at(deadline, self.receive()).await.unwrap_or(Err(LineFault::Silent))
    }

    /// The next message. May be cancelled: what was received is kept.
    pub(super) async fn receive(&mut self) -> Result<Message, LineFault> {
        loop {
            match self.frames.next_message() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) if self.frames.is_out_of_step() => {
                    return Err(LineFault::Broken(error.to_string()));
                }
                Err(error) => {
                    // One message that cannot be read is lost; the stream is not.
                    tracing::warn!(%error, "an LLRP message was skipped");
                    if let Some(collector) = &mut self.collector {
                        collector.complete = false;
                    }
                    continue;
                }
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes).await {
                Ok(0) => return Err(LineFault::Broken("ended the connection".to_owned())),
                Ok(count) => {
                    self.heard = Instant::now();
                    self.frames.push(&bytes[..count]);
                }
                Err(error) => return Err(LineFault::Broken(format!("broke the connection ({error})"))),
            }
        }
    }
}

/// Turns a refusal into nothing: for requests that a reader may not know or need.
pub(super) fn tolerate(answer: Result<Message, LineFault>) -> Result<Option<Message>, LineFault> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(LineFault::Refused { .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn checked(message: Message, answer: &str) -> Result<Message, LineFault> {
    let status = message.body().parameter("LLRPStatus");
    let code = status.and_then(|status| status.number("StatusCode")).unwrap_or_default();
    if code == 0 && message.name() == answer {
        return Ok(message);
    }
    let text = status.and_then(|status| status.bytes("ErrorDescription")).unwrap_or_default();
    // A reader's text is shown, and must not flood a message.
    let text = String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned();
    Err(LineFault::Refused { code, text })
}
