//! Canonical writings of what papers and systems write differently: names, addresses, sets, citizen
//! IDs.
//!
//! ```
//! use archive_reconcile::canonical::{address, name};
//!
//! assert_eq!(name("國家電網（江蘇）有限責任公司"), name("国家电网(江苏)有限公司"));
//! assert_ne!(name("国家电网有限公司"), name("国家电网股份有限公司"));
//! assert_eq!(address("江苏省南京市鼓楼区中山路十八号3栋"), address("南京鼓楼区中山路18號3幢"));
//! assert_ne!(address("中山路1号23室"), address("中山路12号3室"));
//! ```
//!
//! Two writings are one value exactly where their canonical writings are one text. What is merely
//! alike ([`likeness`]) is a hint for people, never an equality.
//!
//! Limits: places are known down to prefecture-level cities; a road's old name is another road.

mod addresses;
mod citizen_id;
mod names;
mod sets;
mod simplified;

pub use addresses::address;
pub use citizen_id::{CheckScheme, citizen_id};
pub use names::{Likeness, likeness, name};
pub use sets::set;

pub(crate) use addresses::write_address;
pub(crate) use names::write_name;
pub(crate) use sets::write_set;
