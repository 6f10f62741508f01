//! Do modules import downwards only, and nothing that their floor must not know?

use std::fs;
use std::path::Path;

/// A module, the lower modules that it may use, and the crates that it may use.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Floors 0 to 2: no async, no clock, no environment, no file, no socket, no order that nobody chose.
const PURE: [Row; 7] = [
    ("rollout", &[], &["chrono", "serde"]),
    ("analysis", &["rollout"], &["chrono", "serde", "thiserror"]),
    ("lease", &["rollout"], &["thiserror"]),
    (
        "audit",
        &["rollout"],
        &[
            "aws_lc_rs",
            "chrono",
            "rustls_pki_types",
            "schemars",
            "serde",
            "serde_json",
            "serde_json_canonicalizer",
            "sha2",
            "thiserror",
            "uuid",
        ],
    ),
    (
        "api",
        &["rollout", "analysis", "audit"],
        &[
            "chrono",
            "k8s_openapi",
            "kube",
            "schemars",
            "serde",
            "serde_json",
            "serde_json_canonicalizer",
            "serde_saphyr",
            "sha2",
            "thiserror",
        ],
    ),
    ("config", &["rollout", "audit", "lease"], &["chrono", "http", "humantime", "serde", "serde_saphyr", "thiserror", "url"]),
    ("retry", &[], &["backoff"]),
];

/// Floors 3 to 6.
const IO: [Row; 7] = [
    ("cluster", &["rollout", "audit", "lease", "api", "config", "retry"], ANY),
    ("wire", &["config"], ANY),
    ("prometheus", &["rollout", "config", "retry", "wire"], ANY),
    ("sink", &["rollout", "audit", "api", "config", "retry", "wire"], ANY),
    ("controller", &["rollout", "analysis", "lease", "audit", "api", "config", "retry", "cluster", "prometheus", "sink"], ANY),
    ("server", &[], &["axum", "tokio"]),
    (
        "cli",
        &["rollout", "analysis", "lease", "audit", "api", "config", "retry", "cluster", "prometheus", "sink", "controller", "server"],
        ANY,
    ),
];
const ANY: &[&str] = &["*"];

/// Pure files on a higher floor.
const PURE_FILES: [&str; 4] = ["controller/decide.rs", "controller/follow_up.rs", "controller/frozen.rs", "controller/respec.rs"];

/// What has no place where nothing but arguments may count.
const IMPURE: [&str; 18] = [
    "async",
    ".await",
    "std::fs",
    "std::env",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Utc::now",
    "HashMap",
    "HashSet",
    "kube::Api",
    "kube::Client",
    "kube::client",
    "kube::runtime",
];

#[test]
fn modules_import_downwards_only() {
    let found: Vec<String> = sources(Path::new(&format!("{}/src", env!("CARGO_MANIFEST_DIR"))))
        .iter()
        .flat_map(|(path, source)| violations(path, source, &dependencies()))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_violation_is_found() {
    let told = |path: &str, source: &str| violations(path, source, &["kube".to_owned(), "chrono".to_owned()]).join(" ");
    for (path, source, expected) in [
        ("rollout/state.rs", "use crate::api::Status;", "rollout/state.rs:1: `rollout` must not use `crate::api`"),
        ("analysis/mod.rs", "\nuse kube::CustomResource;", "analysis/mod.rs:2: `analysis` must not use the crate `kube`"),
        ("rollout/mod.rs", "pub async fn ask() {}", "rollout/mod.rs:1: `async` has no place in a pure module"),
        ("controller/decide.rs", "let now = Utc::now();", "controller/decide.rs:1: `Utc::now` has no place in a pure module"),
        ("controller/live.rs", "println!(\"done\");", "controller/live.rs:1: only `cli` and `sink` print"),
        ("audit/text.rs", "use super::super::api::Status;", "audit/text.rs:1: `super::` leaves the module; write `crate::`"),
        ("audit/text.rs", "use crate::{api, rollout};", "audit/text.rs:1: write one `use crate::` for each module"),
        ("magic.rs", "", "magic.rs: give the module `magic` a floor in tests/it/floors.rs"),
    ] {
        assert_eq!(told(path, source), expected);
    }
    assert_eq!(told("rollout/state.rs", "// use kube::Client;\nuse chrono::Utc;\n#[cfg(test)]\nmod tests { use kube::Api; }"), "");
}

/// What is wrong with a source file, given as its path below `src/`, its text, and the crates that the product depends on.
fn violations(path: &str, source: &str, crates: &[String]) -> Vec<String> {
    let module = path.split(['/', '.']).next().unwrap_or_default();
    if matches!(module, "lib" | "main") {
        return Vec::new();
    }
    let is_row = |(name, ..): &&Row| *name == module;
    let Some((_, lower, allowed)) = PURE.iter().find(is_row).or_else(|| IO.iter().find(is_row)) else {
        return vec![format!("{path}: give the module `{module}` a floor in tests/it/floors.rs")];
    };
    let is_pure = PURE.iter().any(|row| row.0 == module) || PURE_FILES.contains(&path);
    // Tests stand last in a file and may use what they like; comments may name what they like.
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (line, text) in (1..).zip(code.lines().filter_map(|line| line.split("//").next())) {
        let mut say = |what: &str| found.push(format!("{path}:{line}: {what}"));
        for used in after(text, "crate::").filter(|used| *used != module && !lower.contains(used)) {
            say(&if used.is_empty() {
                "write one `use crate::` for each module".to_owned()
            } else {
                format!("`{module}` must not use `crate::{used}`")
            });
        }
        for used in crates.iter().filter(|name| has(text, &format!("{name}::")) && *allowed != ANY && !allowed.contains(&name.as_str())) {
            say(&format!("`{module}` must not use the crate `{used}`"));
        }
        for word in IMPURE.iter().filter(|word| is_pure && has(text, word)) {
            say(&format!("`{word}` has no place in a pure module"));
        }
        if !matches!(module, "cli" | "sink") && ["println!", "print!", "eprintln!"].iter().any(|word| has(text, word)) {
            say("only `cli` and `sink` print");
        }
        if text.contains(&"super::".repeat(depth(path))) {
            say("`super::` leaves the module; write `crate::`");
        }
    }
    found
}

/// How many modules a file is deep.
fn depth(path: &str) -> usize {
    path.split('/').count() - usize::from(path.ends_with("/mod.rs"))
}

/// The names that follow a prefix in a line.
fn after<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(prefix).skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
}

/// Whether a word stands in a line, and not only as the end of a longer one.
fn has(text: &str, word: &str) -> bool {
    let inside = |at: usize| text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') && !word.starts_with('.');
    text.match_indices(word).any(|(at, _)| !inside(at))
}

/// The crates that the product depends on, as sources write them.
fn dependencies() -> Vec<String> {
    let manifest = include_str!("../../Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
    section.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).map(|name| name.replace('-', "_")).collect()
}

/// All sources: the path below `src/`, and the text.
fn sources(root: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push((path.strip_prefix(root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 20, "no sources below {}", root.display());
    files
}
