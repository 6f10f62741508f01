//! What may a canary and its traffic be like?

/// Seconds between two looks.
pub(crate) const EVERY: u32 = 10;
/// Windows in each of the four steps: five minutes.
pub(crate) const STEP: usize = 30;
/// The canary's shares of the traffic.
pub(crate) const SHARES: [f64; 4] = [0.05, 0.25, 0.5, 0.75];

/// One kind of rollout: 20 minutes, 5/25/50/75 %.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Requests a second.
    pub(crate) rps: f64,
    /// Stable's share of bad requests.
    pub(crate) stable: f64,
    /// The canary's.
    pub(crate) canary: f64,
    /// Whether bad requests come in clusters of four on average.
    pub(crate) bursty: bool,
    /// From which window on the canary is as it is.
    pub(crate) from: usize,
    /// Windows in which both sides have 8 % bad requests.
    pub(crate) incident: Option<(usize, usize)>,
    /// What has to hold.
    pub(crate) bound: Bound,
}

/// What a scenario holds the product to.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    /// At most 1 % of the runs end in an abort.
    Harmless,
    /// It lies on the alarm line: the alarm may be wrong in 5 % of the runs.
    OnAlarm,
    /// It lies on the limit: a proof may be wrong in 5 % of the runs.
    OnLimit,
    /// The middle run is aborted within so many seconds.
    Within(u32),
    /// It is only looked at.
    None,
}

const fn of(name: &'static str, about: &'static str, stable: f64, canary: f64, bound: Bound) -> Scenario {
    Scenario { name, about, rps: 100.0, stable, canary, bursty: false, from: 0, incident: None, bound }
}

const fn slow(scenario: Scenario) -> Scenario {
    Scenario { rps: 1.0, ..scenario }
}

const fn bursty(scenario: Scenario) -> Scenario {
    Scenario { bursty: true, ..scenario }
}

/// All of them: nothing to find, harm to find.
pub(crate) const ALL: [Scenario; 24] = [
    of("N1", "0.1 % on both sides", 0.001, 0.001, Bound::Harmless),
    of("N2", "1 %", 0.01, 0.01, Bound::Harmless),
    of("N3", "2 %", 0.02, 0.02, Bound::Harmless),
    bursty(of("N4", "1 %, in bursts", 0.01, 0.01, Bound::Harmless)),
    Scenario { incident: Some((48, 66)), ..of("N5", "1 %, three minutes of 8 % on both sides", 0.01, 0.01, Bound::Harmless) },
    slow(of("N6", "1 %, one request a second", 0.01, 0.01, Bound::Harmless)),
    of("N7", "1 % -> 1.2 %, harmless", 0.01, 0.012, Bound::Harmless),
    bursty(of("N8", "0.1 %, in bursts", 0.001, 0.001, Bound::Harmless)),
    of("L0", "slow requests 1 %", 0.01, 0.01, Bound::Harmless),
    of("B1", "1 -> 1.3 %, on the alarm", 0.01, 0.013, Bound::OnAlarm),
    bursty(of("B1b", "the same, in bursts", 0.01, 0.013, Bound::OnAlarm)),
    of("B2", "1 -> 1.6 %, on the limit", 0.01, 0.016, Bound::OnLimit),
    bursty(of("B2b", "the same, in bursts", 0.01, 0.016, Bound::OnLimit)),
    of("H1", "0.1 -> 0.2 %, within the limit", 0.001, 0.002, Bound::None),
    of("H2", "0.1 -> 1 %", 0.001, 0.01, Bound::Within(200)),
    of("H3", "1 -> 2 %", 0.01, 0.02, Bound::Within(480)),
    of("H4", "1 -> 5 %", 0.01, 0.05, Bound::Within(80)),
    of("H5", "0.1 -> 30 %", 0.001, 0.3, Bound::Within(40)),
    bursty(of("H6", "1 -> 5 %, in bursts", 0.01, 0.05, Bound::Within(350))),
    Scenario { from: 60, ..of("H7", "1 -> 5 % from 50 % on, at 600 s", 0.01, 0.05, Bound::Within(660)) },
    slow(of("H8", "1 -> 5 %, one request a second", 0.01, 0.05, Bound::None)),
    slow(of("H9", "1 -> 30 %, one request a second", 0.01, 0.3, Bound::None)),
    of("L1", "slow requests 1 -> 1.8 %", 0.01, 0.018, Bound::None),
    of("L2", "slow requests 1 -> 3.5 %", 0.01, 0.035, Bound::None),
];
