//! Which commands become actions in the cluster?

use std::time::Duration;

use clap::{Args, Subcommand};

use super::parts::{self, Named, Revision, Where, duration};
use crate::api::VerbSpec;
use crate::cli::command::{Meant, Order, Patience};

/// Told at the end of the help of each, and held by tests.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 it could not be asked or makes no sense, 2 refused, 3 superseded (what it was meant for is over), 4 no answer in time.";

#[derive(Debug, Subcommand)]
pub(super) enum Orders {
    /// Let an attempt go on that waits for an approval
    ///
    /// Opens the gate of its step. It never replaces a Pass: the step ends when all checks pass, too.
    #[command(after_help = EXIT_CODES)]
    Approve(Asked<Bound, Explained>),
    /// Promote a revision whatever was measured
    ///
    /// Skips all steps that are left, their holds and their checks. A check that fails still rolls back.
    #[command(after_help = EXIT_CODES)]
    Promote(Asked<Bound, Justified>),
    /// Give the attempt in flight up and bring stable back
    ///
    /// The revision is not tried again by itself until the template changes.
    #[command(after_help = EXIT_CODES)]
    Abort(Asked<Loose, Explained>),
    /// Keep the canary's share where it is
    ///
    /// A check that fails still rolls back.
    #[command(after_help = EXIT_CODES)]
    Pause(Asked<Loose, Explained>),
    /// Let a paused attempt go on
    ///
    /// One that `pause` or a step's deadline stopped. One that `spec.paused` stopped goes on when that is unset.
    #[command(after_help = EXIT_CODES)]
    Resume(Asked<Bound, Explained>),
    /// Try an aborted revision again, from the first step
    #[command(after_help = EXIT_CODES)]
    Retry(Asked<Bound, Explained>),
    /// End the current step without waiting for its hold or a Pass
    ///
    /// The last step cannot be skipped: promote the revision instead.
    #[command(after_help = EXIT_CODES)]
    Skip(Asked<Bound, Justified>),
    /// Replace the stable revision's pods by new ones, a few at a time
    #[command(after_help = EXIT_CODES)]
    Restart(Asked<Loose, Explained>),
    /// Go back to an older revision
    ///
    /// While an attempt is in flight, it ends as with `abort`. Otherwise the stable revision before this one comes back, and this one is rejected
    /// until the template changes.
    #[command(after_help = EXIT_CODES)]
    Undo {
        /// The revision to go back to, of those that `serin history` lists
        ///
        /// Left out: the stable revision before this one.
        #[arg(long, value_name = "REVISION", value_parser = parts::revision)]
        to: Option<Revision>,
        #[command(flatten)]
        asked: Asked<Loose, Justified>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Asked<M: Args, W: Args> {
    #[command(flatten)]
    target: Named,
    #[command(flatten)]
    meant: M,
    #[command(flatten)]
    why: W,
    /// Do not wait for the answer
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for the answer at most, such as 10s or 5m
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration, conflicts_with = "no_wait")]
    timeout: Duration,
    #[command(flatten)]
    access: Where,
}

/// For what raises exposure: it is never meant for whatever comes next.
#[derive(Debug, Args)]
pub(super) struct Bound {
    /// The revision that it is meant for
    ///
    /// Left out: the one on trial now or, where none is, the one of the spec. If it is about another one when the command's turn comes, the
    /// command is superseded.
    #[arg(long, value_name = "REVISION", value_parser = parts::revision)]
    revision: Option<Revision>,
}

/// For what lowers exposure: it may be meant for whatever is there.
#[derive(Debug, Args)]
pub(super) struct Loose {
    /// The revision that it is meant for
    ///
    /// Left out: whichever is there when the command's turn comes.
    #[arg(long, value_name = "REVISION", value_parser = parts::revision)]
    revision: Option<Revision>,
}

#[derive(Debug, Args)]
pub(super) struct Explained {
    /// Why; events carry it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Justified {
    /// Why; events carry it
    #[arg(long, value_name = "TEXT", required = true)]
    reason: String,
}

impl From<Orders> for Order {
    fn from(orders: Orders) -> Self {
        match orders {
            Orders::Approve(asked) => asked.to(VerbSpec::Approve),
            Orders::Promote(asked) => asked.to(VerbSpec::Promote),
            Orders::Abort(asked) => asked.to(VerbSpec::Abort),
            Orders::Pause(asked) => asked.to(VerbSpec::Pause),
            Orders::Resume(asked) => asked.to(VerbSpec::Resume),
            Orders::Retry(asked) => asked.to(VerbSpec::Retry),
            Orders::Skip(asked) => asked.to(VerbSpec::Skip),
            Orders::Restart(asked) => asked.to(VerbSpec::Restart),
            Orders::Undo { to, asked } => Self { back_to: to, ..asked.to(VerbSpec::Undo) },
        }
    }
}

impl<M: Args + Into<Meant>, W: Args + Into<Option<String>>> Asked<M, W> {
    fn to(self, verb: VerbSpec) -> Order {
        let Self { target, meant, why, no_wait, timeout, access } = self;
        let patience = if no_wait { Patience::None } else { Patience::Until(timeout) };
        Order { target: target.on(access), verb, meant: meant.into(), back_to: None, reason: why.into(), patience }
    }
}

impl From<Explained> for Option<String> {
    fn from(Explained { reason }: Explained) -> Self {
        reason
    }
}

impl From<Justified> for Option<String> {
    fn from(Justified { reason }: Justified) -> Self {
        Some(reason)
    }
}

impl From<Bound> for Meant {
    fn from(Bound { revision }: Bound) -> Self {
        revision.map_or(Self::Current, Self::For)
    }
}

impl From<Loose> for Meant {
    fn from(Loose { revision }: Loose) -> Self {
        revision.map_or(Self::Whatever, Self::For)
    }
}
