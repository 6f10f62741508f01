//! What is committed, answered and written of one look, beside what the tables tell?

use std::sync::Arc;

use chrono::TimeDelta;
use serin::analysis::Evidence;
use serin::api::{Invalid, Shared, Status, View};
use serin::audit::{Origin, Outbox, Receipt, SinkName};
use serin::controller::{Ack, Seen};
use serin::rollout::{Action, Author, Change, DeletionPolicy, Intent, Memo, Observed, Record, ServiceView, Skew, State, Verb, Why};

use crate::audit_given::{started, told};
use crate::given::{Seeing as _, action, after, baking, child, decided, idle, intent, look, noon, seen, stepping, v1, v2};

/// v1 serves with all its pods, and its status says so.
fn settled(observed: Observed) -> Seen {
    let state = idle();
    let view = View {
        name: "checkout",
        generation: 7,
        intent: &intent(v1()),
        state: Some(&state),
        why: &Why::Settled,
        observed: &observed,
        evidence: &Evidence::default(),
        shared: &serin::api::Shared::default(),
        now: noon(),
    };
    let status = Status::default().render(&view, Memo::default(), Outbox::default());
    look(status, intent(v1()), observed)
}

fn serving() -> Observed {
    seen().with(v1(), child(10, 10))
}

/// v1 has so many pods, its record says what became of it, and the API server would take v2.
fn marked(pods: u32) -> Observed {
    let record = Record { number: 0, outcome: Some("installed".to_owned()), outcome_at: Some(noon()) };
    Observed { records: [(v1(), record)].into(), ..seen().with(v1(), child(pods, pods)).accepting(v2()) }
}

#[test]
fn what_templates_say_is_committed_with_the_attempt_and_a_later_change_is_none_of_it() {
    let said = |words: &str| Shared { checks: vec![serde_json::Value::from(words)], ..Shared::default() };
    let begins = Seen { intent: Ok(intent(v2()).into()), shared: Arc::new(said("then")), ..settled(marked(10)) };
    let begun = decided(&begins, noon()).status.expect("an attempt begins");
    assert_eq!(begun.taken().map(|frozen| (frozen.attempt, &frozen.shared)), Some((1, &said("then"))));
    let abort = Observed { actions: vec![Action { revision: None, ..action(Verb::Abort) }], ..serving() };
    let later = decided(&Seen { shared: Arc::new(said("now")), ..look(*begun, intent(v2()), abort) }, noon()).status.expect("it ends");
    assert_eq!(later.taken().map(|frozen| &frozen.shared), Some(&said("then")));
    let rest = Status { state: Some(idle()), ..*later };
    assert!(rest.taken().is_none(), "what nothing in flight took is not gone on from");
}

#[test]
fn where_a_template_cannot_be_taken_no_attempt_begins_and_everything_else_goes_on() {
    let unknown = Intent { unresolved: Some("the AnalysisTemplate is missing".to_owned()), ..intent(v2()) };
    let decision = decided(&Seen { intent: Ok(unknown.into()), ..settled(marked(4)) }, noon());
    let status = decision.status.expect("the reason is told");
    assert_eq!(
        status.why.map(|why| (why.reason, why.message)),
        Some(("ChecksUnknown".to_owned(), "the AnalysisTemplate is missing".to_owned()))
    );
    assert!(matches!(decision.changes.as_slice(), [Change::Scale { replicas: 10, .. }]), "{:?}", decision.changes);
}

#[test]
fn what_an_endless_text_ends_in_is_cut_before_it_is_committed() {
    let endless = || Some("\u{1}".repeat(1_000_000));
    let author = Author { name: endless(), on_behalf_of: endless(), reason: endless() };
    let asked = Action { author, revision: None, ..action(Verb::Abort) };
    let mut observed = seen().with(v1(), child(8, 8)).with(v2(), child(2, 2));
    observed.actions = vec![asked];
    let status = Status { state: Some(stepping(25)), ..Status::default() };
    let decision = decided(&look(status, intent(v2()), observed), noon());
    let status = decision.status.expect("an edge is committed");
    assert!(matches!(&status.state, Some(State::RollingBack(_))));
    assert!(serde_json::to_vec(&status).expect("plain data").len() < 64 * 1024);
}

