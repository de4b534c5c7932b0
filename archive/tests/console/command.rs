//! `archive serve` and `archive map` as a person starts them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::scene::Scene;

fn archive(scene: &Scene, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_archive"));
    command.args(arguments).arg("--archive").arg(scene.path("holdings"));
    command
}

#[track_caller]
fn check_fails(mut command: Command, code: i32, words: &[&str]) {
    let output = command.output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr}");
    }
    assert!(output.stdout.is_empty(), "no link is printed");
}

#[test]
fn what_stops_a_start_is_told() {
    let scene = Scene::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    check_fails(
        archive(&scene, &["serve", "--listen", &address.to_string()]),
        4,
        &[&port, "in use", "--listen"],
    );
    check_fails(archive(&scene, &["serve", "--listen", "0.0.0.0:0"]), 3, &["--beyond-this-machine"]);
    let open = scene.path("token");
    std::fs::write(&open, "x".repeat(43)).unwrap();
    check_fails(
        archive(&scene, &["serve", "--listen", "127.0.0.1:0", "--token-file", open.to_str().unwrap()]),
        4,
        &["chmod 600"],
    );
    // A catalogue that a newer program made.
    drop(scene.open());
    let connection = rusqlite::Connection::open(scene.path("holdings").join("catalogue.db")).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    check_fails(archive(&scene, &["serve", "--listen", "127.0.0.1:0"]), 3, &["schema 999", "newer"]);
}

#[cfg(unix)]
#[test]
fn a_console_prints_its_link_serves_and_ends() {
    let scene = Scene::new();
    let mut served =
        archive(&scene, &["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(served.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let (address, token) = line.trim().strip_prefix("http://").unwrap().split_once("/#token=").unwrap();
    assert_eq!(token.len(), 43);
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /api/v1/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(Command::new("kill").arg(served.id().to_string()).status().unwrap().success());
    assert!(served.wait().unwrap().success(), "asked to end, it ends well");
}
