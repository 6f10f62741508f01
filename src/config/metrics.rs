//! Who answers the checks of rollouts? The providers of the configuration file.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use url::Url;

use super::parts;
use super::target::Tls;

/// How long a provider's whole answer may take unless the file says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// How large a provider's answer may be unless the file says otherwise: one number needs 200 bytes, a series forgotten in a query 1 KiB.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// A scrape and its way into the backend unless the file says otherwise. Behind a remote write it takes up to a minute.
pub const DELAY: Duration = Duration::from_secs(5);
/// Above, a canary would serve long before anybody knew of its errors.
pub(super) const DELAYS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(5);
/// Providers in one file. Each keeps its own connections and its own share of requests in flight.
pub const MAX_PROVIDERS: usize = 32;
/// Below, a healthy backend looks broken; above, an answer comes too late to protect anybody.
pub(super) const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(1);
/// Below, even an error does not fit; above, a few answers at once endanger the controller's own memory.
pub(super) const BODY_BYTES: RangeInclusive<usize> = 1 << 10..=64 << 20;

/// The metric providers that rollouts may name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Metrics {
    default: Option<String>,
    providers: Vec<Provider>,
}

/// One backend that answers queries as Prometheus does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "WrittenProvider")]
pub struct Provider {
    /// What rollouts call it: unique, 1 to 63 of a-z, 0-9 and -.
    pub name: String,
    /// Where its HTTP API begins: `/api/v1/query` is appended to the path. Has no credentials and no slash at its end.
    pub url: Url,
    /// How long a question may take, from asking to the last byte: 100 ms to 60 s.
    pub timeout: Duration,
    /// How long after a time what was measured until then is complete: 0 s to 5 m.
    pub delay: Duration,
    /// What goes with every request, such as a tenant.
    pub headers: HeaderMap,
    /// More of that, the values in files.
    pub header_files: Vec<(HeaderName, PathBuf)>,
    /// As whom it is asked.
    pub login: Login,
    /// Whom to trust, and who we are.
    pub tls: Tls,
    /// How large an answer may be, in bytes: 1 KiB to 64 MiB.
    pub max_body_bytes: usize,
}

/// As whom a provider is asked. The files are absolute paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// As nobody, unless a header or a certificate says who.
    Nobody,
    /// With the token in this file.
    Bearer(PathBuf),
    /// With a name and a password.
    Basic {
        /// The file with the name.
        username: PathBuf,
        /// The file with the password.
        password: PathBuf,
    },
}

impl Metrics {
    /// The provider of a check that names none. There is one whenever there is any provider.
    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// All providers, in the order of the file.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }
}

/// The section as it is written, before what spans several keys is checked.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    default: Option<String>,
    #[serde(deserialize_with = "parts::section")]
    providers: Vec<Provider>,
}

impl TryFrom<Written> for Metrics {
    type Error = String;

    fn try_from(Written { default, providers }: Written) -> Result<Self, Self::Error> {
        if providers.len() > MAX_PROVIDERS {
            return Err(format!("{} providers; at most {MAX_PROVIDERS} are allowed", providers.len()));
        }
        let names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)).map(|(_, name)| name) {
            return Err(format!("two providers are named `{twice}`; give each its own name"));
        }
        let default = match (default, names.as_slice()) {
            (Some(name), known) if known.contains(&name.as_str()) => Some(name),
            (Some(name), []) => return Err(format!("the default `{name}` is not among the providers: there is none")),
            (Some(name), known) => return Err(format!("the default `{name}` is not among the providers; one of {}", known.join(", "))),
            (None, []) => None,
            (None, [only]) => Some((*only).to_owned()),
            (None, known) => return Err(format!("several providers need a default; name one of {}", known.join(", "))),
        };
        Ok(Self { default, providers })
    }
}

/// A provider as it is written, before what spans several keys is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenProvider {
    #[serde(deserialize_with = "parts::provider_name")]
    name: String,
    #[serde(deserialize_with = "parts::base_url")]
    url: Url,
    #[serde(default = "default_timeout", deserialize_with = "parts::timeout")]
    timeout: Duration,
    #[serde(default = "default_delay", deserialize_with = "parts::delay")]
    delay: Duration,
    #[serde(default, deserialize_with = "parts::headers")]
    headers: HeaderMap,
    #[serde(default, deserialize_with = "parts::header_files")]
    header_files: Vec<(HeaderName, PathBuf)>,
    #[serde(default, deserialize_with = "parts::file")]
    bearer_token_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    username_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    password_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    client_cert_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "parts::file")]
    client_key_file: Option<PathBuf>,
    #[serde(default = "default_body_bytes", deserialize_with = "parts::body_bytes")]
    max_body_bytes: usize,
}

impl TryFrom<WrittenProvider> for Provider {
    type Error = String;

    fn try_from(written: WrittenProvider) -> Result<Self, String> {
        written.says_once_who_asks()?;
        let whose = format!("the provider `{}`", written.name);
        let login = match (written.bearer_token_file, written.username_file, written.password_file) {
            (None, None, None) => Login::Nobody,
            (Some(token), None, None) => Login::Bearer(token),
            (None, Some(username), Some(password)) => Login::Basic { username, password },
            (Some(_), ..) => return Err(format!("{whose} has a bearerTokenFile and a usernameFile or passwordFile; keep one of them")),
            (None, ..) => return Err(format!("{whose} has one of usernameFile and passwordFile; it needs both or none")),
        };
        let tls = Tls::of(&whose, written.ca_file, (written.client_cert_file, written.client_key_file))?;
        if written.url.scheme() == "http" && tls != Tls::default() {
            return Err(format!("{whose} has certificates, but its url begins with http:; write https:, or leave them out"));
        }
        let WrittenProvider { name, url, timeout, delay, headers, header_files, max_body_bytes, .. } = written;
        Ok(Self { name, url, timeout, delay, headers, header_files, login, tls, max_body_bytes })
    }
}

impl WrittenProvider {
    /// No header is given twice, in whatever way.
    fn says_once_who_asks(&self) -> Result<(), String> {
        let mut all: Vec<&HeaderName> = self.headers.keys().chain(self.header_files.iter().map(|(name, _)| name)).collect();
        let login = [("bearerTokenFile", &self.bearer_token_file), ("usernameFile", &self.username_file)];
        if let Some((key, _)) = login.into_iter().find(|(_, file)| file.is_some() && all.contains(&&header::AUTHORIZATION)) {
            return Err(format!("the provider `{}` has a {key} and a header authorization; keep one of them", self.name));
        }
        all.sort_unstable_by_key(|name| name.as_str());
        match all.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("the provider `{}` has the header {} twice; keep one of them", self.name, pair[0])),
            None => Ok(()),
        }
    }
}

fn default_timeout() -> Duration {
    TIMEOUT
}

fn default_delay() -> Duration {
    DELAY
}

fn default_body_bytes() -> usize {
    MAX_BODY_BYTES
}
