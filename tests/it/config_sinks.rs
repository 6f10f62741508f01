//! The sinks of the configuration file: what is accepted, what is refused, and in which words.

#![expect(clippy::panic, reason = "a helper that cannot go on has failed its test")]

use std::path::PathBuf;
use std::time::Duration;

use serin::audit::Format;
use serin::config::{Acknowledged, Address, Dialect, FileTarget, Need, Packing, Sink, SyslogTarget, Target, Tls, parse};
use serin::rollout::Severity;

/// A file with one sink that has these keys.
fn sinks(keys: &str) -> String {
    format!("sinks:\n- {{name: a, {keys}}}\n")
}

fn only(keys: &str) -> Sink {
    parse(&sinks(keys)).unwrap_or_else(|error| panic!("{keys}: {error}")).sinks.all()[0].clone()
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    match parse(text) {
        Err(error) => assert_eq!(error.to_string(), expect, "{text}"),
        Ok(config) => panic!("accepted: {text}\n{config:?}"),
    }
}

#[test]
fn without_a_word_events_go_to_standard_output() {
    for text in ["", "sinks:\n", "sinks: []\n"] {
        assert_eq!(parse(text).unwrap().sinks.all(), [Sink::stdout()], "{text:?}");
    }
}

#[test]
fn every_type_is_understood() {
    let sink =
        only("type: splunkHec, url: 'https://s:8088/services/collector/event', tokenFile: /t, index: audit, timeout: 5s, caFile: /ca");
    let Target::Http(target) = &sink.target else { panic!("{sink:?}") };
    assert_eq!(target.dialect, Dialect::SplunkHec { index: Some("audit".to_owned()), acknowledged: Acknowledged::ByCollector });
    assert_eq!((sink.need, sink.timeout, target.token_file.as_deref()), (Need::Required, Duration::from_secs(5), Some("/t".as_ref())));
    assert_eq!(target.tls, Tls { ca_file: Some("/ca".into()), client: None });
    let sink = only("type: sumo, urlFile: /url");
    let Target::Http(target) = &sink.target else { panic!("{sink:?}") };
    assert_eq!((&target.dialect, &target.address), (&Dialect::Sumo, &Address::File(PathBuf::from("/url"))));
    let sink = only("type: elasticsearch, url: 'http://e/_bulk'");
    let Target::Http(target) = &sink.target else { panic!("{sink:?}") };
    assert_eq!(target.dialect, Dialect::Elasticsearch { index: "logs-serin.audit-default".to_owned() });
    let sink = only("type: webhook, url: 'https://w/', secretFile: /s, clientCertFile: /c, clientKeyFile: /k");
    let Target::Http(target) = &sink.target else { panic!("{sink:?}") };
    assert_eq!(target.dialect, Dialect::Webhook { secret_file: Some("/s".into()) });
    assert_eq!(target.tls.client, Some(("/c".into(), "/k".into())));
    assert_eq!(target.packing, Packing::None);
    let sink = only("type: otlp, url: 'http://c/v1/logs', gzip: true");
    let Target::Http(target) = &sink.target else { panic!("{sink:?}") };
    assert_eq!((&target.dialect, target.packing), (&Dialect::Otlp, Packing::Gzip));
    let file = FileTarget { path: "/var/log/serin/events".into(), max_bytes: 1 << 20, keep: 2 };
    assert_eq!(only("type: file, path: /var/log/serin/events, maxBytes: 1048576, keep: 2").target, Target::File(file));
    let tls = Some(Tls { ca_file: Some("/ca".into()), client: None });
    let syslog = SyslogTarget { host: "::1".to_owned(), port: 6514, tls };
    assert_eq!(only("type: syslog, url: 'tls://[::1]:6514', caFile: /ca").target, Target::Syslog(syslog));
    let syslog = SyslogTarget { host: "siem".to_owned(), port: 601, tls: None };
    assert_eq!(only("type: syslog, url: 'tcp://siem:601'").target, Target::Syslog(syslog));
    let sink = only("type: stdout, only: {types: [rollout.*, audit.gap], severity: high, namespaces: [shop]}");
    assert_eq!((sink.only.types.len(), sink.only.severity, sink.only.namespaces), (2, Some(Severity::High), vec!["shop".to_owned()]));
}

