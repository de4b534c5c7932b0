//! The crate as its callers see it.

mod aisle_order;
mod bad_devices;
mod consignment;
mod guide;
mod http_driver;
mod inventory;
mod inventory_hostile;
mod inventory_plans;
mod llrp_codec;
mod llrp_reader_driver;
mod modbus_driver;
mod modbus_rtu;
mod relocation;
mod simulated_room;
mod slot_choice;
mod space;
mod sync;
mod udp_driver;
mod wire_bench;
