//! What is kept of the controller's own events, and when is which of them told?
//!
//! Levels in, events out: whoever asks says how things stand, and what is new of that is told. Nothing that flaps is told more than once a minute.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::outbox::{Outbox, Receipt, SinkName};
use super::own::{Own, OwnKind, Process};
use super::parts::{Cluster, Teller};

/// The same matter is told again after this time at the earliest, with a count of what was left out.
pub const QUIET: TimeDelta = TimeDelta::minutes(1);

/// A sink that fails for so long is somebody's matter.
pub const LATE: TimeDelta = TimeDelta::minutes(15);

/// The key of a journal in the object that keeps it.
pub const JOURNAL: &str = "journal";

/// A cluster's name is cut to this, in bytes: the name of a stream is bounded, too.
const NAME_BYTES: usize = 63;

/// The stream of one controller's own events, and what was told in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    stream: String,
    outbox: Outbox,
    /// The digest of the configuration file of whoever led last.
    #[serde(default)]
    config: Option<String>,
    /// What was told of each sink.
    #[serde(default)]
    sinks: BTreeMap<SinkName, Told>,
    #[serde(skip)]
    here: Here,
}

/// What was told of one sink.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told {
    /// Since when it fails, where that was told and its end was not.
    failing: Option<DateTime<Utc>>,
    /// When it was told last that it fails.
    at: DateTime<Utc>,
    /// Whether it was told that it fails for long.
    late: bool,
}

/// What this process knows of what it told.
#[derive(Clone, Debug, Default)]
struct Here {
    begun: bool,
    sinks: BTreeMap<SinkName, Counted>,
    forbidden: BTreeMap<String, DateTime<Utc>>,
    forbidden_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default)]
struct Counted {
    falls: u64,
    refused: u64,
    refused_at: Option<DateTime<Utc>>,
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Each sink.
    pub sinks: BTreeMap<SinkName, Condition>,
    /// What the API server lately did not let the controller do, one sentence for each, and since when.
    pub forbidden: BTreeMap<String, DateTime<Utc>>,
}

/// How one sink stands, and what it did since this process began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Whether it failed several times in a row and has not worked since.
    pub ill: bool,
    /// Whether it took anything since this process began.
    pub took: bool,
    /// How often it fell ill.
    pub falls: u64,
    /// Why it failed last.
    pub why: String,
    /// How many events it refused for good, but for those of this journal: it would refuse each that says so.
    pub refused: u64,
    /// The last one of them, and why.
    pub refusal: String,
}

/// Who tells.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// For which cluster, under which identity.
    pub teller: &'a Teller,
    /// Which process.
    pub process: &'a Process,
    /// The digest of its configuration file.
    pub config: &'a str,
}

impl Journal {
    /// The name of the stream of a cluster's controller, or of one instance of it. A cluster is told from others by its uid, where that is known.
    pub fn stream_of(cluster: &Cluster, instance: Option<&str>) -> String {
        let known = cluster.uid.as_deref().unwrap_or(&cluster.name);
        let short = &known[..known.floor_char_boundary(NAME_BYTES)];
        [Some("controller"), Some(short), instance].into_iter().flatten().collect::<Vec<_>>().join("/")
    }

    /// The text of a journal among the data of the object that keeps it.
    pub fn text_in(data: &BTreeMap<String, String>) -> Option<&str> {
        data.get(JOURNAL).map(String::as_str)
    }

    /// What was stored; where that is nothing, or nothing that a journal wrote, it begins with this stream.
    pub fn read(stored: Option<&str>, stream: &str) -> Self {
        let fresh =
            || Self { stream: stream.to_owned(), outbox: Outbox::default(), config: None, sinks: BTreeMap::new(), here: Here::default() };
        let known = stored.and_then(|text| serde_json::from_str::<Self>(text).ok());
        known.filter(|known| known.outbox.is_sound() && !known.stream.is_empty()).unwrap_or_else(fresh)
    }

