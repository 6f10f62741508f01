//! What does the controller hear that it has to tell of itself? Kept as it stands, so that whoever tells it may be late.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use super::world::Key;
use crate::audit::{Condition, Facts, SinkName};
use crate::sink::{Delivery, Health, Report};

/// What was refused is as good as allowed again once nobody heard of it for so long.
const FORGOTTEN: TimeDelta = TimeDelta::minutes(10);

/// A right that is missing in a thousand namespaces is one matter.
const MOST_FORBIDDEN: usize = 64;

/// Whose events they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A rollout's.
    Rollout(Key),
    /// The controller's own.
    Controller,
}

/// What was heard, shared by those who hear and the one who tells. No call waits.
#[derive(Clone, Default)]
pub(super) struct News(Arc<(Mutex<Heard>, Notify)>);

#[derive(Default)]
struct Heard {
    sinks: BTreeMap<SinkName, Condition>,
    /// Since when, and when it was heard last.
    forbidden: BTreeMap<String, (DateTime<Utc>, DateTime<Utc>)>,
}

impl News {
    /// News of these sinks.
    pub(super) fn of(sinks: impl Iterator<Item = SinkName>) -> Self {
        let news = Self::default();
        news.heard().sinks = sinks.map(|sink| (sink, Condition::default())).collect();
        news
    }

    /// A delivery ended, and the sinks stand so.
    pub(super) fn delivered(&self, report: &Report<Source>, healths: Vec<Health>) {
        let mut heard = self.heard();
        let mut is_news = report.key == Source::Controller;
        for Health { sink, ill, falls } in healths {
            let condition = heard.sinks.entry(sink).or_default();
            is_news |= (condition.ill, condition.falls) != (ill, falls);
            (condition.ill, condition.falls) = (ill, falls);
        }
        let condition = heard.sinks.entry(report.sink.clone()).or_default();
        match &report.delivery {
            Delivery::Delivered => is_news |= !std::mem::replace(&mut condition.took, true),
            Delivery::Unwanted => {}
            // It is told with the next event that is due, and makes none due.
            Delivery::Retry(why) | Delivery::Later(why, _) => condition.why.clone_from(why),
            Delivery::Refused(why) => {
                is_news |= !std::mem::replace(&mut condition.took, true);
                if let Source::Rollout(key) = &report.key {
                    is_news = true;
                    condition.refused += 1;
                    condition.refusal = format!("event {} of {key}: {why}", report.record.seq);
                }
            }
        }
        drop(heard);
        if is_news {
            self.0.1.notify_one();
        }
    }

    /// The API server does not let the controller do something.
    pub(super) fn forbidden(&self, what: &str, now: DateTime<Utc>) {
        let mut heard = self.heard();
        heard.forbidden.retain(|_, (_, last)| *last + FORGOTTEN > now);
        let known = heard.forbidden.get(what).map(|(since, _)| *since);
        if known.is_some() || heard.forbidden.len() < MOST_FORBIDDEN {
            heard.forbidden.insert(what.to_owned(), (known.unwrap_or(now), now));
        }
        drop(heard);
        if known.is_none() {
            self.0.1.notify_one();
        }
    }

    /// How things stand.
    pub(super) fn facts(&self, now: DateTime<Utc>) -> Facts {
        let mut heard = self.heard();
        heard.forbidden.retain(|_, (_, last)| *last + FORGOTTEN > now);
        let forbidden = heard.forbidden.iter().map(|(what, (since, _))| (what.clone(), *since)).collect();
        Facts { sinks: heard.sinks.clone(), forbidden }
    }

    /// Waits for something that may have to be told.
    pub(super) async fn changed(&self) {
        self.0.1.notified().await;
    }

    /// No holder panics half-way through a change, so a poisoned lock guards nothing broken.
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
