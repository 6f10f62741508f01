//! Can the shared Service carry a rollout?

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use litemap::LiteMap;
use serde::Deserialize;

use super::meta::ROLLOUT;
use crate::api::{TOPOLOGY, slim};
use crate::rollout::{ServiceView, Skew};

/// A Service, as far as it is looked at.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = "k8s_openapi::api::core::v1::Service")]
pub struct Service {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    pub(super) spec: ServiceSpec,
}

/// The part of a Service's spec that decides whether traffic can be shifted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// Which pods it sends traffic to.
    selector: BTreeMap<String, String>,
    /// `ExternalName` is a mere alias in DNS.
    #[serde(rename = "type")]
    kind: String,
    /// Whether pods get traffic before they are ready.
    publish_not_ready_addresses: bool,
    /// `None` where it has no address of its own.
    #[serde(rename = "clusterIP")]
    cluster_ip: String,
    session_affinity: String,
    internal_traffic_policy: String,
    external_traffic_policy: String,
    traffic_distribution: Option<String>,
    /// Whether an annotation asks for pods that are near.
    #[serde(skip)]
    hints: bool,
}

/// Who wants to use a Service, and for which pods.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The Service's name, where the Rollout names one.
    pub service: Option<&'a str>,
    /// The Rollout's name.
    pub rollout: &'a str,
    /// The oldest Rollout that names this Service.
    pub first: &'a str,
    /// The labels of the pod template.
    pub labels: &'a LiteMap<String, String>,
}

/// What is looked at of a Service.
pub fn service_view(service: Service) -> ServiceSpec {
    let auto = |(name, mode): (&String, &String)| name.starts_with(TOPOLOGY) && mode.eq_ignore_ascii_case("auto");
    let hints = service.metadata.annotations.iter().flatten().any(auto);
    ServiceSpec { hints, ..service.spec }
}

/// Whether the Service can carry the rollout; if not, why, and what to do.
pub fn fit(service: Option<&ServiceSpec>, wish: &Wish<'_>) -> ServiceView {
    let Wish { service: name, rollout, first, labels } = *wish;
    let Some(name) = name else { return ServiceView::None };
    let Some(spec @ ServiceSpec { selector, kind, publish_not_ready_addresses, .. }) = service else { return ServiceView::Missing };
    if first != rollout {
        return ServiceView::Taken { by: first.to_owned() };
    }
    let unfit = |text: String| ServiceView::Unfit(format!("the Service {name} {text}"));
    if kind == "ExternalName" {
        return unfit("is of type ExternalName and selects no pods; use one of type ClusterIP".to_owned());
    }
    if selector.is_empty() {
        return unfit("has no selector; give it labels of the pod template".to_owned());
    }
    if *publish_not_ready_addresses {
        return unfit("has publishNotReadyAddresses, so pods get traffic before they are ready; set it to false".to_owned());
    }
    // Our own label stands on every pod of the rollout, whatever its revision.
    let carried = |key: &str| if key == ROLLOUT { Some(rollout) } else { labels.get(key).map(String::as_str) };
    let strange = selector.iter().find(|(key, value)| carried(key) != Some(value.as_str()));
    match (strange, skews(spec)) {
        (Some((key, value)), _) => unfit(format!("selects {key}={value}, which is no label of the pod template; make them agree")),
        (None, skews) if skews.is_empty() => ServiceView::Fits,
        (None, skews) => ServiceView::Skewed(skews),
    }
}

/// What keeps it from handing each request to any of its pods.
fn skews(spec: &ServiceSpec) -> Vec<Skew> {
    let ServiceSpec { cluster_ip, session_affinity, internal_traffic_policy, external_traffic_policy, traffic_distribution, hints, .. } =
        spec;
    let found = [
        (cluster_ip == "None", Skew::Headless),
        (session_affinity == "ClientIP", Skew::SessionAffinity),
        (*hints || traffic_distribution.is_some(), Skew::Topology),
        (internal_traffic_policy == "Local", Skew::InternalLocal),
        (external_traffic_policy == "Local", Skew::ExternalLocal),
    ];
    found.into_iter().filter_map(|(is_so, skew)| is_so.then_some(skew)).collect()
}
