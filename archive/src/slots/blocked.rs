//! 停用列: columns on which nothing is put because they are locked or out of order.
//!
//! They are kept in a file of the archive's directory, since they say how the room is and not what it holds;
//! every process of that directory reads it before it chooses a slot.

use std::collections::BTreeMap;
use std::path::PathBuf;

use archive_core::holding::SlotAddress;
use archive_core::{Error, ErrorKind};
use archive_shelving::layout::BankName;
use archive_shelving::plan::slot_choice::{Block, SlotIndex};
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::content;

/// A column on which nothing is put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedColumn {
    /// Its bank.
    pub bank: BankName,
    /// 列.
    pub column: String,
    /// Why.
    pub block: Block,
}

/// Blocked columns by bank and name.
pub(super) type Blocks = BTreeMap<(BankName, String), Block>;

impl Archive {
    /// 停用: lets no new box be put on a column that is locked or out of order, or again everything with
    /// `None`, for all processes that use this archive's directory. The same again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown column; `Unavailable` or `Denied` where the file cannot be written.
    pub fn block_column(&self, bank: &BankName, column: &str, block: Option<Block>) -> Result<(), Error> {
        self.with_plan(|plan| {
            plan.index.block(bank, column, block)?;
            // Of two processes that write at one moment the later wins.
            let mut blocks = self.read_blocks()?;
            let name = (bank.clone(), column.to_owned());
            match block {
                Some(block) => blocks.insert(name, block),
                None => blocks.remove(&name),
            };
            self.write_blocks(&blocks)?;
            plan.blocks = blocks;
            Ok(())
        })
    }

    /// The columns on which nothing is put, by bank and name.
    ///
    /// # Errors
    /// `Corrupt` where the file that holds them is none.
    pub fn blocked_columns(&self) -> Result<Vec<BlockedColumn>, Error> {
        let blocked = |((bank, column), block)| BlockedColumn { bank, column, block };
        Ok(self.read_blocks()?.into_iter().map(blocked).collect())
    }

    /// Whether a slot stands on a column that is locked or out of order.
    pub(crate) fn blocked_slots(&self) -> Result<impl Fn(&SlotAddress) -> Option<Block> + use<>, Error> {
        let blocks = self.read_blocks()?;
        Ok(move |slot: &SlotAddress| blocks.get(&(BankName::of(slot), slot.column().to_owned())).copied())
    }

    pub(super) fn read_blocks(&self) -> Result<Blocks, Error> {
        let path = self.block_file();
        if !path.exists() {
            return Ok(Blocks::new());
        }
        let blocked: Vec<BlockedColumn> = serde_json::from_slice(&content::read(&path)?).map_err(|e| {
            let message = "is no list of blocked columns: restore it from a copy, or remove it";
            Error::new(ErrorKind::Corrupt, path.display().to_string(), message).with_source(e)
        })?;
        Ok(blocked.into_iter().map(|b| ((b.bank, b.column), b.block)).collect())
    }

    fn write_blocks(&self, blocks: &Blocks) -> Result<(), Error> {
        let path = self.block_file();
        let blocked = |((bank, column), block): (&(BankName, String), &Block)| BlockedColumn {
            bank: bank.clone(),
            column: column.clone(),
            block: *block,
        };
        let blocked: Vec<BlockedColumn> = blocks.iter().map(blocked).collect();
        let text = serde_json::to_vec_pretty(&blocked).map_err(|e| {
            Error::new(ErrorKind::Internal, "blocked columns", "cannot be written").with_source(e)
        })?;
        content::write_whole(&path, &text).map_err(|e| Error::io(&path, "write", e))
    }

    fn block_file(&self) -> PathBuf {
        self.config.directory().join("blocked_columns.json")
    }
}

/// Lets an index of slots, which knows of `before`, know of `now`. A column without slots blocks none.
pub(super) fn take_over(index: &mut SlotIndex<'_>, before: &Blocks, now: &Blocks) {
    let gone = before.keys().filter(|name| !now.contains_key(*name)).map(|name| (name, None));
    let come = now.iter().filter(|(name, block)| before.get(*name) != Some(*block));
    for ((bank, column), block) in gone.chain(come.map(|(name, block)| (name, Some(*block)))) {
        if let Err(error) = index.block(bank, column, block) {
            tracing::warn!(%error, "a blocked column has no slots");
        }
    }
}
