//! The reader on a scripted engine: everything above the models.

use archive_core::evidence::Verdict;
use archive_ocr::engine::{HeatMap, ScriptedEngine};
use archive_ocr::{DocumentFinding, DocumentReading, PageImage, PageReading, Reader, ReaderConfig};

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
    check("3、本户用电地址为杭州市西湖区文三路1号,双方确认", "service_address", "杭州市西湖区文三路1号");
    check("经核定,供电电压为10千伏。", "supply_voltage_kv", "10");
}

#[test]
fn values_are_read_in_all_their_writings() {
    check("合同容量:0.04万kVA", "contract_capacity_kva", "400");
    check("合同容量:3.15万千伏安", "contract_capacity_kva", "31500");
    check("合同容量:400KVA", "contract_capacity_kva", "400");
    check("合同容量:2MVA", "contract_capacity_kva", "2000");
    check("供电电压:380V", "supply_voltage_kv", "0.38");
    check("供电电压:220伏", "supply_voltage_kv", "0.22");
    check("供电电压:10KV", "supply_voltage_kv", "10");
    check("签订日期:2013.3.5", "sign_date", "2013-03-05");
    check("签订日期:2013/03/05", "sign_date", "2013-03-05");
    check("签订日期:20130305", "sign_date", "2013-03-05");
    check("签订日期:二〇一三年十二月三十一日", "sign_date", "2013-12-31");
    check("保证金:¥3500.00", "deposit_cny", "3500");
    check("保证金:叁仟伍佰圆正", "deposit_cny", "3500");
    check("CT变比:200:5", "ct_ratio", "200/5");
    check("联系电话:0571-88888888", "phone", "057188888888");
    check("联系电话:13800000000", "phone", "13800000000");
    check("身份证号:11010519491231002X", "id_no", "11010519491231002X");
    check("统一社会信用代码:91350100M000100Y43", "id_no", "91350100M000100Y43");
    check("用电类别:居民生活用电", "tariff_class", "居民生活用电");
    check("行业分类:金属制品业", "industry", "金属制品业");
    check("功率因数:0.90", "power_factor", "0.90");
}

#[test]
fn a_separator_is_no_part_of_a_value() {
    let reading = read("联系电话:0571-88888888");
    let field = "phone".parse().unwrap();
    for same in ["057188888888", "0571-88888888", "0571 88888888"] {
        assert_eq!(reading.verify(&field, same).verdict, Verdict::Match, "{same}");
    }
    assert_eq!(reading.verify(&field, "057188888889").verdict, Verdict::Mismatch);
}

#[test]
fn a_number_with_a_wrong_check_character_is_less_sure() {
    let confidence = |text: &str| read(text).fields[&"id_no".parse().unwrap()].confidence.get();
    assert!(confidence("身份证号:11010519491231002X") > confidence("身份证号:110105194912310021") + 0.01);
}

#[test]
fn values_stand_below_their_labels_and_on_the_next_line() {
    check_lines(&["用电登记表", "合同容量", "400kVA"], "contract_capacity_kva", Some("400"));
    check_lines(&["用电登记表", "户号", "3388985508"], "account_no", Some("3388985508"));
}

#[test]
fn every_character_has_its_place_and_speaks_for_itself() {
    let reading = read("用户编号:3388985508");
    let evidence = reading.verify(&"account_no".parse().unwrap(), "3388985608");
    let [disagreement] = &evidence.disagreements[..] else { panic!("{evidence:?}") };
    assert_eq!((disagreement.read, disagreement.claimed), (Some('5'), Some('6')));
    // The eighth digit of ten stands in the right half of the value.
    let (whole, part) = (evidence.region.unwrap(), disagreement.region.unwrap());
    assert!(part.left() > (whole.left() + whole.right()) / 2 && part.width() < whole.width() / 4);
    assert!(reading.verify(&"account_no".parse().unwrap(), "3388985508").disagreements.is_empty());
    assert!(!reading.fields[&"account_no".parse().unwrap()].characters().is_empty());
}

/// A document of pages with these lines on each.
fn document(pages: &[&[&str]]) -> DocumentReading {
    DocumentReading::of_pages(pages.iter().map(|lines| read_lines(lines)).collect())
}

#[test]
fn a_field_on_several_pages_is_one() {
    let found = document(&[&["合同编号:SGZJ201224118530", "户号3388985508"], &["户号:3388985508"]]);
    let field = &found.fields[&"account_no".parse().unwrap()];
    assert_eq!((field.value.as_str(), &field.pages[..]), ("3388985508", &[0, 1][..]));
    assert_eq!(found.findings, []);
    let field = "account_no".parse().unwrap();
    let one = found.pages[1].verify(&field, "3388985509").suspicion;
    let both = found.verify(&field, "3388985509");
    assert!(both.verdict == Verdict::Mismatch && both.suspicion > one, "two pages say more than one");
    assert_eq!(found.verify(&field, "3388985508").verdict, Verdict::Match);
    assert_eq!(found.verify(&"phone".parse().unwrap(), "1").verdict, Verdict::Unreadable);
}

#[test]
fn pages_that_contradict_each_other_are_a_finding() {
    let found = document(&[&["户号3388985508"], &["户号3388985608"]]);
    let [DocumentFinding::Contradiction { field, shown, suspicion }] = &found.findings[..] else {
        panic!("{:?}", found.findings)
    };
    assert_eq!((field.as_str(), shown.len()), ("account_no", 2));
    assert!(*suspicion > 5.0 && shown[0].value != shown[1].value);
    assert!(!format!("{shown:?}").contains("33889"), "values may be personal");
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
