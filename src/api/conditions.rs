//! Which conditions do `kubectl wait`, kstatus and CI read?

use super::condition::{Condition, Word};
use super::render::{View, result_name};
use super::status::{Reason, Status};
use super::time::to_time;
use crate::rollout::{AttemptResult, Baking, Idle, Memo, Mood, Observed, Outage, Revision, RollingBack, ServiceView, State, cut, skewed};

/// The condition that warns where a share of pods is not a share of requests.
const SHARED: &str = "TrafficByShare";

/// Whether the cluster takes the writes of this rollout, those included that `why` has no place for.
const WRITES_ACCEPTED: &str = "WritesAccepted";

/// Whether the providers of metrics answer what the attempt in flight asks.
const PROVIDERS: &str = "ProvidersAnswer";

/// What the conditions are about, in their order.
pub(super) const KINDS: [&str; 9] =
    ["Ready", "Reconciling", "Stalled", "Promoted", "Aborted", "StepsAttainable", SHARED, WRITES_ACCEPTED, PROVIDERS];

/// Why they stand as they do in most Rollouts, beside what keeps a Rollout waiting.
pub(super) const REASONS: [&str; 11] =
    ["Promoted", "Installed", "Aborted", "Undecided", "Stable", "Attainable", "EachRequest", "NoService", "Accepted", "NotAsked", "Answer"];

/// How a condition stands, before it has a time.
struct Stand {
    kind: &'static str,
    status: &'static str,
    reason: &'static str,
    message: String,
}

