//! The words of the rule language, in two languages.

use super::DatePart;

/// The language in which a rule file's keywords are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keywords {
    /// 规则, 格式, 流水, …
    Chinese,
    /// rule, format, sequence, …
    English,
}

/// A keyword: Chinese, English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keyword(pub(super) &'static str, pub(super) &'static str);

impl Keyword {
    pub(super) fn is(self, word: &str) -> bool {
        word == self.0 || word == self.1
    }

    pub(super) fn text(self, keywords: Keywords) -> &'static str {
        match keywords {
            Keywords::Chinese => self.0,
            Keywords::English => self.1,
        }
    }
}

pub(super) const NAMESPACE: Keyword = Keyword("命名空间", "namespace");
pub(super) const RULE: Keyword = Keyword("规则", "rule");
pub(super) const VERSION: Keyword = Keyword("版本", "version");
pub(super) const EFFECTIVE: Keyword = Keyword("启用", "effective");
pub(super) const UNTIL: Keyword = Keyword("停用", "until");
pub(super) const COUNTER: Keyword = Keyword("计数器", "counter");
pub(super) const CHARS: Keyword = Keyword("字符", "chars");
pub(super) const PAD: Keyword = Keyword("补", "pad");
pub(super) const DIGITS: Keyword = Keyword("数字", "digits");
pub(super) const RANGE: Keyword = Keyword("范围", "range");
pub(super) const CENTURY: Keyword = Keyword("世纪", "century");
pub(super) const FROM: Keyword = Keyword("取自", "from");
pub(super) const YEAR: Keyword = Keyword("年", "year");
pub(super) const MONTH: Keyword = Keyword("月", "month");
pub(super) const DAY: Keyword = Keyword("日", "day");
pub(super) const CODES: Keyword = Keyword("代码", "codes");
pub(super) const DATE: Keyword = Keyword("日期", "date");
pub(super) const SEQUENCE: Keyword = Keyword("流水", "sequence");
pub(super) const START: Keyword = Keyword("始", "start");
pub(super) const END: Keyword = Keyword("止", "end");
pub(super) const PER: Keyword = Keyword("按", "per");
pub(super) const GAPLESS: Keyword = Keyword("连续", "gapless");
pub(super) const GAPS: Keyword = Keyword("可跳号", "gaps");
pub(super) const REFUSE: Keyword = Keyword("满则拒绝", "refuse-when-full");
pub(super) const WIDEN: Keyword = Keyword("满则加宽", "widen-when-full");
pub(super) const TO: Keyword = Keyword("至", "to");
pub(super) const CHECK: Keyword = Keyword("校验", "check");
pub(super) const FORMAT: Keyword = Keyword("格式", "format");
pub(super) const SORT: Keyword = Keyword("排序", "sort");
pub(super) const ALIASES: Keyword = Keyword("录入别名", "aliases");
pub(super) const FULL_WIDTH: Keyword = Keyword("全角", "fullwidth");
pub(super) const LOWER_CASE: Keyword = Keyword("小写", "lowercase");

/// The keywords that begin a statement or a rule; nothing may be named like them.
pub(super) const STATEMENTS: [Keyword; 5] = [NAMESPACE, RULE, FORMAT, SORT, ALIASES];

pub(super) const DATE_PARTS: [(Keyword, DatePart); 3] =
    [(YEAR, DatePart::Year), (MONTH, DatePart::Month), (DAY, DatePart::Day)];
