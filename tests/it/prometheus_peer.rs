//! A metrics backend on a real socket that answers with whatever bytes a test wants, at whatever pace.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on has failed its test")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the peer answers every request; it closes the connection afterwards.
#[derive(Clone)]
pub(crate) enum Manner {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, one at a time, and so never done in time.
    Drip(Vec<u8>),
    /// Nothing, for ever.
    Silence,
    /// The end of the connection.
    HangUp,
    /// These bytes before anything was asked, as another protocol does.
    Blurt(Vec<u8>),
    /// Once so many have asked at the same time: one number.
    Together(usize),
}

/// A running peer; it stops with the test's runtime.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Vec<u8>>>,
    written: Mutex<usize>,
    inside: watch::Sender<(usize, usize)>,
}

impl Peer {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, seen }
    }

    /// All requests so far, each with its head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.exact_requests().iter().map(|request| String::from_utf8_lossy(request).into_owned()).collect()
    }

    /// The same, byte for byte.
    pub(crate) fn exact_requests(&self) -> Vec<Vec<u8>> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// How many bytes of answers could be written so far.
    pub(crate) fn written(&self) -> usize {
        *self.seen.written.lock().unwrap()
    }

    /// How many requests were inside at once at most.
    pub(crate) fn most_inside(&self) -> usize {
        self.seen.inside.borrow().1
    }
}

/// A whole HTTP answer.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// An answer with one series that has this value.
pub(crate) fn number(value: &str) -> Vec<u8> {
    let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[1,"{value}"]}}]}}}}"#);
    http("200 OK", "content-type: application/json\r\n", &body)
}

async fn serve(mut stream: TcpStream, manner: Manner, seen: Arc<Seen>) {
    if let Manner::Blurt(bytes) = &manner {
        stream.write_all(bytes).await.unwrap();
    }
    let Some(request) = read_request(&mut stream).await else { return };
    seen.requests.lock().unwrap().push(request);
    match manner {
        Manner::Bytes(bytes) => {
            for chunk in bytes.chunks(64 << 10) {
                if stream.write_all(chunk).await.is_err() {
                    return;
                }
                *seen.written.lock().unwrap() += chunk.len();
            }
        }
        Manner::Drip(bytes) => {
            let mut pace = tokio::time::interval(Duration::from_millis(20));
            for byte in bytes {
                pace.tick().await;
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        }
        Manner::Silence => std::future::pending().await,
        Manner::HangUp | Manner::Blurt(_) => {}
        Manner::Together(many) => {
            seen.inside.send_modify(|(now, most)| (*now, *most) = (*now + 1, (*most).max(*now + 1)));
            seen.inside.subscribe().wait_for(|(_, most)| *most >= many).await.unwrap();
            seen.inside.send_modify(|(now, _)| *now -= 1);
            stream.write_all(&number("1")).await.unwrap();
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]);
            let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(bytes);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
