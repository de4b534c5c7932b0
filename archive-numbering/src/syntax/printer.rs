//! From a rule file back to text, in one layout.

use std::fmt::Write;

use super::keywords::*;
use super::*;

/// Prints `file` with its keywords in `keywords`: a statement a line, signs of equality in line,
/// half-width signs, comments kept.
pub(crate) fn print(file: &RuleFile, keywords: Keywords) -> String {
    let mut out = String::new();
    let key = |k: Keyword| k.text(keywords);
    if let Some((comments, name)) = &file.namespace {
        line(&mut out, "", comments, &format!("{} {}", key(NAMESPACE), name.value));
    }
    for rule in &file.rules {
        if !out.is_empty() {
            out.push('\n');
        }
        let mut head = format!("{} {} {} {}", key(RULE), rule.name.value, key(VERSION), rule.version);
        let _ = write!(head, " {} {}", key(EFFECTIVE), rule.effective);
        if let Some(until) = rule.until {
            let _ = write!(head, " {} {until}", key(UNTIL));
        }
        if let Some(counter) = &rule.counter {
            let _ = write!(head, " {} {}", key(COUNTER), counter.value);
        }
        line(&mut out, "", &rule.comments, &head);
        let columns = rule.statements.iter().filter_map(|(_, s)| match s {
            Statement::Field(name, _) => Some(columns(&name.value)),
            _ => None,
        });
        let widest = columns.max().unwrap_or(0);
        for (comments, statement) in &rule.statements {
            line(&mut out, "  ", comments, &self::statement(statement, keywords, widest));
        }
    }
    for comment in &file.closing {
        line(&mut out, "", &Comments::default(), comment_text(comment).as_str());
    }
    out
}

fn line(out: &mut String, indent: &str, comments: &Comments, text: &str) {
    for comment in &comments.before {
        let _ = writeln!(out, "{indent}{}", comment_text(comment));
    }
    let _ = write!(out, "{indent}{text}");
    if let Some(comment) = &comments.behind {
        let _ = write!(out, "  {}", comment_text(comment));
    }
    out.push('\n');
}

fn comment_text(comment: &str) -> String {
    if comment.is_empty() { "#".into() } else { format!("# {comment}") }
}

/// How wide a name is on a terminal: Chinese characters take two columns.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c as u32 >= 0x1100 { 2 } else { 1 }).sum()
}

fn statement(statement: &Statement, keywords: Keywords, widest: usize) -> String {
    let key = |k: Keyword| k.text(keywords);
    match statement {
        Statement::Field(name, kind) => {
            let gap = widest.saturating_sub(columns(&name.value));
            format!("{}{} = {}", name.value, " ".repeat(gap), field(kind, keywords))
        }
        Statement::Format(parts) => {
            let mut text = String::new();
            for part in &parts.value {
                match part {
                    Part::Literal(literal) => {
                        text.push_str(&literal.value.replace('{', "{{").replace('}', "}}"));
                    }
                    Part::Field(name) => {
                        let _ = write!(text, "{{{}}}", name.value);
                    }
                }
            }
            format!("{} {}", key(FORMAT), quote(&text))
        }
        Statement::Sort(names) => format!("{} {}", key(SORT), list(&names.value)),
        Statement::Aliases(aliases) => {
            let mut text = key(ALIASES).to_owned();
            for alias in aliases {
                match &alias.value {
                    Alias::Characters(from, to) => {
                        let from: Vec<String> = from.chars().map(String::from).collect();
                        let _ = write!(text, " {{{}}}->{}", from.join(" "), quote(&to.value.to_string()));
                    }
                    Alias::FullWidth => {
                        let _ = write!(text, " {}", key(FULL_WIDTH));
                    }
                    Alias::LowerCase => {
                        let _ = write!(text, " {}", key(LOWER_CASE));
                    }
                }
            }
            text
        }
    }
}

