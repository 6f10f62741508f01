//! How does somebody log in to the plane?

use std::path::Path;

use anyhow::{Context, Result};
use axum::http::Request;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleRef, Subject};
use kube::api::{ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};

use crate::pki::Identity;

/// The user of the traffic process.
pub(crate) const TRAFFIC: &str = "serin-dev:traffic";
/// Longer than any test or demo.
const TOKEN_LIFE_S: i64 = 86_400;

/// A client for a kubeconfig file, in the runtime that this is called in.
///
/// # Errors
/// The file cannot be read or is no kubeconfig.
pub async fn client(kubeconfig: &Path) -> Result<Client> {
    Ok(Client::try_from(config(kubeconfig).await?)?)
}

/// A client that reports trouble at once instead of trying again for minutes; a `429` is trouble, too.
///
/// # Errors
/// The file cannot be read or is no kubeconfig.
pub async fn impatient_client(kubeconfig: &Path) -> Result<Client> {
    let mut config = config(kubeconfig).await?;
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}

pub(crate) fn write_for_certificate(path: &Path, server: &str, authority: &Path, identity: &Identity) -> Result<()> {
    write(path, server, authority, &json!({"client-certificate": identity.certificate, "client-key": identity.key}))
}

pub(crate) fn write_for_token(path: &Path, server: &str, authority: &Path, token: &str) -> Result<()> {
    write(path, server, authority, &json!({"token": token}))
}

/// A fresh token of a service account.
pub(crate) async fn token(client: Client, namespace: &str, name: &str) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client, namespace);
    let spec = TokenRequestSpec { audiences: vec![], bound_object_ref: None, expiration_seconds: Some(TOKEN_LIFE_S) };
    let request = TokenRequest { metadata: ObjectMeta::default(), spec, status: None };
    let answer = accounts.create_token_request(name, &PostParams::default(), &request).await;
    let answer = answer.with_context(|| format!("no token for the service account {namespace}/{name}"))?;
    Ok(answer.status.context("the API server answered without a token")?.token)
}

/// The traffic reads pods and endpoints everywhere and writes nothing.
pub(crate) async fn allow_traffic(client: Client) -> Result<()> {
    let binding = ClusterRoleBinding {
        metadata: ObjectMeta { name: Some("serin-dev-traffic".to_owned()), ..ObjectMeta::default() },
        role_ref: RoleRef { api_group: "rbac.authorization.k8s.io".to_owned(), kind: "ClusterRole".to_owned(), name: "view".to_owned() },
        subjects: Some(vec![Subject {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "User".to_owned(),
            name: TRAFFIC.to_owned(),
            namespace: None,
        }]),
    };
    Api::all(client).create(&PostParams::default(), &binding).await.context("cannot give the traffic its rights")?;
    Ok(())
}

/// Pods can be created only once there is an account for them.
pub(crate) async fn default_account_exists(client: &Client) -> bool {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    accounts.get("default").await.is_ok()
}

/// True if the API server answers with success at a path like `/readyz`.
pub(crate) async fn api_says(client: &Client, path: &str) -> bool {
    let Ok(request) = Request::get(path).body(Vec::new()) else { return false };
    client.request_text(request).await.is_ok()
}

async fn config(kubeconfig: &Path) -> Result<Config> {
    let file = Kubeconfig::read_from(kubeconfig).with_context(|| format!("cannot read {}", kubeconfig.display()))?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
    config.with_context(|| format!("{} is no usable kubeconfig", kubeconfig.display()))
}

fn write(path: &Path, server: &str, authority: &Path, user: &Value) -> Result<()> {
    let text = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plane",
        "clusters": [{"name": "plane", "cluster": {"server": server, "certificate-authority": authority}}],
        "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "user", "namespace": "default"}}],
        "users": [{"name": "user", "user": user}],
    });
    std::fs::write(path, format!("{text:#}\n")).with_context(|| format!("cannot write {}", path.display()))
}
