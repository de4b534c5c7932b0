use archive_store::{MemoryCatalogue, SqliteCatalogue, conformance};

#[test]
fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = 0;
    conformance::run(|| {
        made += 1;
        let path = folder.path().join(format!("{made}.db"));
        Box::new(SqliteCatalogue::open(&path).unwrap())
    });
}

#[test]
fn memory_conforms() {
    conformance::run(|| Box::new(MemoryCatalogue::new().unwrap()));
}