    /// What is to be stored.
    ///
    /// # Panics
    /// Never: plain data can always be written as JSON.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("plain data can always be written as JSON")
    }

    /// Goes on with what is stored, without telling again what this process told.
    #[must_use]
    pub fn resume(self, stored: Self) -> Self {
        Self { here: self.here, ..stored }
    }

    /// The name of the stream.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Its events that wait.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Notes what sinks have: see [`Outbox::acknowledge`].
    pub fn acknowledge(&mut self, receipts: &BTreeMap<SinkName, Receipt>, required: &BTreeSet<SinkName>) {
        self.outbox.acknowledge(receipts, required);
    }

    /// Tells what is new. Says when there is more to tell, if nothing happens until then.
    pub fn look(&mut self, facts: &Facts, voice: &Voice<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.here.begun {
            self.begin(voice, now);
        }
        self.sinks.retain(|sink, _| facts.sinks.contains_key(sink));
        let permissions = self.permissions(facts, voice, now);
        let sinks: Vec<_> = facts.sinks.iter().map(|(sink, condition)| self.sink(sink, condition, voice, now)).collect();
        sinks.into_iter().flatten().chain(permissions).min()
    }

    fn begin(&mut self, voice: &Voice<'_>, now: DateTime<Utc>) {
        let Process { name, version, epoch } = voice.process;
        self.tell(OwnKind::Started, "Started", format!("serin {version} runs as {name}"), voice, now);
        self.tell(OwnKind::Elected, "LeaseAcquired", format!("{name} leads, in epoch {epoch}"), voice, now);
        if let Some(before) = self.config.replace(voice.config.to_owned()).filter(|before| before != voice.config) {
            let message = format!("the configuration file is another one than the last leader's: {before} before, {} now", voice.config);
            self.tell(OwnKind::ConfigChanged, "ConfigChanged", message, voice, now);
        }
        self.here.begun = true;
    }

    fn permissions(&mut self, facts: &Facts, voice: &Voice<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // What was allowed again in between is lost anew: it has another beginning.
        let is_news = |(what, since): &(&String, &DateTime<Utc>)| self.here.forbidden.get(*what) != Some(*since);
        let news: Vec<&String> = facts.forbidden.iter().filter(is_news).map(|(what, _)| what).collect();
        let first = news.first()?;
        let due = self.here.forbidden_at.map_or(now, |at| at + QUIET);
        if due > now {
            return Some(due);
        }
        let count = news.len();
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        let message = format!("the API server does not let Serin do what it has to: {first}{more}");
        let own = Own { count: several(count as u64), ..own(OwnKind::PermissionLost, "Forbidden", message) };
        self.append(&own, voice, now);
        self.here.forbidden.clone_from(&facts.forbidden);
        self.here.forbidden_at = Some(now);
        None
    }

    fn sink(&mut self, sink: &SinkName, condition: &Condition, voice: &Voice<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let health = if condition.ill { self.ill(sink, condition, voice, now) } else { self.well(sink, condition, voice, now) };
        let refused = self.refused(sink, condition, voice, now);
        health.into_iter().chain(refused).min()
    }

    fn ill(&mut self, sink: &SinkName, condition: &Condition, voice: &Voice<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let told = self.sinks.get(sink).cloned();
        match told {
            Some(Told { failing: Some(_), late: true, .. }) => None,
            Some(Told { failing: Some(since), at, late: false }) => {
                if since + LATE > now {
                    return Some(since + LATE);
                }
                let message = format!("the sink {sink} has failed for {} minutes: {}", (now - since).num_minutes(), condition.why);
                self.about(sink, None, own(OwnKind::Backlog, "SinkAway", message), voice, now);
                self.sinks.insert(sink.clone(), Told { failing: Some(since), at, late: true });
                None
            }
            Some(Told { failing: None, at, .. }) if at + QUIET > now => Some(at + QUIET),
            Some(Told { failing: None, .. }) | None => {
                let counted = self.here.sinks.entry(sink.clone()).or_default();
                let falls = condition.falls.saturating_sub(counted.falls);
                counted.falls = condition.falls;
                let again = if falls > 1 { format!(", {falls} times since that was told last") } else { String::new() };
                let message = format!("the sink {sink} fails{again}: {}", condition.why);
                self.about(sink, several(falls), own(OwnKind::SinkFailing, "SinkAway", message), voice, now);
                self.sinks.insert(sink.clone(), Told { failing: Some(now), at: now, late: false });
                Some(now + LATE)
            }
        }
    }

    fn well(&mut self, sink: &SinkName, condition: &Condition, voice: &Voice<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // After a restart nobody knows yet whether it works.
        let Told { failing: Some(since), at, .. } = *self.sinks.get(sink).filter(|_| condition.took)? else { return None };
        let message = format!("the sink {sink} works again, after {} s", (now - since).num_seconds().max(0));
        self.about(sink, None, own(OwnKind::SinkRecovered, "SinkBack", message), voice, now);
        self.sinks.insert(sink.clone(), Told { failing: None, at, late: false });
        None
    }

    fn refused(&mut self, sink: &SinkName, condition: &Condition, voice: &Voice<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let counted = self.here.sinks.entry(sink.clone()).or_default();
        let count = condition.refused.saturating_sub(counted.refused);
        if count == 0 {
            return None;
        }
        let due = counted.refused_at.map_or(now, |at| at + QUIET);
        if due > now {
            return Some(due);
        }
        (counted.refused, counted.refused_at) = (condition.refused, Some(now));
        let all = if count > 1 { format!("{count} events, the last of them ") } else { String::new() };
        let message = format!("the sink {sink} refused for good {all}{}", condition.refusal);
        self.about(sink, several(count), own(OwnKind::Refused, "SinkRefused", message), voice, now);
        None
    }

    fn about(&mut self, sink: &SinkName, count: Option<u64>, own: Own, voice: &Voice<'_>, now: DateTime<Utc>) {
        self.append(&Own { sink: Some(sink.clone()), count, ..own }, voice, now);
    }

    fn tell(&mut self, kind: OwnKind, reason: &'static str, message: String, voice: &Voice<'_>, now: DateTime<Utc>) {
        self.append(&own(kind, reason, message), voice, now);
    }

    fn append(&mut self, own: &Own, voice: &Voice<'_>, now: DateTime<Utc>) {
        self.outbox.append_own(own, voice.process, voice.teller, &self.stream, now);
    }
}

fn own(kind: OwnKind, reason: &'static str, message: String) -> Own {
    Own { kind, reason, message, sink: None, count: None }
}

/// A count is told where it is more than one.
fn several(count: u64) -> Option<u64> {
    (count > 1).then_some(count)
}
