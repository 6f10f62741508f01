//! Which words of somebody else may reach a status, an event, a log? Short ones, on one line, without credentials.

use reqwest::header::HeaderMap;

/// Texts are shown in a condition and in events, where a line or two help and more does not fit.
const MAX_CHARS: usize = 300;
/// Shorter words are no credentials, and would blank out ordinary text.
const MIN_SECRET_BYTES: usize = 8;

/// What no text may repeat.
#[derive(Clone)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The words of all configured headers: a gateway that is asked wrongly may print them.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter_map(|value| value.to_str().ok());
        let words = values.flat_map(str::split_ascii_whitespace).filter(|word| word.len() >= MIN_SECRET_BYTES);
        Self(words.map(str::to_owned).collect())
    }

    /// The text without these words and without the one that is given besides.
    pub fn conceal(&self, text: String, token: Option<&str>) -> String {
        let all = self.0.iter().map(String::as_str).chain(token.filter(|token| !token.is_empty()));
        all.fold(text, |text, secret| text.replace(secret, "[concealed]"))
    }
}

/// One line of at most 300 characters.
pub fn shorten(text: &str) -> String {
    let mut line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        let last = line.char_indices().nth(MAX_CHARS - 1).map_or(end, |(at, _)| at);
        line.truncate(last);
        line.push('…');
    }
    line
}
