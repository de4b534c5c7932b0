//! What the catalogue does, once for all dialects.

pub(crate) mod audit;
mod boxing;
pub(crate) mod closing;
pub(crate) mod disposal;
pub(crate) mod documents;
pub(crate) mod evidence;
pub(crate) mod filing;
pub(crate) mod holds;
pub(crate) mod loans;
pub(crate) mod lookup;
pub(crate) mod moves;
pub(crate) mod numbers;
pub(crate) mod parties;
pub(crate) mod relocation;
pub(crate) mod renumbering;
pub(crate) mod reviews;
pub(crate) mod sealed;
pub(crate) mod search;
pub(crate) mod shelf;
pub(crate) mod stock;
pub(crate) mod tables;
