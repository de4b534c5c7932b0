//! Tables compared through the public API, against a comparison that anybody can check by eye.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use archive_reconcile::Schema;
use archive_reconcile::tables::{
    Counts, MemorySnapshot, Options, Scratch, ScratchFile, Snapshot, Stage, Summary, reconcile_tables,
};
use archive_reconcile::{Comparator, Error};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Date32Array, Decimal128Array, DictionaryArray, Int64Array, NullArray,
    RecordBatch, StringArray, StringViewArray,
};
use arrow_schema::{DataType, Field};
use proptest::prelude::*;

/// A finding without severity and reason.
type Finding = (String, String, String, Option<String>, Option<String>);

fn snapshot(name: &str, columns: Vec<(&str, ArrayRef)>) -> MemorySnapshot {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    // Several batches, so that rows are counted across them.
    let step = (batch.num_rows() / 3).max(1);
    let parts =
        (0..batch.num_rows()).step_by(step).map(|i| batch.slice(i, step.min(batch.num_rows() - i))).collect();
    MemorySnapshot::new(name, batch.schema(), parts).unwrap()
}

fn text<S: AsRef<str>>(cells: &[Option<S>]) -> ArrayRef {
    Arc::new(cells.iter().map(|c| c.as_ref().map(AsRef::as_ref)).collect::<StringArray>())
}

