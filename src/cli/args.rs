//! What can be typed?

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use super::command::{Access, Command, Logging, Output, Question, Service};

/// Lines of help are not wider than this, on any terminal.
const WIDTH: usize = 100;

/// Brings new pod templates into service step by step, on evidence: a revision is promoted, or stable comes back.
///
/// Serin is a controller: it runs in a cluster and works on Rollouts. The other commands help to install it, and to look at
/// what it does.
#[derive(Debug, Parser)]
#[command(name = "serin", version, max_term_width = WIDTH, after_help = EXIT_CODES)]
pub(super) struct Typed {
    #[command(subcommand)]
    what: What,
}

/// Told at the end of the help, and held by tests.
const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 it could not be done or asked, 2 what was typed makes no sense.
Data goes to standard output, everything else to standard error.";

#[derive(Debug, Subcommand)]
enum What {
    /// Run the controller until it is told to stop
    ///
    /// Works on all Rollouts of the cluster. There must be one controller only: run one replica, and stop it before another
    /// one starts. SIGTERM and SIGINT end it; what is in flight goes on with the next start.
    ///
    /// Standard output carries the events, one JSON object a line. Logs go to standard error.
    Run {
        /// The configuration file
        ///
        /// YAML; docs/config.md lists the keys. Unknown keys are refused. Left out: every default, and so no metrics
        /// provider.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
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
    /// Print where a Rollout stands
    ///
    /// Its phase, its step, the canary's share of the traffic as it is wanted, granted and achieved, the one reason why
    /// nothing moves now, and how the last attempt ended.
    Status {
        /// The Rollout
        name: String,
        /// Its namespace
        ///
        /// Left out: the namespace of the context.
        #[arg(short, long)]
        namespace: Option<String>,
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
        #[command(flatten)]
        access: Where,
    },
}

#[derive(Debug, Args)]
struct Where {
    /// The kubeconfig file
    ///
    /// Left out: the pod's own service account where there is one, else $KUBECONFIG, else ~/.kube/config.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig file
    ///
    /// Left out: its current context.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A page for people
    Text,
    /// One JSON object, whose members stay
    Json,
}

impl From<Typed> for Command {
    fn from(Typed { what }: Typed) -> Self {
        match what {
            What::Run { config, access, log_format, log } => {
                let logging = match log_format {
                    Format::Text => Logging::Text { filter: log },
                    Format::Json => Logging::Json { filter: log },
                };
                Self::Run(Service { config, access: access.into(), logging })
            }
            What::Crds => Self::Crds,
            What::Status { name, namespace, output, access } => {
                let output = match output {
                    Form::Text => Output::Text,
                    Form::Json => Output::Json,
                };
                Self::Status(Question { name, namespace, output, access: access.into() })
            }
        }
    }
}

impl From<Where> for Access {
    fn from(Where { kubeconfig, context }: Where) -> Self {
        Self { kubeconfig, context }
    }
}

/// The page about the command line: what `--help` says of every command.
pub fn reference() -> String {
    let mut page = String::from("# The command line\n\nWhat `serin --help` says of every command; written by `make gen`.\n");
    let mut serin = Typed::command().term_width(WIDTH);
    serin.build();
    let commands = serin.get_subcommands().filter(|command| command.get_name() != "help").cloned();
    for mut command in [serin.clone()].into_iter().chain(commands) {
        let name = command.get_bin_name().unwrap_or("serin").to_owned();
        let help = command.render_long_help().to_string();
        let lines = help.trim_end().lines().map(|line| format!("{}\n", line.trim_end()));
        page.extend([format!("\n## {name}\n\n```text\n")].into_iter().chain(lines).chain(["```\n".to_owned()]));
    }
    page
}
