//! `archive sealed`: personal data that is shown for a purpose alone, and keys that take over.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::scene::{Scene, assert_fails, command, run, text};

/// Runs the command with `line` on its standard input.
fn run_with(command: &mut Command, line: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    // One that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(line.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn personal_data_is_shown_for_a_purpose_and_outlives_its_key() {
    let scene = Scene::new();
    let holdings = scene.holdings();
    let at = text(&holdings).to_owned();
    let ring = scene.path("keys.toml");
    let keys = text(&ring).to_owned();
    said(&run(&mut command(["sealed", "key", "2026-11", "--keys", &keys])));
    let enter = |kind: &str, value: &str| {
        run_with(
            &mut command(["sealed", "enter", "3388985508", kind, "--archive", &at, "--keys", &keys]),
            value,
        )
    };
    assert_eq!(said(&enter("phone", "135 0000 7719\n")), "sealed as 1\n");
    assert_eq!(said(&enter("phone", "13500007719")), "sealed as 1\n");
    assert_eq!(said(&enter("id-number", "110101190001019993\r\n")), "sealed as 2\n");
    assert_fails(&enter("phone", "\n"), 3, &["is empty"]);
    assert_fails(&enter("phone", &"5".repeat(5000)), 3, &["1024"]);

    let show = |role: &str| {
        run(&mut command([
            "sealed",
            "show",
            "3388985508",
            "--archive",
            &at,
            "--keys",
            &keys,
            "--role",
            role,
            "--by",
            "王受理",
            "--purpose",
            "回访",
        ]))
    };
    assert_eq!(said(&show("counter")), "1 phone: 135 0000 7719\n2 id-number: 110101190001019993\n");
    assert_fails(&show("surveyor"), 4, &["role surveyor", "may not read personal values"]);
    said(&run(&mut command(["sealed", "key", "2026-12", "--keys", &keys])));
    let rotate =
        || run(&mut command(["sealed", "rotate", "--batch", "1", "--archive", &at, "--keys", &keys]));
    assert!(said(&rotate()).starts_with("2 values were resealed with 2026-12"));
    assert!(said(&rotate()).starts_with("0 values"));
    assert_eq!(said(&run(&mut command(["sealed", "keys", "--archive", &at]))), "2026-12: 2 values\n");
    let find = |keys: &str| {
        run_with(
            &mut command([
                "sealed",
                "find",
                "phone",
                "--archive",
                &at,
                "--keys",
                keys,
                "--role",
                "legal",
                "--by",
                "赵法务",
                "--purpose",
                "诉讼",
            ]),
            "+86 13500007719\n",
        )
    };
    assert_eq!(said(&find(&keys)), "3388985508\n");
    let other = scene.path("other.toml");
    said(&run(&mut command(["sealed", "key", "2026-12", "--keys", text(&other)])));
    assert_fails(&find(text(&other)), 4, &["key 2026-12", "another key than the one"]);
    assert_fails(&find(text(&scene.path("none.toml"))), 3, &["none.toml"]);
    said(&run(&mut command(["sealed", "withdraw", "1", "--reason", "号码停用", "--archive", &at])));
    assert_eq!(said(&find(&keys)), "");
    let database = std::fs::read(holdings.join("catalogue.db")).unwrap();
    assert!(!database.windows(11).any(|window| window == b"13500007719"));
}
