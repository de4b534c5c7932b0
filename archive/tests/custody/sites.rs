//! Consignments between sites, and a site that was cut off.

use archive::ErrorKind;
use archive::config::SETTINGS;

use crate::scene::Scene;

const SECOND_SITE: &str = "\n[[bank]]\nsite = \"XS\"\nroom = \"R1\"\nname = \"B1\"\ncolumns = 1\nbays = 1\nlevels = 1\n\
positions = 3\nwidth_mm = 50\n";

fn append(scene: &Scene, name: &str, before: &str, after: &str) {
    let path = scene.path(name).join(SETTINGS);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{before}\n{text}\n{after}")).unwrap();
}

#[test]
fn boxes_go_to_another_site_and_what_is_missing_stays_under_way() {
    let scene = Scene::new();
    append(&scene, "holdings", "", SECOND_SITE);
    let archive = scene.open();
    let first = scene.file(&archive, "r-1").box_number.unwrap();
    let mut other_year = scene.dunning("r-2");
    other_year.date = "2023-05-01".parse().unwrap();
    let second = archive.file(&other_year).unwrap().box_number.unwrap();
    let boxes = [first.clone(), second.clone()];
    let key = "c-1".parse().unwrap();
    let sent = archive.send(&key, &boxes, "XS").unwrap();
    assert_eq!(sent.under_way, boxes);
    assert_eq!(archive.send(&key, &boxes, "XS").unwrap(), sent, "again changes nothing");
    assert_eq!(archive.send(&key, &boxes[..1], "XS").unwrap_err().kind(), ErrorKind::Conflict);
    let twice = archive.send(&"c-2".parse().unwrap(), &boxes, "XS").unwrap_err();
    assert!(twice.to_string().contains("on its way already"), "{twice}");

    let received = archive.receive(&key, std::slice::from_ref(&first)).unwrap();
    assert_eq!((received.arrived, received.under_way), (vec![first.clone()], vec![second.clone()]));
    assert_eq!(archive.catalogue().box_status(&first).unwrap().slot.site(), "XS");
    assert_eq!(archive.catalogue().box_status(&second).unwrap().slot.site(), "HZ", "until it arrives");
    let stranger = archive.receive(&key, &["H9".parse().unwrap()]).unwrap_err();
    assert!(stranger.to_string().contains("ask where it belongs"), "{stranger}");
    let both = archive.receive(&key, &[first.clone(), "H9".parse().unwrap()]);
    assert_eq!(both.unwrap_err().kind(), ErrorKind::InvalidInput);
    archive.receive(&key, &boxes).unwrap();
    assert!(archive.consignment(&key).unwrap().under_way.is_empty());
    assert!(archive.catalogue().audit().unwrap().is_empty());
    assert_eq!(archive.receive(&"c-9".parse().unwrap(), &[]).unwrap_err().kind(), ErrorKind::NotFound);
    let nowhere = archive.send(&"c-3".parse().unwrap(), &boxes, "NB").unwrap_err();
    assert!(nowhere.to_string().contains("no free slot at NB"), "{nowhere}");
}

