//! What the session asks, as datagrams.

use std::collections::BTreeMap;
use std::time::Duration;

use archive_core::Error;
use tokio::time::{Instant, timeout_at};

use super::frame::Frame;
use super::map::{ColumnState, Command, Event, UdpMap};
use crate::ability::Climate;
use crate::device_error::{DeviceError, Interlock};
use crate::dial::{DatagramDial, Datagrams};
use crate::layout::AisleId;
use crate::motion::{BankState, MoveTarget, ShelfCapabilities};
use crate::polled::{Controller, PolledShelf, STOP_PATIENCE, StopLane, stopped_before};

/// How often a question is asked before the device counts as silent: datagrams get lost.
const ATTEMPTS: u32 = 3;
/// How often a stop is sent, and the state asked, before nobody knows whether it was heard.
const STOPS: u32 = 8;
/// The most carriages of a zone: frames have one byte for them.
const MOST_COLUMNS: u8 = 200;

impl PolledShelf {
    /// A driver of the bank called `name`, whose `columns` carriages are a zone of a controller behind UDP.
    /// Nothing is sent before the first question.
    ///
    /// # Errors
    /// `Unsupported` where the map does not know how to stop or how to ask for a state; `InvalidInput` for no
    /// carriage, or more than 200.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn over_udp(
        name: impl Into<String>,
        zone: u8,
        columns: u8,
        map: UdpMap,
        dial: impl DatagramDial + 'static,
    ) -> Result<Self, Error> {
        let name = name.into();
        for needed in [Command::Stop, Command::Query] {
            map.command(needed, zone, 0)?;
        }
        let last = map.bank.first_column.checked_add(columns);
        if !(1..=MOST_COLUMNS).contains(&columns) || last.is_none() {
            return Err(Error::invalid(name, format!("has {columns} carriages, not 1 to {MOST_COLUMNS}")));
        }
        // A start asks for the state and sends; a stop in the lane and polls may be ahead of it.
        let answer_limit = map.call_limit() * 10;
        let limits = ShelfCapabilities {
            name: name.clone(),
            aisles: u16::from(columns) + 1,
            ventilate: true,
            reports_gaps: false,
            environment: map.command(Command::QueryClimate, zone, 0).is_ok(),
            access_lock: false,
            answer_limit,
            move_limit: (map.move_limit() + Duration::from_secs(10)).max(answer_limit),
        };
        Ok(Self::spawn(limits, UdpController { name, zone, columns, map, dial: Box::new(dial) }))
    }
}

struct UdpController {
    name: String,
    zone: u8,
    columns: u8,
    map: UdpMap,
    dial: Box<dyn DatagramDial>,
}

/// What columns said of themselves.
#[derive(Debug, Default)]
struct Columns {
    states: BTreeMap<u8, ColumnState>,
    moving: bool,
    alarms: Vec<Interlock>,
}

