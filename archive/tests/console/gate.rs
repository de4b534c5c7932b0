//! Who is let in: tokens, sessions, hosts, sites.

use std::time::Duration;

use crate::scene::Scene;
use crate::served::Served;

const CHECKPOINT: &str = "/api/v1/checkpoint";

#[test]
fn nobody_is_let_in_without_the_token() {
    let scene = Scene::new();
    let served = Served::new(scene.open());
    assert_eq!(served.get(CHECKPOINT).status, 200);
    let missing = served.request("GET", CHECKPOINT, "", "");
    missing.is_problem(401, &["no token"]);
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    let other = "x".repeat(43);
    let (long, short) = (format!("{}x", served.token), &served.token[..42]);
    for token in [other.as_str(), "", &long, short, &served.token.to_ascii_uppercase()] {
        served
            .request("GET", CHECKPOINT, &format!("Authorization: Bearer {token}\r\n"), "")
            .is_problem(401, &[]);
        let body = format!("{{\"token\":\"{token}\"}}");
        let opened = served.request(
            "POST",
            "/session",
            "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n",
            &body,
        );
        opened.is_problem(401, &["token"]);
        assert_eq!(opened.header("set-cookie"), None);
    }
    for scheme in ["Basic", "Token", ""] {
        served
            .request("GET", CHECKPOINT, &format!("Authorization: {scheme} {}\r\n", served.token), "")
            .is_problem(401, &[]);
    }
    // A token in the address would stay in logs and histories: it does not count.
    served.request("GET", &format!("{CHECKPOINT}?token={}", served.token), "", "").is_problem(401, &[]);
    // Every route of the API is behind the gate, also those that are not there.
    for path in [
        "/api/v1/openapi.json",
        "/api/v1/health",
        "/api/v1/search?words=x",
        "/api/v2/none",
        "/none",
        "/%61pi/v1/health",
        "//api/v1/health",
    ] {
        served.request("GET", path, "", "").is_problem(401, &[]);
    }
}

#[test]
fn a_session_is_the_browsers_own() {
    let scene = Scene::new();
    let served = Served::new(scene.open());
    let cookie = served.session();
    assert_eq!(served.request("GET", CHECKPOINT, &cookie, "").status, 200);
    served.request("GET", CHECKPOINT, &cookie.replace("session=", "session=A"), "").is_problem(401, &[]);
    // Two cookies of one name: the first counts, whoever set the second.
    served
        .request("GET", CHECKPOINT, "Cookie: archive_session=x; archive_session=y\r\n", "")
        .is_problem(401, &[]);
    // A wrong token is not mended by a good cookie.
    served
        .request("GET", CHECKPOINT, &format!("{cookie}Authorization: Bearer x\r\n"), "")
        .is_problem(401, &[]);
    let from = format!("Origin: http://{}\r\n", served.address);
    assert_eq!(served.request("DELETE", "/session", &format!("{cookie}{from}"), "").status, 204);
    served.request("GET", CHECKPOINT, &cookie, "").is_problem(401, &["ran out"]);
}

#[test]
fn a_session_ends_by_itself() {
    let scene = Scene::new();
    let served = Served::with(scene.open(), |options| options.session = Duration::ZERO);
    let cookie = served.session();
    served.request("GET", CHECKPOINT, &cookie, "").is_problem(401, &["ran out"]);
    assert_eq!(served.get(CHECKPOINT).status, 200, "the token itself lasts as long as the console");
}

#[test]
fn what_another_site_sends_does_nothing() {
    let scene = Scene::new();
    let served = Served::new(scene.open());
    let cookie = served.session();
    let post =
        |headers: &str| served.request("POST", "/api/v1/inventories", &format!("{cookie}{headers}"), "");
    let another_port = format!("Origin: http://127.0.0.1:{}\r\n", served.address.port() ^ 1);
    for headers in [
        "",
        "Origin: null\r\n",
        "Origin: http://evil.example\r\n",
        another_port.as_str(),
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: none\r\n",
        "Sec-Fetch-Site: SAME-ORIGIN\r\n",
    ] {
        post(headers).is_problem(403, &["request"]);
    }
    let own = format!("Origin: http://{}\r\n", served.address);
    post(&format!("{own}Sec-Fetch-Site: cross-site\r\n")).is_problem(403, &[]);
    assert!(served.archive.catalogue().inventories(1).unwrap().is_empty(), "nothing was begun");
    // Reading for another site is refused as well, where the browser says so.
    let read = |headers: &str| served.request("GET", CHECKPOINT, &format!("{cookie}{headers}"), "");
    read("Sec-Fetch-Site: cross-site\r\n").is_problem(403, &[]);
    read("Sec-Fetch-Site: same-site\r\n").is_problem(403, &[]);
    assert_eq!(read("Sec-Fetch-Site: none\r\n").status, 200);
    // No site opens a session in another's browser.
    let body = format!("{{\"token\":\"{}\"}}", served.token);
    let headers = "Content-Type: application/json\r\nOrigin: http://evil.example\r\n";
    served.request("POST", "/session", headers, &body).is_problem(403, &["origin"]);
    // A form cannot send JSON, and nothing else is taken.
    let headers = format!("Content-Type: text/plain\r\n{own}");
    served.request("POST", "/session", &headers, &body).is_problem(415, &[]);
    assert_eq!(post(&own).status, 202, "the console's own page may");
    let begun = std::time::Instant::now();
    while served.archive.catalogue().inventories(1).unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the inventory does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_name_that_was_made_to_point_here_leads_nowhere() {
    let scene = Scene::new();
    let served = Served::with(scene.open(), |options| options.names = vec!["Archive.Example".to_owned()]);
    let port = served.address.port();
    let ask = |hosts: &str, target: &str| {
        let bearer = served.bearer();
        served.send(format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n{bearer}\r\n").as_bytes())
    };
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "archive.example".to_owned(),
        format!("archive.example:{port}"),
    ] {
        assert_eq!(ask(&format!("Host: {host}\r\n"), CHECKPOINT).status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8480",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "",
        "127.0.0.1.evil.example",
        "0",
    ] {
        ask(&format!("Host: {host}\r\n"), CHECKPOINT).is_problem(421, &["no host"]);
        ask(&format!("Host: {host}\r\n"), "/").is_problem(421, &["no host"]);
    }
    ask("", CHECKPOINT).is_problem(421, &[]);
    let good = format!("Host: localhost:{port}\r\n");
    ask(&format!("{good}Host: evil.example\r\n"), CHECKPOINT).is_problem(421, &[]);
    ask(&good, &format!("http://evil.example{CHECKPOINT}")).is_problem(421, &[]);
}

#[test]
fn every_answer_is_protected() {
    let scene = Scene::new();
    let served = Served::new(scene.open());
    for path in ["/", "/assets/console.js", "/assets/none.js", CHECKPOINT, "/api/v1/none"] {
        for answer in [served.get(path), served.request("GET", path, "", "")] {
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(
                policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        }
    }
    let page = served.request("GET", "/", "", "");
    assert!(page.text().contains("<main") && !page.text().contains(&served.token));
}