fn some(cells: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

fn run(
    left: &dyn Snapshot,
    right: &dyn Snapshot,
    schema: &Schema,
    options: &Options<'_>,
) -> Result<(Vec<Finding>, Summary), Error> {
    let mut found = Vec::new();
    let summary = reconcile_tables(left, right, &["account_no".to_owned()], schema, options, &mut |batch| {
        let cell = |name: &str, row: usize| {
            let column = batch.column_by_name(name).unwrap().as_string::<i32>();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        for row in 0..batch.num_rows() {
            assert!(!cell("severity", row).unwrap().is_empty() && !cell("reason", row).unwrap().is_empty());
            found.push((
                cell("account_no", row).unwrap_or_default(),
                cell("kind", row).unwrap(),
                cell("field", row).unwrap_or_default(),
                cell("left_value", row),
                cell("right_value", row),
            ));
        }
        Ok(())
    })?;
    Ok((found, summary))
}

fn finding(key: &str, kind: &str, field: &str, left: Option<&str>, right: Option<&str>) -> Finding {
    (key.into(), kind.into(), field.into(), left.map(Into::into), right.map(Into::into))
}

#[track_caller]
fn check_error(left: &dyn Snapshot, right: &dyn Snapshot, parts: &[&str]) {
    let error = run(left, right, &Schema::reference(), &Options::default()).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{error:?} lacks {part:?}");
    }
}

#[test]
fn a_key_column_that_is_null_throughout_names_no_row() {
    let nothing = || Arc::new(NullArray::new(3)) as ArrayRef;
    let keys: [ArrayRef; 3] = [some(&["1", "2", "3"]), Arc::new(Int64Array::from(vec![1, 2, 3])), nothing()];
    for key in keys {
        let left = snapshot("papers", vec![("account_no", nothing()), ("ct_ratio", some(&["a", "b", "c"]))]);
        let right = snapshot("system", vec![("account_no", key), ("ct_ratio", nothing())]);
        let (_, summary) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
        assert_eq!((summary.counts.keyless_left, summary.counts.mismatches), (3, 0), "{summary:?}");
        assert_eq!(summary.counts.keyless_right + summary.counts.missing_left, 3, "{summary:?}");
    }
}

#[test]
fn every_kind_of_difference_is_found_with_both_values() {
    let left = snapshot(
        "left",
        vec![
            ("account_no", some(&["１００１", "1002", " 1003", "1004", "1005", "1005"])),
            ("contract_capacity_kva", some(&["400kVA", "５００千伏安", "100", "80", "50", "50"])),
            ("note", text(&[Some("a"), None, Some(""), Some("x"), Some("y"), Some("y")])),
        ],
    );
    let right = snapshot(
        "right",
        vec![
            // Columns in another order, as other types.
            ("note", text(&[Some("a"), Some("b"), None, Some("y"), Some("z")])),
            ("account_no", some(&["1001", "1002", "1003", "1005", "1006"])),
            (
                "contract_capacity_kva",
                Arc::new(
                    Decimal128Array::from(vec![40000, 31500, 10000, 5000, 1])
                        .with_precision_and_scale(12, 2)
                        .unwrap(),
                ),
            ),
        ],
    );
    let (found, summary) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
    let expected = [
        finding("1002", "mismatch", "contract_capacity_kva", Some("５００千伏安"), Some("315.00")),
        finding("1002", "mismatch", "note", None, Some("b")),
        finding("1004", "missing_right", "", None, None),
        finding("1005", "duplicate", "", Some("2"), Some("1")),
        finding("1006", "missing_left", "", None, None),
    ];
    assert_eq!(found, expected);
    let counts =
        Counts { missing_left: 1, missing_right: 1, duplicates: 1, mismatches: 2, ..Counts::default() };
    assert_eq!(summary.counts, counts);
    assert_eq!((summary.left_rows, summary.right_rows, summary.passes), (6, 5, 1));
    assert_eq!(summary.fields, ["contract_capacity_kva", "note"]);
}

#[test]
fn all_types_of_text_and_date_are_one() {
    let numbers = ["1", "2", "3"];
    let dates = ["2019-03-05", "二〇一九年三月六日", "20190307"];
    let days = Date32Array::from(vec![17_960, 17_961, 17_962]);
    let views: ArrayRef = Arc::new(StringViewArray::from(vec!["正常", "a text beyond twelve bytes", "销户"]));
    let dictionary: DictionaryArray<Int32Type> =
        vec!["正常", "a text beyond twelve bytes", "销户"].into_iter().collect();
    let left =
        snapshot("l", vec![("account_no", some(&numbers)), ("sign_date", some(&dates)), ("status", views)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("account_no", Arc::new(StringViewArray::from(numbers.to_vec()))),
        ("sign_date", Arc::new(days)),
        ("status", Arc::new(dictionary)),
    ];
    let right = snapshot("r", columns);
    let (found, summary) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
    assert!(found.is_empty() && summary.counts.is_equal(), "{found:?}");
}

#[test]
fn rows_without_a_key_are_never_equal() {
    let key = || text(&[Some("1"), None, Some(" \u{3000}"), Some("")]);
    let left = snapshot("papers.csv", vec![("account_no", key())]);
    let right = snapshot("system.csv", vec![("account_no", some(&["1"]))]);
    let (found, summary) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
    assert_eq!(found, [finding("", "missing_right", "", Some("3"), None)]);
    assert_eq!(summary.counts.keyless_left, 3);
    assert!(!summary.counts.is_equal());
}

#[test]
fn columns_that_do_not_go_together_are_refused_by_name() {
    let key = || some(&["1"]);
    let base = || snapshot("left.csv", vec![("account_no", key()), ("a", key())]);
    check_error(
        &base(),
        &snapshot("right.csv", vec![("account_no", key())]),
        &["right.csv", "\"a\"", "left.csv"],
    );
    let extra = snapshot("right.csv", vec![("account_no", key()), ("a", key()), ("b", key())]);
    check_error(&base(), &extra, &["left.csv", "\"b\"", "ignore it"]);
    check_error(
        &base(),
        &snapshot("right.csv", vec![("a", key())]),
        &["right.csv", "no key column", "its columns are a"],
    );
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let typed = snapshot("right.csv", vec![("account_no", number.clone()), ("a", key())]);
    check_error(&base(), &typed, &["left.csv", "account_no", "Int64", "leading zeros"]);
    let binary: ArrayRef = Arc::new(BinaryArray::from(vec![b"1".as_slice()]));
    let typed = snapshot("right.csv", vec![("account_no", key()), ("a", binary)]);
    check_error(&base(), &typed, &["right.csv", "\"a\" is Binary"]);
    let day: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    let a = snapshot("left.csv", vec![("account_no", key()), ("a", day)]);
    let b = snapshot("right.csv", vec![("account_no", key()), ("a", number)]);
    check_error(&a, &b, &["left.csv", "\"a\" is Date32", "Int64"]);
    let ignoring = Schema::reference().ignoring(["a".to_owned(), "b".to_owned()]);
    assert!(run(&base(), &extra, &ignoring, &Options::default()).unwrap().0.is_empty());
}

#[test]
fn a_million_rows_of_one_key_are_one_finding() {
    let same = |n: usize, value: &str| {
        let keys: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n("7", n)));
        let values: ArrayRef = Arc::new(StringArray::from_iter_values((0..n).map(|i| format!("{value}{i}"))));
        snapshot("s", vec![("account_no", keys), ("x", values)])
    };
    let (left, right) = (same(1_000_000, "a"), same(3, "b"));
    let (found, _) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
    assert_eq!(found, [finding("7", "duplicate", "", Some("1000000"), Some("3"))]);
    let (found, _) = run(&right, &left, &Schema::reference(), &Options::default()).unwrap();
    assert_eq!(found, [finding("7", "duplicate", "", Some("3"), Some("1000000"))]);
}

