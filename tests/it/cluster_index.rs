//! What does the index know after which sequence of news?

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::{Value, json};
use serin::api::Object;
use serin::cluster::{Deployment, Index, Item, Kind, Listed, Pod, Service, Template};
use serin::rollout::{Key, Revision, Settled};

fn key(name: &str) -> Key {
    Key { namespace: "shop".to_owned(), name: name.to_owned() }
}

fn v1() -> Revision {
    Revision::new("1111111111")
}

/// A Rollout of this name and version that wants this Service; the version is also its age.
fn rollout(name: &str, version: u64, service: &str) -> Item {
    let object = json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": name, "resourceVersion": version.to_string(), "generation": version,
            "creationTimestamp": if name == "checkout" { "2026-11-23T12:00:00Z" } else { "2026-11-23T13:00:00Z" },
        },
        "spec": {"service": service},
    });
    Item::rollout(serde_json::from_value::<Object>(object).expect("a Rollout")).expect("it has a name")
}

fn deployment(version: u64, replicas: u32) -> Option<Item> {
    named_deployment("checkout-1111111111", version, replicas)
}

fn named_deployment(name: &str, version: u64, replicas: u32) -> Option<Item> {
    unseen_deployment(name, version, replicas, 3)
}

/// A Deployment whose controller has seen generation 3.
fn unseen_deployment(name: &str, version: u64, replicas: u32, generation: u64) -> Option<Item> {
    let labels = json!({"serin.dev/rollout": "checkout", "serin.dev/revision": "1111111111"});
    let deployment = json!({
        "metadata": {
            "name": name, "namespace": "shop", "uid": "d", "labels": labels,
            "resourceVersion": version.to_string(), "generation": generation, "creationTimestamp": "2026-11-23T12:00:00Z",
        },
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": 3, "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas},
    });
    Item::deployment(&Deployment::deserialize(deployment).expect("a Deployment"))
}

fn pod(name: &str, version: u64, phase: &str) -> Item {
    let labels = json!({"serin.dev/rollout": "checkout", "serin.dev/revision": "1111111111"});
    let pod: Value = json!({
        "metadata": {"name": name, "namespace": "shop", "labels": labels, "resourceVersion": version.to_string()},
        "status": {"phase": phase},
    });
    Item::pod(&Pod::deserialize(pod).expect("a pod")).expect("it has our labels")
}

fn service(version: u64, app: &str) -> Item {
    let service = json!({
        "metadata": {"name": "shop", "namespace": "shop", "resourceVersion": version.to_string()},
        "spec": {"selector": {"app": app}},
    });
    Item::service(Service::deserialize(service).expect("a Service")).expect("it has a name")
}

/// An index that has listed every kind and knows one rollout with one Deployment at version 10.
fn given() -> Index {
    let index = Index::default();
    for kind in Kind::ALL {
        index.list_done(kind, &Listed::default());
    }
    index.put(rollout("checkout", 5, "shop"));
    index.put(deployment(10, 4).expect("it has our labels"));
    index
}

/// Otherwise a Rollout that was made or edited just then, and of which the watch tells a moment later, would wait for the next event of it.
#[test]
fn what_a_new_leader_reads_before_the_watch_tells_of_it_is_looked_at() {
    let index = Index::default();
    assert!(index.reply(rollout("checkout", 1, "shop")).contains(&key("checkout")));
    assert!(index.put(rollout("checkout", 1, "shop")).is_empty(), "the watch brings nothing new");
    assert!(index.reply(rollout("checkout", 2, "shop")).contains(&key("checkout")));
    assert!(index.reply(rollout("checkout", 2, "shop")).is_empty());
}

#[test]
fn a_template_is_news_for_the_rollouts_of_its_namespace_that_take_it() {
    let index = given();
    let object = json!({
        "metadata": {"name": "other", "namespace": "shop", "uid": "o", "resourceVersion": "20", "generation": 1},
        "spec": {"analysis": {"templates": [{"name": "slo"}]}},
    });
    index.put(Item::rollout(serde_json::from_value::<Object>(object).expect("a Rollout")).expect("it has a name"));
    let template = |namespace: &str, version: u64| {
        let metadata = json!({"name": "slo", "namespace": namespace, "resourceVersion": version.to_string()});
        let template = json!({"metadata": metadata, "spec": {"checks": [version]}});
        Item::template(Template::deserialize(template).expect("a template")).expect("it has a name")
    };
    assert_eq!(index.put(template("shop", 30)), [key("other")]);
    assert_eq!(index.put(template("elsewhere", 31)), Vec::<Key>::new());
    let look = index.look(&key("other")).expect("it is there");
    assert_eq!(look.templates.get("slo").map(|(version, spec)| (*version, (**spec).clone())), Some((30, json!({"checks": [30]}))));
    assert!(index.look(&key("checkout")).expect("it is there").templates.is_empty());
    assert_eq!(index.remove(&template("shop", 32)), [key("other")]);
    assert!(index.look(&key("other")).expect("it is there").templates.is_empty());
}

