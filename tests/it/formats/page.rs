//! The page about the formats: what each says of the same event.

use std::fmt::Write as _;

use serin::audit::format::Scale;
use serin::audit::{Format, Kind};
use serin::rollout::Severity;

use super::{object, one_of_each, rendered, reporter, syslog};

const HEAD: &str = "\
# The formats of events

Written by `make gen`. An event stays what its [canonical bytes](events.md) say; a format only lays them out, for stores that have words of their own. What comes
out is one line, whatever names and messages hold. The examples tell the same event.
";

/// What is said of each format before its example.
const fn about(format: Format) -> &'static str {
    match format {
        Format::Json => "The canonical bytes themselves, as they were hashed. [events.md](events.md) explains every member.",
        Format::Ocsf => {
            "OCSF 1.8.0, class 6003 (API Activity) for all events, so that one query finds them; `metadata.event_code` tells them apart. \
             `raw_data` has the canonical bytes and `raw_data_hash` their hash. An actor that nothing verified has `type_id` 0. `promotion.forced` has the \
             profile `security_control` and `is_alert`."
        }
        Format::Ecs => {
            "Elastic Common Schema 9.4. `event.original` has the canonical bytes and `event.hash` their hash. What the schema has no field for \
             stands in `labels`, as text. `promotion.forced` is of the kind `alert`."
        }
        Format::Cef => {
            "Common Event Format, version 0. Texts are cut to the lengths of the format's dictionary. A control character that is no end of a \
             line becomes a space. The bytes that were hashed are not in it: `cs4`, `cs5`, `cs6` and `cn1` (hash, previous hash, stream, number) show holes, not edits."
        }
        Format::Leef => {
            "Log Event Extended Format 2.0, with `^` between attributes. The format has no escape: a `^`, and any control character, becomes a space. \
             As with CEF, holes can be seen, and edits cannot."
        }
        Format::CloudEvents => {
            "CloudEvents 1.0.2, structured mode. `data` is the canonical event. `sequence` counts within `source`, which names the Rollout and its uid. \
             The extensions `sequence`, `partitionkey`, `authtype`, `authid`, `severitytext` and `severitynumber` are those that the project documents; \
             `correlationid` joins the events of one attempt."
        }
        Format::CdEvents => {
            "CDEvents 0.5.1, for the few events for which it has a word; the others are not told in this format. `customData` is the canonical \
             event. The artifact is the revision. `rollout.deleted` is told where the Deployments go with the Rollout (`reason` is `DeploymentsDeleted`): otherwise they go on serving."
        }
    }
}

const SYSLOG: &str = "\
## RFC 5424

Around any of these formats, for syslog: facility 13 (log audit), the type as MSGID, and structured data that receivers can index. The number 32473 in its name is
the one that IANA keeps for examples: Serin has none of its own. The body carries no byte order mark.
";

fn page() -> String {
    let records = one_of_each();
    let aborted = records.iter().find(|record| record.text.contains("rollout.aborted")).expect("it is one of the kinds");
    let mut page = format!("{HEAD}\n{}", severities());
    for format in Format::ALL {
        write!(page, "\n## `{}`\n\n{}\n", format.name(), about(format)).unwrap();
        if format == Format::CdEvents {
            page.push_str(&cdevents());
        }
        write!(page, "\n```text\n{}\n```\n", rendered(format, aborted)).unwrap();
    }
    write!(page, "\n{SYSLOG}\n```text\n{}\n```\n", syslog(aborted, Format::Leef)).unwrap();
    page
}

fn severities() -> String {
    let mut table = "| severity | OCSF | syslog | CEF, LEEF | ECS | OpenTelemetry, CloudEvents |\n|---|---|---|---|---|---|\n".to_owned();
    let all = [
        ("info", Severity::Info),
        ("notice", Severity::Notice),
        ("warning", Severity::Warning),
        ("high", Severity::High),
        ("critical", Severity::Critical),
    ];
    for (name, severity) in all {
        let Scale { ocsf, syslog, of_ten, ecs, otel, otel_text } = Scale::of(severity);
        writeln!(table, "| `{name}` | {ocsf} | {syslog} | {of_ten} | {ecs} | {otel} {otel_text} |").unwrap();
    }
    table
}

fn cdevents() -> String {
    let mut table = "\n| event | told as |\n|---|---|\n".to_owned();
    for (kind, record) in Kind::all().zip(one_of_each()) {
        if Format::CdEvents.render(&record, &reporter()).expect("our own words").is_some() {
            let event = object(Format::CdEvents, &record);
            writeln!(table, "| `{}` | `{}` |", kind.name(), event["context"]["type"].as_str().unwrap()).unwrap();
        }
    }
    table
}

#[test]
fn generated_page_of_the_formats_is_fresh() {
    crate::generated::check("docs/formats.md", &page());
}
