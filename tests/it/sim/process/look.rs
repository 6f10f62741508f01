//! What does a pass get to see? What the production's index knows of the simulated cluster.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serin::audit::{Cluster, Origin, Teller};
use serin::cluster::{FINALIZER, Look, Wish, fit};
use serin::controller::{Ack, Seen};
use serin::rollout::{Child, Epoch, Lifetime, Observed, Pod, PodState, Revision, State, Weight, Workload, highest_epoch};

use super::{Life, Plan, sinks};
use crate::given;
use crate::sim::server::APP;
use crate::sim::server::objects::{SpecReading, UID};
use crate::sim::state::{Sim, key};

impl Sim {
    /// What a pass of this process sees now.
    pub(in crate::sim) fn look(&mut self, life: Life) -> Option<Seen> {
        let process = self.processes.get(&life)?;
        let Look { rollout, service, first, children, records, actions, .. } = process.index.look(&key())?;
        if let Ok(status) = &rollout.status
            && process.offered.seq() != status.audit.seq()
        {
            self.offer(life, &status.audit);
        }
        let process = self.processes.get_mut(&life)?;
        let metadata = &rollout.metadata;
        let generation = metadata.generation.unwrap_or_default();
        let spec = self.server.spec_of(usize::try_from(generation).expect("few generations"));
        let labels = [("app".to_owned(), APP.to_owned())].into_iter().collect();
        let at = process.heard.unwrap_or(self.now + process.skew);
        let ack = process.lanes.receipts(UID).remove(&sinks::name()).map(|receipt| Ack { receipt, at });
        let mut seen = Seen {
            version: metadata.resource_version.clone().unwrap_or_default(),
            generation,
            uid: UID.to_owned(),
            shared: Arc::default(),
            fields: spec.fields.clone(),
            replicas: (spec.reading != SpecReading::Nothing).then_some(spec.intent.replicas),
            intent: match spec.reading {
                SpecReading::All => Ok(Arc::clone(&spec.intent)),
                SpecReading::OnlyReplicas | SpecReading::Nothing => Err(serin::api::Invalid::NoRoom),
            },
            status: rollout.status.clone(),
            begun: process.begun.clone(),
            observed: Observed {
                name: key().name,
                // Each process that starts takes the lease; the one before may not know.
                epoch: Epoch::new(i64::try_from(life).expect("few processes")),
                created: given::noon(),
                lifetime: lifetime(metadata),
                service: fit(service.as_ref(), &Wish { service: Some("shop"), rollout: "checkout", first: &first, labels: &labels }),
                workload: Workload::None,
                children,
                records,
                template: process.template.clone(),
                samples: Vec::new(),
                actions,
                refused: process.refused.clone(),
            },
            sinks: [(sinks::name(), ack)].into(),
            teller: Teller { cluster: Cluster { name: "sim".to_owned(), uid: None }, controller: format!("serin-{life}") },
            origin: Origin::default(),
        };
        if let Ok(intent) = &seen.intent {
            let state = rollout.status.as_ref().ok().and_then(|status| status.state.as_ref());
            let now = state.and_then(State::trial).map(|(_, weight)| weight);
            let weights = intent.steps.iter().map(|step| step.weight).chain([Weight::FULL]).chain(now);
            let steps = weights.map(|weight| intent.split(weight).total());
            self.ledger.most = steps.max().unwrap_or(0).max(intent.replicas);
        }
        let state = seen.state().map(Cow::into_owned);
        let epoch = rollout.status.as_ref().map_or(seen.observed.epoch, |status| highest_epoch(&status.memo, &seen.observed));
        // Promises go by the newest answers alone, so that the plan needs no samples.
        let (known, serve) = without_pods(&mut seen);
        process.plan = Some(Arc::new(Plan {
            life,
            looked: self.server.version,
            serve,
            seen: known,
            answers: Arc::clone(&process.newest),
            state,
            epoch,
        }));
        seen.observed.samples = process.samples.all(self.now + process.skew);
        self.describe(life, &seen);
        Some(seen)
    }
}

fn lifetime(metadata: &ObjectMeta) -> Lifetime {
    let guarded = metadata.finalizers.iter().flatten().any(|name| name == FINALIZER);
    match (&metadata.deletion_timestamp, guarded) {
        (Some(_), _) => Lifetime::Deleting,
        (None, true) => Lifetime::Guarded,
        (None, false) => Lifetime::Unguarded,
    }
}

/// The same without pods, and the revisions that have a ready one: promises ask no more of them.
fn without_pods(seen: &mut Seen) -> (Arc<Seen>, BTreeSet<Revision>) {
    let ready = |child: &Child| child.pods.iter().any(|pod| matches!(pod.state, PodState::Ready { .. }));
    let serve = seen.observed.children.iter().filter(|(_, child)| ready(child)).map(|(revision, _)| revision.clone()).collect();
    let pods: Vec<Vec<Pod>> = seen.observed.children.values_mut().map(|child| std::mem::take(&mut child.pods)).collect();
    let known = Arc::new(seen.clone());
    seen.observed.children.values_mut().zip(pods).for_each(|(child, pods)| child.pods = pods);
    (known, serve)
}
