//! What does an image's tag ask of the traffic?

use std::time::Duration;

/// How long a request takes when the tag does not say.
const USUAL_LATENCY: Duration = Duration::from_millis(20);

/// What the traffic reads from a tag: words after the version, separated by `-`, as in `v3-err20-lat250`. All other words are the nodes' business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// `err<N>`, `permille<N>`: how many percent or thousandths of the requests fail with 500; none without the word, at most all.
    pub errors_per_mille: u32,
    /// `cold<N>`: the same of a pod that is still cold, where its Service says which are warm (`dev.serin/warm`).
    pub cold_per_mille: Option<u32>,
    /// `lat<N>`: how many milliseconds a request takes; 20 without the word.
    pub latency: Duration,
}

impl Tag {
    /// Reads the tag of an image. A word that is none of ours is ignored, so is a number that makes no sense.
    pub fn of_image(image: &str) -> Self {
        let mut tag = Self { errors_per_mille: 0, cold_per_mille: None, latency: USUAL_LATENCY };
        for word in image_tag(image).split('-').skip(1) {
            if let Some(percent) = number(word, "err").filter(|percent| *percent <= 100) {
                tag.errors_per_mille = percent * 10;
            }
            if let Some(thousandths) = number(word, "permille").filter(|thousandths| *thousandths <= 1000) {
                tag.errors_per_mille = thousandths;
            }
            if let Some(thousandths) = number(word, "cold").filter(|thousandths| *thousandths <= 1000) {
                tag.cold_per_mille = Some(thousandths);
            }
            if let Some(milliseconds) = number(word, "lat") {
                tag.latency = Duration::from_millis(milliseconds.into());
            }
        }
        tag
    }

    /// How a pod does that is still cold.
    #[must_use]
    pub fn cold(self) -> Self {
        Self { errors_per_mille: self.cold_per_mille.unwrap_or(self.errors_per_mille), ..self }
    }
}

/// The tag of an image without registry, name and digest; empty if there is none.
pub fn image_tag(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split('@').next().unwrap_or(name);
    name.split_once(':').map_or("", |(_, tag)| tag)
}

fn number(word: &str, prefix: &str) -> Option<u32> {
    word.strip_prefix(prefix)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(image: &str, errors_per_mille: u32, latency_ms: u64) {
        let expected = Tag { errors_per_mille, cold_per_mille: None, latency: Duration::from_millis(latency_ms) };
        assert_eq!(Tag::of_image(image), expected, "{image}");
    }

    #[test]
    fn the_words_of_a_tag_say_how_requests_go() {
        check("app:v2", 0, 20);
        check("app:v3-err20", 200, 20);
        check("app:v3-lat250", 0, 250);
        check("app:v3-err5-lat250", 50, 250);
        check("app:v3-permille1", 1, 20);
        check("app:v3-permille1001", 0, 20);
        check("app:v3-slow-err100", 1000, 20);
    }

    #[test]
    fn a_cold_pod_may_fail_more_often() {
        let failing = |image| Tag::of_image(image).cold().errors_per_mille;
        assert_eq!([failing("app:v1-permille10-cold50"), failing("app:v1-permille10"), failing("app:v1-cold1001")], [50, 10, 0]);
    }

    #[test]
    fn words_of_others_and_nonsense_are_ignored() {
        check("app:v3-crash", 0, 20);
        check("app:v3-err101", 0, 20);
        check("app:v3-err", 0, 20);
        check("app:err50", 0, 20);
        check("app", 0, 20);
    }

    #[test]
    fn a_registrys_port_and_a_digest_are_no_tag() {
        assert_eq!(image_tag("registry:5000/team/app:v1-err3@sha256:abcd"), "v1-err3");
        assert_eq!(image_tag("registry:5000/team/app"), "");
        assert_eq!(image_tag("app@sha256:abcd"), "");
    }
}
