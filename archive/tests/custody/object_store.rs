//! Content in an object store: a server of S3 that others wrote (`python3 -m moto.server`), started here.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use archive::checks::Occasion;
use archive::config::SETTINGS;

use crate::scene::{Scene, peer_is_there};

/// A running server, stopped when dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self { child, port };
        let limit = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "the server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

/// Sends a request with a signature that the server does not check.
fn send(port: u16, method: &str, path: &str, body: &[u8]) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: AWS test:x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the test named `name` again in a process whose environment names the server: it is the process's
/// own, and other tests run beside.
fn again(name: &str, server: &Server) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("ARCHIVE_TEST_S3_PORT", server.port.to_string())
        .env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", server.port))
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .envs([("AWS_REGION", "us-east-1"), ("AWS_ALLOW_HTTP", "true")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn papers_are_filed_checked_and_restored_in_a_server_of_s3() {
    let name = "object_store::papers_are_filed_checked_and_restored_in_a_server_of_s3";
    let Some(port) = std::env::var("ARCHIVE_TEST_S3_PORT").ok() else {
        if peer_is_there(name, "python3", &["-c", "import moto.server"]) {
            let server = Server::start();
            assert!(send(server.port, "PUT", "/holdings", b"").starts_with("HTTP/1.1 200"));
            again(name, &server);
            let listed = send(server.port, "GET", "/holdings?list-type=2", b"");
            assert!(listed.contains(".png.damaged"), "what was damaged is kept aside: {listed}");
        }
        return;
    };
    let port = port.parse().unwrap();
    let scene = Scene::new();
    let settings = scene.path("holdings").join(SETTINGS);
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("content = \"s3://holdings/hz/2024\"\n{text}")).unwrap();
    let archive = scene.open();
    let outcome = scene.file(&archive, "r-1");
    let located = archive.locate("r-1").unwrap().remove(0);
    let document = &located.documents[0];
    let whole = archive.content(document).unwrap();
    assert!(!scene.path("holdings/content").exists(), "nothing lies in a directory");
    assert_eq!(archive.content_place(document), format!("s3://holdings/hz/2024/{}", document.path.display()));
    let content = located.documents.iter().map(|d| (d.path.as_path(), &d.digest));
    let copy = archive.content_directory(content).unwrap();
    assert_eq!(std::fs::read(copy.path().join(&document.path)).unwrap(), whole);
    assert_eq!(archive.check_file(&outcome.reference_code, Occasion::Filing).unwrap().failed().count(), 0);

    let object = format!("/holdings/hz/2024/{}", document.path.display());
    let answer = send(port, "PUT", &object, b"damaged");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(archive.content(document).unwrap_err().kind(), archive::ErrorKind::Corrupt);
    assert_eq!(archive.check_holdings(Occasion::LongTerm).unwrap().failed().count(), 1);
    let scan = archive.fixity_scan(None).unwrap();
    assert_eq!(scan.damaged.len(), 1);
    let restored = archive.restore(copy.path()).unwrap();
    assert_eq!((restored.restored.len(), restored.lost.len()), (1, 0));
    assert_eq!(archive.content(document).unwrap(), whole);
    assert!(archive.fixity_scan(None).unwrap().damaged.is_empty());
}
