//! The driver of a simulated bank.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::bank::{Advance, Physics};
use super::faults::Fault;
use super::room::{BankPlace, SimulatedRoom};
use crate::ability::{AccessLock, Climate, DeciCelsius, Environment, PermilleHumidity};
use crate::device_error::{DeviceError, Interlock};
use crate::layout::{AisleId, BankLayout};
use crate::motion::{
    BankState, MoveHandle, MoveOutcome, MoveReporter, MoveTarget, OperationId, Refusal, ShelfCapabilities,
    ShelfMotion,
};

/// How often a moving bank reports its progress.
const TICK: Duration = Duration::from_millis(100);

/// The driver of one bank in a [`SimulatedRoom`]. Clones drive the same bank.
#[derive(Debug, Clone)]
pub struct SimulatedShelf {
    room: SimulatedRoom,
    layout: Arc<BankLayout>,
    physics: Physics,
}

/// The operations that the device remembers: the running one and a few that ended.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    recent: VecDeque<Arc<MoveReporter>>,
    /// The running operation whose end nobody will report.
    mute: bool,
}

impl Operations {
    /// A device forgets; a driver that must know longer asks the catalogue.
    const REMEMBERED: usize = 64;

    fn find(&self, operation: &OperationId) -> Option<MoveHandle> {
        self.recent.iter().map(|reporter| reporter.handle()).find(|handle| handle.operation() == operation)
    }

    fn remember(&mut self, reporter: Arc<MoveReporter>) {
        if self.recent.len() == Self::REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(reporter);
    }

    fn latest(&self) -> Option<&Arc<MoveReporter>> {
        self.recent.back()
    }
}

impl BankPlace {
    /// Ends the running operation because a protection came on.
    pub(crate) fn trip(&mut self, interlock: Interlock) {
        self.end(Refusal::Interlock(interlock));
    }

    fn end(&mut self, why: Refusal) {
        self.settle();
        if self.bank.motion.take().is_some() {
            self.publish(MoveOutcome::Refused(why));
        }
    }

    fn publish(&mut self, outcome: MoveOutcome) {
        let outcome = match std::mem::take(&mut self.operations.mute) {
            true => MoveOutcome::Unknown("the device never reported an end: read the state".to_owned()),
            false => outcome,
        };
        if let Some(reporter) = self.operations.latest() {
            reporter.finish(outcome);
        }
    }

    /// Brings the carriages to now and publishes what became of the running operation. Time may have
    /// run without anybody looking, so everything that reads or changes the bank settles first.
    pub(crate) fn settle(&mut self) {
        match self.bank.advance() {
            Advance::Still => {}
            Advance::Moving(permille) => {
                if let Some(reporter) = self.operations.latest() {
                    reporter.moving(Some(permille));
                }
            }
            Advance::Arrived => self.publish(MoveOutcome::Done),
            Advance::Stalled => self.publish(MoveOutcome::Refused(Refusal::Interlock(Interlock::Drive))),
        }
    }
}

impl SimulatedShelf {
    pub(crate) fn new(room: SimulatedRoom, layout: Arc<BankLayout>, physics: Physics) -> Self {
        Self { room, layout, physics }
    }

    /// The state as a controller beside the bank sees it, whatever becomes of the line to drivers.
    pub(crate) fn state_beside(&self) -> BankState {
        let mut inner = self.room.lock();
        let place = inner.banks.get_mut(self.layout.name()).expect("a room never loses a bank");
        place.settle();
        place.bank.state()
    }

    fn object(&self) -> String {
        format!("bank {}", self.layout.name())
    }

    /// Runs `action` on the bank, if the line is up.
    fn ask<T>(
        &self,
        action: impl FnOnce(&mut BankPlace) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        let mut inner = self.room.lock();
        let place = inner.banks.get_mut(self.layout.name()).expect("a room never loses a bank");
        if !place.bank.link_up {
            let message = "does not answer: check the line and the controller's power";
            return Err(DeviceError::not_sent(self.object(), message));
        }
        place.settle();
        action(place)
    }

    fn check_aisle(&self, aisle: AisleId) -> Result<(), DeviceError> {
        let count = self.layout.aisle_count();
        if aisle.0 < count {
            return Ok(());
        }
        let message = format!("has no {aisle}: name one from 0 to {}", count - 1);
        Err(DeviceError::invalid(self.object(), message))
    }

