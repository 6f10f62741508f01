//! Which fields of a spec say something else than before? A digest of each is remembered, and nothing of what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The fields of a spec, each with a digest of what it says. One text, because every status holds it and every pass carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Fields(Arc<str>);

impl Fields {
    /// These digests, by the names of their fields.
    pub fn new(digests: &BTreeMap<&str, u32>) -> Self {
        let mut text = String::new();
        for (name, digest) in digests {
            let between = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{between}{name}={digest:08x}"); // writing to a String cannot fail
        }
        Self(text.into())
    }

    /// The names of those that say something else than in `before`, or that only one of the two has.
    pub fn changed<'a>(&'a self, before: &'a Self) -> BTreeSet<&'a str> {
        let (now, then) = (self.digests(), before.digests());
        let names: BTreeSet<&str> = now.keys().chain(then.keys()).copied().collect();
        names.into_iter().filter(|name| now.get(name) != then.get(name)).collect()
    }

    fn digests(&self) -> BTreeMap<&str, &str> {
        self.0.split(' ').filter_map(|field| field.split_once('=')).collect()
    }
}

impl From<String> for Fields {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Fields> for String {
    fn from(Fields(text): Fields) -> Self {
        text.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_gone_or_another_is_named() {
        let fields = |digests: &[(&'static str, u32)]| Fields::new(&digests.iter().copied().collect());
        let before = fields(&[("paused", 1), ("steps", 2), ("template", 3)]);
        assert_eq!(String::from(before.clone()), "paused=00000001 steps=00000002 template=00000003");
        let now = fields(&[("bake", 5), ("steps", 4), ("template", 3)]);
        assert_eq!(now.changed(&before), ["bake", "paused", "steps"].into());
        assert_eq!(now.changed(&now), BTreeSet::new());
        assert_eq!(fields(&[]).changed(&Fields("nonsense of = somebody".into())), [""].into(), "a status that somebody edited");
    }
}
