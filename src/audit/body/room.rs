//! What of an event has room, and what goes first where it has none?

use super::super::parts::{Analysis, Respec};
use super::super::record::ID_BYTES;
use super::super::text::{self, Scissors};
use super::{Body, MAX_EVENT_BYTES, exact};

/// What `"truncated":true,` takes.
const MARK_BYTES: usize = 17;

/// What is kept free of images for the message: longer ones are rare.
const MESSAGE_BYTES: usize = 350;

/// What `"images":[],` takes, and the quotes and the comma of one image.
const IMAGES_BYTES: usize = 12;
const IMAGE_BYTES: usize = 3;

/// Bounds of single texts, in bytes inside JSON. Together with everything that has a fixed size they leave the message
/// more than 300 bytes in the worst case, and about 900 in an ordinary one.
pub(super) mod bound {
    /// Names of namespaces, rollouts, clusters and checks are DNS labels.
    pub(in crate::audit) const NAME: usize = 63;
    /// `controller/`, a UUID or the name of a cluster, and the name of an instance.
    pub(in crate::audit) const STREAM: usize = 150;
    /// UUIDs.
    pub(in crate::audit) const UID: usize = 36;
    /// Revisions are ten hex digits, reasons a few words in `CamelCase`.
    pub(in crate::audit) const WORD: usize = 40;
    /// Numbers from metrics: 17 digits, a sign, an exponent.
    pub(in crate::audit) const NUMBER: usize = 40;
    /// Two counts of each side and four numbers, with their names.
    pub(in crate::audit) const EVIDENCE: usize = 180;
    /// `system:serviceaccount:` and two names.
    pub(in crate::audit) const ACTOR: usize = 150;
    /// The reason that somebody gave. It stands in the message, too, as far as there is room.
    pub(in crate::audit) const COMMENT: usize = 120;
}

/// The most fields of a spec that are named: a Rollout has fourteen.
const MAX_FIELDS: usize = 16;

/// The longest name among them has twenty letters.
const FIELD_BYTES: usize = 24;

impl Respec {
    /// The same within its bounds. Names come from the schema, which knows no longer ones.
    pub(super) fn bounded(&self) -> Self {
        let Self { changed, from, to } = self;
        let short = |name: &String| name[..name.floor_char_boundary(FIELD_BYTES)].to_owned();
        Self { changed: changed.iter().take(MAX_FIELDS).map(short).collect(), from: exact(*from), to: exact(*to) }
    }
}

impl Body {
    /// Where names are so long that they leave no room for a message, it goes before the numbers of a verdict, the step and what changed
    /// in the spec, which the status and the API server's own audit log have, too.
    pub(super) fn without_details(mut self, scissors: &mut Scissors) -> Self {
        if self.analysis.as_ref().is_some_and(|analysis| analysis.evidence.is_some()) && self.room() < MESSAGE_BYTES {
            self.analysis = self.analysis.map(|analysis| Analysis { evidence: None, ..analysis });
            scissors.used = true;
        }
        if self.step.is_some() && self.room() < MESSAGE_BYTES {
            self.step = None;
            scissors.used = true;
        }
        if self.spec.is_some() && self.room() < MESSAGE_BYTES {
            self.spec = None;
            scissors.used = true;
        }
        self
    }

    /// Puts in as many of the images, whole, as leave room for an ordinary message; says what room is left.
    pub(super) fn with_images(mut self, images: &[String], scissors: &mut Scissors) -> (Self, usize) {
        let mut room = self.room();
        for image in images {
            // The first one brings the list, and needs no comma.
            let list = if self.images.is_empty() { IMAGES_BYTES - 1 } else { 0 };
            let bytes = list + text::bytes(image) + IMAGE_BYTES;
            if bytes + MESSAGE_BYTES >= room {
                scissors.used = true;
                break;
            }
            room -= bytes;
            self.images.push(image.clone());
        }
        (self, room)
    }

    /// What is left beside an id and the mark of what was cut. An event has no fractions, and without them plain JSON is as long as canonical.
    pub(super) fn room(&self) -> usize {
        let plain = serde_json::to_string(self).expect("plain data can always be written as JSON");
        MAX_EVENT_BYTES.saturating_sub(plain.len() + ID_BYTES + MARK_BYTES)
    }

    /// Puts in as much of the message as there is room for, and marks what was cut.
    pub(super) fn fit(mut self, message: &str, room: usize, mut scissors: Scissors) -> Self {
        let exact = room + if scissors.used { 0 } else { MARK_BYTES };
        self.message = if text::bytes(message) <= exact { message.to_owned() } else { scissors.cut(message, room) };
        self.truncated = scissors.used;
        self
    }
}
