//! What an event holds of a verdict's evidence is read back as it was.

use proptest::prelude::*;
use serin::analysis::Sums;
use serin::rollout::Count;

#[test]
fn sums_are_told_as_a_table() {
    let text = "canary 38/750 stable 0/2250 worse 3.810023564 better -4.698379255 bursts 1.000000 windows 3";
    let sums = Sums::read(text).expect("it is whole");
    assert_eq!(sums.to_string(), text);
    insta::assert_snapshot!(sums.table("errors"), @r"
    errors: 3 windows, as the event holds them
                            requests       bad     share   95 % interval
      canary                     750        38     5.07%   3.71% to 6.88%
      stable                   2,250         0     0.00%   0.00% to 0.17%
      worse than the alarm  evidence      45:1
      below the limit       evidence      none
      evidence was divided by 1.0 for bursts
    ");
}

#[test]
fn what_was_cut_or_is_something_else_is_not_read() {
    let text = "canary 38/750 stable 0/2250 worse 3.81 better -4.69 bursts 1.0 windows 3";
    for odd in ["", "canary", "canary 38/750 stable 0/22", &text[..text.len() - 2], &format!("{text} more"), &text.replace('/', "-")] {
        assert_eq!(Sums::read(odd), None, "{odd}");
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(all in 0_u32..1_000_000, bad in 0_u32..1000, log in -20.0..20.0_f64, windows in 0_u32..9999) {
        let side = Count { total: f64::from(all), bad: f64::from(bad) };
        let sums = Sums { canary: side, stable: side, worse: log, better: -log, bursts: 1.5, windows };
        let read = Sums::read(&sums.to_string()).expect("it is whole");
        prop_assert_eq!((read.canary, read.stable, read.windows), (side, side, windows));
        prop_assert!((read.worse - log).abs() < 1e-9 && (read.better + log).abs() < 1e-9);
    }
}
