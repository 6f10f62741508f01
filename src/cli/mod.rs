//! What happens when somebody types `serin`?
//!
//! What was typed becomes a `Command` before anything is read or asked. Standard output is data, standard error is everything else.

mod access;
mod args;
mod ask;
mod audit;
mod check;
mod checkpoint;
mod command;
mod crds;
mod explain;
mod failure;
mod fate;
mod follow;
mod history;
mod live;
mod log;
mod order;
mod page;
mod recall;
mod run;
mod screen;
mod status;
mod tail;
mod wait;

pub use args::reference;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use args::Typed;
use command::{Checked, Command, Follow};
use failure::{Ending, Failure};

/// Does what was typed. Exit codes: 0 done, 1 it could not be done or asked, or what was typed makes no sense; then one for each negative answer.
pub fn main() -> ExitCode {
    let typed = match Typed::try_parse() {
        Ok(typed) => typed,
        Err(error) => {
            // Help and version are no errors. Where nothing can be printed, the exit code is all that can be told.
            let _ = error.print();
            return if error.use_stderr() { Ending::Failed } else { Ending::Done }.into();
        }
    };
    match execute(typed.into()) {
        Ok(ending) => ending.into(),
        Err(failure) => {
            // As above.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.ending().into()
        }
    }
}

fn execute(command: Command) -> Result<Ending, Failure> {
    let done = |()| Ending::Done;
    match command {
        Command::Run(service) => run::run(&service).map(done),
        Command::Crds => crds::print().map(done),
        Command::Check(Checked::File(file)) => check::print(&file),
        Command::Check(Checked::Live(target, config)) => live::print(&target, config.as_deref()),
        Command::Status(question, Follow::No) => status::print(&question).map(done),
        Command::Status(question, Follow::Changes) => status::watch(&question).map(done),
        Command::Explain(asked) => explain::print(&asked).map(done),
        Command::History(question) => history::print(&question).map(done),
        Command::Wait(wait) => wait::wait(&wait),
        Command::Order(order) => order::give(&order),
        Command::Verify(verification) => audit::verify(&verification),
        Command::Tail(question) => tail::follow(&question).map(done),
        Command::PublicKey(key) => checkpoint::public(&key).map(done),
        Command::Checkpoint(signing) => checkpoint::sign(&signing).map(done),
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

/// A runtime for a command that asks, the controller's included: it waits nearly all the time, and one thread hands nothing to another. What may wait
/// long has threads of its own: the lease, files, names.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("cannot begin to wait for answers: {error}"), "raise the limit of open files for this process")
    })
}
