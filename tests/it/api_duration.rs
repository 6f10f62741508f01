//! Do durations read as people write them?

use chrono::TimeDelta;
use proptest::prelude::*;
use serin::api::{LONGEST, duration_text, parse_duration};

#[test]
fn durations_read_as_people_write_them() {
    let table = [
        ("90s", Some(90_000)),
        ("5m", Some(300_000)),
        ("1h30m", Some(5_400_000)),
        ("30m1h", Some(5_400_000)),
        ("500ms", Some(500)),
        ("1m500ms", Some(60_500)),
        ("0s", Some(0)),
        ("720h", Some(LONGEST.num_milliseconds())),
        ("720h1ms", None),
        ("", None),
        ("5", None),
        ("s", None),
        ("-5m", None),
        ("+5m", None),
        ("1.5h", None),
        ("5 m", None),
        ("5M", None),
        ("1d", None),
        ("5m ", None),
        ("٣s", None),
        ("99999999999999999999s", None),
        ("9223372036854775807h", None),
    ];
    for (text, millis) in table {
        assert_eq!(parse_duration(text), millis.map(TimeDelta::milliseconds), "{text:?}");
    }
}

#[test]
fn a_duration_is_written_as_promql_reads_it() {
    let written = |millis| duration_text(TimeDelta::milliseconds(millis));
    assert_eq!(written(5_430_250), "1h30m30s250ms");
    assert_eq!(written(60_000), "1m");
    assert_eq!(written(1500), "1s500ms");
    assert_eq!((written(0), written(-1)), ("0s".to_owned(), "0s".to_owned()));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(millis in 0..=LONGEST.num_milliseconds()) {
        let duration = TimeDelta::milliseconds(millis);
        prop_assert_eq!(parse_duration(&duration_text(duration)), Some(duration));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,12}") {
        prop_assert!(parse_duration(&text).is_none_or(|duration| duration >= TimeDelta::zero() && duration <= LONGEST));
    }
}
