//! How is a command given? As an object in the cluster, whose status answers it.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PostParams;
use kube::{Api, Resource as _, ResourceExt as _};
use tokio::time::timeout;

use super::ask::{self, Found, Place};
use super::command::{Meant, Order, Patience};
use super::failure::{Ending, Failure};
use super::follow;
use crate::api::{ActionStatus, ActorSpec, Object, Rollout, RolloutAction, RolloutActionSpec, duration_text, revision};
use crate::rollout::Revision;

/// Creates the action, waits for its answer and prints that.
pub(super) fn give(order: &Order) -> Result<Ending, Failure> {
    super::runtime()?.block_on(async {
        let Found { place, object } = ask::rollout(&order.target).await?;
        let newest = if asks_for_newest(order, &object) { Some(revision(&place.template(&object).await?)) } else { None };
        let spec = spec(order, &object, newest, actor(&place).await?)?;
        let action = create(&place, &object, spec).await?;
        match order.patience {
            Patience::None => super::data(&format!("rolloutaction.serin.dev/{} is created", action.name_any())).map(|()| Ending::Done),
            Patience::Until(patience) => answer(&place, &action, patience).await,
        }
    })
}

/// Whether the command is bound to the revision of the template: what lowers exposure waits for no further answer, and needs no right to one.
fn asks_for_newest(order: &Order, object: &Object) -> bool {
    order.meant == Meant::Current && object.status.as_ref().is_ok_and(|status| status.canary.is_none())
}

/// What is asked for. What may give a revision more traffic is bound to the one that people see now: the canary, else the newest template's.
fn spec(order: &Order, object: &Object, newest: Option<Revision>, actor: ActorSpec) -> Result<RolloutActionSpec, Failure> {
    let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
    let meant = match &order.meant {
        Meant::Current => status.canary.clone().map(Revision::new).or(newest),
        Meant::For(revision) => Some(revision.clone()),
        Meant::Whatever => None,
    };
    // An attempt is counted where somebody looked at it: never for a revision that another hand named.
    let attempt = status.attempt.filter(|number| *number > 0 && order.meant == Meant::Current);
    Ok(RolloutActionSpec {
        rollout: order.target.name.clone(),
        verb: order.verb,
        revision: meant.map(|revision| revision.to_string()),
        attempt,
        to: order.back_to.as_ref().map(ToString::to_string),
        reason: order.reason.clone(),
        actor: Some(actor),
    })
}

/// Who asks, in the words of the API server; where it writes that into actions by itself, it writes the same.
async fn actor(place: &Place) -> Result<ActorSpec, Failure> {
    let reviews: Api<SelfSubjectReview> = Api::all(place.client.clone());
    let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await.map_err(|error| place.refused(&error))?;
    let user = review.status.and_then(|status| status.user_info).unwrap_or_default();
    Ok(ActorSpec { username: user.username.unwrap_or_default(), uid: user.uid.filter(|uid| !uid.is_empty()) })
}

/// It belongs to the Rollout, so that it goes with it, and never meets another Rollout of that name.
async fn create(place: &Place, object: &Object, spec: RolloutActionSpec) -> Result<RolloutAction, Failure> {
    let verb = spec.verb;
    let owner = OwnerReference {
        api_version: Rollout::api_version(&()).into_owned(),
        kind: Rollout::kind(&()).into_owned(),
        name: place.key.name.clone(),
        uid: object.metadata.uid.clone().unwrap_or_default(),
        ..OwnerReference::default()
    };
    let metadata = ObjectMeta {
        generate_name: Some(format!("{}-{}-", place.key.name, verb.command())),
        owner_references: Some(vec![owner]),
        ..ObjectMeta::default()
    };
    let action = RolloutAction { metadata, spec, status: None };
    place.all::<RolloutAction>().create(&PostParams::default(), &action).await.map_err(|error| match &error {
        kube::Error::Api(status) if status.code == 403 => Failure::new(
            status.message.clone(),
            format!(
                "ask for the right to {} rollouts.serin.dev and to create rolloutactions.serin.dev in that namespace; docs/security.md lists the roles",
                verb.right()
            ),
        ),
        kube::Error::Api(status) if matches!(status.code, 400 | 422) => Failure::new(
            format!("the API server will not have it: {}", status.message),
            "correct what was typed; serin help lists what there is",
        ),
        _ => place.refused(&error),
    })
}