#[test]
fn the_caller_can_watch_and_cancel() {
    let table = || snapshot("s", vec![("account_no", some(&["1", "2", "3", "4"]))]);
    let stages = std::sync::Mutex::new(BTreeSet::new());
    let watch = |p: archive_reconcile::tables::Progress| {
        stages.lock().unwrap().insert(format!("{:?}", p.stage));
        if p.stage == Stage::Right {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    };
    let options = Options { progress: Some(&watch), ..Options::default() };
    let error = run(&table(), &table(), &Schema::reference(), &options).unwrap_err();
    assert!(error.to_string().contains("cancelled"), "{error}");
    assert_eq!(*stages.lock().unwrap(), BTreeSet::from(["Left".to_owned(), "Right".to_owned()]));
}

#[test]
fn little_memory_means_more_passes_and_the_same_findings() {
    let table = |name: &str, shift: usize| {
        let keys: Vec<String> = (shift..20_000 + shift).map(|i| i.to_string()).collect();
        let values: Vec<String> =
            keys.iter().map(|k| if k.ends_with("77") { format!("{k}{name}") } else { k.clone() }).collect();
        let array = |v: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(v)) };
        snapshot(name, vec![("account_no", array(keys)), ("x", array(values))])
    };
    let (left, right) = (table("l", 0), table("r", 50));
    let (mut whole, one) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
    let options = Options { memory: Some(200_000), ..Options::default() };
    let (mut parts, many) = run(&left, &right, &Schema::reference(), &options).unwrap();
    whole.sort();
    parts.sort();
    assert_eq!(whole, parts);
    assert_eq!(one.counts, many.counts);
    assert!(one.passes == 1 && many.passes > 3, "{many:?}");
    let disk = Disk::default();
    let options = Options { memory: Some(600_000), scratch: Some(&disk), ..Options::default() };
    let (mut spilled, once) = run(&left, &right, &Schema::reference(), &options).unwrap();
    spilled.sort();
    assert_eq!(whole, spilled);
    assert_eq!((one.counts, once.passes), (once.counts, 1));
    assert!(disk.files.load(std::sync::atomic::Ordering::Relaxed) > 2, "it was spilled");
    // A full disk is an error that says so, and no findings.
    let full = Disk { room: 10_000, ..Disk::default() };
    let options = Options { memory: Some(600_000), scratch: Some(&full), ..Options::default() };
    let error = run(&left, &right, &Schema::reference(), &options).unwrap_err();
    assert_eq!(error.kind(), archive_core::ErrorKind::Unavailable);
    assert!(error.to_string().contains("no space left"), "{error}");
    let options = Options { memory: Some(1000), ..Options::default() };
    let error = run(&left, &right, &Schema::reference(), &options).unwrap_err();
    assert!(error.to_string().contains("1000 bytes are too little"), "{error}");
}

/// A disk of limited room, in memory.
struct Disk {
    room: usize,
    files: std::sync::atomic::AtomicUsize,
}

impl Default for Disk {
    fn default() -> Self {
        Self { room: 1 << 30, files: Default::default() }
    }
}

struct DiskFile {
    room: usize,
    bytes: Vec<u8>,
}

