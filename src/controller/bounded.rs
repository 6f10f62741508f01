//! How does a pass end, whatever happens in it?

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use tokio::time::timeout;

use super::pass::pass;
use super::world::{Key, World};

/// The longest pass: several calls, each with a limit of its own. What it did not do is derived again by the next one.
const PASS_LIMIT: Duration = Duration::from_mins(1);

/// How a pass ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome<E> {
    /// Everything that was decided is done; look again at this time even if nothing happens.
    Passed(Option<DateTime<Utc>>),
    /// A write failed.
    Failed(E),
    /// It took too long.
    TimedOut,
    /// A defect of ours, in its words.
    Panicked(String),
}

/// One pass that neither lasts for ever nor takes others down.
pub(super) async fn bounded<W: World>(world: W, key: Key) -> (Key, Outcome<W::Error>) {
    let outcome = within(PASS_LIMIT, pass(&world, &key)).await;
    (key, outcome)
}

fn within<E>(limit: Duration, pass: impl Future<Output = Result<Option<DateTime<Utc>>, E>>) -> impl Future<Output = Outcome<E>> {
    timeout(limit, AssertUnwindSafe(pass).catch_unwind()).map(|ended| match ended {
        Ok(Ok(Ok(wake))) => Outcome::Passed(wake),
        Ok(Ok(Err(error))) => Outcome::Failed(error),
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Outcome::Panicked(text.unwrap_or("without words").to_owned())
        }
        Err(_) => Outcome::TimedOut,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = Result<Option<DateTime<Utc>>, String>;

    fn outcome(limit: Duration, pass: impl Future<Output = Told>) -> Outcome<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async { within(limit, pass).await })
    }

    #[test]
    fn a_pass_that_ends_says_when_to_look_again_or_what_failed() {
        let wake = Some(DateTime::UNIX_EPOCH);
        assert_eq!(outcome(PASS_LIMIT, async { Ok(wake) }), Outcome::Passed(wake));
        assert_eq!(outcome(PASS_LIMIT, async { Err("refused".to_owned()) }), Outcome::Failed("refused".to_owned()));
    }

    #[test]
    fn a_pass_that_hangs_is_cut_off_at_the_limit() {
        assert_eq!(outcome(Duration::ZERO, std::future::pending::<Told>()), Outcome::TimedOut);
    }

    #[test]
    fn a_defect_ends_its_own_pass_in_its_words() {
        let defect = |text: &'static str| outcome(PASS_LIMIT, async move { panic!("{text}") });
        assert_eq!(defect("no way to see it"), Outcome::Panicked("no way to see it".to_owned()));
    }
}