#[test]
fn a_refused_command_is_told_and_answered_and_moves_no_condition() {
    let mut observed = serving();
    observed.actions = vec![action(Verb::Pause)];
    let seen = settled(observed);
    let before = seen.status.clone().expect("ours");
    let decision = decided(&seen, after(60));
    let after = decision.status.expect("an edge is committed");
    assert_eq!(after.conditions, before.conditions);
    assert_eq!((after.audit.seq(), after.memo.handled.len()), (1, 1));
    assert!(matches!(decision.answers.as_slice(), [Change::Answer(handled)] if handled.name == "pause"));
}

#[test]
fn an_answer_is_written_until_the_action_says_it_and_forgotten_a_day_later() {
    let mut observed = serving();
    observed.actions = vec![action(Verb::Pause)];
    let seen = settled(observed);
    let mut seen = Seen { status: Ok(decided(&seen, after(1)).status.expect("committed").into()), ..seen };
    let again = decided(&seen, after(2));
    assert!(again.status.is_none(), "it is answered once");
    assert!(matches!(again.answers.as_slice(), [Change::Answer(_)]), "until it says so itself");
    seen.observed.actions[0].answered = Some(after(3));
    let day = TimeDelta::hours(24);
    let kept = decided(&seen, after(3) + day - TimeDelta::seconds(1));
    assert!(kept.answers.is_empty());
    assert_eq!(kept.wake, Some(after(3) + day));
    assert!(matches!(decided(&seen, after(3) + day).answers.as_slice(), [Change::Forget { name, .. }] if name == "pause"));
}

#[test]
fn an_acknowledgment_is_written_5_s_later_at_rest_and_a_minute_later_in_flight_where_no_edge_takes_it_along() {
    let sink = SinkName::new("siem");
    let mut patient = intent(v2());
    patient.steps.iter_mut().for_each(|step| step.hold = TimeDelta::hours(1));
    let flying = seen().with(v1(), child(8, 8)).with(v2(), child(3, 3)).accepting(v2());
    for (state, intent, observed, delay) in [(idle(), intent(v1()), serving(), 5), (stepping(25), patient, flying, 60)] {
        let status = Status { state: Some(state), audit: told([&started()]), ..Status::default() };
        let receipt = Receipt { seq: status.audit.seq(), hash: status.audit.head().to_owned() };
        let unheard = Seen { sinks: [(sink.clone(), None)].into(), ..look(status, intent, observed) };
        let committed = decided(&unheard, noon()).status.expect("it says why it waits");
        let sinks = [(sink.clone(), Some(Ack { receipt, at: after(1) }))].into();
        let heard = Seen { status: Ok(committed.into()), sinks, ..unheard };
        let early = decided(&heard, after(delay));
        assert!(early.status.is_none(), "{early:?}");
        assert!(early.wake.is_some_and(|at| at <= after(delay + 1)), "{early:?}");
        let late = decided(&heard, after(delay + 1)).status.expect("it is written");
        assert_eq!((late.audit.acked(&sink), late.audit.pending().count()), (1, 0));
    }
}

#[test]
fn a_service_that_changes_is_told_in_a_condition_at_once_and_once() {
    let looks = |service: ServiceView| settled(Observed { service, ..serving() });
    let seen = looks(ServiceView::Fits);
    assert!(decided(&seen, after(60)).status.is_none());
    let skewed = Seen { observed: Observed { service: ServiceView::Skewed(vec![Skew::Topology]), ..serving() }, ..seen };
    let status = decided(&skewed, after(60)).status.expect("it is told");
    let told = status.conditions.iter().find(|condition| condition.type_ == "TrafficByShare").expect("a condition");
    let message = "shares of pods are not shares of requests: the Service prefers pods that are near the client";
    assert_eq!((&*told.status, &*told.reason, &*told.message), ("False", "Topology", message));
    assert!(decided(&Seen { status: Ok(status.into()), ..skewed }, after(61)).status.is_none(), "it is known");
}

