//! What goes wrong in this run, and how often?

use super::rng::Rng;

/// How often what goes wrong, in thousandths. Each run has some of them and lacks others, so that each gets its turn alone.
pub(super) struct Faults {
    /// The process dies at an await.
    pub(super) crash: u32,
    /// A pass is cut off at an await; the process lives on.
    pub(super) cut: u32,
    /// A write took effect, and its reply never came.
    pub(super) lost: u32,
    /// A request, or its answer, is under way for up to forty seconds.
    pub(super) delayed: u32,
    /// The API server cannot take a write.
    pub(super) unavailable: u32,
    /// Somebody else wrote at the same time.
    pub(super) conflict: u32,
    /// A policy refuses a change for now.
    pub(super) refuse: u32,
    /// A watch stands still for up to half a minute.
    pub(super) stall: u32,
    /// A watch breaks, and all that happens until the next list is missed.
    pub(super) desync: u32,
    /// A trigger is late by up to ten seconds.
    pub(super) late: u32,
    /// A new pod takes up to a minute and a half.
    pub(super) slow: u32,
    /// A question takes up to twenty seconds.
    pub(super) slow_answer: u32,
    /// Whether clocks jump.
    pub(super) clocks: Clocks,
}

/// Whether clocks can be trusted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clocks {
    Right,
    Jump,
}

impl Faults {
    pub(super) const NONE: Self = Self {
        crash: 0,
        cut: 0,
        lost: 0,
        delayed: 0,
        unavailable: 0,
        conflict: 0,
        refuse: 0,
        stall: 0,
        desync: 0,
        late: 0,
        slow: 0,
        slow_answer: 0,
        clocks: Clocks::Right,
    };

    pub(super) fn draw(rng: &mut Rng) -> Self {
        let mut some = |most: u32| if rng.chance(500) { rng.between(1, most) } else { 0 };
        Self {
            crash: some(120),
            cut: some(80),
            lost: some(100),
            delayed: some(40),
            unavailable: some(100),
            conflict: some(200),
            refuse: some(60),
            stall: some(20),
            desync: some(20),
            late: some(300),
            slow: some(100),
            slow_answer: some(200),
            clocks: if rng.chance(120) { Clocks::Jump } else { Clocks::Right },
        }
    }
}