impl Scratch for Disk {
    fn create(&self) -> Result<Box<dyn ScratchFile>, Error> {
        self.files.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Box::new(DiskFile { room: self.room, bytes: Vec::new() }))
    }
}

impl ScratchFile for DiskFile {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > self.room {
            let kind = archive_core::ErrorKind::Unavailable;
            return Err(Error::new(kind, "scratch", "no space left"));
        }
        Ok(())
    }

    fn reread(self: Box<Self>) -> Result<Box<dyn std::io::Read + Send>, Error> {
        Ok(Box::new(std::io::Cursor::new(self.bytes)))
    }
}

/// A source that tells another story when it is read again.
struct Shifty(MemorySnapshot);

impl Snapshot for Shifty {
    fn name(&self) -> &str {
        "shifty"
    }

    fn schema(&self) -> arrow_schema::SchemaRef {
        self.0.schema()
    }

    fn row_count(&self) -> Option<u64> {
        None
    }

    fn read(&self, columns: &[usize]) -> Result<archive_reconcile::tables::Batches<'_>, Error> {
        self.0.read(columns)
    }

    fn fetch<'a>(
        &'a self,
        columns: &[usize],
        rows: &'a [u64],
    ) -> Result<archive_reconcile::tables::Batches<'a>, Error> {
        Ok(Box::new(self.0.fetch(columns, rows)?.map(|batch| Ok(batch?.slice(0, 0)))))
    }
}

#[test]
fn a_source_that_changes_meanwhile_is_refused() {
    let left = Shifty(snapshot("s", vec![("account_no", some(&["1", "2"]))]));
    let right = snapshot("r", vec![("account_no", some(&["1", "3"]))]);
    let error = run(&left, &right, &Schema::reference(), &Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("shifty: changed while"), "{error}");
}

#[test]
fn a_batch_of_another_schema_is_refused() {
    let batch = RecordBatch::try_from_iter([("a", some(&["1"]))]).unwrap();
    let schema = Arc::new(arrow_schema::Schema::new(vec![Field::new("b", DataType::Utf8, false)]));
    let error = MemorySnapshot::new("s", schema, vec![batch]).unwrap_err();
    assert!(error.to_string().starts_with("s: batch 0 has other columns"), "{error}");
}

/// What the comparison means, written so that it is plain to see: exact text, rows by key.
fn naive(left: &[Row], right: &[Row]) -> Vec<Finding> {
    let by_key = |rows: &[Row]| {
        let mut map: BTreeMap<String, Vec<[String; 2]>> = BTreeMap::new();
        for (key, a, b) in rows {
            map.entry(key.clone()).or_default().push([a.clone(), b.clone()]);
        }
        map.values_mut().for_each(|rows| rows.sort());
        map
    };
    let (l, r) = (by_key(left), by_key(right));
    let keys: BTreeSet<&String> = l.keys().chain(r.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let (a, b) = (l.get(key).cloned().unwrap_or_default(), r.get(key).cloned().unwrap_or_default());
        if a.is_empty() {
            found.push(finding(key, "missing_left", "", None, None));
        } else if b.is_empty() {
            found.push(finding(key, "missing_right", "", None, None));
        }
        if a.len() > 1 || b.len() > 1 {
            let count = |rows: &Vec<_>| Some(rows.len().to_string());
            found.push((key.clone(), "duplicate".into(), String::new(), count(&a), count(&b)));
        }
        if a.is_empty() || b.is_empty() {
            continue;
        }
        let (mut only_a, mut only_b) = (a.clone(), b.clone());
        for row in &a {
            if let Some(i) = only_b.iter().position(|other| other == row) {
                only_b.remove(i);
                let j = only_a.iter().position(|other| other == row).unwrap();
                only_a.remove(j);
            }
        }
        for i in 0..only_a.len().max(only_b.len()) {
            let (x, y) = (only_a.get(i).unwrap_or(&a[0]), only_b.get(i).unwrap_or(&b[0]));
            for (field, (x, y)) in ["p", "q"].iter().zip(x.iter().zip(y)) {
                let value = |v: &String| (!v.is_empty()).then(|| v.clone());
                if x != y {
                    found.push((key.clone(), "mismatch".into(), (*field).into(), value(x), value(y)));
                }
            }
        }
    }
    found
}