/// Replicas wanted, the version, and whether its controller is done.
fn child(index: &Index) -> Option<(u32, String, Settled)> {
    let look = index.look(&key("checkout")).expect("the rollout is known");
    look.children.get(&v1()).map(|child| (child.desired, child.fence.resource_version.clone(), child.settled))
}

#[test]
fn nothing_is_known_before_every_kind_was_listed() {
    let index = Index::default();
    index.put(rollout("checkout", 5, "shop"));
    for kind in Kind::ALL {
        assert!(index.look(&key("checkout")).is_none());
        let mut listed = Listed::default();
        listed.note(&rollout("checkout", 5, "shop"));
        index.list_done(kind, &listed);
    }
    assert!(index.look(&key("checkout")).is_some());
    assert!(index.missing().is_empty());
}

#[test]
fn our_own_scale_is_seen_at_once_and_a_late_watch_does_not_undo_it() {
    let index = given();
    index.scaled(&key("checkout"), "checkout-1111111111", 2, "12");
    assert_eq!(child(&index), Some((2, "12".to_owned(), Settled::Unseen)));
    assert_eq!(index.put(deployment(11, 4).expect("ours")), []);
    assert_eq!(child(&index), Some((2, "12".to_owned(), Settled::Unseen)));
    index.put(deployment(13, 2).expect("ours"));
    assert_eq!(child(&index), Some((2, "13".to_owned(), Settled::Yes)));
}

#[test]
fn a_watch_that_repeats_what_is_known_bothers_nobody() {
    let index = given();
    assert_eq!(index.put(deployment(11, 4).expect("ours")), [], "only the version is another one");
    assert_eq!(child(&index), Some((4, "11".to_owned(), Settled::Yes)), "but the version is kept");
    assert_eq!(index.put(deployment(12, 5).expect("ours")), [key("checkout")]);
}

#[test]
fn an_annotation_makes_a_new_generation_but_not_a_busy_deployment() {
    let index = given();
    assert_eq!(index.put(unseen_deployment("checkout-1111111111", 11, 4, 4).expect("ours")), []);
    assert_eq!(child(&index), Some((4, "11".to_owned(), Settled::Yes)));
    index.put(unseen_deployment("checkout-1111111111", 12, 5, 5).expect("ours"));
    assert_eq!(child(&index), Some((5, "12".to_owned(), Settled::Unseen)), "other replicas do");
    index.put(unseen_deployment("checkout-1111111111", 13, 5, 6).expect("ours"));
    assert_eq!(child(&index), Some((5, "13".to_owned(), Settled::Unseen)));
}

/// The reply to a write came before the watch, as it does nearly always: no list took the Rollout away any more as long as it was the newest of all.
#[test]
fn a_rollout_that_a_watch_has_confirmed_goes_with_the_next_list() {
    let index = given();
    index.reply(rollout("checkout", 12, "shop"));
    assert_eq!(index.put(rollout("checkout", 12, "shop")), [], "it is known");
    assert_eq!(index.list_done(Kind::Rollout, &Listed::default()), [key("checkout")]);
    assert!(index.look(&key("checkout")).is_none());
}

#[test]
fn a_deletion_that_nobody_watched_shows_in_the_next_list() {
    let index = given();
    let touched = index.list_done(Kind::Deployment, &Listed::default());
    assert_eq!(touched, [key("checkout")]);
    assert_eq!(child(&index), None);
}

#[test]
fn a_list_that_is_older_than_our_own_write_does_not_take_it_away() {
    let index = given();
    let mut listed = Listed::default();
    listed.note(&pod("unrelated", 11, "Running"));
    index.scaled(&key("checkout"), "checkout-1111111111", 2, "12");
    assert_eq!(index.list_done(Kind::Deployment, &listed), []);
    assert_eq!(child(&index), Some((2, "12".to_owned(), Settled::Unseen)));
    listed.note(&pod("unrelated", 13, "Running"));
    assert_eq!(index.list_done(Kind::Deployment, &listed), [key("checkout")], "this list knows of our write, and the object is gone");
}

