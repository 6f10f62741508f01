//! What would the controller do? It says so, and does nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tracing::info;

use super::live::{Live, told};
use super::world::{Key, Seen, World};
use crate::api::Status;
use crate::cluster::Error;
use crate::rollout::{Action, Change, Question, Stepping, highest_epoch};

/// The world as it is, looked at only. Questions are asked: a query and a dry run change nothing.
#[derive(Clone)]
pub(super) struct Shadow(pub(super) Live);

impl World for Shadow {
    type Error = Error;

    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    fn observe(&self, key: &Key) -> Option<Seen> {
        let mut seen = self.0.observe(key)?;
        // It never leads; it looks on as whoever does.
        if let Ok(status) = &seen.status {
            seen.observed.epoch = highest_epoch(&status.memo, &seen.observed);
        }
        Some(seen)
    }

    fn strays(&self, key: &Key) -> Vec<Action> {
        self.0.strays(key)
    }

    async fn commit(&self, key: &Key, _: &str, status: &Status) -> Result<(), Error> {
        let phase = status.phase.as_deref().unwrap_or("no phase");
        let why = status.why.as_ref().map_or("", |why| &why.message);
        let before = self.0.committed(key);
        let news: Vec<String> =
            status.audit.pending().filter(|record| record.seq > before).filter_map(|record| Some(record.body().ok()?.kind)).collect();
        let event = if news.is_empty() { String::new() } else { format!(", and tell {}", news.join(", ")) };
        self.say(key, "would commit", BTreeSet::from([format!("{phase} ({why}){event}")]));
        Ok(())
    }

    async fn apply(&self, key: &Key, answers: &[Change], changes: &[Change]) -> Result<(), Error> {
        self.say(key, "would have", answers.iter().chain(changes).map(told).collect());
        Ok(())
    }

    fn keep(&self, key: &Key, begun: Option<Box<Stepping>>) {
        self.0.keep(key, begun);
    }

    fn ask(&self, key: &Key, questions: Vec<Question>) {
        self.0.ask(key, questions);
    }
}

impl Shadow {
    /// What stays as it is is said once.
    fn say(&self, key: &Key, lead: &'static str, said: BTreeSet<String>) {
        for text in self.0.unsaid(key, lead, said) {
            info!(rollout = %key, "{lead} {text}");
        }
    }
}
