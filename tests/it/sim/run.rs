//! One run from its seed to its end: polls the production pass by hand, and drops it where its process dies.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use serin::cluster::Error;
use serin::controller::pass;

use super::agenda::Todo;
use super::ledger::Broken;
use super::process::{Due, Life};
use super::promises::settled::Rest;
use super::state::{Sim, key};
use super::world::{SimWorld, Universe};

/// Nothing that takes more steps than this comes to an end.
const MOST_STEPS: u32 = 60_000;

/// The production's longest pass.
const PASS_LIMIT: TimeDelta = TimeDelta::minutes(1);

/// What came of a run.
pub(super) struct Outcome {
    pub(super) broken: Option<Broken>,
    pub(super) trace: Vec<String>,
    pub(super) happened: BTreeMap<&'static str, u32>,
    pub(super) steps: u32,
}

/// How a pass ends: when to look again, or what was not written.
type Landing = Result<Option<DateTime<Utc>>, Error>;

/// A pass that is under way, and since when.
struct Flight<'a> {
    began: DateTime<Utc>,
    pass: Pin<Box<dyn Future<Output = Landing> + 'a>>,
}

/// What happens next.
enum Next {
    Todo(Todo),
    Process(Life, Due),
    Nothing,
}

/// Runs a seed to its end, or to the first broken promise.
pub(super) fn run(seed: u64, trace: Option<Vec<String>>) -> Outcome {
    let universe = Universe::new(Sim::new(seed, trace));
    let mut flights: BTreeMap<Life, Flight<'_>> = BTreeMap::new();
    let mut rest = Rest::default();
    let mut steps = 0;
    loop {
        steps += 1;
        let next = universe.sim().advance();
        match next {
            Next::Nothing => universe.sim().ledger.violated("it comes to rest", "nothing will ever happen again".to_owned()),
            Next::Process(life, Due::News(kind)) => universe.sim().hear(life, kind),
            Next::Process(life, Due::Questions) => universe.sim().ask_for_unconfirmed(life),
            Next::Process(life, Due::Turn) => begin(&universe, life, &mut flights),
            Next::Todo(Todo::Return(life, ticket, reply)) => {
                let waits = universe.sim().returns(life, ticket, reply);
                if waits {
                    poll(&universe, life, &mut flights);
                }
            }
            Next::Todo(todo) => universe.sim().handle(todo),
        }
        let mut sim = universe.sim();
        flights.retain(|life, _| sim.processes.contains_key(life));
        if steps > MOST_STEPS {
            sim.ledger.violated("it comes to rest", format!("not after {steps} steps"));
        }
        if sim.ledger.broken.is_some() || rest.is_over(&mut sim) {
            let Sim { ledger, trace, .. } = &mut *sim;
            let (broken, trace, happened) = (ledger.broken.clone(), trace.take().unwrap_or_default(), ledger.happened.clone());
            // A pass that is dropped looks at its world.
            drop(sim);
            return Outcome { broken, trace, happened, steps };
        }
    }
}

fn begin<'a>(universe: &'a Universe, life: Life, flights: &mut BTreeMap<Life, Flight<'a>>) {
    let began = {
        let mut sim = universe.sim();
        if !sim.turn(life) {
            return;
        }
        sim.now
    };
    let world = SimWorld { universe, life };
    let pass = Box::pin(async move {
        let key = key();
        pass(&world, &key).await
    });
    flights.insert(life, Flight { began, pass });
    poll(universe, life, flights);
}

/// Gives the pass in flight a turn, unless its process dies now.
fn poll<'a>(universe: &'a Universe, life: Life, flights: &mut BTreeMap<Life, Flight<'a>>) {
    let Some(flight) = flights.get_mut(&life) else { return };
    let polled = flight.pass.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let mut sim = universe.sim();
    match polled {
        Poll::Ready(ended) => sim.landed(life, ended),
        Poll::Pending => {
            let (crash, cut) = (sim.faults.crash, sim.faults.cut);
            let late = sim.now > flight.began + PASS_LIMIT;
            if sim.rng.chance(crash) {
                sim.crashes(life);
            } else if late || sim.rng.chance(cut) {
                sim.ledger.count("fault.cut");
                sim.landed(life, Err(Error::NoAnswer { what: "a pass".to_owned(), text: "it took too long".to_owned() }));
            } else {
                return;
            }
        }
    }
    drop(sim);
    flights.remove(&life);
}

impl Sim {
    /// Jumps to what is due next.
    fn advance(&mut self) -> Next {
        let processes = self.processes.iter().filter_map(|(life, process)| process.due(self).map(|(at, due)| (at, *life, due)));
        let process = processes.min_by_key(|(at, ..)| *at);
        let todo = self.agenda.due();
        let Some(at) = todo.into_iter().chain(process.map(|(at, ..)| at)).min() else { return Next::Nothing };
        self.now = self.now.max(at);
        match process {
            Some((due, life, what)) if due == at => {
                if let Some(process) = self.process(life) {
                    process.stopped = None;
                }
                Next::Process(life, what)
            }
            _ => self.agenda.pop().map_or(Next::Nothing, Next::Todo),
        }
    }

    fn handle(&mut self, todo: Todo) {
        match todo {
            Todo::Arrive(sent, ticket) => self.arrives(&sent, ticket),
            Todo::Return(..) => {}
            Todo::Sync(revision) => self.sync(&revision),
            Todo::Replicas(revision) => self.replicate(&revision),
            Todo::Pod(name, state) => self.pod_moves(name, state),
            Todo::PodGone(name) => self.pod_gone(name),
            Todo::Answer(life, asked, told) => self.answered(life, asked, told),
            Todo::Found(life, unconfirmed, found) => self.found(life, &unconfirmed, found),
            Todo::Send(life, order) => self.sink_gets(life, order),
            Todo::Sent(life, order, deliveries) => self.sink_said(life, *order, deliveries),
            Todo::Pump(life) => self.pump(life),
            Todo::Start => self.start(),
            Todo::Exit(life) => {
                self.ends(life, "ends");
                self.replace();
            }
            Todo::Act(act) => self.act(act),
            Todo::Autoscale => self.autoscale(),
            Todo::Calm => self.calm_down(),
        }
    }

    /// A process dies. What it has just sent may be on its way, or not.
    fn crashes(&mut self, life: Life) {
        self.ledger.count("fault.crash");
        let sent = self.process(life).and_then(|process| process.awaits);
        if self.rng.chance(500) {
            self.agenda.retain(|todo| !matches!(todo, Todo::Arrive(_, ticket) if Some(*ticket) == sent));
        }
        self.ends(life, "dies");
        self.replace();
    }

    /// Where no process is left, another one starts.
    fn replace(&mut self) {
        if self.processes.is_empty() {
            self.plan_in(100, 40_000, Todo::Start);
        }
    }
}
