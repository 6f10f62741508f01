//! One run from its seed to its end: polls the production pass by hand, and drops it where the process dies.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use serin::controller::{decide, pass};

use super::agenda::Todo;
use super::committed::brief;
use super::finish;
use super::ledger::Broken;
use super::process::Activity;
use super::state::{Calm, Sim, key};
use super::world::{SimWorld, Trouble};

/// So long may it take until everything is at rest once nothing goes wrong any more. Waiting for a step's deadline is the longest.
const AT_REST_WITHIN: TimeDelta = TimeDelta::hours(4);

/// Nothing that takes more steps than this comes to an end.
const MOST_STEPS: u32 = 60_000;

/// So often a rollout at rest is looked at again.
const MORE_PASSES: u32 = 10;

/// What came of a run.
pub(super) struct Outcome {
    pub(super) broken: Option<Broken>,
    pub(super) trace: Vec<String>,
    pub(super) happened: BTreeMap<&'static str, u32>,
    pub(super) steps: u32,
}

type Flight<'a> = Pin<Box<dyn Future<Output = Result<Option<DateTime<Utc>>, Trouble>> + 'a>>;

/// What happens next.
enum Next {
    Todo(Todo),
    News,
    Pass,
    Nothing,
}

/// Runs a seed to its end, or to the first broken promise.
pub(super) fn run(seed: u64, trace: Option<Vec<String>>) -> Outcome {
    let (world, key) = (SimWorld::new(Sim::new(seed, trace)), key());
    let mut flight: Option<Flight<'_>> = None;
    let mut rest = Rest { passes: 0, writes: 0 };
    let mut steps = 0;
    loop {
        steps += 1;
        let next = world.sim().advance();
        match next {
            Next::Nothing => {
                let mut sim = world.sim();
                let missing = finish::at_rest(&sim).err();
                sim.ledger.violated("it comes to rest", format!("nothing will ever happen again, but {missing:?}"));
            }
            Next::News => world.sim().hear(),
            Next::Pass => {
                let begins = world.sim().before_pass();
                flight = begins.then(|| -> Flight<'_> { Box::pin(pass(&world, &key)) });
                poll(&world, &mut flight);
            }
            Next::Todo(Todo::Poll) => poll(&world, &mut flight),
            Next::Todo(todo) => world.sim().handle(todo),
        }
        let mut sim = world.sim();
        if steps > MOST_STEPS {
            sim.ledger.violated("it comes to rest", format!("not after {steps} steps"));
        }
        if sim.ledger.broken.is_some() || rest.is_over(&mut sim) {
            let Sim { ledger, trace, .. } = &mut *sim;
            return Outcome {
                broken: ledger.broken.clone(),
                trace: trace.take().unwrap_or_default(),
                happened: ledger.happened.clone(),
                steps,
            };
        }
    }
}

/// Gives the pass in flight a turn, unless the process dies now.
fn poll<'a>(world: &'a SimWorld, flight: &mut Option<Flight<'a>>) {
    let Some(future) = flight else { return };
    let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let mut sim = world.sim();
    match polled {
        Poll::Ready(ended) => sim.landed(ended),
        Poll::Pending => {
            let (crash, cut) = (sim.faults.crash, sim.faults.cut);
            if sim.rng.chance(crash) {
                sim.crash();
            } else if sim.rng.chance(cut) {
                sim.ledger.count("fault.cut");
                sim.landed(Err(Trouble::NoAnswer));
            } else {
                let slowest = if sim.rng.chance(30) { 3_000 } else { 30 };
                return sim.plan_in(1, slowest, Todo::Poll);
            }
        }
    }
    drop(sim);
    *flight = None;
}

impl Sim {
    /// Jumps to what is due next.
    fn advance(&mut self) -> Next {
        let agenda = self.agenda.due();
        let news = self.process.cache.as_ref().and_then(|cache| cache.due(&self.server));
        let pass = self.process.due.filter(|_| self.process.activity == Activity::Idle && self.process.cache.is_some());
        let Some(at) = [agenda, news, pass].into_iter().flatten().min() else { return Next::Nothing };
        self.now = self.now.max(at);
        if news == Some(at) {
            return Next::News;
        }
        if agenda == Some(at)
            && let Some(todo) = self.agenda.pop()
        {
            return Next::Todo(todo);
        }
        Next::Pass
    }

