//! When is something broken that both sides share?

use super::check_spec::IncidentSpec;
use super::checks::within;
use super::invalid::Invalid;
use crate::rollout::{Incident, Source};

/// One request in twenty is nothing that any service is promised to lose.
const MAX: f64 = 0.05;
/// Three times as much as before is no noise, and no busier hour.
const TIMES: f64 = 3.0;

/// What is usual where nothing is written. Two queries tell nothing of the time before the attempt.
pub(super) fn incident(check: &str, written: Option<IncidentSpec>, source: &Source) -> Result<Option<Incident>, Invalid> {
    match (written, source) {
        (Some(_), Source::Queries { .. }) => Err(Invalid::Counting {
            check: check.to_owned(),
            text: "incident is held against what stable did before the attempt, which only of: errors and of: slow know; remove it"
                .to_owned(),
        }),
        (None, Source::Queries { .. }) => Ok(None),
        (written, Source::Series(_)) => {
            let IncidentSpec { max, times } = written.unwrap_or_default();
            let max = within(check, "incident.max", max.unwrap_or(MAX), 0.0, 1.0)?;
            let times = within(check, "incident.times", times.unwrap_or(TIMES), 1.0, 100.0)?;
            Ok(Some(Incident { max, times }))
        }
    }
}