fn list(names: &[Name]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn field(field: &FieldText, keywords: Keywords) -> String {
    let key = |k: Keyword| k.text(keywords);
    let mut text = String::new();
    match field {
        FieldText::Chars { class, width, pad } => {
            let _ = write!(text, "{}[", key(CHARS));
            for &(lo, hi) in &class.value {
                class_character(&mut text, lo);
                if lo != hi {
                    text.push('-');
                    class_character(&mut text, hi);
                }
            }
            let _ = write!(text, "]{}", braces(width.value));
            if let Some(pad) = pad {
                let _ = write!(text, " {} {}", key(PAD), quote(&pad.value.to_string()));
            }
        }
        FieldText::Digits { width, range, source } => {
            let _ = write!(text, "{}{}", key(DIGITS), braces(width.value));
            if let Some(range) = range {
                let word = if source.is_some() && width.value.max < 4 { CENTURY } else { RANGE };
                let _ = write!(text, " {} {}..{}", key(word), range.value.0, range.value.1);
            }
            if let Some((source, part)) = source {
                let _ = write!(text, " {} {}", key(FROM), source.value);
                if let Some((word, _)) = DATE_PARTS.iter().find(|p| p.1 == *part && *part != DatePart::Year) {
                    let _ = write!(text, " {}", key(*word));
                }
            }
        }
        FieldText::Codes { codes, ordered } => {
            let codes: Vec<String> = codes
                .iter()
                .map(|code| match &code.value.label {
                    Some(label) => format!("{}={}", code_text(&code.value.text), code_text(label)),
                    None => code_text(&code.value.text),
                })
                .collect();
            let _ = write!(text, "{}{{{}}}", key(CODES), codes.join(if *ordered { " < " } else { ", " }));
        }
        FieldText::Date { pattern, years, source } => {
            let _ = write!(text, "{}{{{}}}", key(DATE), pattern.value);
            if let Some(years) = years {
                let word = if pattern.value.starts_with("YYYY") { RANGE } else { CENTURY };
                let _ = write!(text, " {} {}..{}", key(word), years.value.0, years.value.1);
            }
            if let Some(source) = source {
                let _ = write!(text, " {} {}", key(FROM), source.value);
            }
        }
        FieldText::Sequence(sequence) => {
            let _ = write!(text, "{}{}", key(SEQUENCE), braces(sequence.width.value));
            if let Some(start) = &sequence.start {
                let _ = write!(text, " {} {}", key(START), start.value);
            }
            if let Some(end) = &sequence.end {
                let _ = write!(text, " {} {}", key(END), end.value);
            }
            if !sequence.scope.is_empty() {
                let _ = write!(text, " {} ({})", key(PER), list(&sequence.scope));
            }
            if let Some(gapless) = sequence.gapless {
                let _ = write!(text, " {}", key(if gapless { GAPLESS } else { GAPS }));
            }
            match sequence.overflow.as_ref().map(|o| o.value) {
                Some(Overflow::Refuse) => {
                    let _ = write!(text, " {}", key(REFUSE));
                }
                Some(Overflow::Widen(to)) => {
                    let _ = write!(text, " {}", key(WIDEN));
                    if let Some(to) = to {
                        let _ = write!(text, " {} {to}", key(TO));
                    }
                }
                None => {}
            }
        }
        FieldText::Check { system, of } => {
            let _ = write!(text, "{} {}({})", key(CHECK), system.value, list(of));
        }
    }
    text
}

fn braces(width: Width) -> String {
    if width.min == width.max {
        format!("{{{}}}", width.min)
    } else {
        format!("{{{},{}}}", width.min, width.max)
    }
}

fn class_character(text: &mut String, c: char) {
    if matches!(c, '\\' | ']' | '[' | '-') {
        text.push('\\');
    }
    text.push(c);
}

/// A code or a label, in quotes where it could not be read bare.
fn code_text(text: &str) -> String {
    let bare =
        !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || "=＝,，、<＜{}｛｝\"#".contains(c));
    if bare { text.to_owned() } else { quote(text) }
}
