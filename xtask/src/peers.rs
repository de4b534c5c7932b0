//! Programs that nobody here wrote, against which the tests compare.
//!
//! Where this user may install packages, they are installed. Where not, the tests that need them say
//! that they are skipped; in CI (`CI=true`) their absence is a failure.

use crate::command::{Result, program, python, root, step, succeeds, target};

/// Python packages that the tests need, pinned, in a directory of their own: nothing is installed
/// into the system's Python.
const PYTHON_PACKAGES: &[&str] = &[
    "bagit==1.9.0",
    "maturin==1.16.0",
    "pytest==9.2.0",
    "mypy==2.4.1",
    // What analysts hold their tables and images in.
    "duckdb==2.0.1",
    "matplotlib==3.11.2",
    // A server of S3.
    "moto[server]==5.2.5",
    "numpy==2.4.6",
    "onnxruntime==1.32.0",
    "pandas==3.1.1",
    "pillow==13.0.0",
    "polars==2.1.0",
    "pyarrow==26.0.1",
    "pyspark==4.3.0",
    "python-stdnum==2.2",
    // What asks an API by its description.
    "schemathesis==4.32.5",
    "pymodbus==3.16.1",
    "sllurp==3.0.5",
    "llrpkit==0.3.0",
];

/// Debian's packages, each with a library or a file that shows that it is there.
const DEBIAN_PACKAGES: &[(&str, &str)] = &[
    // What the golden images of printed pages are set in and rendered by.
    ("fonts-wqy-microhei", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    ("poppler-utils", "/usr/bin/pdftoppm"),
    ("cmake", "/usr/bin/cmake"),
    // For Spark, and for the example in Java.
    ("default-jdk-headless", "/usr/bin/javac"),
    ("g++", "/usr/bin/c++"),
    ("libjna-java", "/usr/share/java/jna.jar"),
    ("pkgconf", "/usr/bin/pkg-config"),
    ("libaugeas0", "libfa.so.1"),
    ("libmodbus-dev", "/usr/include/modbus/modbus.h"),
    ("mbpoll", "/usr/bin/mbpoll"),
    ("postgresql", "/usr/lib/postgresql"),
    ("socat", "/usr/bin/socat"),
    ("tshark", "/usr/bin/tshark"),
];

/// What pages are looked at with.
const BROWSER_PACKAGES: &[(&str, &str)] = &[
    ("chromium", "/usr/bin/chromium"),
    // What the stored screenshots are set in.
    ("fonts-wqy-microhei", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    ("nodejs", "/usr/bin/node"),
    ("npm", "/usr/bin/npm"),
];

/// The directory of the Python packages, for `PYTHONPATH`.
pub(crate) fn python_site() -> std::path::PathBuf {
    target().join("python-site")
}

/// Fetches the pinned Python packages of the tests where they are not there yet.
pub(crate) fn install_python_packages() -> Result<()> {
    install_packages("Python packages for the tests", &python_site(), PYTHON_PACKAGES)
}

/// Fetches `packages` into the directory `site` where they are not there yet.
pub(crate) fn install_packages(title: &str, site: &std::path::Path, packages: &[&str]) -> Result<()> {
    let stamp = site.join("packages.txt");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    // A directory of its own works where there is no venv module and where the system's Python is
    // managed by the distribution.
    if site.exists() {
        std::fs::remove_dir_all(site).map_err(|e| format!("{}: cannot be removed: {e}", site.display()))?;
    }
    let mut pip = python();
    pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(site).args(packages);
    step(title, quieten_pip(&mut pip))?;
    std::fs::write(&stamp, wanted).map_err(|e| format!("{}: cannot be written: {e}", stamp.display()))
}

/// Keeps pip from warning about its own version and about root.
pub(crate) fn quieten_pip(pip: &mut std::process::Command) -> &mut std::process::Command {
    pip.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").env("PIP_ROOT_USER_ACTION", "ignore")
}

/// Installs Debian's packages that are missing, where this user may. Gives whether all are there.
pub(crate) fn install_debian_packages() -> bool {
    install(DEBIAN_PACKAGES, "comparisons")
}

/// The same for a browser and what steers it.
pub(crate) fn install_browser() -> bool {
    install(BROWSER_PACKAGES, "browser tests")
}

fn install(packages: &[(&'static str, &str)], use_of_them: &str) -> bool {
    let is_missing = |(_, witness): &&(&str, &str)| match witness.starts_with('/') {
        true => !std::path::Path::new(witness).exists(),
        false => !has_library(witness),
    };
    let missing: Vec<&str> = packages.iter().filter(is_missing).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return true;
    }
    let names = missing.join(" ");
    if !succeeds(program("sh").args(["-c", "test $(id -u) = 0 && command -v apt-get"])) {
        eprintln!("== SKIPPED: {use_of_them} with {names}: install by `apt-get install {names}`");
        return false;
    }
    let mut apt = program("sh");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt.args([
        "-c",
        &format!("apt-get update -qq && apt-get install -y -qq --no-install-recommends {names}"),
    ]);
    match step(&format!("Debian packages for {use_of_them}"), &mut apt) {
        Ok(()) => true,
        Err(message) => {
            eprintln!("== SKIPPED: {use_of_them} with {names}: {message}");
            false
        }
    }
}

fn has_library(name: &str) -> bool {
    succeeds(
        program("sh")
            .args(["-c", &format!("ldconfig -p | grep -q {name} || /sbin/ldconfig -p | grep -q {name}")]),
    )
}

/// Whether an absent peer fails the run.
pub(crate) fn are_required() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// `PYTHONPATH` with the packages of [`install_python_packages`] first.
pub(crate) fn python_path() -> std::ffi::OsString {
    let mut paths = vec![python_site(), root().join("bindings/python/tests")];
    if let Some(inherited) = std::env::var_os("PYTHONPATH") {
        paths.extend(std::env::split_paths(&inherited).collect::<Vec<_>>());
    }
    std::env::join_paths(paths).unwrap_or_default()
}
