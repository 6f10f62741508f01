//! Do the pages name only what exists?

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn pages_link_to_and_name_only_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = pages(root);
    assert!(pages.len() > 10, "only {} pages", pages.len());
    let missing: Vec<String> = pages
        .iter()
        .flat_map(|page| {
            let text = fs::read_to_string(page).unwrap();
            let links = between(&text, "](", ")").into_iter().filter(|link| !link.contains("://") && !link.starts_with('#'));
            let linked = links.map(|link| page.with_file_name(link.split('#').next().unwrap()));
            let named = between(&text, "`", "`").into_iter().filter(|name| ROOTS.iter().any(|root| name.starts_with(root)));
            let all: Vec<PathBuf> = linked.chain(named.map(|name| root.join(name))).collect();
            all.into_iter().filter(|path| !path.exists()).map(|path| format!("{}: {}", page.display(), path.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// Words in code style that begin so are paths of the repository.
const ROOTS: [&str; 6] = ["tests/", "src/", "docs/", "deploy/", "crds/", "examples/"];

/// What stands between two marks, on one line.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some((inner, after)) = rest.split_once(open).and_then(|(_, inner)| inner.split_once(close)) {
            found.push(inner);
            rest = after;
        }
    }
    found
}

/// The pages for people.
fn pages(root: &Path) -> Vec<PathBuf> {
    [root.to_owned(), root.join("docs"), root.join("docs/decisions"), root.join("docs/runbooks")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}
