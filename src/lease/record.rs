//! What stands in a Lease?

use std::time::Duration;

use crate::rollout::Epoch;

/// What stands in a Lease. Its times are another machine's: they are compared with each other, never with a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Who holds it; nobody where it is empty.
    pub holder: String,
    /// For how many seconds after a renewal nobody else may take it.
    pub seconds: u32,
    /// How often it went to somebody else.
    pub epoch: Epoch,
    /// When its holder took it. Where there is none in what is to be written, that is now.
    pub acquired: Option<String>,
    /// When its holder renewed it last. What is to be written has none: that is now.
    pub renewed: Option<String>,
}

impl Record {
    /// How long it lasts after it was seen to be renewed. One that says nothing lasts as long as ours.
    pub(super) fn life(&self, ours: Duration) -> Duration {
        if self.seconds == 0 { ours } else { Duration::from_secs(self.seconds.into()) }
    }
}
