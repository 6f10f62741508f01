//! Who sends the requests? The only thing on the plane that is simulated: kwok's pods answer nobody.
//!
//! Every Service whose endpoint slices name pods gets a steady rate of requests, 50 a second unless its annotation `dev.serin/rps` says otherwise (0 is
//! no traffic). They are spread evenly over the ready endpoints, as kube-proxy does it, and counted per pod; the pod's image tag says how many fail
//! and how long they take ([`Tag`]). The annotation `dev.serin/warm` names
//! pods: all others are cold. The annotation `dev.serin/incident` is something that all pods share: so many percent fail at least.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::http::{StatusCode, header};
use axum::{Router, routing};
use futures::StreamExt;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::flow::Flow;
use crate::series::{Key, Series};
use crate::tag::Tag;
use crate::users;

/// Requests a second to a Service whose annotation does not say.
const USUAL_RATE: u32 = 50;
const RATE_ANNOTATION: &str = "dev.serin/rps";
const INCIDENT_ANNOTATION: &str = "dev.serin/incident";
const WARM_ANNOTATION: &str = "dev.serin/warm";
/// Set by Kubernetes: the Service that a slice belongs to.
const SERVICE_LABEL: &str = "kubernetes.io/service-name";
/// Five looks for each of Prometheus' scrapes.
const TICK: Duration = Duration::from_millis(200);

/// Plays the traffic until its task is dropped: sends, counts, and tells at `/metrics` and `/healthz`.
///
/// # Errors
/// The kubeconfig cannot be read, or the listener is broken.
pub async fn serve(kubeconfig: &Path, listener: TcpListener) -> Result<()> {
    let client = users::client(kubeconfig).await?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (services, watch_services) = watched::<Service>(&client);
    let (slices, watch_slices) = watched::<EndpointSlice>(&client);
    let (pods, watch_pods) = watched::<Pod>(&client);
    let series = Arc::new(Mutex::new(Series::default()));
    let app = page(series.clone(), (services.clone(), slices.clone(), pods.clone()));
    let play = async {
        let mut flows = BTreeMap::new();
        let mut last = Instant::now();
        let mut clock = tokio::time::interval(TICK);
        loop {
            clock.tick().await;
            let now = Instant::now();
            let mut series = series.lock().unwrap_or_else(PoisonError::into_inner);
            tick(&mut flows, &mut series, &look(&services, &slices, &pods), now, now - last);
            last = now;
        }
    };
    tokio::select! {
        served = async { axum::serve(listener, app).await } => served.context("the traffic cannot serve its page"),
        () = play => Ok(()),
        () = watch_services => Ok(()),
        () = watch_slices => Ok(()),
        () = watch_pods => Ok(()),
    }
}