/// A source that does not know how many rows it has.
struct Uncounted(MemorySnapshot);

impl Snapshot for Uncounted {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> arrow_schema::SchemaRef {
        self.0.schema()
    }

    fn row_count(&self) -> Option<u64> {
        None
    }

    fn read(&self, columns: &[usize]) -> Result<archive_reconcile::tables::Batches<'_>, Error> {
        self.0.read(columns)
    }

    fn fetch<'a>(
        &'a self,
        columns: &[usize],
        rows: &'a [u64],
    ) -> Result<archive_reconcile::tables::Batches<'a>, Error> {
        self.0.fetch(columns, rows)
    }
}

type Row = (String, String, String);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(("[1-9]", "[ab]{0,1}", "[ab]{0,1}"), 0..24)
}

fn table(rows: &[Row], name: &str) -> MemorySnapshot {
    let column = |pick: fn(&Row) -> &String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(pick)))
    };
    snapshot(name, vec![("account_no", column(|r| &r.0)), ("p", column(|r| &r.1)), ("q", column(|r| &r.2))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn findings_are_those_of_the_naive_comparison(left in rows(), right in rows(), seed in any::<u64>()) {
        let options = Options { seed: Some(seed), ..Options::default() };
        let schema = Schema::reference();
        prop_assert_eq!(schema.field("p"), None);
        let (found, _) = run(&table(&left, "l"), &table(&right, "r"), &schema, &options).unwrap();
        let mut expected = naive(&left, &right);
        let mut found = found;
        // Within a key the order of pairs is that of cells, which the naive way shares; kinds come in
        // its order too, so that sorting is for messages alone.
        expected.sort();
        found.sort();
        prop_assert_eq!(&found, &expected);
        // Through scratch files the same is found.
        let disk = Disk::default();
        let spilling = Options { memory: Some(4 << 30), scratch: Some(&disk), ..options };
        let unknown = Uncounted(table(&left, "l"));
        let (mut found, _) = run(&unknown, &table(&right, "r"), &schema, &spilling).unwrap();
        found.sort();
        prop_assert_eq!(found, expected);
        prop_assert!(disk.files.load(std::sync::atomic::Ordering::Relaxed) > 0);
    }
}

#[test]
fn unnamed_columns_are_compared_by_letter() {
    let left = snapshot("l", vec![("account_no", some(&["1"])), ("note", some(&["１"]))]);
    let right = snapshot("r", vec![("account_no", some(&["1"])), ("note", some(&["1"]))]);
    let (found, _) = run(&left, &right, &Schema::reference(), &Options::default()).unwrap();
    assert_eq!(found, [finding("1", "mismatch", "note", Some("１"), Some("1"))]);
    assert_eq!(Comparator::default(), Comparator::Kind);
}

#[test]
fn every_comparator_decides_between_tables() {
    let schema = Schema::parse(
        "s.toml",
        r#"
        name = "s"
        version = "1"
        [[field]]
        name = "customer_name"
        label = "户名"
        columns = ["户名"]
        kind = "text"
        comparator = "name"
        severity = "major"
        reason = "another party"
        [[field]]
        name = "address"
        label = "用电地址"
        kind = "text"
        comparator = "address"
        severity = "minor"
        reason = "another place"
        [[field]]
        name = "id_no"
        label = "证件号码"
        kind = "identifier"
        check = "citizen-id"
        severity = "major"
        reason = "another person"
        [[field]]
        name = "phases"
        label = "相别"
        kind = "text"
        comparator = "set"
        severity = "minor"
        reason = "other phases"
        [[field]]
        name = "tariff"
        label = "电价"
        kind = "text"
        dated_by = "sign_date"
        codes = { "0101" = { to = "1101", until = "2020-12-31" } }
        severity = "critical"
        reason = "another price"
        [[field]]
        name = "sign_date"
        label = "日期"
        kind = "date"
        severity = "minor"
        reason = "another day"
        "#,
    )
    .unwrap();
    let table = |name: &str, header: &str, cells: [[&str; 7]; 3]| {
        let column =
            |i: usize| -> ArrayRef { Arc::new(StringArray::from_iter_values(cells.map(|row| row[i]))) };
        let names = ["account_no", header, "address", "id_no", "phases", "tariff", "sign_date"];
        snapshot(name, names.iter().enumerate().map(|(i, n)| (*n, column(i))).collect())
    };
    let papers = table(
        "papers",
        "户名",
        [
            [
                "1",
                "鑫達有限責任公司",
                "南京市鼓楼区中山路十八号",
                "110102491001001",
                "B、A",
                "0101",
                "2019年5月1日",
            ],
            ["2", "张伟", "中山路1号23室", "110102194910010017", "A", "0101", "2021-03-01"],
            ["3", "甲", "乙路1号", "110102194910010016", "A", "0101", "2020-12-31"],
        ],
    );
    let system = table(
        "system",
        "customer_name",
        [
            [
                "1",
                "鑫达有限公司",
                "江苏南京鼓楼区中山路18号",
                "110102194910010016",
                "A,B",
                "1101",
                "2019-05-01",
            ],
            ["2", "章伟", "中山路12号3室", "110102194910010016", "A,B", "1101", "2021-03-01"],
            ["3", "甲", "乙路1号", "110102194910010016", "A", "1101", "2020-12-31"],
        ],
    );
    let mut reasons = Vec::new();
    let keys = ["account_no".to_owned()];
    let summary = reconcile_tables(&papers, &system, &keys, &schema, &Options::default(), &mut |batch| {
        let cell =
            |name: &str, row| batch.column_by_name(name).unwrap().as_string::<i32>().value(row).to_owned();
        reasons.extend(
            (0..batch.num_rows())
                .map(|row| (cell("account_no", row), cell("field", row), cell("reason", row))),
        );
        Ok(())
    })
    .unwrap();
    assert_eq!(summary.counts.mismatches, 5, "{reasons:?}");
    let expected = [
        ("customer_name", "another party; both sound alike"),
        ("address", "another place"),
        ("id_no", "another person; the left one's check character does not hold"),
        ("phases", "other phases"),
        ("tariff", "another price"),
    ];
    for ((key, field, reason), (wanted, start)) in reasons.iter().zip(expected) {
        assert_eq!((key.as_str(), field.as_str()), ("2", wanted));
        assert!(reason.starts_with(start), "{reason}");
    }
}

#[test]
fn grace_follows_the_business_process_of_the_row() {
    let text = archive_reconcile::schema::REFERENCE_TEXT;
    let schema =
        Schema::parse("s.toml", &format!("{text}\n[process]\ncolumn = \"process\"\nended = \"ended\"\n"))
            .unwrap();
    let papers = snapshot(
        "papers",
        vec![("account_no", some(&["1", "2", "3"])), ("合同容量", some(&["400kVA", "400", "400"]))],
    );
    let system = snapshot(
        "system",
        vec![
            ("户号", some(&["1", "2", "3"])),
            ("contract_capacity_kva", some(&["500", "500", "410"])),
            ("process", some(&["capacity-change", "capacity-change", ""])),
            ("ended", some(&["2024-05-01", "2024年3月1日", ""])),
        ],
    );
    let severities = |today: Option<&str>| {
        let options = Options { today: today.map(|t| t.parse().unwrap()), ..Options::default() };
        let mut found = Vec::new();
        let keys = ["account_no".to_owned()];
        reconcile_tables(&papers, &system, &keys, &schema, &options, &mut |batch| {
            let column = batch.column_by_name("severity").unwrap().as_string::<i32>();
            found.extend(column.iter().flatten().map(str::to_owned));
            Ok(())
        })
        .unwrap();
        found
    };
    assert_eq!(severities(Some("2024-05-10")), ["minor", "critical", "major"]);
    assert_eq!(severities(None), ["critical", "critical", "major"]);
    let lacks =
        snapshot("system", vec![("account_no", some(&["1"])), ("contract_capacity_kva", some(&["1"]))]);
    let keys = ["account_no".to_owned()];
    let error =
        reconcile_tables(&papers, &lacks, &keys, &schema, &Options::default(), &mut |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("\"process\", in which the schema looks for a process"), "{error}");
}
