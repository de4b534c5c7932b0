//! A PostgreSQL server of the tests' own: in a temporary directory, on loopback, as another user than root.
#![allow(dead_code, reason = "each test program uses its part")]

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;

/// A running server, stopped with its last handle.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    user: Option<(u32, u32)>,
    /// More settings, such as those of TLS.
    settings: String,
}

/// The server that all tests of a process share, each in a schema of its own.
static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static SCHEMAS: AtomicU64 = AtomicU64::new(0);

/// Where Debian or the path has `initdb` and `pg_ctl`.
fn programs() -> Option<PathBuf> {
    let mut places: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    places.sort();
    places.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    places.into_iter().find(|place| place.join("initdb").is_file() && place.join("pg_ctl").is_file())
}

fn id(option: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([option, user]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Another user where this one is root, whom the server refuses to run as.
fn user() -> Option<(u32, u32)> {
    let own = Command::new("id").arg("-u").output().ok()?;
    if own.stdout.trim_ascii() != b"0" {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|user| Some((id("-u", user)?, id("-g", user)?)))
}

/// The server, started where none runs. `None`, said aloud, where PostgreSQL is not installed.
///
/// # Panics
/// Where it is not installed and `ARCHIVE_REQUIRE_PEERS` is set, or does not start.
pub(crate) fn server() -> Option<Arc<Server>> {
    let mut running = RUNNING.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let Some(programs) = programs() else {
        assert!(
            std::env::var_os("ARCHIVE_REQUIRE_PEERS").is_none(),
            "PostgreSQL is not installed and ARCHIVE_REQUIRE_PEERS is set"
        );
        eprintln!("SKIPPED: PostgreSQL is not installed; `apt-get install postgresql` brings it");
        return None;
    };
    let server = Arc::new(Server::start(programs));
    *running = Arc::downgrade(&server);
    Some(server)
}

/// A server that no other test uses.
///
/// # Panics
/// Where PostgreSQL is not installed: ask [`server`] first.
pub(crate) fn fresh() -> Server {
    Server::start(programs().expect("asked before"))
}

/// A server that no other test uses, with a certificate and its key in PEM.
///
/// # Panics
/// Where PostgreSQL is not installed: ask [`server`] first.
pub(crate) fn fresh_with_tls(certificate: &str, key: &str) -> Server {
    let mut server = fresh();
    server.stop("fast");
    for (name, text) in [("server.crt", certificate), ("server.key", key)] {
        use std::os::unix::fs::PermissionsExt;
        let path = server.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = server.user {
            std::os::unix::fs::chown(&path, Some(uid), Some(gid)).unwrap();
        }
    }
    let at = server.folder.path().display();
    server.settings = format!("-c ssl=on -c ssl_cert_file={at}/server.crt -c ssl_key_file={at}/server.key");
    server.begin();
    server
}

impl Server {
    fn start(programs: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = user();
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder, port, user, settings: String::new() };
        let data = server.data();
        server.run(
            "initdb",
            &["-D", &data, "-U", "archive", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        );
        server.begin();
        server
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        if let Err(log) = self.try_run(program, arguments) {
            panic!("{program}: {log}");
        }
    }

    /// The log where the program fails.
    fn try_run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let log = self.folder.path().join("programs.log");
        let output = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.folder.path());
        // The server keeps what it is given open, so no pipe of the test's.
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(std::fs::read_to_string(&log).unwrap_or_default()),
        }
    }

    /// Where its files lie.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Starts the server that was stopped.
    pub(crate) fn begin(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories='' -c max_connections=200
             -c shared_buffers=32MB -c log_min_messages=fatal {}",
            self.port, self.settings
        )
        .replace('\n', " ");
        let log = self.folder.path().join("server.log");
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops the server: `immediate` is how a crash ends it.
    pub(crate) fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", mode, "stop"]);
    }

    /// A client of the server itself.
    pub(crate) fn client(&self) -> postgres::Client {
        let url = format!("postgres://archive@127.0.0.1:{}/postgres", self.port);
        postgres::Client::connect(&url, postgres::NoTls).unwrap()
    }

    /// The URL of a new and empty place for a catalogue.
    pub(crate) fn url(&self) -> String {
        let schema = format!("c{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
        self.client().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        format!("postgres://archive@127.0.0.1:{}/postgres?options=-csearch_path%3D{schema}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(log) = self.try_run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]) {
            eprintln!("the PostgreSQL server of the tests did not stop: {log}");
        }
    }
}
