//! What a pass needs of the world: look, commit, change, ask, tell the time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::api::{Invalid, Shared, Status};
use crate::audit::{Origin, Receipt, SinkName, Teller};
pub use crate::rollout::Key;
use crate::rollout::{Action, Change, Fields, Intent, Observed, Question, State, Stepping};

/// Everything that is known of one rollout, the replies to our own writes included.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The Rollout's resourceVersion: what a commit is fenced with.
    pub version: String,
    /// The Rollout's generation.
    pub generation: i64,
    /// The Rollout's uid.
    pub uid: String,
    /// What the user wants, or why that cannot be read.
    pub intent: Result<Arc<Intent>, Invalid>,
    /// What the fields of the spec say, as digests.
    pub fields: Fields,
    /// What the templates of checks say that the spec takes, or said when the attempt in flight began.
    pub shared: Arc<Shared>,
    /// `spec.replicas`, where it can be read: what a rollback needs even if the rest cannot.
    pub replicas: Option<u32>,
    /// What was committed last, or why that cannot be read.
    pub status: Result<Arc<Status>, String>,
    /// The step whose clock this process has begun and not written yet.
    pub begun: Option<Box<Stepping>>,
    /// The cluster, as it was seen.
    pub observed: Observed,
    /// The required sinks, and what each acknowledged last.
    pub sinks: BTreeMap<SinkName, Option<Ack>>,
    /// Who speaks in events.
    pub teller: Teller,
    /// Where the spec's revision comes from.
    pub origin: Origin,
}

impl Seen {
    /// The state that holds: the committed one, and at its step the clock as it runs.
    pub fn state(&self) -> Option<Cow<'_, State>> {
        let committed = self.status.as_ref().ok()?.state.as_ref()?;
        Some(match (committed, &self.begun) {
            (State::Stepping(at), Some(begun)) if begun.only_began(at) => Cow::Owned(State::Stepping(Stepping::clone(begun))),
            _ => Cow::Borrowed(committed),
        })
    }
}

/// What a sink has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Every event up to this one arrived.
    pub receipt: Receipt,
    /// When that was heard.
    pub at: DateTime<Utc>,
}

/// The world around one controller. It has two implementations: the cluster, and the simulator of the tests.
pub trait World {
    /// What a failed write says.
    type Error: std::fmt::Display + Send;

    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// The newest that is known of a rollout, own replies included. `None` where it does not exist or the caches are not ready.
    fn observe(&self, key: &Key) -> Option<Seen>;

    /// The actions for a Rollout that is known not to exist, in the order of creation.
    fn strays(&self, key: &Key) -> Vec<Action>;

    /// Writes the status, fenced with the version that was observed; the reply replaces what is cached.
    ///
    /// # Errors
    /// A conflict means: look again. Nothing was written then.
    fn commit(&self, key: &Key, version: &str, status: &Status) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Writes the answers on actions, then makes the changes: each list in its order, each write at most once. The first that fails ends its list;
    /// what is left is derived again by the next pass. What is refused is seen until a pass in which nothing fails.
    ///
    /// # Errors
    /// Says which write failed and why.
    fn apply(&self, key: &Key, answers: &[Change], changes: &[Change]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Keeps the step whose clock has begun to run and is not written yet, to be seen by the next pass; `None` where there is none any more. Where it is
    /// lost, the clock begins anew.
    fn keep(&self, key: &Key, begun: Option<Box<Stepping>>);

    /// Fires questions and returns at once. A question that is already under way is not asked twice. Each answer triggers a pass.
    fn ask(&self, key: &Key, questions: Vec<Question>);
}
