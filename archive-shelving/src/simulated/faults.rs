//! What can go wrong between a driver and a simulated device.

use std::collections::VecDeque;

use super::chance::Chance;

/// One fault, which meets the next command that it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The next start is lost before it reaches the device: certainty `NotSent`.
    LoseCommand,
    /// The next start is carried out and its answer lost: certainty `MaybeExecuted`.
    LoseAnswer,
    /// The next move is carried out and its end never reported: `OutcomeUnknown`.
    LoseReport,
    /// The next move stalls half-way: the drive interlock comes on.
    Stall,
}

/// How often each fault happens by itself, as probabilities of a command.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaultRates {
    /// Of [`Fault::LoseCommand`].
    pub lose_command: f64,
    /// Of [`Fault::LoseAnswer`].
    pub lose_answer: f64,
    /// Of [`Fault::LoseReport`].
    pub lose_report: f64,
    /// Of [`Fault::Stall`].
    pub stall: f64,
}

/// Injected faults in their order, then faults by chance.
#[derive(Debug)]
pub(crate) struct FaultSource {
    pub(crate) injected: VecDeque<Fault>,
    pub(crate) rates: FaultRates,
    pub(crate) chance: Chance,
}

impl FaultSource {
    pub(crate) fn next(&mut self) -> Option<Fault> {
        if let Some(fault) = self.injected.pop_front() {
            return Some(fault);
        }
        let rates = [
            (self.rates.lose_command, Fault::LoseCommand),
            (self.rates.lose_answer, Fault::LoseAnswer),
            (self.rates.lose_report, Fault::LoseReport),
            (self.rates.stall, Fault::Stall),
        ];
        // One draw a command, whatever the rates: changing one rate does not reshuffle the others' dice.
        let mut draw = self.chance.unit();
        rates.into_iter().find_map(|(rate, fault)| {
            let hit = draw < rate;
            draw -= rate;
            hit.then_some(fault)
        })
    }
}
