//! Any text is a vendor's map, or is refused with its name.
#![no_main]

use archive_shelving::http_controller::HttpMap;
use archive_shelving::modbus::ModbusMap;
use archive_shelving::udp_controller::UdpMap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let errors = [
        ModbusMap::parse("map.toml", text).err(),
        UdpMap::parse("map.toml", text).err(),
        HttpMap::parse("map.toml", text).err(),
    ];
    for error in errors.into_iter().flatten() {
        assert!(error.to_string().starts_with("map.toml"), "{error}");
    }
});