async fn answer(place: &Place, action: &RolloutAction, patience: Duration) -> Result<Ending, Failure> {
    let (name, uid) = (action.name_any(), action.uid());
    let answered = follow::until(place, &name, async |seen: Option<RolloutAction>| match seen {
        Some(seen) if seen.uid() == uid => Ok(seen.status.as_ref().and_then(read)),
        Some(_) | None => {
            let hint = format!("see where the Rollout stands: serin status {}", place.key.name);
            Err(Failure::new(format!("the action {name} was deleted before its answer was seen"), hint))
        }
    });
    match timeout(patience, answered).await {
        Ok(answered) => {
            let (ending, line) = answered?;
            super::data(&line).map(|()| ending)
        }
        Err(_) => {
            let patience = duration_text(chrono::TimeDelta::from_std(patience).unwrap_or(crate::api::LONGEST));
            let hint = format!(
                "is the controller running? The action stays, and is done when its turn comes: kubectl get rolloutaction {name} --namespace {}",
                place.key.namespace
            );
            Err(Failure::late(format!("no answer within {patience}"), hint))
        }
    }
}

/// The answer in a status, if there is one: how the command ends, and its line.
fn read(status: &ActionStatus) -> Option<(Ending, String)> {
    let phase = status.phase.as_deref()?;
    let ending = match phase {
        "Done" => Ending::Done,
        "Superseded" => Ending::Superseded,
        _ => Ending::Negative,
    };
    Some((ending, format!("{phase}: {}", status.message.as_deref().unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::{Value, json};

    use super::*;
    use crate::api::VerbSpec;
    use crate::cli::command::{Access, Target};

    fn order(verb: VerbSpec, meant: Meant) -> Order {
        let target = Target { name: "checkout".to_owned(), namespace: None, access: Access::default() };
        Order { target, verb, meant, back_to: None, reason: None, patience: Patience::None }
    }

    fn asked(verb: VerbSpec, meant: Meant, status: &Value) -> Value {
        let object = json!({"metadata": {"name": "checkout"}, "spec": {}, "status": status});
        let object: Object = serde_json::from_value(object).unwrap();
        let actor = ActorSpec { username: "alice".to_owned(), uid: None };
        serde_json::to_value(spec(&order(verb, meant), &object, Some(Revision::new("9999999999")), actor).unwrap()).unwrap()
    }

    #[test]
    fn what_raises_exposure_is_bound_to_the_attempt_that_people_see() {
        let status = json!({"canary": "abcdef0123", "attempt": 3});
        assert_snapshot!(asked(VerbSpec::Approve, Meant::Current, &status), @r#"{"actor":{"username":"alice"},"attempt":3,"revision":"abcdef0123","rollout":"checkout","verb":"Approve"}"#);
    }

    #[test]
    fn while_nothing_is_in_flight_it_is_bound_to_the_spec_s_revision() {
        let status = json!({"attempt": 3});
        assert_snapshot!(asked(VerbSpec::Retry, Meant::Current, &status), @r#"{"actor":{"username":"alice"},"attempt":3,"revision":"9999999999","rollout":"checkout","verb":"Retry"}"#);
    }

    #[test]
    fn a_revision_that_is_named_is_taken_at_any_attempt() {
        let status = json!({"canary": "abcdef0123", "attempt": 3});
        assert_snapshot!(asked(VerbSpec::Abort, Meant::For(Revision::new("0123456789")), &status), @r#"{"actor":{"username":"alice"},"revision":"0123456789","rollout":"checkout","verb":"Abort"}"#);
    }

    #[test]
    fn what_lowers_exposure_is_meant_for_whatever_is_there() {
        let status = json!({"canary": "abcdef0123", "attempt": 3});
        assert_snapshot!(asked(VerbSpec::Abort, Meant::Whatever, &status), @r#"{"actor":{"username":"alice"},"rollout":"checkout","verb":"Abort"}"#);
    }

    #[test]
    fn only_what_is_bound_to_the_newest_template_asks_for_it() {
        let asks = |meant: Meant, status: Value| {
            let object = json!({"metadata": {"name": "checkout"}, "spec": {}, "status": status});
            asks_for_newest(&order(VerbSpec::Abort, meant), &serde_json::from_value(object).unwrap())
        };
        assert!(asks(Meant::Current, json!({"attempt": 3})));
        assert!(!asks(Meant::Current, json!({"canary": "abcdef0123", "attempt": 3})));
        assert!(!asks(Meant::For(Revision::new("0123456789")), json!({"attempt": 3})));
        assert!(!asks(Meant::Whatever, json!({"attempt": 3})));
    }

    #[test]
    fn every_answer_has_its_exit_code() {
        let told =
            |phase: &str| read(&ActionStatus { phase: Some(phase.to_owned()), message: Some("so".to_owned()), ..ActionStatus::default() });
        assert_eq!(told("Done"), Some((Ending::Done, "Done: so".to_owned())));
        assert_eq!(told("Refused"), Some((Ending::Negative, "Refused: so".to_owned())));
        assert_eq!(told("Superseded"), Some((Ending::Superseded, "Superseded: so".to_owned())));
        assert_eq!(read(&ActionStatus::default()), None);
    }
}
