//! How many pods are a percentage?

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::invalid::Invalid;
use super::spec::CapacitySpec;
use crate::rollout::Capacity;

/// The largest number of pods that may be written.
const MAX_PODS: u32 = 10_000;

/// A number of pods, or a share of them.
#[derive(Clone, Copy)]
enum Amount {
    Pods(u32),
    Percent(u32),
}

/// Resolves percentages against `replicas`: surge and the stable floor round up, what may be missing rounds down.
///
/// Where rounding leaves neither surge nor anything that may be missing, one pod may be missing, as in a Deployment.
pub(super) fn resolve(written: Option<&CapacitySpec>, replicas: u32) -> Result<Capacity, Invalid> {
    let CapacitySpec { surge, max_unavailable, abort_unavailable, stable_floor } = written.cloned().unwrap_or_default();
    let surge = read("capacity.surge", surge, Amount::Percent(25))?;
    let max_unavailable = read("capacity.maxUnavailable", max_unavailable, Amount::Pods(0))?;
    let abort_unavailable = read("capacity.abortUnavailable", abort_unavailable, Amount::Percent(25))?;
    let stable_floor = read("capacity.stableFloor", stable_floor, Amount::Pods(0))?;
    if surge.is_zero() && max_unavailable.is_zero() {
        return Err(Invalid::NoRoom);
    }
    let (extra, missing) = (surge.up(replicas), max_unavailable.down(replicas).min(replicas));
    Ok(Capacity {
        surge: extra,
        max_unavailable: if extra == 0 && missing == 0 { replicas.min(1) } else { missing },
        abort_unavailable: abort_unavailable.down(replicas).min(replicas),
        stable_floor: stable_floor.up(replicas).min(replicas),
    })
}

/// Pods of the old revision that a bake keeps; a percentage rounds up.
pub(super) fn kept(written: Option<&IntOrString>, replicas: u32) -> Result<u32, Invalid> {
    Ok(read("bake.keep", written.cloned(), Amount::Percent(25))?.up(replicas).min(replicas))
}

fn read(field: &'static str, written: Option<IntOrString>, default: Amount) -> Result<Amount, Invalid> {
    let amount = match &written {
        None => Some(default),
        Some(IntOrString::Int(pods)) => u32::try_from(*pods).ok().filter(|pods| *pods <= MAX_PODS).map(Amount::Pods),
        Some(IntOrString::String(text)) => percent(text).map(Amount::Percent),
    };
    amount.ok_or_else(|| Invalid::Amount {
        field,
        text: match written {
            Some(IntOrString::Int(pods)) => pods.to_string(),
            Some(IntOrString::String(text)) => text,
            None => String::new(),
        },
    })
}

fn percent(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('%').filter(|digits| digits.chars().all(|c| c.is_ascii_digit()))?;
    digits.parse().ok().filter(|percent| *percent <= 100)
}

impl Amount {
    const fn is_zero(self) -> bool {
        matches!(self, Self::Pods(0) | Self::Percent(0))
    }

    fn up(self, replicas: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => share(replicas, percent, 99),
        }
    }

    fn down(self, replicas: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => share(replicas, percent, 0),
        }
    }
}

fn share(replicas: u32, percent: u32, rounding: u64) -> u32 {
    let share = (u64::from(replicas) * u64::from(percent) + rounding) / 100;
    u32::try_from(share).unwrap_or(u32::MAX)
}