    /// Accepts or refuses a start, as the device does on receiving it.
    fn accept(
        &self,
        place: &mut BankPlace,
        operation: OperationId,
        target: MoveTarget,
        stall: bool,
    ) -> Result<MoveHandle, DeviceError> {
        if let Some(running) = &place.bank.motion {
            let message = format!("operation {} is still running: wait or stop it", running.operation);
            return Err(DeviceError::conflict(self.object(), message));
        }
        if let Some(interlock) = place.bank.interlocks_on().first() {
            let message = format!("interlock {interlock} is on: remove its cause, then try again");
            return Err(DeviceError::rejected(self.object(), message).with_interlock(*interlock));
        }
        let reporter = Arc::new(MoveReporter::new(operation.clone(), target));
        place.operations.remember(Arc::clone(&reporter));
        place.bank.begin(operation, target, stall);
        Ok(reporter.handle())
    }

    /// Publishes progress until the operation ends, whoever still looks on.
    fn watch(&self, handle: MoveHandle) {
        let (room, name) = (self.room.clone(), self.layout.name().clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                let mut inner = room.lock();
                let place = inner.banks.get_mut(&name).expect("a room never loses a bank");
                place.settle();
                let mine = place.bank.motion.as_ref().is_some_and(|m| m.operation == *handle.operation());
                if !mine {
                    return;
                }
            }
        });
    }
}

#[async_trait]
impl ShelfMotion for SimulatedShelf {
    fn capabilities(&self) -> ShelfCapabilities {
        let width = f64::from(self.physics.aisle_width.0);
        ShelfCapabilities {
            name: self.object(),
            aisles: self.layout.aisle_count(),
            ventilate: true,
            reports_gaps: true,
            environment: true,
            access_lock: true,
            answer_limit: Duration::from_secs(1),
            move_limit: self.physics.duration(width) * 2 + Duration::from_secs(5),
        }
    }

    async fn state(&self) -> Result<BankState, DeviceError> {
        self.ask(|place| Ok(place.bank.state()))
    }

    async fn start(&self, operation: OperationId, target: MoveTarget) -> Result<MoveHandle, DeviceError> {
        if let MoveTarget::Open(aisle) = target {
            self.check_aisle(aisle)?;
        }
        let object = self.object();
        self.ask(|place| {
            if let Some(known) = place.operations.find(&operation) {
                if known.target() == target {
                    return Ok(known);
                }
                let message = format!("operation {operation} was to {}, not to {target}", known.target());
                return Err(DeviceError::conflict(object, message));
            }
            let fault = place.faults.next();
            if fault == Some(Fault::LoseCommand) {
                return Err(DeviceError::not_sent(object, "the line broke before the command was sent"));
            }
            let handle = self.accept(place, operation, target, fault == Some(Fault::Stall))?;
            place.operations.mute = fault == Some(Fault::LoseReport);
            self.watch(handle.clone());
            if fault == Some(Fault::LoseAnswer) {
                let message = "did not answer the command: read the state before anything else";
                return Err(DeviceError::maybe_executed(object, message));
            }
            Ok(handle)
        })
    }

    async fn stop(&self) -> Result<(), DeviceError> {
        self.ask(|place| {
            place.end(Refusal::Stopped);
            Ok(())
        })
    }

    fn as_environment(&self) -> Option<&dyn Environment> {
        Some(self)
    }

    fn as_access_lock(&self) -> Option<&dyn AccessLock> {
        Some(self)
    }
}

#[async_trait]
impl Environment for SimulatedShelf {
    async fn climate(&self) -> Result<Climate, DeviceError> {
        self.ask(|place| {
            let smoke = place.bank.interlocks.contains(&Interlock::Smoke);
            // A store-room within its norm; motors warm it by a tenth of a degree.
            let warmed = i16::from(place.bank.motion.is_some());
            Ok(Climate {
                temperature: Some(DeciCelsius(203 + warmed)),
                humidity: Some(PermilleHumidity(480)),
                smoke: Some(smoke),
            })
        })
    }
}

#[async_trait]
impl AccessLock for SimulatedShelf {
    async fn is_locked(&self) -> Result<bool, DeviceError> {
        self.ask(|place| Ok(place.bank.locked))
    }

    async fn lock(&self) -> Result<(), DeviceError> {
        self.ask(|place| {
            place.bank.locked = true;
            place.trip(Interlock::Lock);
            Ok(())
        })
    }

    async fn unlock(&self) -> Result<(), DeviceError> {
        self.ask(|place| {
            place.bank.locked = false;
            Ok(())
        })
    }

    async fn set_light(&self, aisle: AisleId, on: bool) -> Result<(), DeviceError> {
        self.check_aisle(aisle)?;
        self.ask(|place| {
            if on {
                place.bank.lights.insert(aisle);
            } else {
                place.bank.lights.remove(&aisle);
            }
            Ok(())
        })
    }
}
