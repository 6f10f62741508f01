//! What do people ask for? One command, and what is remembered of it.

use serin::rollout::{Action, Answer, Author, Handled, Verb};

use super::{noon, v2};

/// Ana asks for it at noon, for v2.
pub(crate) fn action(verb: Verb) -> Action {
    Action {
        uid: format!("uid-of-{verb}"),
        name: verb.name().to_lowercase(),
        verb,
        revision: Some(v2()),
        attempt: None,
        to: None,
        author: ana(),
        at: noon(),
        answered: None,
    }
}

/// Who asks, and why.
pub(super) fn ana() -> Author {
    Author { name: Some("ana".to_owned()), on_behalf_of: None, reason: Some("it is time".to_owned()) }
}

/// That action was done a moment ago; its own status may not say so yet.
pub(crate) fn handled(action: &Action) -> Handled {
    Handled {
        uid: action.uid.clone(),
        name: action.name.clone(),
        answer: Answer::Done,
        message: "it is done".to_owned(),
        phase: "Stepping".to_owned(),
        at: noon(),
    }
}
