//! Names the library's binary interface in its file, so that a program never loads another one.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The number is `ABI_VERSION` in src/boundary.rs, and a test compares them.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmarketing_archive.so.1");
    }
}
