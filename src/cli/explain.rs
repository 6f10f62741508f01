//! Prints the evidence of a Rollout's last attempt, as numbers that can be followed, and where it is wanted counts it again.

use std::fmt::Write as _;
use std::path::Path;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::ask::{self, Found, Place};
use super::command::{Explanation, Output, Question, Witness};
use super::failure::Failure;
use super::live;
use super::recall;
use crate::analysis::{Evidence, Row, heading};
use crate::api::{self, Object};
use crate::cluster::filled;
use crate::prometheus::Providers;
use crate::rollout::{Intent, Reading};

/// Questions to a backend at once: it works for rollouts in flight meanwhile.
const AT_ONCE: usize = 4;

/// Asks once and prints what is known of the attempt in flight, or of the last one.
pub(super) fn print(Explanation { question, attempt, from }: &Explanation) -> Result<(), Failure> {
    let ask = |config| super::runtime()?.block_on(explain(question, *attempt, config));
    match from {
        Witness::Status => ask(None),
        Witness::Providers(config) => ask(Some(config.as_path())),
        Witness::Events(events) => recall::print(question, *attempt, events),
    }
}

async fn explain(question: &Question, attempt: Option<u32>, config: Option<&Path>) -> Result<(), Failure> {
    let Found { place, object } = ask::rollout(&question.target).await?;
    let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
    let evidence = &status.evidence;
    if let Some(wanted) = attempt.filter(|wanted| evidence.attempt() != *wanted) {
        let newest = if evidence.is_empty() { "none".to_owned() } else { format!("that of attempt {}", evidence.attempt()) };
        let what = format!("the status of the Rollout has no evidence of attempt {wanted} any more, but {newest}");
        return Err(Failure::new(
            what,
            "what became of older attempts is in their events, where your sinks keep them: give a file of those with --events",
        ));
    }
    let recounts = match config {
        None => Vec::new(),
        Some(file) => {
            let config = super::run::read(file)?;
            let providers = Providers::new(&config.metrics);
            let intent = intent(&place, &object, &providers, file).await?;
            recounts(evidence, &place.key.name, &intent, &providers).await?
        }
    };
    let (namespace, name) = (&place.key.namespace, &place.key.name);
    match question.output {
        Output::Text => {
            let mut page = format!("Rollout {namespace}/{name}\n");
            if let Some(why) = &status.why {
                let _ = writeln!(page, "{}: {}", why.reason, why.message); // writing to a String cannot fail
            }
            page.push_str(&evidence.to_string());
            page.extend(recounts.iter().map(|recount| recount.text.as_str()));
            super::data(&page)
        }
        Output::Json => {
            let again: Vec<&Value> = recounts.iter().map(|recount| &recount.json).collect();
            let mut page = json!({"namespace": namespace, "name": name, "why": status.why, "evidence": evidence});
            if config.is_some() {
                page["again"] = json!(again);
            }
            super::data(&serde_json::to_string_pretty(&page).expect("plain data is always JSON"))
        }
    }
}

/// What the Rollout's spec means with these providers.
async fn intent(place: &Place, object: &Object, providers: &Providers, file: &Path) -> Result<Intent, Failure> {
    let known = api::Providers::new(providers.delays(), providers.default_name());
    let spec = filled(object.spec(), &place.template(object).await?, Some(1));
    let hint = "name the same providers as the controller's own configuration file does";
    let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
    // What the attempt took from templates is what it was judged by, whatever they say now. Once it is over only they know.
    let frozen = status.analysis.as_ref().filter(|frozen| frozen.attempt == status.evidence.attempt());
    let shared = match frozen {
        Some(frozen) => Ok(frozen.shared.clone()),
        None => live::shared(place, &spec, status).await?,
    };
    api::parse((&place.key.namespace, &place.key.name), &spec, &shared, &known)
        .map_err(|error| Failure::new(format!("the spec cannot be read with {}: {error}", file.display()), hint))
}

/// What came of one check.
struct Recount {
    text: String,
    json: Value,
}

async fn recounts(evidence: &Evidence, rollout: &str, intent: &Intent, providers: &Providers) -> Result<Vec<Recount>, Failure> {
    let again = evidence.again(rollout, intent).map_err(|why| Failure::new(why.to_owned(), "it can be explained without --config"))?;
    let mut recounts = Vec::new();
    for check in again {
        let told = |outcome: String, rows: &[Row]| {
            let mut text = format!("\n{}: asked {} again\n", check.name(), check.provider());
            if !rows.is_empty() {
                let lines: Vec<String> = rows.iter().map(Row::line).collect();
                let _ = writeln!(text, "{}\n{}", heading(), lines.join("\n")); // writing to a String cannot fail
            }
            let _ = writeln!(text, "  {outcome}");
            Recount { text, json: json!({"check": check.name(), "provider": check.provider(), "outcome": outcome, "windows": rows}) }
        };
        let questions = match check.questions() {
            Ok(questions) => questions,
            Err(why) => {
                recounts.push(told(format!("it cannot be counted again: {why}"), &[]));
                continue;
            }
        };
        let provider = check.provider();
        let asking = futures::stream::iter(questions).map(|(window, ask)| async move {
            let reading = providers.ask(provider, &ask, window.to).await;
            (window, reading)
        });
        let answers: Vec<_> = asking.buffered(AT_ONCE).collect().await;
        let (mut counted, mut missing) = (Vec::new(), None);
        for (window, reading) in answers {
            match reading {
                Reading::Counts(counts) => counted.push((window, *counts)),
                other => {
                    missing.get_or_insert_with(|| format!("the window from {} is gone: {}", window.from.format("%H:%M:%S"), lack(&other)));
                }
            }
        }
        let rows = check.recount(&counted);
        recounts.push(told(outcome(missing, check.differs(&rows)), &rows));
    }
    Ok(recounts)
}

fn outcome(missing: Option<String>, differs: Option<String>) -> String {
    match (missing, differs) {
        (None, None) => "the same sums and odds as were recorded".to_owned(),
        (None, Some(text)) => format!("not what was recorded: {text}; the backend has other samples now, or fewer"),
        (Some(text), _) => format!("not all of it can be counted again: {text}"),
    }
}

/// Why there are no counts.
fn lack(reading: &Reading) -> String {
    match reading.silence() {
        Some(text) => format!("the provider {text}"),
        None => "the backend has no samples of it any more".to_owned(),
    }
}
