//! How is an event posted, and what does the answer mean? What all HTTP sinks share; each dialect has a file of its own.

mod acknowledgment;
mod answer;
mod call;
mod elasticsearch;
mod otlp;
mod packing;
mod protobuf;
mod splunk;
mod webhook;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::Delivery;
use super::letter::Letter;
use crate::config::{Acknowledged, Address, Dialect, HttpTarget};
use crate::sink::AT_ONCE;
use crate::wire::{Clients, Secrets, Unready, credential, read_secret, shorten};
use answer::{Answer, by_status};
use call::{Call, Outgoing};

/// Something that is posted to.
#[derive(Debug)]
pub(super) struct Http {
    target: Box<HttpTarget>,
    clients: Clients,
    /// Where acknowledgments are asked for: under which name.
    channel: Option<String>,
}

impl Http {
    /// Nothing is dialled, and no file is read yet.
    pub(super) fn new(target: Box<HttpTarget>) -> Self {
        let channel =
            matches!(target.dialect, Dialect::SplunkHec { acknowledged: Acknowledged::ByIndexer, .. }).then(acknowledgment::channel);
        Self { target, clients: Clients::new(AT_ONCE), channel }
    }

    /// Delivered means what the dialect says it means. No text has the token or the URL.
    pub(super) async fn deliver(&self, letter: &Letter<'_>) -> Delivery {
        let ended = self.deliver_all(std::slice::from_ref(letter)).await;
        // There is one for each letter.
        ended.map_or_else(|refused| refused, |mut each| each.pop().unwrap_or(Delivery::Unwanted))
    }

    /// Whether several events go in one request.
    pub(super) fn takes_many(&self) -> bool {
        match self.target.dialect {
            Dialect::SplunkHec { .. } | Dialect::Sumo | Dialect::Otlp | Dialect::Elasticsearch { .. } => true,
            Dialect::Webhook { .. } | Dialect::Messenger { .. } => false,
        }
    }

