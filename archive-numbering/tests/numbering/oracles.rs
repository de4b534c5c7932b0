//! Second opinions: libfa on ambiguity, python-stdnum on check characters.
//!
//! `ARCHIVE_ORACLE_ROUNDS=10000` asks more often. Where an oracle is absent the test says so and
//! passes; with `ARCHIVE_REQUIRE_PEERS=1` it fails.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use archive_numbering::check_characters::CheckSystem;
use archive_numbering::report::{Counterexample, Proof, check};

use crate::random_rules::Random;

fn rounds(default: usize) -> usize {
    std::env::var("ARCHIVE_ORACLE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The lines that the oracle `script` answers to `input`; `None` where it is absent.
fn ask(script: &str, input: String) -> Option<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles").join(script);
    let child = Command::new("python3")
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let absent = |why: &str| {
        assert!(std::env::var_os("ARCHIVE_REQUIRE_PEERS").is_none(), "{script}: {why}");
        println!("SKIPPED {script}: {why}");
        None
    };
    let Ok(mut child) = child else { return absent("python3 is not installed") };
    let mut stdin = child.stdin.take().unwrap();
    // From a thread of its own: the answers begin before the questions end. Where the oracle is
    // absent it reads nothing.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        assert!(errors.contains("is not installed"), "{script}: {errors}");
        return absent(errors.trim());
    }
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Random formats of two to four parts: the rule's text, and the parts as regular expressions.
fn format(random: &mut Random) -> (String, Vec<String>) {
    let mut text = String::from("rule r version 1 effective 2024-01-01\n");
    let mut format = String::new();
    let mut parts = Vec::new();
    for i in 0..random.number(2, 4) {
        if random.chance(25) {
            let literal = *random.pick(&["a", "b", "ab", "x"]);
            format.push_str(literal);
            parts.push(literal.to_owned());
            continue;
        }
        if random.chance(50) {
            let class = *random.pick(&["ab", "a", "abc", "bx"]);
            let min = random.number(1, 3);
            let max = min + random.number(0, 2);
            text.push_str(&format!("  f{i} = chars[{class}]{{{min},{max}}}\n"));
            parts.push(format!("[{class}]{{{min},{max}}}"));
        } else {
            let words: Vec<&str> =
                (0..random.number(1, 4)).map(|_| *random.pick(&["a", "b", "ab", "ba", "aab", "x"])).collect();
            text.push_str(&format!("  f{i} = codes{{{}}}\n", words.join(",")));
            parts.push(words.join("|"));
        }
        format.push_str(&format!("{{f{i}}}"));
    }
    (format!("{text}  format \"{format}\"\n"), parts)
}

#[test]
fn readings_agree_with_libfa() {
    let mut random = Random::new(7);
    let rules: Vec<_> = (0..rounds(300)).map(|_| format(&mut random)).collect();
    let questions: String =
        rules.iter().map(|(_, parts)| serde_json::to_string(parts).unwrap() + "\n").collect();
    let Some(answers) = ask("ambiguity.py", questions) else { return };
    assert_eq!(answers.len(), rules.len());
    let mut ambiguous = 0;
    for ((text, _), answer) in rules.iter().zip(&answers) {
        let report = check("random", text);
        let found =
            report.findings.iter().find(|f| f.proof == Some(Proof::Reading)).map(|f| &f.counterexample);
        match (found, answer.strip_prefix("ambiguous ")) {
            (None, None) => {}
            (Some(Some(Counterexample::TwoReadings { number, .. })), Some(example)) => {
                // Its example is not always a shortest one; the other is.
                assert!(number.len() <= example.len(), "{text}{number} or {example}");
                ambiguous += 1;
            }
            _ => panic!("{text}{found:?}, but libfa says {answer}"),
        }
    }
    println!("{} formats, {ambiguous} of them ambiguous: libfa agrees on each", rules.len());
    assert!(ambiguous * 10 > rules.len() && ambiguous * 10 < 9 * rules.len(), "{ambiguous}");
}

#[test]
fn check_characters_agree_with_stdnum() {
    let mut random = Random::new(11);
    let mut questions = String::new();
    let mut expected = Vec::new();
    for system in CheckSystem::ALL {
        // python-stdnum knows no GB 11714; the standard's own example stands in the module's tests.
        if system == CheckSystem::Gb11714 {
            continue;
        }
        let alphabet: Vec<char> = system.alphabet().ranges().flatten().collect();
        for _ in 0..rounds(500) {
            let length = system.covers().unwrap_or(random.number(1, 24) as usize);
            let text: String = (0..length).map(|_| *random.pick(&alphabet)).collect();
            questions.push_str(&format!("{system} {text}\n"));
            expected.push((system, system.compute(&text).unwrap(), text));
        }
    }
    let Some(answers) = ask("check_digits.py", questions) else { return };
    assert_eq!(answers.len(), expected.len());
    for ((system, computed, text), answer) in expected.iter().zip(&answers) {
        assert_eq!(computed.as_str(), answer, "{system} of {text}");
    }
    println!("{} texts: python-stdnum agrees on each", expected.len());
}
