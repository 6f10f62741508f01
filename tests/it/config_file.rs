//! The configuration file: what is accepted, what is refused, and in which words.

#![expect(clippy::panic, reason = "a helper that cannot go on has failed its test")]

use std::time::Duration;

use serin::config::{Config, Lease, Login, Sink, Tls, parse};
use serin::lease::Terms;

/// A file with one provider that has these lines more.
fn provider(lines: &str) -> String {
    let lines = lines.lines().fold(String::new(), |all, line| all + "    " + line + "\n");
    format!("metrics:\n  providers:\n  - name: a\n{lines}")
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    match parse(text) {
        Err(error) => assert_eq!(error.to_string(), expect, "{text}"),
        Ok(config) => panic!("accepted: {text}\n{config:?}"),
    }
}

#[test]
fn an_empty_file_is_all_defaults() {
    for text in ["", "\n", "# nothing yet\n", "---\n", "{}", "metrics:\n", "cluster:\nmetrics:\n  # providers:\n", "metrics: {providers: }"]
    {
        assert_eq!(parse(text), Ok(Config::default()), "{text:?}");
    }
    let Config { cluster, listen, lease, metrics, sinks } = Config::default();
    assert_eq!(sinks.all(), [Sink::stdout()]);
    assert_eq!((lease.namespace, lease.terms), (None, Terms::DEFAULT));
    assert_eq!((cluster.name.as_str(), listen.to_string().as_str()), ("kubernetes", "0.0.0.0:8080"));
    assert_eq!((metrics.default_name(), metrics.providers().len()), (None, 0));
}

#[test]
fn every_key_is_understood() {
    let config = parse(concat!(
        "cluster: {name: 'arn:aws:eks:eu-west-1:123:cluster/prod'}\nlisten: '[::1]:9'\n",
        "lease: {namespace: ops, duration: 1m, renewDeadline: 40s, retry: 500ms}\nmetrics:\n  default: b\n  providers:\n",
        "  - {name: a, url: 'http://a'}\n",
        "  - {name: b, url: 'https://b:1/p/?t=1', timeout: 1m, delay: 30s, headers: {X-Scope-OrgID: 7}, bearerTokenFile: /t, maxBodyBytes: 1024}\n",
    ))
    .unwrap();
    assert_eq!((config.listen.port(), config.cluster.name.as_str()), (9, "arn:aws:eks:eu-west-1:123:cluster/prod"));
    assert_eq!(config.metrics.default_name(), Some("b"));
    let terms = Terms { duration: Duration::from_mins(1), renew_deadline: Duration::from_secs(40), retry: Duration::from_millis(500) };
    assert_eq!(config.lease, Lease { namespace: Some("ops".to_owned()), terms });
    let [_, b] = config.metrics.providers() else { panic!("not two") };
    assert_eq!((b.name.as_str(), b.url.as_str(), b.timeout), ("b", "https://b:1/p?t=1", Duration::from_mins(1)));
    assert_eq!(b.delay, Duration::from_secs(30));
    assert_eq!((b.headers["x-scope-orgid"].as_bytes(), b.max_body_bytes), (b"7".as_slice(), 1024));
    assert_eq!(b.login, Login::Bearer("/t".into()));
}

#[test]
fn a_provider_may_ask_for_a_name_and_a_certificate() {
    let lines = "url: https://a\nheaderFiles: {X-Scope-OrgID: /o}\nusernameFile: /u\npasswordFile: /p\n\
                 caFile: /ca\nclientCertFile: /crt\nclientKeyFile: /key";
    let config = parse(&provider(lines)).unwrap();
    let [a] = config.metrics.providers() else { panic!("not one") };
    assert_eq!(a.login, Login::Basic { username: "/u".into(), password: "/p".into() });
    assert_eq!(a.tls, Tls { ca_file: Some("/ca".into()), client: Some(("/crt".into(), "/key".into())) });
    assert_eq!(a.header_files, [("x-scope-orgid".parse().unwrap(), "/o".into())]);
}

