//! Any tag is a code that writes the same tag, or a foreign one; any text is a code in one writing, or none.
#![no_main]

use archive_core::holding::TagEpc;
use archive_shelving::epc::{Epc, Gdti96, Giai96, Grai96};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ([u8; 12], &str)| {
    let (bytes, text) = input;
    let tag = TagEpc(bytes);
    let again = match Epc::from_tag(tag) {
        Epc::Gdti(code) => code.to_tag(),
        Epc::Grai(code) => code.to_tag(),
        Epc::Giai(code) => code.to_tag(),
        Epc::User(code) => code.to_tag(),
        Epc::Other(tag) => tag,
        _ => return,
    };
    assert_eq!(again, tag);
    let texts = [
        text.parse::<Gdti96>().map(|code| (code.to_string(), code.to_tag())),
        text.parse::<Grai96>().map(|code| (code.to_string(), code.to_tag())),
        text.parse::<Giai96>().map(|code| (code.to_string(), code.to_tag())),
    ];
    for (written, tag) in texts.into_iter().flatten() {
        // The scheme's name may be left out.
        assert!(written.ends_with(text), "{text:?} is written {written:?}");
        assert!(!matches!(Epc::from_tag(tag), Epc::Other(_)));
    }
});
