//! Prints what the checks of a Rollout in the cluster ask, and what a proof takes of its traffic.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use kube::api::{Api, DynamicObject};
use kube::core::ApiResource;
use serde_json::Value;

use super::ask::{self, Found, Place};
use super::check;
use super::command::Target;
use super::failure::{Ending, Failure};
use crate::analysis::{Traffic, cost, today};
use crate::api::{self, AnalysisTemplate, Invalid, Object, Shared, Status};
use crate::cluster::filled;
use crate::prometheus::Providers;
use crate::rollout::{Attempt, Intent, Reading, Revision};

/// Asks once and prints what the checks ask.
pub(super) fn print(target: &Target, config: Option<&Path>) -> Result<Ending, Failure> {
    super::runtime()?.block_on(told(target, config))
}

async fn told(target: &Target, config: Option<&Path>) -> Result<Ending, Failure> {
    let Found { place, object } = ask::rollout(target).await?;
    let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
    let spec = filled(object.spec(), &place.template(&object).await?, Some(1));
    let shared = shared(&place, &spec, status).await?;
    let providers = config.map(super::run::read).transpose()?.map(|config| Providers::new(&config.metrics));
    let known = match &providers {
        Some(providers) => api::Providers::new(providers.delays(), providers.default_name()),
        None => check::named(&spec, &shared),
    };
    let (namespace, name) = (place.key.namespace.as_str(), place.key.name.as_str());
    let refused = |text: String| format!("Rollout {namespace}/{name} is refused: {text}\n");
    let intent = api::parse((namespace, name), &spec, &shared, &known);
    let intent = match intent.map_err(|invalid| invalid.to_string()).and_then(|mut intent| match intent.unresolved.take() {
        Some(unresolved) => Err(unresolved),
        None => Ok(intent),
    }) {
        Ok(intent) => intent,
        Err(text) => return super::data(&refused(text)).map(|()| Ending::Negative),
    };
    let attempt = attempt(status);
    let seen = match &providers {
        Some(providers) => ask_all(providers, status, &intent, (name, &attempt)).await?,
        None => BTreeMap::new(),
    };
    let traffic = |check: &crate::rollout::Check| seen.get(&check.name).copied().or_else(|| status.evidence.traffic(&check.name));
    super::data(&check::page((namespace, name), &intent, &attempt, traffic)).map(|()| Ending::Done)
}

/// What the templates of a spec say: to the attempt in flight what they said when it began, else what they say now.
pub(super) async fn shared(place: &Place, spec: &Value, status: &Status) -> Result<Result<Shared, Invalid>, Failure> {
    if let Some(taken) = status.taken() {
        return Ok(Ok(taken.shared.clone()));
    }
    let kind = ApiResource::erase::<AnalysisTemplate>(&());
    let templates: Api<DynamicObject> = Api::namespaced_with(place.client.clone(), &place.key.namespace, &kind);
    let mut found = BTreeMap::new();
    for name in api::template_names(spec) {
        if let Some(mut template) = templates.get_opt(&name).await.map_err(|error| place.refused(&error))? {
            found.insert(name, template.data["spec"].take());
        }
    }
    Ok(api::shared(spec, |name| found.get(name)))
}

/// The attempt in flight, or the one that could be next.
fn attempt(status: &Status) -> Attempt {
    let named = |revision: &Option<String>, unknown: &str| Revision::new(revision.as_deref().unwrap_or(unknown));
    let flying = status.state.as_ref().and_then(|state| state.attempt()).cloned();
    flying.unwrap_or_else(|| Attempt { number: 1, stable: named(&status.stable, "STABLE"), canary: named(&status.canary, "CANARY") })
}

/// The traffic that each check sees now.
async fn ask_all(
    providers: &Providers,
    status: &Status,
    intent: &Intent,
    (name, attempt): (&str, &Attempt),
) -> Result<BTreeMap<String, Traffic>, Failure> {
    let (mut seen, now) = (BTreeMap::new(), now());
    for check in &intent.checks {
        let at = now - check.delay;
        let Some(ask) = today(check, &status.evidence, intent, name, attempt, at) else { continue };
        match providers.ask(&check.provider, &ask, at).await {
            Reading::Counts(counted) => drop(Traffic::of(&counted).map(|traffic| seen.insert(check.name.clone(), traffic))),
            other => {
                if let Some(silence) = other.silence() {
                    let hint = "give --config a file whose URLs are reached from here, or leave it out";
                    return Err(Failure::new(format!("the provider {} {silence}", check.provider), hint));
                }
            }
        }
    }
    Ok(seen)
}

/// What a proof takes of the traffic that the last attempt saw, for each check that asks for one. Nobody is asked.
pub(super) fn proofs(namespace: &str, name: &str, object: &Object) -> Vec<String> {
    let Ok(status) = &object.status else { return Vec::new() };
    let spec = check::complete(object.spec(), name);
    let shared = Ok(status.analysis.as_ref().map(|taken| taken.shared.clone()).unwrap_or_default());
    let Ok(intent) = api::parse((namespace, name), &spec, &shared, &check::named(&spec, &shared)) else { return Vec::new() };
    let cost = |one: &crate::rollout::Check| Some(format!("{}: {}", one.name, cost(one, &intent, &status.evidence.traffic(&one.name)?)?));
    intent.checks.iter().filter_map(cost).collect()
}

#[expect(clippy::disallowed_methods, reason = "the clock enters here: the newest traffic is wanted")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
