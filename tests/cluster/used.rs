//! Does the controller use every right that it has, and no other? Out of the audit logs of all tests.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serin_dev::{AuditEvent, CONTROLLER_USER};

use super::ground::Ground;
use super::rights::{ROLES, SERIN, rights_of, told};

/// What every user may do: ask who they are.
const EVERYBODY: &str = "create selfsubjectreviews.authentication.k8s.io";

/// The rights that the controller used on a plane, and got an answer for.
pub fn on(ground: &Ground) -> Result<BTreeSet<String>> {
    let answered = |request: &AuditEvent| (200..400).contains(&request.code) && !request.resource.is_empty();
    let used = ground.plane.audit_events(CONTROLLER_USER)?.into_iter().filter(answered).map(|request| {
        let part = if request.subresource.is_empty() { String::new() } else { format!("/{}", request.subresource) };
        told(&request.verb, &format!("{}{part}", request.resource), &request.group)
    });
    Ok(used.filter(|right| right != EVERYBODY).collect())
}

/// What was used on all planes together is what `deploy/` grants.
pub fn each_right_is_used_and_no_other_one(used: &BTreeSet<String>) -> Result<()> {
    let mut granted = rights_of("ClusterRole", SERIN)?;
    for role in ROLES {
        granted.extend(rights_of("Role", role)?);
    }
    let granted: BTreeSet<String> = granted.iter().map(super::rights::Right::told).collect();
    println!("{} rights are granted, and {} are used", granted.len(), used.len());
    let (idle, foreign): (Vec<_>, Vec<_>) = (granted.difference(used).collect(), used.difference(&granted).collect());
    ensure!(idle.is_empty(), "no test has the controller use: {idle:#?}");
    ensure!(foreign.is_empty(), "the controller has these from elsewhere than deploy/: {foreign:#?}");
    ensure!(!used.iter().any(|right| right.contains(" secrets")), "{used:#?}");
    Ok(())
}
