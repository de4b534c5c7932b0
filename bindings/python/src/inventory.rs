//! Where boxes are, inferred from noisy reads: tables in, a table out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use archive_core::holding::SlotAddress;
use archive_core::{Error, ErrorKind};
use archive_shelving::inventory::{
    Answer, BoxAnswer, ExpectedBox, Model, Place, ReadBank, StockTaking, TagHistory, Visit,
};
use archive_shelving::layout::{AisleId, BankLayout, BankName};
use archive_shelving::reading::{Antenna, AntennaPort, Dbm, InventoryReport, TagRead};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt16Array, UInt32Array};
use arrow_schema::SchemaRef;
use pyo3::prelude::*;

use crate::capsule::Chunks;
use crate::columns::{Cell, Cells};
use crate::errors::{detached, json, taken};
use crate::table::Table;

/// A table with a name, for errors.
struct Rows {
    name: &'static str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Rows {
    fn of(name: &'static str, chunks: Chunks) -> Result<Self, Error> {
        let (schema, batches) = chunks.into_table(name)?;
        Ok(Self { name, schema, batches })
    }

    /// Hands each row's cells of the columns `names` to `look`; of these the first `needed` must be there.
    fn each<const N: usize>(
        &self,
        names: [&str; N],
        needed: usize,
        look: &mut dyn FnMut([Cell<'_>; N]) -> Result<(), String>,
    ) -> Result<(), Error> {
        let at = names.map(|name| self.schema.index_of(name).ok());
        if let Some((name, _)) = names.iter().zip(at).take(needed).find(|(_, at)| at.is_none()) {
            return Err(Error::invalid(format!("table {}", self.name), format!("has no column {name}")));
        }
        let mut number = 0;
        for batch in &self.batches {
            let columns = names.iter().zip(at).map(|(name, at)| {
                at.map(|at| Cells::of(&format!("{name} of {}", self.name), batch.column(at))).transpose()
            });
            let columns: Vec<_> = columns.collect::<Result<_, Error>>()?;
            for row in 0..batch.num_rows() {
                let cell = |i: usize| columns[i].as_ref().map_or(Cell::Absent, |cells| cells.get(row));
                look(std::array::from_fn(cell)).map_err(|message| {
                    Error::invalid(format!("table {} row {number}", self.name), message)
                })?;
                number += 1;
            }
        }
        Ok(())
    }
}

fn parsed<T: std::str::FromStr<Err = Error>>(cell: Cell<'_>) -> Result<T, String> {
    match cell {
        Cell::Absent => Err("lacks a value".into()),
        cell => cell.to_string().parse::<T>().map_err(|e| e.report()),
    }
}

/// A whole number that fits; absent ones are 0.
fn whole<T: TryFrom<u64>>(name: &str, cell: Cell<'_>) -> Result<T, String> {
    let number = match cell {
        Cell::Absent => Ok(0),
        Cell::Number(number) => Ok(number),
        other => Err(other),
    };
    let fits = number.ok().and_then(|number| T::try_from(number).ok());
    fits.ok_or_else(|| format!("has {cell} as {name}: it must be a whole number that fits"))
}

fn dbm(cell: Cell<'_>) -> Result<Option<Dbm>, String> {
    let strength = match cell {
        Cell::Absent => return Ok(None),
        Cell::Negative(strength) => i16::try_from(strength).ok(),
        Cell::Number(strength) => i16::try_from(strength).ok(),
        _ => None,
    };
    let strength = strength.ok_or_else(|| format!("has {cell} as rssi: it must be whole dBm"))?;
    Ok(Some(Dbm(strength)))
}

fn expected(boxes: &Rows) -> Result<Vec<ExpectedBox>, Error> {
    let mut found = Vec::new();
    boxes.each(["number", "tag", "slot", "seen", "missed"], 3, &mut |[
        number,
        tag,
        slot,
        seen,
        missed,
    ]| {
        let history = TagHistory { seen: whole("seen", seen)?, missed: whole("missed", missed)? };
        found.push(ExpectedBox { number: parsed(number)?, tag: parsed(tag)?, slot: parsed(slot)?, history });
        Ok(())
    })?;
    Ok(found)
}

/// The visits and what was read on each, of aisles that the banks `aisles` counts have.
fn visits(visits: &Rows, reads: &Rows, aisles: &HashMap<BankName, u16>) -> Result<Vec<Visit>, Error> {
    let mut reads_of: HashMap<String, Vec<TagRead>> = HashMap::new();
    reads.each(["visit", "tag", "antenna", "rssi"], 3, &mut |[visit, tag, antenna, rssi]| {
        let antenna = AntennaPort(whole("antenna", antenna)?);
        let read = TagRead { epc: parsed(tag)?, antenna, aisle: None, rssi: dbm(rssi)?, at: None, count: 1 };
        reads_of.entry(visit.to_string()).or_default().push(read);
        Ok(())
    })?;
    let mut found = Vec::new();
    let names = ["visit", "bank", "aisle", "begun_ms", "lasted_ms", "lost"];
    visits.each(names, 5, &mut |[visit, bank, aisle, begun, lasted, lost]| {
        let reads = reads_of.remove(&visit.to_string()).unwrap_or_default();
        let report = InventoryReport {
            reads,
            foreign: 0,
            lasted: Duration::from_millis(whole("lasted_ms", lasted)?),
            complete: whole::<u64>("lost", lost)? == 0,
        };
        let place = Place { bank: parsed(bank)?, aisle: AisleId(whole("aisle", aisle)?) };
        match aisles.get(&place.bank) {
            Some(count) if place.aisle.0 < *count => {}
            Some(count) => {
                let (bank, last) = (&place.bank, count - 1);
                let message =
                    format!("{place} is visited, and by its slots {bank} has the aisles 0 to {last}");
                return Err(format!("{message}: give slots of all its columns, or mend the aisle"));
            }
            None => return Err(format!("{place} is visited, and no slot is of that bank: give its slots")),
        }
        found.push(Visit { place, begun: Duration::from_millis(whole("begun_ms", begun)?), report });
        Ok(())
    })?;
    if let Some(visit) = reads_of.keys().min() {
        let message = format!("has reads of visit {visit:?}, which is not in the table of visits");
        return Err(Error::invalid("table reads", message));
    }
    Ok(found)
}

fn layouts(slots: &[String]) -> Result<Vec<BankLayout>, Error> {
    let slots: Vec<SlotAddress> = slots.iter().map(|slot| slot.parse()).collect::<Result<_, _>>()?;
    BankLayout::of_slots(&slots)
}

fn banks(layouts: Vec<BankLayout>, antennas: Vec<(String, Vec<(u16, u16)>)>) -> Result<Vec<ReadBank>, Error> {
    let mut antennas: HashMap<String, Vec<(u16, u16)>> = antennas.into_iter().collect();
    let banks = layouts
        .into_iter()
        .map(|layout| match antennas.remove(layout.name().as_str()) {
            None => Ok(ReadBank::new(layout)),
            Some(ports) => {
                let antenna =
                    |(port, aisle)| Antenna { port: AntennaPort(port), aisle: Some(AisleId(aisle)) };
                ReadBank::with_antennas(layout, ports.into_iter().map(antenna).collect())
            }
        })
        .collect::<Result<_, Error>>()?;
    match antennas.keys().min() {
        None => Ok(banks),
        Some(bank) => Err(Error::new(ErrorKind::NotFound, format!("bank {bank}"), "has no slot")),
    }
}

fn answers(found: &[BoxAnswer]) -> Result<RecordBatch, Error> {
    let name = |answer: &BoxAnswer| match answer.answer {
        Answer::Present => "present",
        Answer::Elsewhere { .. } => "elsewhere",
        Answer::Missing => "missing",
        Answer::Unverified { .. } => "unverified",
    };
    let place = |answer: &BoxAnswer| match &answer.answer {
        Answer::Elsewhere { place } => Some(place.clone()),
        _ => None,
    };
    let doubt = |answer: &BoxAnswer| match answer.answer {
        Answer::Unverified { doubt } => serde_json::to_value(doubt).ok()?.as_str().map(str::to_owned),
        _ => None,
    };
    let number = |of: fn(&BoxAnswer) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(found.iter().map(of)))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(StringArray::from_iter_values(found.iter().map(|f| f.number.as_str())))),
        ("slot", Arc::new(StringArray::from_iter_values(found.iter().map(|f| f.slot.as_str())))),
        ("answer", Arc::new(StringArray::from_iter_values(found.iter().map(name)))),
        ("bank", Arc::new(found.iter().map(|f| Some(place(f)?.bank.to_string())).collect::<StringArray>())),
        ("aisle", Arc::new(found.iter().map(|f| Some(place(f)?.aisle.0)).collect::<UInt16Array>())),
        ("present", number(|f| f.posterior.present)),
        ("elsewhere", number(|f| f.posterior.elsewhere)),
        ("missing", number(|f| f.posterior.missing)),
        ("doubt", Arc::new(found.iter().map(doubt).collect::<StringArray>())),
        ("seen", Arc::new(UInt32Array::from_iter_values(found.iter().map(|f| f.history.seen)))),
        ("missed", Arc::new(UInt32Array::from_iter_values(found.iter().map(|f| f.history.missed)))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .map_err(|e| Error::new(ErrorKind::Internal, "answers", "do not go together").with_source(e))
}

/// Where each box is: the answers as a table, and the findings as JSON.
#[pyfunction]
pub(crate) fn infer_inventory(
    py: Python<'_>,
    slots: Vec<String>,
    boxes: &Bound<'_, PyAny>,
    visits_made: &Bound<'_, PyAny>,
    reads: &Bound<'_, PyAny>,
    antennas: &str,
    model: &str,
) -> PyResult<(Table, String)> {
    let antennas = taken("list of antennas", antennas)?;
    let model: Model = taken("model of an inventory", model)?;
    let given = [("boxes", boxes), ("visits", visits_made), ("reads", reads)];
    let [boxes, visits_made, reads] = given.map(|(name, table)| Chunks::of(name, table).map(|c| (name, c)));
    let (boxes, visits_made, reads) = (boxes?, visits_made?, reads?);
    let (answers, findings) = detached(py, || {
        let rows = |(name, chunks)| Rows::of(name, chunks);
        let expected = expected(&rows(boxes)?)?;
        let layouts = layouts(&slots)?;
        let aisles = layouts.iter().map(|layout| (layout.name().clone(), layout.aisle_count())).collect();
        let mut taking = StockTaking::new(model, banks(layouts, antennas)?, expected)?;
        for visit in visits(&rows(visits_made)?, &rows(reads)?, &aisles)? {
            taking.add(&visit);
        }
        let conclusion = taking.conclude();
        Ok((answers(&conclusion.boxes)?, conclusion.findings))
    })?;
    Ok((Table::new(answers.schema(), vec![answers]), json(&findings)?))
}
