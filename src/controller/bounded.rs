//! How does a pass end, whatever happens in it?

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
#[derive(Debug)]
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
    let outcome = match timeout(PASS_LIMIT, AssertUnwindSafe(pass(&world, &key)).catch_unwind()).await {
        Ok(Ok(Ok(wake))) => Outcome::Passed(wake),
        Ok(Ok(Err(error))) => Outcome::Failed(error),
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            Outcome::Panicked(text.unwrap_or("without words").to_owned())
        }
        Err(_) => Outcome::TimedOut,
    };
    (key, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Status;
    use crate::controller::Seen;
    use crate::rollout::{Change, Question};

    /// A world in which looking is a defect.
    struct Broken;

    impl World for Broken {
        type Error = String;

        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn observe(&self, key: &Key) -> Option<Seen> {
            panic!("no way to see {key}")
        }

        async fn commit(&self, _: &Key, _: &str, _: &Status) -> Result<(), String> {
            Ok(())
        }

        async fn apply(&self, _: &Key, _: &[Change]) -> Result<(), String> {
            Ok(())
        }

        fn ask(&self, _: &Key, _: Vec<Question>) {}
    }

    #[test]
    fn a_defect_ends_its_own_pass_and_no_other() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let key = Key { namespace: "shop".to_owned(), name: "checkout".to_owned() };
        let (told, outcome) = runtime.block_on(bounded(Broken, key.clone()));
        assert_eq!(told, key);
        assert!(matches!(outcome, Outcome::Panicked(text) if text == "no way to see shop/checkout"));
    }
}
