//! Which revision is a template, and what do the fields of a spec say? Both by hashes.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::rollout::{Fields, Revision};

/// Ten hex digits: 40 bits tell the revisions of one rollout apart and keep pod names whole.
const DIGITS: usize = 10;

/// Names a template by its hash.
///
/// # Guarantees
/// The name depends only on what the user wrote: the order of keys and members that are null do not count, every other
/// difference does, even one that Kubernetes would read alike (`1000m` and `1`). No typed struct is involved, so that an
/// upgrade of Serin never turns a template into another revision: that would start a canary of the whole fleet.
pub fn revision(template: &Value) -> Revision {
    let mut template = template.clone();
    drop_nulls(&mut template);
    let mut name = format!("{:x}", Sha256::digest(canonical(&template)));
    name.truncate(DIGITS);
    Revision::new(name)
}

/// What each field of a spec says.
pub fn fields(spec: &Value) -> Fields {
    let mut spec = spec.clone();
    drop_nulls(&mut spec);
    let digest = |value: &Value| Sha256::digest(canonical(value)).first_chunk().copied().map_or(0, u32::from_be_bytes);
    Fields::new(&spec.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), digest(value))).collect())
}

/// The bytes of RFC 8785.
fn canonical(template: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(template).expect("a JSON value has only text keys and finite numbers")
}

/// A null member says the same as none; a null in a list has a place and stays.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
