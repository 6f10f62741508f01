//! What does Serin do on a cluster of the reader's own? As a guest: it comes with what it needs, and takes all of it away again.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, ResourceExt};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::demo::Afterwards;
use crate::fetch;
use crate::objects::{create, objects_in};
use crate::play::{Play, Script};
use crate::scratch::Scratch;
use crate::supervise::Supervised;
use crate::tools::last_lines;

/// The namespace and the Rollout in it.
const NAME: &str = "serin-demo";
/// A cluster far away, and caches of its size.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// Pods have half a minute to end.
const GONE_WITHIN: Duration = Duration::from_mins(2);

const SCRIPT: Script = Script {
    example: "examples/guest.yaml",
    good: ("the image in the spec becomes pause:3.10, as CI would do it: its pods run, so it earns its step", "registry.k8s.io/pause:3.10"),
    bad: (
        "the next image does not exist, so its pods cannot run: they say so, and that is the end of it",
        "registry.k8s.io/pause:3.10-nopull",
    ),
};

/// A cluster that is there already.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The kubeconfig file; the usual one where there is none.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub context: String,
}

/// Runs the demo on that cluster with this build of Serin, and removes everything that it made there.
///
/// # Errors
/// The cluster has Serin already, does not let us, or an act ends otherwise than it should.
pub async fn demo_as_guest(guest: &Guest, serin: &Path, afterwards: Afterwards) -> Result<()> {
    let (begun, config) = (Instant::now(), guest.config().await?);
    let url = config.cluster_url.clone();
    let client = Client::try_from(config)?;
    nothing_there(&client).await?;
    opening(&guest.context, &url.to_string())?;
    let scratch = Scratch::new(NAME)?;
    let play = Play::new(client.clone(), NAME, scratch.dir().join("log/serin.log"), begun);
    let outcome = stay(guest, serin, (&client, &scratch, &play), afterwards).await;
    // It outlives the Rollout, from which only Serin takes the finalizer.
    let (outcome, controller) = match outcome {
        Ok((outcome, controller)) => (outcome, Some(controller)),
        Err(error) => (Err(error), None),
    };
    leave(&client, &play, controller)
        .await
        .context("what the demo made on your cluster could not be removed: the namespace and the definitions")?;
    outcome
}

impl Guest {
    async fn config(&self) -> Result<Config> {
        let file = self.kubeconfig.as_ref().map_or_else(Kubeconfig::read, Kubeconfig::read_from).context("no kubeconfig can be read")?;
        let options = KubeConfigOptions { context: Some(self.context.clone()), ..KubeConfigOptions::default() };
        Config::from_custom_kubeconfig(file, &options).await.with_context(|| format!("the context {} cannot be used", self.context))
    }
}

