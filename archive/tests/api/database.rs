//! Tables of a real PostgreSQL server, which the test starts for itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use archive::snapshots::{Findings, PostgresTable, open, reconcile_snapshots};
use archive::{Error, ErrorKind};
use archive_reconcile::Schema;
use archive_reconcile::tables::{Options, Snapshot, Summary};

/// A server on a socket in a directory of its own.
struct Server {
    directory: tempfile::TempDir,
    programs: PathBuf,
}

/// The directory of the server's programs; `None`, said loudly, where it is not installed.
fn programs(test: &str) -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = installed.map(|version| version.path().join("bin")).find(|bin| bin.join("initdb").exists());
    if found.is_none() {
        assert!(
            std::env::var_os("ARCHIVE_REQUIRE_PEERS").is_none_or(|required| required != "1"),
            "{test} needs postgresql, and all peers are required"
        );
        eprintln!("== SKIPPED {test}: install postgresql");
    }
    found
}

impl Server {
    fn start(test: &str) -> Option<Self> {
        let programs = programs(test)?;
        let directory = tempfile::tempdir().unwrap();
        let server = Self { directory, programs };
        // The server refuses to be root.
        let _ = Command::new("chown").arg("postgres").arg(server.directory.path()).status();
        server
            .run("initdb", &["-D", &server.path("data"), "-U", "reader", "-A", "trust", "-E", "UTF8", "-N"]);
        let options = format!("-c listen_addresses= -c fsync=off -k {}", server.directory.path().display());
        let log = server.path("log");
        server.run("pg_ctl", &["-D", &server.path("data"), "-l", &log, "-o", &options, "-w", "start"]);
        Some(server)
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
        let mut command = if is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let status = command.args(arguments).current_dir("/").stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    fn url(&self) -> String {
        format!("host={} user=reader dbname=postgres", self.directory.path().display())
    }

    fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), postgres::NoTls).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "stop"]);
    }
}

fn compare(left: &dyn Snapshot, right: &dyn Snapshot, out: &Path) -> Result<Summary, Error> {
    let keys = ["account_no".to_owned()];
    let out = Findings::create(out)?;
    let options = Options::default();
    reconcile_snapshots(left, right, &keys, &Schema::reference(), &options, out, &mut |_| {})
}

#[test]
fn a_table_of_a_database_is_compared_as_it_stood() {
    let Some(server) = Server::start("a_table_of_a_database_is_compared_as_it_stood") else { return };
    let mut client = server.client();
    client
        .batch_execute(
            "CREATE SCHEMA mk; CREATE TABLE mk.\"客户 \"\"a\"\"\" \
             (account_no text, contract_capacity_kva numeric(12,2), sign_date date, note text); \
             INSERT INTO mk.\"客户 \"\"a\"\"\" \
             SELECT lpad(i::text, 10, '0'), i % 90 + 10, date '2019-03-05', E'a,\"b\\n' || i \
             FROM generate_series(1, 20000) i; \
             CREATE TABLE narrow (account_no text); INSERT INTO narrow VALUES (NULL), ('1'), (NULL);",
        )
        .unwrap();
    let place = tempfile::tempdir().unwrap();
    let mut csv = "account_no,contract_capacity_kva,sign_date,note\n".to_owned();
    for i in 2..=20_000 {
        let capacity = if i % 5000 == 0 { 7 } else { i % 90 + 10 };
        csv += &format!("{i:010},{capacity}kVA,2019年3月5日,\"a,\"\"b\n{i}\"\n");
    }
    let papers = place.path().join("papers.csv");
    std::fs::write(&papers, csv).unwrap();
    let papers = open(&papers).unwrap();
    let system = PostgresTable::open(&server.url(), "mk.\"客户 \"\"a\"\"\"").unwrap();
    // What is written meanwhile belongs to the next comparison.
    client.batch_execute("DELETE FROM mk.\"客户 \"\"a\"\"\" WHERE account_no < '0000010000'").unwrap();
    for (left, right) in [(papers.as_ref(), &system as &dyn Snapshot), (&system, papers.as_ref())] {
        let summary = compare(left, right, &place.path().join("d.csv")).unwrap();
        assert_eq!(summary.counts.mismatches, 4, "{summary:?}");
        assert_eq!(summary.counts.missing_left + summary.counts.missing_right, 1);
    }
    let narrow = PostgresTable::open(&server.url(), "narrow").unwrap();
    let rows: usize = narrow.read(&[0]).unwrap().map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(rows, 3, "an absent value is a row too");
}

#[test]
fn a_database_out_of_reach_and_a_table_that_is_not_there_are_told_apart() {
    let test = "a_database_out_of_reach_and_a_table_that_is_not_there_are_told_apart";
    let error = PostgresTable::open("host=/nowhere user=x", "t").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("table t: is out of reach"), "{error}");
    let Some(server) = Server::start(test) else { return };
    let error = PostgresTable::open(&server.url(), "nobody.knows").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let mut client = server.client();
    client.batch_execute("CREATE TABLE t (account_no text); INSERT INTO t VALUES ('1')").unwrap();
    let table = PostgresTable::open(&server.url(), "t").unwrap();
    // The server goes while the table is open.
    client.batch_execute("CREATE ROLE other LOGIN").unwrap();
    server.run("pg_ctl", &["-D", &server.path("data"), "-m", "immediate", "-w", "restart"]);
    let error = table.read(&[0]).unwrap().find_map(Result::err).unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.report());
}
