//! Do the generated files in the repository say what the code says? `make gen` writes them.

use std::fs;
use std::path::Path;

#[test]
fn generated_page_of_the_command_line_is_fresh() {
    check("docs/cli.md", &serin::cli::reference());
}

#[test]
fn generated_rules_of_the_operator_are_those_of_everybody() {
    let rules = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/monitoring/rules.yaml")).unwrap();
    let inner = rules.lines().skip_while(|line| line.starts_with('#')).map(|line| format!("  {line}").trim_end().to_owned() + "\n");
    let head = "\
# rules.yaml for the Prometheus Operator; `make gen` writes this. Where your Prometheus selects rules by a label, add it in a kustomization above.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: serin
  namespace: serin
  labels:
    app.kubernetes.io/name: serin
spec:
";
    check("deploy/monitoring/prometheus-rule.yaml", &format!("{head}{}", inner.collect::<String>()));
}

/// Compares a generated file with what the code says now; under `make gen` it is written instead.
pub(crate) fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    #[expect(clippy::disallowed_methods, reason = "make gen is the only one that asks for writing")]
    let writes = std::env::var_os("SERIN_GEN").is_some();
    if writes {
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{file} is stale: run `make gen`");
}
