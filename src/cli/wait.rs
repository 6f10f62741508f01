//! Waits until it is decided what becomes of a revision.

use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::core::PartialObjectMeta;
use serde_json::Value;
use tokio::time::timeout;

use super::ask::{self, Place};
use super::command::{Wait, Wanted};
use super::failure::{Ending, Failure};
use super::fate::{Fate, Past, Sight, fate};
use super::{follow, history};
use crate::api::{self, LONGEST, Object, duration_text, result_name, revision};
use crate::cluster::{OUTCOME, child_name};
use crate::rollout::{AttemptResult, Revision};

/// Waits, and prints the outcome.
pub(super) fn wait(wait: &Wait) -> Result<Ending, Failure> {
    super::runtime()?.block_on(async {
        let place = ask::rollout(&wait.target).await?.place;
        let mut search = Search::new(&place, &wait.wanted);
        let name = &place.key.name;
        let decided = follow::until(&place, name, async |object: Option<Object>| match object {
            Some(object) => search.look(&object).await,
            None => Ok(Some((Ending::Superseded, "Superseded: the Rollout is gone".to_owned()))),
        });
        let ended = timeout(wait.timeout, decided).await;
        match ended {
            Ok(decided) => {
                let (ending, line) = decided?;
                super::data(&line).map(|()| ending)
            }
            Err(_) => {
                let patience = duration_text(chrono::TimeDelta::from_std(wait.timeout).unwrap_or(LONGEST));
                let hint = format!("look at it with serin status {name} --watch, or wait for longer with --timeout");
                Err(Failure::late(format!("not decided within {patience}: {}", search.open), hint))
            }
        }
    })
}

/// What is waited for, and what is known of it so far.
struct Search<'a> {
    place: &'a Place,
    wanted: &'a Wanted,
    /// Which revision that is, as soon as it is known.
    revision: Option<Revision>,
    /// Whether the spec had it while somebody looked.
    asked_for: bool,
    /// Why it is not decided yet.
    open: String,
}

impl<'a> Search<'a> {
    fn new(place: &'a Place, wanted: &'a Wanted) -> Self {
        Self { place, wanted, revision: None, asked_for: false, open: "the Rollout was not seen".to_owned() }
    }

    /// The outcome, if there is one by now.
    async fn look(&mut self, object: &Object) -> Result<Option<(Ending, String)>, Failure> {
        let template = self.place.template(object).await?;
        let newest = revision(&template);
        if self.revision.is_none() {
            self.revision = self.find(&template, &newest).await?;
        }
        let Some(wanted) = self.revision.clone() else { return Ok(None) };
        self.asked_for |= wanted == newest;
        let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
        let observed = status.observed_generation == object.metadata.generation;
        let sight = Sight { status, is_newest: wanted == newest, is_observed: observed };
        let mut known = fate(&wanted, &sight);
        if known == Fate::Past {
            known = self.past(&wanted).await?.fate();
        }
        match known {
            Fate::Open(why) => {
                self.open = why;
                Ok(None)
            }
            Fate::Ended { result, message } => Ok(Some((ending(result), format!("{} {wanted}: {message}", result_name(result))))),
            Fate::Past => Ok(None),
        }
    }

    /// Which revision is meant, if it is known already.
    async fn find(&mut self, template: &Value, newest: &Revision) -> Result<Option<Revision>, Failure> {
        let image = match self.wanted {
            Wanted::Newest => return Ok(Some(newest.clone())),
            Wanted::Revision(revision) => return Ok(Some(revision.clone())),
            Wanted::Image(image) => image,
        };
        if api::images(template).contains(image) {
            return Ok(Some(newest.clone()));
        }
        self.open = format!("no revision has the image {image}");
        let kept = history::kept(self.place).await?;
        Ok(kept.iter().rev().find(|past| past.images.contains(image)).map(|past| Revision::new(past.revision.clone())))
    }

    /// What the record of a revision says, of which the status says nothing any more.
    async fn past(&self, wanted: &Revision) -> Result<Past, Failure> {
        let records = self.place.all::<PartialObjectMeta<ControllerRevision>>();
        let record = records.get_opt(&child_name(&self.place.key.name, wanted)).await.map_err(|error| self.place.refused(&error))?;
        Ok(match record {
            Some(record) => Past::Kept(record.metadata.annotations.and_then(|notes| notes.get(OUTCOME).cloned())),
            None if self.asked_for => Past::Kept(None),
            None => Past::Unknown,
        })
    }
}

/// The exit code of each end.
fn ending(result: AttemptResult) -> Ending {
    match result {
        AttemptResult::Installed | AttemptResult::Promoted | AttemptResult::Recovered => Ending::Done,
        AttemptResult::Aborted | AttemptResult::Undone => Ending::Negative,
        AttemptResult::Superseded => Ending::Superseded,
    }
}