#[test]
fn a_rollout_without_a_service_says_what_a_share_is() {
    let seen = settled(Observed { service: ServiceView::None, ..serving() });
    let status = seen.status.expect("ours");
    let told = status.conditions.iter().find(|condition| condition.type_ == "TrafficByShare").expect("a condition");
    assert_eq!((&*told.status, &*told.reason), ("Unknown", "NoService"));
}

#[test]
fn drift_that_was_told_is_remembered_in_the_same_write() {
    let mut observed = serving();
    observed.children.get_mut(&v1()).expect("it serves").upkeep.edited_by = Some("kubectl-edit".to_owned());
    let seen = settled(observed);
    let told = decided(&seen, after(60));
    let status = told.status.expect("an edge is committed");
    assert_eq!((status.audit.seq(), status.memo.drift), (1, [(v1().to_string(), after(60))].into()));
    assert!(told.changes.iter().any(|change| matches!(change, Change::Repair { .. })), "{:?}", told.changes);
}

#[test]
fn the_old_pods_of_a_bake_go_with_a_rollout_whose_spec_cannot_be_read() {
    let observed = seen().with(v1(), child(3, 3)).with(v2(), child(10, 10)).deleting();
    let status = Status { state: Some(baking()), ..Status::default() };
    let blind = |status| Seen { intent: Err(Invalid::NoAnalysis), ..look(status, intent(v2()), observed.clone()) };
    let baked = decided(&blind(status), noon());
    let status = baked.status.expect("an edge is committed");
    assert!(matches!(&status.state, Some(State::Idle(at)) if at.stable == v2()));
    let waits = decided(&blind(*status), after(1));
    let goes = |change: &Change| matches!(change, Change::Scale { revision, replicas: 0, .. } if *revision == v1());
    assert!(waits.changes.iter().any(goes), "{:?}", waits.changes);
}

#[test]
fn a_rollout_that_takes_everything_with_it_goes_last() {
    let mut observed = serving().deleting();
    observed.actions = vec![action(Verb::Pause)];
    let all = Intent { deletion: DeletionPolicy::Delete, ..intent(v1()) };
    let seen = Seen { intent: Ok(all.into()), ..settled(observed) };
    let gone = decided(&seen, after(1));
    assert!(matches!(gone.changes.as_slice(), [Change::Prune { .. }]));
    let mut seen = Seen { status: Ok(gone.status.expect("an edge is committed").into()), ..seen };
    seen.observed.children.clear();
    assert!(matches!(decided(&seen, after(2)).changes.as_slice(), [Change::Discard { .. }]));
    seen.observed.records.clear();
    assert!(matches!(decided(&seen, after(3)).changes.as_slice(), [Change::Forget { .. }, Change::Release]));
}

/// The images of the spec are those of its own revision; what is told of an older one must not name them.
#[test]
fn an_event_names_the_images_of_its_own_revision_only() {
    let told = |status: Status, wanted: Intent, observed: Observed| {
        let origin = Origin { images: vec!["registry.example/checkout:2".to_owned()], requested_by: Some("carol@example.com".to_owned()) };
        let status = decided(&Seen { origin, ..look(status, wanted, observed) }, after(60)).status.expect("an edge");
        status.audit.pending().last().expect("an event").body().expect("our own format")
    };
    let own = told(Status::default(), intent(v2()), seen());
    assert_eq!(
        (own.revision.as_deref(), &own.images[..]),
        (Some(v2().as_str()), &["registry.example/checkout:2".to_owned()][..]),
        "{own:?}"
    );
    let in_flight = Status { state: Some(stepping(10)), ..Status::default() };
    let superseded = told(in_flight, intent(crate::given::v3()), seen().with(v1(), child(10, 10)).with(v2(), child(1, 1)));
    assert_eq!((superseded.kind.as_str(), superseded.revision.as_deref()), ("rollout.superseded", Some(v2().as_str())));
    assert_eq!((superseded.images.len(), superseded.on_behalf_of.map(|claim| claim.name).as_deref()), (0, Some("carol@example.com")));
}
