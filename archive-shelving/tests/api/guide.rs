//! The guide names what exists.

use std::path::Path;

#[test]
fn every_file_that_the_guide_links_exists() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let text = std::fs::read_to_string(docs.join("write-a-driver.md")).unwrap();
    let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in links {
        // Places within a page are looked up by the check of all links.
        let file = link.split('#').next().filter(|file| !file.is_empty()).unwrap_or("write-a-driver.md");
        assert!(docs.join(file).exists(), "{link}");
    }
}

#[test]
fn the_guide_counts_the_broken_drivers() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let broken = ["src/conformance/broken_shelves.rs", "src/conformance/broken_readers.rs"].map(|path| {
        let text = std::fs::read_to_string(crate_root.join(path)).unwrap();
        let list = text.split("const CAUGHT").nth(1).unwrap();
        let count = list.split("; ").nth(1).unwrap().split(']').next().unwrap();
        count.parse::<usize>().unwrap()
    });
    let total = broken.iter().sum::<usize>();
    for path in ["README.md", "../docs/write-a-driver.md"] {
        let text = std::fs::read_to_string(crate_root.join(path)).unwrap();
        assert!(text.contains(&format!("{total} d")), "{path} does not say {total}");
    }
}
