//! Sealed values in tables.

use std::sync::Arc;

use archive_core::identifier::CustomerNumber;
use chrono::{DateTime, Utc};

use super::evidence;
use super::lookup::time_text;
use crate::evidence_log::Event;
use crate::key_provider::{KeyId, KeyProvider};
use crate::sealed::{Access, Bound, Keys, Resealed, SealEntry, SealedKind, Secret, Unsealed};
use crate::sql::{Row, Transaction, conflict, values};
use crate::{Error, ErrorKind};

type Provider = Arc<dyn KeyProvider>;

/// The keys `id`, once they are seen to be those that the catalogue was sealed with.
fn keys_of(tx: &Transaction<'_>, id: &KeyId, provider: &Provider) -> Result<Keys, Error> {
    let keys = Keys::of(id.clone(), &provider.key(id)?);
    let known =
        tx.one("SELECT proof FROM sealing_key WHERE id = ?1", values![id.as_str()], |row| row.hash(0))?;
    match known {
        Some(proof) if proof != keys.proof => {
            let message =
                "is another key than the one of that id that the catalogue was sealed with: give that one";
            Err(Error::new(ErrorKind::Denied, format!("key {id}"), message))
        }
        _ => Ok(keys),
    }
}

/// The keys that values are sealed with now.
fn current_keys(tx: &Transaction<'_>, provider: &Provider) -> Result<Keys, Error> {
    let keys = keys_of(tx, &provider.current()?, provider)?;
    tx.execute(
        "INSERT INTO sealing_key (id, proof) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
        values![keys.id.as_str(), keys.proof.as_slice()],
    )?;
    Ok(keys)
}

/// The keys of all values that are there: several while one key takes over from another.
fn keys_in_use(tx: &Transaction<'_>, provider: &Provider) -> Result<Vec<Keys>, Error> {
    let sql = "SELECT id FROM sealing_key k
               WHERE EXISTS (SELECT 1 FROM sealed_value v WHERE v.key_id = k.id AND v.sealed IS NOT NULL) ORDER BY id";
    let ids: Vec<KeyId> = tx.all(sql, values![], |row| row.parsed(0))?;
    ids.iter().map(|id| keys_of(tx, id, provider)).collect()
}

pub(crate) fn seal(tx: &Transaction<'_>, entry: &SealEntry, provider: &Provider) -> Result<u64, Error> {
    let current = current_keys(tx, provider)?;
    let customer = entry.customer.as_str();
    for keys in keys_in_use(tx, provider)? {
        let blind = keys.blind(entry.kind, &entry.value);
        let known = tx.one(
            "SELECT id FROM sealed_value WHERE key_id = ?1 AND kind = ?2 AND blind = ?3 AND customer = ?4",
            values![keys.id.as_str(), entry.kind.code(), blind.as_slice(), customer],
            |row| row.int(0),
        )?;
        if let Some(id) = known {
            return Ok(id);
        }
    }
    // The seal is bound to the row, so the row's id is chosen here; writers take turns.
    let id: u64 =
        tx.only("SELECT coalesce(max(id), 0) + 1 FROM sealed_value", values![], |row| row.int(0))?;
    let sealed = current.seal(&entry.value, &Bound { row: id, customer, kind: entry.kind })?;
    tx.execute(
        "INSERT INTO sealed_value (id, customer, kind, key_id, sealed, blind, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        values![
            id,
            customer,
            entry.kind.code(),
            current.id.as_str(),
            sealed.as_slice(),
            current.blind(entry.kind, &entry.value).as_slice(),
            time_text(entry.when),
        ],
    )?;
    let event = Event::Sealed {
        value: id,
        customer: entry.customer.clone(),
        kind: entry.kind,
        key: current.id.clone(),
        at: entry.when,
    };
    evidence::append(tx, None, &event)?;
    Ok(id)
}

const COLUMNS: &str = "SELECT id, customer, kind, key_id, sealed, at FROM sealed_value";

/// A row whose value is still sealed.
struct Stored {
    id: u64,
    customer: CustomerNumber,
    kind: SealedKind,
    key: KeyId,
    sealed: Vec<u8>,
    at: DateTime<Utc>,
}

impl Stored {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: row.int(0)?,
            customer: row.parsed(1)?,
            kind: row.parsed(2)?,
            key: row.parsed(3)?,
            sealed: row.bytes(4)?.to_vec(),
            at: row.parsed(5)?,
        })
    }

    fn open(&self, keys: &Keys) -> Result<Secret, Error> {
        keys.open(&self.sealed, &self.bound())
    }

    fn bound(&self) -> Bound<'_> {
        Bound { row: self.id, customer: self.customer.as_str(), kind: self.kind }
    }
}

