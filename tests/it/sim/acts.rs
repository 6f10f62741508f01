//! What do users, strangers and bad luck do?

use serin::rollout::{Pausing, Verb};

use super::rng::Rng;
use super::server::objects::{Node, SpecReading};
use super::truth::Truth;

/// Something that somebody does, or that happens to somebody.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// A template that was never there before.
    NewTemplate(Truth),
    /// A template that was there before, the stable one included.
    Revert(u32),
    Replicas(u32),
    /// A new template and other replicas in one write.
    Both(Truth, u32),
    /// Another text that means the same to the API server.
    SameTemplate,
    /// Other steps, gates and a bake; what they are is drawn.
    Steps,
    /// A command for the rollout.
    Command(Verb, Aim),
    Pausing(Pausing),
    Spec(SpecReading),
    /// Which pods the Service selects, if it is there.
    Service(Option<&'static str>),
    Delete,
    /// An autoscaler takes the replicas over, for a while.
    Autoscaler,
    /// Somebody scales a Deployment of ours.
    Scale(Which, u32),
    /// Somebody deletes a Deployment behind our back.
    DeleteDeployment(Which),
    /// Somebody edits its template.
    EditDeployment(Which),
    /// Somebody stops its own roll-out.
    PauseDeployment(Which),
    /// Somebody takes our labels from it.
    Unlabel(Which),
    DeleteRecord(Which),
    /// Somebody writes an empty status.
    WipeStatus,
    DeletePod,
    /// A container ends and starts again.
    CrashPod,
    /// A pod fails its probe for a while.
    UnreadyPod,
    NodeDies(Node),
    Backend(Power),
    Sink(usize, Manners),
    Registry(Power),
    Quota(Power),
    /// The controller stands still for so many seconds, and goes on where it was.
    Stop(u32),
    /// Another controller starts, and the old one does not know.
    Takeover,
    /// The controller's clock is off by so many minutes from now on.
    Clock(i64),
}

/// What a command is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// What is there.
    Right,
    /// Another revision, or another attempt.
    Wrong,
    /// Whatever is there when its turn comes.
    Whatever,
}

/// Which of several, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Last,
}

/// Whether something answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Up,
    Down,
}

/// How a sink treats what reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    Good,
    /// It takes nothing.
    Down,
    /// It takes its time: up to a minute.
    Slow,
    /// It takes everything, and its answers are lost.
    Mute,
    /// It takes the first half of what comes together, and nothing of what comes alone.
    Half,
    /// It refuses some events for good.
    Picky,
}

impl Manners {
    const ALL: [Self; 6] = [Self::Good, Self::Down, Self::Slow, Self::Mute, Self::Half, Self::Picky];
}

/// Sizes that people like.
const SIZES: [u32; 10] = [0, 1, 2, 3, 4, 5, 7, 10, 12, 20];

impl Act {
    /// What somebody does who cannot decide.
    pub(super) fn hasty(rng: &mut Rng) -> Self {
        match rng.between(0, 5) {
            0 => Self::NewTemplate(Truth::Good),
            1 => Self::Revert(rng.between(0, 3)),
            2 | 3 => Self::Pausing(Pausing::On),
            _ => Self::Pausing(Pausing::Off),
        }
    }

    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.between(0, 11) {
            0..=5 => Self::by_a_user(rng),
            6 | 7 => Self::command(rng),
            8 => Self::by_a_stranger(rng),
            _ => Self::by_bad_luck(rng),
        }
    }

    fn by_a_user(rng: &mut Rng) -> Self {
        match rng.between(0, 23) {
            0..=7 => Self::NewTemplate(Truth::draw(rng)),
            8..=10 => Self::Revert(rng.between(0, 9)),
            11 | 12 => Self::Replicas(rng.pick(&SIZES)),
            13 | 14 => Self::Both(Truth::draw(rng), rng.pick(&SIZES)),
            15 if rng.chance(500) => Self::SameTemplate,
            15 => Self::Steps,
            16..=18 => Self::Pausing(Pausing::On),
            19 | 20 => Self::Pausing(Pausing::Off),
            21 => Self::Spec(rng.pick(&[SpecReading::OnlyReplicas, SpecReading::Nothing, SpecReading::All])),
            22 => Self::Spec(SpecReading::All),
            _ => Self::Autoscaler,
        }
    }

    pub(super) fn command(rng: &mut Rng) -> Self {
        Self::Command(rng.pick(&Verb::ALL), rng.pick(&[Aim::Right, Aim::Right, Aim::Right, Aim::Wrong, Aim::Whatever]))
    }

    fn by_a_stranger(rng: &mut Rng) -> Self {
        let which = rng.pick(&[Which::First, Which::Last]);
        match rng.between(0, 10) {
            0 | 1 => Self::Scale(which, rng.pick(&SIZES)),
            2 => Self::DeleteDeployment(which),
            3 => Self::Service(rng.pick(&[None, Some("another"), Some(super::server::APP)])),
            4 => Self::EditDeployment(which),
            5 => Self::PauseDeployment(which),
            6 => Self::Unlabel(which),
            7 => Self::DeleteRecord(which),
            8 => Self::WipeStatus,
            _ => Self::DeletePod,
        }
    }

    fn by_bad_luck(rng: &mut Rng) -> Self {
        let power = rng.pick(&[Power::Down, Power::Down, Power::Up]);
        match rng.between(0, 17) {
            0 | 1 => Self::DeletePod,
            2 | 3 => Self::CrashPod,
            4 | 5 => Self::UnreadyPod,
            6 | 7 => Self::NodeDies(Node(rng.between(0, 2))),
            8 | 9 => Self::Backend(power),
            10 | 11 => Self::Sink(rng.pick(&[0, 1]), rng.pick(&Manners::ALL)),
            12 => Self::Registry(power),
            13 => Self::Quota(power),
            14 => Self::Service(Some(super::server::APP)),
            15 => Self::Stop(rng.pick(&[5, 60, 3_600])),
            16 => Self::Takeover,
            _ => Self::Pausing(Pausing::Off),
        }
    }
}
