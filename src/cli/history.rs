//! Prints a Rollout's revisions, and what became of them.

use std::fmt::Write as _;

use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::api::ListParams;
use serde::Serialize;

use super::ask::{self, Found, Place};
use super::command::{Output, Question};
use super::failure::Failure;
use crate::api::{self, Status};
use crate::cluster::{OUTCOME, OUTCOME_AT, REVISION, ROLLOUT};

/// All that is kept of a Rollout, oldest first. As JSON its members stay what they are; new ones may come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct History {
    namespace: String,
    name: String,
    revisions: Vec<Past>,
}

/// One revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Past {
    /// The attempt that brought it first; 0 for the first revision.
    pub(super) number: i64,
    /// Its name.
    pub(super) revision: String,
    /// `stable` or `canary` while it is one of them.
    pub(super) role: Option<String>,
    /// How its last attempt ended.
    pub(super) outcome: Option<String>,
    /// When that was.
    pub(super) at: Option<String>,
    /// The images of its containers.
    pub(super) images: Vec<String>,
}

/// Asks once and prints what is kept.
pub(super) fn print(question: &Question) -> Result<(), Failure> {
    let history = super::runtime()?.block_on(ask(question))?;
    match question.output {
        Output::Text => super::data(&table(&history.revisions)),
        Output::Json => super::data(&serde_json::to_string_pretty(&history).expect("plain data is always JSON")),
    }
}

async fn ask(question: &Question) -> Result<History, Failure> {
    let Found { place, object } = ask::rollout(&question.target).await?;
    let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
    let revisions = kept(&place).await?.into_iter().map(|past| Past { role: role(&past.revision, status), ..past }).collect();
    Ok(History { namespace: place.key.namespace, name: place.key.name, revisions })
}

/// What is kept of a Rollout, oldest first.
pub(super) async fn kept(place: &Place) -> Result<Vec<Past>, Failure> {
    let ours = ListParams::default().labels(&format!("{ROLLOUT}={}", place.key.name));
    let records = place.all::<ControllerRevision>().list(&ours).await.map_err(|error| place.refused(&error))?;
    let mut records = records.items;
    records.sort_by_key(|record| (record.revision, record.metadata.creation_timestamp.clone()));
    Ok(records.iter().filter_map(past).collect())
}

/// What one record says; nothing where it has no revision, as somebody's edited copy may have none.
fn past(record: &ControllerRevision) -> Option<Past> {
    let note = |name: &str| record.metadata.annotations.as_ref()?.get(name).cloned();
    Some(Past {
        number: record.revision,
        revision: record.metadata.labels.as_ref()?.get(REVISION)?.clone(),
        role: None,
        outcome: note(OUTCOME),
        at: note(OUTCOME_AT),
        images: record.data.as_ref().map(|data| api::images(&data.0)).unwrap_or_default(),
    })
}

fn role(revision: &str, status: &Status) -> Option<String> {
    let is = |name: &Option<String>| name.as_deref() == Some(revision);
    let role = if is(&status.canary) {
        "canary"
    } else if is(&status.stable) {
        "stable"
    } else {
        return None;
    };
    Some(role.to_owned())
}

/// The revisions in columns; what is not there is a dash.
fn table(revisions: &[Past]) -> String {
    let head = ["NUMBER", "REVISION", "NOW", "OUTCOME", "WHEN", "IMAGES"].map(str::to_owned);
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows = revisions.iter().map(|past| {
        [past.number.to_string(), past.revision.clone(), text(&past.role), text(&past.outcome), text(&past.at), past.images.join(" ")]
    });
    let rows: Vec<[String; 6]> = [head].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut page = String::new();
    for row in &rows {
        for (column, cell) in row.iter().enumerate().take(row.len() - 1) {
            // Writing to a String cannot fail.
            let _ = write!(page, "{cell:<width$}  ", width = width(column));
        }
        page.push_str(&row[row.len() - 1]);
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn revisions_stand_in_columns_with_what_became_of_them() {
        let revision = |number, revision: &str, outcome: Option<&str>, role: Option<&str>| Past {
            number,
            revision: revision.to_owned(),
            role: role.map(str::to_owned),
            outcome: outcome.map(str::to_owned),
            at: outcome.map(|_| "2026-11-23T12:02:00Z".to_owned()),
            images: vec![format!("registry.example/checkout:{number}")],
        };
        assert_snapshot!(table(&[
            revision(0, "551d809828", Some("installed"), None),
            revision(1, "2ca6578ff8", Some("promoted"), Some("stable")),
            revision(12, "129144d2a4", None, Some("canary")),
        ]), @"
        NUMBER  REVISION    NOW     OUTCOME    WHEN                  IMAGES
        0       551d809828  -       installed  2026-11-23T12:02:00Z  registry.example/checkout:0
        1       2ca6578ff8  stable  promoted   2026-11-23T12:02:00Z  registry.example/checkout:1
        12      129144d2a4  canary  -          -                     registry.example/checkout:12
        ");
    }

    #[test]
    fn a_record_tells_its_template_s_images() {
        let record: ControllerRevision = serde_json::from_value(json!({
            "metadata": {
                "labels": {"serin.dev/revision": "551d809828"},
                "annotations": {"serin.dev/outcome": "promoted", "serin.dev/outcome-at": "2026-11-23T12:02:00Z"},
            },
            "revision": 3,
            "data": {"spec": {"containers": [{"image": "web:1"}, {"name": "odd"}], "initContainers": [{"image": "init:1"}]}},
        }))
        .unwrap();
        let past = past(&record).unwrap();
        assert_eq!(past.images, ["web:1", "init:1"]);
        assert_eq!((past.number, past.outcome.as_deref(), past.at.as_deref()), (3, Some("promoted"), Some("2026-11-23T12:02:00Z")));
    }
}
