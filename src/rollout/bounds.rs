//! How long may a text be that is committed? A status has to fit beside its spec, whatever a cluster, a backend or a user says.

use super::{Author, Cause, Ended, Failure, Handled, Idle, Paused, RollingBack, State};

/// Longer texts are cut. No name of a user that an action may carry is longer, and no sentence that anybody reads to its end.
const MOST_CHARACTERS: usize = 1024;

/// The beginning of a text, and a sign where that is not all of it.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl State {
    /// The state with no text longer than what may be committed.
    #[must_use]
    pub fn bounded(self) -> Self {
        match self {
            Self::Idle(idle) => Self::Idle(Idle { last: idle.last.bounded(), ..idle }),
            Self::Paused(paused) => Self::Paused(Paused { author: paused.author.map(Author::bounded), ..paused }),
            Self::RollingBack(back) => Self::RollingBack(RollingBack { cause: back.cause.bounded(), ..back }),
            // Their revisions are hashes, and they hold no other text.
            Self::Installing(_)
            | Self::Adopting(_)
            | Self::HandingBack(_)
            | Self::Stepping(_)
            | Self::Approval(_)
            | Self::Promoting(_)
            | Self::Baking(_)
            | Self::Deleted(_) => self,
        }
    }
}

impl Handled {
    /// The answer with no text longer than what may be committed.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self { message: cut(&self.message), ..self }
    }
}

impl Ended {
    fn bounded(self) -> Self {
        Self { message: cut(&self.message), ..self }
    }
}

impl Author {
    fn bounded(self) -> Self {
        let Self { name, on_behalf_of, reason } = self;
        Self { name: name.as_deref().map(cut), on_behalf_of: on_behalf_of.as_deref().map(cut), reason: reason.as_deref().map(cut) }
    }
}

impl Cause {
    fn bounded(self) -> Self {
        match self {
            Self::Failed(failure) => Self::Failed(failure.bounded()),
            Self::Unavailable(text) => Self::Unavailable(cut(&text)),
            Self::Undecided(text) => Self::Undecided(cut(&text)),
            Self::Unapproved(text) => Self::Unapproved(cut(&text)),
            Self::Aborted(author) => Self::Aborted(author.bounded()),
            Self::Undone(author) => Self::Undone(author.bounded()),
            Self::Superseded(_) | Self::Deleted => self,
        }
    }
}

impl Failure {
    fn bounded(self) -> Self {
        let Self { check, message, value, limit, evidence } = self;
        let [value, limit, evidence] = [value, limit, evidence].map(|text| text.as_deref().map(cut));
        Self { check: cut(&check), message: cut(&message), value, limit, evidence }
    }
}
