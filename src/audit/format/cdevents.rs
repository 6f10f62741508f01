//! The few events for which CDEvents 0.5.1 has a word.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::kind::Kind;
use super::super::parts::Subject;
use super::super::record::NAMESPACE;
use super::PRODUCT;
use super::line::segment;
use super::told::Told;
use crate::rollout::{EventKind, REMOVED};

/// The version of the specification that the events are checked against.
const SPEC: &str = "0.5.1";

/// What happened to the service, in the specification's words.
enum Word {
    /// A first revision serves.
    Deployed,
    /// Another revision serves.
    Upgraded,
    /// The revision that served before serves again.
    RolledBack,
    /// Nothing serves any more.
    Removed,
    /// A revision failed.
    Incident,
}

/// `None` where the specification has no word: it knows what serves, not how a canary earns it.
pub(super) fn event(told: &Told<'_>) -> Option<Value> {
    let word = word(told.kind, &told.body.reason)?;
    let body = &told.body;
    let rollout = body.rollout.as_ref()?;
    let source = format!("/{PRODUCT}/{}", segment(&body.cluster.name));
    let service = format!("/{}/rollout/{}", segment(&rollout.namespace), segment(&rollout.name));
    let environment = json!({ "id": format!("{}/{}", body.cluster.name, rollout.namespace), "source": source });
    let serves = match word {
        Word::RolledBack => body.stable.as_deref().or(body.revision.as_deref()),
        Word::Deployed | Word::Upgraded | Word::Removed | Word::Incident => body.revision.as_deref(),
    };
    let artifact = artifact(told, rollout, serves?);
    let (kind, content) = match word {
        Word::Deployed => ("service.deployed", json!({ "environment": environment, "artifactId": artifact })),
        Word::Upgraded => ("service.upgraded", json!({ "environment": environment, "artifactId": artifact })),
        Word::RolledBack => ("service.rolledback", json!({ "environment": environment, "artifactId": artifact })),
        Word::Removed => ("service.removed", json!({ "environment": environment })),
        Word::Incident => (
            "incident.detected",
            json!({
                "description": body.message,
                "environment": environment,
                "service": { "id": service, "source": source },
                "artifactId": artifact,
            }),
        ),
    };
    let subject = match word {
        Word::Deployed | Word::Upgraded | Word::RolledBack | Word::Removed => service,
        Word::Incident => told.record.id.clone(),
    };
    Some(json!({
        "context": {
            "specversion": SPEC,
            "id": told.record.id,
            "source": source,
            "type": format!("dev.cdevents.{kind}.0.3.0"),
            "timestamp": body.time,
            "chainId": Uuid::new_v5(&NAMESPACE, told.thread().as_bytes()).to_string(),
        },
        "subject": { "id": subject, "source": source, "content": content },
        "customData": serde_json::from_str::<Value>(&told.record.text).unwrap_or_default(),
        "customDataContentType": "application/json",
    }))
}

/// What serves or failed, as a package URL: the image where the event has one with a digest, else the revision.
fn artifact(told: &Told<'_>, rollout: &Subject, revision: &str) -> String {
    let own = told.body.revision.as_deref() == Some(revision);
    let image = told.body.images.iter().filter(|_| own).find_map(|image| image.split_once('@'));
    if let Some((repository, digest)) = image {
        // A colon after the last slash begins a tag; before it, a port.
        let (path, name) = repository.rsplit_once('/').map_or(("", repository), |(path, name)| (path, name));
        let name = name.split(':').next().unwrap_or_default();
        let url = if path.is_empty() { segment(name) } else { segment(&format!("{path}/{name}")) };
        return format!("pkg:oci/{}@{}?repository_url={url}", segment(name), segment(digest));
    }
    format!("pkg:generic/{}/{}@{}", segment(&rollout.namespace), segment(&rollout.name), segment(revision))
}

fn word(kind: Kind, reason: &str) -> Option<Word> {
    match kind {
        Kind::Edge(EventKind::Installed | EventKind::Adopted) => Some(Word::Deployed),
        Kind::Edge(EventKind::Promoted) => Some(Word::Upgraded),
        Kind::Edge(EventKind::RolledBack) => Some(Word::RolledBack),
        Kind::Edge(EventKind::InstallFailed | EventKind::Aborted) => Some(Word::Incident),
        // A Rollout that leaves its Deployment serving removes no service.
        Kind::Edge(EventKind::Deleted) => (reason == REMOVED).then_some(Word::Removed),
        Kind::Gap
        | Kind::Own(_)
        | Kind::Edge(
            EventKind::Created
            | EventKind::SpecChanged
            | EventKind::Started
            | EventKind::StepStarted
            | EventKind::Paused
            | EventKind::Resumed
            | EventKind::PromotionStarted
            | EventKind::Superseded
            | EventKind::RollbackOverdue
            | EventKind::ApprovalRequested
            | EventKind::ApprovalGranted
            | EventKind::StepSkipped
            | EventKind::PromotionForced
            | EventKind::Baked
            | EventKind::Undone
            | EventKind::Restarted
            | EventKind::Recovered
            | EventKind::Reinstalled
            | EventKind::DriftCorrected
            | EventKind::HandBackStarted
            | EventKind::RollbackBlocked
            | EventKind::ActionRefused
            | EventKind::ActionSuperseded
            | EventKind::ProviderSilent
            | EventKind::ProviderAnswers,
        ) => None,
    }
}
