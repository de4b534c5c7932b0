//! How long a search takes over the console's API, and whether many callers at once are all answered.
//!
//! `cargo bench -p archive-benches --bench console -- search HOST:PORT TOKEN-FILE` asks one question after the other;
//! `… -- load HOST:PORT TOKEN-FILE CLIENTS SECONDS` asks from many connections at once. Without arguments, as when all
//! benches run: both on a small archive of its own.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use archive::console::{Console, ConsoleOptions, Token};
use archive::{Archive, Config};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// Words that are frequent, rare and nowhere in the catalogue of `store_at_scale`, and a number.
const WORDS: [&str; 8] =
    ["杭州", "纺织", "西湖", "有限公司", "杭州 纺织 西湖", "电话", "33000123", "Z109-KH-D30-YX-00000077"];

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["search", address, token] => runtime.block_on(search(Caller::new(address, token)?, 50)),
        ["load", address, token, clients, seconds] => {
            let limit = Duration::from_secs(seconds.parse()?);
            runtime.block_on(load(Caller::new(address, token)?, clients.parse()?, limit))
        }
        [] => {
            let folder = tempfile::tempdir()?;
            let archive = Arc::new(Archive::open(Config::create(&folder.path().join("holdings"))?)?);
            let token = Token::generate()?;
            let mut options = ConsoleOptions::new(token.clone());
            options.address.set_port(0);
            let console = Console::bind(archive, options)?;
            let caller = Caller { address: console.address(), token: token.reveal().to_owned() };
            let (end, ended) = tokio::sync::oneshot::channel::<()>();
            let serving = std::thread::spawn(move || {
                console.serve(async {
                    let _ = ended.await;
                })
            });
            runtime.block_on(search(caller.clone(), 5))?;
            runtime.block_on(load(caller, 200, Duration::from_secs(2)))?;
            drop(end);
            Ok(serving.join().map_err(|_| "the console broke off")??)
        }
        _ => Err(
            "usage: console search HOST:PORT TOKEN-FILE | console load HOST:PORT TOKEN-FILE CLIENTS SECONDS"
                .into(),
        ),
    }
}

/// Where to ask, and what lets in.
#[derive(Clone)]
struct Caller {
    address: SocketAddr,
    token: String,
}

impl Caller {
    fn new(address: &str, token: &str) -> Result<Self, Failure> {
        Ok(Self { address: address.parse()?, token: std::fs::read_to_string(token)?.trim().to_owned() })
    }

    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>, Failure> {
        let stream = tokio::net::TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Asks and reads the whole answer; gives its size.
    async fn ask(&self, sender: &mut SendRequest<Empty<Bytes>>, path: &str) -> Result<usize, Failure> {
        let request = Request::get(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {}", self.token))
            .body(Empty::new())?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let size = answer.into_body().collect().await?.to_bytes().len();
        match status {
            StatusCode::OK => Ok(size),
            other => Err(format!("{path} was answered with {other}").into()),
        }
    }
}

fn path_of(words: &str) -> String {
    let byte =
        |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    format!("/api/v1/search?words={}", words.bytes().map(byte).collect::<String>())
}

async fn search(caller: Caller, times: usize) -> Result<(), Failure> {
    let mut sender = caller.connect().await?;
    for words in WORDS {
        let (path, mut took, mut size) = (path_of(words), Vec::new(), 0);
        for _ in 0..times {
            let start = Instant::now();
            size = caller.ask(&mut sender, &path).await?;
            took.push(start.elapsed());
        }
        took.sort();
        println!("search {words}: {size} bytes, {:.1?}, worst {:.1?}", took[times / 2], took[times - 1]);
    }
    Ok(())
}

async fn load(caller: Caller, clients: usize, limit: Duration) -> Result<(), Failure> {
    let start = Instant::now();
    let mut all = JoinSet::new();
    for client in 0..clients {
        let caller = caller.clone();
        all.spawn(async move {
            let (mut took, mut failures) = (Vec::new(), Vec::new());
            let mut connected = None;
            let mut asked = client;
            while start.elapsed() < limit {
                let begun = Instant::now();
                let path = match asked % 10 {
                    0 => "/api/v1/checkpoint".to_owned(),
                    1 => "/api/v1/health".to_owned(),
                    n => path_of(WORDS[n % WORDS.len()]),
                };
                asked += 1;
                let answered = async {
                    if connected.is_none() {
                        connected = Some(caller.connect().await?);
                    }
                    match &mut connected {
                        Some(sender) => caller.ask(sender, &path).await,
                        None => Err("is not connected".into()),
                    }
                };
                match answered.await {
                    Ok(_) => took.push(begun.elapsed()),
                    Err(error) => {
                        connected = None;
                        failures.push(error.to_string());
                    }
                }
            }
            (took, failures)
        });
    }
    let (mut took, mut failures) = (Vec::new(), Vec::new());
    while let Some(done) = all.join_next().await {
        let (times, failed) = done?;
        took.extend(times);
        failures.extend(failed);
    }
    took.sort();
    let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or_default();
    let rate = took.len() as f64 / start.elapsed().as_secs_f64();
    println!(
        "{clients} clients for {limit:?}: {} answers, {rate:.0}/s, {} errors; middle {:.1?}, 99 of 100 within {:.1?}, worst {:.1?}",
        took.len(),
        failures.len(),
        at(0.5),
        at(0.99),
        took.last().copied().unwrap_or_default()
    );
    match failures.first() {
        Some(first) => Err(format!("{} errors, the first: {first}", failures.len()).into()),
        None => Ok(()),
    }
}