pub(crate) fn unseal(
    tx: &Transaction<'_>,
    customer: &CustomerNumber,
    kind: Option<SealedKind>,
    access: &Access,
    provider: &Provider,
) -> Result<Vec<Unsealed>, Error> {
    let sql = format!("{COLUMNS} WHERE customer = ?1 AND sealed IS NOT NULL ORDER BY id");
    let mut stored = tx.all(&sql, values![customer.as_str()], Stored::read)?;
    stored.retain(|row| kind.is_none_or(|kind| kind == row.kind));
    let mut found = Vec::new();
    let mut keys: Option<Keys> = None;
    for row in stored {
        let fitting = match keys.take().filter(|keys| keys.id == row.key) {
            Some(keys) => keys,
            None => keys_of(tx, &row.key, provider)?,
        };
        let value = row.open(&fitting)?;
        keys = Some(fitting);
        found.push(Unsealed { id: row.id, kind: row.kind, value, entered: row.at });
    }
    // That somebody looked and found nothing is evidence, too.
    let event = Event::Unsealed {
        customer: customer.clone(),
        kind,
        values: found.iter().map(|f| f.id).collect(),
        role: access.role().clone(),
        person: access.person().to_owned(),
        purpose: access.purpose().to_owned(),
        at: access.when(),
    };
    evidence::append(tx, None, &event)?;
    Ok(found)
}

pub(crate) fn find(
    tx: &Transaction<'_>,
    kind: SealedKind,
    value: &Secret,
    access: &Access,
    provider: &Provider,
) -> Result<Vec<CustomerNumber>, Error> {
    let mut found: Vec<CustomerNumber> = Vec::new();
    for keys in keys_in_use(tx, provider)? {
        let blind = keys.blind(kind, value);
        found.extend(tx.all(
            "SELECT customer FROM sealed_value WHERE key_id = ?1 AND kind = ?2 AND blind = ?3",
            values![keys.id.as_str(), kind.code(), blind.as_slice()],
            |row| row.parsed(0),
        )?);
    }
    found.sort();
    found.dedup();
    // The value itself stays out of the log, and so does any digest of it, which could be guessed.
    let event = Event::SealedSearched {
        kind,
        found: found.len() as u64,
        role: access.role().clone(),
        person: access.person().to_owned(),
        purpose: access.purpose().to_owned(),
        at: access.when(),
    };
    evidence::append(tx, None, &event)?;
    Ok(found)
}

pub(crate) fn withdraw(
    tx: &Transaction<'_>,
    id: u64,
    reason: &str,
    when: DateTime<Utc>,
) -> Result<(), Error> {
    let object = format!("sealed value {id}");
    let known =
        tx.one("SELECT customer, withdrawn_because FROM sealed_value WHERE id = ?1", values![id], |row| {
            Ok((row.parsed(0)?, row.string_option(1)?))
        })?;
    let customer: CustomerNumber = match known {
        None => return Err(Error::new(ErrorKind::NotFound, object, "is not in the catalogue")),
        Some((_, Some(before))) if before == reason => return Ok(()),
        Some((_, Some(_))) => return Err(conflict(object, "was withdrawn for another reason")),
        Some((customer, None)) => customer,
    };
    tx.execute(
        "UPDATE sealed_value SET sealed = NULL, blind = NULL, withdrawn_at = ?2, withdrawn_because = ?3 WHERE id = ?1",
        values![id, time_text(when), reason],
    )?;
    evidence::append(
        tx,
        None,
        &Event::SealWithdrawn { value: id, customer, reason: reason.to_owned(), at: when },
    )
}

pub(crate) fn reseal(
    tx: &Transaction<'_>,
    limit: usize,
    when: DateTime<Utc>,
    provider: &Provider,
) -> Result<Resealed, Error> {
    let current = current_keys(tx, provider)?;
    let sql = format!("{COLUMNS} WHERE key_id <> ?1 AND sealed IS NOT NULL ORDER BY key_id, id LIMIT ?2");
    let rows = tx.all(&sql, values![current.id.as_str(), limit], Stored::read)?;
    let resealed = rows.len() as u64;
    let mut old: Option<Keys> = None;
    for row in rows {
        let fitting = match old.take().filter(|keys| keys.id == row.key) {
            Some(keys) => keys,
            None => keys_of(tx, &row.key, provider)?,
        };
        let value = row.open(&fitting)?;
        old = Some(fitting);
        tx.execute(
            "UPDATE sealed_value SET key_id = ?2, sealed = ?3, blind = ?4 WHERE id = ?1",
            values![
                row.id,
                current.id.as_str(),
                current.seal(&value, &row.bound())?.as_slice(),
                current.blind(row.kind, &value).as_slice(),
            ],
        )?;
    }
    if resealed > 0 {
        evidence::append(tx, None, &Event::Resealed { key: current.id.clone(), values: resealed, at: when })?;
    }
    let left = tx.only(
        "SELECT count(*) FROM sealed_value WHERE key_id <> ?1 AND sealed IS NOT NULL",
        values![current.id.as_str()],
        |row| row.int(0),
    )?;
    Ok(Resealed { resealed, left })
}

/// How many values stand under each key.
pub(crate) fn keys(tx: &Transaction<'_>) -> Result<Vec<(KeyId, u64)>, Error> {
    tx.all(
        "SELECT key_id, count(*) FROM sealed_value WHERE sealed IS NOT NULL GROUP BY key_id ORDER BY key_id",
        values![],
        |row| Ok((row.parsed(0)?, row.int(1)?)),
    )
}
