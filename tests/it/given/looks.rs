//! One look at a Rollout, as a pass gets it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serin::api::Status;
use serin::audit::Origin;
use serin::controller::{Decision, Key, Seen, decide};
use serin::rollout::{Fields, Intent, Observed};

use crate::audit_given::teller;

/// The Rollout of every table.
pub(crate) fn checkout() -> Key {
    Key { namespace: "shop".to_owned(), name: "checkout".to_owned() }
}

/// Generation 7 of it, with this status; nothing comes from templates, and no sink has to be waited for.
pub(crate) fn look(status: Status, intent: Intent, observed: Observed) -> Seen {
    Seen {
        version: "7".to_owned(),
        generation: 7,
        uid: "uid-1".to_owned(),
        replicas: Some(intent.replicas),
        shared: Arc::default(),
        fields: Fields::default(),
        intent: Ok(intent.into()),
        status: Ok(status.into()),
        begun: None,
        observed,
        sinks: BTreeMap::new(),
        teller: teller(),
        origin: Origin::default(),
    }
}

pub(crate) fn decided(seen: &Seen, now: DateTime<Utc>) -> Decision {
    decide(&checkout(), seen, now)
}
