//! What the session asks, as Modbus calls.

use std::time::Duration;

use tokio_modbus::{Request, Response};

use super::calls::{CallFault, Calls};
use super::{Framing, ModbusMap};
use crate::ability::{Climate, DeciCelsius, PermilleHumidity};
use crate::device_error::DeviceError;
use crate::dial::Dial;
use crate::motion::{BankState, MoveTarget, ShelfCapabilities};
use crate::polled::{Controller, PolledShelf, StopLane, stopped_before};

impl PolledShelf {
    /// A driver of the bank called `name`, with `aisles` aisles, behind a Modbus controller. Nothing is
    /// dialled before the first question.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn over_modbus(
        name: impl Into<String>,
        aisles: u16,
        map: ModbusMap,
        framing: Framing,
        dial: impl Dial + 'static,
    ) -> Self {
        let name = name.into();
        // A start dials, clears a coil, and makes six calls and a pulse; polls may be ahead of it.
        let answer_limit = map.call_limit() * 10 + map.pulse() * 2;
        let limits = ShelfCapabilities {
            name: name.clone(),
            aisles,
            ventilate: map.coils.ventilate.is_some(),
            reports_gaps: false,
            environment: map.registers.temperature.is_some() || map.registers.humidity.is_some(),
            access_lock: false,
            answer_limit,
            move_limit: (map.move_limit() + Duration::from_secs(10)).max(answer_limit),
        };
        Self::spawn(limits, ModbusController::new(name, map, framing, Box::new(dial)))
    }
}

/// A bank behind a Modbus controller.
struct ModbusController {
    map: ModbusMap,
    calls: Calls,
    /// Coils that were set and not yet cleared.
    release: Vec<u16>,
}

impl Controller for ModbusController {
    fn name(&self) -> &str {
        self.calls.name()
    }

    fn poll(&self) -> Duration {
        self.map.poll()
    }

    fn move_limit(&self) -> Duration {
        self.map.move_limit()
    }

    async fn read_state(&mut self, lane: &mut StopLane) -> Result<BankState, DeviceError> {
        let (running, protected) = (self.map.state.running, self.map.state.protected);
        let moving = self.read_coil(running.coil, lane).await? == running.on;
        let protected = self.read_coil(protected.coil, lane).await? == protected.on;
        let open = self.read_register(self.map.registers.open_aisle, lane).await?;
        let alarm = match self.map.registers.alarm {
            Some(register) if protected => Some(self.read_register(register, lane).await?),
            _ => None,
        };
        Ok(BankState {
            open: self.map.aisle_numbered(open).filter(|_| !moving),
            gaps: None,
            moving,
            setpoint: None,
            interlocks: if protected { vec![self.map.interlock(alarm)] } else { Vec::new() },
        })
    }

    async fn read_climate(&mut self, lane: &mut StopLane) -> Result<Climate, DeviceError> {
        let mut temperature = None;
        if let Some(register) = self.map.registers.temperature {
            // Controllers write degrees below zero in two's complement.
            temperature = Some(DeciCelsius(self.read_register(register, lane).await? as i16));
        }
        let mut humidity = None;
        if let Some(register) = self.map.registers.humidity {
            humidity = Some(PermilleHumidity(self.read_register(register, lane).await?));
        }
        Ok(Climate { temperature, humidity, smoke: None })
    }

    async fn command(&mut self, target: MoveTarget, lane: &mut StopLane) -> Result<(), DeviceError> {
        let coil = match target {
            MoveTarget::Open(aisle) => {
                let number = self.map.number_of(aisle);
                let write = Request::WriteSingleRegister(self.map.registers.target_aisle, number);
                // The target alone moves nothing: without an answer nothing was started.
                self.call(write, lane).await.map_err(|fault| self.calls.before_acting(fault))?;
                self.map.coils.open
            }
            MoveTarget::Close => self.map.coils.close,
            MoveTarget::Ventilate => match self.map.coils.ventilate {
                Some(coil) => coil,
                None => return Err(DeviceError::unsupported(self.name(), "cannot ventilate")),
            },
        };
        if lane.is_asked() {
            return Err(stopped_before(self.name()));
        }
        self.pulse(coil, lane).await
    }

    async fn stop(&mut self, lane: &mut StopLane) -> Result<(), DeviceError> {
        self.calls.hurry(true);
        let stopped = self.pulse(self.map.coils.stop, lane).await;
        self.calls.hurry(false);
        stopped
    }
}

impl ModbusController {
    fn new(name: String, map: ModbusMap, framing: Framing, dial: Box<dyn Dial>) -> Self {
        let calls = Calls::new(name, map.unit(), map.call_limit(), framing, dial);
        Self { map, calls, release: Vec::new() }
    }

    /// Sets a coil, waits, clears it. The coil acts when it is set.
    async fn pulse(&mut self, coil: u16, lane: &mut StopLane) -> Result<(), DeviceError> {
        match self.call(Request::WriteSingleCoil(coil, true), lane).await {
            Ok(_) => {}
            Err(CallFault::Lost(why)) => {
                self.release.push(coil);
                let message =
                    format!("{why} after the command was sent: read the state before anything else");
                return Err(DeviceError::maybe_executed(self.name(), message));
            }
            Err(fault) => return Err(self.calls.before_acting(fault)),
        }
        self.release.push(coil);
        // A stop does not wait for the pulse of another command.
        tokio::select! {
            biased;
            () = lane.asked() => {}
            () = tokio::time::sleep(self.map.pulse()) => {}
        }
        // Where this fails, the next session clears it first.
        let _ = self.clear_coils(lane).await;
        Ok(())
    }

    async fn clear_coils(&mut self, lane: &mut StopLane) -> Result<(), CallFault> {
        while let Some(coil) = self.release.last().copied() {
            self.calls.ask(Request::WriteSingleCoil(coil, false), lane).await?;
            self.release.pop();
        }
        Ok(())
    }

    /// One call, on a link that is dialled where there is none and whose coils are cleared first.
    async fn call(&mut self, request: Request<'static>, lane: &mut StopLane) -> Result<Response, CallFault> {
        if self.calls.connect_where_needed(lane).await? {
            self.clear_coils(lane).await?;
        }
        self.calls.ask(request, lane).await
    }

    async fn read_coil(&mut self, coil: u16, lane: &mut StopLane) -> Result<bool, DeviceError> {
        let answer = self.call(Request::ReadCoils(coil, 1), lane).await;
        match answer.map_err(|fault| self.calls.before_acting(fault))? {
            Response::ReadCoils(coils) if !coils.is_empty() => Ok(coils[0]),
            _ => Err(self.calls.nonsense()),
        }
    }

    async fn read_register(&mut self, register: u16, lane: &mut StopLane) -> Result<u16, DeviceError> {
        let answer = self.call(Request::ReadHoldingRegisters(register, 1), lane).await;
        match answer.map_err(|fault| self.calls.before_acting(fault))? {
            Response::ReadHoldingRegisters(words) if words.len() == 1 => Ok(words[0]),
            _ => Err(self.calls.nonsense()),
        }
    }
}
