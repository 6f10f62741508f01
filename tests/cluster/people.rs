//! Who acts besides the tests' administrator, and with which program?

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;
use serin_dev::Tool;
use tokio::process::Command;

use super::ground::{Ground, wait};
use super::shop::Shop;

/// Somebody who may do in a test's namespace what one role says, and nothing anywhere else.
pub struct Person {
    pub name: String,
    pub kubeconfig: PathBuf,
    /// The test's namespace, as this person.
    pub shop: Shop,
}

impl Person {
    /// Gives this role to this user, and waits until the API server knows. Users are told apart by test: their rights end with their namespace.
    pub async fn with(ground: &Ground, shop: &Shop, name: &str, role: &str) -> Result<Self> {
        let name = format!("{name}-{}", shop.namespace);
        let kubeconfig = ground.plane.kubeconfig_for(&name, "people")?;
        let binding: RoleBinding = serde_json::from_value(json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
        }))?;
        Api::<RoleBinding>::namespaced(shop.client.clone(), &shop.namespace).create(&PostParams::default(), &binding).await?;
        let client = serin_dev::client(&kubeconfig).await?;
        let person = Self { name, kubeconfig, shop: Shop { client, namespace: shop.namespace.clone() } };
        let known = || async { may(&person.shop.client, &person.shop.namespace, "get", "rollouts").await.unwrap_or(false) };
        wait("the right to look", Duration::from_secs(30), known).await?;
        Ok(person)
    }

    /// Types a command, as `serin` of this build, in this namespace.
    pub async fn serin(&self, words: &[&str]) -> Result<Said> {
        run(env!("CARGO_BIN_EXE_serin").as_ref(), &self.kubeconfig, &self.shop, words).await
    }
}

/// Whether somebody has a right on `serin.dev`'s objects.
pub async fn may(client: &Client, namespace: &str, verb: &str, resource: &str) -> Result<bool> {
    let right = ResourceAttributes {
        group: Some("serin.dev".to_owned()),
        namespace: Some(namespace.to_owned()),
        resource: Some(resource.to_owned()),
        verb: Some(verb.to_owned()),
        ..ResourceAttributes::default()
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec { resource_attributes: Some(right), ..SelfSubjectAccessReviewSpec::default() },
        ..SelfSubjectAccessReview::default()
    };
    let answer = Api::<SelfSubjectAccessReview>::all(client.clone()).create(&PostParams::default(), &review).await?;
    Ok(answer.status.context("an answer")?.allowed)
}

/// What a program said, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// Fails unless it ended so, with these words on standard output, or on standard error where that is empty.
    pub fn expect(&self, code: i32, words: &[&str]) -> Result<&Self> {
        let text = if self.stdout.is_empty() { &self.stderr } else { &self.stdout };
        ensure!(self.code == Some(code) && words.iter().all(|word| text.contains(word)), "wanted {code} and {words:?}, got {self:?}");
        Ok(self)
    }
}

/// Types a command as the administrator, as `serin` of this build.
pub async fn serin(ground: &Ground, shop: &Shop, words: &[&str]) -> Result<Said> {
    run(env!("CARGO_BIN_EXE_serin").as_ref(), &ground.plane.kubeconfig(), shop, words).await
}

/// Types a kubectl command as the administrator.
pub async fn kubectl(ground: &Ground, shop: &Shop, words: &[&str]) -> Result<Said> {
    run(&ground.plane.tools().path(Tool::Kubectl), &ground.plane.kubeconfig(), shop, words).await
}

async fn run(program: &Path, kubeconfig: &Path, shop: &Shop, words: &[&str]) -> Result<Said> {
    let mut command = Command::new(program);
    command.args(words).args(["--namespace", &shop.namespace, "--kubeconfig"]).arg(kubeconfig).kill_on_drop(true);
    let Output { status, stdout, stderr } = command.output().await?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Said { code: status.code(), stdout: text(stdout), stderr: text(stderr) })
}
