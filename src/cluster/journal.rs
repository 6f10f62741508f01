//! Where is kept what the controller tells of itself, and how is that read and written?

use http::{Method, Request};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use serde_json::json;

use super::error::Error;
use super::lease::LeaseName;
use super::requests::{self, BY_US, JSON, MERGE};
use crate::audit::{JOURNAL, Journal};

/// The key of the hash of its newest event, for people and for whoever signs it.
const HEAD: &str = "head";

/// One ConfigMap beside the Lease, with the Lease's name and this end. Only the leader writes it, and nobody watches it.
#[derive(Clone)]
pub struct JournalStore {
    client: Client,
    name: LeaseName,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its resourceVersion.
    pub version: String,
    /// The journal's text, where there is one.
    pub text: Option<String>,
}

impl JournalStore {
    /// The journal of whoever holds this Lease, through this client.
    pub fn new(client: Client, lease: &LeaseName) -> Self {
        let LeaseName { namespace, name } = lease;
        Self { client, name: LeaseName { namespace: namespace.clone(), name: format!("{name}-events") } }
    }

    /// Reads it; nothing where it was never written.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn read(&self) -> Result<Option<Stored>, Error> {
        match self.call("reading the controller's own events", read_journal(&self.name)).await {
            Ok(object) => Ok(Some(stored(object))),
            Err(Error::Gone { .. }) => Ok(None),
            Err(error @ (Error::Changed { .. } | Error::Refused { .. } | Error::NoAnswer { .. })) => Err(error),
        }
    }

    /// Writes it onto the version that was read, or makes it; says the new version.
    ///
    /// # Errors
    /// [`Error::Changed`] where somebody else wrote or made it, [`Error::Gone`] where it is not there any more.
    pub async fn write(&self, version: Option<&str>, text: &str, head: &str) -> Result<String, Error> {
        let request = write_journal(&self.name, version, text, head);
        Ok(stored(self.call("writing the controller's own events", request).await?).version)
    }

    async fn call(&self, what: &str, request: Request<Vec<u8>>) -> Result<ConfigMap, Error> {
        self.client.request(request).await.map_err(|error| Error::new(what, &error))
    }
}

fn stored(object: ConfigMap) -> Stored {
    let text = object.data.as_ref().and_then(Journal::text_in).map(str::to_owned);
    Stored { version: object.metadata.resource_version.unwrap_or_default(), text }
}

/// Reads the journal of that name.
pub fn read_journal(name: &LeaseName) -> Request<Vec<u8>> {
    requests::bare(Method::GET, &place(name), JSON, Vec::new())
}

/// Writes it. Twice: the second conflicts. Late: so does that, because whoever leads now wrote first. What others put beside it stays.
pub fn write_journal(name: &LeaseName, version: Option<&str>, text: &str, head: &str) -> Request<Vec<u8>> {
    let data = json!({JOURNAL: text, HEAD: head});
    match version {
        Some(version) => {
            let body = json!({"metadata": {"resourceVersion": version}, "data": data});
            requests::send(Method::PATCH, &format!("{}?{BY_US}", place(name)), MERGE, &body)
        }
        None => {
            let LeaseName { namespace, name } = name;
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data});
            requests::send(Method::POST, &format!("/api/v1/namespaces/{namespace}/configmaps?{BY_US}"), JSON, &body)
        }
    }
}

fn place(LeaseName { namespace, name }: &LeaseName) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/{name}")
}
