//! What is a state called, by people and in columns?

use std::fmt;

use super::State;

/// A state's name, for people and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// See [`State::Installing`].
    Installing,
    /// See [`State::Adopting`].
    Adopting,
    /// See [`State::Idle`].
    Idle,
    /// See [`State::Stepping`].
    Stepping,
    /// See [`State::Approval`].
    Approval,
    /// See [`State::Paused`].
    Paused,
    /// See [`State::Promoting`].
    Promoting,
    /// See [`State::Baking`].
    Baking,
    /// See [`State::RollingBack`].
    RollingBack,
    /// See [`State::HandingBack`].
    HandingBack,
    /// See [`State::Deleted`].
    Deleted,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 11] = [
        Self::Installing,
        Self::Adopting,
        Self::Idle,
        Self::Stepping,
        Self::Approval,
        Self::Paused,
        Self::Promoting,
        Self::Baking,
        Self::RollingBack,
        Self::HandingBack,
        Self::Deleted,
    ];

    /// The phase as it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installing => "Installing",
            Self::Adopting => "Adopting",
            Self::Idle => "Idle",
            Self::Stepping => "Stepping",
            Self::Approval => "Approval",
            Self::Paused => "Paused",
            Self::Promoting => "Promoting",
            Self::Baking => "Baking",
            Self::RollingBack => "RollingBack",
            Self::HandingBack => "HandingBack",
            Self::Deleted => "Deleted",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl State {
    /// The state's name.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Installing(_) => Phase::Installing,
            Self::Adopting(_) => Phase::Adopting,
            Self::Idle(_) => Phase::Idle,
            Self::Stepping(_) => Phase::Stepping,
            Self::Approval(_) => Phase::Approval,
            Self::Paused(_) => Phase::Paused,
            Self::Promoting(_) => Phase::Promoting,
            Self::Baking(_) => Phase::Baking,
            Self::RollingBack(_) => Phase::RollingBack,
            Self::HandingBack(_) => Phase::HandingBack,
            Self::Deleted(_) => Phase::Deleted,
        }
    }
}
