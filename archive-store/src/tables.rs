//! The whole catalogue as tables, to be written to files and read back by whatever backend.
//!
//! ```
//! use std::sync::mpsc::sync_channel;
//! use archive_store::tables::{Part, TABLES};
//! use archive_store::{Catalogue, MemoryCatalogue};
//!
//! let (from, to) = (MemoryCatalogue::new()?, MemoryCatalogue::new()?);
//! let (rows, received) = sync_channel(4);
//! let (parts, imported) = sync_channel(4);
//! std::thread::scope(|scope| {
//!     scope.spawn(|| from.export(rows));
//!     scope.spawn(move || {
//!         received.iter().for_each(|rows| parts.send(Part::Rows(rows)).unwrap());
//!         parts.send(Part::End).unwrap();
//!     });
//!     to.import(imported)
//! })?;
//! assert_eq!(to.checkpoint()?, from.checkpoint()?);
//! assert!(TABLES.iter().any(|table| table.name == "file"));
//! # Ok::<(), archive_core::Error>(())
//! ```
//!
//! Tables and columns are those of the schemas, the same in each dialect; the search index and the room that
//! each file takes are made anew.
//! What is imported is checked like a catalogue: whatever its audit finds refuses the whole.
//!
//! Limits: personal data stays sealed, under the keys of the catalogue that it comes from. What the audit
//! does not compare (a customer's name, say) is as good as where the rows come from.

use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Numbers and row ids.
    Int,
    /// Text; also times, in RFC 3339.
    Text,
    /// Hashes and sealed values.
    Bytes,
}

/// A column of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may hold nothing.
    pub nullable: bool,
}

/// A table of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How many of the first columns are its key, in the order of which it is read.
    pub key: usize,
    /// Its columns.
    pub columns: &'static [Column],
}

/// The values of one column, one for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Of a column of numbers.
    Int(Vec<Option<i64>>),
    /// Of a column of text.
    Text(Vec<Option<String>>),
    /// Of a column of bytes.
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Values {
    /// No values yet, of `kind`.
    #[must_use]
    pub fn of(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Int => Self::Int(Vec::new()),
            ColumnKind::Text => Self::Text(Vec::new()),
            ColumnKind::Bytes => Self::Bytes(Vec::new()),
        }
    }

    /// Of which kind they are.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Int(_) => ColumnKind::Int,
            Self::Text(_) => ColumnKind::Text,
            Self::Bytes(_) => ColumnKind::Bytes,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Some rows of a table, column by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    /// Its columns, all of one length.
    pub columns: Vec<Values>,
}

impl Rows {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Values::len)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What is imported: rows, table by table in the order of [`TABLES`], and a word that they are all. Without
/// that word nothing is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Rows.
    Rows(Rows),
    /// There are no more.
    End,
}

/// The table `name`.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

macro_rules! column {
    ($name:literal int) => {
        Column { name: $name, kind: ColumnKind::Int, nullable: false }
    };
    ($name:literal int_or_null) => {
        Column { name: $name, kind: ColumnKind::Int, nullable: true }
    };
    ($name:literal text) => {
        Column { name: $name, kind: ColumnKind::Text, nullable: false }
    };
    ($name:literal text_or_null) => {
        Column { name: $name, kind: ColumnKind::Text, nullable: true }
    };
    ($name:literal bytes) => {
        Column { name: $name, kind: ColumnKind::Bytes, nullable: false }
    };
    ($name:literal bytes_or_null) => {
        Column { name: $name, kind: ColumnKind::Bytes, nullable: true }
    };
}

macro_rules! tables {
    ($($table:literal, key of $key:literal: $($column:literal $kind:ident),+;)+) => {
        &[$(Table { name: $table, key: $key, columns: &[$(column!($column $kind)),+] }),+]
    };
}

