//! Why did a write not happen, and what follows from that?

use kube::core::Status;

/// The longest text of the API server that is kept, in bytes: it is told in status and logs.
const MAX_TEXT_BYTES: usize = 1024;

/// A write that did not happen, or of which that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The object is another than the one that was looked at: look again.
    #[error("{what}: it changed meanwhile")]
    Changed {
        /// The write.
        what: String,
    },
    /// There is no such object any more: look again.
    #[error("{what}: it is gone")]
    Gone {
        /// The write.
        what: String,
    },
    /// The API server answered, and will not have it.
    #[error("{what}: {text}")]
    Refused {
        /// The write.
        what: String,
        /// Its words.
        text: String,
    },
    /// There was no answer, or none that says anything of this write; it may have happened.
    #[error("{what}: {text}")]
    NoAnswer {
        /// The write.
        what: String,
        /// What came instead.
        text: String,
    },
}

impl Error {
    /// What follows from what the client says.
    pub(super) fn new(what: &str, error: &kube::Error) -> Self {
        let what = what.to_owned();
        match error {
            kube::Error::Api(status) => Self::answered(what, status),
            other => Self::NoAnswer { what, text: chain(other) },
        }
    }

    fn answered(what: String, status: &Status) -> Self {
        let text = short(&status.message);
        match status.code {
            // A namespace that is missing is no matter of looking again.
            404 if status.message.starts_with("namespaces ") => Self::Refused { what, text },
            404 => Self::Gone { what },
            409 => Self::Changed { what },
            // 401: the token is being renewed; 408 and 429: the server asks for patience. 500 is what a broken admission webhook makes of every write.
            400 | 402 | 403 | 405..=407 | 410..=428 | 430..=500 => Self::Refused { what, text },
            code => Self::NoAnswer { what, text: format!("HTTP {code}: {text}") },
        }
    }

    /// The right that is missing, in the API server's words, where that is why.
    pub fn forbidden(&self) -> Option<&str> {
        match self {
            Self::Refused { text, .. } => lacking(text),
            Self::Changed { .. } | Self::Gone { .. } | Self::NoAnswer { .. } => None,
        }
    }

    /// Told where nothing was sent because what was decided on is no longer there.
    pub(super) fn changed(what: &str) -> Self {
        Self::Changed { what: what.to_owned() }
    }

    /// Told when the limit of a call is over.
    pub(super) fn late(what: &str) -> Self {
        Self::NoAnswer { what: what.to_owned(), text: "the API server did not answer in time".to_owned() }
    }
}

/// What is refused after several attempts to write: the first refusal; nothing where all went well; else what was refused before, of which a
/// conflict or silence says nothing.
pub fn refusal(before: Option<String>, outcomes: [&Result<(), Error>; 2]) -> Option<String> {
    let refused = outcomes.iter().find_map(|outcome| match outcome {
        Err(error @ Error::Refused { .. }) => Some(error.to_string()),
        Ok(()) | Err(Error::Changed { .. } | Error::Gone { .. } | Error::NoAnswer { .. }) => None,
    });
    refused.or_else(|| before.filter(|_| outcomes.iter().any(|outcome| outcome.is_err())))
}

/// What its authorizer says, as `cannot create resource \"deployments\" ...`: quotas and policies forbid things, too, in other words.
pub(super) fn lacking(text: &str) -> Option<&str> {
    let (_, said) = text.split_once(" is forbidden: User ")?;
    said.find("cannot ").map(|at| &said[at..])
}

/// The words of the API server, without what they owe to a scratch name, and not too many.
fn short(message: &str) -> String {
    let said = ["strict decoding error: ", "\" is invalid: "].iter().find_map(|lead| message.split_once(lead)).map(|(_, said)| said);
    let text = said.unwrap_or(message);
    text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned()
}

/// An error with all its causes: what hyper says alone says nothing.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: u16, message: &str) -> String {
        let status = Status { code, message: message.to_owned(), ..Status::default() };
        let error = Error::new("creating", &kube::Error::Api(Box::new(status)));
        let kind = match error {
            Error::Changed { .. } => "changed",
            Error::Gone { .. } => "gone",
            Error::Refused { .. } => "refused",
            Error::NoAnswer { .. } => "no answer",
        };
        format!("{kind}: {error}")
    }

    #[test]
    fn an_answer_says_whether_looking_again_helps() {
        assert_eq!(told(409, "the object has been modified"), "changed: creating: it changed meanwhile");
        assert_eq!(told(404, "deployments.apps \"web\" not found"), "gone: creating: it is gone");
        assert_eq!(told(404, "namespaces \"shop\" not found"), "refused: creating: namespaces \"shop\" not found");
        assert_eq!(told(403, "exceeded quota: pods"), "refused: creating: exceeded quota: pods");
        assert_eq!(told(500, "failed calling webhook \"policy\""), "refused: creating: failed calling webhook \"policy\"");
        assert_eq!(told(429, "too many requests"), "no answer: creating: HTTP 429: too many requests");
        assert_eq!(told(503, "no endpoints"), "no answer: creating: HTTP 503: no endpoints");
        assert_eq!(told(401, "Unauthorized"), "no answer: creating: HTTP 401: Unauthorized");
    }

    #[test]
    fn a_refusal_is_over_only_when_nothing_fails() {
        let before = || Some("creating: quota".to_owned());
        let refused = Err(Error::Refused { what: "scaling".to_owned(), text: "policy".to_owned() });
        let conflict = Err(Error::changed("scaling"));
        assert_eq!(refusal(before(), [&Ok(()), &Ok(())]), None);
        assert_eq!(refusal(before(), [&conflict, &Ok(())]), before());
        assert_eq!(refusal(before(), [&Ok(()), &refused]), Some("scaling: policy".to_owned()));
        assert_eq!(refusal(None, [&conflict, &refused]), Some("scaling: policy".to_owned()));
    }

    #[test]
    fn the_words_about_a_template_begin_where_they_speak_of_it() {
        let strict = "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.template.spec.contaners\"";
        assert_eq!(told(400, strict), "refused: creating: unknown field \"spec.template.spec.contaners\"");
        let invalid = "Deployment.apps \"web-0123456789-dry\" is invalid: spec.template.spec.containers[0].image: Required value";
        assert_eq!(told(422, invalid), "refused: creating: spec.template.spec.containers[0].image: Required value");
    }

    #[test]
    fn a_right_that_is_missing_is_told_from_a_quota() {
        let refused = |text: &str| Error::Refused { what: "creating".to_owned(), text: text.to_owned() };
        let right = "deployments.apps is forbidden: User \"system:serviceaccount:serin:serin\" cannot create resource \"deployments\" in API group \"apps\"";
        assert_eq!(refused(right).forbidden(), Some("cannot create resource \"deployments\" in API group \"apps\""));
        assert_eq!(refused("pods \"web\" is forbidden: exceeded quota: pods").forbidden(), None);
        assert_eq!(Error::changed("scaling").forbidden(), None);
    }

    #[test]
    fn a_long_answer_is_cut_at_a_character() {
        assert!(told(422, &"é".repeat(2000)).len() < MAX_TEXT_BYTES + 40);
    }
}
