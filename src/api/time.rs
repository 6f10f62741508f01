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
