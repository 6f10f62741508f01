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

    /// These words, and the texts that a query quotes: Prometheus repeats those where it refuses a query.
    #[must_use]
    pub fn and_quoted(&self, query: &str) -> Self {
        let quoted = ['"', '\'', '`'].into_iter().flat_map(|quote| query.split(quote).skip(1).step_by(2));
        let more = quoted.filter(|text| text.len() >= MIN_SECRET_BYTES).map(str::to_owned);
        Self(self.0.iter().cloned().chain(more).collect())
    }

    /// These words, and others that are secret however short they are.
    #[must_use]
    pub fn and(&self, more: impl IntoIterator<Item = String>) -> Self {
        Self(self.0.iter().cloned().chain(more.into_iter().filter(|secret| !secret.is_empty())).collect())
    }

    /// The text without these words and without the one that is given besides.
    pub fn conceal(&self, text: String, token: Option<&str>) -> String {
        let all = self.0.iter().map(String::as_str).chain(token.filter(|token| !token.is_empty()));
        all.fold(text, |text, secret| without(&text, secret))
    }
}

/// The text without the secret, and without a long beginning of it: Prometheus shows the first letters of what it did not expect.
fn without(text: &str, secret: &str) -> String {
    let telling = &secret[..secret.floor_char_boundary(MIN_SECRET_BYTES)];
    let mut parts = text.split(telling);
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str("[concealed]");
        let more = part.chars().zip(secret[telling.len()..].chars()).take_while(|(one, other)| one == other);
        clean.push_str(&part[more.map(|(letter, _)| letter.len_utf8()).sum::<usize>()..]);
    }
    clean
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
