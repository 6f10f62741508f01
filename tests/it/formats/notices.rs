//! What people are told of each event: by a message in Slack, a card in Teams, an incident of PagerDuty.
//!
//! What the receivers take stands here as rules of our own, written from their documentation and apart from the renderers.

use insta::assert_snapshot;
use serde_json::Value;
use serin::audit::format::Told;
use serin::audit::{Kind, Messenger, Record};

use super::one_of_each;

const PAGES: &str = "https://runbooks.example/";

fn written(messenger: Messenger, record: &Record) -> Option<Value> {
    messenger.write(&Told::of(record).expect("our own words"), PAGES, "the-key")
}

fn all(messenger: Messenger, kinds: &[&str]) -> String {
    let records = one_of_each();
    let chosen = records.iter().filter(|record| kinds.iter().any(|kind| record.body().is_ok_and(|body| body.kind == *kind)));
    chosen.filter_map(|record| Some(format!("{:#}", written(messenger, record)?))).collect::<Vec<_>>().join("\n")
}

#[test]
fn slack_shows_what_where_who_and_what_comes_next() {
    assert_snapshot!("slack", all(Messenger::Slack, &["rollout.aborted", "promotion.forced"]));
}

#[test]
fn teams_shows_the_same_as_a_card() {
    assert_snapshot!("teams", all(Messenger::Teams, &["rollout.aborted"]));
}

#[test]
fn pagerduty_opens_an_incident_and_ends_it_by_the_same_key() {
    assert_snapshot!("pagerduty", all(Messenger::PagerDuty, &["rollout.aborted", "rollout.promoted"]));
}

#[test]
fn pagerduty_hears_only_of_what_somebody_gets_up_for_and_of_its_end() {
    let said: Vec<String> = one_of_each()
        .iter()
        .filter_map(|record| {
            let event = written(Messenger::PagerDuty, record)?;
            let key = event["dedup_key"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
            Some(format!("{} {} {key}", record.body().ok()?.kind, event["event_action"].as_str()?))
        })
        .collect();
    assert_snapshot!(said.join("\n"), @r"
    rollout.installed resolve release
    rollout.install-failed trigger release
    rollout.promoted resolve release
    rollout.aborted trigger release
    rollout.rolled-back resolve rollback
    rollback.overdue trigger rollback
    rollout.deleted resolve release
    rollout.reinstalled resolve rollback
    rollback.blocked trigger rollback
    permission.lost trigger permission
    sink.recovered resolve splunk
    audit.backlog trigger splunk
    audit.gap trigger trail
    ");
}

#[test]
fn an_abort_that_somebody_asked_for_wakes_nobody() {
    let aborted = one_of_each().into_iter().find(|record| record.text.contains("rollout.aborted")).expect("it is one of the kinds");
    for (reason, wakes) in [("CheckFailed", true), ("Unavailable", true), ("AbortedByAction", false), ("Undone", false), ("Deleted", false)]
    {
        let record = Record { text: aborted.text.replace("CheckFailed", reason), ..aborted.clone() };
        assert_eq!(written(Messenger::PagerDuty, &record).is_some(), wakes, "{reason}");
    }
}

#[test]
fn every_page_that_is_linked_is_there_and_every_default_is_told() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks");
    for record in one_of_each() {
        check(&record);
        let card = written(Messenger::Teams, &record).expect("everything can be told");
        if let Some(url) = card["attachments"][0]["content"]["actions"][0]["url"].as_str() {
            let page = url.strip_prefix(PAGES).expect("where the pages are");
            assert!(folder.join(format!("{page}.md")).exists(), "{page}");
        }
    }
    for kind in Messenger::PagerDuty.told_by_default() {
        let record =
            one_of_each().into_iter().find(|record| record.body().is_ok_and(|body| body.kind == kind.name())).expect("one of each");
        assert!(written(Messenger::PagerDuty, &record).is_some(), "{}", kind.name());
    }
    assert!(Messenger::ALL.iter().all(|one| one.told_by_default().contains(&Kind::Gap)), "a hole in the trail is everybody's matter");
}

/// All that must hold of one event, however odd.
pub(super) fn check(record: &Record) {
    let told = Told::of(record).expect("our own words");
    slack(&written(Messenger::Slack, record).expect("a message"));
    teams(&written(Messenger::Teams, record).expect("a card"), &told.body.message);
    if let Some(event) = written(Messenger::PagerDuty, record) {
        pagerduty(&event);
    }
}

fn length(text: &Value) -> usize {
    text.as_str().expect("a text").chars().count()
}

/// Block Kit: nothing but plain text, each within its limit, and a fallback in which nothing is read.
fn slack(message: &Value) {
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!((3..=4).contains(&blocks.len()));
    let mut texts = Vec::new();
    for block in blocks {
        let fields = block["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(fields.len() <= 10, "Slack takes ten fields");
        texts.extend(fields.iter().map(|field| (field, 2000)));
        match block["type"].as_str().expect("a type") {
            "header" => texts.push((&block["text"], 150)),
            "section" if block.get("text").is_some() => texts.push((&block["text"], 3000)),
            "section" => {}
            "actions" => {
                let button = &block["elements"][0];
                texts.push((&button["text"], 75));
                assert!(button["url"].as_str().expect("a url").starts_with(PAGES));
            }
            odd => panic!("a block of the type {odd}"),
        }
    }
    for (text, most) in texts {
        assert!(text["type"] == "plain_text" && text["emoji"] == false, "{text}");
        assert!((1..=most).contains(&length(&text["text"])), "{text}");
    }
    let fallback = message["text"].as_str().expect("a fallback");
    assert!(!fallback.contains(['<', '>']) && fallback.chars().count() <= 1000, "{fallback}");
}

/// An Adaptive Card whose texts are runs, in which no Markdown is read, and that Teams takes.
fn teams(message: &Value, said: &str) {
    let content = &message["attachments"][0]["content"];
    assert_eq!(
        (message["type"].as_str(), content["type"].as_str(), content["version"].as_str()),
        (Some("message"), Some("AdaptiveCard"), Some("1.4"))
    );
    let body = content["body"].as_array().expect("a body");
    for block in body {
        assert_eq!(block["type"], "RichTextBlock");
        for run in block["inlines"].as_array().expect("runs") {
            assert!(run["type"] == "TextRun" && run["text"].is_string(), "{run}");
        }
    }
    assert_eq!(body[1]["inlines"][0]["text"], said);
    for action in content["actions"].as_array().into_iter().flatten() {
        assert!(action["type"] == "Action.OpenUrl" && action["url"].as_str().is_some_and(|url| url.starts_with(PAGES)), "{action}");
    }
}

/// The Events API v2: its closed words, and the lengths that it takes.
fn pagerduty(event: &Value) {
    let payload = &event["payload"];
    assert!(["trigger", "resolve"].contains(&event["event_action"].as_str().expect("an action")));
    assert!(["critical", "error", "warning", "info"].contains(&payload["severity"].as_str().expect("a severity")));
    assert_eq!(event["routing_key"], "the-key");
    assert!((1..=1024).contains(&length(&payload["summary"])) && (1..=255).contains(&length(&payload["source"])));
    assert!(payload["custom_details"].as_object().expect("details").values().all(Value::is_string));
    assert!(event["links"].as_array().into_iter().flatten().all(|link| link["href"].as_str().is_some_and(|url| url.starts_with(PAGES))));
}
