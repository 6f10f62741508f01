//! What does a Rollout's status say to people, and to scripts?

use std::fmt;

use serde::Serialize;

use super::live;
use crate::api::{LastOutcome, Object, Reason, Shares, Status};

/// How wide the bar of the traffic is, in characters.
const BAR: i64 = 40;

/// Where a Rollout stands. As JSON its members stay what they are; new ones may come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    namespace: String,
    name: String,
    generation: i64,
    observed_generation: Option<i64>,
    phase: Option<String>,
    why: Option<Reason>,
    step: Option<String>,
    weight: Option<Shares>,
    attempt: Option<i64>,
    stable: Option<String>,
    canary: Option<String>,
    /// Young pods of stable's template that the canary was compared with at this exposure.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<u32>,
    last_outcome: Option<LastOutcome>,
    /// What a proof takes of the traffic that was seen last, check by check.
    proof: Vec<String>,
    /// What is worth changing although it works.
    warning: Option<String>,
    /// Events that not every required sink has yet.
    pending_events: usize,
}

impl Page {
    /// What the Rollout's status says.
    ///
    /// # Errors
    /// The status was not written by this version.
    pub(super) fn new(namespace: &str, name: &str, object: &Object) -> Result<Self, String> {
        let status = object.status.as_ref().map_err(Clone::clone)?;
        let page = Self::of(namespace, name, object.metadata.generation.unwrap_or_default(), status);
        Ok(Self { proof: live::proofs(namespace, name, object), ..page })
    }

    fn of(namespace: &str, name: &str, generation: i64, status: &Status) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            generation,
            observed_generation: status.observed_generation,
            phase: status.phase.clone(),
            why: status.why.clone(),
            step: status.step.clone(),
            weight: status.weight,
            attempt: status.attempt,
            stable: status.stable.clone(),
            canary: status.canary.clone(),
            baseline: baseline(status),
            last_outcome: status.last_outcome.clone(),
            proof: Vec::new(),
            warning: warning(status),
            pending_events: status.audit.pending().count(),
        }
    }

    /// The page with the canary's share as a bar, for whoever keeps looking at it.
    pub(super) fn live(&self) -> String {
        match self.weight {
            Some(weight) => format!("{self}traffic   {}\n", bar(weight)),
            None => self.to_string(),
        }
    }

    /// The page as one line.
    pub(super) fn line(&self) -> String {
        let step = self.step.as_ref().map_or_else(String::new, |step| format!(" {step}"));
        let weight = self.weight.and_then(|shares| shares.achieved).map_or_else(String::new, |share| format!(" {share}%"));
        let why = self.why.as_ref().map_or_else(String::new, |why| format!(" {}: {}", why.reason, why.message));
        format!("{}{step}{weight}{why}", self.phase.as_deref().unwrap_or("Unseen"))
    }

    /// The page as one JSON object on one line.
    pub(super) fn json_line(&self) -> String {
        serde_json::to_string(self).expect("plain data is always JSON")
    }

    /// The page as one JSON object.
    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data is always JSON")
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Rollout {}/{}", self.namespace, self.name)?;
        let Some(phase) = &self.phase else {
            return write!(f, "Serin has not looked at it yet; is the controller running?");
        };
        let mut line = |name: &str, text: &str| if text.is_empty() { Ok(()) } else { writeln!(f, "{name:<9} {text}") };
        line("phase", phase)?;
        line("why", &self.why.as_ref().map(|why| format!("{}: {}", why.reason, why.message)).unwrap_or_default())?;
        line("attempt", &self.attempt.filter(|number| *number > 0).map(|number| number.to_string()).unwrap_or_default())?;
        line("step", self.step.as_deref().unwrap_or_default())?;
        line("weight", &self.weight.as_ref().map(shares).unwrap_or_default())?;
        line("stable", self.stable.as_deref().unwrap_or("none yet"))?;
        line("canary", self.canary.as_deref().unwrap_or("none"))?;
        line("baseline", &self.baseline.map(|pods| format!("compared with {pods} young pods of stable's template")).unwrap_or_default())?;
        line("last", &self.last_outcome.as_ref().map(outcome).unwrap_or_default())?;
        self.proof.iter().try_for_each(|proof| line("proof", proof))?;
        line("events", &events(self.pending_events))?;
        line("warning", self.warning.as_deref().unwrap_or_default())?;
        let behind = self.observed_generation.is_none_or(|observed| observed < self.generation);
        line("note", if behind { "the newest change of the spec has not been looked at yet" } else { "" })
    }
}

/// The conditions that warn where they are False.
const WARNINGS: [&str; 3] = ["StepsAttainable", "TrafficByShare", "WritesAccepted"];