#[test]
fn people_are_told_of_what_they_need_and_nothing_waits_for_that() {
    let text = |keys: &str| format!("sinks: [{{name: a, type: stdout}}, {{name: b, {keys}}}]");
    let second = |keys: &str| parse(&text(keys)).unwrap_or_else(|error| panic!("{keys}: {error}")).sinks.all()[1].clone();
    let slack = second("type: slack, urlFile: /url");
    assert_eq!((slack.need, slack.only.types.contains(&"rollout.aborted".to_owned())), (Need::BestEffort, true));
    assert!(!slack.only.types.contains(&"step.started".to_owned()), "{:?}", slack.only);
    let teams =
        second("type: teams, url: 'https://t/', delivery: required, only: {types: [rollout.*], severity: high}, runbooks: 'https://p/'");
    assert_eq!((teams.need, teams.only.types, teams.only.severity), (Need::Required, vec!["rollout.*".to_owned()], Some(Severity::High)));
    let pager = second("type: pagerDuty, tokenFile: /key, only: {namespaces: [shop]}");
    let Target::Http(target) = &pager.target else { panic!("{pager:?}") };
    assert_eq!(target.address, Address::Url("https://events.pagerduty.com/v2/enqueue".parse().unwrap()));
    assert_eq!((pager.only.namespaces, pager.only.types.len()), (vec!["shop".to_owned()], 13));
    for (keys, expect) in [
        ("type: pagerDuty", "the sink `b` needs a tokenFile: the integration key of a service of PagerDuty"),
        ("type: slack, urlFile: /u, tokenFile: /t", "the sink `b` is of a type that has no tokenFile; leave it out"),
        ("type: slack, urlFile: /u, format: ocsf", "the sink `b` is of a type that has no format; leave it out"),
        ("type: webhook, url: 'http://w/', acknowledgment: indexer", "the sink `b` is of a type that has no acknowledgment; leave it out"),
        ("type: slack, urlFile: /u, gzip: true", "the sink `b` is of a type that has no gzip; leave it out"),
        ("type: syslog, url: 'tcp://a:1', gzip: true", "the sink `b` is of a type that has no gzip; leave it out"),
        ("type: teams", "the sink `b` needs a url, or a urlFile where the URL is a secret"),
        ("type: webhook, url: 'http://w/', runbooks: 'https://p/'", "the sink `b` is of a type that has no runbooks; leave it out"),
    ] {
        let error = parse(&text(keys)).unwrap_err().to_string();
        assert!(error.ends_with(expect), "{error}");
    }
}

#[test]
fn each_type_has_the_format_that_its_readers_understand_unless_another_one_is_named() {
    for (keys, expect) in [
        ("type: stdout", Format::Json),
        ("type: file, path: /a", Format::Json),
        ("type: splunkHec, url: 'http://a', tokenFile: /t", Format::Ocsf),
        ("type: sumo, urlFile: /u", Format::Ocsf),
        ("type: elasticsearch, url: 'http://a'", Format::Ecs),
        ("type: webhook, url: 'http://a'", Format::CloudEvents),
        ("type: otlp, url: 'http://a'", Format::Json),
        ("type: syslog, url: 'tcp://a:1'", Format::Json),
        ("type: syslog, url: 'tcp://a:1', format: cef", Format::Cef),
        ("type: webhook, url: 'http://a', format: cdevents", Format::CdEvents),
    ] {
        assert_eq!(only(keys).format, expect, "{keys}");
    }
}

