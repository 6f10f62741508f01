//! Do the canary's pods run? Needs no metrics backend and is always asked.

use chrono::{DateTime, TimeDelta, Utc};

use super::failure;
use crate::rollout::{Attempt, Child, Observed, Pod, PodState, Revision, Verdict};

/// How this check is called in messages and events.
pub(super) const NAME: &str = "workload";

/// How long a pod may have lost its readiness before it counts: one failed round of the kubelet's default probes is noise.
pub(super) const REGRESSION: TimeDelta = TimeDelta::seconds(10);

/// A pod that runs, but whose containers ended with an error this often, is not well.
const RESTARTS: u32 = 3;

/// Stable suffers alike where at least one in so many of its pods does: in a large fleet one of them is always unwell.
const ALIKE: usize = 10;

/// What a pod says of its revision.
enum Sign {
    /// It serves.
    Good,
    /// It says nothing: it leaves, has no node, or starts.
    None,
    /// It is broken in a way that other revisions would not be.
    Final(String),
    /// It is broken in a way that something shared may have caused.
    Doubtful(String),
    /// What it needs does not answer.
    Blocked(String),
}

/// Fails on what a container itself names as final, on repeated errors and on lost readiness, unless stable pods suffer alike.
pub(super) fn judge(attempt: &Attempt, seen: &Observed, now: DateTime<Utc>) -> Verdict {
    let canary: Vec<Sign> = pods(seen, &attempt.canary).map(|pod| sign(pod, now)).collect();
    let stable_suffers = suffers_alike(&pods(seen, &attempt.stable).collect::<Vec<_>>());
    let mut blocked = None;
    for sign in &canary {
        match sign {
            Sign::Final(text) => return failure(NAME, format!("{NAME}: {text}")),
            Sign::Doubtful(text) if !stable_suffers => return failure(NAME, format!("{NAME}: {text}")),
            Sign::Doubtful(text) => blocked = Some(format!("{text}; stable pods suffer alike, so the canary is not blamed")),
            Sign::Blocked(text) => blocked = Some(text.clone()),
            Sign::Good | Sign::None => {}
        }
    }
    let good = canary.iter().filter(|sign| matches!(sign, Sign::Good)).count();
    match (blocked, good) {
        (Some(text), _) => Verdict::Inconclusive(format!("{NAME}: {text}")),
        (None, 0) => Verdict::Inconclusive(format!("{NAME}: no canary pod is ready yet")),
        (None, good) => Verdict::Pass(format!("{NAME}: {good} ready")),
    }
}

/// Whether stable is unwell now, so that something shared may be the cause. Lost readiness counts at once here: where all pods lose it,
/// chance decides which is first. What a serving pod went through before does not count.
fn suffers_alike(stable: &[&Pod]) -> bool {
    let unwell = |pod: &&&Pod| match &pod.state {
        PodState::Broken { .. } | PodState::Crashing { .. } | PodState::Regressed { .. } => true,
        PodState::Unready => failing(pod).is_some(),
        PodState::Leaving
        | PodState::Unscheduled
        | PodState::Starting
        | PodState::Blocked { .. }
        | PodState::Unreachable
        | PodState::Ready { .. } => false,
    };
    let unwell = stable.iter().filter(unwell).count();
    unwell > 0 && unwell.saturating_mul(ALIKE) >= stable.len()
}

/// The exit code of a pod whose containers ended with an error too often.
fn failing(pod: &Pod) -> Option<i32> {
    pod.last_exit.filter(|code| *code != 0 && pod.restarts >= RESTARTS)
}

/// When the next lost readiness begins to count.
pub(super) fn wake(attempt: &Attempt, seen: &Observed, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    pods(seen, &attempt.canary)
        .filter_map(|pod| if let PodState::Regressed { since } = pod.state { Some(since + REGRESSION) } else { None })
        .filter(|at| *at > now)
        .min()
}

fn pods<'a>(seen: &'a Observed, revision: &Revision) -> impl Iterator<Item = &'a Pod> {
    seen.children.get(revision).map(|Child { pods, .. }| pods).into_iter().flatten()
}

fn sign(pod: &Pod, now: DateTime<Utc>) -> Sign {
    let Pod { name, state, restarts, .. } = pod;
    match state {
        PodState::Leaving | PodState::Unscheduled | PodState::Starting | PodState::Unreachable => Sign::None,
        PodState::Broken { reason } => Sign::Final(format!("pod {name}: {reason}")),
        PodState::Crashing { reason } => Sign::Doubtful(format!("pod {name}: {reason}")),
        PodState::Blocked { reason } => Sign::Blocked(format!("pod {name}: {reason}")),
        PodState::Regressed { since } if now - *since >= REGRESSION => {
            Sign::Doubtful(format!("pod {name} lost its readiness {} s ago", (now - *since).num_seconds()))
        }
        PodState::Unready | PodState::Regressed { .. } | PodState::Ready { .. } => match (failing(pod), state) {
            (Some(code), _) => Sign::Doubtful(format!("pod {name} restarted {restarts} times, last with exit code {code}")),
            (None, PodState::Ready { .. }) => Sign::Good,
            (None, _) => Sign::None,
        },
    }
}
