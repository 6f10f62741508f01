//! What kinds of places can events go to, and what does each need to be reached?

use std::path::PathBuf;

use http::HeaderMap;
use serde::Deserialize;
use url::Url;

use crate::audit::Messenger;

/// What and where a sink is.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The controller's standard output.
    Stdout,
    /// A file.
    File(FileTarget),
    /// Something that is posted to.
    Http(Box<HttpTarget>),
    /// A syslog receiver.
    Syslog(SyslogTarget),
}

/// A file that grows, and is turned over when it is large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTarget {
    /// Its absolute path; those that were turned over are beside it, with `.1` for the newest.
    pub path: PathBuf,
    /// It is turned over before it would be larger.
    pub max_bytes: u64,
    /// How many that were turned over are kept.
    pub keep: u32,
}

/// Something that events are posted to.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpTarget {
    /// How a request and its answer look.
    pub dialect: Dialect,
    /// Where to post.
    pub address: Address,
    /// A file whose content is the credential.
    pub token_file: Option<PathBuf>,
    /// What goes with every request.
    pub headers: HeaderMap,
    /// How a body gets smaller on its way.
    pub packing: Packing,
    /// Whom to trust.
    pub tls: Tls,
}

/// How a request and its answer look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A plain request, with the headers of Standard Webhooks where there is a secret.
    Webhook {
        /// A file whose content signs.
        secret_file: Option<PathBuf>,
    },
    /// Splunk's HTTP Event Collector.
    SplunkHec {
        /// The index, where it is not the token's own.
        index: Option<String>,
        /// Whose word counts.
        acknowledged: Acknowledged,
    },
    /// An HTTP source of Sumo Logic.
    Sumo,
    /// An OpenTelemetry collector, over HTTP.
    Otlp,
    /// Elasticsearch's bulk interface.
    Elasticsearch {
        /// The index or data stream.
        index: String,
    },
    /// Something that tells people.
    Messenger {
        /// Whom.
        messenger: Messenger,
        /// Where the pages are that say what to do.
        runbooks: String,
    },
}

/// How a body gets smaller on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// It is sent as it is.
    None,
    /// As `Content-Encoding: gzip`.
    Gzip,
}

/// Who has to have an event before it counts as delivered to Splunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Acknowledged {
    /// The collector, in its memory.
    #[default]
    #[serde(rename = "collector")]
    ByCollector,
    /// The indexer, on its disk: the collector is asked until it says so.
    #[serde(rename = "indexer")]
    ByIndexer,
}

/// Where to post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// There.
    Url(Url),
    /// At the URL in this file: it is a secret.
    File(PathBuf),
}

/// A syslog receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogTarget {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whom to trust; `None`: nothing is encrypted.
    pub tls: Option<Tls>,
}

/// Whom to trust, and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The authority whose certificates are trusted, and no other one.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate with its chain, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// What the keys `caFile`, `clientCertFile` and `clientKeyFile` of `whose` say.
    pub(super) fn of(whose: &str, ca_file: Option<PathBuf>, client: (Option<PathBuf>, Option<PathBuf>)) -> Result<Self, String> {
        let client = match client {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(format!("{whose} has one of clientCertFile and clientKeyFile; it needs both or none"));
            }
        };
        Ok(Self { ca_file, client })
    }
}
