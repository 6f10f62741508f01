//! How do a query's placeholders become values?
//!
//! Every value that is filled in is made of letters, digits and characters that neither a PromQL string nor a regular
//! expression gives a meaning to, so nothing has to be escaped wherever the user put the placeholder.

use chrono::TimeDelta;
use thiserror::Error;

use crate::rollout::Revision;

/// What may stand between `{{` and `}}`.
const KNOWN: [&str; 5] = ["namespace", "rollout", "window", "canaryPods", "stablePods"];

/// A placeholder that nothing can be filled into.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPlaceholder {
    /// A name that we do not know.
    #[error(
        "the query has the unknown placeholder {{{{{0}}}}}; known are {{{{namespace}}}}, {{{{rollout}}}}, {{{{window}}}}, {{{{canaryPods}}}} and {{{{stablePods}}}}"
    )]
    Unknown(String),
    /// `{{` without `}}`.
    #[error("the query has {{{{ without }}}}; close the placeholder")]
    Open,
}

/// Fills what stays the same over the rollout's life: `{{namespace}}`, `{{rollout}}` and `{{window}}`. The pods are left to [`fill_pods`].
///
/// # Errors
/// Where a placeholder is unknown or not closed.
pub fn fill_fixed(query: &str, namespace: &str, rollout: &str, window: &str) -> Result<String, BadPlaceholder> {
    for part in parts(query) {
        match part {
            Part::Hole { name, .. } if !KNOWN.contains(&name) => return Err(BadPlaceholder::Unknown(name.to_owned())),
            Part::Open(_) => return Err(BadPlaceholder::Open),
            Part::Text(_) | Part::Hole { .. } => {}
        }
    }
    Ok(fill(query, |name| match name {
        "namespace" => Some(namespace.to_owned()),
        "rollout" => Some(rollout.to_owned()),
        "window" => Some(window.to_owned()),
        _ => None,
    }))
}

/// Fills `{{canaryPods}}` and `{{stablePods}}` with regular expressions that match the names of a revision's pods and no others.
pub fn fill_pods(query: &str, name: &str, stable: &Revision, canary: &Revision) -> String {
    fill(query, |placeholder| match placeholder {
        "canaryPods" => Some(pods(name, canary)),
        "stablePods" => Some(pods(name, stable)),
        _ => None,
    })
}

/// Fills `{{args.NAME}}`; all other placeholders are left as they are.
///
/// # Errors
/// Names an argument that there is not.
pub fn fill_args(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    for part in parts(text) {
        if let Part::Hole { name, .. } = part
            && let Some(argument) = name.strip_prefix("args.").filter(|argument| value(argument).is_none())
        {
            return Err(argument.to_owned());
        }
    }
    Ok(fill(text, |name| value(name.strip_prefix("args.")?)))
}

/// Fills `{{window}}` of a query that gets another one each time.
pub(super) fn window(query: &str, window: TimeDelta) -> String {
    fill(query, |placeholder| (placeholder == "window").then(|| promql(window)))
}

/// A duration as every server reads it.
pub(super) fn promql(duration: TimeDelta) -> String {
    format!("{}ms", duration.num_milliseconds().max(1))
}

/// The names of one revision's pods. Exactly two more parts, for the `ReplicaSet` and the pod: `shop-0123456789` may be another rollout's name.
pub(super) fn pods(name: &str, revision: &Revision) -> String {
    let plain = |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '.' }).collect::<String>();
    format!("{}-{}-[a-z0-9]+-[a-z0-9]+", plain(name), plain(revision.as_str()))
}

enum Part<'a> {
    Text(&'a str),
    Hole { name: &'a str, whole: &'a str },
    Open(&'a str),
}

/// Each character of the query is in exactly one part, so a value that was filled in is never looked at again.
fn parts(query: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = query;
    std::iter::from_fn(move || {
        let (part, left) = match rest.find("{{") {
            _ if rest.is_empty() => return None,
            None => (Part::Text(rest), ""),
            Some(0) => match rest.find("}}") {
                None => (Part::Open(rest), ""),
                Some(end) => (Part::Hole { name: rest[2..end].trim(), whole: &rest[..end + 2] }, &rest[end + 2..]),
            },
            Some(start) => (Part::Text(&rest[..start]), &rest[start..]),
        };
        rest = left;
        Some(part)
    })
}

fn fill(query: &str, value: impl Fn(&str) -> Option<String>) -> String {
    parts(query).fold(String::with_capacity(query.len()), |mut filled, part| {
        match part {
            Part::Text(text) | Part::Open(text) => filled.push_str(text),
            Part::Hole { name, whole } => match value(name) {
                Some(value) => filled.push_str(&value),
                None => filled.push_str(whole),
            },
        }
        filled
    })
}
