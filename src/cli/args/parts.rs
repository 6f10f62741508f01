//! Which arguments do several commands share?

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::api::parse_duration;
use crate::cli::command::{Access, Input, Output, Target};
pub(super) use crate::rollout::Revision;

/// The longest value that a label may have.
const MAX_INSTANCE: usize = 63;

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The Rollout
    name: String,
    /// Its namespace
    ///
    /// Left out: the namespace of the context.
    #[arg(short, long)]
    namespace: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Where {
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
pub(super) enum Format {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Form {
    /// A page for people
    Text,
    /// One JSON object, whose members stay
    Json,
}

impl Named {
    pub(super) fn on(self, access: Where) -> Target {
        Target { name: self.name, namespace: self.namespace, access: access.into() }
    }
}

impl From<Where> for Access {
    fn from(Where { kubeconfig, context }: Where) -> Self {
        Self { kubeconfig, context }
    }
}

impl From<Form> for Output {
    fn from(form: Form) -> Self {
        match form {
            Form::Text => Self::Text,
            Form::Json => Self::Json,
        }
    }
}

/// Where lines are read from: a file, or standard input.
pub(super) fn input(file: PathBuf) -> Input {
    if file.as_os_str() == "-" { Input::Standard } else { Input::File(file) }
}

/// A time to wait, written as in a Rollout.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).and_then(|duration| duration.to_std().ok()).filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "write a duration up to 720h, such as 90s, 30m or 2h".to_owned())
}

/// The name of an instance: it becomes the value of a label and, after `serin-`, the name of a Lease.
pub(super) fn instance(text: &str) -> Result<String, String> {
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let fits = (1..=MAX_INSTANCE).contains(&text.len()) && letters && !text.starts_with('-') && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("an instance has 1 to {MAX_INSTANCE} of a-z, 0-9 and -, and neither begins nor ends with -"))
    }
}

/// A revision, as statuses name it.
pub(super) fn revision(text: &str) -> Result<Revision, String> {
    let is_name = text.len() == 10 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_name { Ok(Revision::new(text)) } else { Err("a revision has ten hex digits, such as 5d0c9f3b21".to_owned()) }
}
