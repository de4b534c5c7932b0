//! Custody through the public interface, without reading pages: no models are needed.

mod bags;
mod capture;
mod checking;
mod disposal;
mod hostile;
#[cfg(feature = "object-store")]
mod object_store;
mod printing;
mod relocating;
mod reviewing;
mod scene;
mod simulation;
mod sites;
mod slots;
mod stock_taking;
mod transfer;
mod using;
