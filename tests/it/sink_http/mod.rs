//! What is posted to each kind of sink, and what each answer means. The receivers are stand-ins on a real socket; those of `tests/sinks` are real.

mod answers;
mod batches;
mod certificates;
mod packing;
mod requests;

pub(crate) use certificates::secure;

use std::time::Duration;

use serin::config::parse;
use serin::sink::{Delivery, Sink};

use crate::audit_given::{aborted, records, reporter, told};
use crate::prometheus_peer::{Manner, Peer};

/// A sink that the configuration describes so; `URL` stands for the peer's.
fn sink(keys: &str, peer: &Peer) -> Sink {
    let keys = keys.replace("URL", &format!("http://{}/in", peer.address));
    let config = parse(&format!("sinks: [{{name: siem, {keys}}}]")).unwrap();
    Sink::new(&config.sinks.all()[0], &reporter()).unwrap()
}

async fn deliver(sink: &Sink) -> Delivery {
    sink.deliver(&records(&told([&aborted()]))[0]).await
}

/// How a sink of this kind understands this answer.
async fn understood(keys: &str, answer: Vec<u8>) -> Delivery {
    let peer = Peer::start(Manner::Bytes(answer)).await;
    deliver(&sink(keys, &peer)).await
}

fn retry(text: &str) -> Delivery {
    Delivery::Retry(text.to_owned())
}

fn refused(text: &str) -> Delivery {
    Delivery::Refused(text.to_owned())
}

fn later(text: &str, seconds: u64) -> Delivery {
    Delivery::Later(text.to_owned(), Duration::from_secs(seconds))
}
