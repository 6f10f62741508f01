//! Which rollout is looked at next, and when?

use std::time::Duration;

use serin::controller::{CONCURRENCY, Ended, Key, Queue};

fn key(name: &str) -> Key {
    Key { namespace: "shop".to_owned(), name: name.to_owned() }
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A queue whose failures wait 1, 2, 4... seconds.
fn queue() -> Queue {
    Queue::new(|| (0..).map(|power| s(1 << power)))
}

#[test]
fn many_triggers_are_one_pass() {
    let mut queue = queue();
    queue.trigger(key("a"));
    queue.trigger(key("a"));
    assert_eq!(queue.next(s(0)), Some(key("a")));
    assert_eq!(queue.next(s(0)), None);
}

#[test]
fn a_rollout_never_has_two_passes_and_what_happens_meanwhile_is_one_more() {
    let mut queue = queue();
    queue.trigger(key("a"));
    assert_eq!(queue.next(s(0)), Some(key("a")));
    queue.trigger(key("a"));
    queue.trigger(key("a"));
    assert_eq!(queue.next(s(0)), None);
    queue.done(&key("a"), Ended::Well(None), s(1));
    assert_eq!(queue.next(s(2)), Some(key("a")));
    queue.done(&key("a"), Ended::Well(None), s(3));
    assert_eq!(queue.next(s(4)), None);
}

#[test]
fn a_pass_says_when_to_look_again_and_a_trigger_may_come_first() {
    let mut queue = queue();
    queue.trigger(key("a"));
    queue.next(s(0));
    queue.done(&key("a"), Ended::Well(Some(s(30))), s(0));
    assert_eq!((queue.next(s(29)), queue.wake()), (None, Some(s(30))));
    queue.trigger(key("a"));
    assert_eq!(queue.next(s(29)), Some(key("a")));
    assert_eq!(queue.wake(), None, "the pass that runs says itself when to look again");
    queue.done(&key("a"), Ended::Well(Some(s(40))), s(29));
    assert_eq!((queue.next(s(39)), queue.next(s(40))), (None, Some(key("a"))));
}

#[test]
fn a_failure_waits_longer_each_time_until_a_pass_succeeds() {
    let mut queue = queue();
    queue.trigger(key("a"));
    for (now, delay) in [(0, 1), (1, 2), (3, 4)] {
        assert_eq!(queue.next(s(now)), Some(key("a")));
        assert_eq!(queue.done(&key("a"), Ended::Badly, s(now)), Some(s(delay)));
        assert_eq!(queue.next(s(now + delay - 1)), None);
    }
    assert_eq!(queue.next(s(7)), Some(key("a")));
    assert_eq!(queue.done(&key("a"), Ended::Well(None), s(7)), None);
    queue.trigger(key("a"));
    queue.next(s(8));
    assert_eq!(queue.done(&key("a"), Ended::Badly, s(8)), Some(s(1)));
}

#[test]
fn a_trigger_is_not_held_back_by_a_failure_and_does_not_forget_it() {
    let mut queue = queue();
    queue.trigger(key("a"));
    queue.next(s(0));
    queue.done(&key("a"), Ended::Badly, s(0));
    queue.trigger(key("a"));
    assert_eq!(queue.next(ms(10)), Some(key("a")));
    assert_eq!(queue.done(&key("a"), Ended::Badly, ms(10)), Some(s(2)));
}

#[test]
fn what_comes_in_a_burst_is_looked_at_once_and_ten_milliseconds_after_the_last_pass() {
    let mut queue = queue();
    queue.trigger(key("a"));
    queue.next(ms(100));
    queue.trigger(key("a"));
    queue.done(&key("a"), Ended::Well(Some(s(30))), ms(105));
    for news in [105, 109, 114] {
        queue.trigger(key("a"));
        assert_eq!((queue.next(ms(news)), queue.wake()), (None, Some(ms(115))));
    }
    queue.trigger(key("b"));
    assert_eq!(queue.next(ms(114)), Some(key("b")), "another one does not wait");
    assert_eq!((queue.next(ms(115)), queue.next(ms(115)), queue.wake()), (Some(key("a")), None, None));
}

#[test]
fn one_failing_rollout_holds_up_no_other() {
    let mut queue = queue();
    queue.trigger(key("a"));
    queue.trigger(key("b"));
    queue.next(s(0));
    queue.done(&key("a"), Ended::Badly, s(0));
    assert_eq!(queue.next(s(0)), Some(key("b")));
}

#[test]
fn passes_are_bounded_and_go_on_when_one_ends() {
    let mut queue = queue();
    for number in 0..=CONCURRENCY {
        queue.trigger(key(&format!("r{number}")));
    }
    let running = std::iter::from_fn(|| queue.next(s(0))).count();
    assert_eq!(running, CONCURRENCY);
    queue.done(&key("r0"), Ended::Well(None), s(0));
    assert_eq!(queue.next(s(0)), Some(key(&format!("r{CONCURRENCY}"))));
}