#[test]
fn a_slash_at_the_end_of_a_url_makes_no_difference() {
    for (given, expect) in [
        ("http://a", "http://a/"),
        ("http://a/", "http://a/"),
        ("http://a//", "http://a/"),
        ("http://a/p", "http://a/p"),
        ("http://a/p/", "http://a/p"),
        ("http://a/p//?x=1", "http://a/p?x=1"),
        ("HTTP://A:80", "http://a/"),
    ] {
        let config = parse(&provider(&format!("url: {given}"))).unwrap();
        assert_eq!(config.metrics.providers()[0].url.as_str(), expect, "{given}");
    }
}

#[test]
fn the_only_provider_is_the_default() {
    assert_eq!(parse(&provider("url: http://a")).unwrap().metrics.default_name(), Some("a"));
}

#[test]
fn a_key_or_value_that_is_not_allowed_is_named_with_its_line_and_what_is_allowed() {
    for (text, expect) in [
        ("cluster: {name: a}\nlistn: x", "line 2, column 1: unknown field `listn`, expected one of cluster, listen, lease, metrics, sinks"),
        ("cluster: {nam: a}", "line 1, column 11: unknown field `nam`, expected one of name"),
        ("metrics: {provider: []}", "line 1, column 11: unknown field `provider`, expected one of default, providers"),
        ("listen: 8080", "line 1, column 9: `8080` is no address with a port; write it like 0.0.0.0:8080, 127.0.0.1:8080 or [::]:8080"),
        ("cluster: {name: ''}", "line 1, column 17: a cluster's name has 1 to 253 visible ASCII characters"),
        ("cluster: {name: a b}", "line 1, column 17: a cluster's name has 1 to 253 visible ASCII characters"),
        ("cluster: {name: a}\ncluster: {name: b}", "line 2, column 1: duplicate mapping key `cluster` is not allowed here"),
        ("[]", "line 1, column 1: expected mapping start"),
        ("listen: '", "line 1, column 9: unclosed quote"),
        ("---\nlisten: 0.0.0.0:1\n---\n{}", "line 4, column 1: only single YAML document expected but multiple found"),
    ] {
        refused(text, expect);
    }
}

#[test]
fn times_of_the_lease_that_do_not_fit_together_are_refused_in_words() {
    for (lines, expect) in [
        ("duration: 1500ms", "line 1, column 8: the duration of a lease is a number of whole seconds, not 1s 500ms"),
        (
            "duration: 10s",
            "line 1, column 8: renewDeadline (10s) has to be shorter than duration (10s): who loses the lease stops before another begins",
        ),
        ("retry: 6s", "line 1, column 8: retry (6s) is at most half of renewDeadline (10s), so that a renewal can be tried again"),
        ("retry: 1ms", "line 1, column 16: `1ms` is out of range; a time of the lease is a duration from 100ms to 5m, like 500ms or 10s"),
        ("namespace: A", "line 1, column 20: a namespace has 1 to 63 of a-z, 0-9 and -, and neither begins nor ends with -"),
    ] {
        refused(&format!("lease: {{{lines}}}"), expect);
    }
}

