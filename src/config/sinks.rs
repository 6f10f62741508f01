//! Where do events go? The sinks of the configuration file.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderMap, header};
use serde::Deserialize;
use url::Url;

use super::filter::Filter;
use super::parts;
use super::target::{Address, Dialect, FileTarget, HttpTarget, SyslogTarget, Target, Tls};
use crate::audit::{Format, SinkName};

/// How long a sink's whole answer may take unless the file says otherwise.
pub const SINK_TIMEOUT: Duration = Duration::from_secs(15);
/// Sinks in one file. Each keeps a place in the status of every Rollout, and its own connections.
pub const MAX_SINKS: usize = 16;
/// When a file is turned over unless the configuration says otherwise.
const MAX_FILE_BYTES: u64 = 100 << 20;
/// How many files that were turned over are kept unless the configuration says otherwise.
const KEEP_FILES: u32 = 5;
/// Below, a file would be turned over at every few events; above, nobody can open it.
pub(super) const FILE_BYTES: RangeInclusive<u64> = 64 << 10..=10 << 30;
/// Of none, turning over would delete what was just written.
pub(super) const FILES: RangeInclusive<u32> = 1..=100;
/// The data stream of Elasticsearch unless the configuration names another one.
const DATA_STREAM: &str = "logs-serin.audit-default";

/// Whether events wait for a sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Need {
    /// An event is kept until this sink has it.
    #[default]
    Required,
    /// It gets what it can get; nothing waits for it.
    BestEffort,
}

/// All sinks. There is always one that is required.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Vec<Sink>")]
pub struct Sinks(Vec<Sink>);

/// One place where events go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Sink {
    /// How events' status, metrics and logs name it: unique.
    pub name: SinkName,
    /// Whether events wait for it.
    pub need: Need,
    /// Which events it gets.
    pub only: Filter,
    /// In which words.
    pub format: Format,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// What and where it is.
    pub target: Target,
}

impl Sinks {
    /// All sinks, in the order of the file.
    pub fn all(&self) -> &[Sink] {
        &self.0
    }
}

/// Without a word in the file, events go to standard output.
impl Default for Sinks {
    fn default() -> Self {
        Self(vec![Sink::stdout()])
    }
}

impl Sink {
    /// Standard output, required, with every event.
    pub fn stdout() -> Self {
        let name = SinkName::new("stdout");
        Self { name, need: Need::Required, only: Filter::default(), format: Format::Json, timeout: SINK_TIMEOUT, target: Target::Stdout }
    }
}

impl TryFrom<Vec<Sink>> for Sinks {
    type Error = String;

    fn try_from(sinks: Vec<Sink>) -> Result<Self, String> {
        if sinks.is_empty() {
            return Ok(Self::default());
        }
        if sinks.len() > MAX_SINKS {
            return Err(format!("{} sinks; at most {MAX_SINKS} are allowed", sinks.len()));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = sinks.iter().find(|sink| !names.insert(&sink.name)) {
            return Err(format!("two sinks are named `{}`; give each its own name", twice.name));
        }
        if sinks.iter().filter(|sink| sink.target == Target::Stdout).count() > 1 {
            return Err("two sinks are standard output; keep one of them".to_owned());
        }
        if sinks.iter().all(|sink| sink.need == Need::BestEffort) {
            return Err("every sink is bestEffort, so no event would wait until it has arrived; make one of them required".to_owned());
        }
        Ok(Self(sinks))
    }
}

/// What kind of place a sink is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Stdout,
    File,
    Webhook,
    SplunkHec,
    Sumo,
    Otlp,
    Elasticsearch,
    Syslog,
}

impl Kind {
    /// What its readers understand best, unless the file says otherwise.
    const fn format(self) -> Format {
        match self {
            Self::Stdout | Self::File | Self::Otlp | Self::Syslog => Format::Json,
            Self::SplunkHec | Self::Sumo => Format::Ocsf,
            Self::Elasticsearch => Format::Ecs,
            Self::Webhook => Format::CloudEvents,
        }
    }
}

/// A sink as it is written, before what spans several keys is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    #[serde(deserialize_with = "parts::sink_name")]
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    delivery: Need,
    #[serde(default, deserialize_with = "parts::section")]
    only: Filter,
    #[serde(default)]
    format: Option<Format>,
    #[serde(default, deserialize_with = "parts::sink_timeout")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "parts::endpoint")]
    url: Option<Url>,
    #[serde(default, deserialize_with = "parts::file")]
    url_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    token_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    secret_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::headers")]
    headers: HeaderMap,
    #[serde(default, deserialize_with = "parts::file")]
    ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    client_cert_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    client_key_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::index")]
    index: Option<String>,
    #[serde(default, deserialize_with = "parts::file")]
    path: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file_bytes")]
    max_bytes: Option<u64>,
    #[serde(default, deserialize_with = "parts::files")]
    keep: Option<u32>,
}

