//! How does a test act and look? One namespace, one rollout named `checkout`, in the words of a user.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, ResourceQuota, Service};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use serin_dev::{create, objects_of};

use super::ground::Ground;

/// Every test's rollout.
pub const NAME: &str = "checkout";
/// Longer than any fact takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A namespace of its own for one test.
pub struct Shop {
    pub client: Client,
    pub namespace: String,
}

impl Shop {
    /// Makes the namespace.
    pub async fn open(ground: &Ground, test: &str) -> Result<Self> {
        let client = ground.plane.client().await?;
        let short: String = test.rsplit("::").next().unwrap_or(test).replace('_', "-").chars().take(50).collect();
        let namespace = short.trim_end_matches('-').to_owned();
        let object: Namespace = serde_json::from_value(json!({"metadata": {"name": namespace}}))?;
        Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &object).await?;
        Ok(Self { client, namespace })
    }

    pub fn rollouts(&self) -> Api<DynamicObject> {
        serin_dev::rollouts(&self.client, &self.namespace)
    }

    /// The Service that selects `app: checkout`, asked `rps` times a second.
    pub async fn service(&self, rps: u32) -> Result<()> {
        self.service_named(NAME, rps).await
    }

    pub async fn service_named(&self, name: &str, rps: u32) -> Result<()> {
        let object: Service = serde_json::from_value(json!({
            "metadata": {"name": name, "annotations": {"dev.serin/rps": rps.to_string()}},
            "spec": {"selector": {"app": NAME}, "ports": [{"port": 80}]},
        }))?;
        Api::<Service>::namespaced(self.client.clone(), &self.namespace).create(&PostParams::default(), &object).await?;
        Ok(())
    }

    /// Creates a Rollout named `checkout` with this spec.
    pub async fn create(&self, spec: Value) -> Result<()> {
        self.create_named(NAME, spec).await
    }

    pub async fn create_named(&self, name: &str, spec: Value) -> Result<()> {
        self.create_labelled(name, &json!({}), spec).await
    }

    pub async fn create_labelled(&self, name: &str, labels: &Value, spec: Value) -> Result<()> {
        let metadata = json!({"name": name, "labels": labels});
        let object =
            serde_json::from_value(json!({"apiVersion": "serin.dev/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": spec}))?;
        self.rollouts().create(&PostParams::default(), &object).await?;
        Ok(())
    }

    /// Creates the objects of a YAML text, in this namespace whatever they say.
    pub async fn apply(&self, text: &str) -> Result<()> {
        for mut object in objects_of(text)? {
            object.metadata.namespace = None;
            create(&self.client, &object, &self.namespace).await?;
        }
        Ok(())
    }

    /// Merges into the spec.
    pub async fn edit(&self, spec: Value) -> Result<()> {
        self.rollouts().patch(NAME, &PatchParams::default(), &Patch::Merge(json!({"spec": spec}))).await?;
        Ok(())
    }

    /// Sets the image, as CI does.
    pub async fn image(&self, tag: &str) -> Result<()> {
        self.edit(json!({"template": template(tag)})).await
    }

    /// Waits for a fact about the Rollout; a failure tells its last status.
    pub async fn until(&self, what: &str, fact: impl Fn(&Value) -> bool) -> Result<Value> {
        self.until_of(NAME, what, fact).await
    }

    pub async fn until_of(&self, name: &str, what: &str, fact: impl Fn(&Value) -> bool) -> Result<Value> {
        let begun = tokio::time::Instant::now();
        loop {
            let seen = serde_json::to_value(self.rollouts().get_opt(name).await?)?;
            if fact(&seen) {
                return Ok(seen);
            }
            if begun.elapsed() > PATIENCE {
                bail!("{what}: not within {} s; the last status is {:#}", PATIENCE.as_secs(), seen["status"]);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for a fact about a Deployment.
    pub async fn until_deployment(&self, name: &str, what: &str, fact: impl Fn(&Value) -> bool) -> Result<()> {
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        let begun = tokio::time::Instant::now();
        loop {
            let seen = serde_json::to_value(deployments.get_opt(name).await?)?;
            if fact(&seen) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{what}: not within {} s; the Deployment is {seen:#}", PATIENCE.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until v1 serves.
    pub async fn installed(&self) -> Result<Value> {
        self.until("installed", |r| phase(r) == "Idle" && reason(r) == "Settled").await
    }

    /// Waits until an attempt at this revision was promoted.
    pub async fn promoted(&self, revision: &str) -> Result<Value> {
        self.until("promoted", |r| phase(r) == "Idle" && r["status"]["stable"] == revision && reason(r) == "Settled").await
    }

    /// Waits until an attempt was given up and stable is back.
    pub async fn aborted(&self) -> Result<Value> {
        self.until("aborted", |r| phase(r) == "Idle" && reason(r) == "Rejected").await
    }

    /// Waits for a step's share to be reached.
    pub async fn at_weight(&self, weight: u64) -> Result<Value> {
        self.until(&format!("at {weight} %"), |r| {
            phase(r) == "Stepping"
                && r["status"]["weight"]["wanted"] == weight
                && r["status"]["state"]["stepping"]["clock"]["running"].is_object()
        })
        .await
    }

    /// Replicas that each Deployment of the rollout asks for, by revision; those with none are left out.
    pub async fn replicas(&self) -> Result<BTreeMap<String, i32>> {
        let all = self.deployments().await?;
        let of = |d: Deployment| Some((d.labels().get("serin.dev/revision")?.clone(), d.spec?.replicas?));
        Ok(all.into_iter().filter_map(of).filter(|(_, replicas)| *replicas > 0).collect())
    }

    pub async fn deployments(&self) -> Result<Vec<Deployment>> {
        Ok(Api::<Deployment>::namespaced(self.client.clone(), &self.namespace).list(&ListParams::default()).await?.items)
    }

    /// Names of the pods that a revision has, those that are being deleted left out.
    pub async fn pods(&self, revision: &str) -> Result<Vec<String>> {
        let chosen = ListParams::default().labels(&format!("serin.dev/revision={revision}"));
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.namespace).list(&chosen).await?.items;
        let mut names: Vec<String> =
            pods.into_iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).map(|pod| pod.name_any()).collect();
        names.sort();
        Ok(names)
    }

    /// Names of the pods that a node has.
    pub async fn pods_on(&self, node: &str) -> Result<Vec<String>> {
        let there = ListParams::default().fields(&format!("spec.nodeName={node}"));
        let pods = Api::<Pod>::namespaced(self.client.clone(), &self.namespace).list(&there).await?.items;
        Ok(pods.iter().map(ResourceExt::name_any).collect())
    }

    /// Deletes this namespace's pods on a node.
    pub async fn drain(&self, node: &str) -> Result<()> {
        let there = ListParams::default().fields(&format!("spec.nodeName={node}"));
        Api::<Pod>::namespaced(self.client.clone(), &self.namespace).delete_collection(&DeleteParams::default(), &there).await?;
        Ok(())
    }

    /// The events of this namespace's rollouts, once each, in order.
    pub fn events(&self, ground: &Ground) -> Result<Vec<Value>> {
        let mut ids = std::collections::BTreeSet::new();
        let all = ground.events()?.into_iter().map(|line| line["event"].clone());
        Ok(all.filter(|e| e["rollout"]["namespace"] == self.namespace.as_str() && ids.insert(e["id"].to_string())).collect())
    }

    /// The types of the events so far.
    pub fn told(&self, ground: &Ground) -> Result<Vec<String>> {
        Ok(self.events(ground)?.iter().filter_map(|e| e["type"].as_str().map(str::to_owned)).collect())
    }

    /// Waits until an event of this type is delivered.
    pub async fn hears(&self, ground: &Ground, kind: &str) -> Result<Value> {
        let begun = tokio::time::Instant::now();
        loop {
            let events = self.events(ground)?;
            if let Some(event) = events.iter().find(|e| e["type"] == kind) {
                return Ok(event.clone());
            }
            if begun.elapsed() > PATIENCE {
                bail!("no {kind}; told so far: {:?}", self.told(ground)?);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// From now on no further pod can be made here.
    pub async fn no_more_pods(&self) -> Result<Quota> {
        let all: Api<ResourceQuota> = Api::namespaced(self.client.clone(), &self.namespace);
        let object = serde_json::from_value(json!({"metadata": {"name": "full"}, "spec": {"hard": {"pods": "0"}}}))?;
        all.create(&PostParams::default(), &object).await?;
        // It holds once it was counted.
        let begun = tokio::time::Instant::now();
        while all.get("full").await?.status.and_then(|status| status.hard).is_none() {
            if begun.elapsed() > PATIENCE {
                bail!("the quota is not in force");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Quota(all))
    }

    pub async fn delete(&self, parameters: &DeleteParams) -> Result<()> {
        self.rollouts().delete(NAME, parameters).await.context("cannot delete the Rollout")?;
        Ok(())
    }
}

/// A quota that is used up.
pub struct Quota(Api<ResourceQuota>);

impl Quota {
    /// Pods can be made again.
    pub async fn lift(self) -> Result<()> {
        self.0.delete("full", &DeleteParams::default()).await?;
        Ok(())
    }
}

/// A template whose image tag says how its pods behave.
pub fn template(tag: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": NAME}},
        "spec": {"containers": [{"name": "app", "image": format!("registry.example/{NAME}:{tag}"), "ports": [{"containerPort": 8080}]}]},
    })
}

/// A quick rollout: short holds and windows, one check on the share of errors.
pub fn quick(replicas: u32, tag: &str) -> Value {
    json!({
        "replicas": replicas,
        "service": NAME,
        "template": template(tag),
        "steps": [{"weight": 25, "hold": "2s"}, {"weight": 50, "hold": "2s"}],
        "analysis": {"every": "1s", "warmUp": "1s", "checks": [errors_below(0.05)]},
    })
}

/// The share of failed requests that the canary answers.
pub fn errors_below(max: f64) -> Value {
    let errors = |codes: &str| {
        format!(r#"sum(rate(http_requests_total{{namespace="{{{{namespace}}}}",pod=~"{{{{canaryPods}}}}"{codes}}}[{{{{window}}}}]))"#)
    };
    let query = format!("({} or vector(0)) / {}", errors(r#",code=~"5..""#), errors(""));
    json!({"name": "errors", "threshold": {"query": query, "window": "4s", "max": max}})
}

/// The revision that a template gets.
pub fn revision(tag: &str) -> String {
    serin::api::revision(&template(tag)).to_string()
}

pub fn phase(rollout: &Value) -> &str {
    rollout["status"]["phase"].as_str().unwrap_or_default()
}

pub fn reason(rollout: &Value) -> &str {
    rollout["status"]["why"]["reason"].as_str().unwrap_or_default()
}

pub fn message(rollout: &Value) -> &str {
    rollout["status"]["why"]["message"].as_str().unwrap_or_default()
}

/// The status of a condition: `True`, `False`, `Unknown`, or nothing.
pub fn condition<'a>(rollout: &'a Value, kind: &str) -> &'a str {
    let conditions = rollout["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    conditions.iter().find(|c| c["type"] == kind).and_then(|c| c["status"].as_str()).unwrap_or_default()
}
