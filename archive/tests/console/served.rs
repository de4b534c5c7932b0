//! A console that is served to tests, and a caller that sends exactly what it is told to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use archive::Archive;
use archive::console::{Console, ConsoleOptions, Token};
use serde_json::Value;

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) archive: Arc<Archive>,
    end: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn new(archive: Archive) -> Self {
        Self::with(archive, |_| {})
    }

    pub(crate) fn with(archive: Archive, change: impl FnOnce(&mut ConsoleOptions)) -> Self {
        let token = Token::generate().expect("randomness");
        let mut options = ConsoleOptions::new(token.clone());
        options.address.set_port(0);
        change(&mut options);
        let archive = Arc::new(archive);
        let console = Console::bind(Arc::clone(&archive), options).expect("a free port");
        let (end, ended) = tokio::sync::oneshot::channel();
        let address = console.address();
        let serve = move || {
            console.serve(async move {
                let _ = ended.await;
            })
        };
        let thread = std::thread::spawn(move || serve().expect("the console serves"));
        let token = token.reveal().to_owned();
        Self { address, token, archive, end: Some(end), thread: Some(thread) }
    }

    /// Sends `bytes` as they are and reads until the console closes.
    pub(crate) fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        // It may answer and close before all was sent.
        let _ = stream.write_all(bytes);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        Answer::of(&all)
    }

    /// A request with `headers`, each with its line end, besides those that every request needs.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let (host, length) = (self.address, body.len());
        let body = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        self.send(body.as_bytes())
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.token)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &self.bearer(), "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, &format!("{}Content-Type: application/json\r\n", self.bearer()), body)
    }

    /// Opens a session as a browser does; gives its cookie as a header.
    pub(crate) fn session(&self) -> String {
        let body = format!("{{\"token\":\"{}\"}}", self.token);
        let headers = format!("Content-Type: application/json\r\nOrigin: http://{}\r\n", self.address);
        let answer = self.request("POST", "/session", &headers, &body);
        assert_eq!(answer.status, 204, "{}", answer.text());
        let cookie = answer.header("set-cookie").expect("a cookie");
        for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        format!("Cookie: {}\r\n", cookie.split(';').next().unwrap_or_default())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.end.take().map(|end| end.send(()));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || ended.is_none_or(|ended| ended.is_ok()), "the console failed");
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn of(all: &[u8]) -> Self {
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(all.len());
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Self { status, head, body: all.get(end + 4..).unwrap_or_default().to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON of an answer that is one.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Asserts that it is a problem of this status whose detail holds `words`.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, words: &[&str]) {
        let text = self.text();
        assert_eq!(self.status, status, "{}\n{text}", self.head);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{text}");
        let problem: Value = serde_json::from_str(&text).expect("JSON");
        for part in ["type", "title", "detail", "object", "advice"] {
            assert!(problem[part].as_str().is_some_and(|t| !t.is_empty()), "{part}: {text}");
        }
        for word in words {
            assert!(
                problem["detail"].as_str().unwrap_or_default().contains(word),
                "{word:?} is not in {text}"
            );
        }
    }
}

/// `text` with all but letters and digits as `%xx`.
pub(crate) fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}
