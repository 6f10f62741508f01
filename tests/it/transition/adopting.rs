//! A running Deployment is taken over.

use serin::rollout::{Adoptee, Adopting, Change, Lifetime, Observed, Revision, ServiceView, Settled, State, Workload, begin, changes};

use super::handing_back::handing_back;
use super::table::check;
use crate::given::{Given, Seeing as _, adopting, child, given, held, idle, intent, noon, record, running, seen, v1, v2};

fn taking(adoptee: Adoptee) -> Given {
    given(adopting()).wants(v1()).accepting(v1()).sees(|seen| seen.workload = Workload::There(adoptee))
}

#[test]
fn a_rollout_that_names_a_running_deployment_begins_by_taking_it_over() {
    let look = Observed { workload: Workload::There(running()), ..seen() };
    assert_eq!(begin(&intent(v1()), &look, noon()).state, adopting());
}

#[test]
fn what_runs_is_stored_and_held_before_anything_is_made() {
    check(
        taking(running()),
        "
        state   Adopting v1 since +0s
        event   none
        changes record v1 #0, hold
        wake    +600s; WaitingForPods: 0 of 10 adopted pods are available
        ",
    );
}

#[test]
fn nothing_is_taken_over_while_an_autoscaler_scales_it() {
    check(
        taking(Adoptee { scaler: Some("HorizontalPodAutoscaler shop".to_owned()), ..running() }),
        "
        state   Adopting v1 since +0s
        event   none
        changes none
        wake    +600s; Workload: Deployment shop is scaled by HorizontalPodAutoscaler shop; point that at the Rollout (apiVersion: serin.dev/v1alpha1, kind: Rollout)
        ",
    );
}

#[test]
fn nothing_is_taken_over_that_another_rollout_holds() {
    check(
        taking(Adoptee { held_by: Some("other".to_owned()), ..running() }),
        "
        state   Adopting v1 since +0s
        event   none
        changes none
        wake    +600s; Workload: Deployment shop already belongs to Rollout other; name another one in spec.workloadRef
        ",
    );
}

fn empty() -> Adoptee {
    Adoptee { desired: 0, available: 0, ..running() }
}

/// Without `spec.replicas` a rollout is as large as what it takes over: here, nothing is missing.
#[test]
fn nothing_is_taken_over_that_another_rollout_holds_without_pods() {
    check(
        taking(Adoptee { held_by: Some("other".to_owned()), ..empty() }).spec(|spec| spec.replicas = 0),
        "
        state   Adopting v1 since +0s
        event   none
        changes none
        wake    +600s; Workload: Deployment shop already belongs to Rollout other; name another one in spec.workloadRef
        ",
    );
}

#[test]
fn one_without_pods_is_held_first() {
    check(
        taking(empty()).spec(|spec| spec.replicas = 0),
        "
        state   Adopting v1 since +0s
        event   none
        changes record v1 #0, hold
        wake    +600s; WaitingForPods: Deployment shop is about to be taken over
        ",
    );
}