/// Every table, none of which refers to a later one.
pub const TABLES: &[Table] = tables! {
    "counter", key of 2: "kind" text, "scope" text, "first" int, "next" int;
    "number", key of 1: "id" int, "kind" text, "scope" text, "value" int, "code" text, "voided_at" text_or_null,
        "void_reason" text_or_null;
    "system_record", key of 1: "key" text, "customer" text;
    "box", key of 1: "id" int, "number_id" int, "fonds" text, "year" int, "retention" text, "organisation" text,
        "spine" int, "filled" int, "state" text, "tag" text_or_null, "made_at" text;
    "slot", key of 1: "id" int, "address" text, "width" int, "state" text, "box_id" int_or_null, "since" text_or_null;
    "file", key of 1: "id" int, "number_id" int, "request" text, "request_digest" text, "state" text,
        "customer" text, "system_record" text, "process" text, "fonds" text, "year" int, "retention" text,
        "organisation" text, "policy_name" text, "policy_version" text, "custody" text, "box_id" int_or_null,
        "thickness" int_or_null, "readings" text, "findings" text, "filed_at" text, "expires_at" text_or_null,
        "confirmed_at" text_or_null;
    "document", key of 2: "file_id" int, "position" int, "live" int, "id" text, "document_type" text_or_null,
        "carrier" text, "pages" int, "date" text_or_null, "digest" text, "path" text;
    "inventory", key of 1: "id" int, "key" text, "digest" text, "at" text;
    "sighting", key of 2: "box_id" int, "inventory_id" int, "sighting" text, "seen" text_or_null;
    "tag_history", key of 1: "tag" text, "inventory_id" int, "seen" int, "missed" int;
    "loan", key of 1: "id" int, "key" text, "file_id" int, "borrower" text, "purpose" text, "lent_at" text,
        "due_at" text_or_null, "returned_at" text_or_null;
    "customer", key of 1: "number" text, "name" text, "class" text, "entered_at" text;
    "business_process", key of 1: "key" text, "customer" text, "process" text, "opened_at" text,
        "closed_at" text_or_null;
    "document_version", key of 3: "file_id" int, "position" int, "version" int, "suite" text, "digest" text,
        "pages" int, "path" text, "reason" text, "at" text;
    "fixity_check", key of 1: "id" int, "file_id" int, "position" int, "version" int, "found" text, "at" text;
    "slot_hold", key of 1: "id" int, "key" text, "slot_id" int, "at" text, "expires_at" text, "ended_at" text_or_null,
        "outcome" text_or_null;
    "alias", key of 1: "number_id" int, "file_id" int, "reason" text, "at" text;
    "legal_hold", key of 1: "id" int, "key" text, "reason" text, "placed_by" text, "at" text,
        "lifted_by" text_or_null, "lifted_at" text_or_null;
    "legal_hold_item", key of 2: "hold_id" int, "file_id" int;
    "disposal_list", key of 1: "id" int, "key" text, "digest" text, "reason" text, "proposed_by" text,
        "at" text, "state" text, "ended_at" text_or_null, "rejected_by" text_or_null, "rejected_because" text_or_null,
        "proposer_role" text_or_null, "needed" int;
    "disposal_item", key of 2: "list_id" int, "position" int, "file_id" int;
    "disposal_approval", key of 2: "list_id" int, "person" text, "at" text, "role" text_or_null;
    "closing", key of 1: "file_id" int, "closed_by" text, "reason" text, "at" text;
    "joined_file", key of 1: "file_id" int, "main_id" int;
    "relocation", key of 1: "id" int, "key" text, "digest" text, "at" text, "undone_at" text_or_null;
    "relocation_item", key of 2: "plan_id" int, "position" int, "box_id" int, "from_slot" int, "to_slot" int,
        "state" text, "received_at" text_or_null, "tag" text_or_null;
    "sealing_key", key of 1: "id" text, "proof" bytes;
    "sealed_value", key of 1: "id" int, "customer" text, "kind" text, "key_id" text, "sealed" bytes_or_null,
        "blind" bytes_or_null, "at" text, "withdrawn_at" text_or_null, "withdrawn_because" text_or_null;
    "leaf", key of 1: "position" int, "file_id" int_or_null, "event" text, "hash" bytes;
    "node", key of 2: "level" int, "position" int, "hash" bytes;
    "log_head", key of 1: "id" int, "size" int, "frontier" bytes;
};
