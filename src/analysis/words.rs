//! How is evidence said, so that everybody says the same?

use chrono::TimeDelta;

use crate::rollout::{Counts, ENOUGH, Line, Reached, Track};

/// A share in percent, with as many digits as tell it from its neighbours.
pub fn percent(share: f64) -> String {
    let decimals = match share.abs() * 100.0 {
        p if p >= 0.1 || p == 0.0 => 2,
        p if p >= 0.01 => 3,
        _ => 4,
    };
    format!("{:.decimals$}%", share * 100.0)
}

/// A count, in groups of three digits.
pub fn grouped(count: f64) -> String {
    let digits = format!("{:.0}", count.max(0.0));
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// Odds, given as the logarithm of their first number.
pub fn odds(log: f64) -> String {
    match log.exp() {
        odds if log > 6.0 * std::f64::consts::LN_10 || odds.is_nan() => ">1e6:1".to_owned(),
        odds if odds >= 10.0 => format!("{odds:.0}:1"),
        odds if odds > 1.0 => format!("{odds:.1}:1"),
        _ => "none".to_owned(),
    }
}

/// A line, and where it lies beside such a share of stable's.
pub fn line(line: Line, stable: f64) -> String {
    let Line { ratio, plus } = line;
    let plus = if plus == 0.0 { String::new() } else { format!(" + {}pp", trimmed(plus * 100.0)) };
    format!("{}x{plus} (= {})", trimmed(ratio), percent(line.beside(stable)))
}

/// A bound of a histogram's buckets.
pub fn bound_text(bound: TimeDelta) -> String {
    match bound.num_milliseconds() {
        millis if millis % 1000 == 0 => format!("{}s", millis / 1000),
        millis => format!("{millis}ms"),
    }
}

/// How many times as much.
pub fn times(ratio: f64) -> String {
    format!("{ratio:.2}x")
}

/// Both shares and both numbers of requests.
pub fn shares(counts: &Counts) -> String {
    let Counts { canary, stable } = counts;
    let share = |share: Option<f64>| share.map_or_else(|| "none".to_owned(), percent);
    let (p, q) = (share(canary.share()), share(stable.share()));
    format!("canary {p} vs {q} over {} vs {} requests", grouped(canary.total), grouped(stable.total))
}

/// That too few pods of a side were scraped.
pub fn missing(track: Track, Reached { scraped, ready }: Reached) -> String {
    let side = match track {
        Track::Canary => "canary",
        Track::Stable => "stable",
    };
    let pods = if ready == 1 { "pod was" } else { "pods were" };
    format!("missing targets: {scraped} of {ready} {side} {pods} scraped, need {ENOUGH}%; holding, this is not a failure")
}

/// A rate of requests.
pub fn rate(rps: f64) -> String {
    if rps >= 10.0 { format!("{rps:.0} rps") } else { format!("{} rps", trimmed(rps)) }
}

/// About how long, in the largest unit that leaves two digits.
pub fn about(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0}s"),
        s if s < 5_400.0 => format!("{:.0}m", s / 60.0),
        s if s < 172_800.0 => format!("{:.0}h", s / 3_600.0),
        s if s < 86_400_000.0 => format!("{:.0} days", s / 86_400.0),
        _ => "years".to_owned(),
    }
}

/// Requests, rounded to two digits: a forecast is no more exact.
pub fn roughly(requests: f64) -> String {
    let scale = 10_f64.powf((requests.max(1.0).log10().floor() - 1.0).max(0.0));
    grouped((requests / scale).ceil() * scale)
}

/// A number without zeros that say nothing.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0.023, 0.009, 0.000_52, 0.000_012, 0.0].map(percent), ["2.30%", "0.90%", "0.052%", "0.0012%", "0.00%"]);
        assert_eq!([0.0, 999.0, 2_000.4, 1_234_567.0].map(grouped), ["0", "999", "2,000", "1,234,567"]);
        assert_eq!([189.0_f64, 6.81, 1.0, 0.2, 2e6].map(|odds_of| odds(odds_of.ln())), ["189:1", "6.8:1", "none", "none", ">1e6:1"]);
        assert_eq!(line(Line { ratio: 1.25, plus: 0.0005 }, 0.009), "1.25x + 0.05pp (= 1.18%)");
        assert_eq!(line(Line { ratio: 2.0, plus: 0.0 }, 0.01), "2x (= 2.00%)");
        assert_eq!([25.0, 0.02].map(rate), ["25 rps", "0.02 rps"]);
        assert_eq!([45.0, 420.0, 295_200.0 / 3.6, 400_000.0].map(about), ["45s", "7m", "23h", "5 days"]);
        assert_eq!([4_861.1, 12.2, 7.0].map(roughly), ["4,900", "13", "7"]);
    }
}
