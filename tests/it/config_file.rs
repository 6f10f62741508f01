//! The configuration file: what is accepted, what is refused, and in which words.

use serin::config::parse;

#[test]
fn probe() {
    for text in [
        "",
        "# c\n",
        "---\n",
        "metrics:\n",
        "cluster:\nlisten:\n",
        "cluster: {name: prod}\nlistn: 1\n",
        "listen: x",
        "listen: [1]",
        "metrics:\n  providers:\n  - name: a\n    urll: http://a\n",
        "metrics:\n  providers:\n  - name: a\n",
        "metrics:\n  providers:\n  - name: a\n    url: ftp://a\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    headers: {a: b, A: c}\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    headers: {a: 1}\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    timeout: 10\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    timeout: 2m\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    maxBodyBytes: -1\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    maxBodyBytes: 1Mi\n",
        "metrics:\n  providers:\n  - {name: a, url: http://a}\n  - {name: a, url: http://a}\n",
        "cluster: {name: a}\ncluster: {name: b}\n",
        "cluster: {name: \"a b\"}",
        "a: [",
        "listen: 1:2\n\t- x",
        "[]",
        "x",
        "---\nlisten: 0.0.0.0:1\n---\nlisten: 0.0.0.0:2\n",
        "metrics:\n  providers:\n  - name: a\n    url: http://a\n    headers:\n      Authorization: sec\"ret\n      b: \"\u{1}\"\n",
    ] {
        println!(
            "=== {text}\n--> {}",
            match parse(text) {
                Ok(c) => format!("{c:?}"),
                Err(e) => e.to_string(),
            }
        );
    }
}
