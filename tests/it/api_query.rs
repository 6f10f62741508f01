//! Which pods does a query ask about?

use serin::analysis::{BadPlaceholder, fill_fixed, fill_pods};
use serin::rollout::Revision;

#[test]
fn pods_are_named_so_that_no_other_rollout_matches() {
    let (stable, canary) = (Revision::new("0123456789"), Revision::new("abcdef0123"));
    let filled = fill_pods("a{pod=~\"{{canaryPods}}\"} / b{pod=~'{{ stablePods }}'} + {{namespace}}", "checkout", &stable, &canary);
    assert_eq!(
        filled,
        "a{pod=~\"checkout-abcdef0123-[a-z0-9]+-[a-z0-9]+\"} / b{pod=~'checkout-0123456789-[a-z0-9]+-[a-z0-9]+'} + {{namespace}}"
    );
}

#[test]
fn a_value_can_neither_end_a_string_nor_become_a_pattern() {
    let odd = Revision::new("a\"}`\\.*{{x");
    let filled = fill_pods("{{canaryPods}}", "n", &odd, &odd);
    assert_eq!(filled, "n-a........x-[a-z0-9]+-[a-z0-9]+");
}

#[test]
fn what_was_filled_in_is_not_filled_again() {
    assert_eq!(fill_fixed("{{namespace}}", "{{rollout}}", "r", "1m").unwrap(), "{{rollout}}");
}

#[test]
fn braces_that_belong_to_the_query_stay() {
    for query in ["", "up", "a{b=\"c\"}", "}}", "{a}}", "x[{{canaryPods}}]"] {
        assert_eq!(fill_fixed(query, "n", "r", "1m").unwrap(), query);
    }
    assert_eq!(fill_fixed("a {{ b", "n", "r", "1m"), Err(BadPlaceholder::Open));
    assert_eq!(fill_fixed("{{}}", "n", "r", "1m"), Err(BadPlaceholder::Unknown(String::new())));
    assert_eq!(fill_fixed("{{Window}}", "n", "r", "1m"), Err(BadPlaceholder::Unknown("Window".to_owned())));
}
