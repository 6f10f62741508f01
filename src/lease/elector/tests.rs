use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn elector() -> Elector {
    Elector::new("me", Terms::DEFAULT)
}

fn lease(version: &str, holder: &str, epoch: i64, renewed: &str) -> Answer {
    let record = Record {
        holder: holder.to_owned(),
        seconds: 15,
        epoch: Epoch::new(epoch),
        acquired: Some("then".to_owned()),
        renewed: Some(renewed.to_owned()),
    };
    Answer::Lease(version.to_owned(), record)
}

/// Answers at once, and says what is next.
fn then(elector: &mut Elector, now: Duration, answer: Answer) -> String {
    elector.heard(now, now, 0.0, answer);
    told(elector, now)
}

fn told(elector: &mut Elector, now: Duration) -> String {
    match elector.step(now) {
        Step::Wait(until) => format!("wait until {} s", until.as_secs_f64()),
        Step::Ask(Ask::Read) => "read".to_owned(),
        Step::Ask(Ask::Create(record)) => format!("create {}@{}", record.holder, record.epoch),
        Step::Ask(Ask::Write(version, record)) => format!("write {}@{} onto {version}", record.holder, record.epoch),
        Step::End(over) => format!("end: {over}"),
    }
}

/// One that leads since second 0, in epoch 4.
fn leader() -> Elector {
    let mut elector = elector();
    then(&mut elector, s(0), lease("1", "", 3, "a"));
    then(&mut elector, s(0), lease("2", "me", 4, "b"));
    elector
}

#[test]
fn where_there_is_no_lease_it_is_made_in_the_first_epoch() {
    let mut elector = elector();
    assert_eq!(told(&mut elector, s(0)), "read");
    assert_eq!(then(&mut elector, s(0), Answer::Missing), "create me@1");
    assert_eq!(elector.reign(), None);
    assert_eq!(then(&mut elector, s(1), lease("7", "me", 1, "a")), "wait until 3 s");
    assert_eq!(elector.reign(), Some((s(1), Epoch::FIRST)));
    assert_eq!(told(&mut elector, s(3)), "write me@1 onto 7");
}

#[test]
fn who_comes_second_stands_by() {
    let mut elector = elector();
    then(&mut elector, s(0), Answer::Missing);
    assert_eq!(then(&mut elector, s(0), Answer::Conflict), "wait until 2 s");
    assert_eq!(told(&mut elector, s(2)), "read");
    assert_eq!(then(&mut elector, s(2), lease("7", "other", 1, "a")), "wait until 4 s");
    assert_eq!(elector.leader(), Some("other"));
}

#[test]
fn a_lease_is_taken_when_its_last_change_was_seen_so_long_ago_by_our_own_clock() {
    let mut elector = elector();
    assert_eq!(then(&mut elector, s(100), lease("1", "other", 3, "a")), "wait until 102 s");
    assert_eq!(then(&mut elector, s(102), lease("2", "other", 3, "b")), "wait until 104 s", "it was renewed");
    for now in (104..116).step_by(2) {
        assert!(
            then(&mut elector, s(now), lease("3", "other", 3, "b")).starts_with("wait"),
            "the same record, whatever else of it changed"
        );
    }
    assert_eq!(told(&mut elector, s(116)), "read");
    assert_eq!(then(&mut elector, s(116), lease("3", "other", 3, "b")), "wait until 117 s", "not a moment late");
    assert_eq!(then(&mut elector, s(117), lease("3", "other", 3, "b")), "write me@4 onto 3");
    assert_eq!(then(&mut elector, s(117), Answer::Conflict), "wait until 119 s", "it was renewed after all");
    assert_eq!(then(&mut elector, s(119), lease("4", "other", 3, "c")), "wait until 121 s");
}

#[test]
fn a_lease_lasts_as_long_as_its_holder_said() {
    let mut elector = elector();
    let long = |version: &str| match lease(version, "other", 3, "a") {
        Answer::Lease(version, record) => Answer::Lease(version, Record { seconds: 60, ..record }),
        answer @ (Answer::Missing | Answer::Conflict | Answer::Silence) => answer,
    };
    then(&mut elector, s(0), long("1"));
    assert!(then(&mut elector, s(59), long("1")).starts_with("wait"));
    assert_eq!(then(&mut elector, s(60), long("1")), "write me@4 onto 1");
}

#[test]
fn a_lease_that_was_given_away_is_taken_at_once() {
    let mut elector = elector();
    then(&mut elector, s(0), lease("1", "other", 3, "a"));
    assert_eq!(then(&mut elector, s(2), lease("2", "", 3, "b")), "write me@4 onto 2");
}

#[test]
fn who_looks_at_the_same_time_as_another_does_not_go_on_doing_so() {
    let pause = |luck: f64| {
        let mut elector = elector();
        elector.heard(s(0), s(0), luck, lease("1", "other", 3, "a"));
        told(&mut elector, s(0))
    };
    assert_eq!([pause(0.0), pause(0.5), pause(1.0)], ["wait until 2 s", "wait until 1.75 s", "wait until 1.5 s"]);
}

