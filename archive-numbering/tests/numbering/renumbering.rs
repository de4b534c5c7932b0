//! Renumbering plans: what is accepted is safe for every old number, what is rejected is shown.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use archive_core::ErrorKind;
use archive_numbering::Rule;
use archive_numbering::renumbering::{PlanFault, Renumbering};

use crate::brute_force::{count, first_seed};
use crate::random_rules::{self, Random};

fn rule(text: &str) -> Rule {
    Rule::compile(&format!("rule file version 1 effective 2010-01-01\n{text}")).unwrap()
}

/// The faults of carrying the fields of one name over.
#[track_caller]
fn rejected(old: &str, new: &str, expected: &[&str]) {
    let rejection = Renumbering::new(&rule(old), &rule(new)).prove().unwrap_err();
    let faults: Vec<String> = rejection.faults().iter().map(ToString::to_string).collect();
    assert_eq!(faults, expected);
    let error = archive_core::Error::from(rejection);
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

const OLD: &str = "kind = codes{KH, HT}
    year = digits{4} range 2000..2099
    no = sequence{3} per (kind, year) refuse-when-full
    format \"{kind}-{year}-{no}\"";

#[test]
fn faults_are_shown_by_old_numbers() {
    rejected(
        OLD,
        "place = chars[A-Z]{2}\nno = sequence{3} refuse-when-full\nformat \"{place}-{no}\"",
        &["place has no source: carry a field over, or give a constant"],
    );
    rejected(
        OLD,
        "kind = codes{KH, HT}\nno = sequence{3} per (kind) refuse-when-full\nformat \"{kind}/{no}\"",
        &["HT-2000-001 and HT-2001-001 would both become HT/001: carry year over"],
    );
    rejected(
        OLD,
        "kind = codes{KH}\nyear = digits{4}\nno = sequence{2} per (year) refuse-when-full\nformat \"{kind}{year}{no}\"",
        &[
            "HT-2000-001 would have no new number: kind cannot be \"HT\"",
            "HT-2000-999 would have no new number: no cannot be \"999\"",
        ],
    );
    // The new format is that of the old one with its numbers exchanged.
    rejected(
        "a = digits{2}\nb = digits{2}\nformat \"{a}-{b}\"",
        "a = digits{2}\nb = digits{2}\nformat \"{b}-{a}\"",
        &[
            "00-01 could be the new number of one file and the old number of another, which becomes 01-00: change the format",
        ],
    );
}

#[test]
fn tables_constants_and_other_names_are_sources() {
    let new = rule(
        "place = codes{Z109}
         class = codes{C1, C2}
         year = digits{4} range 1990..2099
         item = sequence{5} per (class, year) refuse-when-full
         format \"{place}.{class}·{year}-{item}\"",
    );
    let plan = Renumbering::new(&rule(OLD), &new).constant("place", "Z109").unwrap();
    let plan = plan.carry("item", "no").unwrap();
    // A table that lacks a code, and one that makes two codes one.
    let lacking = plan.clone().map("class", "kind", [("KH", "C1")]).unwrap().prove().unwrap_err();
    assert_eq!(
        lacking.to_string(),
        "renumbering: HT-2000-001 would have no new number: class cannot be \"HT\""
    );
    let merging = plan.clone().map("class", "kind", [("KH", "C1"), ("HT", "C1")]).unwrap().prove();
    assert!(matches!(merging.unwrap_err().faults(), [PlanFault::Merged { field, .. }] if field == "kind"));
    let plan = plan.map("class", "kind", [("KH", "C1"), ("HT", "C2")]).unwrap().prove().unwrap();
    let old = ["KH-2019-042".parse().unwrap(), "HT-2000-999".parse().unwrap(), "XX-1".parse().unwrap()];
    let new: Vec<_> = plan.apply(&old).map(|pair| pair.map(|(_, new)| new.to_string())).collect();
    assert_eq!(new[0].as_ref().unwrap(), "Z109.C1·2019-00042");
    assert_eq!(new[1].as_ref().unwrap(), "Z109.C2·2000-00999");
    // A number that is none is said to be so, and the others go on.
    assert_eq!(new[2].as_ref().unwrap_err().kind(), ErrorKind::InvalidInput);

    let start = || Renumbering::new(&rule(OLD), &rule(OLD));
    assert_eq!(start().constant("nothing", "1").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(start().carry("no", "nothing").unwrap_err().kind(), ErrorKind::NotFound);
    let unfit = start().constant("year", "１９９９").unwrap().prove().unwrap_err();
    assert!(unfit.to_string().contains("year cannot be"), "{unfit}");
    let long = "9".repeat(1_000_000);
    assert!(start().constant("no", &long).unwrap().prove().unwrap_err().to_string().len() < 1000);
}

/// What only a counter knows of is not asked whether it fits.
#[test]
fn what_is_not_printed_hinders_no_new_number() {
    let old = rule(
        "year = digits{4} range 2000..2001
         no = sequence{2} per (year) refuse-when-full
         format \"{year}-{no}\"",
    );
    let new = rule(
        "year = digits{4} range 2024..2024
         printed = digits{4} range 2000..2099
         no = sequence{4} per (year, printed) refuse-when-full
         format \"{printed}-{no}\"",
    );
    let plan = Renumbering::new(&old, &new).carry("printed", "year").unwrap().prove().unwrap();
    assert_eq!(plan.renumber("2001-07").unwrap().as_str(), "2001-0007");
}

/// What becomes of each old number by brute force; `None` where a value does not fit.
fn images(old: &random_rules::Rule, new: &random_rules::Rule) -> BTreeMap<String, Option<String>> {
    let mut images = BTreeMap::new();
    for row in old.combinations() {
        let mut new_row = vec![0; new.fields.len()];
        let mut fits = true;
        for (i, field) in new.fields.iter().enumerate().filter(|(i, _)| new.is_printed(*i)) {
            let from = old.fields.iter().position(|other| other.name == field.name).unwrap();
            let value = &old.fields[from].entries[row[from]];
            let is_number = |text: &str| text.starts_with("digits") || text.starts_with("sequence");
            let by_value = is_number(&old.fields[from].text) && is_number(&field.text);
            let same = |entry: &random_rules::Entry| match by_value {
                true => entry.value == value.value,
                false => entry.writing == value.writing,
            };
            match field.entries.iter().position(same) {
                Some(entry) => new_row[i] = entry,
                None => fits = false,
            }
        }
        images.insert(old.print(&row), fits.then(|| new.print(&new_row)));
    }
    images
}

/// An accepted plan gives each old number one of its own that is no other file's old number; a
/// fault is one that brute force finds too.
#[test]
fn plans_agree_with_brute_force() {
    let total = count(1_000) / 4;
    let (mut seed, mut done, mut accepted) = (first_seed(), 0, 0);
    let mut faults = HashSet::new();
    while done < total {
        seed += 1;
        let mut random = Random::new(seed);
        let old = random_rules::Rule::random(&mut random, "r");
        let new = if random.chance(50) {
            // The old fields in another rule's places.
            let mut new = random_rules::Rule::random(&mut random, "r");
            for field in &mut new.fields {
                if let Some(same) = old.fields.iter().find(|other| other.name == field.name) {
                    let line = |text: &str| format!("  {} = {text}\n", field.name);
                    new.text = new.text.replacen(&line(&field.text), &line(&same.text), 1);
                    field.text.clone_from(&same.text);
                    field.entries.clone_from(&same.entries);
                }
            }
            new
        } else {
            random_rules::Rule::random(&mut random, "r")
        };
        let has_sources = (0..new.fields.len()).filter(|&f| new.is_printed(f)).all(|f| {
            let from = old.fields.iter().position(|other| other.name == new.fields[f].name);
            from.is_some_and(|from| old.is_printed(from))
        });
        if old.rows() > 400 || new.rows() > 400 || !has_sources {
            continue;
        }
        let (Ok(from), Ok(to)) = (Rule::compile(&old.text), Rule::compile(&new.text)) else { continue };
        done += 1;
        let images = images(&old, &new);
        let context = || format!("seed {seed}\n{}{}", old.text, new.text);
        match Renumbering::new(&from, &to).prove() {
            Ok(plan) => {
                accepted += 1;
                let mut given = BTreeSet::new();
                for (number, image) in &images {
                    let image = image.as_ref().unwrap_or_else(|| panic!("{number} {}", context()));
                    assert_eq!(plan.renumber(number).unwrap().as_str(), image, "{}", context());
                    assert!(given.insert(image), "{image} twice: {}", context());
                    assert!(
                        image == number || !images.contains_key(image),
                        "{image} is taken: {}",
                        context()
                    );
                }
            }
            Err(rejection) => {
                for fault in rejection.faults() {
                    let holds = match fault {
                        PlanFault::Unfit { old, .. } => images[old].is_none(),
                        PlanFault::Merged { old: [a, b], new, .. } => {
                            a != b && images[a].as_ref() == Some(new) && images[b].as_ref() == Some(new)
                        }
                        PlanFault::Taken { number, .. } => {
                            images[number].as_ref() != Some(number)
                                && images.values().any(|image| image.as_ref() == Some(number))
                        }
                        _ => false,
                    };
                    assert!(holds, "{fault}: {}", context());
                    faults.insert(std::mem::discriminant(fault));
                }
            }
        }
    }
    println!("{total} plans, {accepted} of them accepted");
    assert!(accepted * 20 > total && accepted * 20 < 19 * total && faults.len() == 3, "{accepted}");
}
