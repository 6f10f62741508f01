//! stub
use crate::audit::Outbox;
use crate::rollout::State;
/// stub
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Status {
    pub state: Option<State>,
    pub audit: Outbox,
    pub observed_generation: i64,
    pub why: Option<String>,
}
/// stub
#[derive(Clone, Debug, thiserror::Error)]
#[error("x")]
pub struct Invalid;
