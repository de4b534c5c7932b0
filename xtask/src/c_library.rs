//! The C library: installed with its header, pkg-config and CMake files; its examples compiled and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Result, cargo, program, root, step, succeeds, target};
use crate::peers;

/// The version of the binary interface, in the library's file name: programs that were linked with one
/// do not load another.
const ABI: u32 = 1;

/// Where a library of the C bindings is installed.
struct Installation {
    prefix: PathBuf,
}

/// Builds the library for use and installs it below `prefix`.
pub(crate) fn install(prefix: &Path) -> Result<()> {
    step("C library", cargo().args(["build", "--release", "--package", "archive-c"]))?;
    Installation::make(prefix, &target().join("release"))?;
    eprintln!("\n== {}: include, lib, lib/pkgconfig, lib/cmake", prefix.display());
    Ok(())
}

impl Installation {
    fn make(prefix: &Path, built: &Path) -> Result<Self> {
        let installation = Self { prefix: prefix.to_path_buf() };
        let lib = installation.lib();
        let cmake = lib.join("cmake/marketing_archive");
        for directory in [prefix.join("include"), lib.join("pkgconfig"), cmake.clone()] {
            fs::create_dir_all(&directory)
                .map_err(|e| format!("{}: cannot be created: {e}", directory.display()))?;
        }
        let header = "marketing_archive.h";
        copy(&root().join("bindings/c/include").join(header), &prefix.join("include").join(header))?;
        copy(&built.join("libmarketing_archive.a"), &lib.join("libmarketing_archive.a"))?;
        let (name, versioned) = ("libmarketing_archive.so", format!("libmarketing_archive.so.{ABI}"));
        copy(&built.join(name), &lib.join(&versioned))?;
        let link = lib.join(name);
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&versioned, &link)
            .map_err(|e| format!("{}: cannot be linked: {e}", link.display()))?;
        let version = env!("CARGO_PKG_VERSION");
        let pc = include_str!("../../bindings/c/marketing_archive.pc.in")
            .replace("@PREFIX@", &prefix.display().to_string())
            .replace("@VERSION@", version);
        write(&lib.join("pkgconfig/marketing_archive.pc"), &pc)?;
        let config = include_str!("../../bindings/c/marketing_archive-config.cmake.in")
            .replace("@ABI@", &ABI.to_string());
        write(&cmake.join("marketing_archive-config.cmake"), &config)?;
        Ok(installation)
    }

    fn lib(&self) -> PathBuf {
        self.prefix.join("lib")
    }

    /// What `pkg-config` says that a program needs.
    fn flags(&self) -> Result<Vec<String>> {
        let mut ask = program("pkg-config");
        ask.args(["--cflags", "--libs", "marketing_archive"]);
        ask.env("PKG_CONFIG_PATH", self.lib().join("pkgconfig"));
        let answer = ask.output().map_err(|e| format!("pkg-config: cannot be started: {e}"))?;
        if !answer.status.success() {
            return Err(format!("pkg-config: {}", String::from_utf8_lossy(&answer.stderr)));
        }
        Ok(String::from_utf8_lossy(&answer.stdout).split_whitespace().map(str::to_owned).collect())
    }
}

/// Installs the library into a directory of the tests, compiles each program against what is installed
/// there and runs it: C under valgrind where it is there, so that leaks and wild reads fail.
pub(crate) fn test() -> Result<()> {
    let all_peers = peers::install_debian_packages();
    if !all_peers && peers::are_required() {
        return Err("a program to compare with is missing, and CI requires all".into());
    }
    step("C library", cargo().args(["build", "--package", "archive-c"]))?;
    let out = target().join("c-tests");
    fs::create_dir_all(&out).map_err(|e| format!("{}: cannot be created: {e}", out.display()))?;
    let installation = Installation::make(&out.join("installed"), &target().join("debug"))?;
    if !all_peers {
        eprintln!("== SKIPPED: programs in C, C++ and Java: install what is named above");
        return Ok(());
    }
    c_programs(&installation, &out)?;
    cpp_program(&installation, &out)?;
    java_program(&installation, &out)
}

fn c_programs(installation: &Installation, out: &Path) -> Result<()> {
    let sources = root().join("bindings/c");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let valgrind = succeeds(program("valgrind").arg("--version"));
    if !valgrind {
        eprintln!("== SKIPPED: valgrind is not there; C programs run without it");
    }
    // The inference engine would take minutes under valgrind.
    let reading = ["examples/file_papers.c", "examples/verify_claims.c"];
    let plain = ["examples/controller.c", "examples/numbering.c", "examples/tables.c", "tests/hostile.c"];
    for source in plain.into_iter().chain(reading) {
        let name = source.replace(['/', '.'], "-");
        let binary = out.join(&name);
        let mut compile = Command::new(&compiler);
        compile.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-o"]).arg(&binary);
        compile.arg(sources.join(source)).args(installation.flags()?).arg("-lpthread");
        step(&format!("compile {source}"), &mut compile)?;
        let mut run = if valgrind && !reading.contains(&source) {
            let mut run = program("valgrind");
            run.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
            run.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]).arg(&binary);
            run
        } else {
            program(&binary)
        };
        run.arg(scratch(out, &name)?).env("LD_LIBRARY_PATH", installation.lib());
        step(&format!("run {source}"), &mut run)?;
    }
    Ok(())
}

fn cpp_program(installation: &Installation, out: &Path) -> Result<()> {
    let source = root().join("bindings/c/examples/cpp");
    let build = out.join("cpp");
    let mut configure = program("cmake");
    configure.arg("-S").arg(&source).arg("-B").arg(&build);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", installation.prefix.display()));
    step("configure examples/cpp", &mut configure)?;
    step("compile examples/cpp", program("cmake").arg("--build").arg(&build))?;
    step("run examples/cpp", &mut program(build.join("numbering")))
}

fn java_program(installation: &Installation, out: &Path) -> Result<()> {
    let mut java = program("java");
    java.args(["-cp", "/usr/share/java/jna.jar"]);
    java.arg(format!("-Djna.library.path={}", installation.lib().display()));
    java.arg(root().join("bindings/c/examples/java/FilePapers.java")).arg(scratch(out, "java")?);
    step("run examples/java", &mut java)
}

/// An empty directory for a program.
fn scratch(out: &Path, name: &str) -> Result<PathBuf> {
    let scratch = out.join(format!("{name}.run"));
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(|e| format!("{}: cannot be created: {e}", scratch.display()))?;
    Ok(scratch)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(|e| format!("{}: cannot be copied: {e}", from.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| format!("{}: cannot be written: {e}", path.display()))
}