impl TryFrom<Written> for Sink {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        written.only_its_own_keys()?;
        let target = match written.kind {
            Kind::Stdout => Target::Stdout,
            Kind::File => Target::File(FileTarget {
                path: written.path.clone().ok_or("a sink of type file needs a path")?,
                max_bytes: written.max_bytes.unwrap_or(MAX_FILE_BYTES),
                keep: written.keep.unwrap_or(KEEP_FILES),
            }),
            Kind::Webhook => written.http(Dialect::Webhook { secret_file: written.secret_file.clone() })?,
            Kind::SplunkHec => written.http(Dialect::SplunkHec { index: written.index.clone() })?,
            Kind::Sumo => written.http(Dialect::Sumo)?,
            Kind::Otlp => written.http(Dialect::Otlp)?,
            Kind::Elasticsearch => {
                written.http(Dialect::Elasticsearch { index: written.index.clone().unwrap_or_else(|| DATA_STREAM.to_owned()) })?
            }
            Kind::Syslog => written.syslog()?,
        };
        let timeout = written.timeout.unwrap_or(SINK_TIMEOUT);
        let format = written.format.unwrap_or(written.kind.format());
        Ok(Self { name: SinkName::new(written.name), need: written.delivery, only: written.only, format, timeout, target })
    }
}

impl Written {
    fn only_its_own_keys(&self) -> Result<(), String> {
        let http = !matches!(self.kind, Kind::Stdout | Kind::File | Kind::Syslog);
        let network = http || self.kind == Kind::Syslog;
        let file = self.kind == Kind::File;
        let odd = [
            ("url", self.url.is_some(), network),
            ("urlFile", self.url_file.is_some(), http),
            ("tokenFile", self.token_file.is_some(), http),
            ("secretFile", self.secret_file.is_some(), self.kind == Kind::Webhook),
            ("headers", !self.headers.is_empty(), http),
            ("caFile", self.ca_file.is_some(), network),
            ("clientCertFile", self.client_cert_file.is_some(), network),
            ("clientKeyFile", self.client_key_file.is_some(), network),
            ("index", self.index.is_some(), matches!(self.kind, Kind::SplunkHec | Kind::Elasticsearch)),
            ("path", self.path.is_some(), file),
            ("maxBytes", self.max_bytes.is_some(), file),
            ("keep", self.keep.is_some(), file),
            ("timeout", self.timeout.is_some(), network),
        ];
        match odd.into_iter().find(|(_, given, allowed)| *given && !allowed) {
            Some((key, ..)) => Err(format!("the sink `{}` is of a type that has no {key}; leave it out", self.name)),
            None => Ok(()),
        }
    }

    fn http(&self, dialect: Dialect) -> Result<Target, String> {
        let address = match (&self.url, &self.url_file) {
            (Some(url), None) => Address::Url(url.clone()),
            (None, Some(file)) => Address::File(file.clone()),
            (None, None) => return Err(format!("the sink `{}` needs a url, or a urlFile where the URL is a secret", self.name)),
            (Some(_), Some(_)) => return Err(format!("the sink `{}` has a url and a urlFile; keep one of them", self.name)),
        };
        if let Address::Url(url) = &address {
            parts::is_http(url)?;
        }
        if self.token_file.is_some() && self.headers.contains_key(header::AUTHORIZATION) {
            return Err(format!("the sink `{}` has a tokenFile and a header authorization; keep one of them", self.name));
        }
        if matches!(dialect, Dialect::SplunkHec { .. }) && self.token_file.is_none() && !self.headers.contains_key(header::AUTHORIZATION) {
            return Err(format!("the sink `{}` needs a tokenFile: Splunk takes no event without a token", self.name));
        }
        let (headers, token_file) = (self.headers.clone(), self.token_file.clone());
        Ok(Target::Http(Box::new(HttpTarget { dialect, address, token_file, headers, tls: self.tls()? })))
    }

    fn syslog(&self) -> Result<Target, String> {
        let like = "write it like tls://siem.example.com:6514 or tcp://127.0.0.1:601";
        let url = self.url.as_ref().ok_or_else(|| format!("the sink `{}` needs a url; {like}", self.name))?;
        let (Some(host), Some(port)) = (url.host_str(), url.port()) else {
            return Err(format!("the url of the sink `{}` has no host or no port; {like}", self.name));
        };
        let tls = match (url.scheme(), self.tls()?) {
            ("tcp", Tls { ca_file: None, client: None }) => None,
            ("tcp", _) => return Err(format!("the sink `{}` has certificates, but its url says tcp; {like}", self.name)),
            ("tls", Tls { ca_file: None, .. }) => {
                return Err(format!("the sink `{}` needs a caFile: the certificate of the authority that its receiver's is of", self.name));
            }
            ("tls", tls) => Some(tls),
            (other, _) => return Err(format!("the url of a sink of type syslog begins with tls:// or tcp://, not with {other}:; {like}")),
        };
        // A URL writes an IPv6 address in brackets, a socket does not.
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Target::Syslog(SyslogTarget { host, port, tls }))
    }

    fn tls(&self) -> Result<Tls, String> {
        let client = (self.client_cert_file.clone(), self.client_key_file.clone());
        Tls::of(&format!("the sink `{}`", self.name), self.ca_file.clone(), client)
    }
}