#[test]
fn a_provider_that_cannot_work_is_refused_in_words() {
    let bytes = "maxBodyBytes is a whole number from 1024 to 67108864";
    let timeout = "a timeout is a duration from 100ms to 1m, like 500ms or 10s";
    for (lines, expect) in [
        ("", "line 3, column 5: missing field `url`".to_owned()),
        (
            "urll: http://a",
            "line 4, column 5: unknown field `urll`, expected one of name, url, timeout, delay, headers, headerFiles, \
             bearerTokenFile, usernameFile, passwordFile, caFile, clientCertFile, clientKeyFile, maxBodyBytes"
                .to_owned(),
        ),
        (
            "url: prometheus",
            "line 4, column 10: no URL (relative URL without a base); write it like http://prometheus.monitoring:9090".to_owned(),
        ),
        ("url: prometheus:9090", "line 4, column 10: a URL begins with http:// or https://, not with prometheus:".to_owned()),
        (
            "url: http://u:s3cret@a",
            "line 4, column 10: a URL must not hold credentials; put a token into a file and name it in bearerTokenFile".to_owned(),
        ),
        (
            "url: http://token@a",
            "line 4, column 10: a URL must not hold credentials; put a token into a file and name it in bearerTokenFile".to_owned(),
        ),
        ("url: http://a/#x", "line 4, column 10: a URL for a backend has no fragment; leave out what begins with #".to_owned()),
        (
            "url: http://a?tenant=x",
            "line 4, column 10: a URL with a query needs a path before it, like https://gateway/prometheus?tenant=a".to_owned(),
        ),
        ("url: http://a\ntimeout: 10", format!("line 5, column 14: `10` is no duration; {timeout}")),
        (
            "url: http://a\ndelay: 6m",
            "line 5, column 12: `6m` is out of range; a delay is a duration from 0s to 5m, like 5s or 1m".to_owned(),
        ),
        ("url: http://a\ntimeout: 99ms", format!("line 5, column 14: `99ms` is out of range; {timeout}")),
        ("url: http://a\ntimeout: 1m 1ms", format!("line 5, column 14: `1m 1ms` is out of range; {timeout}")),
        ("url: http://a\nmaxBodyBytes: 1023", format!("line 5, column 19: {bytes}, not `1023`")),
        ("url: http://a\nmaxBodyBytes: 67108865", format!("line 5, column 19: {bytes}, not `67108865`")),
        ("url: http://a\nmaxBodyBytes: 1Mi", format!("line 5, column 19: {bytes}, not `1Mi`")),
        ("url: http://a\nbearerTokenFile: token", "line 5, column 22: `token` is no absolute path; name a file from / on".to_owned()),
        ("url: http://a\nheaders: {a b: c}", "line 5, column 14: `a b` is no header name; use letters, digits and -".to_owned()),
        ("url: http://a\nheaders: {Host: c}", "line 5, column 14: the header host is set by Serin itself; leave it out".to_owned()),
        (
            "url: http://a\nheaders: {a: b, A: c}",
            "line 5, column 14: the header a is given twice; upper and lower case do not matter".to_owned(),
        ),
        (
            "url: http://a\nheaders: {a: ''}",
            "line 5, column 14: the value of the header a is empty or has other than visible ASCII characters".to_owned(),
        ),
    ] {
        refused(&provider(lines), &expect);
    }
}

#[test]
fn keys_of_a_provider_that_do_not_go_together_are_refused_in_words() {
    for (lines, expect) in [
        (
            "url: http://a\nheaders: {Authorization: x}\nbearerTokenFile: /t",
            "line 3, column 5: the provider `a` has a bearerTokenFile and a header authorization; keep one of them",
        ),
        (
            "url: http://a\nheaderFiles: {Authorization: /x}\nusernameFile: /u\npasswordFile: /p",
            "line 3, column 5: the provider `a` has a usernameFile and a header authorization; keep one of them",
        ),
        (
            "url: http://a\nheaders: {X-Scope-OrgID: a}\nheaderFiles: {x-scope-orgid: /o}",
            "line 3, column 5: the provider `a` has the header x-scope-orgid twice; keep one of them",
        ),
        ("url: http://a\nheaderFiles: {Host: /h}", "line 5, column 18: the header host is set by Serin itself; leave it out"),
        ("url: http://a\nheaderFiles: {a: b}", "line 5, column 18: `b` is no absolute path; name a file from / on"),
        (
            "url: http://a\nbearerTokenFile: /t\nusernameFile: /u",
            "line 3, column 5: the provider `a` has a bearerTokenFile and a usernameFile or passwordFile; keep one of them",
        ),
        (
            "url: http://a\npasswordFile: /p",
            "line 3, column 5: the provider `a` has one of usernameFile and passwordFile; it needs both or none",
        ),
        (
            "url: https://a\nclientKeyFile: /k",
            "line 3, column 5: the provider `a` has one of clientCertFile and clientKeyFile; it needs both or none",
        ),
        (
            "url: http://a\ncaFile: /c",
            "line 3, column 5: the provider `a` has certificates, but its url begins with http:; write https:, or leave them out",
        ),
    ] {
        refused(&provider(lines), expect);
    }
}

