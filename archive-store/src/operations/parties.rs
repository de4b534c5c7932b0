//! Customers and business processes in tables.

use archive_core::identifier::CustomerNumber;
use archive_core::record::{Customer, CustomerClass};
use chrono::{DateTime, Utc};

use super::evidence;
use super::lookup::time_text;
use crate::evidence_log::{Event, digest_of};
use crate::party::BusinessProcess;
use crate::sql::{Row, Transaction, conflict, values};
use crate::{Error, ErrorKind};

pub(crate) fn customer(tx: &Transaction<'_>, number: &CustomerNumber) -> Result<Option<Customer>, Error> {
    tx.one("SELECT number, name, class FROM customer WHERE number = ?1", values![number.as_str()], |row| {
        Ok(Customer {
            number: row.parsed(0)?,
            name: row.string(1)?,
            class: match row.text(2)? {
                "residential" => CustomerClass::Residential,
                "business" => CustomerClass::Business,
                other => return Err(row.unknown(2, other)),
            },
        })
    })
}

pub(crate) fn enter_customer(
    tx: &Transaction<'_>,
    entered: &Customer,
    when: DateTime<Utc>,
) -> Result<(), Error> {
    if customer(tx, &entered.number)?.as_ref() == Some(entered) {
        return Ok(());
    }
    let class = entered.class.to_string();
    tx.execute(
        "INSERT INTO customer (number, name, class, entered_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (number) DO UPDATE SET name = excluded.name, class = excluded.class,
             entered_at = excluded.entered_at",
        values![entered.number.as_str(), &entered.name, class, time_text(when)],
    )?;
    let event =
        Event::CustomerEntered { customer: entered.number.clone(), content: digest_of(entered)?, at: when };
    evidence::append(tx, None, &event)
}

const PROCESS: &str = "SELECT key, customer, process, opened_at, closed_at FROM business_process";

fn process(row: &Row<'_>) -> Result<BusinessProcess, Error> {
    Ok(BusinessProcess {
        key: row.parsed(0)?,
        customer: row.parsed(1)?,
        process: row.parsed(2)?,
        opened: row.parsed(3)?,
        closed: row.parsed_option(4)?,
    })
}

/// Enters a row of the marketing system, unless it is known; tells whether it is new.
pub(crate) fn enter_system_record(tx: &Transaction<'_>, key: &str, customer: &str) -> Result<bool, Error> {
    let sql = "INSERT INTO system_record (key, customer) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, values![key, customer])? == 1)
}

pub(crate) fn enter_process(tx: &Transaction<'_>, entered: &BusinessProcess) -> Result<(), Error> {
    let object = format!("business process {}", entered.key);
    if customer(tx, &entered.customer)?.is_none() {
        let message = format!(
            "belongs to customer {}, who is not in the catalogue: enter them first",
            entered.customer
        );
        return Err(Error::new(ErrorKind::NotFound, object, message));
    }
    let holder: Option<String> =
        tx.one("SELECT customer FROM system_record WHERE key = ?1", values![entered.key.as_str()], |row| {
            row.string(0)
        })?;
    if let Some(holder) = holder.filter(|holder| holder != entered.customer.as_str()) {
        let message = format!("belongs to customer {holder}, not {}: check both numbers", entered.customer);
        return Err(conflict(object, message));
    }
    let known = tx.one(&format!("{PROCESS} WHERE key = ?1"), values![entered.key.as_str()], process)?;
    match known {
        Some(known) if known == *entered => return Ok(()),
        Some(known) => {
            let same = BusinessProcess { closed: None, ..entered.clone() } == known;
            if !same {
                let message = "is known with another customer, kind, beginning or end: check which is true";
                return Err(conflict(object, message));
            }
            tx.execute(
                "UPDATE business_process SET closed_at = ?2 WHERE key = ?1",
                values![entered.key.as_str(), entered.closed.map(time_text)],
            )?;
        }
        None => {
            enter_system_record(tx, entered.key.as_str(), entered.customer.as_str())?;
            tx.execute(
                "INSERT INTO business_process (key, customer, process, opened_at, closed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                values![
                    entered.key.as_str(),
                    entered.customer.as_str(),
                    entered.process.as_str(),
                    time_text(entered.opened),
                    entered.closed.map(time_text),
                ],
            )?;
        }
    }
    let event = Event::ProcessEntered {
        key: entered.key.clone(),
        content: digest_of(entered)?,
        at: entered.closed.unwrap_or(entered.opened),
    };
    evidence::append(tx, None, &event)
}

pub(crate) fn processes(
    tx: &Transaction<'_>,
    customer: &CustomerNumber,
) -> Result<Vec<BusinessProcess>, Error> {
    let sql = format!("{PROCESS} WHERE customer = ?1 ORDER BY opened_at, key");
    tx.all(&sql, values![customer.as_str()], process)
}
