//! What comes in is not trusted: addresses, sizes, slowness, texts.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use archive_core::record::Customer;

use crate::scene::Scene;
use crate::served::{Served, encoded};

#[test]
fn no_address_becomes_a_path_of_the_disk() {
    let scene = Scene::new();
    let archive = scene.open();
    scene.file(&archive, "r-1");
    std::fs::write(scene.path("secret"), "secret content").unwrap();
    let before = crate::scene::snapshot(&scene.path("holdings").join("content"));
    let served = Served::new(archive);
    for path in [
        "/../secret",
        "/assets/../../secret",
        "/assets/..%2f..%2fsecret",
        "/assets/%2e%2e/%2e%2e/secret",
        "/assets/....//secret",
        "/assets/console.js%00.png",
        "/assets/\\..\\..\\secret",
        "/api/v1/records/..%2f..%2fsecret",
        "/api/v1/records/%2e%2e%2fsecret/documents/1",
        "/api/v1/records/%00/documents/1",
        "/api/v1/records/%ff%fe",
        "/api/v1/sites/..%2f..",
        "/api/v1/sites/%00",
        "/api/v1/sites/HZ%2fR1/map.svg",
        "/api/v1/sites/HZ/rooms/../banks/B1/columns/C01",
        "/api/v1/sites/HZ/rooms/%2e%2e/banks/%00/columns/C01",
        "//secret",
        "/api/v1/search?site=..%2f..%2fsecret%00",
        "/api/v1/locate?name=..%2f..%2fsecret",
        "file:///etc/passwd",
        "*",
    ] {
        let answer = served.get(path);
        // A word that is nowhere is found nowhere; all else is refused.
        assert!(
            matches!(answer.status, 200 | 400 | 404 | 421),
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(!answer.text().contains("secret content") && !answer.text().contains("root:"), "{path}");
        if answer.status == 200 {
            assert!(answer.text().contains("[]"), "{path}: {}", answer.text());
        }
    }
    assert_eq!(crate::scene::snapshot(&scene.path("holdings").join("content")), before);
}

#[test]
fn what_is_too_long_or_too_large_is_refused_at_once() {
    let scene = Scene::new();
    let served = Served::new(scene.open());
    served
        .get(&format!("/api/v1/search?words={}", encoded(&"电".repeat(201))))
        .is_problem(400, &["200 characters"]);
    served.get(&format!("/api/v1/search?words={}", "a".repeat(5000))).is_problem(414, &["4096"]);
    let longest = served.get(&format!("/api/v1/search?words={}", "a".repeat(200_000)));
    assert!(matches!(longest.status, 414 | 431), "{}", longest.status);
    assert_eq!(served.request("GET", "/", &format!("X-Long: {}\r\n", "a".repeat(100_000)), "").status, 431);
    assert_eq!(served.request("GET", "/", &"X-Many: 1\r\n".repeat(200), "").status, 431);
    let huge = format!(r#"{{"action":"acknowledge","by":"{}"}}"#, "x".repeat(10 << 20));
    served.post("/api/v1/alerts/1/decisions", &huge).is_problem(413, &[]);
    // So is a body that only says how large it is, or does not say it.
    let head = format!(
        "POST /session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nOrigin: http://{0}\r\n",
        served.address
    );
    served
        .send(format!("{head}Content-Length: 99999999999\r\nConnection: close\r\n\r\n").as_bytes())
        .is_problem(413, &[]);
    let chunk = format!("{:x}\r\n{}\r\n", 70_000, "x".repeat(70_000));
    served
        .send(
            format!("{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}0\r\n\r\n")
                .as_bytes(),
        )
        .is_problem(413, &[]);
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "year=99999",
        "retention=D99",
        "state=gone",
        "unknown=1",
    ] {
        served.get(&format!("/api/v1/search?{query}")).is_problem(400, &[]);
    }
    for garbage in
        [&b"\0\0\0\0"[..], b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n"]
    {
        let answer = served.send(garbage);
        assert!(matches!(answer.status, 0 | 400 | 505), "{garbage:?}: {}", answer.status);
    }
    assert_eq!(served.get("/api/v1/health").status, 200, "and goes on");
}

#[test]
fn whoever_sends_slowly_does_not_stay() {
    let scene = Scene::new();
    let served = Served::with(scene.open(), |options| {
        options.head_limit = Duration::from_millis(400);
        options.request_limit = Duration::from_millis(800);
        options.connections = 4;
    });
    let begun = Instant::now();
    let slow: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(served.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
            stream
        })
        .collect();
    // All places are taken until the slow ones are closed.
    assert_eq!(served.get("/api/v1/health").status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    // A body that does not come: a problem, in time.
    let head = format!(
        "POST /session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nOrigin: http://{0}\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{{",
        served.address
    );
    served.send(head.as_bytes()).is_problem(408, &["0.8 s"]);
    assert_eq!(served.get("/api/v1/health").status, 200);
}

#[test]
fn texts_that_attack_come_out_as_they_went_in() {
    let scene = Scene::new();
    let archive = scene.open();
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "${7*7}{{7*7}}",
        "'; DROP TABLE file; --",
        "\u{202e}txt.exe",
        "=cmd|' /C calc'!A0",
    ];
    let mut names: Vec<String> = hostile.map(str::to_owned).into();
    names.push("杭".repeat(200));
    let mut references = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let mut request = scene.dunning(&format!("r-{index}"));
        request.customer.number = format!("33889855{index:02}").parse().unwrap();
        request.customer.name.clone_from(name);
        let customer: Customer = request.customer.clone();
        let outcome = archive.file(&request).unwrap();
        archive.catalogue().enter_customer(&customer, chrono::Utc::now()).unwrap();
        references.push(outcome.reference_code);
    }
    let served = Served::new(archive);
    for (reference, name) in references.iter().zip(&names) {
        let answer = served.get(&format!("/api/v1/records/{}", encoded(reference.as_str())));
        assert_eq!(answer.json()["system_record"]["customer_name"], name.as_str());
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "and no browser takes it for a page"
        );
        let searched = served.get(&format!("/api/v1/search?words={}", encoded(name)));
        assert!(searched.status == 200, "{name}: {}", searched.text());
    }
    // What was asked for comes back in problems, quoted, and as JSON alone.
    for text in hostile {
        let answer = served.get(&format!("/api/v1/sites/{}", encoded(text)));
        answer.is_problem(404, &[]);
        let answer = served.get(&format!("/{}", encoded(text)));
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")));
    }
}
