use archive_store::{SqliteCatalogue, conformance};

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
