//! A stand-in for trouble on the way: it passes requests on to the real store, or does to them what networks and busy receivers do.

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// It is passed on, and so is the answer.
    Passes,
    /// 429, come again in a second.
    Busy,
    /// 500.
    Broken,
    /// Nobody ever answers.
    Hangs,
    /// The connection is reset before anything is passed on.
    CutOff,
    /// It is passed on, and the answer is lost.
    Unanswered,
    /// The first half of a bulk request is passed on; of the rest the answer says: later.
    Half,
    /// The first half of a bulk request is passed on, and the connection is reset in the middle of it.
    Torn,
}

/// One request that came by.
pub(crate) struct Request {
    /// What happened to it.
    pub(crate) fate: Fate,
    /// How large it was on its way.
    pub(crate) bytes: usize,
    /// Its body, unpacked.
    pub(crate) body: String,
}

/// What came by, in order.
pub(crate) type Seen = Arc<Mutex<Vec<Request>>>;

/// Starts one in front of a store; says where it is, and what it sees. `fate` decides by the number of the request.
pub(crate) async fn start(store: String, fate: fn(usize) -> Fate) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, seen) = (format!("http://{}", listener.local_addr().unwrap()), Seen::default());
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (store, seen) = (store.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                // A client that gives up ends this connection, and nothing else.
                let _ = serve(stream, &store, fate, &seen).await;
            });
        }
    });
    (url, seen)
}

async fn serve(mut stream: TcpStream, store: &str, fate: fn(usize) -> Fate, seen: &Seen) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while let Some((head, body)) = request(&mut stream, &mut bytes).await? {
        let fate = {
            let mut seen = seen.lock().unwrap();
            let fate = fate(seen.len());
            seen.push(Request { fate, bytes: body.len(), body: text(&head, &body) });
            fate
        };
        match fate {
            Fate::Passes => {
                let (status, text) = pass_on(store, &head, body).await;
                stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{text}", text.len()).as_bytes()).await?;
            }
            Fate::Busy => stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n").await?,
            Fate::Broken => stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n").await?,
            Fate::Hangs => std::future::pending().await,
            Fate::CutOff => {
                stream.set_zero_linger()?;
                return Ok(());
            }
            Fate::Half => {
                let answer = pass_half_on(store, &head, &body).await;
                stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).as_bytes()).await?;
            }
            Fate::Torn => {
                pass_half_on(store, &head, &body).await;
                stream.set_zero_linger()?;
                return Ok(());
            }
            Fate::Unanswered => {
                pass_on(store, &head, body).await;
                stream.set_zero_linger()?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next request: its head and its body.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let rest = bytes.split_off(end + 4 + length);
                let body = bytes.split_off(end + 4);
                *bytes = rest;
                return Ok(Some((head, body)));
            }
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// A body as it was before it was packed.
fn text(head: &str, body: &[u8]) -> String {
    let mut text = String::new();
    if head.contains("content-encoding: gzip") {
        GzDecoder::new(body).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8_lossy(body).into_owned();
    }
    text
}

async fn pass_on(store: &str, head: &str, body: Vec<u8>) -> (u16, String) {
    let path = head.split(' ').nth(1).unwrap();
    let mut request = reqwest::Client::new().post(format!("{store}{path}")).body(body);
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        if !["host", "content-length"].contains(&name) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// What a cluster answers that has no room for more than a half.
async fn pass_half_on(store: &str, head: &str, body: &[u8]) -> String {
    let (text, head) = (text(head, body), head.replace("content-encoding: gzip", ""));
    let lines: Vec<&str> = text.lines().collect();
    let (documents, half) = (lines.len() / 2, lines.len() / 4);
    if half > 0 {
        let first = lines[..half * 2].join("\n") + "\n";
        assert_eq!(pass_on(store, &head, first.into_bytes()).await.0, 200);
    }
    let item = |at: usize| serde_json::json!({"create": {"status": if at < half { 201 } else { 429 }}});
    serde_json::json!({"errors": true, "items": (0..documents).map(item).collect::<Vec<_>>()}).to_string()
}
