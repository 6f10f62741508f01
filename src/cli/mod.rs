//! What happens when somebody types `serin`?
//!
//! What was typed becomes a `Command` before anything is read or asked. Standard output is data, standard error is everything else.

mod access;
mod args;
mod command;
mod crds;
mod failure;
mod log;
mod page;
mod run;
mod status;

pub use args::reference;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use args::Typed;
use command::Command;
use failure::Failure;

/// Does what was typed. Exit codes: 0 done, 1 it could not be done or asked, 2 what was typed makes no sense.
pub fn main() -> ExitCode {
    match execute(Typed::parse().into()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where even standard error is gone, the exit code is all that can be told.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(service) => run::run(&service),
        Command::Crds => crds::print(),
        Command::Status(question) => status::print(&question),
    }
}

/// Prints data. Whoever closes the pipe early (`| head`) has all that was wanted.
fn data(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}"), "look at where it is redirected to"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A runtime for a command that asks.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}"), "raise the limit of threads or memory for this process"))
}
