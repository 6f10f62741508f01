//! What is answered to a question? What the hidden truth is like, unless the answer is slow or there is none.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{Ask, Count, Counted, Counting, Counts, Newest, Question, Reading, Revision, Sample, Template};

use super::{Life, Measured};
use crate::sim::acts::Power;
use crate::sim::agenda::{Asked, Todo, Told};
use crate::sim::server::json;
use crate::sim::state::Sim;
use crate::sim::truth::{self, Truth};

impl Sim {
    pub(in crate::sim) fn asked(&mut self, life: Life, question: Question) {
        let news = self.process(life).is_some_and(|process| process.asking.insert(name(&question)));
        if !news {
            return;
        }
        let answer = self.answer(&question);
        let (low, high) = if self.rng.chance(self.faults.slow_answer) { (1_000, 20_000) } else { (20, 400) };
        let asked = Asked { question, at: self.now };
        self.plan_in(low, high, Todo::Answer(life, asked, answer));
    }

    fn answer(&mut self, question: &Question) -> Told {
        match question {
            Question::DryRun { revision } => {
                // The processes' clocks may differ; what an answer says of its time is what the asking one knows.
                let (revision, at) = (revision.clone(), self.now);
                Told::Template(if self.rng.chance(self.faults.unavailable) {
                    Template::Unknown { revision, text: "no answer".to_owned(), at }
                } else if self.truths[&revision] == Truth::Refused {
                    Template::Refused { revision, text: "unknown field".to_owned(), at }
                } else {
                    Template::Accepted { meaning: json::meaning(&revision, &self.server.images[&revision]), revision }
                })
            }
            Question::Measure { check, ask, at, .. } => Told::Reading(match (self.backend, ask) {
                (Power::Down, _) => truth::trouble(&mut self.rng),
                (Power::Up, Ask::Number(query) | Ask::Backed(query)) => self.measure(check, query),
                (Power::Up, Ask::Counts(counting)) => self.count(counting, *at),
                // No scenario measures a quantity, or leaves a bound to stable.
                (Power::Up, Ask::Means(_) | Ask::Bounds(_)) => Reading::NoData,
            }),
        }
    }

    /// A query names the canary's pods.
    fn measure(&self, check: &str, query: &str) -> Reading {
        let Some(canary) = self.truths.keys().find(|revision| query.contains(revision.as_str())) else { return Reading::NoData };
        let ready = |revision: &Revision| self.server.ready(revision);
        let (mine, all) = (ready(canary), self.server.deployments.keys().map(ready).sum::<u32>());
        let share = if mine == 0 { 0 } else { mine * 1000 / all };
        self.truths[canary].reading(check, share, self.now)
    }

    /// The requests of both sides in a window: ten a second and pod, as the pods are now.
    fn count(&self, counting: &Counting, at: DateTime<Utc>) -> Reading {
        let Counting { from, sides, before, .. } = counting;
        let ready = |revision: &Revision| self.server.ready(revision);
        let (canary, stable) = (ready(&sides.canary), ready(&sides.stable));
        let share = if canary == 0 { 0 } else { canary * 1000 / self.server.deployments.keys().map(ready).sum::<u32>() };
        let Some(canary_bad) = self.truths[&sides.canary].bad(share, self.now) else { return Reading::NoData };
        let stable_bad = self.truths[&*sides.stable.template()].bad(0, self.now).unwrap_or(0.001);
        let window = |length: TimeDelta, pods: u32, bad: f64| {
            let total = f64::from(i32::try_from(length.num_milliseconds()).unwrap_or(i32::MAX)) / 100.0 * f64::from(pods);
            Count { total, bad: total * bad }
        };
        let newest = |pods: u32| (pods > 0).then_some(at);
        Reading::Counts(Box::new(Counted {
            from: *from,
            counts: Counts { canary: window(at - *from, canary, canary_bad), stable: window(at - *from, stable, stable_bad) },
            newest: Newest { canary: newest(canary), stable: newest(stable) },
            scrape: None,
            before: before.map(|before| vec![window(before.each, stable, stable_bad); 60]).unwrap_or_default(),
            scraped: None,
        }))
    }

    pub(in crate::sim) fn answered(&mut self, life: Life, Asked { question, at: asked }: Asked, told: Told) {
        let (clock, skew) = (self.clock(life), self.clock(life) - self.now);
        let Some(process) = self.processes.get_mut(&life) else { return };
        process.asking.remove(&name(&question));
        match (question, told) {
            (Question::DryRun { .. }, Told::Template(template)) => {
                process.template = match template {
                    Template::Refused { revision, text, at } => Template::Refused { revision, text, at: at + skew },
                    Template::Unknown { revision, text, at } => Template::Unknown { revision, text, at: at + skew },
                    Template::Accepted { .. } | Template::Unasked => template,
                };
                let text = format!("{:?}", process.template);
                self.tell(life, |_| format!("hears    {text}"));
            }
            (Question::Measure { check, attempt, step, at, .. }, Told::Reading(reading)) => {
                let text = format!("{check} is {reading:?} (attempt {attempt}, {step})");
                let sample = Sample { check: check.clone(), attempt, step, at, reading };
                if process.newest.get(&check).is_none_or(|known| known.asked <= asked) {
                    Arc::make_mut(&mut process.newest).insert(check, Measured { sample: sample.clone(), asked });
                }
                process.samples.keep(sample, clock);
                self.tell(life, |_| format!("hears    {text}"));
            }
            (Question::DryRun { .. }, Told::Reading(_)) | (Question::Measure { .. }, Told::Template(_)) => {}
        }
        self.trigger(life);
    }
}

/// What tells two questions apart.
fn name(question: &Question) -> String {
    match question {
        Question::DryRun { revision } => format!("dry run {revision}"),
        Question::Measure { check, attempt, step, .. } => format!("{check} {attempt} {step}"),
    }
}
