//! What holds of the sequential test for all counts, lines and alternatives?

use proptest::prelude::*;
use serin::analysis::sequential::{Need, Side, Terms, Wealth, dispersion, factor};
use serin::rollout::{Count, Counts, Line};

const FREE: Terms = Terms { bursts: 1.0, most: f64::INFINITY };

fn window(n: f64, x: f64, m: f64, y: f64) -> Counts {
    Counts { canary: Count { total: n, bad: x }, stable: Count { total: m, bad: y } }
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("few"))
}

/// The probabilities of 0..=n bad requests of n independent ones.
fn binomial(n: u32, p: f64) -> Vec<f64> {
    let mut row = vec![1.0];
    for _ in 0..n {
        let mut next = vec![0.0; row.len() + 1];
        for (bad, chance) in row.iter().enumerate() {
            next[bad] += chance * (1.0 - p);
            next[bad + 1] += chance * p;
        }
        row = next;
    }
    row
}

/// The expectation of one window's factor, by going through everything that can happen.
pub(super) fn expectation(times: f64, line: Line, [n, m]: [u32; 2], [p, q]: [f64; 2], terms: Terms) -> f64 {
    let (canary, stable) = (binomial(n, p), binomial(m, q));
    let one = |x: usize, y: usize| factor(times, line, &window(f64::from(n), real(x), f64::from(m), real(y)), terms).exp();
    let all = canary.iter().enumerate().flat_map(|(x, a)| stable.iter().enumerate().map(move |(y, b)| (x, y, a * b)));
    all.map(|(x, y, chance)| chance * one(x, y)).sum()
}

#[test]
fn no_factor_expects_more_than_1_while_the_other_side_is_right() {
    let lines = [(1.0, 0.0), (1.25, 0.0005), (1.5, 0.001), (2.0, 0.05)].map(|(ratio, plus)| Line { ratio, plus });
    let terms = [FREE, Terms { bursts: 3.0, ..FREE }, Terms { most: Need::for_errors(0.05).most(), ..FREE }];
    for side in [Side::Worse, Side::Better] {
        for line in lines {
            for terms in terms {
                expects_no_more_than_1(side, line, terms);
            }
        }
    }
}

fn expects_no_more_than_1(side: Side, line: Line, terms: Terms) {
    for (n, m) in [(1, 1), (1, 19), (12, 30), (30, 12)] {
        for stable in [0.0, 0.001, 0.05, 0.4] {
            for beyond in [0.0, 0.5, 1.0] {
                let on = line.beside(stable);
                // On the line, and on the side of it that this evidence is against.
                let canary = match side {
                    Side::Worse => on * (1.0 - beyond),
                    Side::Better => on + (1.0 - on) * beyond,
                };
                for times in side.grid() {
                    let expected = expectation(times, line, [n, m], [canary.min(1.0), stable], terms);
                    assert!(expected <= 1.0 + 1e-9, "{side:?} {line:?} {terms:?} {n}:{m} {canary}/{stable} x{times}: {expected}");
                }
            }
        }
    }
}

/// Three windows of a few requests, in all ways that they can go: how likely does the evidence ever reach what is needed?
#[test]
fn evidence_that_is_wrong_is_as_rare_as_it_says() {
    let (line, need) = (Line { ratio: 1.0, plus: 0.2 }, Need::for_errors(0.2));
    for (side, canary, stable) in [(Side::Worse, 0.4, 0.2), (Side::Worse, 0.2, 0.0), (Side::Better, 0.5, 0.3), (Side::Better, 0.2, 0.0)] {
        let (xs, ys) = (binomial(6, canary), binomial(6, stable));
        let mut wealth = Wealth::default();
        wealth.invest(if side == Side::Worse { 0.5 } else { 1.0 });
        let terms = Terms { bursts: 1.0, most: need.most() };
        let mut wrong = 0.0;
        let mut open = vec![(1.0, wealth)];
        for _ in 0..3 {
            let mut next = Vec::new();
            for (chance, wealth) in open {
                for (x, a) in xs.iter().enumerate() {
                    for (y, b) in ys.iter().enumerate() {
                        let mut after = wealth.clone();
                        after.count(side, line, &window(6.0, real(x), 6.0, real(y)), terms);
                        if need.reached(after.log()) { wrong += chance * a * b } else { next.push((chance * a * b, after)) }
                    }
                }
            }
            open = next;
        }
        assert!(wrong <= 0.2, "{side:?} at {canary} beside {stable}: {wrong}");
    }
}

