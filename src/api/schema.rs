//! Which schemas do the fields have that a derive cannot say?
//!
//! Rules in CEL instead of patterns: a refused pattern shows a regular expression, a refused rule says what to write.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Text like `1h30m`; every text that this matches and that CEL's `duration` takes is read by [`super::parse_duration`].
const DURATION: &str = "^([0-9]{1,7}(ms|s|m|h))+$";

pub(super) fn duration(_: &mut SchemaGenerator) -> Schema {
    between("0s", "720h", "write a duration from 0s to 720h, such as 90s, 5m or 1h30m")
}

pub(super) fn deadline(_: &mut SchemaGenerator) -> Schema {
    between("1s", "720h", "write a duration from 1s to 720h, such as 90s, 10m or 1h30m")
}

pub(super) fn interval(_: &mut SchemaGenerator) -> Schema {
    between("500ms", "1h", "write a duration from 500ms to 1h, such as 10s or 1m")
}

/// A window that may be a moment.
pub(super) fn lookback(_: &mut SchemaGenerator) -> Schema {
    between("0s", "24h", "write a duration from 0s to 24h, such as 30s or 5m; 0s is for a query that looks at one moment")
}

pub(super) fn window(_: &mut SchemaGenerator) -> Schema {
    between("1s", "24h", "write a duration from 1s to 24h, such as 30s or 5m")
}

/// What makes a request slow.
pub(super) fn slow(_: &mut SchemaGenerator) -> Schema {
    between("1ms", "1h", "write a bound of the histogram's buckets as a duration, such as 250ms or 2s500ms")
}

/// How sure is sure.
pub(super) fn confidence(_: &mut SchemaGenerator) -> Schema {
    number("0.8", "0.999", "write a confidence from 0.8 to 0.999: 0.95 means odds of 20:1")
}

/// So many times stable's share.
pub(super) fn ratio(_: &mut SchemaGenerator) -> Schema {
    number("1.0", "100.0", "write a ratio from 1 to 100: below 1 the canary would have to be better than stable")
}

/// And so much more.
pub(super) fn plus(_: &mut SchemaGenerator) -> Schema {
    number("0.0", "0.5", "write a share of the requests from 0 to 0.5, such as 0.001 for one in a thousand")
}

fn number(low: &str, high: &str, message: &str) -> Schema {
    json_schema!({
        "type": "number",
        "x-kubernetes-validations": [{"rule": format!("self >= {low} && self <= {high}"), "message": message}],
    })
}

/// The name of a metric.
pub(super) fn metric(_: &mut SchemaGenerator) -> Schema {
    matching("^[a-zA-Z_:][a-zA-Z0-9_:]*$", "name a metric: letters, digits, _ and :, without a digit at the beginning")
}

/// The name of a metric's label.
pub(super) fn label_name(_: &mut SchemaGenerator) -> Schema {
    matching("^[a-zA-Z_][a-zA-Z0-9_]*$", "name a label: letters, digits and _, without a digit at the beginning")
}

/// Values of a metric's label.
pub(super) fn pattern(_: &mut SchemaGenerator) -> Schema {
    matching(
        "^[a-zA-Z0-9_.-]+([|][a-zA-Z0-9_.-]+)*$",
        "write letters, digits, _ and -, a dot for any character, and | between alternatives, such as 5..|429",
    )
}

fn matching(pattern: &str, message: &str) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "x-kubernetes-validations": [{"rule": format!("self.matches('{pattern}')"), "message": message}],
    })
}

fn between(low: &str, high: &str, message: &str) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 24,
        "x-kubernetes-validations": [{
            "rule": format!("self.matches('{DURATION}') && duration(self) >= duration('{low}') && duration(self) <= duration('{high}')"),
            "message": message,
        }],
    })
}

pub(super) fn deployments(_: &mut SchemaGenerator) -> Schema {
    only("apps/v1")
}

pub(super) fn deployment(_: &mut SchemaGenerator) -> Schema {
    only("Deployment")
}

fn only(text: &str) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 63,
        "x-kubernetes-validations": [{"rule": format!("self == '{text}'"), "message": format!("only Deployments of apps/v1 can be taken over; write {text}")}],
    })
}

pub(super) fn service(_: &mut SchemaGenerator) -> Schema {
    label("name a Service of this namespace: at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit", "")
}

pub(super) fn check_name(_: &mut SchemaGenerator) -> Schema {
    label(
        "name the check with at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit; workload is taken by the built-in check",
        " && self != 'workload'",
    )
}

/// The Rollout that an action is for.
pub(super) fn rollout(_: &mut SchemaGenerator) -> Schema {
    label("name a Rollout of this namespace: at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit", "")
}

/// A revision, as statuses name it.
pub(super) fn revision(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 10,
        "x-kubernetes-validations": [{
            "rule": "self.matches('^[0-9a-f]{10}$')",
            "message": "name a revision by its ten hex digits, as the Rollout's status and serin history do",
        }],
    })
}

fn label(message: &str, also: &str) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "x-kubernetes-validations": [{"rule": format!("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'){also}"), "message": message}],
    })
}

/// A number of pods, or a percentage.
pub(super) fn amount(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-int-or-string": true,
        "maxLength": 4,
        "x-kubernetes-validations": [{
            "rule": "type(self) == int ? self >= 0 && self <= 10000 : self.matches('^([1-9]?[0-9]|100)%$')",
            "message": "write a number of pods from 0 to 10000, or a percentage from 0% to 100%",
        }],
    })
}

/// An object whose bounds live in code: the API server must never refuse the commit of an abort.
pub(super) fn open(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}
