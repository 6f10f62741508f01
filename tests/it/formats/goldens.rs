//! Every kind of event in every format, byte for byte.

use insta::assert_snapshot;
use serin::audit::{Format, Kind};

use super::{one_of_each, rendered, reporter, syslog};

fn page(format: Format) -> String {
    one_of_each().iter().filter_map(|record| format.render(record, &reporter()).expect("our own words")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_kind_has_its_golden_in_each_format() {
    for format in Format::ALL {
        assert_snapshot!(format.name(), page(format));
    }
    let messages: Vec<String> = one_of_each().iter().map(|record| syslog(record, Format::Cef)).collect();
    assert_snapshot!("syslog", messages.join("\n"));
}

#[test]
fn the_goldens_cover_every_kind() {
    let told: Vec<String> = one_of_each().iter().map(|record| record.body().expect("our own format").kind).collect();
    let kinds: Vec<&str> = Kind::all().map(Kind::name).collect();
    assert_eq!(told, kinds);
}

#[test]
fn json_is_the_canonical_bytes() {
    for record in one_of_each() {
        assert_eq!(rendered(Format::Json, &record), record.text);
    }
}

#[test]
fn an_event_of_a_later_version_is_not_told_in_words_that_may_be_wrong() {
    let mut record = one_of_each().remove(0);
    record.text = record.text.replace("rollout.created", "rollout.teleported");
    let error = Format::Ocsf.render(&record, &reporter()).expect_err("nobody knows what it means");
    assert_snapshot!(error, @r#"the event's type is "rollout.teleported", which this version of Serin does not know; run the version that told it, or a newer one"#);
}