    fn handle(&mut self, todo: Todo) {
        match todo {
            Todo::Sync(revision) => self.sync(&revision),
            Todo::Replicas(revision) => self.replicate(&revision),
            Todo::Pod(name, state) => self.pod_moves(name, state),
            Todo::PodGone(name) => self.pod_gone(name),
            Todo::Answer(life, question, answer) => self.answered(life, question, answer),
            Todo::Send(life, order) => self.sink_gets(life, order),
            Todo::Sent(life, order, took) => self.sink_said(life, order, took),
            Todo::Pump(life) if life == self.process.life => self.pump(),
            Todo::Poll | Todo::Pump(_) => {}
            Todo::Start => self.start(),
            Todo::Act(act) => self.act(act),
            Todo::Calm => self.calm_down(),
        }
    }

    /// A pass begins, if the process knows its Rollout.
    fn before_pass(&mut self) -> bool {
        self.process.due = None;
        if self.process.rollout().is_none() {
            return false;
        }
        self.process.activity = Activity::Running;
        if self.trace.is_some()
            && let Some(seen) = self.look()
        {
            self.describe(&seen);
        }
        true
    }

    fn describe(&mut self, seen: &serin::controller::Seen) {
        let decision = decide(&key(), seen, self.now);
        self.tell("pass", |_| {
            let child = |(r, c): (&_, &serin::rollout::Child)| {
                format!(" {r}:{}/{}{}", c.available, c.desired, if c.settled == serin::rollout::Settled::Yes { "" } else { "~" })
            };
            let children: String = seen.observed.children.iter().map(child).collect();
            let state = seen.status.as_ref().ok().and_then(|status| status.state.as_ref());
            let wanted = seen.intent.as_ref().map_or("an unreadable spec".to_owned(), |i| format!("{} x{}", i.revision, i.replicas));
            format!("{} |{children} | wants {wanted}", brief(state))
        });
        if !decision.changes.is_empty() {
            self.tell("", |_| format!("needs {:?}", decision.changes));
        }
    }

    /// A pass ended.
    fn landed(&mut self, ended: Result<Option<DateTime<Utc>>, Trouble>) {
        let stale = self.process.activity == Activity::RunningStale;
        self.process.activity = Activity::Idle;
        match ended {
            Ok(wake) => {
                self.process.failures = 0;
                self.process.due = wake.map(|wake| wake.max(self.now + TimeDelta::milliseconds(10)));
            }
            Err(trouble) => {
                self.process.failures = (self.process.failures + 1).min(6);
                let base = 100 << self.process.failures;
                let delay = self.rng.millis(base, base * 2);
                self.process.due = Some(self.now + delay);
                self.tell("", |_| format!("failed: {trouble}"));
            }
        }
        if stale {
            self.trigger();
        }
    }

    /// Whether nothing is under way but what the process itself will look at.
    fn is_quiet(&self) -> bool {
        let drained = self.process.cache.as_ref().is_some_and(|cache| cache.due(&self.server).is_none());
        let looked = self.process.due.is_none_or(|due| due > self.now + TimeDelta::seconds(1));
        drained && looked && self.agenda.due().is_none() && self.process.activity == Activity::Idle
    }
}

/// Counts what happens after everything came to rest.
struct Rest {
    passes: u32,
    writes: u64,
}

impl Rest {
    /// Whether a run is over; looks at its end.
    fn is_over(&mut self, sim: &mut Sim) -> bool {
        let Calm::Since(calm) = sim.calm else { return false };
        if sim.now > calm + AT_REST_WITHIN {
            let missing = finish::at_rest(sim).err();
            sim.ledger.violated("it comes to rest", format!("not within {AT_REST_WITHIN}: {missing:?}"));
            return true;
        }
        if !sim.is_quiet() {
            return false;
        }
        match finish::at_rest(sim) {
            Err(_) => return false,
            Ok(()) if self.passes == 0 => self.writes = sim.ledger.writes,
            Ok(()) => {}
        }
        if sim.ledger.writes != self.writes {
            sim.ledger.violated("ten more passes over a settled rollout write nothing", format!("pass {}", self.passes));
        }
        if sim.server.rollout.is_some() && self.passes < MORE_PASSES {
            self.passes += 1;
            let soon = sim.now + sim.rng.millis(1, 600_000);
            sim.process.due = Some(sim.process.due.map_or(soon, |due| due.min(soon)));
            return false;
        }
        let gone = if sim.server.rollout.is_none() { finish::left_behind(sim) } else { Ok(()) };
        for (promise, held) in [
            ("the end is the right one", finish::fate(sim)),
            ("every event reaches its sink", finish::delivered(sim)),
            ("a Rollout that is gone leaves nothing but stable", gone),
        ] {
            if let Err(how) = held {
                sim.ledger.violated(promise, how);
            }
        }
        true
    }
}
