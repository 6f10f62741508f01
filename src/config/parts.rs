//! Which single values may stand in the configuration file? One parser each; an error says what is allowed.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::filter;
use super::lease::TIMES;
use super::metrics::{BODY_BYTES, DELAYS, TIMEOUTS};
use super::sinks::{FILE_BYTES, FILES};
use crate::audit::severity_named;
use crate::rollout::Severity;

/// The port where health and metrics are served unless the file says otherwise.
pub(super) const LISTEN: u16 = 8080;
/// A cluster's name is repeated in every event. 253 is the longest name that Kubernetes itself uses.
pub(super) const MAX_CLUSTER_NAME: usize = 253;
/// A provider's name is written in rollouts and in metric labels, and a namespace is one: this is the length of a DNS label.
const MAX_LABEL: usize = 63;
/// Elasticsearch refuses longer names of an index.
const MAX_INDEX: usize = 255;
/// Headers of one provider or sink: enough for a tenant, an organisation and a gateway's key.
const MAX_HEADERS: usize = 16;
/// One header's value: what common servers accept for all headers together is 8 KiB.
const MAX_HEADER_VALUE: usize = 4096;
/// The sender sets these itself; another value would break the request.
const OWN_HEADERS: [HeaderName; 5] =
    [header::HOST, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::TRANSFER_ENCODING, header::CONNECTION];

/// A section whose keys may all be commented out.
pub(super) fn section<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// The address of health and metrics.
pub(super) fn listen<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    text(from, |given| {
        given.parse().map_err(|_| format!("`{given}` is no address with a port; write it like 0.0.0.0:8080, 127.0.0.1:8080 or [::]:8080"))
    })
}

/// The cluster's name.
pub(super) fn cluster_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from, |given| {
        let fits = (1..=MAX_CLUSTER_NAME).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(given.to_owned()) } else { Err(format!("a cluster's name has 1 to {MAX_CLUSTER_NAME} visible ASCII characters")) }
    })
}

/// A provider's name.
pub(super) fn provider_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    dns_label(from, "a provider's name")
}

/// A sink's name.
pub(super) fn sink_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    dns_label(from, "a sink's name")
}

/// The namespace of the lease.
pub(super) fn namespace<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    dns_label(from, "a namespace").map(Some)
}

fn dns_label<'de, D: Deserializer<'de>>(from: D, what: &str) -> Result<String, D::Error> {
    text(from, |given| label(given, what))
}

fn label(given: &str, what: &str) -> Result<String, String> {
    let letters = given.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let fits = (1..=MAX_LABEL).contains(&given.len()) && letters && !given.starts_with('-') && !given.ends_with('-');
    let rule = || format!("{what} has 1 to {MAX_LABEL} of a-z, 0-9 and -, and neither begins nor ends with -");
    if fits { Ok(given.to_owned()) } else { Err(rule()) }
}

/// Namespaces whose events a sink gets.
pub(super) fn namespaces<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let given: Vec<String> = section(from)?;
    given.iter().map(|name| label(name, "a namespace").map_err(D::Error::custom)).collect()
}

/// Types of events that a sink gets.
pub(super) fn event_types<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let given: Vec<String> = section(from)?;
    match given.iter().find(|pattern| !filter::is_known(pattern)) {
        Some(odd) => {
            Err(D::Error::custom(format!("no event is of the type `{odd}`; docs/events.md lists them, and `rollout.*` is a family")))
        }
        None => Ok(given),
    }
}

/// The least severity of events that a sink gets.
pub(super) fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Severity>, D::Error> {
    text(from, |given| {
        let rule = || format!("`{given}` is no severity; one of info, notice, warning, high, critical");
        severity_named(given).map(Some).ok_or_else(rule)
    })
}

/// Where a sink is: a whole URL, used as it stands.
pub(super) fn endpoint<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    text(from, |given| {
        let url = Url::parse(given).map_err(|error| format!("no URL ({error}); write it like https://siem.example.com/events"))?;
        without_secrets(&url, "tokenFile")?;
        Ok(Some(url))
    })
}

/// Whether a URL is one of HTTP.
pub(super) fn is_http(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "http" | "https" => Ok(()),
        other => Err(format!("a URL begins with http:// or https://, not with {other}:")),
    }
}

/// No message repeats the URL: it may hold what it must not.
fn without_secrets(url: &Url, key: &str) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("a URL must not hold credentials; put a token into a file and name it in {key}"));
    }
    if url.fragment().is_some() {
        return Err("a URL for a backend has no fragment; leave out what begins with #".to_owned());
    }
    Ok(())
}

/// A provider's URL, without a slash at its end.
pub(super) fn base_url<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    text(from, |given| {
        let mut url = Url::parse(given).map_err(|error| format!("no URL ({error}); write it like http://prometheus.monitoring:9090"))?;
        is_http(&url)?;
        without_secrets(&url, "bearerTokenFile")?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        // prometheus-http-query 0.9 joins its path to the URL, and joining to the root drops the query.
        if url.path() == "/" && url.query().is_some() {
            return Err("a URL with a query needs a path before it, like https://gateway/prometheus?tenant=a".to_owned());
        }
        Ok(url)
    })
}

