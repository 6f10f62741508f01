//! How does a body get smaller on its way, and does the receiver read it so?

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::answer::Answer;
use crate::config::Packing;

/// Below, what is saved is a part of one packet.
const WORTH_IT: usize = 1 << 10;

/// The value of `Content-Encoding`.
pub(super) const GZIP: &str = "gzip";

/// The body as it is sent where that is not the body itself.
pub(super) fn pack(packing: Packing, body: &[u8]) -> Option<Vec<u8>> {
    match packing {
        Packing::None => None,
        Packing::Gzip if body.len() < WORTH_IT => None,
        Packing::Gzip => {
            // Events repeat themselves: the quickest way leaves a sixth of them already.
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(body).and_then(|()| packed.finish()).ok()
        }
    }
}

/// Whether an answer may be one to the packing: a receiver that does not unpack sees no event at all, and says so as it would of a broken one.
pub(super) const fn may_be_unread(answer: &Answer) -> bool {
    matches!(answer.status, 400 | 415 | 422)
}
