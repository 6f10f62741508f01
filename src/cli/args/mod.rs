//! What can be typed?

mod audits;
mod orders;
mod parts;

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use super::command::{Checked, Command, Explanation, Follow, Logging, Question, Service, Target, Wait, Wanted, Witness};
use crate::controller::Role;
use audits::Audits;
use orders::Orders;
use parts::{Form, Format, Named, Revision, Where, duration, input};

/// Lines of help are not wider than this, on any terminal.
const WIDTH: usize = 100;

/// Brings new pod templates into service step by step, on evidence: a revision is promoted, or stable comes back.
///
/// Serin is a controller: it runs in a cluster and works on Rollouts. The other commands help to install it, to look at
/// what it does, and to tell it what to do.
#[derive(Debug, Parser)]
#[command(name = "serin", version, max_term_width = WIDTH, after_help = EXIT_CODES)]
pub(super) struct Typed {
    #[command(subcommand)]
    what: What,
}

/// Told at the end of the help, and held by tests.
const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 it could not be done or asked, or what was typed makes no sense. Commands that wait for an answer have one for each negative answer: 2 refused or aborted, 3 superseded, 4 no answer in time.
Data goes to standard output, everything else to standard error.";

#[derive(Debug, Subcommand)]
enum What {
    /// Run the controller until it is told to stop
    ///
    /// Works on all Rollouts of the cluster. Of several controllers one holds the lease and writes; the others stand by, and one
    /// of them takes over when it stops or dies. SIGTERM and SIGINT end it; what is in flight goes on with the next one.
    ///
    /// Standard output carries the events, one JSON object a line. Logs go to standard error.
    Run {
        /// The configuration file
        ///
        /// YAML; docs/config.md lists the keys. Unknown keys are refused. Left out: every default, and so no metrics
        /// provider.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Work on the Rollouts with the label serin.dev/instance=NAME only
        ///
        /// With a lease of its own, so that a new version of Serin can be tried on some Rollouts. Left out: the Rollouts without
        /// that label.
        #[arg(long, value_name = "NAME", value_parser = parts::instance)]
        instance_id: Option<String>,
        /// Write nothing: only log what would be written
        ///
        /// It reads, asks the metrics providers, and has templates checked by dry runs. It takes no lease and delivers no events.
        #[arg(long)]
        shadow: bool,
        #[command(flatten)]
        access: Where,
        /// How log lines are written
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        log_format: Format,
        /// What is logged
        ///
        /// A level (error, warn, info, debug, trace), or levels by module, such as `info,serin::cluster=debug`.
        #[arg(long, value_name = "FILTER", env = "SERIN_LOG", hide_env_values = true, default_value = "info", value_parser = super::log::filter)]
        log: String,
    },
    /// Print the custom resource definitions
    ///
    /// As YAML, to be applied before the controller starts: serin crds | kubectl apply --server-side -f -
    Crds,
    /// Print what the checks of a Rollout will ask and what a proof takes, and refuse what cannot work
    ///
    /// Each query as the provider gets it, the limits, and what a proof takes: how many requests of the canary, and how long that lasts or from which
    /// traffic on it fits into the last step.
    ///
    /// Of Rollouts in a file (STABLE and CANARY stand for the revisions): AnalysisTemplates that they take have to stand in it, too. It needs no cluster.
    ///
    /// Of a Rollout in the cluster: at the traffic that its last attempt saw, or with --config at today's.
    #[command(after_help = "Exit codes: 0 every Rollout is sound, 1 it could not be read or there is none, 2 a Rollout is refused.")]
    Check {
        /// A file, YAML, whose name has a dot or a slash; - is standard input. Or the name of a Rollout
        #[arg(value_name = "FILE|ROLLOUT", default_value = "-")]
        what: String,
        /// The namespace of the Rollout
        ///
        /// Left out: the namespace of the context.
        #[arg(short, long)]
        namespace: Option<String>,
        /// The controller's configuration file: its providers are asked for the traffic of the last ten minutes
        ///
        /// They have to be reached from here: give a copy of the file other URLs where they are not.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        access: Where,
    },
    /// Print where a Rollout stands
    ///
    /// Its phase, its step, the canary's share of the traffic as it is wanted, granted and achieved, the one reason why
    /// nothing moves now, and how the last attempt ended.
    Status {
        #[command(flatten)]
        target: Named,
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
        /// Go on printing each change, until Ctrl-C or until the Rollout is gone
        ///
        /// On a terminal the page is drawn anew each time; elsewhere each change is one line.
        #[arg(short, long)]
        watch: bool,
        #[command(flatten)]
        access: Where,
    },
    /// Print what is known of a canary beside stable
    ///
    /// For each sequential check of the attempt in flight, or of the last one: the requests of both revisions, the shares of bad ones among
    /// them, the two lines that they are held against, and the odds that were reached and are needed. With --config its windows are asked for
    /// again, one by one, and counted again: either the same comes out, or it says what the backend no longer has. With --events it is what the
    /// events of any attempt hold: their messages, and the final sums and odds of a check that failed.
    Explain {
        #[command(flatten)]
        target: Named,
        /// Which attempt, if not the newest
        #[arg(long, value_name = "NUMBER")]
        attempt: Option<u32>,
        /// The controller's configuration file: its providers are asked again
        ///
        /// They have to be reached from here: give a copy of the file other URLs where they are not.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// A file of events instead of the cluster, as a log store gives them back; - is standard input
        ///
        /// What it may hold is what `serin audit verify` reads, which tells whether they are whole, too.
        #[arg(long, value_name = "FILE", conflicts_with = "config")]
        events: Option<PathBuf>,
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
        #[command(flatten)]
        access: Where,
    },
    /// Print a Rollout's revisions and what became of them
    ///
    /// Each revision that is kept: its number (the attempt that brought it first; 0 is the first revision), its name, whether it is the
    /// stable one or the canary now, how its last attempt ended and when, and its images.
    History {
        #[command(flatten)]
        target: Named,
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
        #[command(flatten)]
        access: Where,
    },
    /// Wait until it is decided what becomes of a revision
    ///
    /// Prints one line about the outcome, at once where it is known already. It is promoted once it replaced stable; a bake that
    /// follows is not waited for.
    #[command(
        after_help = "Exit codes: 0 promoted, 1 it could not be asked or makes no sense, 2 aborted, 3 superseded, 4 not decided in time."
    )]
    Wait {
        #[command(flatten)]
        target: Named,
        /// The revision, by its ten hex digits
        ///
        /// Left out: the one that the Rollout's spec has now. One that is not known yet is waited for.
        #[arg(long, value_name = "REVISION", value_parser = parts::revision)]
        revision: Option<Revision>,
        /// The revision that has this image
        ///
        /// Of several the newest. While none has it, one that has is waited for.
        #[arg(long, value_name = "IMAGE", conflicts_with = "revision")]
        image: Option<String>,
        /// How long to wait at most, such as 90s, 30m or 2h
        #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
        timeout: std::time::Duration,
        #[command(flatten)]
        access: Where,
    },
    #[command(flatten)]
    Order(Orders),
    /// Look after the trail of events
    #[command(subcommand)]
    Audit(Audits),
}

