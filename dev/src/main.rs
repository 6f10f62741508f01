//! What can the workshop do from the command line?
#![allow(clippy::disallowed_methods, reason = "the product's core takes the time as an argument; the workshop may ask for it")]

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use serin_dev::{Audit, Held, Kit, Options, Tools};

/// Serin's workshop: a real Kubernetes control plane on this machine, and traffic for its pods.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the programs of the control plane, once; needs Go.
    BuildTools,
    /// Start a control plane that stays until `down`, and print how to use it.
    Up(Plane),
    /// Stop a control plane and remove all that it left.
    Down {
        /// Which one.
        #[arg(long, default_value = "dev")]
        name: String,
    },
    /// Show what Serin does: a good revision is promoted, a bad one is rolled back.
    Demo {
        /// The build of Serin to show.
        #[arg(long, default_value = "target/debug/serin")]
        serin: PathBuf,
        /// Leave everything running until Ctrl-C.
        #[arg(long)]
        keep: bool,
        /// Not on a control plane of this machine but on the cluster of this context of your kubeconfig.
        #[arg(long)]
        context: Option<String>,
    },
    /// Hold a control plane until told to stop; `up` runs this.
    #[command(hide = true)]
    Hold(Plane),
    /// Send requests to every Service, count them per pod, and tell Prometheus.
    Traffic {
        /// Whose cluster; needs to read Services, endpoint slices and pods.
        #[arg(long)]
        kubeconfig: PathBuf,
        /// Where to serve /metrics and /healthz, for example 127.0.0.1:9100.
        #[arg(long)]
        listen: String,
    },
}

#[derive(Debug, Args)]
struct Plane {
    /// What to call it: several may run at once.
    #[arg(long, default_value = "dev")]
    name: String,
    /// How many nodes.
    #[arg(long, default_value_t = 2)]
    nodes: u16,
    /// Write down who asked the API server for what.
    #[arg(long)]
    audit: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::BuildTools => print(&Tools::ensure(Kit::Plane)?.dir().display().to_string()),
        Command::Up(plane) => print(&describe(&plane.name, &serin_dev::up(&plane.options())?)),
        Command::Down { name } if serin_dev::down(&name)? => print(&format!("the control plane {name} is down")),
        Command::Down { name } => print(&format!("no control plane {name} was running")),
        Command::Demo { serin, keep, context } => {
            let serin =
                serin.canonicalize().with_context(|| format!("no build of Serin at {}: run `cargo build` first", serin.display()))?;
            let afterwards = if keep { serin_dev::Afterwards::Keep } else { serin_dev::Afterwards::Stop };
            match context {
                None => runtime()?.block_on(serin_dev::demo(&serin, afterwards)),
                Some(context) => {
                    let guest = serin_dev::Guest { kubeconfig: None, context };
                    runtime()?.block_on(serin_dev::demo_as_guest(&guest, &serin, afterwards))
                }
            }
        }
        Command::Hold(plane) => runtime()?.block_on(serin_dev::hold(plane.options())),
        Command::Traffic { kubeconfig, listen } => {
            let listener = TcpListener::bind(&listen).with_context(|| format!("cannot listen on {listen}"))?;
            runtime()?.block_on(serin_dev::serve_traffic(&kubeconfig, listener))
        }
    }
}

impl Plane {
    fn options(self: &Plane) -> Options {
        Options { name: self.name.clone(), nodes: self.nodes, audit: if self.audit { Audit::On } else { Audit::Off }, ..Options::default() }
    }
}

/// Lines that a shell can evaluate, and comments for people.
fn describe(name: &str, held: &Held) -> String {
    let audit = held.audit_log.as_ref().map_or_else(String::new, |log| format!("# audit log   {}\n", log.display()));
    format!(
        "export KUBECONFIG={}\nexport PATH={}:$PATH\n# Prometheus  {}\n# traffic     {}/metrics\n# logs        {}\n{audit}# stop it with `serin-dev down --name {name}`",
        held.kubeconfig.display(),
        held.tools.display(),
        held.prometheus,
        held.traffic,
        held.logs.display(),
    )
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

fn print(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to stdout")
}
