//! Which commands does a rollout get to see, in which order, by whom, and how are they answered?

use std::fmt::Write as _;

use chrono::DateTime;
use serde_json::{Value, json};
use serin::api::Object;
use serin::cluster::{Action, Binding, Index, Item, Kind, Listed, requests};
use serin::rollout::{self, Answer, Handled, Verb};

use crate::given::checkout;

/// An index that knows one rollout, and that the policy of actions is in force.
fn given() -> Index {
    let index = Index::default();
    for kind in Kind::ALL {
        index.list_done(kind, &Listed::default());
    }
    let metadata = json!({"name": "checkout", "namespace": "shop", "uid": "r", "resourceVersion": "5", "generation": 1});
    let object = json!({"metadata": metadata, "spec": {"service": "checkout"}});
    index.put(Item::rollout(serde_json::from_value::<Object>(object).unwrap()).unwrap());
    index.put(binding(6, &["Deny"]));
    index
}

fn binding(version: u64, actions: &[&str]) -> Item {
    let binding = json!({
        "metadata": {"name": "serin-actions", "resourceVersion": version.to_string()},
        "spec": {"policyName": "serin-actions", "validationActions": actions},
    });
    Item::binding(&serde_json::from_value::<Binding>(binding).unwrap()).unwrap()
}

/// A command of this name, created in this second at this version.
fn action(name: &str, version: u64, second: u32) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": version.to_string(),
            "creationTimestamp": format!("2026-11-23T12:00:{second:02}Z"),
        },
        "spec": {
            "rollout": "checkout", "verb": "Promote", "revision": "5d0c9f3b21", "attempt": 3, "reason": "it is urgent",
            "actor": {"username": "alice"},
        },
    })
}

fn item(action: &Value) -> Item {
    Item::action(&serde_json::from_value::<Action>(action.clone()).unwrap()).unwrap()
}

fn seen(index: &Index) -> Vec<rollout::Action> {
    index.look(&checkout()).unwrap().actions
}

fn names(index: &Index) -> Vec<String> {
    seen(index).into_iter().map(|action| action.name).collect()
}

#[test]
fn a_command_triggers_its_rollout_and_says_what_is_asked_for() {
    let index = given();
    assert_eq!(index.put(item(&action("a", 10, 0))), [checkout()]);
    let [one] = &seen(&index)[..] else { panic!("one command") };
    assert_eq!((one.verb, one.attempt, one.uid.as_str()), (Verb::Promote, Some(3), "uid-a"));
    assert_eq!(one.revision.as_ref().map(rollout::Revision::as_str), Some("5d0c9f3b21"));
    assert_eq!(one.author.to_string(), "alice: it is urgent");
    assert_eq!(one.answered, None);
}

#[test]
fn commands_come_in_the_order_of_creation_and_within_a_second_in_that_of_their_versions() {
    let index = given();
    for (name, version, second) in [("b", 12, 1), ("c", 13, 1), ("later", 11, 2), ("a", 20, 0)] {
        index.put(item(&action(name, version, second)));
    }
    assert_eq!(names(&index), ["a", "b", "c", "later"]);
}

#[test]
fn a_command_that_has_its_answer_says_since_when() {
    let index = given();
    let mut answered = action("a", 10, 0);
    answered["status"] = json!({"phase": "Done", "message": "so", "state": "Idle", "at": "2026-11-23T12:00:07Z"});
    index.put(item(&answered));
    assert_eq!(seen(&index)[0].answered, DateTime::from_timestamp(1_795_435_207, 0));
}

/// Whoever takes it back before its turn, or makes it so that it never goes, is not heard.
#[test]
fn a_command_that_is_being_deleted_is_taken_back() {
    let index = given();
    index.put(item(&action("a", 10, 0)));
    let mut deleted = action("a", 11, 0);
    deleted["metadata"]["deletionTimestamp"] = json!("2026-11-23T12:00:09Z");
    assert_eq!(index.put(item(&deleted)), [checkout()]);
    assert_eq!(names(&index), [""; 0]);
}

/// A definition of another version may let through what this one does not know; that breaks no list.
#[test]
fn a_command_that_cannot_be_read_is_nobody_s() {
    let mut odd = action("a", 10, 0);
    odd["spec"]["verb"] = json!("Bless");
    assert!(Item::action(&serde_json::from_value::<Action>(odd).unwrap()).is_none());
}

#[test]
fn nobody_is_named_where_nothing_verifies_who_gave_a_command() {
    let index = given();
    index.put(item(&action("a", 10, 0)));
    index.put(binding(11, &["Warn"]));
    assert_eq!(seen(&index)[0].author.to_string(), "somebody unknown: it is urgent");
    index.put(binding(12, &["Deny"]));
    assert_eq!(seen(&index)[0].author.to_string(), "alice: it is urgent");
    index.remove(&binding(13, &["Deny"]));
    assert_eq!(seen(&index)[0].author.to_string(), "somebody unknown: it is urgent");
}

#[test]
fn an_answer_is_written_onto_the_command_that_was_seen() {
    let handled = Handled {
        uid: "uid-a".to_owned(),
        name: "a".to_owned(),
        answer: Answer::Superseded,
        message: "it is meant for attempt 3".to_owned(),
        phase: "Idle".to_owned(),
        at: DateTime::UNIX_EPOCH,
    };
    insta::assert_snapshot!(text(&requests::answer_action(&checkout(), &handled, 10)), @r#"
    PATCH /apis/serin.dev/v1alpha1/namespaces/shop/rolloutactions/a/status?fieldManager=serin
    {
      "metadata": {
        "resourceVersion": "10",
        "uid": "uid-a"
      },
      "status": {
        "at": "1970-01-01T00:00:00Z",
        "message": "it is meant for attempt 3",
        "phase": "Superseded",
        "state": "Idle"
      }
    }
    "#);
    insta::assert_snapshot!(text(&requests::delete_action(&checkout(), "a", "uid-a")), @r#"
    DELETE /apis/serin.dev/v1alpha1/namespaces/shop/rolloutactions/a
    {
      "apiVersion": "v1",
      "kind": "DeleteOptions",
      "preconditions": {
        "uid": "uid-a"
      }
    }
    "#);
}

fn text(request: &http::Request<Vec<u8>>) -> String {
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    let mut text = String::new();
    let _ = write!(text, "{} {}\n{body:#}", request.method(), request.uri());
    text
}
