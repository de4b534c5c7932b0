//! What the project's commands and tests share: the links between its Markdown pages.
#![forbid(unsafe_code)]

pub mod links;
