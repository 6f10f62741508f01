//! Do the generated files in the repository say what the code says? `make gen` writes them.

use std::fs;
use std::path::Path;

#[test]
fn generated_page_of_the_command_line_is_fresh() {
    check("docs/cli.md", &serin::cli::reference());
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
