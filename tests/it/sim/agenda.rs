//! What is due next? The clock jumps from one to the next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serin::cluster::{Item, Unconfirmed};
use serin::rollout::{PodState, Question, Reading, Revision, Template};
use serin::sink::{Delivery, Order};

use super::acts::Act;
use super::process::Life;
use super::server::requests::{Reply, Sent};

/// Something that happens by itself.
pub(super) enum Todo {
    /// A request reaches the API server, even one of a process that died since.
    Arrive(Box<Sent>, Ticket),
    /// What came of it reaches the process.
    Return(Life, Ticket, Reply),
    /// A Deployment's controller looks at it.
    Sync(Revision),
    /// Its pods are made and unmade.
    Replicas(Revision),
    /// A pod moves on.
    Pod(String, PodState),
    /// A pod that leaves is gone.
    PodGone(String),
    /// A question is answered, to the process that asked.
    Answer(Life, Asked, Told),
    /// It is found out whether what no watch told of is there.
    Found(Life, Box<Unconfirmed>, Option<Box<Item>>),
    /// Events reach a sink.
    Send(Life, Box<Order>),
    /// What the sink made of them.
    Sent(Life, Box<Order>, Vec<Delivery>),
    /// A sink that failed is asked again.
    Pump(Life),
    /// A process starts where one died, or beside one that does not know yet that its time is over.
    Start,
    /// A process that was replaced ends.
    Exit(Life),
    /// A user, a stranger or bad luck.
    Act(Act),
    /// An autoscaler looks at the load.
    Autoscale,
    /// Nothing goes wrong any more.
    Calm,
}

/// Which request an answer belongs to.
pub(super) type Ticket = u64;

/// A question, and the true time at which it was asked.
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) at: DateTime<Utc>,
}

/// What a question's answer says.
pub(super) enum Told {
    Reading(Reading),
    Template(Template),
}

/// What will happen, in its order; what is due at the same time happens in the order in which it was planned. Boxed, for the map moves what it
/// holds with everything that is planned.
#[derive(Default)]
pub(super) struct Agenda {
    planned: u64,
    todos: BTreeMap<(DateTime<Utc>, u64), Box<Todo>>,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: DateTime<Utc>, todo: Todo) {
        self.planned += 1;
        self.todos.insert((at, self.planned), Box::new(todo));
    }

    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        self.todos.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn pop(&mut self) -> Option<Todo> {
        self.todos.pop_first().map(|(_, todo)| *todo)
    }

    /// Forgets what does not belong to the future any more.
    pub(super) fn retain(&mut self, keep: impl Fn(&Todo) -> bool) {
        self.todos.retain(|_, todo| keep(todo));
    }
}
