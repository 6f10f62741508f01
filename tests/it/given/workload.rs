//! What is there before the Rollout? A Deployment that is taken over.

use serin::rollout::{Adoptee, Adopting, Settled, State};

use super::{fence, noon, v1};

/// The Deployment of ten pods that runs v1 and that nobody holds.
pub(crate) fn running() -> Adoptee {
    Adoptee {
        name: "shop".to_owned(),
        revision: v1(),
        desired: 10,
        available: 10,
        settled: Settled::Yes,
        paused: false,
        held_by: None,
        scaler: None,
        scaled_by: None,
        fence: fence(),
    }
}

/// The same, held by us, with so many pods.
pub(crate) fn held(pods: u32) -> Adoptee {
    Adoptee { desired: pods, available: pods, paused: true, held_by: Some("checkout".to_owned()), ..running() }
}

/// It is being taken over since noon.
pub(crate) fn adopting() -> State {
    State::Adopting(Adopting { revision: v1(), since: noon(), overdue: false })
}
