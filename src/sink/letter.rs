//! What does a sink on the network get to send?

use serde_json::value::RawValue;

use crate::audit::format::Told;

/// One event, ready to be sent.
pub(super) struct Letter<'a> {
    /// What it says, its exact bytes, its id and its hash.
    pub(super) told: &'a Told<'a>,
    /// How this sink wants it told.
    pub(super) text: String,
    /// What the text is, for those who look at it before they read it.
    pub(super) content_type: &'static str,
}

impl Letter<'_> {
    /// The text where it is a JSON object, to be put into another one as it stands.
    pub(super) fn object(&self) -> Option<&RawValue> {
        serde_json::from_str::<&RawValue>(&self.text).ok().filter(|raw| raw.get().starts_with('{'))
    }
}
