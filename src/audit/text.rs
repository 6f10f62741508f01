//! How long a text may be: cut at a character boundary, measured as the bytes it takes inside JSON.

/// Cuts texts and remembers whether it had to.
#[derive(Debug, Default)]
pub(super) struct Scissors {
    /// Whether any text was cut so far.
    pub(super) used: bool,
}

impl Scissors {
    /// The longest beginning of `text` that takes at most `limit` bytes inside a JSON string.
    pub(super) fn cut(&mut self, text: &str, limit: usize) -> String {
        let kept = beginning(text, limit);
        self.used |= kept.len() < text.len();
        kept.to_owned()
    }
}

/// The bytes that `text` takes inside a JSON string, without the quotes.
pub(super) fn bytes(text: &str) -> usize {
    text.chars().map(escaped).sum()
}

fn beginning(text: &str, limit: usize) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += escaped(c);
        if taken > limit {
            return &text[..at];
        }
    }
    text
}

/// RFC 8785 escapes quotes, backslashes and control characters, and nothing else.
fn escaped(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_kept_whole_or_not_at_all() {
        let mut scissors = Scissors::default();
        assert_eq!(scissors.cut("aé€", 3), "aé");
        assert_eq!(scissors.cut("aé€", 5), "aé");
        assert!(scissors.used);
    }

    #[test]
    fn what_json_escapes_counts_as_it_is_written() {
        let odd = "\"\\\n\t\u{1}\u{7f}\u{2028}😀";
        let written = serde_json::to_string(odd).expect("a string");
        assert_eq!(bytes(odd), written.len() - 2);
        assert!(!Scissors::default().used);
    }
}