impl Controller for UdpController {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&self) -> Duration {
        self.map.poll()
    }

    fn move_limit(&self) -> Duration {
        self.map.move_limit()
    }

    async fn read_state(&mut self, lane: &mut StopLane) -> Result<BankState, DeviceError> {
        let columns = self.ask_columns(self.map.call_limit() / ATTEMPTS, lane).await?;
        self.bank_state(&columns)
    }

    async fn read_climate(&mut self, lane: &mut StopLane) -> Result<Climate, DeviceError> {
        let question = [self.frame(Command::QueryClimate, self.map.bank.all_columns)?];
        for _ in 0..ATTEMPTS {
            let mut found = None;
            let take = |event| match event {
                Event::Climate { climate, .. } => {
                    found = Some(climate);
                    true
                }
                _ => false,
            };
            self.exchange(&question, self.map.call_limit() / ATTEMPTS, lane, take).await?;
            match found {
                Some(climate) => return Ok(climate),
                None if lane.is_asked() => break,
                None => {}
            }
        }
        Err(self.silent(lane))
    }

    async fn command(&mut self, target: MoveTarget, lane: &mut StopLane) -> Result<(), DeviceError> {
        let (command, column) = match target {
            // The last aisle lies on the right of the last carriage, every other on the left of one.
            MoveTarget::Open(AisleId(aisle)) if aisle == u16::from(self.columns) => {
                (Command::OpenRight, self.column(aisle - 1))
            }
            MoveTarget::Open(AisleId(aisle)) => (Command::OpenLeft, self.column(aisle)),
            MoveTarget::Close => (Command::Close, self.map.bank.all_columns),
            MoveTarget::Ventilate => (Command::Ventilate, self.map.bank.all_columns),
        };
        let question = [self.frame(command, column)?];
        if lane.is_asked() {
            return Err(stopped_before(&self.name));
        }
        let mut answer = None;
        let take = |event| {
            answer = match event {
                Event::Moving { column: c } | Event::Arrived { column: c } if c == column => Some(Ok(())),
                Event::Alarm { interlock, .. } => Some(Err(interlock)),
                _ => return false,
            };
            true
        };
        // Once: a datagram that moves carriages is never sent again.
        let sent = self.exchange(&question, self.map.call_limit(), lane, take).await;
        match (sent, answer) {
            (_, Some(Ok(()))) => Ok(()),
            (_, Some(Err(interlock))) => {
                let message = format!("interlock {interlock} is on: remove its cause, then try again");
                Err(DeviceError::rejected(&self.name, message).with_interlock(interlock))
            }
            (Err(error), None) => Err(error),
            (Ok(()), None) => {
                let message =
                    "did not answer after the command was sent: read the state before anything else";
                Err(DeviceError::maybe_executed(&self.name, message))
            }
        }
    }

    async fn stop(&mut self, lane: &mut StopLane) -> Result<(), DeviceError> {
        let stop = self.frame(Command::Stop, self.map.bank.all_columns)?;
        let mut last = None;
        for _ in 0..STOPS {
            let each = self.map.call_limit() / ATTEMPTS;
            // A stop may be sent as often as it takes: it moves nothing.
            if let Err(error) =
                self.exchange(std::slice::from_ref(&stop), Duration::ZERO, lane, |_| true).await
            {
                last = Some(error);
            }
            match self.ask_columns(each, lane).await {
                Ok(columns) if !columns.moving => return Ok(()),
                Ok(_) => {}
                Err(error) => last = Some(error),
            }
            // What waits in the lane is served by this stop, too, so there is no hurry beyond it.
            tokio::time::sleep(each / ATTEMPTS).await;
        }
        let message = "nobody knows whether the stop was heard: use the emergency stop";
        let unheard = DeviceError::maybe_executed(&self.name, message);
        Err(match last {
            Some(cause) => unheard.with_source(cause),
            None => unheard,
        })
    }
}

impl UdpController {
    fn frame(&self, command: Command, column: u8) -> Result<Frame, DeviceError> {
        self.map.command(command, self.zone, column).map_err(|error| {
            DeviceError::unsupported(&self.name, "has no number for it in its map").with_source(error)
        })
    }

    /// The number of a carriage, counted from 0; at most 200 were allowed.
    fn column(&self, index: u16) -> u8 {
        self.map.bank.first_column + index as u8
    }

    fn silent(&self, lane: &StopLane) -> DeviceError {
        if lane.is_asked() {
            return DeviceError::not_sent(&self.name, "was interrupted by a stop");
        }
        let limit = self.map.call_limit();
        let message = format!("did not answer within {limit:?}: check the line and the controller's power");
        DeviceError::not_sent(&self.name, message)
    }

    /// Asks every carriage for its state; those that stay silent are asked again.
    async fn ask_columns(&self, each: Duration, lane: &mut StopLane) -> Result<Columns, DeviceError> {
        let all: Vec<u8> = (0..u16::from(self.columns)).map(|index| self.column(index)).collect();
        let (mut columns, mut heard) = (Columns::default(), Vec::new());
        for _ in 0..ATTEMPTS {
            let silent: Vec<u8> = all.iter().copied().filter(|column| !heard.contains(column)).collect();
            let questions = silent.iter().map(|column| self.frame(Command::Query, *column));
            let questions = questions.collect::<Result<Vec<_>, _>>()?;
            let take = |event| {
                let (column, state) = match event {
                    Event::Moving { column } => (column, None),
                    Event::Column { column, state } => (column, Some(state)),
                    Event::Alarm { interlock, .. } => {
                        columns.alarms.push(interlock);
                        return false;
                    }
                    _ => return false,
                };
                if silent.contains(&column) && !heard.contains(&column) {
                    heard.push(column);
                    match state {
                        Some(state) => drop(columns.states.insert(column, state)),
                        None => columns.moving = true,
                    }
                }
                heard.len() == all.len()
            };
            self.exchange(&questions, each, lane, take).await?;
            if heard.len() == all.len() {
                return Ok(columns);
            }
            if lane.is_asked() {
                break;
            }
        }
        Err(self.silent(lane))
    }