/// What became of the spec's current revision.
enum Fate {
    /// It serves everything.
    Promoted { reason: &'static str, message: String },
    /// It was given up.
    Aborted { message: String },
    /// Its attempt goes on, waits, or cannot be told.
    Open,
}

/// All conditions in a fixed order; those that somebody else put there stay behind ours.
///
/// `Ready`, `Reconciling` and `Stalled` follow kstatus. `Promoted` and `Aborted` speak of the spec's current revision and are
/// Unknown while it is not decided, so that `kubectl wait --for=condition=Promoted` never answers for an older one.
pub(super) fn conditions(view: &View<'_>, why: &Reason, memo: &Memo, old: &[Condition]) -> Box<[Condition]> {
    let foreign = old.iter().filter(|condition| !KINDS.contains(&&*condition.type_)).cloned();
    let timed = stands(view, why, memo).into_iter().map(|Stand { kind, status, reason, message }| {
        let same = old.iter().find(|condition| condition.type_ == kind && condition.status == status);
        Condition {
            type_: Word::from(kind),
            status: Word::from(status),
            reason: Word::from(reason),
            message: message.into(),
            observed_generation: Some(view.generation),
            last_transition_time: same.map_or_else(|| to_time(view.now), |condition| condition.last_transition_time.clone()),
        }
    });
    timed.chain(foreign).collect()
}

fn stands(view: &View<'_>, why: &Reason, memo: &Memo) -> [Stand; 9] {
    let fate = fate(view);
    let mood = match (view.why.mood(), &fate) {
        // Nothing is ready before the spec's own revision serves.
        (Mood::Ready, Fate::Aborted { .. } | Fate::Open) => Mood::Working,
        (mood, _) => mood,
    };
    let is = |kind, wanted: Mood| {
        let (status, message) = if mood == wanted { ("True", why.message.clone()) } else { ("False", String::new()) };
        Stand { kind, status, reason: view.why.reason(), message }
    };
    let ready = Stand { message: why.message.clone(), ..is("Ready", Mood::Ready) };
    let [promoted, aborted] = match fate {
        Fate::Promoted { reason, message } => [("True", reason, message), ("False", reason, String::new())],
        Fate::Aborted { message } => [("False", "Aborted", message.clone()), ("True", "Aborted", message)],
        Fate::Open => [("Unknown", "Undecided", String::new()), ("Unknown", "Undecided", String::new())],
    };
    let stand = |kind, (status, reason, message)| Stand { kind, status, reason, message };
    [
        ready,
        is("Reconciling", Mood::Working),
        is("Stalled", Mood::Stuck),
        stand("Promoted", promoted),
        stand("Aborted", aborted),
        stand("StepsAttainable", attainable(view)),
        stand(SHARED, shared(&view.observed.service)),
        stand(WRITES_ACCEPTED, accepted(view)),
        stand(PROVIDERS, answering(view, memo)),
    ]
}

/// Writes that somebody has to permit again: a right that is missing, a policy, a quota.
fn accepted(view: &View<'_>) -> (&'static str, &'static str, String) {
    view.observed.refused.as_deref().map_or(("True", "Accepted", String::new()), |text| ("False", "Refused", cut(text)))
}

/// Providers that do not answer: what holds there is not the canary's doing.
fn answering(view: &View<'_>, memo: &Memo) -> (&'static str, &'static str, String) {
    let silent: Vec<String> = memo
        .silent(view.intent)
        .map(|(provider, Outage { since, text, .. })| format!("provider {provider} {text} (since {})", since.format("%H:%M:%S UTC")))
        .collect();
    match (view.state.and_then(State::trial), silent.is_empty()) {
        (Some(_), false) => ("False", "NoAnswer", cut(&silent.join("; "))),
        (Some(_), true) if !view.intent.checks.is_empty() => ("True", "Answer", String::new()),
        (Some(_) | None, true | false) => ("Unknown", "NotAsked", String::new()),
    }
}

/// Whether whole pods can give every step's share, and the baseline that it asks for: a warning from the first pass on, before a canary gets any
/// traffic.
fn attainable(view: &View<'_>) -> (&'static str, &'static str, String) {
    match (view.revision(), view.intent.far_steps(), view.intent.unpaired_steps()) {
        (None, _, _) => ("Unknown", "InvalidSpec", String::new()),
        (Some(_), None, None) => ("True", "Attainable", String::new()),
        (Some(_), None, Some(text)) => ("False", "NoBaseline", cut(&text)),
        (Some(_), Some(text), None) => ("False", "TooFewPods", cut(&text)),
        (Some(_), Some(far), Some(unpaired)) => ("False", "TooFewPods", cut(&format!("{far}; {unpaired}"))),
    }
}

/// Whether a share of pods is a share of requests.
fn shared(service: &ServiceView) -> (&'static str, &'static str, String) {
    match service {
        ServiceView::Fits => ("True", "EachRequest", String::new()),
        ServiceView::Skewed(skews) => ("False", skews.first().map_or("Skewed", |skew| skew.reason()), cut(&skewed(skews))),
        ServiceView::None => ("Unknown", "NoService", "no Service is named, so a share is one of the pods".to_owned()),
        ServiceView::Missing | ServiceView::Unfit(_) | ServiceView::Taken { .. } => ("Unknown", "Service", String::new()),
    }
}

impl Status {
    /// Whether the conditions that warn of the surroundings, the Service and refused writes, say what is seen of them now.
    pub fn warns_of(&self, observed: &Observed) -> bool {
        let told = |kind| self.conditions.iter().find(|condition| condition.type_ == kind);
        let (status, reason, message) = shared(&observed.service);
        let service = told(SHARED).is_some_and(|told| told.status == status && told.reason == reason && *told.message == *message);
        // The words of a refusal may hold a number that changes: whether there is one is what counts.
        let refused = told(WRITES_ACCEPTED).is_some_and(|told| told.status == "False");
        service && refused == observed.refused.is_some()
    }
}

fn fate(view: &View<'_>) -> Fate {
    let (Some(wanted), Some(state)) = (view.revision(), view.state) else { return Fate::Open };
    match state {
        State::Idle(idle) => idle_fate(idle, wanted),
        State::RollingBack(RollingBack { attempt, cause, .. })
            if attempt.canary == *wanted && matches!(cause.result(), AttemptResult::Aborted | AttemptResult::Undone) =>
        {
            Fate::Aborted { message: cut(&cause.to_string()) }
        }
        State::RollingBack(RollingBack { rejected: Some(rejected), cause, .. }) if rejected == wanted => {
            Fate::Aborted { message: cut(&cause.to_string()) }
        }
        State::Baking(Baking { attempt, .. }) if attempt.canary == *wanted => {
            Fate::Promoted { reason: "Baking", message: format!("revision {wanted} is stable and still watched") }
        }
        State::Installing(_)
        | State::Adopting(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => Fate::Open,
    }
}

fn idle_fate(idle: &Idle, wanted: &Revision) -> Fate {
    let Idle { last, rejected, .. } = idle;
    if rejected.as_ref() == Some(wanted) {
        Fate::Aborted { message: cut(&last.message) }
    } else if !idle.serves(wanted) {
        Fate::Open
    } else if last.revision == *wanted {
        Fate::Promoted { reason: result_name(last.result), message: cut(&last.message) }
    } else {
        // The template went back to what was stable all along.
        Fate::Promoted { reason: "Stable", message: format!("revision {wanted} is stable") }
    }
}
