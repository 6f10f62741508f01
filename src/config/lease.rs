//! How is it made sure that one controller writes? The lease.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use super::parts;
use crate::lease::Terms;

/// Below, a busy API server costs the lease; above, a rollback waits too long for somebody to lead.
pub(super) const TIMES: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(5);

/// The lease that the controllers of one instance share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Lease {
    /// The namespace where it is; `None`: that of the pod, outside of a cluster `serin`.
    pub namespace: Option<String>,
    /// Its times.
    pub terms: Terms,
}

impl Default for Lease {
    fn default() -> Self {
        Self { namespace: None, terms: Terms::DEFAULT }
    }
}

/// The section as it is written, before what spans several keys is checked.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    #[serde(deserialize_with = "parts::namespace")]
    namespace: Option<String>,
    #[serde(deserialize_with = "parts::lease_time")]
    duration: Duration,
    #[serde(deserialize_with = "parts::lease_time")]
    renew_deadline: Duration,
    #[serde(deserialize_with = "parts::lease_time")]
    retry: Duration,
}

impl Default for Written {
    fn default() -> Self {
        let Terms { duration, renew_deadline, retry } = Terms::DEFAULT;
        Self { namespace: None, duration, renew_deadline, retry }
    }
}

impl TryFrom<Written> for Lease {
    type Error = String;

    fn try_from(Written { namespace, duration, renew_deadline, retry }: Written) -> Result<Self, String> {
        let human = |time| humantime::format_duration(time).to_string();
        if duration.subsec_nanos() > 0 {
            return Err(format!("the duration of a lease is a number of whole seconds, not {}", human(duration)));
        }
        if renew_deadline >= duration {
            let (deadline, duration) = (human(renew_deadline), human(duration));
            return Err(format!(
                "renewDeadline ({deadline}) has to be shorter than duration ({duration}): who loses the lease stops before another begins"
            ));
        }
        if retry * 2 > renew_deadline {
            let (retry, deadline) = (human(retry), human(renew_deadline));
            return Err(format!("retry ({retry}) is at most half of renewDeadline ({deadline}), so that a renewal can be tried again"));
        }
        Ok(Self { namespace, terms: Terms { duration, renew_deadline, retry } })
    }
}
