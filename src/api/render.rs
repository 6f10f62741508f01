//! stub until the real one lands
use super::{Reason, Status};
use crate::audit::Outbox;
use crate::rollout::{Intent, Observed, State, Why};
use chrono::{DateTime, Utc};
/// stub
pub struct View<'a> {
    /// stub
    pub name: &'a str,
    /// stub
    pub generation: i64,
    /// stub
    pub intent: &'a Intent,
    /// stub
    pub state: Option<&'a State>,
    /// stub
    pub why: &'a Why,
    /// stub
    pub observed: &'a Observed,
    /// stub
    pub now: DateTime<Utc>,
}
impl Status {
    /// stub
    pub fn tells(&self, why: &Why, generation: i64) -> bool {
        self.observed_generation == Some(generation) && self.why.as_ref().is_some_and(|w| w.reason == why.reason())
    }
    /// stub
    pub fn render(&self, view: &View, audit: Outbox) -> Self {
        let mut new = self.clone();
        new.observed_generation = Some(view.generation);
        new.why = Some(Reason { reason: view.why.reason().to_owned(), message: view.why.to_string() });
        new.phase = view.state.map(|s| s.phase().to_string());
        new.state = view.state.cloned();
        new.audit = audit;
        new
    }
}
