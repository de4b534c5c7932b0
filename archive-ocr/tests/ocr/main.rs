//! The crate from outside: hostile images, missing and damaged models, real pages.

mod images;
mod models;
mod page_files;
mod script;
