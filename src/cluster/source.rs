//! What is a revision made from? The template of the spec, or, where that has another one by now, what was stored of it.

use serde::Deserialize;
use serde_json::Value;

use super::error::Error;
use super::meta::child_name;
use super::requests::{self, Of, Pods};
use super::workloads::{Found, filled, place};
use super::writer::Writer;
use crate::api::revision;
use crate::rollout::{Epoch, Key, Revision};

/// What a revision is made from.
pub(super) struct Source {
    pub(super) template: Value,
    min_ready_seconds: Option<Value>,
    uid: String,
}

/// The part of a record that is read.
#[derive(Deserialize)]
struct Stored {
    data: Value,
}

impl Source {
    pub(super) fn of<'a>(&'a self, key: &'a Key, revision: &'a Revision) -> Of<'a> {
        Of { key, uid: &self.uid, revision }
    }

    pub(super) fn pods(&self, replicas: u32, epoch: Epoch) -> Pods<'_> {
        Pods { template: &self.template, min_ready_seconds: self.min_ready_seconds.as_ref(), replicas, epoch }
    }
}

impl Writer {
    /// The spec's template, where it still is the wanted one: a watch may have brought a newer spec since the decision.
    pub(super) fn spec_source(&self, key: &Key, wanted: &Revision, what: &str) -> Result<Source, Error> {
        let source = self.spec(key, what)?;
        if revision(&source.template) == *wanted { Ok(source) } else { Err(Error::changed(what)) }
    }

    /// The wanted template, wherever it is. A baseline is made of that of the revision which it stands for.
    pub(super) async fn source(&self, key: &Key, wanted: &Revision, what: &str) -> Result<Source, Error> {
        let wanted = wanted.template();
        let source = self.spec(key, what)?;
        if revision(&source.template) == *wanted {
            return Ok(source);
        }
        let Stored { data } = match self.call("reading a stored template", requests::get_record(key, &wanted)).await {
            Ok(stored) => stored,
            // It is the record that is gone, not what is about to be written.
            Err(Error::Gone { .. }) => {
                self.index().deleted_record(key, &child_name(&key.name, &wanted));
                return Err(Error::changed(what));
            }
            Err(error) => return Err(error),
        };
        if revision(&data) != *wanted {
            let text =
                format!("the stored template of revision {wanted} is another one by now; set the spec's template to what should serve");
            return Err(Error::Refused { what: what.to_owned(), text });
        }
        Ok(Source { template: data, ..source })
    }

    pub(super) fn spec(&self, key: &Key, what: &str) -> Result<Source, Error> {
        let rollout = self.index().rollout(key).ok_or_else(|| Error::changed(what))?;
        let mut spec = rollout.spec();
        if let Some(place) = place(&key.namespace, &spec)
            && let Some(Found::There(_, template)) = self.index().running(&place)
        {
            spec = filled(spec, &template, None);
        }
        let template = spec.get_mut("template").map(Value::take).unwrap_or_default();
        let min_ready_seconds = spec.get_mut("minReadySeconds").map(Value::take);
        Ok(Source { template, min_ready_seconds, uid: rollout.metadata.uid.clone().unwrap_or_default() })
    }
}
