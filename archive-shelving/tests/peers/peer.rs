//! Finding peers, starting them, and ending them with the test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Says that a peer is absent: an error where peers are required.
fn absent(what: &str) {
    let required = std::env::var("ARCHIVE_REQUIRE_PEERS").as_deref() == Ok("1");
    assert!(!required, "{what}: install it");
    eprintln!("SKIPPED: {what}, so this peer was not tested");
}

/// The interpreter, where it has the module.
pub(crate) fn python_with(module: &str) -> Option<String> {
    let python = std::env::var("ARCHIVE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if import.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    absent(&format!("{python} (ARCHIVE_PYTHON) cannot import {module}"));
    None
}

/// Whether a program is there.
pub(crate) fn has_program(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).any(|directory| directory.join(name).is_file());
    if !found {
        absent(&format!("there is no {name}"));
    }
    found
}

pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// A directory for a test's files.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A peer that ends with the test.
pub(crate) struct Peer(Child);

impl Peer {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Starts a peer and waits for its first line.
    pub(crate) async fn start_and_hear(command: &mut Command) -> (Self, String) {
        let mut peer = Self::start(command);
        let output = peer.0.stdout.take().unwrap();
        let heard = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line.trim_end().to_owned())
        });
        let heard = tokio::time::timeout(Duration::from_secs(60), heard).await;
        (peer, heard.expect("the peer starts in time").unwrap().unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a peer to its end, elsewhere than on the test's own thread; gives its output where it succeeded.
pub(crate) async fn run(mut command: Command) -> String {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

/// Two ends of one serial line, from socat. A pseudo-terminal knows no parity.
pub(crate) async fn serial_line(name: &str) -> (Peer, PathBuf, PathBuf) {
    let directory = scratch(name);
    let (near, far) = (directory.join("near"), directory.join("far"));
    for end in [&near, &far] {
        let _ = std::fs::remove_file(end);
    }
    let end = |path: &Path| format!("pty,raw,echo=0,link={}", path.display());
    let peer = Peer::start(Command::new("socat").args([end(&near), end(&far)]));
    for _ in 0..500 {
        if near.exists() && far.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (peer, near, far)
}