#[test]
fn names_of_providers_are_checked_together() {
    let named = |names: &[&str]| -> String {
        names.iter().map(|name| format!("  - {{name: {name}, url: http://a}}\n")).fold("  providers:\n".to_owned(), |all, one| all + &one)
    };
    let rule = "a provider's name has 1 to 63 of a-z, 0-9 and -, and neither begins nor ends with -";
    for (text, expect) in [
        (named(&["a", "b", "a"]), "line 2, column 3: two providers are named `a`; give each its own name".to_owned()),
        (named(&["a", "b"]), "line 2, column 3: several providers need a default; name one of a, b".to_owned()),
        (
            "  default: c\n".to_owned() + &named(&["a", "b"]),
            "line 2, column 3: the default `c` is not among the providers; one of a, b".to_owned(),
        ),
        ("  default: c\n".to_owned(), "line 2, column 3: the default `c` is not among the providers: there is none".to_owned()),
        (named(&["A"]), format!("line 3, column 12: {rule}")),
        (named(&["a-"]), format!("line 3, column 12: {rule}")),
        (named(&[&"a".repeat(64)]), format!("line 3, column 12: {rule}")),
        (
            "  default: p0\n".to_owned()
                + &named(&(0..33).map(|n| format!("p{n}")).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>()),
            "line 2, column 3: 33 providers; at most 32 are allowed".to_owned(),
        ),
    ] {
        refused(&format!("metrics:\n{text}"), &expect);
    }
}

#[test]
fn neither_an_error_nor_a_debug_print_shows_a_secret() {
    for text in [
        provider("url: http://a\nheaders: {Authorization: \"Bearer s3cret\\u0001\"}"),
        provider("url: http://a\nheaders: Bearer s3cret"),
        provider("url: http://u:s3cret@a"),
        provider("url: http://a\nheaders: {Authorization: Bearer s3cret}\nnonsense: 1"),
        provider("url: http://a\nheaders: {Authorization: Bearer s3cret}\nmaxBodyBytes: [1"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(!error.contains("s3cret") && error.starts_with("line "), "{error}");
    }
    let config = parse(&provider("url: http://a\nheaders: {Authorization: Bearer s3cret}")).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn the_page_on_the_file_tells_every_key_and_its_examples_hold() {
    let page = include_str!("../../docs/config.md");
    let examples: Vec<&str> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let parsed: Vec<Config> = examples.iter().map(|text| parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))).collect();
    assert_eq!(parsed.len(), 4);
    assert_eq!(parsed[0], parsed[1], "the second example is the first with its defaults");

    // What an unknown key is told to be one of is what the page has to have.
    for (text, before) in [
        ("x: 1".to_owned(), ""),
        ("cluster: {x: 1}".to_owned(), "cluster."),
        ("lease: {x: 1}".to_owned(), "lease."),
        ("metrics: {x: 1}".to_owned(), "metrics."),
        (provider("x: 1"), ""),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        let (_, keys) = error.rsplit_once("expected ").unwrap();
        for key in keys.trim_start_matches("one of ").split(", ") {
            let told = page.lines().any(|line| line.starts_with(&format!("| `{before}{key}")));
            assert!(told, "{before}{key} is missing");
        }
    }
}
