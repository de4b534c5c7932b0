//! The reader on a scripted engine: everything above the models.

use archive_core::evidence::Verdict;
use archive_ocr::engine::{HeatMap, ScriptedEngine};
use archive_ocr::{PageImage, PageReading, Reader, ReaderConfig};

/// A reading of a page with one line, on which `text` stands.
fn read(text: &str) -> PageReading {
    read_lines(&[text])
}

/// A reading of a page with these lines, from top to bottom.
fn read_lines(lines: &[&str]) -> PageReading {
    let is_text = |row: usize| row % 12 < 4 && row / 12 < lines.len();
    let heat = (0..64 * 64).map(|i| if is_text(i / 64) { 0.9 } else { 0.0 }).collect();
    let engine = ScriptedEngine::with_lines(HeatMap::new(64, 64, heat).unwrap(), lines.iter().copied());
    let mut config = ReaderConfig::new(".");
    // One thread asks for the lines in their order.
    config.threads = 1;
    let reader = Reader::with_engine(Box::new(engine), &config).unwrap();
    reader.read(&PageImage::from_plane("scan", 640, 640, vec![255; 640 * 640]).unwrap()).unwrap()
}

#[track_caller]
fn check(text: &str, field: &str, value: &str) {
    let reading = read(text);
    let found = reading.fields.get(&field.parse().unwrap()).map(|f| f.value.as_str());
    assert_eq!(found, Some(value), "{text}");
}

#[test]
fn values_stand_behind_their_labels() {
    check("用户编号：3388985508", "account_no", "3388985508");
    check("1.3用电容量:合同约定总容量为4000kVA,自备发电容量为零", "contract_capacity_kva", "4000");
    check("甲方向乙方提供0.4千伏交流50赫兹电源", "supply_voltage_kv", "0.4");
    check("签订日期:二零一三年三月五日", "sign_date", "2013-03-05");
    check("应缴纳用电保证金人民币贰拾壹万叁仟柒佰元整,合同终止时", "deposit_cny", "213700");
    check("用电人:杭州鑫达有限公司(以下简称乙方)", "customer_name", "杭州鑫达有限公司");
    check("用户缩号:3388985508", "account_no", "3388985508");
}

#[test]
fn a_page_without_labels_has_no_fields() {
    assert!(read("本合同一式两份").fields.is_empty());
    assert!(read("").fields.is_empty());
}

/// The value of `field` on a page with these lines.
#[track_caller]
fn check_lines(lines: &[&str], field: &str, expected: Option<&str>) {
    let reading = read_lines(lines);
    let found = reading.fields.get(&field.parse().unwrap()).map(|f| f.value.as_str());
    assert_eq!(found, expected, "{lines:?}");
}

#[test]
fn a_value_is_known_by_its_form_where_its_label_is_lost() {
    let title = "用电业务办理申请表";
    check_lines(&[title, "户号3388985508", "2010年08月17日"], "sign_date", Some("2010-08-17"));
    // Two values that fit are none; nor is one that another field bears.
    check_lines(&[title, "2010年08月17日", "2011年08月17日"], "sign_date", None);
    check_lines(&[title, "户号3388985508", "本表真实"], "phone", None);
    // What a paper of an unknown kind should bear is unknown too.
    check_lines(&["本表真实", "2010年08月17日"], "sign_date", None);
}

#[test]
fn a_claim_is_scored_in_all_its_writings() {
    let reading = read("合同容量400千伏安");
    let field = "contract_capacity_kva".parse().unwrap();
    for same in ["400", "400kVA", "0.04万kVA"] {
        assert_eq!(reading.verify(&field, same).verdict, Verdict::Match, "{same}");
    }
    for other in ["4000", "500", "四百", "", "\u{0}", &"4".repeat(10_000)] {
        let evidence = reading.verify(&field, other);
        assert_eq!(evidence.verdict, Verdict::Mismatch, "{other}");
        assert!(evidence.suspicion.is_finite() && evidence.suspicion > 2.0);
    }
}

#[test]
fn a_field_that_is_not_there_is_unreadable() {
    let evidence = read("合同容量400千伏安").verify(&"phone".parse().unwrap(), "13800000000");
    assert_eq!(evidence.verdict, Verdict::Unreadable);
    assert_eq!(evidence.read, None);
}

#[test]
fn an_odd_detector_side_is_refused() {
    let mut config = ReaderConfig::new(".");
    config.detector_side = 0;
    let engine = ScriptedEngine::new(HeatMap::new(1, 1, vec![0.0]).unwrap(), "");
    let error = Reader::with_engine(Box::new(engine), &config).unwrap_err();
    assert!(error.to_string().starts_with("detector side 0: "), "{error}");
}
