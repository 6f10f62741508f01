//! What did a user ask of the API server?

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// One request, from the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When the API server received it.
    pub at: DateTime<Utc>,
    /// Who asked.
    pub user: String,
    /// With which program: it tells apart processes of the same user.
    pub agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Such as `apps`; empty for the core group.
    pub group: String,
    /// For example `deployments`; empty for paths like `/readyz`.
    pub resource: String,
    /// For example `status` or `scale`; empty for the object itself.
    pub subresource: String,
    /// Empty for what has none.
    pub namespace: String,
    /// Empty for lists, and for a create that leaves the name to the server.
    pub name: String,
    /// The path with its query: shows a dry run, a selector.
    pub uri: String,
    /// The HTTP status of the answer; 0 while there is none.
    pub code: u16,
    /// Why it was refused; empty where it was not.
    pub message: String,
}

/// The requests of one user, in the order in which they were received.
pub(crate) fn events(log: &Path, user: &str) -> Result<Vec<AuditEvent>> {
    let file = File::open(log).with_context(|| format!("no audit log at {}: start the plane with Audit::On", log.display()))?;
    parse(BufReader::new(file), user)
}

/// A request may have two lines, at the start and at the end of its answer (a watch); the later one counts.
fn parse(log: impl BufRead, user: &str) -> Result<Vec<AuditEvent>> {
    let mut events = BTreeMap::new();
    for line in log.lines() {
        let line = line?;
        // Reading JSON takes most of the time, and most lines are somebody else's. The last one may be half written.
        let Some(line) = line.contains(user).then(|| serde_json::from_str::<Line>(&line).ok()).flatten() else { continue };
        if line.user.username == user {
            events.insert((line.at, line.id.clone()), event(line));
        }
    }
    Ok(events.into_values().collect())
}

fn event(line: Line) -> AuditEvent {
    let Reference { group, resource, subresource, namespace, name } = line.object;
    AuditEvent {
        at: line.at,
        user: line.user.username,
        agent: line.agent,
        verb: line.verb,
        group,
        resource,
        subresource,
        namespace,
        name,
        uri: line.uri,
        code: line.response.code,
        message: line.response.message,
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "auditID")]
    id: String,
    #[serde(rename = "requestReceivedTimestamp")]
    at: DateTime<Utc>,
    #[serde(rename = "requestURI")]
    uri: String,
    verb: String,
    user: User,
    #[serde(rename = "userAgent", default)]
    agent: String,
    #[serde(rename = "objectRef", default)]
    object: Reference,
    #[serde(rename = "responseStatus", default)]
    response: Response,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reference {
    #[serde(rename = "apiGroup")]
    group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Response {
    code: u16,
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, second: u32, user: &str, verb: &str, code: u16) -> String {
        format!(
            r#"{{"kind":"Event","auditID":"{id}","requestReceivedTimestamp":"2026-01-01T00:00:{second:02}.000001Z","requestURI":"/x","verb":"{verb}","user":{{"username":"{user}"}},"objectRef":{{"resource":"deployments","subresource":"scale","namespace":"n","name":"d"}},"responseStatus":{{"code":{code}}}}}"#
        )
    }

    #[test]
    fn only_the_users_own_requests_count_and_in_order() {
        let log = [line("b", 2, "serin", "patch", 200), line("x", 1, "other", "get", 200), line("a", 1, "serin", "watch", 200)].join("\n");
        let found = parse(log.as_bytes(), "serin").expect("events");
        assert_eq!(found.iter().map(|event| event.verb.as_str()).collect::<Vec<_>>(), ["watch", "patch"]);
        assert_eq!((found[1].resource.as_str(), found[1].subresource.as_str(), found[1].code), ("deployments", "scale", 200));
    }

    #[test]
    fn a_request_with_two_lines_counts_once_and_a_half_written_line_not_at_all() {
        let log = [line("a", 1, "serin", "watch", 0), line("a", 1, "serin", "watch", 200), "{\"auditID\":".to_owned()].join("\n");
        let found = parse(log.as_bytes(), "serin").expect("events");
        assert_eq!(found.iter().map(|event| event.code).collect::<Vec<_>>(), [200]);
    }
}
