//! What does the built program say and answer with, as a user meets it?

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;

use serin::audit::SigningKey;

use crate::audit_checkpoint;
use crate::audit_given::{aborted, created, records, started, told};

#[test]
fn help_tells_what_each_command_does() {
    for command in ["", "run", "crds", "check", "status", "explain", "history", "wait", "approve", "promote", "abort", "undo"] {
        let said = serin(&[command, "--help"]);
        let name = if command.is_empty() { "help" } else { command };
        assert_snapshot!(name, said.stdout);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    }
}

#[test]
fn events_are_checked_without_a_cluster() {
    let help = serin(&["audit", "verify", "--help"]);
    assert_snapshot!("audit_verify", help.stdout);
    let folder = tempfile::tempdir().unwrap();
    let events = records(&told([&created(), &started()]));
    let file = folder.path().join("events.log");
    let verify = |lines: &[&str], more: &[&str]| {
        fs::write(&file, lines.join("\n")).unwrap();
        serin(&[&["audit", "verify", file.to_str().unwrap()], more].concat())
    };
    let whole = verify(&[&events[0].text, &events[1].text], &["--head", &events[1].hash]);
    assert_eq!((whole.code, whole.stderr.as_str()), (0, ""));
    assert_snapshot!(whole.stdout, @"
    whole  shop/checkout  stream 7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11: 2 events, 1 to 2, 0 lines repeated
            head sha256:d926b6542fad8b72b262e56c6780f7524e61c9d05500f21a790373950eacbbc9
    ");
    let edited = verify(&[&events[0].text, &events[1].text.replace("10%", "11%")], &[]);
    assert_eq!((edited.code, edited.stderr.as_str()), (2, ""));
    assert_snapshot!(edited.stdout, @"
    broken  shop/checkout  stream 7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11: 2 events, 1 to 2, 0 lines repeated
            line 2: event 2 was changed after it was told; its id is not the id of its bytes
    ");
    let cut = verify(&[&events[0].text], &["--head", &events[1].hash, "--output", "json"]);
    assert_eq!(cut.code, 2);
    assert!(cut.stdout.contains(&format!("\"missingHeads\": [\n    \"{}\"\n  ]", events[1].hash)), "{}", cut.stdout);
    let none = verify(&["no event at all"], &[]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""));
    assert_snapshot!(none.stderr, @"
    error: none of 1 lines carries an event
    hint: export lines in the formats json, ocsf, ecs or cloudevents; cef and leef do not have the bytes that were hashed
    ");
    assert_eq!(serin(&["audit", "verify", "--head", "sha256:12"]).code, 1);
    assert_eq!(serin(&["audit", "verify", "/no/such/file"]).code, 1);
}

#[test]
fn what_is_cut_off_is_found_by_a_signed_checkpoint() {
    let folder = Folder::new();
    let events = records(&told([&created(), &started()]));
    let key = folder.file("key.pem", audit_checkpoint::KEY);
    let public = serin(&["audit", "key", &key]);
    assert_eq!((public.code, public.stderr.as_str()), (0, ""));
    let signed = audit_checkpoint::checkpoint().sign(&SigningKey::read(audit_checkpoint::KEY.as_bytes()).unwrap());
    let checkpoint = folder.file("checkpoints", &format!("{signed}\n\n{signed}\n"));
    let verify = |lines: &str, checkpoint: &str| {
        let events = folder.file("events", lines);
        serin(&["audit", "verify", &events, "--checkpoint", checkpoint, "--key", &public.stdout])
    };
    assert_eq!(verify(&format!("{}\n{}\n", events[0].text, events[1].text), &checkpoint).code, 0);
    let cut = verify(&events[0].text, &checkpoint);
    assert_eq!(cut.code, 2);
    assert!(cut.stdout.contains(&format!("no event has the hash {}", events[1].hash)), "{}", cut.stdout);
    let forged = folder.file("forged", &signed.replace("\"seq\":2", "\"seq\":3"));
    let doubted = verify(&events[0].text, &forged);
    assert_eq!((doubted.code, doubted.stdout.as_str()), (1, ""));
    assert_snapshot!(doubted.stderr.replace(&forged, "FILE"), @"
    error: cannot trust line 1 of FILE: its signature is not by that key, or it was changed afterwards
    hint: take the checkpoints from where only `serin audit checkpoint` writes, and the key from whoever runs that
    ");
    assert_eq!(serin(&["audit", "verify", "--checkpoint", &checkpoint]).code, 1, "a checkpoint without a key proves nothing");
    assert_snapshot!(failed(1, &["audit", "key", &checkpoint]).replace(&checkpoint, "FILE"), @"
    error: cannot sign with FILE: it is no Ed25519 key in PKCS#8 PEM; make one: openssl genpkey -algorithm ed25519
    hint: keep the key where only this command reads it
    ");
    assert_snapshot!("audit_checkpoint", serin(&["audit", "checkpoint", "--help"]).stdout);
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(serin(&["--version"]).stdout, format!("serin {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn crds_are_data_on_standard_output() {
    let said = serin(&["crds"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    assert_eq!(said.stdout, serin::api::crds_yaml().trim_end());
}

#[test]
fn what_the_checks_of_a_file_will_ask_is_told_without_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollout.yaml");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        serin(&["check", file.to_str().unwrap()])
    };
    let rollout = |analysis: &str| {
        format!(
            "apiVersion: serin.dev/v1alpha1\nkind: Rollout\nmetadata: {{name: web, namespace: shop}}\nspec:\n  replicas: 4\n  \
             workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}\n  analysis: {analysis}\n"
        )
    };
    let template = "---\nkind: AnalysisTemplate\nmetadata: {name: slo}\nspec:\n  args: [{name: max, type: number}]\n  checks:\n  - name: slo\n    \
                    threshold: {of: errors, window: 1m, max: '{{args.max}}'}\n";
    let sound =
        check(&(rollout("{checks: [{name: errors, sequential: {of: errors}}], templates: [{name: slo, args: {max: '0.05'}}]}") + template));
    assert_eq!((sound.code, sound.stderr.as_str()), (0, ""));
    assert_snapshot!(sound.stdout, @r#"
    Rollout shop/web: 2 checks, each asked every 10s once a step's share is there for 30s

    errors: sequential, asked of the default provider
      http_requests_total{namespace="shop",pod=~"web-STABLE-[a-z0-9]+-[a-z0-9]+|web-CANARY-[a-z0-9]+-[a-z0-9]+"}[100000ms]
      odds of 20:1 that it is worse than 1.25x + 0.05pp (= 0.050%) fail, of 20:1 that it is below 1.5x + 0.1pp (= 0.10%) are a proof; at least 100 requests a side (shares as where stable has no bad ones)
      it holds while stable itself has more than 5.00% bad requests, and 3.00x what it had before the attempt
      a proof at 50% takes about 7,700 canary requests where 1% of both sides are bad, 4,600 where none are; it fits into that step (60m) from 2.12 rps of the canary on; with less traffic the promotion takes no harm for an answer; for a proof raise limit.plus, or give that step a longer hold or deadlines.step

    slo: threshold, asked of the default provider
      http_requests_total{namespace="shop",pod=~"web-STABLE-[a-z0-9]+-[a-z0-9]+|web-CANARY-[a-z0-9]+-[a-z0-9]+"}[150000ms]
      fails above 0.05, and holds where stable breaks it as well; a value counts once all of its 60s lies in the attempt
    "#);
    let compared = check(&rollout("{checks: [{name: quick, compare: {of: errors, window: 1m}}]}"));
    assert!(
        compared.stdout.contains("}[750000ms]\n"),
        "a minute, the ten minutes before it, and where counters stood: {}",
        compared.stdout
    );
    let missing = check(&rollout("{templates: [{name: slo}]}"));
    assert_eq!(missing.code, 2);
    assert!(missing.stdout.starts_with("Rollout shop/web is refused: the AnalysisTemplate \"slo\" does not exist"), "{}", missing.stdout);
    let unbounded = check(&rollout("{checks: [{name: jobs, sequential: {counts: {total: 'sum(a[5m])', bad: 'sum(b[5m])'}}}]}"));
    assert!(unbounded.code == 2 && unbounded.stdout.contains("has to look back for {{window}}"), "{}", unbounded.stdout);
    assert_eq!(check("kind: Service").code, 1);
    assert_eq!(check("{").code, 1);
    assert_eq!(serin(&["check", "/no/such/file"]).code, 1);
    assert_eq!(serin(&["check", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/all-fields.yaml")]).code, 0);
}

#[test]
fn an_attempt_is_explained_by_events_that_somebody_kept() {
    let mut failed = aborted();
    if let Some(failure) = &mut failed.failure {
        failure.evidence = Some("canary 38/750 stable 0/2250 worse 3.810023564 better -4.698379255 bursts 1.000000 windows 3".to_owned());
    }
    let events = records(&told([&created(), &started(), &failed]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    fs::write(&file, events.iter().map(|record| record.text.as_str()).collect::<Vec<_>>().join("\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_snapshot!(serin(&["explain", "checkout", "--events", file]).stdout, @r"
    Rollout shop/checkout
    attempt 3

    2026-11-23T12:01:00.123Z rollout.started: attempt 3 of revision 5d0c9f3b21 begins at 10%
    2026-11-23T12:02:00.123Z rollout.aborted: check errors failed: 0.041 is above its max 0.01

    errors: 3 windows, as the event holds them
                            requests       bad     share   95 % interval
      canary                     750        38     5.07%   3.71% to 6.88%
      stable                   2,250         0     0.00%   0.00% to 0.17%
      worse than the alarm  evidence      45:1
      below the limit       evidence      none
      evidence was divided by 1.0 for bursts
    ");
    let json: serde_json::Value =
        serde_json::from_str(&serin(&["explain", "checkout", "-n", "shop", "--attempt", "3", "--events", file, "-o", "json"]).stdout)
            .unwrap();
    assert_eq!((json["attempt"].as_u64(), json["events"].as_array().map(Vec::len)), (Some(3), Some(2)));
    for (words, told) in [
        (vec!["checkout", "--attempt", "4"], "no event there is of attempt 4"),
        (vec!["cart"], "no event there is of a Rollout cart"),
        (vec!["checkout", "-n", "other"], "no event there is of a Rollout checkout"),
    ] {
        let said = serin(&[vec!["explain"], words, vec!["--events", file]].concat());
        assert!(said.code == 1 && said.stderr.contains(told), "{}", said.stderr);
    }
    assert_eq!(serin(&["explain", "checkout", "--events", "/no/such/file"]).code, 1);
}

#[test]
fn what_makes_no_sense_is_bad_usage() {
    assert_snapshot!(failed(1, &["stats", "checkout"]), @"
    error: unrecognized subcommand 'stats'

      tip: a similar subcommand exists: 'status'

    Usage: serin <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(failed(1, &["status", "checkout", "-o", "yaml"]), @"
    error: invalid value 'yaml' for '--output <FORMAT>'
      [possible values: text, json]

    For more information, try '--help'.
    ");
    assert_snapshot!(failed(1, &["run", "--log", "serin=loud"]), @r#"
    error: invalid value 'serin=loud' for '--log <FILTER>': error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5

    For more information, try '--help'.
    "#);
}

/// Forcing is never a slip of the hand, and nothing is asked before that is clear.
#[test]
fn what_goes_past_the_measured_asks_for_a_reason() {
    for command in ["promote", "skip", "undo"] {
        assert!(failed(1, &[command, "checkout"]).contains("--reason <TEXT>"), "{command}");
    }
    assert_snapshot!(failed(1, &["abort"]), @"
    error: the following required arguments were not provided:
      <NAME>

    Usage: serin abort <NAME>

    For more information, try '--help'.
    ");
    assert_snapshot!(failed(1, &["approve", "checkout", "--revision", "v2"]), @"
    error: invalid value 'v2' for '--revision <REVISION>': a revision has ten hex digits, such as 5d0c9f3b21

    For more information, try '--help'.
    ");
    assert_snapshot!(failed(1, &["wait", "checkout", "--timeout", "soon"]), @"
    error: invalid value 'soon' for '--timeout <DURATION>': write a duration up to 720h, such as 90s, 30m or 2h

    For more information, try '--help'.
    ");
    assert_snapshot!(failed(1, &["wait", "checkout", "--image", "web:2", "--revision", "5d0c9f3b21"]), @"
    error: the argument '--image <IMAGE>' cannot be used with '--revision <REVISION>'

    Usage: serin wait --image <IMAGE> <NAME>

    For more information, try '--help'.
    ");
}

#[test]
fn a_configuration_file_that_is_missing_is_named() {
    assert_snapshot!(failed(1, &["run", "--config", "/no/such/file.yaml"]), @"
    error: cannot read /no/such/file.yaml: no such file or directory (os error 2)
    hint: check the path, and that you may read the file
    ");
}

#[test]
fn a_configuration_file_with_an_unknown_key_is_refused_before_anything_is_asked() {
    let folder = Folder::new();
    let config = folder.file("config.yaml", "cluster: {name: test}\nlissten: 127.0.0.1:0\n");
    assert_snapshot!(failed(1, &["run", "--config", &config]).replace(&config, "FILE"), @"
    error: cannot use FILE: line 2, column 1: unknown field `lissten`, expected one of cluster, listen, lease, metrics, sinks
    hint: correct the file; docs/config.md lists its keys
    ");
}

#[test]
fn a_cluster_that_does_not_answer_is_named() {
    let folder = Folder::new();
    // A port that was free a moment ago: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let kubeconfig = folder.kubeconfig(&format!("http://127.0.0.1:{port}"));
    let config = folder.file("config.yaml", "listen: 127.0.0.1:0");
    for command in [["status", "checkout"].as_slice(), &["run", "--log", "off", "--config", &config]] {
        let said = failed(1, &[command, &["--kubeconfig", &kubeconfig]].concat()).replace(&port.to_string(), "PORT");
        assert_snapshot!(command[0].to_owned() + "_unreachable", said);
    }
    let status = failed(1, &["status", "checkout", "--kubeconfig", &kubeconfig]);
    for command in ["explain", "history", "wait", "approve", "abort", "pause", "resume", "retry", "restart"] {
        assert_eq!(failed(1, &[command, "checkout", "--kubeconfig", &kubeconfig]), status, "{command}");
    }
}

#[test]
fn without_a_kubeconfig_it_says_how_to_name_one() {
    assert_snapshot!(failed(1, &["status", "checkout"]), @"
    error: cannot read the kubeconfig file /no/such/kubeconfig: no such file or directory (os error 2)
    hint: name one with --kubeconfig or $KUBECONFIG
    ");
    assert_snapshot!(failed(1, &["status", "checkout", "--kubeconfig", "/no/such/file"]), @"
    error: cannot read the kubeconfig file /no/such/file: no such file or directory (os error 2)
    hint: name one with --kubeconfig or $KUBECONFIG
    ");
}

#[test]
fn a_context_that_does_not_exist_is_named() {
    let folder = Folder::new();
    let kubeconfig = folder.kubeconfig("http://127.0.0.1:1");
    assert_snapshot!(failed(1, &["status", "checkout", "--kubeconfig", &kubeconfig, "--context", "prod"]), @"
    error: the kubeconfig file cannot be used: failed to load current context: prod
    hint: correct it, or name another file with --kubeconfig and one of its contexts with --context
    ");
}

/// What the program said, and its exit code.
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the program as on a machine without any cluster.
fn serin(args: &[&str]) -> Said {
    let out = Command::new(env!("CARGO_BIN_EXE_serin"))
        .args(args.iter().filter(|arg| !arg.is_empty()))
        .env_clear()
        .env("KUBECONFIG", "/no/such/kubeconfig")
        .output()
        .unwrap();
    Said { code: out.status.code().unwrap(), stdout: text(&out.stdout), stderr: text(&out.stderr) }
}

/// What the program says on standard error when it fails with that code and prints no data.
fn failed(code: i32, args: &[&str]) -> String {
    let said = serin(args);
    assert_eq!((said.code, said.stdout.as_str()), (code, ""), "{}", said.stderr);
    said.stderr
}

/// Without the blanks that end lines: they say nothing.
fn text(bytes: &[u8]) -> String {
    let lines: Vec<&str> = std::str::from_utf8(bytes).unwrap().lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// A folder that goes with the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = Path::new(self.0.path()).join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn kubeconfig(&self, server: &str) -> String {
        self.file(
            "kubeconfig",
            &format!(
                "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{}}}}]\n\
                 contexts: [{{name: test, context: {{cluster: c, user: u}}}}]\ncurrent-context: test\n"
            ),
        )
    }
}
