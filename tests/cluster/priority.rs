//! How does the API server treat what Serin asks, when it is busy?

use anyhow::{Context, Result, ensure};
use http::Request;
use k8s_openapi::api::flowcontrol::v1::{FlowSchema, PriorityLevelConfiguration};
use kube::api::Api;
use kube::client::Body;
use kube::{Client, ResourceExt};

use super::ground::Ground;
use super::shop::Shop;

/// The API server says in each answer which queue the request was sorted into.
pub async fn what_serin_asks_waits_in_a_queue_of_its_own_and_its_lease_in_that_of_the_control_plane(
    ground: &Ground,
    _: &Shop,
) -> Result<()> {
    let admin = ground.plane.client().await?;
    let serin = serin_dev::client(ground.kubeconfig()).await?;
    for (path, schema, level) in [
        ("/apis/serin.dev/v1alpha1/rollouts?limit=1", "serin", "serin"),
        ("/version", "serin", "serin"),
        ("/apis/coordination.k8s.io/v1/namespaces/serin/leases/serin", "serin-lease", "leader-election"),
    ] {
        let schema_uid = Api::<FlowSchema>::all(admin.clone()).get(schema).await?.uid();
        let level_uid = Api::<PriorityLevelConfiguration>::all(admin.clone()).get(level).await?.uid();
        let sorted = sorted(&serin, path).await?;
        ensure!(sorted == (schema_uid, level_uid), "{path} is sorted into {sorted:?}");
    }
    Ok(())
}

async fn sorted(client: &Client, path: &str) -> Result<(Option<String>, Option<String>)> {
    let answer = client.send(Request::get(path).body(Body::empty())?).await?;
    ensure!(answer.status().is_success(), "{path}: {}", answer.status());
    let header = |name| answer.headers().get(name).map(|value| value.to_str().map(str::to_owned)).transpose().context("an odd header");
    Ok((header("x-kubernetes-pf-flowschema-uid")?, header("x-kubernetes-pf-prioritylevel-uid")?))
}
