//! The committed header is the one that the sources make; `UPDATE_GOLDEN=1` writes it anew.

use std::path::Path;

#[test]
fn the_committed_header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is read");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/boundary.rs"))
        .with_src(root.join("src/archive_handle.rs"))
        .with_src(root.join("src/custody_handle.rs"))
        .with_src(root.join("src/call.rs"))
        .with_src(root.join("src/rule_handle.rs"))
        .with_src(root.join("src/reader_handle.rs"))
        .with_src(root.join("src/tables.rs"))
        .with_src(root.join("src/shelf_handle.rs"))
        .generate()
        .expect("the header is made");
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).expect("the header is UTF-8");
    let path = root.join("include/marketing_archive.h");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).expect("the header is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "include/marketing_archive.h is stale: run `cargo xtask header`");
}

#[test]
fn the_library_s_name_has_the_version_of_its_interface() {
    let build = include_str!("../build.rs");
    let name = format!("libmarketing_archive.so.{}\"", marketing_archive::ma_abi_version());
    assert!(build.contains(&name), "build.rs names another version than {name}");
}
