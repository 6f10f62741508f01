//! Does the pod of `deploy/` keep to what its namespace enforces, and does that namespace enforce anything?

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use serin_dev::objects_in;

use super::ground::Ground;
use super::rights::SERIN;
use super::shop::Shop;

/// What the `restricted` Pod Security level forbids, one by one. (A privileged container this API server refuses in every namespace.)
const WEAKER: [(&str, &str); 5] = [
    ("/spec/containers/0/securityContext/seccompProfile", r#"{"type": "Unconfined"}"#),
    ("/spec/containers/0/securityContext/allowPrivilegeEscalation", "true"),
    ("/spec/containers/0/securityContext/capabilities", "{}"),
    ("/spec/securityContext/runAsNonRoot", "false"),
    ("/spec/hostNetwork", "true"),
];

/// The API server takes the pod as it stands in `deploy/`, and refuses each one that is less bound.
pub async fn the_pod_is_restricted_and_a_weaker_one_is_refused(ground: &Ground, _: &Shop) -> Result<()> {
    let pod = pod()?;
    let container = &pod["spec"]["containers"][0];
    ensure!(container["securityContext"]["readOnlyRootFilesystem"] == true, "{pod:#}");
    ensure!(["requests", "limits"].iter().all(|key| container["resources"][key]["memory"].is_string()), "{pod:#}");
    let pods: Api<Pod> = Api::namespaced(ground.plane.client().await?, SERIN);
    let ask = PostParams { dry_run: true, ..PostParams::default() };
    pods.create(&ask, &serde_json::from_value(pod.clone())?).await.context("the pod of deploy/")?;
    for (place, value) in WEAKER {
        let mut weaker = pod.clone();
        let (parent, field) = place.rsplit_once('/').context("a path")?;
        weaker.pointer_mut(parent).context("deploy/ has no such field")?[field] = serde_json::from_str(value)?;
        let answer = pods.create(&ask, &serde_json::from_value(weaker)?).await;
        let said = answer.err().with_context(|| format!("{place}: {value} is taken"))?.to_string();
        ensure!(said.contains("violates PodSecurity"), "{place}: {said}");
    }
    Ok(())
}

/// As the Deployment's controller makes it.
fn pod() -> Result<Value> {
    let deployment = objects_in("deploy")?
        .into_iter()
        .find(|object| object.types.as_ref().is_some_and(|types| types.kind == "Deployment") && object.name_any() == SERIN)
        .context("deploy/ has no Deployment serin")?;
    let mut pod = deployment.data["spec"]["template"].clone();
    pod["metadata"]["name"] = json!("hardened");
    Ok(pod)
}