fn any_line() -> impl Strategy<Value = Line> {
    (1.0..3.0_f64, 0.0..0.05_f64).prop_map(|(ratio, plus)| Line { ratio, plus })
}

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Worse), Just(Side::Better)]
}

/// Requests of both sides with bad ones among them.
fn any_window() -> impl Strategy<Value = Counts> {
    (1..5_000_u32, 1..5_000_u32, 0.0..=1.0_f64, 0.0..=1.0_f64).prop_map(|(n, m, p, q)| {
        let (n, m) = (f64::from(n), f64::from(m));
        window(n, (n * p).floor(), m, (m * q).floor())
    })
}

proptest! {
    #[test]
    fn evidence_of_harm_rises_with_the_canary_s_errors_and_falls_with_stable_s(line in any_line(), counts in any_window(), terms in 1.0..50.0_f64) {
        let terms = Terms { bursts: terms, ..FREE };
        let (Counts { canary, stable }, worse) = (counts, Side::Worse.grid());
        let more = Counts { canary: Count { bad: canary.bad + 1.0, ..canary }, stable };
        let less = Counts { canary, stable: Count { bad: stable.bad + 1.0, ..stable } };
        for times in worse {
            prop_assert!(factor(times, line, &more, terms) > factor(times, line, &counts, terms));
            prop_assert!(factor(times, line, &less, terms) < factor(times, line, &counts, terms));
        }
    }

    #[test]
    fn an_empty_window_changes_nothing(line in any_line(), side in any_side(), counts in any_window()) {
        let mut wealth = Wealth::default();
        wealth.invest(0.5);
        wealth.count(side, line, &counts, FREE);
        let before = wealth.clone();
        for empty in [Counts { canary: Count::default(), ..counts }, Counts { stable: Count::default(), ..counts }, Counts::default()] {
            wealth.count(side, line, &empty, FREE);
            prop_assert_eq!(&wealth, &before);
        }
    }

    #[test]
    fn a_window_that_is_split_says_the_same(line in any_line(), side in any_side(), counts in any_window(), parts in 2..10_u32) {
        let part = |count: Count| Count { total: count.total / f64::from(parts), bad: count.bad / f64::from(parts) };
        let (mut whole, mut split) = (Wealth::default(), Wealth::default());
        whole.invest(0.5);
        split.invest(0.5);
        whole.count(side, line, &counts, FREE);
        for _ in 0..parts {
            split.count(side, line, &Counts { canary: part(counts.canary), stable: part(counts.stable) }, FREE);
        }
        prop_assert!((whole.log() - split.log()).abs() <= 1e-7 * whole.log().abs().max(1.0), "{} {}", whole.log(), split.log());
    }

    #[test]
    fn bursts_weaken_all_evidence(line in any_line(), side in any_side(), counts in any_window(), bursts in 1.0..50.0_f64) {
        for times in side.grid() {
            let (free, bursty) = (factor(times, line, &counts, FREE), factor(times, line, &counts, Terms { bursts, ..FREE }));
            prop_assert!(bursty.abs() <= free.abs());
        }
    }

    #[test]
    fn two_windows_never_decide(line in any_line(), side in any_side(), first in any_window(), second in any_window(), alpha in 0.001..0.2_f64) {
        let need = Need::for_errors(alpha);
        let mut wealth = Wealth::default();
        wealth.invest(if side == Side::Worse { 0.5 } else { 1.0 });
        for counts in [first, second] {
            wealth.count(side, line, &counts, Terms { bursts: 1.0, most: need.most() });
        }
        // Where every alternative gains the most that it may, from a whole stake, it is just enough: rounding decides.
        prop_assert!(wealth.log() <= need.log() + 1e-9);
    }

    #[test]
    fn what_is_committed_reads_back_as_it_was(line in any_line(), side in any_side(), counts in any_window()) {
        let mut wealth = Wealth::default();
        for share in [0.5, 0.5, 1.0] {
            wealth.invest(share);
            wealth.count(side, line, &counts, FREE);
        }
        let text = serde_json::to_string(&wealth).expect("plain data");
        let back: Wealth = serde_json::from_str(&text).expect("ours");
        prop_assert!((back.log() - wealth.log()).abs() <= 1e-12 * wealth.log().abs().max(1.0), "{text}");
    }

    #[test]
    fn bursts_are_never_below_1_nor_above_50(windows in proptest::collection::vec((0..1000_u32, 0.0..=1.0_f64), 0..60)) {
        let bursts = dispersion(windows.into_iter().map(|(n, p)| Count { total: f64::from(n), bad: (f64::from(n) * p).floor() }));
        prop_assert!((1.0..=50.0).contains(&bursts));
    }
}
