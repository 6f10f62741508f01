//! Where events go: sinks, and the dispatcher that brings each of them every event, in order, at least once.

mod dispatcher;
mod file;
mod gate;
mod http;
mod kubernetes;
mod lanes;
mod letter;
mod pen;
mod stdout;
mod stream;
mod syslog;
mod tls;

pub use dispatcher::{Dispatcher, Offers};
pub use kubernetes::{kubernetes_event, post};
pub use lanes::{Health, Lanes, Need, Order, Report, Route, Standing};
use stdout::whole;
pub use stdout::{MAX_LINE_BYTES, Stdout, line};

use std::io;
use std::time::Duration;

use crate::audit::format::{self, Told};
use crate::audit::{Format, KEEP, Record, Reporter, SinkName};
use crate::config::{self, Filter, Target};
use file::File;
use http::Http;
use letter::Letter;
use syslog::Syslog;

/// Deliveries that one sink has under way at most: what common receivers serve at once without queueing, and a bound on our memory.
const AT_ONCE: usize = 16;

/// A place where events go.
#[derive(Debug)]
pub struct Sink {
    name: SinkName,
    need: Need,
    only: Filter,
    format: Format,
    reporter: Reporter,
    timeout: Duration,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Stdout(Stdout),
    File(File),
    Http(Http),
    Syslog(Syslog),
}

/// How one attempt to deliver one event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The sink has it.
    Delivered,
    /// There was nothing to bring: the sink is not to get this event.
    Unwanted,
    /// The sink may take it later; the text says what went wrong.
    Retry(String),
    /// The same, and the sink said for how long to leave it alone.
    Later(String, Duration),
    /// The sink will never take it; the text says why.
    Refused(String),
}

impl Sink {
    /// Sets a sink up without reaching for it: one that is down is no error here, its deliveries will say so.
    ///
    /// # Errors
    /// The operating system gives us no thread.
    pub fn new(given: &config::Sink, reporter: &Reporter) -> io::Result<Self> {
        let place = match &given.target {
            Target::Stdout => Place::Stdout(Stdout::new()?),
            Target::File(target) => Place::File(File::new(target.clone())?),
            Target::Http(target) => Place::Http(Http::new(target.clone())),
            Target::Syslog(target) => Place::Syslog(Syslog::new(target.clone())),
        };
        let config::Sink { name, need, only, format, timeout, target: _ } = given.clone();
        Ok(Self { name, need, only, format, reporter: reporter.clone(), timeout, place })
    }

    /// Standard output as it is without a configuration: required, with every event.
    pub fn stdout(stdout: Stdout, reporter: &Reporter) -> Self {
        let config::Sink { name, need, only, format, timeout, target: _ } = config::Sink::stdout();
        Self { name, need, only, format, reporter: reporter.clone(), timeout, place: Place::Stdout(stdout) }
    }

    /// What the lanes know of it.
    pub fn route(&self) -> Route {
        let at_once = match self.place {
            // Written one after the other in any case.
            Place::Stdout(_) | Place::File(_) => 1,
            Place::Http(_) | Place::Syslog(_) => AT_ONCE,
        };
        let batch = match &self.place {
            Place::Http(http) if http.takes_many() => KEEP,
            Place::Stdout(_) | Place::File(_) | Place::Http(_) | Place::Syslog(_) => 1,
        };
        Route { name: self.name.clone(), need: self.need, at_once, batch }
    }

    /// Brings one event to the sink. The same event may come again; its id tells.
    pub async fn deliver(&self, record: &Record) -> Delivery {
        match self.told(record) {
            Err(Delivery::Unwanted) => Delivery::Unwanted,
            told => self.send(record, told).await.unwrap_or_else(|unsent| unsent),
        }
    }

    /// Brings some events of one stream to the sink, in their order, and says how it ended for each: for all of them, or up to the first that it has not.
    pub async fn deliver_all(&self, records: &[&Record]) -> Vec<Delivery> {
        match (&self.place, records) {
            (Place::Http(http), [_, _, ..]) if http.takes_many() => self.send_all(http, records).await,
            (Place::Stdout(_) | Place::File(_) | Place::Http(_) | Place::Syslog(_), _) => self.deliver_each(records).await,
        }
    }