/// What they say: the steps ask for more than whole pods can give, a share of pods is not a share of requests, the cluster refuses a write.
fn warning(status: &Status) -> Option<String> {
    let warns = status.conditions.iter().filter(|c| WARNINGS.contains(&&*c.type_) && c.status == "False");
    let warnings: Vec<&str> = warns.map(|c| &*c.message).collect();
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

/// How many young pods stood for stable at the exposure in flight, if they did.
fn baseline(status: &Status) -> Option<u32> {
    let (_, step) = status.state.as_ref()?.trial()?;
    Some(status.evidence.baseline(step)).filter(|pods| *pods > 0)
}

fn shares(Shares { wanted, granted, achieved }: &Shares) -> String {
    let share = |percent: &Option<i64>, word: &str| percent.map_or_else(String::new, |percent| format!(", {percent}% {word}"));
    format!("{wanted}% wanted{}{}", share(granted, "granted"), share(achieved, "achieved"))
}

/// What the canary has, and what it may get, of all traffic.
fn bar(Shares { wanted, granted, achieved }: Shares) -> String {
    let cells = |percent: i64| usize::try_from(percent * BAR / 100).unwrap_or(0);
    let has = cells(achieved.unwrap_or(0));
    let may = cells(granted.unwrap_or(wanted)).saturating_sub(has);
    let rest = cells(100).saturating_sub(has + may);
    format!("[{}{}{}]", "#".repeat(has), "-".repeat(may), ".".repeat(rest))
}

fn outcome(LastOutcome { revision, result, message, reason: _, at: _ }: &LastOutcome) -> String {
    format!("{result} {revision}: {message}")
}

fn events(pending: usize) -> String {
    match pending {
        0 => "all are delivered".to_owned(),
        1 => "1 waits for its sinks".to_owned(),
        many => format!("{many} wait for their sinks"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn stepping() -> Status {
        Status {
            observed_generation: Some(7),
            phase: Some("Stepping".to_owned()),
            why: Some(Reason { reason: "Holding".to_owned(), message: "the step holds until 12:03:10 UTC".to_owned() }),
            attempt: Some(3),
            step: Some("2/3".to_owned()),
            weight: Some(Shares { wanted: 30, granted: Some(33), achieved: Some(33) }),
            stable: Some("0123456789".to_owned()),
            canary: Some("abcdef0123".to_owned()),
            last_outcome: Some(LastOutcome {
                revision: "9876543210".to_owned(),
                result: "Aborted".to_owned(),
                reason: Some("CheckFailed".to_owned()),
                message: "errors is 0.4, above 0.01".to_owned(),
                at: None,
            }),
            ..Status::default()
        }
    }

    #[test]
    fn a_rollout_in_flight_says_where_it_stands_and_why() {
        assert_snapshot!(Page::of("shop", "checkout", 7, &stepping()), @"
        Rollout shop/checkout
        phase     Stepping
        why       Holding: the step holds until 12:03:10 UTC
        attempt   3
        step      2/3
        weight    30% wanted, 33% granted, 33% achieved
        stable    0123456789
        canary    abcdef0123
        last      Aborted 9876543210: errors is 0.4, above 0.01
        events    all are delivered
        ");
    }

    #[test]
    fn young_pods_that_stand_for_stable_are_said() {
        let status = serde_json::json!({
            "phase": "Stepping",
            "state": {"stepping": {
                "attempt": {"number": 1, "stable": "0123456789", "canary": "abcdef0123"},
                "step": 25,
                "clock": {"running": {"since": "2026-01-01T00:00:00Z", "heldMillis": 0}},
            }},
            "evidence": {"attempt": 1, "baseline": {"25": 2, "50": 3}},
        });
        let status: Status = serde_json::from_value(status).expect("a status");
        let page = Page::of("shop", "checkout", 7, &status).to_string();
        assert!(page.contains("\nbaseline  compared with 2 young pods of stable's template\n"), "{page}");
    }

    #[test]
    fn whoever_keeps_looking_sees_the_share_as_a_bar() {
        let page = Page::of(
            "shop",
            "checkout",
            7,
            &Status { weight: Some(Shares { wanted: 30, granted: Some(33), achieved: Some(10) }), ..stepping() },
        );
        assert!(page.live().ends_with("\ntraffic   [####---------...........................]\n"), "{}", page.live());
        assert!(!Page::of("shop", "checkout", 7, &Status::default()).live().contains('['));
    }

    #[test]
    fn without_a_terminal_a_change_is_one_line() {
        assert_snapshot!(Page::of("shop", "checkout", 7, &stepping()).line(), @"Stepping 2/3 33% Holding: the step holds until 12:03:10 UTC");
        assert_snapshot!(Page::of("shop", "checkout", 7, &Status::default()).line(), @"Unseen");
    }

    #[test]
    fn what_conditions_warn_of_is_one_line() {
        let condition = |kind: &str, message: &str| {
            let written = serde_json::json!({
                "type": kind, "status": "False", "reason": "R", "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z",
            });
            serde_json::from_value(written).expect("a condition")
        };
        let conditions = [condition("Ready", "no"), condition("StepsAttainable", "30% becomes 50%"), condition("TrafficByShare", "sticky")];
        let page = Page::of("shop", "checkout", 7, &Status { conditions: conditions.into(), ..stepping() }).to_string();
        assert!(page.ends_with("warning   30% becomes 50%; sticky\n"), "{page}");
    }

    #[test]
    fn a_change_that_was_not_looked_at_is_noted() {
        let page = Page::of("shop", "checkout", 8, &stepping()).to_string();
        assert!(page.ends_with("note      the newest change of the spec has not been looked at yet\n"), "{page}");
    }

    #[test]
    fn a_rollout_that_nobody_looked_at_asks_for_the_controller() {
        assert_snapshot!(Page::of("shop", "checkout", 1, &Status::default()), @"
        Rollout shop/checkout
        Serin has not looked at it yet; is the controller running?
        ");
    }

    #[test]
    fn scripts_get_every_member_even_where_there_is_nothing() {
        assert_snapshot!(Page::of("shop", "checkout", 1, &Status::default()).json(), @r#"
        {
          "namespace": "shop",
          "name": "checkout",
          "generation": 1,
          "observedGeneration": null,
          "phase": null,
          "why": null,
          "step": null,
          "weight": null,
          "attempt": null,
          "stable": null,
          "canary": null,
          "lastOutcome": null,
          "proof": [],
          "warning": null,
          "pendingEvents": 0
        }
        "#);
    }
}
