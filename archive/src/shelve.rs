//! Getting a reserved box into its slot: open the aisle, have it placed, see its tag, confirm.

use std::time::Duration;

use archive_core::Error;
use archive_core::holding::{SlotAddress, TagEpc};
use archive_core::identifier::BoxNumber;
use archive_shelving::epc::UserCode;
use archive_shelving::motion::{MoveOutcome, MoveTarget};
use archive_shelving::reading::{Sighting, TagInventoryExt};
use archive_store::{Filed, FilingState, ShelfReceipt};
use chrono::Utc;

use crate::archive::Archive;
use crate::content;
use crate::filing::Shelving;

/// How long one round of reading lasts, and how many rounds are read until the tag is seen.
pub(crate) const ROUND: Duration = Duration::from_millis(200);
pub(crate) const ROUNDS: u32 = 10;

/// Marks tag codes that this software made.
const ISSUER: u32 = 0x4D41;

/// The tag of a box. It is derived from the box number, so a tag that was lost can be printed again;
/// 64 bits of a digest keep a million boxes apart.
pub(crate) fn tag_of(number: &BoxNumber) -> Result<TagEpc, Error> {
    let digest = content::digest(number.as_str().as_bytes()).0;
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    Ok(UserCode::new(ISSUER, u64::from_be_bytes(bytes))?.to_tag())
}

impl Archive {
    /// Goes on with a filing whose box is not known to stand in its slot.
    ///
    /// What the devices refuse or cannot tell is a pending state with its reason, not an error: the
    /// filing itself is safe in the catalogue.
    pub(crate) fn shelve(&self, filed: &Filed) -> Result<Shelving, Error> {
        let Some(place) = &filed.place else { return Ok(Shelving::NotNeeded) };
        let tag = tag_of(&place.archive_box.number)?;
        if filed.state == FilingState::Confirmed {
            return Ok(Shelving::Confirmed { tag });
        }
        match self.put_box(tag, &place.slot, filed.request.as_str()) {
            Ok(None) => {
                self.catalogue.confirm(&filed.request, ShelfReceipt { when: Utc::now(), tag: Some(tag) })?;
                tracing::info!(request = %filed.request, %tag, slot = %place.slot, "box stands in its slot");
                Ok(Shelving::Confirmed { tag })
            }
            Ok(Some(reason)) => Ok(Shelving::Pending { reason }),
            Err(error) => Ok(Shelving::Pending { reason: error.report() }),
        }
    }

    /// Records that a person put the box of `request` into its slot and looked: no reader did. Confirming
    /// again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown request; `Conflict` where it was cancelled.
    pub fn confirm_by_hand(&self, request: &archive_core::identifier::RequestKey) -> Result<Filed, Error> {
        self.catalogue.confirm(request, ShelfReceipt { when: Utc::now(), tag: None })
    }

    /// Opens the aisle, has the box with `tag` put into `slot` and looks for it; `None` where it was seen,
    /// else why it is not known to stand there.
    pub(crate) fn put_box(
        &self,
        tag: TagEpc,
        slot: &SlotAddress,
        purpose: &str,
    ) -> Result<Option<String>, Error> {
        let aisle = self.devices.aisle(slot)?;
        if let Some(reason) = self.open_aisle(slot, purpose)? {
            return Ok(Some(reason));
        }
        self.devices.place(tag, slot)?;
        let reader = self.devices.reader(slot)?;
        let sighting =
            self.runtime.run(async move { reader.look_for(tag, aisle, ROUND, ROUNDS).await })??;
        Ok(match sighting {
            Sighting::Seen { .. } => None,
            Sighting::Unverified { rounds, other_reads } => {
                Some(format!("tag {tag} was not seen in {rounds} rounds ({other_reads} reads of other tags)"))
            }
        })
    }

    /// Opens the aisle before `slot`; `None` where it stands open, else why it does not.
    ///
    /// Every call is a movement of its own: a person asked for it, so it is no repetition on a guess.
    pub(crate) fn open_aisle(&self, slot: &SlotAddress, purpose: &str) -> Result<Option<String>, Error> {
        let aisle = self.devices.aisle(slot)?;
        let shelf = self.devices.shelf(slot)?;
        let name = content::digest(purpose.as_bytes()).to_string();
        let now = Utc::now().timestamp_nanos_opt().unwrap_or_default();
        let operation = format!("{}-{now}", &name[..16]).parse()?;
        tracing::info!(%slot, %aisle, "opening the aisle");
        let outcome = self.runtime.run(async move {
            if shelf.state().await?.open == Some(aisle) {
                return Ok(MoveOutcome::Done);
            }
            let mut handle = shelf.start(operation, MoveTarget::Open(aisle)).await?;
            Ok::<_, archive_shelving::device_error::DeviceError>(handle.outcome().await)
        })??;
        Ok(match outcome {
            MoveOutcome::Done => None,
            other => Some(format!("{aisle} of {slot}: {other}")),
        })
    }

    /// Goes on with every filing whose box is not known to stand in its slot, oldest first; gives
    /// each with what became of it.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn resume(&self) -> Result<Vec<(Filed, Shelving)>, Error> {
        let pending = self.catalogue.pending()?;
        pending.into_iter().map(|filed| self.shelve(&filed).map(|shelving| (filed, shelving))).collect()
    }
}
