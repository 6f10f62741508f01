//! Does a provider answer what an attempt asks it? What changed of that is told once, and remembered until the attempt is over.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::transition::tell;
use super::{Event, EventKind, Facts, Intent, Memo, Observed, Sample, State};

/// So many characters of what a provider did say what it did. There may be as many providers as checks.
const MOST_CHARACTERS: usize = 100;

/// A provider that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The attempt that asks it.
    pub attempt: u32,
    /// The time that the first question without an answer was about.
    pub since: DateTime<Utc>,
    /// What the last one got instead, as the end of a sentence that begins with the provider's name.
    pub text: String,
}

impl Outage {
    /// So many questions in a row without an answer are an outage; one alone is a hiccup.
    pub const SILENCES: usize = 3;

    /// One that begins there, with no longer a text than what may be committed.
    pub fn new(attempt: u32, since: DateTime<Utc>, text: &str) -> Self {
        Self { attempt, since, text: text.chars().take(MOST_CHARACTERS).collect() }
    }
}

/// What is another way than before.
#[derive(Clone, Debug, PartialEq, Eq)]
enum News {
    Silent(Outage),
    Answers,
}

/// The event of a provider that stopped to answer, or began again.
pub(super) fn told(state: &State, facts: &Facts) -> Option<Event> {
    let (attempt, _) = state.trial()?;
    let (provider, news) = news(state, facts.intent, facts.memo, facts.seen, facts.now)?;
    let (kind, reason, message) = match news {
        News::Silent(Outage { text, .. }) => {
            (EventKind::ProviderSilent, "NoAnswer", format!("provider {provider} {text}; exposure holds where a check asks it"))
        }
        News::Answers => (EventKind::ProviderAnswers, "Answers", format!("provider {provider} answers again")),
    };
    Some(tell(kind, attempt, reason, message))
}

/// The provider of which something is to tell, and what.
fn news(state: &State, intent: &Intent, memo: &Memo, seen: &Observed, now: DateTime<Utc>) -> Option<(String, News)> {
    let (attempt, _) = state.trial()?;
    // As it nearly always is.
    if memo.outages.is_empty() && seen.samples.iter().all(|sample| sample.reading.silence().is_none()) {
        return None;
    }
    let providers: BTreeSet<&str> = intent.checks.iter().map(|check| check.provider.as_str()).collect();
    providers.into_iter().find_map(|provider| {
        let asks = |sample: &&Sample| intent.checks.iter().any(|check| check.provider == provider && check.name == sample.check);
        let now_of = |sample: &&Sample| sample.attempt == attempt.number && sample.at <= now;
        let mut answers: Vec<&Sample> = seen.samples.iter().filter(asks).filter(now_of).collect();
        answers.sort_by_key(|sample| Reverse(sample.at));
        let silent: Vec<_> = answers.iter().map_while(|sample| Some((sample.at, sample.reading.silence()?))).collect();
        let known = memo.outages.get(provider).is_some_and(|outage| outage.attempt == attempt.number);
        let news = match (known, silent.first(), silent.last()) {
            (false, Some((_, text)), Some((since, _))) if silent.len() >= Outage::SILENCES => {
                News::Silent(Outage::new(attempt.number, *since, text))
            }
            (true, None, None) if !answers.is_empty() => News::Answers,
            (true | false, ..) => return None,
        };
        Some((provider.to_owned(), news))
    })
}

impl Memo {
    /// Takes over what is told of a provider now.
    pub fn note_provider(&mut self, state: &State, intent: &Intent, seen: &Observed, now: DateTime<Utc>) {
        match news(state, intent, self, seen, now) {
            Some((provider, News::Silent(outage))) => drop(self.outages.insert(provider, outage)),
            Some((provider, News::Answers)) => drop(self.outages.remove(&provider)),
            None => {}
        }
    }

    /// Forgets the outages that another attempt met.
    pub fn forget_outages(&mut self, state: &State) {
        let number = state.trial().map(|(attempt, _)| attempt.number);
        self.outages.retain(|_, outage| Some(outage.attempt) == number);
    }

    /// What does not answer now, of the providers that checks ask.
    pub fn silent<'a>(&'a self, intent: &'a Intent) -> impl Iterator<Item = (&'a String, &'a Outage)> {
        self.outages.iter().filter(|(provider, _)| intent.checks.iter().any(|check| check.provider == **provider))
    }
}
