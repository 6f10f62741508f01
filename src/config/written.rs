//! How is a sink written in the configuration file, and which keys belong together?

use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderMap, header};
use serde::Deserialize;
use url::Url;

use super::filter::Filter;
use super::parts;
use super::sinks::{Need, SINK_TIMEOUT, Sink};
use super::target::{Acknowledged, Address, Dialect, FileTarget, HttpTarget, Packing, SyslogTarget, Target, Tls};
use crate::audit::{Format, Messenger, SinkName};

/// When a file is turned over unless the configuration says otherwise.
const MAX_FILE_BYTES: u64 = 100 << 20;
/// How many files that were turned over are kept unless the configuration says otherwise.
const KEEP_FILES: u32 = 5;
/// The data stream of Elasticsearch unless the configuration names another one.
const DATA_STREAM: &str = "logs-serin.audit-default";
/// Where PagerDuty takes events.
const PAGER_DUTY: &str = "https://events.pagerduty.com/v2/enqueue";
/// Where the pages are that say what to do, unless the configuration says otherwise.
const RUNBOOKS: &str = "https://serin.dev/runbooks";

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
    Slack,
    Teams,
    PagerDuty,
}

impl Kind {
    /// Whom it tells, where that is people.
    const fn messenger(self) -> Option<Messenger> {
        match self {
            Self::Slack => Some(Messenger::Slack),
            Self::Teams => Some(Messenger::Teams),
            Self::PagerDuty => Some(Messenger::PagerDuty),
            Self::Stdout | Self::File | Self::Webhook | Self::SplunkHec | Self::Sumo | Self::Otlp | Self::Elasticsearch | Self::Syslog => {
                None
            }
        }
    }

    /// What its readers understand best, unless the file says otherwise.
    const fn format(self) -> Format {
        match self {
            Self::Stdout | Self::File | Self::Otlp | Self::Syslog | Self::Slack | Self::Teams | Self::PagerDuty => Format::Json,
            Self::SplunkHec | Self::Sumo => Format::Ocsf,
            Self::Elasticsearch => Format::Ecs,
            Self::Webhook => Format::CloudEvents,
        }
    }
}

/// A sink as it is written, before what spans several keys is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Written {
    #[serde(deserialize_with = "parts::sink_name")]
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    delivery: Option<Need>,
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
    #[serde(default, deserialize_with = "parts::endpoint")]
    runbooks: Option<Url>,
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
    /// Not unless somebody says so: what stands on the way may read bodies, and not those.
    #[serde(default)]
    gzip: bool,
    #[serde(default)]
    acknowledgment: Option<Acknowledged>,
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
            Kind::SplunkHec => written
                .http(Dialect::SplunkHec { index: written.index.clone(), acknowledged: written.acknowledgment.unwrap_or_default() })?,
            Kind::Sumo => written.http(Dialect::Sumo)?,
            Kind::Otlp => written.http(Dialect::Otlp)?,
            Kind::Elasticsearch => {
                written.http(Dialect::Elasticsearch { index: written.index.clone().unwrap_or_else(|| DATA_STREAM.to_owned()) })?
            }
            Kind::Syslog => written.syslog()?,
            Kind::Slack => written.messenger(Messenger::Slack)?,
            Kind::Teams => written.messenger(Messenger::Teams)?,
            Kind::PagerDuty => written.messenger(Messenger::PagerDuty)?,
        };
        let timeout = written.timeout.unwrap_or(SINK_TIMEOUT);
        let format = written.format.unwrap_or(written.kind.format());
        let (need, only) = (written.need(), written.filter());
        Ok(Self { name: SinkName::new(written.name), need, only, format, timeout, target })
    }
}

impl Written {
    /// Nothing waits for people to be told, unless somebody says so.
    fn need(&self) -> Need {
        let usual = if self.kind.messenger().is_some() { Need::BestEffort } else { Need::Required };
        self.delivery.unwrap_or(usual)
    }

    /// People get what they need, unless somebody says otherwise.
    fn filter(&self) -> Filter {
        let usual =
            || self.kind.messenger().map_or_else(Vec::new, |to| to.told_by_default().iter().map(|kind| kind.name().to_owned()).collect());
        let types = if self.only.types.is_empty() { usual() } else { self.only.types.clone() };
        Filter { types, ..self.only.clone() }
    }

    fn only_its_own_keys(&self) -> Result<(), String> {
        let http = !matches!(self.kind, Kind::Stdout | Kind::File | Kind::Syslog);
        let network = http || self.kind == Kind::Syslog;
        let file = self.kind == Kind::File;
        let people = self.kind.messenger().is_some();
        let odd = [
            ("url", self.url.is_some(), network),
            ("urlFile", self.url_file.is_some(), http),
            ("tokenFile", self.token_file.is_some(), http && (self.kind == Kind::PagerDuty || !people)),
            ("format", self.format.is_some(), !people),
            ("runbooks", self.runbooks.is_some(), people),
            ("secretFile", self.secret_file.is_some(), self.kind == Kind::Webhook),
            ("headers", !self.headers.is_empty(), http),
            ("caFile", self.ca_file.is_some(), network),
            ("clientCertFile", self.client_cert_file.is_some(), network),
            ("clientKeyFile", self.client_key_file.is_some(), network),
            ("index", self.index.is_some(), matches!(self.kind, Kind::SplunkHec | Kind::Elasticsearch)),
            ("gzip", self.gzip, http && !people),
            ("acknowledgment", self.acknowledgment.is_some(), self.kind == Kind::SplunkHec),
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

    fn messenger(&self, messenger: Messenger) -> Result<Target, String> {
        if messenger == Messenger::PagerDuty && self.token_file.is_none() {
            return Err(format!("the sink `{}` needs a tokenFile: the integration key of a service of PagerDuty", self.name));
        }
        if let Some(url) = &self.runbooks {
            parts::is_http(url)?;
        }
        let runbooks = self.runbooks.as_ref().map_or_else(|| RUNBOOKS.to_owned(), ToString::to_string);
        self.http(Dialect::Messenger { messenger, runbooks })
    }

    fn http(&self, dialect: Dialect) -> Result<Target, String> {
        let usual =
            matches!(dialect, Dialect::Messenger { messenger: Messenger::PagerDuty, .. }).then(|| Url::parse(PAGER_DUTY).ok()).flatten();
        let url = self.url.clone().or(usual.filter(|_| self.url_file.is_none()));
        let address = match (&url, &self.url_file) {
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
        let packing = if self.gzip { Packing::Gzip } else { Packing::None };
        Ok(Target::Http(Box::new(HttpTarget { dialect, address, token_file, headers, packing, tls: self.tls()? })))
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