    async fn deliver_each(&self, records: &[&Record]) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for record in records {
            deliveries.push(self.deliver(record).await);
            if !deliveries.last().is_some_and(lanes::is_over) {
                break;
            }
        }
        deliveries
    }

    /// All of them in one request. Where the receiver refuses that for good, one of them may be to blame: then each goes alone.
    async fn send_all(&self, http: &Http, records: &[&Record]) -> Vec<Delivery> {
        let written: Vec<Result<(Told<'_>, String), Delivery>> = records.iter().map(|record| self.written(record)).collect();
        let letters: Vec<Letter<'_>> = written.iter().flatten().map(|(told, text)| self.letter(told, text.clone())).collect();
        if letters.is_empty() {
            return written.into_iter().filter_map(Result::err).collect();
        }
        let sent = match tokio::time::timeout(self.timeout, http.deliver_all(&letters)).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(_)) if letters.len() > 1 => return self.deliver_each(records).await,
            Ok(Err(refused)) => vec![refused],
            Err(_) => vec![self.late()],
        };
        let mut sent = sent.into_iter();
        // What was not sent, and what follows it, comes again.
        written.into_iter().map_while(|one| one.err().or_else(|| sent.next())).collect()
    }

    /// What is sent of one event; as an error how it ended where nothing is.
    fn written<'a>(&self, record: &'a Record) -> Result<(Told<'a>, String), Delivery> {
        let told = self.told(record)?;
        let text = self.words(&told)?;
        Ok((told, text))
    }

    /// What an event says, where this sink is to have it.
    fn told<'a>(&self, record: &'a Record) -> Result<Told<'a>, Delivery> {
        let told = Told::of(record).map_err(|error| Delivery::Refused(error.to_string()))?;
        if self.only.wants(&told) { Ok(told) } else { Err(Delivery::Unwanted) }
    }

    fn letter<'a>(&self, told: &'a Told<'a>, text: String) -> Letter<'a> {
        Letter { told, text, content_type: content_type(self.format) }
    }

    /// How it ended; as an error where there is nothing to send.
    async fn send(&self, record: &Record, told: Result<Told<'_>, Delivery>) -> Result<Delivery, Delivery> {
        Ok(match &self.place {
            Place::Stdout(stdout) => stdout.deliver(self.line(record, told)?).await,
            Place::File(file) => file.deliver(self.line(record, told)?).await,
            Place::Http(http) => {
                let told = told?;
                let text = self.words(&told)?;
                self.in_time(http.deliver(&self.letter(&told, text))).await
            }
            Place::Syslog(syslog) => {
                let message = format::syslog::write(&told?, &self.reporter, self.format).ok_or(Delivery::Unwanted)?;
                self.in_time(syslog.deliver(&message)).await
            }
        })
    }

    /// One line, with its end. What another version of Serin wrote is a line of JSON as well as any.
    fn line(&self, record: &Record, told: Result<Told<'_>, Delivery>) -> Result<String, Delivery> {
        match self.format {
            Format::Json => line(record).map_err(Delivery::Refused),
            Format::Ocsf | Format::Ecs | Format::Cef | Format::Leef | Format::CloudEvents | Format::CdEvents => {
                whole(format!("{}\n", self.words(&told?)?)).map_err(Delivery::Refused)
            }
        }
    }

    fn words(&self, told: &Told<'_>) -> Result<String, Delivery> {
        self.format.write(told, &self.reporter).ok_or(Delivery::Unwanted)
    }

    async fn in_time(&self, delivery: impl Future<Output = Delivery>) -> Delivery {
        tokio::time::timeout(self.timeout, delivery).await.unwrap_or_else(|_| self.late())
    }

    fn late(&self) -> Delivery {
        Delivery::Retry(format!("no answer within {}", humantime::format_duration(self.timeout)))
    }
}

const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Json | Format::Ocsf | Format::Ecs => "application/json",
        Format::CloudEvents | Format::CdEvents => "application/cloudevents+json",
        Format::Cef | Format::Leef => "text/plain; charset=utf-8",
    }
}
