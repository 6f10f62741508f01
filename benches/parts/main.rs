//! What does each part of a pass cost?
//!
//! `cargo bench --bench parts` times them. `make bench-check` counts their instructions by valgrind, which are the same whatever else the machine
//! does, and compares them with what docs/performance.md says; `make bench-count` writes them there. `make bench-bytes` writes
//! there how much memory each kind of object takes.

mod bytes;
mod counts;
mod objects;
mod parts;

// The fixtures of the tables in tests/it: what is timed is what is tested.
#[allow(dead_code, clippy::panic)]
#[path = "../../tests/it/audit_given.rs"]
mod audit_given;
#[allow(dead_code, unused_imports, clippy::panic)]
#[path = "../../tests/it/given/mod.rs"]
mod given;

use std::error::Error;

use divan::Bencher;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        ["--once", name] => counts::once(name),
        ["--check"] => counts::check(),
        ["--write"] => counts::write(),
        ["--bytes", resource] => bytes::of(resource),
        ["--write-bytes"] => bytes::write(),
        _ => {
            divan::main();
            Ok(())
        }
    }
}

#[divan::bench(args = parts::NAMES)]
fn part(bencher: Bencher<'_, '_>, name: &str) {
    bencher.bench_local(parts::named(name).expect("each name is a part's"));
}
