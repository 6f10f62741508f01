//! How do events get to a syslog receiver, which never says that it has one?

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Delivery;
use super::tls;
use crate::config::SyslogTarget;
use crate::wire::{cause, shorten};

/// A connection that stands for so long after an event was written counts as proof. A receiver that is gone answers with a reset within a
/// round trip; what it read and lost by itself nobody can know.
const PROOF: Duration = Duration::from_millis(200);

/// A connection without a word for so long is not written to again: what stands between may have forgotten it, and would swallow the event.
const IDLE: Duration = Duration::from_secs(30);

/// A syslog receiver.
#[derive(Debug)]
pub(super) struct Syslog {
    target: SyslogTarget,
    connection: Mutex<Option<Connection>>,
}

/// All that one can do with a connection, encrypted or not.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

struct Connection {
    writer: WriteHalf<Box<dyn Wire>>,
    listener: JoinHandle<()>,
    waiting: Waiting,
    used: Instant,
}

/// Those who wait to see whether the connection stands. Dropped when it ends: then all of them are told.
type Waiting = std::sync::Arc<std::sync::Mutex<Option<Vec<oneshot::Sender<()>>>>>;

impl Syslog {
    /// Nothing is dialled yet.
    pub(super) fn new(target: SyslogTarget) -> Self {
        Self { target, connection: Mutex::new(None) }
    }

    /// Delivered means written, and the connection still stood a moment later. If it does not, everything that was written within that moment is
    /// delivered again.
    pub(super) async fn deliver(&self, message: &str) -> Delivery {
        match self.write(message).await {
            Err(error) => Delivery::Retry(shorten(&cause(&error))),
            Ok(ended) => match tokio::time::timeout(PROOF, ended).await {
                Err(_) => Delivery::Delivered,
                Ok(_) => Delivery::Retry("the receiver closed the connection right after the event was written".to_owned()),
            },
        }
    }

    async fn write(&self, message: &str) -> io::Result<oneshot::Receiver<()>> {
        let mut place = self.connection.lock().await;
        // Taken out while it is written to: if nobody waits for that any longer, half a message is followed by the end of the connection.
        let known = place.take().filter(|known| !known.has_ended() && known.used.elapsed() < IDLE);
        let mut connection = match known {
            Some(known) => known,
            None => Connection::open(&self.target).await?,
        };
        // Octet counting (RFC 6587, RFC 5425): no byte of a message can end it.
        connection.writer.write_all(format!("{} {message}", message.len()).as_bytes()).await?;
        connection.writer.flush().await?;
        connection.used = Instant::now();
        let ended = connection.wait_for_end();
        *place = Some(connection);
        Ok(ended)
    }
}

impl Connection {
    /// Certificates are read anew at each connection.
    async fn open(target: &SyslogTarget) -> io::Result<Self> {
        let SyslogTarget { host, port, tls } = target;
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        let wire: Box<dyn Wire> = match tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls::over(stream, host, tls).await?),
        };
        let (reader, writer) = split(wire);
        let waiting = Waiting::new(std::sync::Mutex::new(Some(Vec::new())));
        let listener = tokio::spawn(listen(reader, Waiting::clone(&waiting)));
        Ok(Self { writer, listener, waiting, used: Instant::now() })
    }

    fn has_ended(&self) -> bool {
        self.listener.is_finished()
    }

    /// Over when the connection is.
    fn wait_for_end(&self) -> oneshot::Receiver<()> {
        let (tell, ended) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(all) = waiting.as_mut() {
            all.retain(|one| !one.is_closed());
            all.push(tell);
        }
        ended
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.listener.abort();
        end(&self.waiting);
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("used", &self.used).finish_non_exhaustive()
    }
}

/// A receiver has nothing to say: what it says is passed over until it ends.
async fn listen(mut reader: ReadHalf<Box<dyn Wire>>, waiting: Waiting) {
    let mut nothing = [0; 256];
    while let Ok(1..) = reader.read(&mut nothing).await {}
    end(&waiting);
}

fn end(waiting: &Waiting) {
    waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
}
