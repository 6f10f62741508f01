//! Does Prometheus' own checker take the alerts of `deploy/`, do they fire when they should, and has each its page?
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serin_dev::{Kit, Tool, Tools, repository};

fn promtool(words: [&str; 2], file: &Path) -> String {
    let promtool = Tools::ensure(Kit::Plane).unwrap().path(Tool::Promtool);
    let told = Command::new(promtool).args(words).arg(file).output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    text
}

#[test]
fn promtool_takes_every_rule() {
    let text = promtool(["check", "rules"], &repository("deploy/monitoring/rules.yaml"));
    assert!(text.contains("10 rules found"), "{text}");
}

#[test]
fn every_alert_fires_when_it_should_and_not_before() {
    promtool(["test", "rules"], &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/alerts/rules_test.yaml"));
}

#[test]
fn every_alert_is_tested_and_links_a_page_that_is_there() {
    let read = |file: PathBuf| std::fs::read_to_string(file).unwrap();
    let rules = read(repository("deploy/monitoring/rules.yaml"));
    let tests = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/alerts/rules_test.yaml"));
    let after = |begin: &str| rules.lines().filter_map(|line| line.trim().strip_prefix(begin).map(str::to_owned)).collect::<Vec<_>>();
    let (alerts, pages) = (after("- alert: "), after("runbook_url: https://serin.dev/runbooks/"));
    assert_eq!((alerts.len(), pages.len()), (10, 10));
    for (alert, page) in alerts.iter().zip(&pages) {
        let text = read(repository(&format!("docs/runbooks/{page}.md")));
        assert!(text.starts_with(&format!("# {alert}\n")), "{page} is the page of {alert}");
        assert!(tests.contains(&format!("alertname: {alert}\n    exp_alerts:")), "no test sees {alert} fire");
    }
    let there = std::fs::read_dir(repository("docs/runbooks")).unwrap().count();
    assert_eq!(there, pages.len(), "each page is linked");
}
