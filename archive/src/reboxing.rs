//! Re-boxing (重新装盒): what could be joined, of the boxes as they are.

use archive_core::Error;
use archive_core::boxing::reboxing::{BoxedFiles, Proposal, propose};
use archive_core::units::Millimetres;
use archive_store::SlotFilter;

use crate::archive::Archive;

impl Archive {
    /// Proposals to join boxes that disposal and corrections left half full, where that saves
    /// `least_saving` or more of shelf. Nothing is moved: a person decides, and files keep their order.
    ///
    /// # Errors
    /// Those of the catalogue.
    pub fn reboxing_proposals(&self, least_saving: Millimetres) -> Result<Vec<Proposal>, Error> {
        let mut boxes = Vec::new();
        for slot in self.catalogue.slots(&SlotFilter::default())? {
            // A box that moves has two slots; it is looked at once it arrived.
            let Some(number) = slot.box_number else { continue };
            let status = self.catalogue.box_status(&number)?;
            if status.moving_to.is_some() {
                continue;
            }
            let files = self.files_in(&number)?;
            let thickness =
                files.iter().filter_map(|f| f.filed.place.as_ref().map(|p| p.thickness)).collect();
            let archive_box = status.archive_box;
            boxes.push(BoxedFiles {
                number,
                key: archive_box.key,
                spine: archive_box.spine,
                files: thickness,
            });
        }
        boxes.sort_by(|a, b| a.number.cmp(&b.number));
        propose(&boxes, self.policy().boxing(), least_saving.0)
    }
}