    /// The same for several of one stream in one request: how it ended for each, in order, up to the first that is not there.
    ///
    /// # Errors
    /// The receiver will never take this request, and does not say which of them is to blame.
    pub(super) async fn deliver_all(&self, letters: &[Letter<'_>]) -> Result<Vec<Delivery>, Delivery> {
        self.try_deliver(letters).await.unwrap_or_else(|Unready(reason)| Ok(vec![Delivery::Retry(shorten(&reason))]))
    }

    async fn try_deliver(&self, letters: &[Letter<'_>]) -> Result<Result<Vec<Delivery>, Delivery>, Unready> {
        let HttpTarget { dialect, address, token_file, headers, packing, tls } = &*self.target;
        let url = url(address).await?;
        let token = match token_file {
            None => None,
            Some(file) => Some(read_secret(file).await.map_err(|error| Unready(format!("the tokenFile cannot be read: {error}")))?),
        };
        let Some(outgoing) = write_all(dialect, letters, token.as_deref(), now()).await? else { return Ok(Ok(vec![Delivery::Unwanted])) };
        let named = token.as_ref().filter(|_| !matches!(dialect, Dialect::Messenger { .. }));
        let authorization = named.map(|token| authorization(dialect, token)).transpose()?;
        let (client, channel) = (self.clients.get(&url, tls).await?, self.channel.as_deref());
        let call = Call { client, headers, authorization, channel, packing: *packing };
        let ended = match call.post(&url, outgoing).await {
            Ok(answer) => match read_all(dialect, &answer, letters.len()) {
                Ok(each) if self.channel.is_some() && each.iter().all(|one| *one == Delivery::Delivered) => {
                    all(call.until_acknowledged(&url, &answer).await?, letters.len())
                }
                ended => ended,
            },
            Err(delivery) => Ok(vec![delivery]),
        };
        let secrets = Secrets::of(headers);
        let clean = |text: String| {
            let text = secrets.conceal(text, token.as_deref());
            shorten(&match address {
                Address::Url(_) => text,
                Address::File(_) => text.replace(url.as_str(), "[concealed]").replace(url.path(), "[concealed]"),
            })
        };
        let cleaned = |delivery: Delivery| match delivery {
            Delivery::Retry(text) => Delivery::Retry(clean(text)),
            Delivery::Later(text, pause) => Delivery::Later(clean(text), pause),
            Delivery::Refused(text) => Delivery::Refused(clean(text)),
            Delivery::Delivered | Delivery::Unwanted => delivery,
        };
        Ok(match ended {
            Ok(each) => Ok(each.into_iter().map(cleaned).collect()),
            Err(refused) => Err(cleaned(refused)),
        })
    }
}

async fn url(address: &Address) -> Result<Url, Unready> {
    match address {
        Address::Url(url) => Ok(url.clone()),
        Address::File(file) => {
            let text = read_secret(file).await.map_err(|error| Unready(format!("the urlFile cannot be read: {error}")))?;
            let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.ok_or_else(|| Unready("the urlFile holds no URL that begins with http:// or https://".to_owned()))
        }
    }
}

/// A value with a space has its scheme already, as `Basic dXNlcjpwYXNz`.
fn authorization(dialect: &Dialect, token: &str) -> Result<HeaderValue, Unready> {
    let scheme = match dialect {
        Dialect::SplunkHec { .. } => "Splunk",
        Dialect::Elasticsearch { .. } => "ApiKey",
        Dialect::Webhook { .. } | Dialect::Sumo | Dialect::Otlp | Dialect::Messenger { .. } => "Bearer",
    };
    let value = if token.contains(' ') { token.to_owned() } else { format!("{scheme} {token}") };
    credential(&value, "tokenFile")
}

/// One request with all of them: what is posted of one after the other, as each of these dialects wants it.
async fn write_all(
    dialect: &Dialect,
    letters: &[Letter<'_>],
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Outgoing>, Unready> {
    let between: &[u8] = match dialect {
        Dialect::SplunkHec { .. } | Dialect::Sumo => b"\n",
        // Lines that end already, messages that are read as one, and those that go alone.
        Dialect::Elasticsearch { .. } | Dialect::Otlp | Dialect::Webhook { .. } | Dialect::Messenger { .. } => b"",
    };
    let mut all: Option<Outgoing> = None;
    for letter in letters {
        let Some(one) = write(dialect, letter, token, now).await? else { continue };
        match &mut all {
            None => all = Some(one),
            Some(all) => {
                all.body.extend_from_slice(between);
                all.body.extend_from_slice(&one.body);
            }
        }
    }
    Ok(all)
}

/// Nothing where the dialect has no word for the event.
async fn write(dialect: &Dialect, letter: &Letter<'_>, token: Option<&str>, now: DateTime<Utc>) -> Result<Option<Outgoing>, Unready> {
    Ok(Some(match dialect {
        Dialect::Webhook { secret_file: None } => webhook::plain(letter, now),
        Dialect::Webhook { secret_file: Some(file) } => {
            let secrets = read_secret(file).await.map_err(|error| Unready(format!("the secretFile cannot be read: {error}")))?;
            webhook::signed(letter, now, &secrets).map_err(Unready)?
        }
        Dialect::SplunkHec { index, .. } => splunk::request(letter, index.as_deref()),
        Dialect::Sumo => Outgoing::new(letter.content_type, letter.text.clone().into_bytes()),
        Dialect::Otlp => otlp::request(letter),
        Dialect::Elasticsearch { index } => elasticsearch::request(letter, index),
        Dialect::Messenger { messenger, runbooks } => {
            let Some(said) = messenger.write(letter.told, runbooks, token.unwrap_or_default()) else { return Ok(None) };
            Outgoing::new("application/json", said.to_string().into_bytes())
        }
    }))
}

/// What the answer says of each of so many events. All but Elasticsearch take all of a request or nothing.
fn read_all(dialect: &Dialect, answer: &Answer, count: usize) -> Result<Vec<Delivery>, Delivery> {
    match dialect {
        Dialect::Elasticsearch { .. } if answer.status == 200 => Ok(elasticsearch::meanings(answer, count)),
        Dialect::Elasticsearch { .. }
        | Dialect::SplunkHec { .. }
        | Dialect::Sumo
        | Dialect::Webhook { .. }
        | Dialect::Messenger { .. }
        | Dialect::Otlp => all(read(dialect, answer), count),
    }
}

/// One outcome of a whole request.
fn all(delivery: Delivery, count: usize) -> Result<Vec<Delivery>, Delivery> {
    match delivery {
        Delivery::Delivered => Ok(vec![Delivery::Delivered; count]),
        Delivery::Unwanted | Delivery::Retry(_) | Delivery::Later(..) => Ok(vec![delivery]),
        Delivery::Refused(_) => Err(delivery),
    }
}

fn read(dialect: &Dialect, answer: &Answer) -> Delivery {
    match dialect {
        Dialect::SplunkHec { acknowledged, .. } => splunk::meaning(answer, *acknowledged),
        Dialect::Sumo if (201..300).contains(&answer.status) => Delivery::Retry(answer.told()),
        // Whatever is not 200 from Elasticsearch is of the whole request.
        Dialect::Webhook { .. } | Dialect::Sumo | Dialect::Messenger { .. } | Dialect::Elasticsearch { .. } => by_status(answer),
        Dialect::Otlp => otlp::meaning(answer),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock enters here: a signature says when it was made, and a pause may be given as a date"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A header's value, or nothing.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
