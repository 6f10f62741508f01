//! Prints what the events of an attempt hold of its evidence, where somebody kept them. Nobody is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::audit;
use super::command::{Input, Output, Question, Target};
use super::failure::Failure;
use crate::analysis::Sums;
use crate::audit::{Body, Record, Subject};

/// The events of one Rollout, by their numbers.
type Stream = BTreeMap<u64, (Record, Body)>;

/// Reads all lines and prints the events of the attempt, or of the newest one among them.
pub(super) fn print(Question { target, output }: &Question, attempt: Option<u32>, events: &Input) -> Result<(), Failure> {
    let stream = found(target, audit::export(events)?.records())?;
    let wanted = attempt.or_else(|| stream.values().filter_map(|(_, body)| body.attempt).max());
    let mine: Vec<&(Record, Body)> = stream.values().filter(|(_, body)| body.attempt.is_some() && body.attempt == wanted).collect();
    let Some((_, first)) = mine.first() else {
        let what = match wanted {
            Some(number) => format!("no event there is of attempt {number} of the Rollout {}", target.name),
            None => format!("no event there is of any attempt of the Rollout {}", target.name),
        };
        return Err(Failure::new(what, "export events of the time of that attempt"));
    };
    match output {
        Output::Text => super::data(&page(first, &mine)),
        Output::Json => {
            let events: Vec<Value> = mine.iter().filter_map(|(record, _)| serde_json::from_str(&record.text).ok()).collect();
            let place = first.rollout.as_ref();
            let object = json!({"namespace": place.map(|place| &place.namespace), "name": place.map(|place| &place.name), "attempt": wanted, "events": events});
            super::data(&serde_json::to_string_pretty(&object).expect("plain data is always JSON"))
        }
    }
}

/// The events of the Rollout of that name. Of several that had it one after the other, the newest.
fn found<'a>(target: &Target, records: impl Iterator<Item = &'a Record>) -> Result<Stream, Failure> {
    let mut streams: BTreeMap<&str, Stream> = BTreeMap::new();
    for record in records {
        let Ok(body) = record.body() else { continue };
        // What the controller tells of itself is about no Rollout.
        let Some(rollout) = &body.rollout else { continue };
        if rollout.name == target.name && target.namespace.as_ref().is_none_or(|namespace| *namespace == rollout.namespace) {
            streams.entry(&record.stream).or_default().insert(record.seq, (record.clone(), body));
        }
    }
    let place = |stream: &Stream| stream.values().find_map(|(_, body)| Some(body.rollout.as_ref()?.namespace.clone()));
    let mut namespaces: Vec<String> = streams.values().filter_map(place).collect();
    namespaces.sort();
    namespaces.dedup();
    if namespaces.len() > 1 {
        let what = format!("there are Rollouts of that name in {}", namespaces.join(", "));
        return Err(Failure::new(what, "name one of the namespaces with -n"));
    }
    let newest = |stream: &Stream| stream.values().map(|(_, body)| body.time.clone()).max();
    streams.into_values().max_by_key(newest).ok_or_else(|| {
        Failure::new(
            format!("no event there is of a Rollout {}", target.name),
            "export lines in the formats json, ocsf, ecs or cloudevents; check the name, and the namespace with -n",
        )
    })
}

fn page(first: &Body, events: &[&(Record, Body)]) -> String {
    let Body { rollout, attempt, .. } = first;
    let place = rollout.as_ref().map(Subject::place).unwrap_or_default();
    let mut page = format!("Rollout {place}\nattempt {}\n\n", attempt.unwrap_or_default());
    for (_, body) in events {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{} {}: {}", body.time, body.kind, body.message);
    }
    for analysis in events.iter().filter_map(|(_, body)| body.analysis.as_ref()) {
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let sums = analysis.evidence.as_deref().and_then(Sums::read);
        let told = sums.map_or_else(
            || format!("{}: it was {}, its limit is {}\n", analysis.check, word(&analysis.value), word(&analysis.limit)),
            |sums| sums.table(&analysis.check),
        );
        let _ = write!(page, "\n{told}");
    }
    page
}
