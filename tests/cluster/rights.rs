//! Which rights has the controller, and how is one of them taken away?

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, RoleBinding};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use serin_dev::{CONTROLLER_USER, objects_in};

/// The ClusterRole of `deploy/`, its binding, and the account and the namespace that it is bound to.
pub const SERIN: &str = "serin";

/// What it has besides, in its own namespace only.
pub const ROLES: [&str; 2] = ["serin-lease", "serin-events"];

/// One verb on one resource, as `deploy/rbac.yaml` grants it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    pub verb: String,
    /// With its subresource, such as `rollouts/status`.
    pub resource: String,
    group: String,
    /// The objects that it is bound to; all where there is none.
    names: Vec<String>,
}

impl Right {
    /// As people say it: `patch rollouts.serin.dev/status`.
    pub fn told(&self) -> String {
        told(&self.verb, &self.resource, &self.group)
    }

    /// As the API server says it where the right is missing.
    pub fn missing(&self) -> String {
        format!("cannot {} resource \"{}\"", self.verb, self.resource)
    }

    /// Something that can be the name of an object, and says what is missing.
    pub fn name(&self) -> String {
        format!("no-{}-{}", self.verb, self.resource.replace('/', "-"))
    }

    /// Whether it is used in all namespaces at once.
    pub fn is_wide(&self) -> bool {
        let followed = ["list", "watch"].contains(&self.verb.as_str()) && self.resource != "horizontalpodautoscalers";
        followed || self.resource == "namespaces"
    }

    /// Whether the controller lacks it in a namespace now.
    pub async fn is_denied(&self, client: &Client, namespace: &str) -> Result<bool> {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((&self.resource, ""));
        let review: SubjectAccessReview = serde_json::from_value(json!({"spec": {"user": CONTROLLER_USER, "resourceAttributes": {
            "namespace": namespace, "group": self.group, "resource": resource, "subresource": subresource, "verb": self.verb,
        }}}))?;
        let answer = Api::<SubjectAccessReview>::all(client.clone()).create(&PostParams::default(), &review).await?;
        Ok(answer.status.is_some_and(|status| !status.allowed))
    }

    fn rule(&self) -> Value {
        let mut rule = json!({"apiGroups": [self.group], "resources": [self.resource], "verbs": [self.verb]});
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// Every right of the controller in all namespaces, one by one.
pub fn rights() -> Result<Vec<Right>> {
    rights_of("ClusterRole", SERIN)
}

/// What a role of `deploy/` grants, one by one.
pub fn rights_of(kind: &str, name: &str) -> Result<Vec<Right>> {
    let role = objects_in("deploy")?
        .into_iter()
        .find(|object| object.types.as_ref().is_some_and(|types| types.kind == kind) && object.name_any() == name)
        .with_context(|| format!("deploy/ has no {kind} {name}"))?;
    let words = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let mut rights = Vec::new();
    for rule in role.data["rules"].as_array().into_iter().flatten() {
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                for verb in words(&rule["verbs"]) {
                    rights.push(Right { verb, resource: resource.clone(), group: group.clone(), names: words(&rule["resourceNames"]) });
                }
            }
        }
    }
    rights.sort();
    Ok(rights)
}

/// Makes a ClusterRole grant these rights and nothing else.
pub async fn grant<'a>(client: &Client, role: &str, rights: impl Iterator<Item = &'a Right>) -> Result<()> {
    let rules: Vec<Value> = rights.map(Right::rule).collect();
    let body = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules});
    Api::<ClusterRole>::all(client.clone()).patch(role, &PatchParams::apply("tests").force(), &Patch::Apply(&body)).await?;
    Ok(())
}

/// A service account beside Serin's own that has what a ClusterRole of the same name grants.
pub async fn account(client: &Client, name: &str) -> Result<()> {
    let account: ServiceAccount = serde_json::from_value(json!({"metadata": {"name": name}}))?;
    Api::<ServiceAccount>::namespaced(client.clone(), SERIN).create(&PostParams::default(), &account).await?;
    let binding: ClusterRoleBinding = serde_json::from_value(binding(name, name))?;
    Api::<ClusterRoleBinding>::all(client.clone()).create(&PostParams::default(), &binding).await?;
    for role in ROLES {
        let mut own = self::binding(name, name);
        own["metadata"]["name"] = json!(format!("{name}-{role}"));
        own["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role});
        Api::<RoleBinding>::namespaced(client.clone(), SERIN).create(&PostParams::default(), &serde_json::from_value(own)?).await?;
    }
    Ok(())
}

/// Gives the controller what a ClusterRole grants, in one namespace only.
pub async fn bind(client: &Client, namespace: &str, role: &str) -> Result<()> {
    let binding: RoleBinding = serde_json::from_value(binding(role, SERIN))?;
    Api::<RoleBinding>::namespaced(client.clone(), namespace).create(&PostParams::default(), &binding).await?;
    Ok(())
}

fn binding(role: &str, account: &str) -> Value {
    json!({
        "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": SERIN}],
    })
}

/// The name of a service account of Serin's namespace in the audit log.
pub fn user(account: &str) -> String {
    format!("system:serviceaccount:{SERIN}:{account}")
}

/// A right as people say it.
pub fn told(verb: &str, resource: &str, group: &str) -> String {
    let (resource, subresource) = resource.split_once('/').map_or((resource, String::new()), |(whole, part)| (whole, format!("/{part}")));
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    format!("{verb} {resource}{group}{subresource}")
}

/// Counts by a word.
pub fn counted<T>(all: impl Iterator<Item = T>, word: impl Fn(&T) -> String) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(word(&one)).or_default() += 1;
    }
    counts
}