/// Our own scale was the newest of all, the watch began anew, and meanwhile the Deployment had lost our labels: the list did not bring it, nothing newer
/// came, and a rollback waited for it for ever.
#[test]
fn what_no_watch_confirms_is_believed_until_the_api_server_says_that_it_is_gone() {
    let index = given();
    assert_eq!(index.unconfirmed().len(), 0, "the watch brought it");
    index.scaled(&key("checkout"), "checkout-1111111111", 2, "12");
    assert_eq!(index.list_done(Kind::Deployment, &Listed::default()), []);
    let unconfirmed = index.unconfirmed().pop_first().expect("no watch told of our scale");
    assert_eq!(unconfirmed.name, "checkout-1111111111");
    assert_eq!(index.confirm(&unconfirmed, None), [key("checkout")]);
    assert_eq!((child(&index), index.unconfirmed()), (None, BTreeSet::new()));

    index.reply(deployment(14, 4).expect("ours"));
    assert_eq!(index.confirm(&unconfirmed, None), [], "it was made again while it was asked for");
    assert!(child(&index).is_some());
}

#[test]
fn what_was_asked_for_and_found_is_confirmed() {
    let index = given();
    index.scaled(&key("checkout"), "checkout-1111111111", 2, "12");
    let unconfirmed = index.unconfirmed().pop_first().expect("no watch told of our scale");
    assert_eq!(index.confirm(&unconfirmed, deployment(12, 2)), [key("checkout")]);
    assert_eq!((child(&index), index.unconfirmed()), (Some((2, "12".to_owned(), Settled::Yes)), BTreeSet::new()));
}

#[test]
fn a_deployment_that_a_watch_has_confirmed_is_not_asked_for() {
    let index = given();
    index.scaled(&key("checkout"), "checkout-1111111111", 2, "12");
    index.put(deployment(12, 2).expect("ours"));
    assert_eq!(index.unconfirmed(), BTreeSet::new());
}

#[test]
fn an_old_deletion_does_not_take_a_new_object_away() {
    let index = given();
    index.remove(&deployment(9, 4).expect("ours"));
    assert!(child(&index).is_some());
    index.remove(&deployment(11, 4).expect("ours"));
    assert!(child(&index).is_none());
}

#[test]
fn a_deployment_that_only_copies_our_labels_is_not_ours() {
    assert!(named_deployment("checkout-copy", 10, 4).is_none());
}

#[test]
fn pods_belong_to_the_revision_that_their_label_names() {
    let index = given();
    assert_eq!(index.put(pod("web-1", 20, "Pending")), [key("checkout")]);
    assert_eq!(index.put(pod("web-1", 21, "Pending")), []);
    let look = index.look(&key("checkout")).expect("known");
    assert_eq!(look.children[&v1()].pods.len(), 1);
}

#[test]
fn a_service_belongs_to_the_oldest_rollout_and_passes_on_when_that_goes() {
    let index = given();
    let news = index.put(rollout("later", 30, "shop"));
    assert!(news.contains(&key("later")));
    assert_eq!(index.look(&key("later")).expect("known").first, "checkout");
    let mut told = index.put(service(31, "checkout"));
    told.sort();
    assert_eq!(told, [key("checkout"), key("later")]);
    assert!(index.remove(&rollout("checkout", 32, "shop")).contains(&key("later")));
    assert_eq!(index.look(&key("later")).expect("known").first, "later");
}

#[test]
fn a_rollout_that_names_another_service_gives_its_own_back() {
    let index = given();
    index.put(rollout("later", 30, "shop"));
    let told = index.put(rollout("checkout", 31, "other"));
    assert!(told.contains(&key("later")) && told.contains(&key("checkout")));
    assert_eq!(index.look(&key("later")).expect("known").first, "later");
}

/// A Deployment was written, and then lost its labels or was deleted; the reply to the write came last, and stood for what is there for ever.
#[test]
fn a_reply_that_comes_after_the_end_of_its_object_brings_nothing_back() {
    let index = given();
    index.remove(&deployment(12, 3).expect("ours"));
    index.reply(deployment(11, 4).expect("ours"));
    assert_eq!(child(&index), None, "the watch told of the end before");
    index.reply(deployment(13, 4).expect("ours"));
    assert!(child(&index).is_some(), "it was made again since");
}