fn opening(context: &str, url: &str) -> Result<()> {
    let text = format!(
        "This demo runs on your cluster {context} ({url}), with your own rights. It makes the namespace {NAME} and installs Serin's\n\
         definitions; Serin itself runs on this machine. Everything is real, and everything is removed at the end. There is no metrics\n\
         backend in it: what is known of a revision is what its pods say.\n"
    );
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Two controllers would write to the same Rollouts, and what we did not make is not ours to remove.
async fn nothing_there(client: &Client) -> Result<()> {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in definitions_of_ours()? {
        let name = definition.name_any();
        ensure!(
            definitions.get_opt(&name).await?.is_none(),
            "the cluster has {name} already: where Serin runs, a second controller would write to the same Rollouts. Take another cluster; if a demo \
             that broke off left it behind, `kubectl delete crd {name}` removes it with all Rollouts"
        );
    }
    ensure!(
        Api::<Namespace>::all(client.clone()).get_opt(NAME).await?.is_none(),
        "the cluster has a namespace {NAME} already; `kubectl delete namespace {NAME}` removes it"
    );
    Ok(())
}

fn definitions_of_ours() -> Result<Vec<DynamicObject>> {
    objects_in("crds")
}

/// Everything between coming and leaving; says how the play ended, and hands over the controller that still runs.
async fn stay(
    guest: &Guest,
    serin: &Path,
    (client, scratch, play): (&Client, &Scratch, &Play),
    afterwards: Afterwards,
) -> Result<(Result<()>, Supervised)> {
    for definition in definitions_of_ours()? {
        create(client, &definition, NAME).await?;
    }
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": NAME}}))?;
    Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await?;
    let controller = controller(guest, serin, scratch).await?;
    play.say("Serin is ready")?;
    let outcome = tokio::select! {
        outcome = play.acts(&SCRIPT) => outcome,
        _ = tokio::signal::ctrl_c() => return Ok((Err(anyhow::anyhow!("interrupted")), controller)),
    };
    if afterwards == Afterwards::Keep {
        play.say("\nEverything goes on until you press Ctrl-C. To look around, in another terminal:")?;
        play.say(&format!("  kubectl --context {} -n {NAME} get rollouts,deployments,pods", guest.context))?;
        tokio::signal::ctrl_c().await?;
    }
    Ok((outcome, controller))
}

/// Removes all that was made. Nothing of it was there before.
async fn leave(client: &Client, play: &Play, controller: Option<Supervised>) -> Result<()> {
    absent(play.rollouts().delete(NAME, &DeleteParams::default()).await)?;
    gone("the Rollout", || async { play.rollouts().get_opt(NAME).await.is_ok_and(|rollout| rollout.is_none()) }).await?;
    drop(controller);
    let namespaces: Api<Namespace> = Api::all(client.clone());
    absent(namespaces.delete(NAME, &DeleteParams::default()).await)?;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in definitions_of_ours()? {
        absent(definitions.delete(&definition.name_any(), &DeleteParams::default()).await)?;
    }
    gone("the namespace", || async { namespaces.get_opt(NAME).await.is_ok_and(|namespace| namespace.is_none()) }).await?;
    play.say("\neverything that the demo made is gone again")
}

/// What is not there needs not be deleted.
fn absent<T>(deleted: kube::Result<T>) -> Result<()> {
    match deleted {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn gone<F: Future<Output = bool>>(what: &str, look: impl Fn() -> F) -> Result<()> {
    let begun = Instant::now();
    while !look().await {
        ensure!(begun.elapsed() < GONE_WITHIN, "{what} is not gone within {} s", GONE_WITHIN.as_secs());
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Serin, on this machine, as whoever the context says.
async fn controller(guest: &Guest, serin: &Path, scratch: &Scratch) -> Result<Supervised> {
    // Nobody else takes the port between here and there, or the start fails in words.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let config = scratch.dir().join("serin.yaml");
    std::fs::write(&config, json!({"listen": address, "lease": {"namespace": NAME}}).to_string())?;
    let mut argv = vec![serin.display().to_string(), "run".to_owned(), "--log-format=json".to_owned()];
    argv.push(format!("--config={}", config.display()));
    argv.push(format!("--context={}", guest.context));
    argv.extend(guest.kubeconfig.iter().map(|file| format!("--kubeconfig={}", file.display())));
    let mut running = Supervised::start(&argv, &scratch.dir().join("log/serin.log"), &scratch.dir().join("live/serin"))?;
    let (url, begun) = (format!("http://{address}/readyz"), Instant::now());
    while !fetch::answers(&url).await {
        let said = || last_lines(&std::fs::read_to_string(scratch.dir().join("log/serin.log")).unwrap_or_default(), 20);
        if let Some(end) = running.ended() {
            bail!("the controller ended ({end}):\n{}", said());
        }
        ensure!(begun.elapsed() < READY_WITHIN, "the controller was not ready within {} s:\n{}", READY_WITHIN.as_secs(), said());
        sleep(Duration::from_millis(50)).await;
    }
    Ok(running)
}
