//! How does a duration read: `90s`, `5m`, `1h30m`, `500ms`?

use std::fmt::Write as _;

use chrono::TimeDelta;

/// No wait of a rollout is longer: what is meant to last for ever is better said with `paused`.
pub const LONGEST: TimeDelta = TimeDelta::days(30);

/// Longer units first, so that `m` is never read where `ms` stands.
const UNITS: [(&str, i64); 4] = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];

/// Reads whole numbers, each with its unit, as Go writes them; `None` for anything else and for more than [`LONGEST`].
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let mut rest = text;
    let mut millis: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        millis = millis.checked_add(number.checked_mul(*factor)?)?;
        rest = &rest[digits + unit.len()..];
    }
    let duration = TimeDelta::try_milliseconds(millis)?;
    (!text.is_empty() && duration <= LONGEST).then_some(duration)
}

/// The shortest text that both [`parse_duration`] and PromQL read as this duration; negative ones are `0s`.
pub fn duration_text(duration: TimeDelta) -> String {
    let mut millis = duration.num_milliseconds().max(0);
    let mut text = String::new();
    for (unit, factor) in [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if millis >= factor {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{unit}", millis / factor);
            millis %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}
