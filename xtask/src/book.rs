//! The book: every Markdown page of the repository as one site, built by mkdocs with dead links as failures.
//!
//! Pages are copied in their tree, with the files that they link to, so that a link works in the book as it does in the
//! repository. `xtask/book/search.js` searches them, in Chinese by pairs of characters, and from disk.

use std::fs;
use std::path::Path;

use xtask::links;

use crate::command::{Result, python, root, step, target};
use crate::peers;

/// What builds the book, pinned, in a directory of its own: lints need none of what tests need.
const PYTHON_PACKAGES: &[&str] = &["mkdocs==1.6.1", "markdown==3.11.3"];

/// Builds the book into `target/book`.
pub(crate) fn run() -> Result<()> {
    let site = target().join("book-site-packages");
    peers::install_packages("Python packages for the book", &site, PYTHON_PACKAGES)?;
    let source = target().join("book-source");
    if source.exists() {
        fs::remove_dir_all(&source).map_err(|e| format!("{}: cannot be removed: {e}", source.display()))?;
    }
    let pages = links::pages(&root()).map_err(|e| e.to_string())?;
    let files = links::linked_files(&root(), &pages);
    for path in pages.iter().map(|page| page.path.as_path()).chain(files.iter().map(AsRef::as_ref)) {
        copy(&root().join(path), &source.join("pages").join(path))?;
    }
    for name in ["mkdocs.yml", "hooks.py", "search.js"] {
        copy(&root().join("xtask/book").join(name), &source.join(name))?;
    }
    let mut build = python();
    build.args(["-m", "mkdocs", "build", "--strict", "--config-file"]);
    build.arg(source.join("mkdocs.yml")).env("PYTHONPATH", site);
    step("book", &mut build)?;
    eprintln!("== {}", target().join("book/index.html").display());
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let directory = to.parent().unwrap_or(to);
    let copied = fs::create_dir_all(directory).and_then(|()| fs::copy(from, to));
    copied.map(drop).map_err(|e| format!("{}: cannot be copied to {}: {e}", from.display(), to.display()))
}