/// The traffic in a thread and a runtime of its own, so that a test's runtime that blocks or ends does not stop it.
#[derive(Debug)]
pub(crate) struct Traffic {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Traffic {
    pub(crate) fn start(kubeconfig: PathBuf, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("the traffic's port is taken")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime for the traffic")?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("traffic".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    served = serve(&kubeconfig, listener) => if let Err(error) = served { eprintln!("the traffic ended: {error:#}") },
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What one look at the cluster saw of a Service.
#[derive(Debug)]
struct Target {
    rate: u32,
    /// How many thousandths of the requests fail at least, whatever the pod.
    incident: u32,
    /// By name; the tag is known for ready pods only.
    pods: BTreeMap<String, Option<Tag>>,
}

type Name = (String, String);

fn tick(flows: &mut BTreeMap<Name, Flow>, series: &mut Series, targets: &BTreeMap<Name, Target>, now: Instant, elapsed: Duration) {
    flows.retain(|name, _| targets.contains_key(name));
    let key = |(namespace, service): &Name, pod: &String| Key { namespace: namespace.clone(), service: service.clone(), pod: pod.clone() };
    let present: BTreeSet<Key> = targets.iter().flat_map(|(name, target)| target.pods.keys().map(move |pod| key(name, pod))).collect();
    series.keep(&present, now);
    for (name, target) in targets {
        let ready: Vec<_> = target.pods.iter().filter_map(|(pod, tag)| tag.map(|tag| (pod, tag))).collect();
        let counts = flows.entry(name.clone()).or_default().spread(target.rate, elapsed, ready.len());
        for ((pod, tag), requests) in ready.into_iter().zip(counts) {
            let errors_per_mille = tag.errors_per_mille.max(target.incident);
            series.count(&key(name, pod), requests, Tag { errors_per_mille, ..tag });
        }
    }
}

fn look(services: &Store<Service>, slices: &Store<EndpointSlice>, pods: &Store<Pod>) -> BTreeMap<Name, Target> {
    let mut targets: BTreeMap<Name, Target> = BTreeMap::new();
    for slice in slices.state() {
        let (Some(namespace), Some(service)) = (slice.namespace(), slice.labels().get(SERVICE_LABEL)) else { continue };
        let known = services.get(&ObjectRef::new(service).within(&namespace));
        let rate = known.as_ref().map_or(0, |service| number(service, RATE_ANNOTATION).unwrap_or(USUAL_RATE));
        let incident = known.as_ref().and_then(|service| number(service, INCIDENT_ANNOTATION)).map_or(0, |percent| percent.min(100) * 10);
        let warm: Option<Vec<&str>> =
            known.as_ref().and_then(|service| Some(service.annotations().get(WARM_ANNOTATION)?.split(',').collect()));
        let target =
            targets.entry((namespace.clone(), service.clone())).or_insert_with(|| Target { rate, incident, pods: BTreeMap::new() });
        for endpoint in &slice.endpoints {
            let Some(pod) = endpoint.target_ref.as_ref().and_then(|reference| reference.name.clone()) else { continue };
            let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true);
            let tag =
                ready.then(|| pods.get(&ObjectRef::new(&pod).within(&namespace))).flatten().and_then(|pod| tag(&pod, warm.as_deref()));
            target.pods.insert(pod, tag);
        }
    }
    targets
}

fn number(service: &Service, annotation: &str) -> Option<u32> {
    service.annotations().get(annotation).and_then(|text| text.parse().ok())
}

fn tag(pod: &Pod, warm: Option<&[&str]>) -> Option<Tag> {
    let container = pod.spec.as_ref()?.containers.first()?;
    let tag = Tag::of_image(container.image.as_deref().unwrap_or_default());
    let is_cold = warm.is_some_and(|warm| !warm.contains(&pod.name_any().as_str()));
    Some(if is_cold { tag.cold() } else { tag })
}

/// A view of all objects of a kind, and the future that keeps it fresh and never ends.
fn watched<K>(client: &Client) -> (Store<K>, impl Future<Output = ()> + use<K>)
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    let objects = watcher(Api::<K>::all(client.clone()), watcher::Config::default()).default_backoff().modify(|object| {
        object.managed_fields_mut().clear();
    });
    // Trouble is over when the watch works again; until then the last view counts.
    let watch = objects.reflect(writer).for_each(|_| async {});
    (store, async {
        watch.await;
        pending::<()>().await;
    })
}

type Views = (Store<Service>, Store<EndpointSlice>, Store<Pod>);

fn page(series: Arc<Mutex<Series>>, (services, slices, pods): Views) -> Router {
    let metrics = move || async move {
        let text = series.lock().unwrap_or_else(PoisonError::into_inner).page();
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
    };
    let health = move || async move {
        let all = async {
            services.wait_until_ready().await.is_ok() && slices.wait_until_ready().await.is_ok() && pods.wait_until_ready().await.is_ok()
        };
        match tokio::time::timeout(TICK, all).await {
            Ok(true) => (StatusCode::OK, "ok\n"),
            Ok(false) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the first look at the cluster is not complete\n"),
        }
    };
    Router::new().route("/metrics", routing::get(metrics)).route("/healthz", routing::get(health))
}
