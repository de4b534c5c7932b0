//! `archive catalogue export` and `import`: the whole catalogue in Parquet, and files that lie.

use std::path::Path;

use archive::{ErrorKind, catalogue_files};
use archive_store::conformance::{at, entry, rows_of, slot};
use archive_store::{Catalogue, MemoryCatalogue, SqliteCatalogue};
use arrow_array::{Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest as _, Sha256};

use crate::scene::{Scene, assert_fails, command, run, text};

fn filled(catalogue: &dyn Catalogue, files: u32) {
    catalogue.add_slots((1..=files).map(|n| slot(n, 50)).collect()).unwrap();
    for n in 0..files {
        catalogue.file(entry(&format!("r{n}"))).unwrap();
    }
    catalogue.cancel(&"r0".parse().unwrap(), "withdrawn", at(1)).unwrap();
}

#[test]
fn every_backend_reads_what_another_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let source = SqliteCatalogue::open(&folder.path().join("catalogue.db")).unwrap();
    filled(&source, 20);
    let out = folder.path().join("out");
    let manifest = catalogue_files::export(&source, &out).unwrap();
    assert_eq!(manifest.tables["file"].rows, 20);
    assert_eq!(manifest.checkpoint, source.checkpoint().unwrap());
    let error = catalogue_files::export(&source, &out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let memory = MemoryCatalogue::new().unwrap();
    assert_eq!(catalogue_files::import(&memory, &out).unwrap(), manifest);
    assert_eq!(rows_of(&memory), rows_of(&source));
    let back = folder.path().join("back");
    assert_eq!(catalogue_files::export(&memory, &back).unwrap(), manifest, "the same files, bit by bit");
    let again = SqliteCatalogue::open(&folder.path().join("again.db")).unwrap();
    catalogue_files::import(&again, &back).unwrap();
    assert_eq!(rows_of(&again), rows_of(&source));
    assert_eq!(catalogue_files::import(&again, &back).unwrap_err().kind(), ErrorKind::Conflict);
}

/// Puts the digest of `table` in the manifest right, as somebody would who forges files.
fn forge(out: &Path, table: &str) {
    let path = out.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let bytes = std::fs::read(out.join(format!("{table}.parquet"))).unwrap();
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    manifest["tables"][table]["sha256"] = archive_core::record::Digest(digest).to_string().into();
    std::fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

/// Rewrites a table with `change` applied to its rows.
fn rewrite(out: &Path, table: &str, change: impl Fn(RecordBatch) -> RecordBatch) {
    let path = out.join(format!("{table}.parquet"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|b| change(b.unwrap())).collect();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    forge(out, table);
}

#[test]
fn files_that_lie_are_refused_and_nothing_is_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let source = MemoryCatalogue::new().unwrap();
    filled(&source, 3);
    let check = |name: &str, kind: ErrorKind, part: &str, harm: &dyn Fn(&Path)| {
        let out = folder.path().join(name);
        catalogue_files::export(&source, &out).unwrap();
        harm(&out);
        let target = MemoryCatalogue::new().unwrap();
        let error = catalogue_files::import(&target, &out).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {}", error.report());
        assert!(error.report().contains(part), "{name}: {part:?} in {}", error.report());
        assert_eq!(target.checkpoint().unwrap().size, 0, "{name}");
    };
    use ErrorKind::{Corrupt, InvalidInput, NotFound, Unsupported};
    let file = |out: &Path| out.join("file.parquet");
    let write = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).unwrap();
    check("gone", NotFound, "file.parquet", &|out| std::fs::remove_file(file(out)).unwrap());
    check("flipped", Corrupt, "not what the manifest says", &|out| {
        let mut bytes = std::fs::read(file(out)).unwrap();
        bytes[100] ^= 1;
        write(&file(out), &bytes);
    });
    check("cut", Corrupt, "no whole Parquet file", &|out| {
        let bytes = std::fs::read(file(out)).unwrap();
        write(&file(out), &bytes[..bytes.len() / 2]);
        forge(out, "file");
    });
    check("text", Corrupt, "no whole Parquet file", &|out| {
        write(&file(out), b"id,number_id\n1,1\n");
        forge(out, "file");
    });
    check("other columns", InvalidInput, "has other columns", &|out| {
        std::fs::copy(out.join("slot.parquet"), file(out)).unwrap();
        forge(out, "file");
    });
    check("a row less", Corrupt, "another number of rows", &|out| {
        rewrite(out, "document", |batch| batch.slice(0, batch.num_rows() - 1));
    });
    check("another number", Corrupt, "break", &|out| {
        rewrite(out, "counter", |batch| {
            let mut columns = batch.columns().to_vec();
            columns[3] = std::sync::Arc::new(Int64Array::from(vec![77; batch.num_rows()]));
            RecordBatch::try_new(batch.schema(), columns).unwrap()
        });
    });
    check("another checkpoint", Corrupt, "another checkpoint", &|out| {
        let path = out.join("manifest.json");
        let text = std::fs::read_to_string(&path).unwrap();
        write(&path, text.replacen("\"size\": 5", "\"size\": 4", 1).as_bytes());
    });
    check("no manifest", NotFound, "manifest.json", &|out| {
        std::fs::remove_file(out.join("manifest.json")).unwrap();
    });
    check("no JSON", InvalidInput, "no manifest", &|out| write(&out.join("manifest.json"), b"{"));
    check("huge", InvalidInput, "more than", &|out| {
        write(&out.join("manifest.json"), &vec![b' '; 5_000_000])
    });
    check("newer", Unsupported, "another version", &|out| {
        let path = out.join("manifest.json");
        let text = std::fs::read_to_string(&path).unwrap();
        write(&path, text.replace("archive catalogue 1", "archive catalogue 2").as_bytes());
    });
}

#[test]
fn the_command_exports_and_imports() {
    let scene = Scene::new();
    let holdings = scene.holdings();
    let out = scene.path("out");
    drop(scene.open());
    let exported =
        run(&mut command(["catalogue", "export", "--archive", text(&holdings), "--out", text(&out)]));
    assert!(exported.status.success(), "{exported:?}");
    let import = || run(&mut command(["catalogue", "import", text(&out), "--archive", text(&holdings)]));
    assert_fails(&import(), 3, &["has rows in its table slot", "import into a new one"]);
    std::fs::rename(holdings.join("catalogue.db"), scene.path("old.db")).unwrap();
    let imported = import();
    assert!(imported.status.success(), "{imported:?}");
    let slots = scene.open().catalogue().slots(&archive_store::SlotFilter::free()).unwrap();
    assert_eq!(slots.len(), scene.config().slots().len());
}