impl From<Typed> for Command {
    fn from(Typed { what }: Typed) -> Self {
        match what {
            What::Run { config, instance_id, shadow, access, log_format, log } => {
                let logging = match log_format {
                    Format::Text => Logging::Text { filter: log },
                    Format::Json => Logging::Json { filter: log },
                };
                let role = if shadow { Role::Shadow } else { Role::Lead };
                Self::Run(Service { config, access: access.into(), instance: instance_id, role, logging })
            }
            What::Crds => Self::Crds,
            // No Rollout's name has a dot or a slash.
            What::Check { what, .. } if what == "-" || what.contains(['.', '/']) => Self::Check(Checked::File(what.into())),
            What::Check { what: name, namespace, config, access } => {
                Self::Check(Checked::Live(Target { name, namespace, access: access.into() }, config))
            }
            What::Status { target, output, watch, access } => {
                let follow = if watch { Follow::Changes } else { Follow::No };
                Self::Status(Question { target: target.on(access), output: output.into() }, follow)
            }
            What::Explain { target, attempt, config, events, output, access } => {
                let from = match (events, config) {
                    (Some(file), _) => Witness::Events(input(file)),
                    (None, Some(file)) => Witness::Providers(file),
                    (None, None) => Witness::Status,
                };
                Self::Explain(Explanation { question: Question { target: target.on(access), output: output.into() }, attempt, from })
            }
            What::History { target, output, access } => Self::History(Question { target: target.on(access), output: output.into() }),
            What::Wait { target, revision, image, timeout, access } => {
                let wanted = match (revision, image) {
                    (Some(revision), _) => Wanted::Revision(revision),
                    (None, Some(image)) => Wanted::Image(image),
                    (None, None) => Wanted::Newest,
                };
                Self::Wait(Wait { target: target.on(access), wanted, timeout })
            }
            What::Order(orders) => Self::Order(orders.into()),
            What::Audit(audits) => audits.into(),
        }
    }
}

/// The page about the command line: what `--help` says of every command.
pub fn reference() -> String {
    let mut page = String::from("# The command line\n\nWhat `serin --help` says of every command; written by `make gen`.\n");
    let mut serin = Typed::command().term_width(WIDTH);
    serin.build();
    for mut command in [serin.clone()].into_iter().chain(below(&serin)) {
        let name = command.get_bin_name().unwrap_or("serin").to_owned();
        let help = command.render_long_help().to_string();
        let lines = help.trim_end().lines().map(|line| format!("{}\n", line.trim_end()));
        page.extend([format!("\n## {name}\n\n```text\n")].into_iter().chain(lines).chain(["```\n".to_owned()]));
    }
    page
}

/// All commands below one, each before its own.
fn below(command: &clap::Command) -> Vec<clap::Command> {
    let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
    commands.flat_map(|command| [vec![command.clone()], below(command)].concat()).collect()
}
