//! Does the CRD in the repository say what the code says?

use std::{env, fs};

use serin::api::crds_yaml;

const FILE: &str = "crds/rollouts.serin.dev.yaml";

/// `make gen` runs every test whose name says `generated`, and asks them to write.
#[test]
fn the_generated_crd_is_the_one_that_the_code_prints() {
    let path = format!("{}/{FILE}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("SERIN_GEN").is_some() {
        fs::write(&path, crds_yaml()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == crds_yaml(), "{FILE} is stale: run `make gen`");
}
