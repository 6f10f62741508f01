//! What does an answer mean where only its status counts?

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::header;
use crate::sink::Delivery;

/// A sink that asks for more is asked again after this: it may have mended itself long before.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What a sink answered.
pub(super) struct Answer {
    pub(super) status: u16,
    /// For how long it asks to be left alone.
    pub(super) pause: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The status, and the beginning of what was said.
    pub(super) fn told(&self) -> String {
        let said = String::from_utf8_lossy(&self.body);
        match said.trim() {
            "" => format!("answered {}", self.status),
            said => format!("answered {}: {said}", self.status),
        }
    }
}

/// 2xx: it has the event. 4xx: it will never take this one, but where the credentials, the URL or the moment are wrong: those may be put
/// right, and no event goes lost for them. All else: later.
pub(super) fn by_status(answer: &Answer) -> Delivery {
    let told = answer.told();
    match answer.status {
        200..=299 => Delivery::Delivered,
        408 | 425 | 429 | 500..=599 => match answer.pause {
            Some(pause) => Delivery::Later(told, pause),
            None => Delivery::Retry(told),
        },
        401 | 403 | 407 => Delivery::Retry(format!("{told}; correct the sink's credentials")),
        300..=399 | 404 | 405 => Delivery::Retry(format!("{told}; correct the sink's url")),
        400..=499 => Delivery::Refused(told),
        _ => Delivery::Retry(told),
    }
}

/// `Retry-After`, in seconds or as a date.
pub(super) fn pause(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = header(headers, &RETRY_AFTER)?;
    let seconds = value.trim().parse().map(Duration::from_secs).ok();
    let until = || (DateTime::parse_from_rfc2822(value.trim()).ok()?.to_utc() - now).to_std().ok();
    seconds.or_else(until).map(|pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_given_in_seconds_or_as_a_date_and_is_bounded() {
        let now = DateTime::from_timestamp(1_795_435_200, 0).unwrap();
        for (given, expect) in [
            ("7", Some(Duration::from_secs(7))),
            (" 0 ", Some(Duration::ZERO)),
            ("86400", Some(LONGEST_PAUSE)),
            ("Mon, 23 Nov 2026 12:00:30 GMT", Some(Duration::from_secs(30))),
            ("Mon, 23 Nov 2026 11:00:00 GMT", None),
            ("soon", None),
        ] {
            let headers = [(RETRY_AFTER, given.parse().unwrap())].into_iter().collect();
            assert_eq!(pause(&headers, now), expect, "{given}");
        }
    }
}
