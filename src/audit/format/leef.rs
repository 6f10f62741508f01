//! An event in the Log Event Extended Format 2.0: what QRadar reads.

use super::line::plain;
use super::told::Told;
use super::{PRODUCT, Reporter, Scale, VENDOR};

/// What separates attributes. The format has no escape, so it is taken out of values; a tab would do, but receivers of syslog rewrite tabs.
const DELIMITER: char = '^';

pub(super) fn line(told: &Told<'_>, reporter: &Reporter) -> String {
    let body = &told.body;
    let analysis = body.analysis.as_ref();
    let attributes = [
        ("cat", Some(if body.rollout.is_some() { "rollout" } else { "controller" }.to_owned())),
        ("devTime", Some(told.at.timestamp_millis().to_string())),
        ("sev", Some(Scale::of(told.severity).of_ten.to_string())),
        ("usrName", told.actor().map(str::to_owned)),
        ("resource", Some(told.subject())),
        ("outcome", Some(body.outcome.clone())),
        ("reason", Some(body.reason.clone())),
        ("cluster", Some(body.cluster.name.clone())),
        ("revision", body.revision.clone()),
        ("stable", body.stable.clone()),
        ("attempt", body.attempt.map(|attempt| attempt.to_string())),
        ("step", told.step()),
        ("weight", body.weight.map(|weight| weight.to_string())),
        ("check", analysis.map(|analysis| analysis.check.clone())),
        ("value", analysis.and_then(|analysis| analysis.value.clone())),
        ("limit", analysis.and_then(|analysis| analysis.limit.clone())),
        ("sink", body.sink.clone()),
        ("count", body.count.map(|count| count.to_string())),
        ("epoch", body.process.as_ref().map(|process| process.epoch.to_string())),
        ("comment", body.comment.clone()),
        ("onBehalfOf", body.on_behalf_of.as_ref().map(|claim| claim.name.clone())),
        ("images", Some(body.images.join(" ")).filter(|images| !images.is_empty())),
        ("reporter", Some(reporter.instance.clone())),
        ("reporterAddress", reporter.address.clone()),
        ("eventUid", Some(told.record.id.clone())),
        ("eventStream", Some(body.stream.clone())),
        ("eventSeq", Some(told.record.seq.to_string())),
        ("eventHash", Some(told.record.hash.clone())),
        ("eventPrev", Some(body.prev.clone())),
        ("msg", Some(body.message.clone())),
    ];
    let header = [VENDOR, PRODUCT, &reporter.version, &body.kind].map(|field| plain(field).replace('|', " ")).join("|");
    let attributes: Vec<String> =
        attributes.iter().filter_map(|(key, value)| Some(format!("{key}={}", plain(value.as_deref()?).replace(DELIMITER, " ")))).collect();
    format!("LEEF:2.0|{header}|{DELIMITER}|{}", attributes.join(&DELIMITER.to_string()))
}
