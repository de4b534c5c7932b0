//! The crate as its callers see it.

mod guide;
mod llrp_codec;
mod llrp_reader_driver;
mod modbus_driver;
mod modbus_rtu;
mod relocation;
mod simulated_room;
