//! How do our times become Kubernetes' times? The only place where chrono and jiff meet.

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use k8s_openapi::jiff::Timestamp;

/// A time as Kubernetes' objects carry it: whole seconds, rounded down.
pub fn to_time(time: DateTime<Utc>) -> Time {
    Time(stamp(time.timestamp(), 0))
}

/// A time as Kubernetes' Events carry it: microseconds.
pub fn to_micro_time(time: DateTime<Utc>) -> MicroTime {
    MicroTime(stamp(time.timestamp(), time.timestamp_subsec_micros().min(999_999) * 1000))
}

/// A time that Kubernetes told us.
pub fn from_time(time: &Time) -> DateTime<Utc> {
    let nanos = u32::try_from(time.0.subsec_nanosecond()).unwrap_or(0);
    DateTime::from_timestamp(time.0.as_second(), nanos).unwrap_or(DateTime::UNIX_EPOCH)
}

/// chrono knows more years than jiff; nothing of ours is outside of either.
fn stamp(seconds: i64, nanos: u32) -> Timestamp {
    Timestamp::new(seconds, i32::try_from(nanos).unwrap_or(0)).unwrap_or(if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_way_there_and_back() {
        for seconds in [-1, 0, 1_800_000_000, 253_402_207_200] {
            let time = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(from_time(&to_time(time)), time);
        }
    }

    #[test]
    fn what_is_finer_than_the_wire_is_rounded_down() {
        let time = DateTime::from_timestamp(1_800_000_000, 123_456_789).unwrap();
        assert_eq!(serde_json::to_value(to_time(time)).unwrap(), "2027-01-15T08:00:00Z");
        assert_eq!(serde_json::to_value(to_micro_time(time)).unwrap(), "2027-01-15T08:00:00.123456Z");
    }

    #[test]
    fn a_time_beyond_reason_is_the_last_one() {
        assert_eq!(to_time(DateTime::<Utc>::MAX_UTC).0, Timestamp::MAX);
    }
}
