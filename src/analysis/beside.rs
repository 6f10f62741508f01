//! Beside which of stable's pods is the canary compared now, and from when on?

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::rollout::{Attempt, Baseline, Intent, Observed, Revision, Verdict, Weight};

/// Both sides of a comparison.
pub(super) struct Beside<'a> {
    /// The attempt, with whom stable's side is told of.
    pub(super) attempt: Cow<'a, Attempt>,
    /// Who tells of the time before the attempt, where young pods stand for stable.
    pub(super) past: Option<&'a Revision>,
    /// How many young pods that are; none where stable itself is compared with.
    pub(super) young: u32,
    /// Nothing that was measured before this time lets exposure grow.
    pub(super) gate: Option<DateTime<Utc>>,
    /// Since when there is a ready pod on both sides.
    pub(super) ready: Option<DateTime<Utc>>,
    /// What has to be said of it.
    told: String,
}

impl<'a> Beside<'a> {
    /// The sides of an attempt on trial whose samples count from then on, and whose canary is ready since then; or why nothing is compared now. Young
    /// pods count from when on all of them are ready, and warm like the canary's.
    pub(super) fn of(
        intent: &Intent,
        (attempt, step): (&'a Attempt, Weight),
        (gate, ready): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        seen: &Observed,
    ) -> Result<Self, String> {
        let wanted = intent.baseline(step);
        if wanted == 0 {
            let told = match intent.baseline {
                Baseline::Stable => String::new(),
                Baseline::Pods if step == Weight::FULL => {
                    return Err("baseline pods are there during the steps, so nothing is compared after them".to_owned());
                }
                Baseline::Pods => "; compared with stable's old pods, for there is no room for baseline pods at this exposure".to_owned(),
            };
            return Ok(Self { attempt: Cow::Borrowed(attempt), past: None, young: 0, gate, ready, told });
        }
        let Some(since) = seen.young_for(&attempt.stable, wanted) else { return Err(missing(attempt, wanted, seen)) };
        let warm = since + intent.warm_up;
        let pods = if wanted == 1 { "pod" } else { "pods" };
        Ok(Self {
            attempt: Cow::Owned(attempt.beside_young()),
            past: Some(&attempt.stable),
            young: wanted,
            gate: gate.max(Some(warm)),
            ready: ready.map(|ready| ready.max(since)),
            told: format!("; compared with {wanted} baseline {pods}"),
        })
    }

    /// A verdict that says with whom the canary was compared.
    pub(super) fn told(&self, verdict: Verdict) -> Verdict {
        let told = |text: String| text + &self.told;
        match verdict {
            Verdict::Pass(text) => Verdict::Pass(told(text)),
            Verdict::Inconclusive(text) => Verdict::Inconclusive(told(text)),
            Verdict::Error(text) => Verdict::Error(text),
            Verdict::Fail(mut failure) => {
                failure.message = told(failure.message);
                Verdict::Fail(failure)
            }
        }
    }
}

/// Why there are no young pods to compare with.
fn missing(Attempt { stable, .. }: &Attempt, wanted: u32, seen: &Observed) -> String {
    let why = if seen.records.contains_key(stable) || seen.baseline_of(stable).is_some() {
        format!("{} of {wanted} baseline pods are ready, which the canary is compared with", seen.young(stable))
    } else {
        format!("the template of revision {stable} is not stored any more, so that there are no baseline pods to compare with")
    };
    format!("{why}; holding, this is not a failure")
}
