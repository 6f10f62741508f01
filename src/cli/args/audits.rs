//! What can be typed about the audit trail?

use std::path::PathBuf;

use clap::Subcommand;

use super::parts::Form;
use crate::cli::command::{Command, Input, Verification};

#[derive(Debug, Subcommand)]
pub(super) enum Audits {
    /// Tell whether events are whole: none changed, missing, moved or made up
    ///
    /// Reads what a log store gives back, one event a line: the formats json, ocsf, ecs, cloudevents and cdevents, with whatever the store or syslog
    /// put around them. Several streams may be mixed, and lines may come in any order and more than once. Needs no cluster.
    ///
    /// What is cut off at the end leaves no trace in what is left: give --head for that.
    #[command(after_help = "Exit codes: 0 every stream is whole, 1 it could not be read or makes no sense, 2 a stream is broken.")]
    Verify {
        /// The file; - is standard input
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
        /// A hash that some event must have; may be given several times
        ///
        /// Such as a Rollout's status.audit.head, or the head that an earlier check printed: then nothing was cut off before it.
        #[arg(long = "head", value_name = "HASH", value_parser = hash)]
        heads: Vec<String>,
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
    },
}

impl From<Audits> for Command {
    fn from(audits: Audits) -> Self {
        match audits {
            Audits::Verify { file, heads, output } => {
                let input = if file.as_os_str() == "-" { Input::Standard } else { Input::File(file) };
                Self::Verify(Verification { input, heads: heads.into_iter().collect(), output: output.into() })
            }
        }
    }
}

/// A hash, as events and statuses have it.
fn hash(text: &str) -> Result<String, String> {
    let is_hash = text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_hash { Ok(text.to_ascii_lowercase()) } else { Err("a hash is `sha256:` and 64 hex digits".to_owned()) }
}
