//! By how much did a counter grow in a window? Exact, from its samples: nothing is extrapolated.

/// Whether a series that appears inside a window began there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Birth {
    /// Its pod is young, or was scraped before without it: the series began at zero.
    AtZero,
    /// Nobody knows: its first sample is only where counting begins.
    Unknown,
}

/// The increase after `from` up to and including `to` of one series, given as times in seconds and values, in order of time.
///
/// Windows that follow each other add up to the whole increase: the base of each is the last sample of those before. A value below the one before
/// means that the counter began anew at zero. A value that is no number (a series that ended) counts for nothing.
pub fn increase(samples: impl IntoIterator<Item = (f64, f64)>, (from, to): (f64, f64), birth: Birth) -> f64 {
    let mut before = None;
    let mut grown = 0.0;
    for (at, value) in samples {
        if value.is_nan() || at > to {
            continue;
        }
        if at > from {
            grown += match (before, birth) {
                (Some(before), _) if value >= before => value - before,
                (Some(_), _) | (None, Birth::AtZero) => value,
                (None, Birth::Unknown) => 0.0,
            };
        }
        before = Some(value);
    }
    grown
}
