//! Which checks do the templates of a spec give? Their arguments filled in, and nothing else read yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::duration::parse_duration;
use super::invalid::Invalid;
use super::shared_spec::{ArgKindSpec, ArgSpec, TemplateRefSpec};
use crate::analysis::fill_args;

/// What an attempt takes from templates is kept in its status, so that a change of a template changes nothing in flight: this leaves room beside the rest.
const MOST_BYTES: usize = 32 * 1024;

/// What the templates of a spec say, with the arguments filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shared {
    /// Time between two samples, where a template says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// Time to warm up, where a template says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<String>,
    /// The checks as they are written.
    #[serde(default)]
    pub checks: Vec<Value>,
}

/// What was taken for an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// The attempt.
    pub attempt: u32,
    /// What the templates said then.
    #[serde(flatten)]
    pub shared: Shared,
}

/// A template as it is watched: what cannot be read is said when somebody takes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Template {
    #[serde(default)]
    args: Vec<ArgSpec>,
    every: Option<String>,
    warm_up: Option<String>,
    checks: Vec<Value>,
}

/// The names of the templates that a spec takes, as far as they can be read.
pub fn template_names(spec: &Value) -> Vec<String> {
    let refs = spec.pointer("/analysis/templates").and_then(Value::as_array);
    refs.into_iter().flatten().filter_map(|one| one.get("name")?.as_str().map(str::to_owned)).collect()
}

/// What the templates that a spec takes say together. `find` gives a template's spec by its name.
///
/// # Errors
/// Names the first template that does not exist, that lacks an argument or that cannot be filled in.
pub fn shared<'a>(spec: &Value, find: impl Fn(&str) -> Option<&'a Value>) -> Result<Shared, Invalid> {
    let refs = spec.pointer("/analysis/templates").cloned().unwrap_or(Value::Array(Vec::new()));
    let refs = Vec::<TemplateRefSpec>::deserialize(&refs).map_err(|error| Invalid::Shape(error.to_string()))?;
    let mut all = Shared::default();
    for TemplateRefSpec { name, args } in &refs {
        let odd = |text: String| Invalid::Shared { template: name.clone(), text };
        let found = find(name)
            .ok_or_else(|| odd("does not exist in this namespace; create it, or take it out of analysis.templates".to_owned()))?;
        let template = Template::deserialize(found).map_err(|error| odd(format!("cannot be read: {error}; correct it")))?;
        let args = arguments(&template.args, args.as_ref().unwrap_or(&BTreeMap::new())).map_err(odd)?;
        let checks = template.checks.iter().map(|check| filled(check, &args)).collect::<Result<Vec<_>, _>>();
        all.checks.extend(checks.map_err(odd)?);
        let text = |text: Option<String>| text.map(|text| filled(&Value::String(text), &args)).transpose().map_err(odd);
        let word = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        all.every = all.every.or(word(text(template.every)?));
        all.warm_up = all.warm_up.or(word(text(template.warm_up)?));
        if serde_json::to_vec(&all).map_or(0, |bytes| bytes.len()) > MOST_BYTES {
            return Err(odd("has, with those before it, checks of more than 32 KiB; write fewer, or shorter queries".to_owned()));
        }
    }
    Ok(all)
}

/// The value of each argument.
fn arguments<'a>(declared: &'a [ArgSpec], given: &BTreeMap<String, String>) -> Result<BTreeMap<&'a str, Value>, String> {
    if let Some(name) = given.keys().find(|name| declared.iter().all(|arg| arg.name != **name)) {
        let known: Vec<&str> = declared.iter().map(|arg| arg.name.as_str()).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        return Err(format!("has no argument {name}; {known}"));
    }
    let value = |ArgSpec { name, kind, default }: &'a ArgSpec| {
        let kind = kind.unwrap_or_default();
        let what = match kind {
            ArgKindSpec::String => "a text of letters, digits and _ . / : @ -",
            ArgKindSpec::Number => "a number, such as 0.05",
            ArgKindSpec::Duration => "a duration, such as 90s or 5m",
        };
        let Some(text) = given.get(name).or(default.as_ref()) else {
            return Err(format!("needs the argument {name}, {what}; give it in analysis.templates[].args"));
        };
        read(kind, text).map(|value| (name.as_str(), value)).ok_or_else(|| format!("takes {what}, as {name}, not {text:?}"))
    };
    declared.iter().map(value).collect()
}

fn read(kind: ArgKindSpec, text: &str) -> Option<Value> {
    match kind {
        // Neither a string of a query nor a regular expression gives a meaning to any of these, so that nothing has to be escaped wherever it stands.
        ArgKindSpec::String => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@-".contains(c);
            (text.len() <= 200 && text.chars().all(plain)).then(|| Value::from(text))
        }
        ArgKindSpec::Number => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Some(Value::from(whole)),
            (Err(_), Ok(number)) if number.is_finite() => Some(Value::from(number)),
            (Err(_), _) => None,
        },
        ArgKindSpec::Duration => parse_duration(text).map(|_| Value::from(text)),
    }
}

/// A value of a template with the arguments in every text.
fn filled(value: &Value, args: &BTreeMap<&str, Value>) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).and_then(|name| name.trim().strip_prefix("args."));
            if let Some(value) = whole.and_then(|name| args.get(name)) {
                return Ok(value.clone());
            }
            let text = fill_args(text, |name| args.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            text.map(Value::String)
                .map_err(|name| format!("uses {{{{args.{name}}}}}, which is none of its arguments; declare it in spec.args"))
        }
        Value::Array(items) => items.iter().map(|item| filled(item, args)).collect::<Result<_, _>>().map(Value::Array),
        Value::Object(members) => {
            let filled = members.iter().map(|(key, member)| Ok((key.clone(), filled(member, args)?)));
            filled.collect::<Result<_, String>>().map(Value::Object)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
    }
}
