//! Does a query look back further than its window? Then its value speaks of the time before the canary, too.

use chrono::TimeDelta;

/// The first range of a query that is longer than this, as it is written: `[5m]`, and of a subquery `[5m:1m]`. One with an offset looks at another
/// time on purpose; one that is filled in later is as long as the window.
pub(super) fn longer(query: &str, most: TimeDelta) -> Option<&str> {
    ranges(query)
        .find(|(range, after)| {
            let longer = length(range).is_some_and(|length| length > most);
            longer && !after.trim_start().to_ascii_lowercase().starts_with("offset")
        })
        .map(|(range, _)| range)
}

/// What stands between brackets, and what follows on each. Brackets within quotes and comments are no ranges.
fn ranges(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = query;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find(['"', '\'', '`', '#', '['])?;
            let (sign, after) = (rest[at..].chars().next()?, &rest[at + 1..]);
            let end = match sign {
                '[' => after.find(']'),
                '#' => after.find('\n'),
                quote => closing(after, quote),
            };
            let end = end?;
            rest = &after[end + 1..];
            if sign == '[' {
                return Some((&after[..end], rest));
            }
        }
    })
}

/// Where a quoted text ends. A backslash takes the next character's meaning, but not in backquotes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped && quote != '`';
        ends.then_some(at)
    })
}

/// How long a range is: `1h30m`, or seconds without a unit. Nothing for what is none, which the backend refuses itself.
fn length(range: &str) -> Option<TimeDelta> {
    let mut rest = range.split(':').next().unwrap_or_default().trim();
    if let Ok(seconds) = rest.parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    let mut millis: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let letters = rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |letters| digits + letters);
        let unit = match &rest[digits..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        millis = millis.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[letters..];
    }
    (millis > 0).then(|| TimeDelta::try_milliseconds(millis)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longer_than_a_minute(query: &str) -> Option<&str> {
        longer(query, TimeDelta::minutes(1))
    }

    #[test]
    fn a_range_that_is_longer_is_found_wherever_it_stands() {
        for (query, range) in [
            ("rate(a[5m])", "5m"),
            ("rate(a{b=\"c\"}[1m]) / rate(a[61s])", "61s"),
            ("max_over_time(rate(a[30s])[10m:30s])", "10m:30s"),
            ("rate(a[ 1h30m ])", " 1h30m "),
            ("rate(a[300])", "300"),
            ("rate(a[1m1ms])", "1m1ms"),
            ("# what it is\nrate(a[1d])", "1d"),
            ("rate(a{b='it\\'s [1s]'}[2w])", "2w"),
        ] {
            assert_eq!(longer_than_a_minute(query), Some(range), "{query}");
        }
    }

    #[test]
    fn what_is_no_longer_range_is_left_alone() {
        for query in [
            "up",
            "rate(a[1m])",
            "rate(a[60])",
            "rate(a[{{window}}])",
            "a{b=\"[5m]\"}",
            "a{b=`\\[5m]`}",
            "a # rate(a[5m])",
            "last_over_time(a[1h] offset {{window}})",
            "rate(a[5m]\n  OFFSET 1w)",
            "a[5m",
            "a{b=\"[5m]",
            "a[m]",
            "a[5q]",
            "a[]",
            "a[99999999999999999999d]",
            "",
        ] {
            assert_eq!(longer_than_a_minute(query), None, "{query}");
        }
    }
}
