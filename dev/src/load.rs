//! What becomes of each request to a Service? A steady rate of real ones, each on a connection of its own, each written down.
//!
//! A connection of its own for each means that kube-proxy chooses a pod for each: the share that a revision gets is that of its pods, but for chance.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// The most requests that one load sends: half an hour at a hundred a second. It ends by itself, whoever forgets it.
const MOST: usize = 180_000;
/// The most requests without an answer; a further one waits, and its time counts from when it was due.
const UNANSWERED: usize = 500;
/// No answer within so long is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request, and what became of it.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it was sent.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Answered {
        /// The revision that answered, in the words of its own header.
        version: String,
        /// The status code.
        status: u16,
    },
    /// Without one.
    Lost(Loss),
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Nobody listened.
    Refused,
    /// The connection was broken off.
    Reset,
    /// The connection was closed before an answer.
    Closed,
    /// Nothing came in time.
    TimedOut,
    /// No way there, or no socket to be had.
    Unreachable,
}

/// A steady load on one address, until it is ended.
#[derive(Debug)]
pub struct Load {
    written: Arc<Mutex<Vec<Request>>>,
    free: Arc<Semaphore>,
    sends: JoinHandle<()>,
}

impl Load {
    /// Begins to send so many requests a second.
    pub fn on(address: SocketAddr, each_second: u32) -> Self {
        let written = Arc::new(Mutex::new(Vec::new()));
        let free = Arc::new(Semaphore::new(UNANSWERED));
        let sends = tokio::spawn(send(address, each_second, Arc::clone(&written), Arc::clone(&free)));
        Self { written, free, sends }
    }

    /// Sends no more, waits for the last answers and hands over what was written down, in the order of sending.
    pub async fn end(self) -> Vec<Request> {
        self.sends.abort();
        // All places are free once every answer is there, or too late.
        let all = u32::try_from(UNANSWERED).unwrap_or(u32::MAX);
        let _ = timeout(PATIENCE * 2, self.free.acquire_many(all)).await;
        let mut requests = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        requests.sort_by_key(|request| request.at);
        requests
    }
}

async fn send(address: SocketAddr, each_second: u32, written: Arc<Mutex<Vec<Request>>>, free: Arc<Semaphore>) {
    let mut clock = interval(Duration::from_secs(1) / each_second.max(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..MOST {
        clock.tick().await;
        let Ok(place) = Arc::clone(&free).acquire_owned().await else { return };
        let written = Arc::clone(&written);
        tokio::spawn(async move {
            let at = Instant::now();
            let outcome = timeout(PATIENCE, ask(address)).await.unwrap_or(Outcome::Lost(Loss::TimedOut));
            written.lock().unwrap_or_else(PoisonError::into_inner).push(Request { at, took: at.elapsed(), outcome });
            drop(place);
        });
    }
}

async fn ask(address: SocketAddr) -> Outcome {
    match exchange(address).await {
        Ok(answer) => read(&answer).unwrap_or(Outcome::Lost(Loss::Closed)),
        Err(error) => Outcome::Lost(match error.kind() {
            ErrorKind::ConnectionRefused => Loss::Refused,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => Loss::Reset,
            ErrorKind::TimedOut => Loss::TimedOut,
            ErrorKind::UnexpectedEof => Loss::Closed,
            _ => Loss::Unreachable,
        }),
    }
}

async fn exchange(address: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: checkout\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The status and the revision of a whole answer; nothing if it is none.
fn read(answer: &[u8]) -> Option<Outcome> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    let version = head.lines().find_map(|line| line.strip_prefix("X-Version: "))?.to_owned();
    Some(Outcome::Answered { version, status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_revision_or_is_none() {
        let whole = b"HTTP/1.1 500 Internal Server Error\r\nX-Pod: a\r\nX-Version: v2\r\n\r\nno";
        assert_eq!(read(whole), Some(Outcome::Answered { version: "v2".to_owned(), status: 500 }));
        assert_eq!(read(&whole[..30]), None);
        assert_eq!(read(b""), None);
    }

    #[tokio::test]
    async fn where_nobody_listens_a_request_is_refused() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
        assert_eq!(ask(gone).await, Outcome::Lost(Loss::Refused));
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_without_an_answer_is_told() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
            }
        });
        assert_eq!(ask(address).await, Outcome::Lost(Loss::Closed));
    }
}
