//! How is one request sent, and its answer read?

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response};
use url::Url;

use super::acknowledgment::{self, Look};
use super::answer::{self, Answer};
use super::packing::{GZIP, may_be_unread, pack};
use super::webhook::{SIGNATURE, Seal};
use super::{Unready, now};
use crate::config::Packing;
use crate::sink::Delivery;
use crate::wire::cause;

/// Answers are a few words; what is longer is not read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// What all requests of one delivery share.
pub(super) struct Call<'a> {
    pub(super) client: Client,
    pub(super) headers: &'a HeaderMap,
    pub(super) authorization: Option<HeaderValue>,
    pub(super) channel: Option<&'a str>,
    pub(super) packing: Packing,
}

/// One request, but for where it goes and who sends it.
pub(super) struct Outgoing {
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(HeaderName, String)>,
    /// Signs what is sent, where somebody wants it signed.
    pub(super) seal: Option<Seal>,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    /// A body, and nothing about it but what it is.
    pub(super) const fn new(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { content_type, headers: Vec::new(), seal: None, body }
    }
}

impl Call<'_> {
    /// Posts, packed where that is wanted; where there is no answer, that is how the delivery ended.
    ///
    /// # Guarantees
    /// Nothing is believed of an event that was sent packed only: who cannot unpack it gets it as it is.
    pub(super) async fn post(&self, url: &Url, mut outgoing: Outgoing) -> Result<Answer, Delivery> {
        let plain = std::mem::take(&mut outgoing.body);
        if let Some(packed) = pack(self.packing, &plain) {
            let answer = self.send(url, &outgoing, packed, Some(GZIP)).await?;
            if !may_be_unread(&answer) {
                return Ok(answer);
            }
        }
        self.send(url, &outgoing, plain, None).await
    }

    async fn send(&self, url: &Url, outgoing: &Outgoing, body: Vec<u8>, encoding: Option<&str>) -> Result<Answer, Delivery> {
        let mut request = self.client.post(url.clone()).headers(self.headers.clone()).header(CONTENT_TYPE, outgoing.content_type);
        for (name, value) in &outgoing.headers {
            request = request.header(name, value);
        }
        if let Some(seal) = &outgoing.seal {
            request = request.header(SIGNATURE, seal.of(&body));
        }
        if let Some(encoding) = encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(channel) = self.channel {
            request = request.header(acknowledgment::CHANNEL, channel);
        }
        match request.body(body).send().await {
            Ok(response) => Ok(answer(response).await),
            Err(error) => Err(Delivery::Retry(cause(&error))),
        }
    }

    /// Asks until the indexer has it. Whoever calls bounds the time; an event that was not acknowledged by then comes again.
    pub(super) async fn until_acknowledged(&self, events: &Url, taken: &Answer) -> Result<Delivery, Unready> {
        let url = acknowledgment::url(events)?;
        let number = match acknowledgment::number(taken) {
            Ok(number) => number,
            Err(delivery) => return Ok(delivery),
        };
        loop {
            let question = Outgoing::new("application/json", acknowledgment::question(number));
            match self.post(&url, question).await.map(|answer| acknowledgment::look(&answer, number)) {
                Ok(Look::There) => return Ok(Delivery::Delivered),
                Ok(Look::NotYet) => tokio::time::sleep(acknowledgment::PAUSE).await,
                Ok(Look::Failed(delivery)) | Err(delivery) => return Ok(delivery),
            }
        }
    }
}

async fn answer(mut response: Response) -> Answer {
    let status = response.status().as_u16();
    let pause = answer::pause(response.headers(), now());
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            // What is cut off is no whole answer: where it counts it will not be understood, and the event comes again.
            Ok(None) | Err(_) => break,
        }
    }
    Answer { status, pause, body }
}
