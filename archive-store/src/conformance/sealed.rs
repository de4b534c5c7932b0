//! Sealed values.

use std::sync::Arc;

use archive_core::identifier::CustomerNumber;
use archive_core::policy::Policy;

use super::{at, refused};
use crate::evidence_log::Event;
use crate::key_provider::{KeyBytes, KeyId, KeyProvider, KeyRing};
use crate::sealed::{Access, Resealed, SealEntry, SealedKind, Secret};
use crate::{Catalogue, ErrorKind};

fn id(text: &str) -> KeyId {
    text.parse().unwrap()
}

fn ring(ids: &[(&str, u8)]) -> Arc<dyn KeyProvider> {
    let mut keys = KeyRing::new(id(ids[0].0), KeyBytes::new([ids[0].1; 32]));
    for (name, byte) in &ids[1..] {
        keys.add(id(name), KeyBytes::new([*byte; 32])).unwrap();
    }
    Arc::new(keys)
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn sealed(customer: &str, kind: SealedKind, value: &str) -> SealEntry {
    SealEntry { customer: customer.parse().unwrap(), kind, value: secret(value), when: at(0) }
}

fn access() -> Access {
    Access::under(&Policy::reference(), &"counter".parse().unwrap(), "王受理", "回访", at(5)).unwrap()
}

fn last_event(catalogue: &dyn Catalogue) -> Event {
    let size = catalogue.checkpoint().unwrap().size;
    catalogue.prove_inclusion(size - 1, size).unwrap().entry.event().unwrap()
}

pub(super) fn sealed_values_are_read_for_a_purpose(catalogue: &dyn Catalogue) {
    let keys = ring(&[("k1", 1)]);
    let [a, b]: [CustomerNumber; 2] = ["3388985508", "3388985509"].map(|text| text.parse().unwrap());
    let phone = catalogue.seal(&sealed("3388985508", SealedKind::Phone, "135 0000 0000"), &keys).unwrap();
    let size = catalogue.checkpoint().unwrap().size;
    for same in ["13500000000", "+86 135-0000-0000", "１３５００００００００"] {
        let again = sealed("3388985508", SealedKind::Phone, same);
        assert_eq!(catalogue.seal(&again, &keys).unwrap(), phone, "{same}");
    }
    assert_eq!(catalogue.checkpoint().unwrap().size, size, "the same again changes nothing");
    catalogue.seal(&sealed("3388985508", SealedKind::IdNumber, "11010119000101001x"), &keys).unwrap();
    catalogue.seal(&sealed("3388985508", SealedKind::IdPhotograph, "9f/9f86d0.jpg"), &keys).unwrap();
    catalogue.seal(&sealed("3388985509", SealedKind::Phone, "13500000000"), &keys).unwrap();

    let found = catalogue.unseal(&a, None, &access(), &keys).unwrap();
    let values: Vec<&str> = found.iter().map(|f| f.value.expose()).collect();
    assert_eq!(values, ["135 0000 0000", "11010119000101001x", "9f/9f86d0.jpg"], "as they were entered");
    let Event::Unsealed { customer, values, role, person, purpose, .. } = last_event(catalogue) else {
        panic!("the look is not in the log");
    };
    assert_eq!((customer, values.len(), role.as_str()), (a.clone(), 3, "counter"));
    assert_eq!((person.as_str(), purpose.as_str()), ("王受理", "回访"));
    let size = catalogue.checkpoint().unwrap().size;
    let nobody = "3388985510".parse().unwrap();
    assert_eq!(catalogue.unseal(&nobody, Some(SealedKind::Phone), &access(), &keys).unwrap(), []);
    assert_eq!(catalogue.checkpoint().unwrap().size, size + 1, "a look that finds nothing is logged, too");

    let find = |kind, value: &str| catalogue.find_sealed(kind, &secret(value), &access(), &keys).unwrap();
    assert_eq!(find(SealedKind::Phone, "0086 13500000000"), [a.clone(), b.clone()]);
    assert_eq!(find(SealedKind::IdNumber, "11010119000101001X"), std::slice::from_ref(&a));
    assert_eq!(find(SealedKind::Phone, "11010119000101001X"), [], "another kind");
    let asked = last_event(catalogue);
    assert!(matches!(asked, Event::SealedSearched { found: 0, .. }), "{asked:?}");
    assert!(!format!("{asked:?}").contains("110101"), "the value stays out of the log");

    catalogue.withdraw_sealed(phone, "号码停用", at(9)).unwrap();
    catalogue.withdraw_sealed(phone, "号码停用", at(10)).unwrap();
    refused(catalogue.withdraw_sealed(phone, "other", at(10)), ErrorKind::Conflict, &["sealed value"]);
    refused(catalogue.withdraw_sealed(9_999, "x", at(10)), ErrorKind::NotFound, &["9999"]);
    assert_eq!(catalogue.unseal(&a, Some(SealedKind::Phone), &access(), &keys).unwrap(), []);
    assert_eq!(find(SealedKind::Phone, "13500000000"), [b]);
    assert!(catalogue.seal(&sealed("3388985508", SealedKind::Phone, "13500000000"), &keys).unwrap() > phone);

    let nothing = sealed("3388985508", SealedKind::Phone, "---");
    refused(catalogue.seal(&nothing, &keys), ErrorKind::InvalidInput, &["no characters"]);
    for bad in ["", " ", "a\u{0}b", "line\nbreak"] {
        refused(Secret::new(bad), ErrorKind::InvalidInput, &["a value to be sealed"]);
    }
    refused(Secret::new("x".repeat(10_000_000)), ErrorKind::InvalidInput, &["1024"]);
    let role = |code: &str, purpose: &str| {
        Access::under(&Policy::reference(), &code.parse().unwrap(), "李", purpose, at(5))
    };
    refused(
        role("surveyor", "x"),
        ErrorKind::Denied,
        &["role surveyor", "may: archive-manager, counter, legal"],
    );
    refused(role("nobody", "x"), ErrorKind::Denied, &["role nobody"]);
    refused(role("counter", " "), ErrorKind::InvalidInput, &["purpose"]);
}

pub(super) fn keys_take_over_from_one_another(catalogue: &dyn Catalogue) {
    let customer = |n: usize| format!("33889{n:05}");
    let (old, both) = (ring(&[("k1", 1)]), ring(&[("k1", 1), ("k2", 2)]));
    for n in 0..25 {
        catalogue.seal(&sealed(&customer(n), SealedKind::Phone, &format!("135{n:08}")), &old).unwrap();
    }
    let reseal = |limit, keys: &Arc<dyn KeyProvider>| catalogue.reseal(limit, at(20), keys);
    assert_eq!(reseal(10, &both).unwrap(), Resealed { resealed: 10, left: 15 });
    assert_eq!(catalogue.sealing_keys().unwrap(), [(id("k1"), 15), (id("k2"), 10)]);
    // In the middle of it everything is read, found and known again; what is new takes the new key.
    for n in [0, 24] {
        let number = customer(n).parse().unwrap();
        let value = format!("135{n:08}");
        let found = catalogue.unseal(&number, None, &access(), &both).unwrap();
        assert_eq!((found.len(), found[0].value.expose()), (1, value.as_str()));
        let found = catalogue.find_sealed(SealedKind::Phone, &secret(&value), &access(), &both).unwrap();
        assert_eq!(found, [number]);
        let again = catalogue.seal(&sealed(&customer(n), SealedKind::Phone, &value), &both).unwrap();
        assert_eq!(again as usize, n + 1, "known under either key");
    }
    // Without the old key nothing goes on, and nothing is lost.
    let new = ring(&[("k2", 2)]);
    refused(reseal(10, &new), ErrorKind::Denied, &["key k1", "is not in the key ring"]);
    refused(
        catalogue.unseal(&customer(24).parse().unwrap(), None, &access(), &new),
        ErrorKind::Denied,
        &["key k1"],
    );
    assert_eq!(reseal(10, &both).unwrap(), Resealed { resealed: 10, left: 5 });
    assert_eq!(reseal(10, &both).unwrap(), Resealed { resealed: 5, left: 0 });
    let size = catalogue.checkpoint().unwrap().size;
    assert_eq!(reseal(10, &both).unwrap(), Resealed { resealed: 0, left: 0 });
    assert_eq!(catalogue.checkpoint().unwrap().size, size);
    assert_eq!(catalogue.sealing_keys().unwrap(), [(id("k2"), 25)]);
    let found = catalogue.unseal(&customer(7).parse().unwrap(), None, &access(), &new).unwrap();
    assert_eq!(found[0].value.expose(), "13500000007");
    // Another key under the id of one that was used.
    let wrong = ring(&[("k2", 9)]);
    for refusal in [
        catalogue.unseal(&customer(7).parse().unwrap(), None, &access(), &wrong).map(drop),
        catalogue.find_sealed(SealedKind::Phone, &secret("13500000007"), &access(), &wrong).map(drop),
        catalogue.seal(&sealed(&customer(7), SealedKind::Phone, "13500000000"), &wrong).map(drop),
        reseal(10, &ring(&[("k2", 9), ("k3", 3)])).map(drop),
    ] {
        refused(refusal, ErrorKind::Denied, &["key k2", "another key than the one"]);
    }
    refused(reseal(0, &both), ErrorKind::InvalidInput, &["batch of 0"]);
    refused(reseal(usize::MAX, &both), ErrorKind::InvalidInput, &["batch"]);
}
