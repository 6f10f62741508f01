//! What is told of an edit of the spec: which fields say something else, never what they say, and nothing twice.

use serde_json::{Value, json};
use serin::api::{Status, fields};
use serin::audit::{Actor, Body, Origin, Respec};
use serin::controller::{Decision, Seen};
use serin::rollout::{Lifetime, Meaning, Observed, Record, State, Template};

use crate::given::{self, Seeing as _, child, idle, intent, noon, seen, stepping, v1, v2};

/// A spec with a secret in every field, which no event may have.
fn spec(edit: impl FnOnce(&mut Value)) -> Value {
    let mut spec = json!({
        "replicas": 10,
        "template": {"spec": {"containers": [{"env": [{"name": "TOKEN", "value": "t0ps3cret"}]}]}},
        "analysis": {"checks": [{"query": "t0ps3cret"}]},
        "steps": [{"weight": 10}],
    });
    edit(&mut spec);
    spec
}

/// One look at generation `generation` of a Rollout that serves v1.
fn look(status: &Status, spec: &Value, generation: i64) -> Seen {
    let origin = Origin { images: Vec::new(), requested_by: Some("carol@example.com".to_owned()) };
    Seen { generation, fields: fields(spec), origin, ..given::look(status.clone(), intent(v1()), serving()) }
}

/// v1 serves, and its record says what became of it.
fn serving() -> Observed {
    let record = Record { number: 0, outcome: Some("installed".to_owned()), outcome_at: Some(noon()) };
    Observed { records: [(v1(), record)].into(), ..seen().with(v1(), child(10, 10)) }
}

fn pass(seen: &Seen) -> Decision {
    given::decided(seen, noon())
}

/// What was committed of generation 4 of the spec, as this version of Serin does.
fn known(state: State) -> Status {
    let wanted = state.attempt().map_or_else(v1, |attempt| attempt.canary.clone());
    let mut seen = look(&Status { state: Some(state), ..Status::default() }, &spec(|_| ()), 4);
    (seen.intent, seen.observed) = (Ok(intent(wanted).into()), serving().with(v2(), child(3, 3)));
    *pass(&seen).status.expect("a first status")
}

fn told(decision: &Decision) -> Vec<Body> {
    let pending = decision.status.iter().flat_map(|status| status.audit.pending());
    pending.map(|record| record.body().expect("our own format")).collect()
}

fn changed(names: &[&str], from: i64, to: i64) -> Respec {
    Respec { changed: names.iter().map(|name| (*name).to_owned()).collect(), from, to }
}

#[test]
fn an_edit_that_nothing_else_tells_of_is_an_event_in_the_write_that_is_made_anyway() {
    let edited = spec(|spec| {
        spec["steps"] = json!([{"weight": 50}]);
        spec["paused"] = json!(true);
    });
    let decision = pass(&look(&known(idle()), &edited, 6));
    let [event] = &told(&decision)[..] else { panic!("{:?}", told(&decision)) };
    assert_eq!((event.kind.as_str(), event.spec.clone()), ("rollout.spec-changed", Some(changed(&["paused", "steps"], 5, 6))));
    assert_eq!((&event.actor, event.on_behalf_of.as_ref().map(|claim| claim.name.as_str())), (&Actor::Unknown, Some("carol@example.com")));
    assert_eq!(event.message, "somebody changed the spec (generations 5 to 6): paused, steps");
    let status = decision.status.expect("it is committed");
    assert_eq!(status.observed_generation, Some(6));
    assert_eq!(pass(&look(&status, &edited, 6)).status, None, "it is told once");
}

#[test]
fn no_event_has_what_a_field_says() {
    let edited = spec(|spec| spec["analysis"] = json!({"checks": [{"query": "another t0ps3cret"}]}));
    let status = pass(&look(&known(idle()), &edited, 5)).status.expect("it is committed");
    let text = serde_json::to_string(&status).expect("a status can be written");
    assert!(text.contains("analysis") && !text.contains("t0ps3cret"), "{text}");
    let spec = serde_json::to_string(&status.memo.spec).expect("it can be written");
    assert!(spec.len() < 160, "{} bytes in every status: {spec}", spec.len());
}

#[test]
fn other_replicas_alone_are_no_event_and_are_named_with_the_next_one() {
    let scaled = spec(|spec| spec["replicas"] = json!(12));
    let decision = pass(&look(&known(idle()), &scaled, 5));
    assert_eq!(told(&decision), []);
    let status = decision.status.expect("the generation is noted");
    let both = spec(|spec| (spec["replicas"], spec["bake"]) = (json!(12), json!({"time": "1m"})));
    assert_eq!(told(&pass(&look(&status, &both, 6)))[0].spec, Some(changed(&["bake", "replicas"], 5, 6)));
}

#[test]
fn an_edit_that_begins_an_attempt_is_named_in_the_event_of_that() {
    let edited = spec(|spec| (spec["template"], spec["steps"]) = (json!({}), json!([])));
    let with = |template: Template| {
        let mut seen = look(&known(idle()), &edited, 5);
        seen.intent = Ok(intent(v2()).into());
        seen.observed.template = template;
        pass(&seen)
    };
    assert_eq!(told(&with(Template::Unasked)), [], "the API server is asked first");
    let accepted = told(&with(Template::Accepted { revision: v2(), meaning: Meaning::new("another") }));
    assert_eq!(accepted.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["rollout.started"]);
    assert_eq!(accepted[0].spec, Some(changed(&["steps", "template"], 5, 5)));
    let refused = told(&with(Template::Refused { revision: v2(), text: "unknown field".to_owned(), at: noon() }));
    assert_eq!(refused.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["rollout.spec-changed"]);
}

#[test]
fn in_flight_an_edit_belongs_to_its_attempt() {
    let looser = spec(|spec| spec["analysis"] = json!({"none": {}}));
    let mut seen = look(&known(stepping(25)), &looser, 5);
    seen.intent = Ok(intent(v2()).into());
    seen.observed = serving().with(v2(), child(3, 3));
    let [event] = &told(&pass(&seen))[..] else { panic!("{:?}", told(&pass(&seen))) };
    let step = event.step.map(|step| step.weight);
    assert_eq!(
        (event.kind.as_str(), event.attempt, step, event.spec.clone()),
        ("rollout.spec-changed", Some(1), Some(25), Some(changed(&["analysis"], 5, 5)))
    );
}

#[test]
fn what_an_earlier_version_wrote_is_where_it_begins() {
    let before = Status { state: Some(idle()), observed_generation: Some(4), ..Status::default() };
    let edited = spec(|spec| spec["paused"] = json!(true));
    let decision = pass(&look(&before, &edited, 5));
    assert_eq!(told(&decision), [], "nobody knows what it was");
    assert_eq!(decision.status.and_then(|status| status.memo.spec).map(|spec| spec.generation), Some(5));
}

#[test]
fn a_rollout_that_goes_tells_of_no_edit() {
    let mut seen = look(&known(idle()), &spec(|spec| spec["paused"] = json!(true)), 5);
    seen.observed.lifetime = Lifetime::Deleting;
    assert_eq!(told(&pass(&seen)).iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["rollout.deleted"]);
}
