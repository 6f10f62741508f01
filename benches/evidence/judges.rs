//! Who would abort, and when? The product's judge, and the rules of others as their documentation has them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serin::analysis::sequential::Need;
use serin::analysis::{Evidence, judge};
use serin::api::{Providers, parse};
use serin::rollout::{
    Attempt, Child, Clock, Count, Counted, Counts, Epoch, Fence, Intent, Lifetime, Meaning, Newest, Observed, Pod, PodState, Reading,
    Revision, Sample, ServiceView, Settled, State, Stepping, Template, Upkeep, Verdict, Weight, Workload,
};

use super::ranks;
use super::scenarios::{EVERY, SHARES, STEP};
use super::traffic::BEFORE;

/// A rule that aborts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `sequential: {of: errors}`.
    Serin,
    /// `compare: {of: errors}`.
    Compare,
    /// Argo Rollouts' documented example: 95 % of the last minute succeed, at most three failures.
    Argo,
    /// Flagger's documented example, looked at every ten seconds: 99 % of the last minute succeed, fewer than five failures.
    Flagger,
    /// Kayenta's judge as it is published, at the end of each step, on points of ten seconds.
    Ranks,
    /// An ordinary test at 5 % on all that was seen, at each look.
    Repeated,
}

impl Rule {
    pub(crate) const ALL: [Self; 6] = [Self::Serin, Self::Compare, Self::Argo, Self::Flagger, Self::Ranks, Self::Repeated];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Serin => "Serin",
            Self::Compare => "compare",
            Self::Argo => "95 % rule",
            Self::Flagger => "99 % rule",
            Self::Ranks => "rank test",
            Self::Repeated => "repeated z-test",
        }
    }
}

/// One judge of one run.
pub(crate) struct Judge {
    rule: Rule,
    failures: u32,
    product: Product,
}

impl Judge {
    pub(crate) fn new(rule: Rule, before: &[Count]) -> Self {
        Self { rule, failures: 0, product: Product::new(rule, before) }
    }

    /// Whether it aborts after the newest of these windows.
    pub(crate) fn aborts(&mut self, windows: &[Counts]) -> bool {
        let last =
            |number: usize| windows[windows.len().saturating_sub(number)..].iter().fold(Counts::default(), |sum, one| sum.plus(*one));
        let below = |success: f64| last(6).canary.share().is_none_or(|bad| 1.0 - bad < success);
        match self.rule {
            Rule::Serin | Rule::Compare => self.product.fails(windows),
            Rule::Argo => self.fails(below(0.95), 4),
            Rule::Flagger => self.fails(below(0.99), 5),
            Rule::Ranks => windows.len().is_multiple_of(STEP) && ranks::higher(&windows[windows.len() - STEP..]),
            Rule::Repeated => pooled(&last(windows.len())) > 1.644_853_6,
        }
    }

    /// Whether the product has a proof that the canary is below the limit.
    pub(crate) fn proves(&self) -> bool {
        let weighed = self.product.evidence.of(1, "errors");
        self.rule == Rule::Serin && weighed.is_some_and(|weighed| Need::for_errors(weighed.alpha).reached(weighed.better.log()))
    }

    /// Counted over the whole run.
    fn fails(&mut self, failed: bool, limit: u32) -> bool {
        self.failures += u32::from(failed);
        self.failures >= limit
    }
}

/// The statistic of the ordinary test for two shares.
fn pooled(Counts { canary, stable }: &Counts) -> f64 {
    let all = canary.plus(*stable);
    let (Some(p), Some(one), Some(other)) = (all.share(), canary.share(), stable.share()) else { return 0.0 };
    let spread = (p * (1.0 - p) * (1.0 / canary.total + 1.0 / stable.total)).sqrt();
    if spread > 0.0 { (one - other) / spread } else { 0.0 }
}

/// The product: what `decide` calls, with what it would see.
struct Product {
    intent: Intent,
    evidence: Evidence,
    before: Vec<Count>,
    seen: Observed,
}

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_014_400, 0).unwrap_or_default()
}

fn at(window: usize) -> DateTime<Utc> {
    begin() + TimeDelta::seconds(i64::from(EVERY)) * i32::try_from(window).unwrap_or(i32::MAX)
}

