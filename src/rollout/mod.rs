//! What should happen next: the pure core of Serin.
//!
//! Nothing here knows Kubernetes, a clock or a network. [`transition()`] decides the next state, [`changes()`] derives
//! the writes that a state still needs. Both are total: everything that can go wrong is a value.

mod about;
mod action;
mod baseline;
mod bounds;
mod change;
mod changes;
mod check;
mod clock;
mod counts;
mod drift;
mod ending;
mod event;
mod fields;
mod intent;
mod means;
mod memo;
mod names;
mod observed;
mod outage;
mod phase;
mod question;
mod reach;
mod sample;
mod scraped;
mod service;
mod shift;
mod split;
mod state;
mod takeover;
mod target;
mod transition;
mod upkeep;
mod why;
mod workload;

pub use action::{Action, Answer, Author, Handled, Verb};
pub use bounds::cut;
pub use change::{Change, Direction, Edited, Fence};
pub use changes::changes;
pub use check::{
    Bad, Bursts, By, Check, CheckKind, Compare, Failures, Gauge, Incident, OnFail, OnTrouble, Pattern, Policy, Sequential, Series, Source,
    Strength, Subject, Threshold, Unit,
};
pub use clock::Clock;
pub use counts::{Count, Counts, Line};
pub use ending::{AttemptResult, Cause, EndReason};
pub use event::{Event, EventKind, Outcome, REMOVED, Severity};
pub use fields::Fields;
pub use intent::{Bake, Baseline, Capacity, Deadlines, DeletionPolicy, Gate, Intent, OnStep, Pausing, Step};
pub use means::{Mean, Means};
pub use memo::{ADOPTED, Known, Memo, forgotten_at};
pub use names::{Epoch, Key, Revision, Weight};
pub use observed::{Child, Lifetime, Meaning, Observed, Pod, PodState, Record, Settled, Template, Upkeep};
pub use outage::Outage;
pub use phase::Phase;
pub use question::{Ask, Before, Counting, Measuring, Question, Shape, Sides, Track, Young};
pub use reach::{Reach, reach};
pub use sample::{Counted, Failure, Newest, Reading, Sample, Samples, Verdict};
pub use scraped::{ENOUGH, Reached, Ready, Scraped, Targets};
pub use service::{ServiceView, Sharing, Skew, sharing_trouble, skewed};
pub use split::{Split, default_weights, split};
pub use state::{
    Adopting, Approval, Attempt, Baking, Deleted, Ended, HandingBack, Idle, Installing, PauseCause, Paused, Promoting, Restart,
    RollingBack, State, Stepping,
};
pub use takeover::{Stamp, Takeover, highest_epoch, meanwhile, takeover};
pub use target::{Target, target};
pub use transition::{Edge, Facts, Next, begin, transition};
pub use why::{Mood, Why};
pub use workload::{Adoptee, Readiness, Workload};
