//! How is the Lease read and written?

use chrono::{DateTime, SecondsFormat, Utc};
use http::{Method, Request};
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::error::Error;
use super::requests::{self, BY_US, JSON, MERGE};
use crate::lease::{Answer, Ask, Record, Terms};
use crate::rollout::Epoch;

/// Which Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// One Lease, and how it is reached.
#[derive(Clone)]
pub struct Leases {
    client: Client,
    name: LeaseName,
    terms: Terms,
}

/// A Lease, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Read {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<i64>,
    lease_transitions: Option<i64>,
    acquire_time: Option<String>,
    renew_time: Option<String>,
}

impl Leases {
    /// That Lease, through this client.
    pub fn new(client: Client, name: LeaseName, terms: Terms) -> Self {
        Self { client, name, terms }
    }

    /// Asks once. What it writes says that it was now.
    ///
    /// # Errors
    /// Why there is no answer that says anything of the Lease.
    pub async fn ask(&self, ask: &Ask, now: DateTime<Utc>) -> Result<Answer, Error> {
        let now = now.to_rfc3339_opts(SecondsFormat::Micros, true);
        let what = match ask {
            Ask::Read => "reading the lease",
            Ask::Create(_) => "making the lease",
            Ask::Write(..) => "writing the lease",
        };
        match self.call(what, lease_request(&self.name, ask, &now)).await {
            Ok(Read { metadata, spec }) => Ok(Answer::Lease(metadata.resource_version, spec.into())),
            Err(Error::Gone { .. }) => Ok(Answer::Missing),
            Err(Error::Changed { .. }) => Ok(Answer::Conflict),
            Err(error @ (Error::Refused { .. } | Error::NoAnswer { .. })) => Err(error),
        }
    }

    async fn call(&self, what: &str, request: Request<Vec<u8>>) -> Result<Read, Error> {
        match timeout(self.terms.call(), self.client.request(request)).await {
            Ok(answer) => answer.map_err(|error| Error::new(what, &error)),
            Err(_) => Err(Error::late(what)),
        }
    }
}

/// The request that asks it. Fields and labels of others stay.
pub fn lease_request(LeaseName { namespace, name }: &LeaseName, ask: &Ask, now: &str) -> Request<Vec<u8>> {
    let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
    match ask {
        Ask::Read => requests::bare(Method::GET, &format!("{leases}/{name}"), JSON, Vec::new()),
        Ask::Create(record) => {
            let metadata = json!({"name": name, "namespace": namespace});
            let body = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec(record, now)});
            requests::send(Method::POST, &format!("{leases}?{BY_US}"), JSON, &body)
        }
        Ask::Write(version, record) => {
            let body = json!({"metadata": {"resourceVersion": version}, "spec": spec(record, now)});
            requests::send(Method::PATCH, &format!("{leases}/{name}?{BY_US}"), MERGE, &body)
        }
    }
}

fn spec(record: &Record, now: &str) -> Value {
    json!({
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.seconds,
        "leaseTransitions": record.epoch.number(),
        "acquireTime": record.acquired.as_deref().unwrap_or(now),
        "renewTime": now,
    })
}

impl From<Spec> for Record {
    fn from(spec: Spec) -> Self {
        Self {
            holder: spec.holder_identity.unwrap_or_default(),
            seconds: spec.lease_duration_seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0),
            epoch: Epoch::new(spec.lease_transitions.unwrap_or(0)),
            acquired: spec.acquire_time,
            renewed: spec.renew_time,
        }
    }
}
