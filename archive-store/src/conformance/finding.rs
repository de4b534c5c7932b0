//! Locating and searching.

use archive_core::holding::{BoxKey, Retention};

use super::{at, document, entry, refused, request, shelving, slot, tag, with_slots};
use crate::filing::{Custody, FilingEntry, FilingState, Locator, ShelfReceipt};
use crate::search::Search;
use crate::{Catalogue, ErrorKind};

pub(super) fn files_are_found_by_every_name(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    let filed = catalogue.file(entry("a")).unwrap();
    catalogue.confirm(&request("a"), ShelfReceipt { when: at(1), tag: Some(tag(4)) }).unwrap();
    let names = [
        Locator::Reference(filed.reference),
        Locator::Customer("33a".parse().unwrap()),
        Locator::Document("a/contract".parse().unwrap()),
        Locator::SystemRecord("work order a".parse().unwrap()),
        Locator::Request(request("a")),
        Locator::Box("H0001".parse().unwrap()),
        Locator::Slot(slot(1, 50).address),
        Locator::Tag(tag(4)),
    ];
    for name in &names {
        let found = catalogue.locate(name).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].documents, [document("a/contract")], "{name}");
        assert_eq!(found[0].readings, r#"{"contract_capacity_kva":"400"}"#);
        assert_eq!(found[0].filed.state, FilingState::Confirmed);
    }
    assert_eq!(catalogue.locate(&Locator::Slot(slot(2, 50).address)).unwrap(), []);
    let unknown = [
        Locator::Reference("Z".parse().unwrap()),
        Locator::Customer("Z".parse().unwrap()),
        Locator::Document("Z".parse().unwrap()),
        Locator::SystemRecord("Z".parse().unwrap()),
        Locator::Request("Z".parse().unwrap()),
        Locator::Box("Z".parse().unwrap()),
        Locator::Slot(slot(99, 50).address),
        Locator::Tag(tag(9)),
    ];
    for name in &unknown {
        refused(catalogue.locate(name), ErrorKind::NotFound, &[&name.to_string()]);
    }
    // A customer may have many files.
    catalogue.file(FilingEntry { customer: "33a".parse().unwrap(), ..entry("b") }).unwrap();
    assert_eq!(catalogue.locate(&names[1]).unwrap().len(), 2);
}

pub(super) fn files_are_gone_through_page_by_page(catalogue: &dyn Catalogue) {
    let mut filed = Vec::new();
    for n in 0..5 {
        let entry = FilingEntry { custody: Custody::Electronic, ..entry(&format!("p{n}")) };
        filed.push(catalogue.file(entry).unwrap().reference);
    }
    catalogue.void_number(&filed.remove(2), "filed twice", at(2)).unwrap();
    let (mut seen, mut last) = (Vec::new(), 0);
    loop {
        let page = catalogue.files_after(last, 2).unwrap();
        let Some(&(place, _)) = page.last() else { break };
        assert!(page.len() <= 2 && place > last);
        last = place;
        seen.extend(page.into_iter().map(|(_, file)| file));
    }
    let whole: Vec<_> = filed
        .iter()
        .map(|reference| catalogue.locate(&Locator::Reference(reference.clone())).unwrap().remove(0))
        .collect();
    assert_eq!(seen, whole);
    assert_eq!(catalogue.files_after(u64::MAX, 2).unwrap(), []);
    for limit in [0, usize::MAX] {
        refused(catalogue.files_after(0, limit), ErrorKind::InvalidInput, &["ask for"]);
    }
}

pub(super) fn words_are_found_exactly(catalogue: &dyn Catalogue) {
    let texts = [
        "杭州市西湖区供电营业厅",
        "杭州,供电公司",
        "ＡＢ供电所 400kVA",
        "供 电",
        "电供",
        "合同容量四百千伏安",
    ];
    for (n, text) in texts.iter().enumerate() {
        let readings = serde_json::json!({ "供电": { "value": [text, 4001, true, null] } }).to_string();
        catalogue
            .file(FilingEntry { readings, custody: Custody::Electronic, ..entry(&format!("s{n}")) })
            .unwrap();
    }
    // The oracle: which texts hold the words, folded, with nothing between their characters.
    let check = |words: &str, expected: &[usize]| {
        let found = catalogue.search(&Search::words(words)).unwrap();
        let mut keys: Vec<usize> = found.iter().map(|f| f.request.as_str()[1..].parse().unwrap()).collect();
        keys.reverse();
        assert_eq!(keys, expected, "{words}");
    };
    check("供电", &[0, 1, 2]);
    check("杭州", &[0, 1]);
    check("杭州供电", &[]);
    check("杭州 供电", &[0, 1]);
    check("杭州，供电", &[1]);
    check("西湖区供电营业厅", &[0]);
    check("西湖供电", &[]);
    check("电", &[0, 1, 2, 3, 4]);
    check("厅", &[0]);
    check("ab供电", &[2]);
    check("400KVA", &[2]);
    check("40", &[0, 1, 2, 3, 4, 5]);
    check("四百千伏安", &[5]);
    check("33s3", &[3]);
    check("Z109-KH·2024-D30-YX-0005", &[4]);
    check("s5/contract", &[5]);
    check("电话", &[]);
    check("' OR 1", &[]);
    check("", &[0, 1, 2, 3, 4, 5]);
    let long = Search::words("电".repeat(10_000_000));
    refused(catalogue.search(&long), ErrorKind::InvalidInput, &["more than 200"]);
}

pub(super) fn a_search_is_narrowed(catalogue: &dyn Catalogue) {
    with_slots(catalogue, 2);
    catalogue.file(entry("a")).unwrap();
    let other =
        BoxKey { year: 2023, retention: Retention::Y, organisation: "CW".parse().unwrap(), ..entry("b").key };
    let process = "meter-change".parse().unwrap();
    catalogue.file(FilingEntry { key: other, process, custody: Custody::Electronic, ..entry("b") }).unwrap();
    catalogue.file(FilingEntry { custody: Custody::CentralPaper(shelving(5)), ..entry("c") }).unwrap();
    catalogue.cancel(&request("c"), "r", at(1)).unwrap();
    let check = |search: Search, expected: &[&str]| {
        let found = catalogue.search(&search).unwrap();
        assert_eq!(found.iter().map(|f| f.request.as_str()).collect::<Vec<_>>(), expected, "{search:?}");
    };
    let all = || Search::words("400");
    check(all(), &["b", "a"]);
    check(Search { limit: 1, ..all() }, &["b"]);
    check(Search { year: Some(2024), ..all() }, &["a"]);
    check(Search { retention: Some(Retention::Y), ..all() }, &["b"]);
    check(Search { organisation: Some("YX".parse().unwrap()), ..all() }, &["a"]);
    check(Search { process: Some("meter-change".parse().unwrap()), ..all() }, &["b"]);
    check(Search { state: Some(FilingState::Void), ..all() }, &["c"]);
    check(Search { state: Some(FilingState::Reserved), ..all() }, &["a"]);
    check(Search { site: Some("HZ".into()), ..all() }, &["a"]);
    check(Search { site: Some("H".into()), ..all() }, &[]);
    check(Search { year: Some(2023), ..Search::words("") }, &["b"]);
}
