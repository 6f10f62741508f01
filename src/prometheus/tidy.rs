//! Which words of a backend may reach a status, an event, a log? Short ones, on one line, without credentials.

use reqwest::header::HeaderMap;

use crate::rollout::Reading;

/// Texts are shown in a condition and in events, where a line or two help and more does not fit.
const MAX_CHARS: usize = 300;
/// Shorter words are no credentials, and would blank out ordinary text.
const MIN_SECRET_BYTES: usize = 8;

/// What no text may repeat.
#[derive(Clone)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The words of all configured headers: a gateway that is asked wrongly may print them.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter_map(|value| value.to_str().ok());
        let words = values.flat_map(str::split_ascii_whitespace).filter(|word| word.len() >= MIN_SECRET_BYTES);
        Self(words.map(str::to_owned).collect())
    }

    /// With the token of one request, and the texts that its query quotes: Prometheus repeats those where it refuses a query.
    pub(super) fn and(&self, token: Option<&str>, query: &str) -> Self {
        let quoted = ['"', '\'', '`'].into_iter().flat_map(|quote| query.split(quote).skip(1).step_by(2));
        let more = token.into_iter().chain(quoted.filter(|text| text.len() >= MIN_SECRET_BYTES));
        Self(self.0.iter().map(String::as_str).chain(more).map(str::to_owned).collect())
    }
}

/// The reading with its text made fit to be shown.
pub(super) fn tidy(reading: Reading, secrets: &Secrets) -> Reading {
    let clean = |text: String| shorten(&conceal(text, secrets));
    match reading {
        Reading::WrongType(text) => Reading::WrongType(clean(text)),
        Reading::Partial(text) => Reading::Partial(clean(text)),
        Reading::BadQuery(text) => Reading::BadQuery(clean(text)),
        Reading::QueryFailed(text) => Reading::QueryFailed(clean(text)),
        Reading::Malformed(text) => Reading::Malformed(clean(text)),
        Reading::Unreachable(text) => Reading::Unreachable(clean(text)),
        textless @ (Reading::Value(_)
        | Reading::Counts(_)
        | Reading::NoBucket
        | Reading::NoData
        | Reading::NotANumber
        | Reading::Infinite
        | Reading::SeveralSeries(_)
        | Reading::Unauthorized(_)
        | Reading::Throttled
        | Reading::Unavailable(_)
        | Reading::HttpStatus(_)
        | Reading::TooLarge
        | Reading::TimedOut) => textless,
    }
}

fn conceal(text: String, Secrets(words): &Secrets) -> String {
    words.iter().fold(text, |text, secret| without(&text, secret))
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

fn shorten(text: &str) -> String {
    let mut line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        let last = line.char_indices().nth(MAX_CHARS - 1).map_or(end, |(at, _)| at);
        line.truncate(last);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_of_at_most_300_characters() {
        let reading = tidy(Reading::BadQuery(format!("a\r\n\u{1b}[31m b{}", "é".repeat(400))), &Secrets(vec![]));
        let Reading::BadQuery(text) = reading else { panic!("another reading: {reading:?}") };
        assert!(text.starts_with("a [31m bé") && text.ends_with("é…"), "{text}");
        assert_eq!(text.chars().count(), 300);
    }

    #[test]
    fn a_text_of_exactly_300_characters_is_whole() {
        let given = Reading::BadQuery("é".repeat(300));
        assert_eq!(tidy(given.clone(), &Secrets(vec![])), given);
    }

    #[test]
    fn what_a_query_quotes_is_concealed() {
        let secrets = Secrets(vec![]).and(None, r#"sum(up{token="hunter2hunter2", job='web', user=`somebody-else`})"#);
        let given = r#"1:5: parse error: unexpected "hunter2hunter2" or "hunter2hu"... near somebody-else of job web"#;
        let expect = r#"1:5: parse error: unexpected "[concealed]" or "[concealed]"... near [concealed] of job web"#;
        assert_eq!(tidy(Reading::BadQuery(given.to_owned()), &secrets), Reading::BadQuery(expect.to_owned()));
    }

    #[test]
    fn words_of_headers_and_the_token_are_concealed_before_the_text_is_cut() {
        let headers = [("authorization", "Basic dXNlcjpwYXNz"), ("x-scope-orgid", "team-a")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let secrets = Secrets::of(&headers.collect());
        for (given, expect) in [
            ("sent dXNlcjpwYXNz of team-a with t0k".to_owned(), "sent [concealed] of team-a with [concealed]".to_owned()),
            (format!("{} dXNlcjpwYXNz", "x".repeat(295)), format!("{} [co…", "x".repeat(295))),
        ] {
            assert_eq!(tidy(Reading::Malformed(given), &secrets.and(Some("t0k"), "up")), Reading::Malformed(expect));
        }
    }
}
