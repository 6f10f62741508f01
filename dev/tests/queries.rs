//! Does Prometheus' own checker take every query that Serin asks by itself?
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use serin_dev::{Kit, Tool, Tools};

#[test]
fn promtool_takes_every_query_that_serin_asks_by_itself() {
    let promtool = Tools::ensure(Kit::Plane).unwrap().path(Tool::Promtool);
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/queries.yml");
    let told = Command::new(promtool).args(["check", "rules", rules]).output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && text.contains("18 rules found"), "{text}{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn the_query_of_targets_tells_pods_that_are_up_from_those_that_have_series() {
    let promtool = Tools::ensure(Kit::Plane).unwrap().path(Tool::Promtool);
    let told = Command::new(promtool).args(["test", "rules", "tests/queries/targets_test.yaml"]).output().unwrap();
    assert!(told.status.success(), "{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
}

#[test]
fn promtool_takes_every_query_that_the_page_on_evidence_shows() {
    let promtool = Tools::ensure(Kit::Plane).unwrap().path(Tool::Promtool);
    let page = include_str!("../../docs/evidence.md");
    let shown =
        page.lines().filter_map(|line| line.trim_start().split_once(": sum by ")).map(|(name, rest)| (name, format!("sum by {rest}")));
    let rule = |(number, (name, query)): (usize, (&str, String))| {
        format!("  - record: {name}_{number}\n    expr: {}\n", query.replace("{{window}}", "1m"))
    };
    let rules: String = shown.enumerate().map(rule).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("groups:\n- name: shown\n  rules:\n{rules}")).unwrap();
    let told = Command::new(promtool).args(["check", "rules"]).arg(file.path()).output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && text.contains("4 rules found"), "{rules}{text}{}", String::from_utf8_lossy(&told.stderr));
}