#[test]
fn a_sink_that_cannot_work_is_refused_in_words() {
    let at = "line 2, column 3: ";
    let like = "write it like tls://siem.example.com:6514 or tcp://127.0.0.1:601";
    for (keys, expect) in [
        ("type: webhook", "the sink `a` needs a url, or a urlFile where the URL is a secret".to_owned()),
        ("type: webhook, url: 'http://a', urlFile: /u", "the sink `a` has a url and a urlFile; keep one of them".to_owned()),
        ("type: webhook, url: 'tcp://a:1'", "a URL begins with http:// or https://, not with tcp:".to_owned()),
        ("type: splunkHec, url: 'http://a'", "the sink `a` needs a tokenFile: Splunk takes no event without a token".to_owned()),
        (
            "type: otlp, url: 'http://a', tokenFile: /t, headers: {Authorization: x}",
            "the sink `a` has a tokenFile and a header authorization; keep one of them".to_owned(),
        ),
        ("type: sumo, url: 'http://a', index: x", "the sink `a` is of a type that has no index; leave it out".to_owned()),
        ("type: stdout, timeout: 1s", "the sink `a` is of a type that has no timeout; leave it out".to_owned()),
        ("type: file", "a sink of type file needs a path".to_owned()),
        (
            "type: webhook, url: 'http://a', clientCertFile: /c",
            "the sink `a` has one of clientCertFile and clientKeyFile; it needs both or none".to_owned(),
        ),
        ("type: syslog", format!("the sink `a` needs a url; {like}")),
        ("type: syslog, url: 'tcp://a'", format!("the url of the sink `a` has no host or no port; {like}")),
        ("type: syslog, url: 'udp://a:1'", format!("the url of a sink of type syslog begins with tls:// or tcp://, not with udp:; {like}")),
        (
            "type: syslog, url: 'tls://a:1'",
            "the sink `a` needs a caFile: the certificate of the authority that its receiver's is of".to_owned(),
        ),
        ("type: syslog, url: 'tcp://a:1', caFile: /ca", format!("the sink `a` has certificates, but its url says tcp; {like}")),
    ] {
        refused(&sinks(keys), &format!("{at}{expect}"));
    }
}

#[test]
fn a_value_that_is_not_allowed_is_named_with_its_place() {
    for (keys, expect) in [
        (
            "type: kafka",
            "column 19: unknown variant `kafka`, expected one of stdout, file, webhook, splunkHec, sumo, otlp, elasticsearch, syslog, slack, teams, pagerDuty",
        ),
        ("type: stdout, delivery: maybe", "column 37: unknown variant `maybe`, expected one of required, bestEffort"),
        ("type: file, path: a", "column 31: `a` is no absolute path; name a file from / on"),
        ("type: file, keep: 0", "column 31: keep is a whole number from 1 to 100, not `0`"),
        (
            "type: webhook, url: 'http://u:p@a'",
            "column 33: a URL must not hold credentials; put a token into a file and name it in tokenFile",
        ),
        (
            "type: stdout, only: {types: [rollout.nonsense]}",
            "column 41: no event is of the type `rollout.nonsense`; docs/events.md lists them, and `rollout.*` is a family",
        ),
        ("type: stdout, only: {severity: bad}", "column 44: `bad` is no severity; one of info, notice, warning, high, critical"),
    ] {
        refused(&sinks(keys), &format!("line 2, {expect}"));
    }
}

#[test]
fn sinks_are_checked_together() {
    for (list, expect) in [
        (
            "[{name: a, type: file, path: /a, delivery: bestEffort}]",
            "every sink is bestEffort, so no event would wait until it has arrived; make one of them required",
        ),
        ("[{name: a, type: file, path: /a}, {name: a, type: file, path: /b}]", "two sinks are named `a`; give each its own name"),
        ("[{name: a, type: stdout}, {name: b, type: stdout}]", "two sinks are standard output; keep one of them"),
    ] {
        refused(&format!("sinks: {list}"), &format!("line 1, column 8: {expect}"));
    }
}
