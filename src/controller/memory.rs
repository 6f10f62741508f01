//! What is kept of one rollout between two passes? Nothing that cannot be asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use litemap::LiteMap;
use serde_json::Value;

use crate::api::{self, Invalid, Object, Providers, Shared};
use crate::audit::SinkName;
use crate::cluster::{Found, filled};
use crate::rollout::{Fields, Intent, Key, Question, Revision, Samples, Stepping, Template, Weight};

/// What is kept of one rollout.
#[derive(Debug)]
pub(super) struct Memory {
    /// The Rollout's uid: another one of the same name starts anew.
    pub(super) uid: String,
    /// The spec of the newest generation, parsed.
    parsed: Option<Arc<Parsed>>,
    /// What the API server last said of the template.
    pub(super) template: Template,
    /// The newest sample of each check.
    pub(super) samples: Samples,
    /// The step whose clock has begun and is not written yet.
    pub(super) begun: Option<Box<Stepping>>,
    /// Why the last change was refused.
    pub(super) refused: Option<String>,
    /// The newest event that was handed to the sinks.
    pub(super) offered: u64,
    /// When a sink last took an event.
    pub(super) heard: LiteMap<SinkName, DateTime<Utc>>,
    /// What a shadow said last that it would do.
    pub(super) said: BTreeMap<&'static str, BTreeSet<String>>,
    /// Questions that are under way.
    asking: BTreeSet<Asked>,
}

/// One generation of a spec.
#[derive(Debug)]
pub(super) struct Parsed {
    generation: i64,
    /// The Deployment's template and replicas that were filled in.
    running: Option<Filling>,
    /// From where its templates of checks were taken.
    taken: Taken,
    /// What those say, as far as it is known.
    pub(super) shared: Arc<Shared>,
    /// What its fields say, as digests.
    pub(super) fields: Fields,
    /// What it means.
    pub(super) intent: Result<Arc<Intent>, Invalid>,
    /// `spec.replicas`, where it can be read.
    pub(super) replicas: Option<u32>,
    /// The template's labels.
    pub(super) labels: LiteMap<String, String>,
    /// The images of the template.
    pub(super) images: Vec<String>,
    /// The Service that it names, if it does.
    pub(super) service: Option<String>,
}

/// From where the checks of templates are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Taken {
    /// From the templates at these versions.
    Now(BTreeMap<String, u64>),
    /// From what this attempt took when it began.
    Then(u32),
}

/// What of a Deployment that is taken over is filled into the spec.
#[derive(Clone, Debug, PartialEq)]
enum Filling {
    /// There is nothing to fill in; the text says why.
    Nothing(String),
    /// Its template, and the replicas where the spec names none.
    Of(Arc<Value>, Option<u32>),
}

impl Filling {
    /// Until it is held its replicas count; afterwards those that it had then, for it has none any more.
    fn new(found: &Found, then: Option<u32>, rollout: &str) -> Self {
        match found {
            Found::There(adoptee, template) if adoptee.is_held(rollout) => Self::Of(Arc::clone(template), then),
            Found::There(adoptee, template) => Self::Of(Arc::clone(template), Some(adoptee.desired)),
            Found::Missing => Self::Nothing("it does not exist; create it, or put its template into spec.template".to_owned()),
            Found::Unknown(text) => Self::Nothing(text.clone()),
        }
    }
}

/// What tells two questions apart: the same one is not asked twice at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// A dry run of this revision.
    DryRun(Revision),
    /// This check, in this attempt, at this step.
    Measure(String, u32, Weight),
}

impl Memory {
    pub(super) fn new(uid: String) -> Self {
        Self {
            uid,
            parsed: None,
            template: Template::Unasked,
            samples: Samples::default(),
            begun: None,
            refused: None,
            offered: 0,
            heard: LiteMap::new(),
            said: BTreeMap::new(),
            asking: BTreeSet::new(),
        }
    }

    /// The parsed spec of this object. The work is done once per generation.
    pub(super) fn parsed(
        &mut self,
        key: &Key,
        object: &Object,
        (found, adopted): (Option<&Found>, Option<u32>),
        templates: &BTreeMap<String, (u64, Arc<Value>)>,
        providers: &Providers,
    ) -> Arc<Parsed> {
        let generation = object.metadata.generation.unwrap_or(0);
        let running = found.map(|found| Filling::new(found, adopted, &key.name));
        let frozen = object.status.as_ref().ok().and_then(|status| status.taken());
        let now = || Taken::Now(templates.iter().map(|(name, (version, _))| (name.clone(), *version)).collect());
        let taken = frozen.map_or_else(now, |frozen| Taken::Then(frozen.attempt));
        let same = |parsed: &Arc<Parsed>| parsed.generation == generation && parsed.running == running && parsed.taken == taken;
        let known = self.parsed.take().filter(same);
        let parsed = known.unwrap_or_else(|| {
            let spec = object.spec();
            let find = |name: &str| templates.get(name).map(|(_, spec)| &**spec);
            let shared = frozen.map_or_else(|| api::shared(&spec, find), |frozen| Ok(frozen.shared.clone()));
            Arc::new(Parsed::new(key, generation, (spec, running), (taken, shared), providers))
        });
        self.parsed = Some(Arc::clone(&parsed));
        parsed
    }

    /// Whether a question may be asked now; if so, it is under way until [`Self::answered`].
    pub(super) fn may_ask(&mut self, asked: &Asked) -> bool {
        self.asking.insert(asked.clone())
    }

    /// A question is no longer under way.
    pub(super) fn answered(&mut self, asked: &Asked) {
        self.asking.remove(asked);
    }
}

impl Parsed {
    fn new(
        key: &Key,
        generation: i64,
        (spec, running): (Value, Option<Filling>),
        (taken, shared): (Taken, Result<Shared, Invalid>),
        providers: &Providers,
    ) -> Self {
        let fields = api::fields(&spec);
        let (spec, missing) = match &running {
            None => (spec, None),
            Some(Filling::Of(template, replicas)) => (filled(spec, template, *replicas), None),
            Some(Filling::Nothing(text)) => (spec, Some(text.clone())),
        };
        let intent = match missing {
            Some(text) => Err(Invalid::Workload(text)),
            None => api::parse((&key.namespace, &key.name), &spec, &shared, providers),
        };
        let labels = spec.pointer("/template/metadata/labels").and_then(Value::as_object).into_iter().flatten();
        Self {
            generation,
            running,
            taken,
            shared: Arc::new(shared.unwrap_or_default()),
            fields,
            intent: intent.map(Arc::new),
            replicas: spec.get("replicas").and_then(Value::as_u64).and_then(|replicas| u32::try_from(replicas).ok()),
            labels: labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
            images: spec.get("template").map(api::images).unwrap_or_default(),
            service: spec.get("service").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

impl Asked {
    /// What tells this question from others.
    pub(super) fn new(question: &Question) -> Self {
        match question {
            Question::DryRun { revision } => Self::DryRun(revision.clone()),
            Question::Measure { check, attempt, step, .. } => Self::Measure(check.clone(), *attempt, *step),
        }
    }
}
