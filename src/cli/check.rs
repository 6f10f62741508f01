//! Prints what the checks of Rollouts in a file will ask, and refuses what cannot work. Needs no cluster.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::failure::{Ending, Failure};
use crate::analysis::{Traffic, outline};
use crate::api::{self, Providers, duration_text};
use crate::rollout::{Attempt, Check, Intent, Revision};

/// How late metrics are where nobody says: the default of the configuration.
const DELAY: TimeDelta = TimeDelta::seconds(5);

/// Reads the file and prints each Rollout in it.
pub(super) fn print(file: &Path) -> Result<Ending, Failure> {
    let text = read(file)?;
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text)
        .map_err(|error| Failure::new(format!("{} is no YAML: {error}", file.display()), "give it a file with Rollouts"))?;
    let rollouts: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "Rollout").collect();
    if rollouts.is_empty() {
        return Err(Failure::new(format!("{} has no Rollout", file.display()), "templates that it takes may stand in the same file"));
    }
    let template = |name: &str| {
        let named = |object: &&Value| object["kind"] == "AnalysisTemplate" && object["metadata"]["name"] == name;
        objects.iter().find(named).map(|object| &object["spec"])
    };
    let (mut page, mut refused) = (String::new(), false);
    for rollout in rollouts {
        let told = told(rollout, template);
        refused |= told.is_err();
        let _ = writeln!(page, "{}", told.unwrap_or_else(|text| text)); // writing to a String cannot fail
    }
    super::data(&page)?;
    Ok(if refused { Ending::Negative } else { Ending::Done })
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read =
        if file == Path::new("-") { std::io::stdin().read_to_string(&mut text).map(|_| text) } else { std::fs::read_to_string(file) };
    read.map_err(|error| Failure::unreadable(file, &error))
}

/// One Rollout; an error is why it is refused.
fn told<'a>(rollout: &Value, template: impl Fn(&str) -> Option<&'a Value>) -> Result<String, String> {
    let text = |field: &str| rollout["metadata"][field].as_str().unwrap_or("default").to_owned();
    let (namespace, name) = (text("namespace"), text("name"));
    let title = format!("Rollout {namespace}/{name}");
    let spec = complete(rollout["spec"].clone(), &name);
    let shared = api::shared(&spec, template);
    let refused = |text: String| format!("{title} is refused: {text}\n");
    let intent = api::parse((&namespace, &name), &spec, &shared, &named(&spec, &shared)).map_err(|invalid| refused(invalid.to_string()))?;
    if let Some(unresolved) = intent.unresolved {
        return Err(refused(unresolved));
    }
    let attempt = Attempt { number: 1, stable: Revision::new("STABLE"), canary: Revision::new("CANARY") };
    Ok(page((&namespace, &name), &intent, &attempt, |_| None))
}

/// The spec with a pod template. What it takes over is in the cluster, and no check depends on it.
pub(super) fn complete(mut spec: Value, name: &str) -> Value {
    if spec.get("template").is_none() {
        spec["template"] = json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [{}]}});
    }
    spec
}

/// What all checks ask, and what a proof takes of the traffic that each of them sees.
pub(super) fn page(
    (namespace, name): (&str, &str),
    intent: &Intent,
    attempt: &Attempt,
    traffic: impl Fn(&Check) -> Option<Traffic>,
) -> String {
    let (number, every, warm_up) = (intent.checks.len(), duration_text(intent.every), duration_text(intent.warm_up));
    let checks = if number == 1 { "check" } else { "checks" };
    let mut page =
        format!("Rollout {namespace}/{name}: {number} {checks}, each asked every {every} once a step's share is there for {warm_up}\n");
    for check in &intent.checks {
        // Writing to a String cannot fail.
        let _ = write!(page, "\n{}", outline(check, intent, name, attempt, traffic(check)));
    }
    page
}

/// Every provider that a check names, as if the configuration had it: what it has is not known here.
pub(super) fn named(spec: &Value, shared: &Result<api::Shared, api::Invalid>) -> Providers {
    let inline = spec.pointer("/analysis/checks").and_then(Value::as_array).into_iter().flatten();
    let taken = shared.iter().flat_map(|shared| &shared.checks);
    let kinds = inline.chain(taken).filter_map(Value::as_object).flat_map(|check| check.values());
    let names = kinds.filter_map(|kind| kind.get("provider")?.as_str());
    let default = "the default provider".to_owned();
    let delays: BTreeMap<String, TimeDelta> = names.map(str::to_owned).chain([default.clone()]).map(|name| (name, DELAY)).collect();
    Providers { delays, default }
}