#[test]
fn a_consignment_is_recalled_and_its_boxes_come_back() {
    let scene = Scene::new();
    append(&scene, "holdings", "", SECOND_SITE);
    let archive = scene.open();
    let mut boxes = Vec::new();
    for year in [2021, 2022] {
        let mut request = scene.dunning(&format!("r-{year}"));
        request.date = format!("{year}-05-01").parse().unwrap();
        boxes.push(archive.file(&request).unwrap().box_number.unwrap());
    }
    let key = "c-1".parse().unwrap();
    archive.send(&key, &boxes, "XS").unwrap();
    let moved = archive.catalogue().move_box(
        &boxes[0],
        &"XS/R1/B1/C01/A/01/1/03".parse().unwrap(),
        chrono::Utc::now(),
    );
    assert!(
        moved.unwrap_err().to_string().contains("relocation c-1"),
        "nobody moves it behind the consignment"
    );
    archive.receive(&key, &boxes[..1]).unwrap();
    let recalled = archive.recall(&key).unwrap();
    assert_eq!((recalled.coming_back.as_slice(), recalled.back.as_slice()), (&boxes[..1], &boxes[1..]));
    assert_eq!(archive.recall(&key).unwrap(), recalled, "again changes nothing");
    let back = archive.receive(&key, &boxes[..1]).unwrap();
    assert!(back.coming_back.is_empty() && back.back.len() == 2, "{back:?}");
    for number in &boxes {
        assert_eq!(archive.catalogue().box_status(number).unwrap().slot.site(), "HZ");
    }
    assert!(archive.catalogue().audit().unwrap().is_empty());
    assert_eq!(archive.recall(&"c-9".parse().unwrap()).unwrap_err().kind(), ErrorKind::NotFound);
    let twice = archive.send(&"c-2".parse().unwrap(), &[boxes[0].clone(), boxes[0].clone()], "XS");
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// A central archive and a site that draws from 5001 on, with an organisation code and a bank of its own.
fn cut_off(scene: &Scene) {
    scene.make("site");
    append(
        scene,
        "holdings",
        "",
        &format!("{SECOND_SITE}\n[[reserved]]\nsite = \"XS\"\nfirst = 5001\nlast = 5999\n"),
    );
    let policy =
        archive_core::policy::REFERENCE_TEXT.replace("organisation = \"YX01\"", "organisation = \"YX02\"");
    std::fs::write(scene.path("site/policy.toml"), policy).unwrap();
    let path = scene.path("site").join(SETTINGS);
    let text = std::fs::read_to_string(&path).unwrap();
    let (settings, _) = text.split_once("[[bank]]").unwrap();
    let numbers = "[numbers]\nsite = \"XS\"\nfirst = 5001\nlast = 5999\n";
    std::fs::write(&path, format!("policy = \"policy.toml\"\n{settings}\n{numbers}{SECOND_SITE}")).unwrap();
}

#[test]
fn a_site_that_was_cut_off_merges_without_a_conflict() {
    let scene = Scene::new();
    cut_off(&scene);
    let (centre, site) = (scene.open(), scene.open_named("site"));
    let here = scene.file(&centre, "c-1");
    let there = scene.file(&site, "s-1");
    let void = scene.file(&site, "s-2");
    assert!(there.reference_code.as_str().ends_with("YX02-5001"), "{}", there.reference_code);
    site.catalogue().void_number(&void.reference_code, "误归", chrono::Utc::now()).unwrap();
    let paper = vec![scene.document("late.png", Some("dunning_receipt"), "late receipt")];
    let late = site.join(&there.reference_code, "s-late".parse().unwrap(), paper).unwrap();
    site.close_file(&there.reference_code, "李", "办结").unwrap();
    let merged = centre.merge_site(&site).unwrap();
    assert_eq!((merged.new.len(), merged.known), (3, 0));
    assert_eq!(centre.late_files(&there.reference_code).unwrap()[0].filed.reference, late.reference_code);
    assert!(
        centre.catalogue().closing(&there.reference_code).unwrap().is_some(),
        "closed there, closed here"
    );
    // Both go on, and merging again takes over only what is new.
    scene.file(&site, "s-3");
    scene.file(&centre, "c-2");
    let merged = centre.merge_site(&site).unwrap();
    assert_eq!((merged.new.len(), merged.known), (1, 3));
    site.catalogue().void_number(&late.reference_code, "误归", chrono::Utc::now()).unwrap();
    centre.merge_site(&site).unwrap();
    assert!(centre.late_files(&there.reference_code).unwrap().is_empty(), "void there, void here");
    let located = centre.locate(there.reference_code.as_str()).unwrap();
    assert_eq!(located[0].filed.place.as_ref().unwrap().slot, there.slot.unwrap());
    centre.content(&located[0].documents[0]).unwrap();
    assert!(centre.catalogue().audit().unwrap().is_empty());
    assert!(here.reference_code.as_str().ends_with("-0001"));
    assert!(centre.merge_site(&centre).unwrap_err().to_string().contains("draws from no range"));
    scene.make("stranger");
    let stranger = scene.open_named("stranger");
    assert!(stranger.merge_site(&site).unwrap_err().to_string().contains("is not reserved here"));
}

#[test]
fn a_bank_that_the_centre_lacks_is_named_before_anything_is_merged() {
    let scene = Scene::new();
    cut_off(&scene);
    let site = scene.open_named("site");
    for year in [2021, 2022, 2023] {
        let mut request = scene.dunning(&format!("s-{year}"));
        request.date = format!("{year}-05-01").parse().unwrap();
        site.file(&request).unwrap();
    }
    let path = scene.path("holdings").join(SETTINGS);
    let text = std::fs::read_to_string(&path).unwrap();
    let merge = |settings: &str| {
        std::fs::write(&path, settings).unwrap();
        scene.open().merge_site(&site)
    };
    let check = |settings: &str, says: &str| {
        let error = merge(settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let told = error.to_string();
        assert!(
            told.starts_with("bank XS/R1/B1: ") && told.contains(says) && told.contains("[[bank]]"),
            "{told}"
        );
    };
    check(&text.replace(SECOND_SITE, ""), "is none of this archive");
    // Two slots for three boxes.
    let narrow = SECOND_SITE.replace("positions = 3", "positions = 1");
    check(&text.replace(SECOND_SITE, &narrow), "has no slot XS/R1/B1/");
    assert_eq!(merge(&text).unwrap().new.len(), 3);
}

#[test]
fn ranges_that_overlap_are_refused_with_line_and_key() {
    let scene = Scene::new();
    let range = |site: &str, first: u32, last: u32| {
        format!("[[reserved]]\nsite = \"{site}\"\nfirst = {first}\nlast = {last}\n")
    };
    append(&scene, "holdings", "", &format!("{}{}", range("XS", 5001, 5999), range("LA", 5500, 6000)));
    let error = archive::Config::load(&scene.path("holdings")).unwrap_err();
    assert!(
        error.to_string().contains("line ") && error.to_string().contains("overlaps another range"),
        "{error}"
    );
}