    /// Which aisle is open: the one that the carriages on both its sides report, and no other does.
    fn bank_state(&self, columns: &Columns) -> Result<BankState, DeviceError> {
        let mut interlocks = columns.alarms.clone();
        let mut sides = vec![false; 2 * usize::from(self.columns)];
        for (column, state) in &columns.states {
            let place = 2 * usize::from(column - self.map.bank.first_column);
            (sides[place], sides[place + 1]) = match state {
                ColumnState::Closed => (false, false),
                ColumnState::OpenLeft => (true, false),
                ColumnState::OpenRight => (false, true),
                ColumnState::OpenBoth => (true, true),
                ColumnState::Locked => {
                    interlocks.push(Interlock::Lock);
                    (false, false)
                }
                ColumnState::Unknown(number) => {
                    let message = format!(
                        "reports state {number} of column {column}, which map {} does not have: does the map \
                         fit this controller?",
                        self.map.title()
                    );
                    return Err(DeviceError::rejected(&self.name, message));
                }
            };
        }
        interlocks.sort_unstable();
        interlocks.dedup();
        let expected = |aisle: u16| -> Vec<bool> {
            // Aisle a lies between side 2a - 1 and side 2a, counted from the left.
            let a = 2 * usize::from(aisle);
            (0..sides.len()).map(|side| side == a || side + 1 == a).collect()
        };
        let open = (0..=u16::from(self.columns)).find(|aisle| expected(*aisle) == sides).map(AisleId);
        let open = open.filter(|_| !columns.moving);
        Ok(BankState { open, gaps: None, moving: columns.moving, setpoint: None, interlocks })
    }

    /// Sends frames from a port of their own and takes what comes back until `take` has enough or `limit` is
    /// over. What comes later finds the port closed, so no late answer meets another question.
    ///
    /// # Errors
    /// `Unavailable`, where nothing was sent.
    async fn exchange(
        &self,
        frames: &[Frame],
        limit: Duration,
        lane: &mut StopLane,
        mut take: impl FnMut(Event) -> bool + Send,
    ) -> Result<(), DeviceError> {
        let unreached = |error| {
            let message = "cannot be reached: check the line, the address and the controller's power";
            DeviceError::not_sent(&self.name, message).with_source(error)
        };
        let socket = self.dial.open().await.map_err(unreached)?;
        for frame in frames {
            let bytes = self.map.encode(frame).map_err(|error| {
                DeviceError::invalid(&self.name, "cannot put the command into a frame").with_source(error)
            })?;
            socket.send(&bytes).await.map_err(unreached)?;
        }
        let mut end = Instant::now() + limit;
        let mut hurried = lane.is_asked();
        loop {
            let datagram = tokio::select! {
                biased;
                datagram = timeout_at(end, receive(&*socket)) => match datagram {
                    Ok(Ok(datagram)) => datagram,
                    // Nobody listens there: what was sent did nothing, but a command may have had another
                    // fate than the question, so only silence is concluded.
                    Ok(Err(_)) | Err(_) => return Ok(()),
                },
                () = lane.asked(), if !hurried => {
                    hurried = true;
                    end = end.min(Instant::now() + STOP_PATIENCE);
                    continue;
                }
            };
            for frame in self.map.decode(&datagram).frames.iter().filter(|frame| frame.zone == self.zone) {
                if take(self.map.event(frame)) {
                    return Ok(());
                }
            }
        }
    }
}

async fn receive(socket: &dyn Datagrams) -> std::io::Result<Vec<u8>> {
    // More than a datagram can hold.
    let mut buffer = vec![0; 1 << 16];
    let length = socket.receive(&mut buffer).await?;
    buffer.truncate(length);
    Ok(buffer)
}
