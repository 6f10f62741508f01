//! What can be typed about the audit trail?

use std::path::PathBuf;

use clap::Subcommand;

use super::parts::{Form, Named, Where, input};
use crate::audit::PublicKey;
use crate::cli::command::{Command, Proof, Question, Signing, Verification};
use crate::rollout::Key;

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
        /// A file of checkpoints, as `serin audit checkpoint` printed them: their heads must be there, too
        #[arg(long, value_name = "FILE", requires = "key")]
        checkpoint: Option<PathBuf>,
        /// The public key of the checkpoints, as `serin audit key` prints it
        #[arg(long, value_name = "KEY", requires = "checkpoint")]
        key: Option<PublicKey>,
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
    },
    /// Print a Rollout's events as they are told, until Ctrl-C or until the Rollout is gone
    ///
    /// Begins with those that wait for their sinks. Older ones are where the sinks brought them. What a connection that broke did not see is said.
    Tail {
        #[command(flatten)]
        target: Named,
        /// How they are printed
        #[arg(short, long, value_name = "FORMAT", default_value = "text")]
        output: Form,
        #[command(flatten)]
        access: Where,
    },
    /// Print a signed line that says how far each stream is
    ///
    /// Kept apart from the events, it proves later that none of them was cut off: serin audit verify --checkpoint FILE --key KEY. Whoever holds the
    /// key should not be the controller, and not be able to change what the log store keeps; a CronJob of its own does.
    Checkpoint {
        /// The signing key: a file with an Ed25519 key in PKCS#8 PEM
        ///
        /// As made by: openssl genpkey -algorithm ed25519
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The namespace whose Rollouts are listed
        ///
        /// Left out: all namespaces.
        #[arg(short, long)]
        namespace: Option<String>,
        /// The ConfigMap of a controller's own events, whose head is signed, too
        ///
        /// In a cluster with one controller: serin/serin-events. May be given several times.
        #[arg(long, value_name = "NAMESPACE/NAME", value_parser = key)]
        journal: Vec<Key>,
        #[command(flatten)]
        access: Where,
    },
    /// Print the public key that proves checkpoints
    Key {
        /// The signing key: a file with an Ed25519 key in PKCS#8 PEM
        #[arg(value_name = "FILE")]
        key: PathBuf,
    },
}

impl From<Audits> for Command {
    fn from(audits: Audits) -> Self {
        match audits {
            Audits::Verify { file, heads, checkpoint, key, output } => {
                let input = input(file);
                let proof = checkpoint.zip(key).map(|(checkpoints, key)| Proof { checkpoints, key });
                Self::Verify(Verification { input, heads: heads.into_iter().collect(), proof, output: output.into() })
            }
            Audits::Tail { target, output, access } => Self::Tail(Question { target: target.on(access), output: output.into() }),
            Audits::Checkpoint { key, namespace, journal, access } => {
                Self::Checkpoint(Signing { key, namespace, journals: journal, access: access.into() })
            }
            Audits::Key { key } => Self::PublicKey(key),
        }
    }
}

/// A hash, as events and statuses have it.
fn hash(text: &str) -> Result<String, String> {
    let is_hash = text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_hash { Ok(text.to_ascii_lowercase()) } else { Err("a hash is `sha256:` and 64 hex digits".to_owned()) }
}

fn key(text: &str) -> Result<Key, String> {
    let parts = text.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty() && !name.contains('/'));
    let (namespace, name) = parts.ok_or("write the namespace, a slash, and the name, as serin/serin-events")?;
    Ok(Key { namespace: namespace.to_owned(), name: name.to_owned() })
}