#[test]
fn a_leader_renews_and_ends_when_it_cannot() {
    let mut elector = leader();
    assert_eq!(told(&mut elector, s(2)), "write me@4 onto 2");
    assert_eq!(then(&mut elector, s(2), lease("3", "me", 4, "c")), "wait until 4 s");
    for now in [4, 6, 8, 10] {
        assert_eq!(told(&mut elector, s(now)), "write me@4 onto 3");
        assert_eq!(then(&mut elector, s(now), Answer::Silence), format!("wait until {} s", now + 2));
    }
    assert_eq!(told(&mut elector, s(11)), "wait until 12 s");
    assert_eq!(told(&mut elector, s(12)), "end: the lease was not renewed for 10 s");
    assert_eq!(then(&mut elector, s(12), lease("4", "me", 4, "d")), "end: the lease was not renewed for 10 s", "it never comes back");
}

#[test]
fn a_renewal_counts_from_when_it_was_sent() {
    let mut elector = leader();
    elector.heard(s(2), s(7), 0.0, lease("3", "me", 4, "c"));
    assert_eq!(elector.reign(), Some((s(2), Epoch::new(4))));
    assert_eq!(told(&mut elector, s(7)), "write me@4 onto 3");
}

#[test]
fn a_leader_that_slept_does_not_even_ask() {
    let mut elector = leader();
    assert_eq!(told(&mut elector, s(60)), "end: the lease was not renewed for 60 s");
    assert_eq!(elector.reign(), None);
    assert_eq!(elector.release(), None);
}

#[test]
fn a_renewal_whose_answer_was_lost_is_found_to_be_ours() {
    let mut elector = leader();
    then(&mut elector, s(2), Answer::Silence);
    assert_eq!(then(&mut elector, s(4), Answer::Conflict), "read");
    assert_eq!(then(&mut elector, s(4), lease("3", "me", 4, "c")), "write me@4 onto 3");
    assert_eq!(elector.reign(), Some((s(0), Epoch::new(4))), "only an answer to a write counts");
}

#[test]
fn an_acquisition_whose_answer_was_lost_is_found_to_be_ours() {
    let mut elector = elector();
    then(&mut elector, s(0), lease("1", "", 3, "a"));
    then(&mut elector, s(0), Answer::Silence);
    assert_eq!(then(&mut elector, s(2), lease("2", "me", 4, "b")), "write me@5 onto 2");
}

#[test]
fn a_leader_whose_lease_went_to_another_ends_at_once() {
    let mut elector = leader();
    assert_eq!(then(&mut elector, s(2), Answer::Conflict), "read");
    assert_eq!(then(&mut elector, s(2), lease("9", "other", 5, "z")), "end: other has the lease");
    let mut elector = leader();
    then(&mut elector, s(2), Answer::Conflict);
    assert_eq!(then(&mut elector, s(2), lease("9", "", 5, "z")), "end: somebody gave the lease away");
}

#[test]
fn a_lease_that_somebody_deleted_is_made_again_unless_another_was_faster() {
    let mut elector = leader();
    assert_eq!(then(&mut elector, s(2), Answer::Missing), "create me@4");
    assert_eq!(then(&mut elector, s(2), lease("9", "me", 4, "a")), "wait until 4 s");
    let mut elector = leader();
    then(&mut elector, s(2), Answer::Missing);
    assert_eq!(then(&mut elector, s(2), Answer::Conflict), "read");
}

#[test]
fn a_clean_stop_gives_the_lease_away_and_keeps_its_epoch() {
    let mut elector = leader();
    told(&mut elector, s(1));
    let Some(Ask::Write(version, record)) = elector.release() else { panic!("nothing to release") };
    assert_eq!((version.as_str(), record.holder.as_str(), record.epoch), ("2", "", Epoch::new(4)));
}

#[test]
fn an_epoch_of_somebody_else_that_is_not_below_ours_is_passed_by_the_next_renewal() {
    let mut elector = leader();
    elector.surpassed(Epoch::new(3), s(1));
    assert_eq!(told(&mut elector, s(1)), "wait until 2 s", "that is over");
    elector.surpassed(Epoch::new(4), s(1));
    assert_eq!(told(&mut elector, s(1)), "write me@5 onto 2", "somebody else had it, too");
    elector.surpassed(Epoch::new(9), s(1));
    assert_eq!(told(&mut elector, s(1)), "write me@10 onto 2");
    assert_eq!(elector.reign(), Some((s(0), Epoch::new(4))), "not before that was taken");
    then(&mut elector, s(1), lease("3", "me", 10, "c"));
    assert_eq!(elector.reign(), Some((s(1), Epoch::new(10))));
}
