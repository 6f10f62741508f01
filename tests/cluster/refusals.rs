//! Who is told of what the API server refuses? Not Serin: its audit log knows.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use kube::api::PostParams;
use serde_json::{Value, json};

use super::commands::give_with;
use super::ground::Ground;
use super::people::Person;
use super::shop::{NAME, Shop, quick};

/// A command without the right to it, and a Rollout that cannot work: neither reaches Serin, and the log has who, what and why.
pub async fn the_audit_log_has_who_was_refused_what_and_why(ground: &Ground, shop: &Shop) -> Result<()> {
    first_in_the_log()?;
    let bob = Person::with(ground, shop, "bob", "serin-editor").await?;
    ensure!(
        give_with(&bob.shop, json!({"verb": "Promote", "revision": "0123456789", "reason": "mine"}), &PostParams::default()).await.is_err(),
        "bob may not promote"
    );
    let mut odd = quick(1, "v1");
    odd["steps"] = json!([{"weight": 50, "hold": "1m"}, {"weight": 10, "hold": "1m"}]);
    ensure!(bob.shop.create(odd).await.is_err(), "weights grow");
    let log = ground.plane.audit_events(&bob.name)?;
    for (resource, code, words) in
        [("rolloutactions", 403, vec!["serin-actions", "may not force-promote the Rollout", NAME]), ("rollouts", 422, vec!["spec.steps"])]
    {
        let refused = log.iter().find(|event| event.resource == resource && event.verb == "create" && event.code == code);
        let refused = refused.with_context(|| format!("no refusal of {resource} in {log:#?}"))?;
        ensure!(words.iter().all(|word| refused.message.contains(word)), "{refused:#?}");
    }
    Ok(())
}

/// The rules that the page tells are the first ones of the policy that this API server has.
fn first_in_the_log() -> Result<()> {
    let read = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let rules = |text: &str| -> Result<Vec<Value>> {
        let policy: Value = serde_saphyr::from_str(text)?;
        Ok(policy["rules"].as_array().cloned().unwrap_or_default())
    };
    let page = read("docs/security.md")?;
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let told = blocks.into_iter().find(|block| block.contains("audit.k8s.io")).context("the page has no policy")?;
    let (told, ours) = (rules(told)?, rules(&read("tests/control-plane/audit-policy.yaml")?)?);
    ensure!(!told.is_empty() && ours.starts_with(&told), "{told:#?} {ours:#?}");
    Ok(())
}
