//! What does an HTTP answer say? Pure: a status and a body become a reading.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::counts::{self, backed, bounds, counted, means};
use super::targets::completed;
use crate::rollout::{Ask, Reading, Targets};

/// Reads an answer of `/api/v1/query`. Texts are as long as the backend wrote them.
pub(super) fn interpret(status: u16, body: &[u8], ask: &Ask, at: DateTime<Utc>) -> Reading {
    read(status, body, |envelope| told(envelope, ask, at))
}

/// Reads a second answer, on the targets of a question, which completes a reading; where it is none, that is what is known.
pub(super) fn complete(status: u16, body: &[u8], targets: &Targets, reading: Reading) -> Reading {
    read(status, body, |envelope| succeeded(envelope, || of_all(envelope, |series| completed(reading, targets, series))))
}

fn read(status: u16, body: &[u8], told: impl FnOnce(&Envelope) -> Reading) -> Reading {
    let envelope = serde_json::from_slice::<Envelope>(body);
    match (status, envelope) {
        (401 | 403, _) => Reading::Unauthorized(status),
        (429, _) => Reading::Throttled,
        (200, Ok(envelope)) => told(&envelope),
        (200, Err(error)) => Reading::Malformed(what_else(body, &error)),
        (_, Ok(envelope)) => refused(status, &envelope).unwrap_or_else(|| by_status(status)),
        (_, Err(_)) => by_status(status),
    }
}

/// What every answer of the API is wrapped in. `infos` are hints on how to write a query and change nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    status: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    error_type: Option<String>,
    error: Option<String>,
    warnings: Option<Vec<String>>,
    /// VictoriaMetrics says so instead of a warning.
    is_partial: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    result_type: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Series {
    value: Option<Point>,
    histogram: Option<IgnoredAny>,
}

/// A time and a number, the number as text.
type Point = (IgnoredAny, String);

fn told(envelope: &Envelope, ask: &Ask, at: DateTime<Utc>) -> Reading {
    succeeded(envelope, || match ask {
        Ask::Number(_) => number(envelope),
        Ask::Backed(_) => of_all(envelope, backed),
        Ask::Counts(asked) => of_all(envelope, |series| counted(asked, at, series)),
        Ask::Bounds(asked) => of_all(envelope, |series| bounds(asked, at, series)),
        Ask::Means(asked) => of_all(envelope, |series| means(asked, series)),
    })
}

fn succeeded(envelope: &Envelope, told: impl FnOnce() -> Reading) -> Reading {
    match envelope.status.as_str() {
        "success" => told(),
        "error" => refused(200, envelope).unwrap_or_else(|| Reading::QueryFailed(kind_and_text(envelope))),
        other => Reading::Malformed(format!("its status is `{other}`, neither success nor error")),
    }
}

fn number(envelope: &Envelope) -> Reading {
    match only_number(envelope) {
        Err(odd) => odd,
        Ok(number) => incomplete(envelope).unwrap_or_else(|| number.map_or(Reading::NoData, |text| value(&text))),
    }
}

/// What all series say, where they are complete.
fn of_all(envelope: &Envelope, read: impl FnOnce(&[counts::Series]) -> Reading) -> Reading {
    match all_series(envelope) {
        Err(odd) => odd,
        Ok(series) => incomplete(envelope).unwrap_or_else(|| read(&series)),
    }
}

/// The series of a vector or of ranges.
fn all_series(envelope: &Envelope) -> Result<Vec<counts::Series>, Reading> {
    let data = envelope.data.ok_or_else(|| Reading::Malformed("a success without data".to_owned()))?;
    let data: Data = parse(data)?;
    match data.result_type.as_str() {
        "vector" | "matrix" => parse(data.result),
        other => Err(Reading::WrongType(format!("a result of type `{other}`"))),
    }
}

/// The text of the one number, if there is any; Err is a result of another shape.
fn only_number(envelope: &Envelope) -> Result<Option<String>, Reading> {
    let data = envelope.data.ok_or_else(|| Reading::Malformed("a success without data".to_owned()))?;
    let data: Data = parse(data)?;
    match data.result_type.as_str() {
        "vector" => {
            let mut series: Vec<Series> = parse(data.result)?;
            match (series.len(), series.pop()) {
                (_, None) => Ok(None),
                (1, Some(Series { histogram: Some(_), .. })) => Err(Reading::WrongType("a histogram".to_owned())),
                (1, Some(Series { value: Some((_, text)), .. })) => Ok(Some(text)),
                (1, Some(Series { value: None, histogram: None })) => Err(Reading::Malformed("a series without a value".to_owned())),
                (several, Some(_)) => Err(Reading::SeveralSeries(several)),
            }
        }
        "scalar" => parse::<Point>(data.result).map(|(_, text)| Some(text)),
        "string" => Err(Reading::WrongType("a string".to_owned())),
        "matrix" => Err(Reading::WrongType("a range of values".to_owned())),
        other => Err(Reading::WrongType(format!("a result of type `{other}`"))),
    }
}

fn incomplete(envelope: &Envelope) -> Option<Reading> {
    match (envelope.warnings.as_deref(), envelope.is_partial) {
        (Some([_, ..]), _) => envelope.warnings.as_ref().map(|all| Reading::Partial(all.join("; "))),
        (_, Some(true)) => Some(Reading::Partial("isPartial is true".to_owned())),
        (_, None | Some(false)) => None,
    }
}

/// Prometheus writes NaN, +Inf and -Inf; what is too large for a float is infinite here too.
fn value(text: &str) -> Reading {
    match text.parse::<f64>() {
        Err(_) => Reading::Malformed(format!("`{text}` is no number")),
        Ok(number) if number.is_nan() => Reading::NotANumber,
        Ok(number) if number.is_infinite() => Reading::Infinite,
        Ok(number) => Reading::Value(number + 0.0), // so that -0 is told as 0
    }
}

/// An error in the words of Prometheus' API, where they say more than the status does. (Mimir and VictoriaMetrics have types of their own.)
fn refused(status: u16, envelope: &Envelope) -> Option<Reading> {
    if envelope.status != "error" {
        return None;
    }
    match (envelope.error_type.as_deref().unwrap_or_default(), status) {
        ("bad_data", _) => Some(Reading::BadQuery(text(envelope))),
        ("timeout", _) => Some(Reading::TimedOut),
        ("execution" | "canceled" | "internal", _) | (_, 422) => Some(Reading::QueryFailed(kind_and_text(envelope))),
        (_, 400) => Some(Reading::BadQuery(kind_and_text(envelope))),
        (_, _) => None,
    }
}

fn by_status(status: u16) -> Reading {
    match status {
        500.. => Reading::Unavailable(status),
        ..500 => Reading::HttpStatus(status),
    }
}

fn text(envelope: &Envelope) -> String {
    envelope.error.clone().unwrap_or_else(|| "no reason given".to_owned())
}

fn kind_and_text(envelope: &Envelope) -> String {
    format!("{}: {}", envelope.error_type.as_deref().unwrap_or("unknown error"), text(envelope))
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Reading> {
    serde_json::from_str(raw.get()).map_err(|error| Reading::Malformed(error.to_string()))
}

fn what_else(body: &[u8], error: &serde_json::Error) -> String {
    match body.trim_ascii_start().first() {
        None => "it is empty".to_owned(),
        Some(b'<') => "it is a page in HTML; does a login page stand before the API?".to_owned(),
        Some(_) => format!("not the JSON of the API: {error}"),
    }
}

#[cfg(test)]
mod tests;
