//! Which words of a backend may reach a status, an event, a log? Short ones, on one line, without credentials.

use crate::rollout::Reading;
use crate::wire::{Secrets, shorten};

/// The reading with its text made fit to be shown.
pub(super) fn tidy(reading: Reading, secrets: &Secrets) -> Reading {
    let clean = |text: String| shorten(&secrets.conceal(text, None));
    match reading {
        Reading::WrongType(text) => Reading::WrongType(clean(text)),
        Reading::Partial(text) => Reading::Partial(clean(text)),
        Reading::BadQuery(text) => Reading::BadQuery(clean(text)),
        Reading::QueryFailed(text) => Reading::QueryFailed(clean(text)),
        Reading::Malformed(text) => Reading::Malformed(clean(text)),
        Reading::Unreachable(text) => Reading::Unreachable(clean(text)),
        textless @ (Reading::Value(_)
        | Reading::Backed(..)
        | Reading::Counts(_)
        | Reading::Means(_)
        | Reading::Bounds(_)
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

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn nothing() -> Secrets {
        Secrets::of(&HeaderMap::new())
    }

    #[test]
    fn a_text_is_one_line_of_at_most_300_characters() {
        let reading = tidy(Reading::BadQuery(format!("a\r\n\u{1b}[31m b{}", "é".repeat(400))), &nothing());
        let Reading::BadQuery(text) = reading else { panic!("another reading: {reading:?}") };
        assert!(text.starts_with("a [31m bé") && text.ends_with("é…"), "{text}");
        assert_eq!(text.chars().count(), 300);
    }

    #[test]
    fn a_text_of_exactly_300_characters_is_whole() {
        let given = Reading::BadQuery("é".repeat(300));
        assert_eq!(tidy(given.clone(), &nothing()), given);
    }

    #[test]
    fn what_a_query_quotes_is_concealed() {
        let secrets = nothing().and_quoted(r#"sum(up{token="hunter2hunter2", job='web', user=`somebody-else`})"#);
        let given = r#"1:5: parse error: unexpected "hunter2hunter2" or "hunter2hu"... near somebody-else of job web"#;
        let expect = r#"1:5: parse error: unexpected "[concealed]" or "[concealed]"... near [concealed] of job web"#;
        assert_eq!(tidy(Reading::BadQuery(given.to_owned()), &secrets), Reading::BadQuery(expect.to_owned()));
    }

    #[test]
    fn words_of_headers_and_the_token_are_concealed_before_the_text_is_cut() {
        let headers = [("authorization", "Basic dXNlcjpwYXNz"), ("x-scope-orgid", "team-a")]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let secrets = Secrets::of(&headers.collect()).and(["t0k".to_owned()]);
        for (given, expect) in [
            ("sent dXNlcjpwYXNz of team-a with t0k".to_owned(), "sent [concealed] of team-a with [concealed]".to_owned()),
            (format!("{} dXNlcjpwYXNz", "x".repeat(295)), format!("{} [co…", "x".repeat(295))),
        ] {
            assert_eq!(tidy(Reading::Malformed(given), &secrets), Reading::Malformed(expect));
        }
    }
}