/// How long an answer may take.
pub(super) fn timeout<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    duration(from, ("a timeout", "500ms or 10s"), &TIMEOUTS)
}

/// How long a delivery to a sink may take.
pub(super) fn sink_timeout<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    timeout(from).map(Some)
}

/// One of the lease's times.
pub(super) fn lease_time<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    duration(from, ("a time of the lease", "500ms or 10s"), &TIMES)
}

fn duration<'de, D: Deserializer<'de>>(
    from: D,
    (what, like): (&str, &str),
    range: &RangeInclusive<Duration>,
) -> Result<Duration, D::Error> {
    text(from, |given| {
        let rule = || format!("{what} is a duration from {} to {}, like {like}", human(range.start()), human(range.end()));
        let duration = humantime::parse_duration(given).map_err(|_| format!("`{given}` is no duration; {}", rule()))?;
        if range.contains(&duration) { Ok(duration) } else { Err(format!("`{given}` is out of range; {}", rule())) }
    })
}

/// How long samples are on their way.
pub(super) fn delay<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    duration(from, ("a delay", "5s or 1m"), &DELAYS)
}

/// How large an answer may be.
pub(super) fn body_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    whole(from, "maxBodyBytes", &BODY_BYTES)
}

/// When a file is turned over.
pub(super) fn file_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    whole(from, "maxBytes", &FILE_BYTES).map(Some)
}

/// How many files that were turned over are kept.
pub(super) fn files<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    whole(from, "keep", &FILES).map(Some)
}

fn whole<'de, D: Deserializer<'de>, T: PartialOrd + Display + FromStr>(
    from: D,
    key: &str,
    range: &RangeInclusive<T>,
) -> Result<T, D::Error> {
    text(from, |given| {
        let rule = || format!("{key} is a whole number from {} to {}, not `{given}`", range.start(), range.end());
        given.parse().ok().filter(|number| range.contains(number)).ok_or_else(rule)
    })
}

/// A file with something that is read again at each use.
pub(super) fn file<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    text(from, |given| absolute(given).map(Some))
}

fn absolute(given: &str) -> Result<PathBuf, String> {
    let rule = || format!("`{given}` is no absolute path; name a file from / on");
    if Path::new(given).is_absolute() { Ok(PathBuf::from(given)) } else { Err(rule()) }
}

/// The name of an index or data stream.
pub(super) fn index<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from, |given| {
        let fits = (1..=MAX_INDEX).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Some(given.to_owned())) } else { Err(format!("an index has 1 to {MAX_INDEX} visible ASCII characters")) }
    })
}

/// Headers that go with every request. Their values never show in a log.
pub(super) fn headers<'de, D: Deserializer<'de>>(from: D) -> Result<HeaderMap, D::Error> {
    by_header(from)?.iter().try_fold(HeaderMap::new(), |mut all, (name, value)| {
        let (name, value) = one_header(name, value).map_err(D::Error::custom)?;
        match all.insert(name.clone(), value) {
            None => Ok(all),
            Some(_) => Err(D::Error::custom(format!("the header {name} is given twice; upper and lower case do not matter"))),
        }
    })
}

/// Headers whose values stand in files.
pub(super) fn header_files<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(HeaderName, PathBuf)>, D::Error> {
    let given = by_header(from)?;
    given.iter().map(|(name, path)| Ok((header_name(name)?, absolute(path)?))).collect::<Result<_, String>>().map_err(D::Error::custom)
}

/// A text for each of not too many headers.
fn by_header<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let given: BTreeMap<String, String> = section(from)?;
    if given.len() > MAX_HEADERS {
        return Err(D::Error::custom(format!("{} headers; at most {MAX_HEADERS} are allowed", given.len())));
    }
    Ok(given)
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is no header name; use letters, digits and -"))?;
    if OWN_HEADERS.contains(&known) { Err(format!("the header {known} is set by Serin itself; leave it out")) } else { Ok(known) }
}

fn one_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let known = header_name(name)?;
    if value.len() > MAX_HEADER_VALUE {
        return Err(format!("the value of the header {known} has {} bytes; at most {MAX_HEADER_VALUE} are allowed", value.len()));
    }
    let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let mut value = HeaderValue::from_str(value)
        .ok()
        .filter(|value| !value.is_empty() && value.as_bytes().iter().copied().all(visible))
        .ok_or_else(|| format!("the value of the header {known} is empty or has other than visible ASCII characters"))?;
    value.set_sensitive(true);
    Ok((known, value))
}

fn text<'de, D: Deserializer<'de>, T>(from: D, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, D::Error> {
    let given = String::deserialize(from)?;
    parse(&given).map_err(D::Error::custom)
}

fn human(duration: &Duration) -> humantime::FormattedDuration {
    humantime::format_duration(*duration)
}
