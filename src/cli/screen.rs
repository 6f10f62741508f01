//! Where do changes go: a page that is drawn anew, or one line each?

use std::io::IsTerminal as _;

use super::command::Output;
use super::failure::Failure;
use super::page::Page;

/// What printed the last change.
pub(super) struct Screen {
    form: Form,
    last: Option<String>,
}

/// How changes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// On a terminal: a page with the canary's share as a bar, over the one before.
    Drawn,
    /// Elsewhere: one line for people.
    Line,
    /// One JSON object a line.
    Json,
}

/// A long line must not take two: then the page before would not be covered.
const NO_WRAP: &str = "\x1b[?7l";
/// Lines may wrap again.
const WRAP: &str = "\x1b[?7h";
/// Everything from here on is wiped.
const WIPE: &str = "\x1b[J";

impl Screen {
    /// Standard output, as it is.
    pub(super) fn new(output: Output) -> Self {
        let form = match output {
            Output::Json => Form::Json,
            Output::Text if std::io::stdout().is_terminal() => Form::Drawn,
            Output::Text => Form::Line,
        };
        Self { form, last: None }
    }

    /// Prints a page unless it says what the one before said.
    pub(super) fn show(&mut self, page: &Page) -> Result<(), Failure> {
        let text = match self.form {
            Form::Drawn => page.live(),
            Form::Line => page.line(),
            Form::Json => page.json_line(),
        };
        if self.last.as_ref() == Some(&text) {
            return Ok(());
        }
        let before = self.last.replace(text.clone());
        super::data(&match self.form {
            Form::Drawn => drawn(before.as_deref(), &text),
            Form::Line | Form::Json => text,
        })
    }
}

/// A page over the one before.
fn drawn(before: Option<&str>, page: &str) -> String {
    let up = before.map_or_else(String::new, |before| format!("\x1b[{}A\r", before.trim_end().lines().count()));
    format!("{up}{WIPE}{NO_WRAP}{}{WRAP}", page.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_drawn_over_the_one_before() {
        assert_eq!(drawn(None, "one\ntwo\n"), "\x1b[J\x1b[?7lone\ntwo\x1b[?7h");
        assert_eq!(drawn(Some("one\ntwo\n"), "three\n"), "\x1b[2A\r\x1b[J\x1b[?7lthree\x1b[?7h");
    }
}