#[test]
fn one_without_pods_gets_a_deployment_without_pods() {
    check(
        taking(held(0)).spec(|spec| spec.replicas = 0),
        "
        state   Idle v1, attempts 0, v1 installed
        event   rollout.adopted Available #0 v1>v1 100%: the Deployment was taken over; revision v1 is available and stable
        changes record v1 #0, create v1 0
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn nothing_is_taken_over_in_the_middle_of_its_own_roll_out() {
    check(
        taking(Adoptee { settled: Settled::No, ..running() }),
        "
        state   Adopting v1 since +0s
        event   none
        changes none
        wake    +600s; Workload: Deployment shop is in the middle of a change of its own; it is taken over once that is complete
        ",
    );
}

#[test]
fn a_change_before_it_is_held_is_what_is_taken_over() {
    check(
        taking(Adoptee { revision: v2(), settled: Settled::No, ..running() }).wants(v2()).accepting(v2()),
        "
        state   Adopting v2 since +0s
        event   none
        changes none
        wake    +600s; Workload: Deployment shop is in the middle of a change of its own; it is taken over once that is complete
        ",
    );
}

#[test]
fn a_change_after_it_is_held_waits_and_becomes_an_attempt() {
    check(
        taking(Adoptee { revision: v2(), ..held(10) }).wants(v2()).sees(|seen| drop(seen.records.insert(v1(), record()))),
        "
        state   Adopting v1 since +0s
        event   none
        changes create v1 3
        wake    +600s; WaitingForPods: 0 of 10 adopted pods are available
        ",
    );
}

#[test]
fn ours_grows_within_the_surge_and_theirs_shrinks_by_what_is_available() {
    check(
        taking(held(10)).with(v1(), child(3, 2)),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale held 8!
        wake    +600s; WaitingForPods: 2 of 10 adopted pods are available
        ",
    );
}

#[test]
fn what_its_controller_has_not_looked_at_yet_counts_as_serving() {
    check(
        taking(Adoptee { settled: Settled::Unseen, available: 0, ..held(10) }).with(v1(), child(3, 2)),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale held 8!
        wake    +600s; WaitingForPods: 2 of 10 adopted pods are available
        ",
    );
}

#[test]
fn it_is_taken_over_once_ours_has_everything() {
    check(
        taking(held(0)).with(v1(), child(10, 10)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   rollout.adopted Available #0 v1>v1 100%: the Deployment was taken over; revision v1 is available and stable
        changes mark v1 installed
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_take_over_that_is_late_is_told_and_goes_on() {
    check(
        taking(held(8)).with(v1(), child(3, 2)).after(600),
        "
        state   Adopting v1 since +0s, overdue
        event   rollout.install-failed Unavailable #0 ->v1 -: the Deployment was not taken over in time: 2 of 10 adopted pods are available; it goes on serving
        changes scale v1 5
        wake    at once; InstallFailed: not taken over in time: 2 of 10 adopted pods are available
        ",
    );
}

#[test]
fn a_deployment_that_is_gone_half_way_is_made_up_for_at_once() {
    check(
        taking(held(8)).with(v1(), child(3, 3)).sees(|seen| seen.workload = Workload::Missing),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale v1 10
        wake    +600s; WaitingForPods: 3 of 10 adopted pods are available
        ",
    );
}

#[test]
fn a_deployment_that_gets_pods_again_is_put_right_and_told() {
    let again = Adoptee { scaled_by: Some("kubectl".to_owned()), ..held(4) };
    check(
        given(idle()).with(v1(), child(10, 10)).sees(|seen| seen.workload = Workload::There(again)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected AdoptedScaled #0 v1>v1 -: the Deployment of revision v1 took over Deployment shop, which was scaled to 4 by kubectl; it is put right
        changes mark v1 installed, scale held 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_deployment_that_rolls_out_by_itself_again_is_stopped_and_told() {
    let again = Adoptee { paused: false, ..held(0) };
    check(
        given(idle()).with(v1(), child(10, 10)).sees(|seen| seen.workload = Workload::There(again)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected AdoptedScaled #0 v1>v1 -: the Deployment of revision v1 took over Deployment shop, which was resumed; it is put right
        changes mark v1 installed, hold
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

/// Looks and writes until nothing is left to do, every pod becoming ready between two looks. Returns the fewest ready pods and the most wanted.
fn walk(mut seen: Observed, state: &State) -> (u32, u32, Observed) {
    let (mut fewest, mut most) = (u32::MAX, 0);
    for _ in 0..100 {
        let writes = changes(&intent(v1()), state, &seen);
        if writes.is_empty() {
            return (fewest, most, seen);
        }
        for write in writes {
            apply(&mut seen, &write);
            let ours = seen.children.get(&v1()).map_or((0, 0), |child| (child.desired, child.available.min(child.desired)));
            let theirs = seen.workload.adoptee().map_or((0, 0), |adoptee| (adoptee.desired, adoptee.available.min(adoptee.desired)));
            fewest = fewest.min(ours.1 + theirs.1);
            most = most.max(ours.0 + theirs.0);
        }
        seen.children.values_mut().for_each(|child| *child = crate::given::child(child.desired, child.desired));
        if let Workload::There(adoptee) = &mut seen.workload {
            adoptee.available = adoptee.desired;
        }
    }
    panic!("it never ends: {seen:?}");
}

fn apply(seen: &mut Observed, write: &Change) {
    let Workload::There(adoptee) = &mut seen.workload else { panic!("it is there") };
    let pods = |seen: &mut Observed, revision: &Revision, replicas: u32| {
        let ready = seen.children.get(revision).map_or(0, |known| known.available.min(replicas));
        seen.children.insert(revision.clone(), child(replicas, ready));
    };
    match write {
        Change::Record { revision, .. } => drop(seen.records.insert(revision.clone(), record())),
        Change::Create { revision, replicas, .. } | Change::Scale { revision, replicas, .. } => pods(seen, revision, *replicas),
        Change::Hold { .. } => (adoptee.held_by, adoptee.paused) = (Some("checkout".to_owned()), true),
        Change::Unpause { .. } => adoptee.paused = false,
        Change::ScaleHeld { replicas, .. } => adoptee.desired = *replicas,
        Change::LetGo { .. } => adoptee.held_by = None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_ready_pod_is_lost_when_it_is_taken_over_and_none_when_it_is_given_back() {
    let look = Observed { workload: Workload::There(running()), ..taking(running()).seen };
    let (fewest, most, there) = walk(look, &adopting());
    assert_eq!((fewest, most), (10, 13));
    let back = Observed { lifetime: Lifetime::Deleting, service: ServiceView::Missing, ..there };
    let (fewest, most, there) = walk(back, &handing_back());
    assert_eq!((fewest, most), (10, 13));
    assert_eq!(there.workload, Workload::There(running()));
}

#[test]
fn it_is_not_taken_over_before_theirs_has_no_pods() {
    check(
        taking(held(2)).with(v1(), child(10, 10)),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale held 0!
        wake    +600s; WaitingForPods: Deployment shop still has 2 pods
        ",
    );
}

/// It waited for ever for the pods that were too many.
#[test]
fn replicas_that_shrink_on_the_way_take_pods_of_ours_once_theirs_has_none() {
    let shrunk = |theirs| taking(held(theirs)).spec(|intent| intent.replicas = 4).with(v1(), child(6, 6));
    check(
        shrunk(3),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale held 0!
        wake    +600s; WaitingForPods: 6 adopted pods have to become 4
        ",
    );
    check(
        shrunk(0).sees(|seen| seen.workload = Workload::Missing),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale v1 4!
        wake    +600s; WaitingForPods: 6 adopted pods have to become 4
        ",
    );
    check(
        shrunk(0),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale v1 4!
        wake    +600s; WaitingForPods: 6 adopted pods have to become 4
        ",
    );
}

#[test]
fn pods_that_may_be_missing_need_not_be_waited_for() {
    check(
        taking(held(10)).spec(|intent| intent.capacity.max_unavailable = 2).with(v1(), child(3, 2)),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale held 6!
        wake    +600s; WaitingForPods: 2 of 10 adopted pods are available
        ",
    );
    check(
        given(handing_back())
            .sees(|seen| seen.workload = Workload::There(Adoptee { paused: false, ..held(3) }))
            .deleting()
            .spec(|intent| intent.capacity.max_unavailable = 2)
            .with(v1(), child(10, 10)),
        "
        state   HandingBack v1 since +0s
        event   none
        changes scale v1 5!
        wake    +600s; WaitingForPods: 10 pods of ours are left, 5 have to stay
        ",
    );
}

#[test]
fn pods_of_theirs_that_do_not_serve_are_no_loss_and_nothing_to_lean_on() {
    check(
        taking(Adoptee { available: 4, settled: Settled::No, ..held(10) }).with(v1(), child(3, 0)),
        "
        state   Adopting v1 since +0s
        event   none
        changes scale held 4!
        wake    +600s; WaitingForPods: 0 of 10 adopted pods are available
        ",
    );
    check(
        given(handing_back())
            .sees(|seen| seen.workload = Workload::There(Adoptee { paused: false, available: 3, settled: Settled::No, ..held(8) }))
            .deleting()
            .with(v1(), child(10, 10)),
        "
        state   HandingBack v1 since +0s
        event   none
        changes scale v1 7!
        wake    +600s; WaitingForPods: 10 pods of ours are left, 7 have to stay
        ",
    );
}

#[test]
fn what_is_taken_over_is_kept_as_it_was_written() {
    check(
        taking(held(7)).with(v1(), child(3, 3)).child(&v1(), |child| child.upkeep.paused = true),
        "
        state   Adopting v1 since +0s
        event   drift.corrected Paused #0 ->v1 -: the Deployment of revision v1 was paused by somebody else; it is put right
        changes scale v1 6, repair v1
        wake    at once; WaitingForPods: 3 of 10 adopted pods are available
        ",
    );
}

/// The revision that the take-over began with has pods; the spec has another one now.
#[test]
fn a_take_over_whose_status_was_lost_goes_on_with_what_has_pods() {
    let from = |adoptee, pods| {
        let look = Observed { workload: Workload::There(adoptee), ..seen().with(v1(), child(pods, pods)) };
        begin(&intent(v2()), &look, noon()).state
    };
    let anew = State::Adopting(Adopting { revision: v2(), since: noon(), overdue: false });
    assert_eq!(from(held(7), 3), adopting());
    assert_eq!(from(held(7), 0), anew, "nothing has pods");
    assert_eq!(from(running(), 3), anew, "nothing was taken over yet");
}