impl Product {
    fn new(rule: Rule, before: &[Count]) -> Self {
        let check = if rule == Rule::Compare { "compare" } else { "sequential" };
        let steps: Vec<_> = SHARES.iter().map(|share| serde_json::json!({"weight": share * 100.0, "hold": "5m"})).collect();
        let steps: Vec<_> =
            steps.iter().map(|s| serde_json::json!({"weight": s["weight"].as_f64().map_or(0, whole), "hold": "5m"})).collect();
        let spec = serde_json::json!({
            "replicas": 20,
            "service": "web",
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}},
            "steps": steps,
            "analysis": {"warmUp": "0s", "checks": [{"name": "errors", check: {"of": "errors"}}]},
        });
        let delays = BTreeMap::from([("prometheus".to_owned(), TimeDelta::zero())]);
        let intent =
            parse(("shop", "web"), &spec, &Ok(serin::api::Shared::default()), &Providers { delays, default: "prometheus".to_owned() });
        #[expect(clippy::expect_used, reason = "a benchmark that cannot begin has failed")]
        let intent = intent.expect("a spec that can be read");
        Self { intent, evidence: Evidence::default(), before: before.to_vec(), seen: seen() }
    }

    fn fails(&mut self, windows: &[Counts]) -> bool {
        let number = windows.len();
        let step = (number - 1) / STEP;
        let Some(weight) = Weight::new(whole(SHARES[step] * 100.0)) else { return false };
        let looks_back = if let serin::rollout::CheckKind::Compare(_) = self.intent.checks[0].kind { number.min(STEP) } else { 1 };
        let (earlier, looked_at) = windows.split_at(number - looks_back);
        let counts = looked_at.iter().fold(Counts::default(), |sum, one| sum.plus(*one));
        let newest = Newest { canary: Some(at(number)), stable: Some(at(number)) };
        let before: Vec<Count> = self.before.iter().copied().chain(earlier.iter().map(|window| window.stable)).collect();
        let before = before[before.len().saturating_sub(BEFORE)..].to_vec();
        let counted = Counted { from: at(number - 1), counts, newest, scrape: None, before, scraped: None };
        let reading = Reading::Counts(Box::new(counted));
        self.seen.samples = vec![Sample { check: "errors".to_owned(), attempt: 1, step: weight, at: at(number), reading }];
        let clock = Clock::Running { since: at(step * STEP), held: TimeDelta::zero() };
        let state = State::Stepping(Stepping { attempt: attempt(), step: weight, clock, approved: false });
        let judged = judge(&self.intent, &state, &self.evidence, &self.seen, at(number));
        self.evidence = judged.evidence;
        matches!(judged.verdict, Verdict::Fail(_))
    }
}

fn whole(number: f64) -> u32 {
    (0..=100).find(|percent| f64::from(*percent) >= number.round()).unwrap_or(100)
}

fn attempt() -> Attempt {
    Attempt { number: 1, stable: Revision::new("1111111111"), canary: Revision::new("2222222222") }
}

/// Both sides have a pod that has been ready for an hour, so that every window counts.
fn seen() -> Observed {
    let ready = PodState::Ready { since: begin() - TimeDelta::hours(1) };
    let child = Child {
        desired: 10,
        available: 10,
        settled: Settled::Yes,
        created: begin(),
        fence: Fence { uid: String::new(), resource_version: String::new() },
        epoch: Epoch::default(),
        pods: vec![Pod { name: "web".to_owned(), state: ready, restarts: 0, last_exit: None }],
        meaning: Meaning::new(""),
        restart: None,
        upkeep: Upkeep::default(),
        failure: None,
    };
    Observed {
        name: "web".to_owned(),
        epoch: Epoch::default(),
        created: begin(),
        lifetime: Lifetime::Guarded,
        service: ServiceView::Fits,
        workload: Workload::None,
        children: BTreeMap::from([(attempt().stable, child.clone()), (attempt().canary, child)]),
        records: BTreeMap::new(),
        template: Template::Unasked,
        samples: Vec::new(),
        actions: Vec::new(),
        refused: None,
    }
}
