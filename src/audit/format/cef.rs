//! An event in the Common Event Format, version 0: what ArcSight, Sentinel and QRadar read.

use super::line::{beginning, plain};
use super::told::Told;
use super::{PRODUCT, Reporter, Scale, VENDOR, words};

/// The lengths that the format's dictionary gives its keys, in bytes as the strictest reader counts them.
mod limit {
    pub(super) const ID: usize = 40;
    pub(super) const WORD: usize = 63;
    pub(super) const HOST: usize = 100;
    pub(super) const TEXT: usize = 1023;
    pub(super) const CUSTOM: usize = 4000;
}

pub(super) fn line(told: &Told<'_>, reporter: &Reporter) -> String {
    let body = &told.body;
    let header = [VENDOR, PRODUCT, &reporter.version, &body.kind, words::title(told.kind)].map(header).join("|");
    let mut fields = Fields::default();
    fields.push("rt", &told.at.timestamp_millis().to_string(), limit::WORD);
    fields.push("externalId", &told.record.id, limit::ID);
    fields.push("outcome", &body.outcome, limit::WORD);
    fields.push("act", &body.kind, limit::WORD);
    fields.push("reason", &body.reason, limit::TEXT);
    fields.known("suser", told.actor(), limit::TEXT);
    fields.push("dvchost", &reporter.instance, limit::HOST);
    fields.known("dvc", reporter.address.as_deref(), limit::WORD);
    fields.push("destinationServiceName", &told.subject(), limit::TEXT);
    fields.labelled("cs1", "revision", body.revision.as_deref(), limit::CUSTOM);
    fields.labelled("cs2", "stable", body.stable.as_deref(), limit::CUSTOM);
    // No event has both: one is of a rollout, the other of the controller.
    fields.labelled("cs3", "check", body.analysis.as_ref().map(|analysis| analysis.check.as_str()), limit::CUSTOM);
    fields.labelled("cs3", "sink", body.sink.as_deref(), limit::CUSTOM);
    fields.labelled("cs4", "hash", Some(&told.record.hash), limit::CUSTOM);
    fields.labelled("cs5", "prevHash", Some(&body.prev), limit::CUSTOM);
    fields.labelled("cs6", "stream", Some(&body.stream), limit::CUSTOM);
    fields.labelled("flexString1", "cluster", Some(&body.cluster.name), limit::TEXT);
    fields.labelled("flexString2", "comment", body.comment.as_deref(), limit::TEXT);
    fields.labelled("cn1", "sequence", Some(&told.record.seq.to_string()), limit::WORD);
    fields.labelled("cn2", "count", body.count.map(|count| count.to_string()).as_deref(), limit::WORD);
    fields.labelled("cn2", "attempt", body.attempt.map(|attempt| attempt.to_string()).as_deref(), limit::WORD);
    fields.labelled("cn3", "epoch", body.process.as_ref().map(|process| process.epoch.to_string()).as_deref(), limit::WORD);
    fields.labelled("cn3", "weight", body.weight.map(|weight| weight.to_string()).as_deref(), limit::WORD);
    fields.push("msg", &body.message, limit::TEXT);
    format!("CEF:0|{header}|{}|{}", Scale::of(told.severity).of_ten, fields.0)
}

/// What follows the header.
#[derive(Default)]
struct Fields(String);

impl Fields {
    fn push(&mut self, key: &str, value: &str, limit: usize) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(key);
        self.0.push('=');
        for letter in beginning(value, limit).chars() {
            match letter {
                '\\' => self.0.push_str("\\\\"),
                '=' => self.0.push_str("\\="),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                other if other.is_control() => self.0.push(' '),
                other => self.0.push(other),
            }
        }
    }

    fn known(&mut self, key: &str, value: Option<&str>, limit: usize) {
        if let Some(value) = value {
            self.push(key, value, limit);
        }
    }

    /// One of the format's own keys, which mean what their label says.
    fn labelled(&mut self, key: &str, label: &str, value: Option<&str>, limit: usize) {
        if let Some(value) = value {
            self.push(&format!("{key}Label"), label, limit::TEXT);
            self.push(key, value, limit);
        }
    }
}

/// A field of the header: only pipes and backslashes mean something there, and it has no word for the end of a line.
fn header(value: &str) -> String {
    plain(value).replace('\\', "\\\\").replace('|', "\\|")
}
