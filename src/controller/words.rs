//! In which closed sets of words does the controller count? Each word is there from the beginning, at 0, so that its first count is a rise.

use crate::cluster::Error;
use crate::rollout::{Change, Reading};
use crate::sink::Delivery;

/// How an attempt to deliver can end.
pub(super) const DELIVERIES: [&str; 4] = ["delivered", "unwanted", "retry", "refused"];

/// How a write can end.
pub(super) const WRITES: [&str; 4] = ["done", "conflict", "refused", "no_answer"];

/// What can be changed.
pub(super) const CHANGES: [&str; 17] = [
    "guard",
    "record",
    "create",
    "scale",
    "mark",
    "repair",
    "restart",
    "stamp",
    "hold",
    "unpause",
    "scale_held",
    "let_go",
    "prune",
    "discard",
    "answer",
    "forget",
    "release",
];

/// What can be answered: by a provider, and to a dry run.
pub(super) const ANSWERS: [&str; 24] = [
    "value",
    "counts",
    "means",
    "bounds",
    "no_bucket",
    "no_data",
    "not_a_number",
    "infinite",
    "several_series",
    "wrong_type",
    "partial",
    "bad_query",
    "query_failed",
    "unauthorized",
    "throttled",
    "unavailable",
    "http_status",
    "malformed",
    "too_large",
    "timed_out",
    "unreachable",
    "template_accepted",
    "template_refused",
    "template_unknown",
];

/// How a delivery ended.
pub(super) const fn delivery(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Delivered => "delivered",
        Delivery::Unwanted => "unwanted",
        Delivery::Retry(_) | Delivery::Later(..) => "retry",
        Delivery::Refused(_) => "refused",
    }
}

/// How a write ended.
pub(super) const fn write(result: Result<(), &Error>) -> &'static str {
    match result {
        Ok(()) => "done",
        Err(Error::Changed { .. } | Error::Gone { .. }) => "conflict",
        Err(Error::Refused { .. }) => "refused",
        Err(Error::NoAnswer { .. }) => "no_answer",
    }
}

/// What was changed.
pub(super) const fn change(change: &Change) -> &'static str {
    match change {
        Change::Guard => "guard",
        Change::Record { .. } => "record",
        Change::Create { .. } => "create",
        Change::Scale { .. } => "scale",
        Change::Mark { .. } => "mark",
        Change::Repair { .. } => "repair",
        Change::Restart { .. } => "restart",
        Change::Stamp { .. } => "stamp",
        Change::Hold { .. } => "hold",
        Change::Unpause { .. } => "unpause",
        Change::ScaleHeld { .. } => "scale_held",
        Change::LetGo { .. } => "let_go",
        Change::Prune { .. } => "prune",
        Change::Discard { .. } => "discard",
        Change::Answer(_) => "answer",
        Change::Forget { .. } => "forget",
        Change::Release => "release",
    }
}

/// What a provider answered.
pub(super) const fn reading(reading: &Reading) -> &'static str {
    match reading {
        Reading::Value(_) | Reading::Backed(..) => "value",
        Reading::Counts(_) => "counts",
        Reading::Means(_) => "means",
        Reading::Bounds(_) => "bounds",
        Reading::NoBucket => "no_bucket",
        Reading::NoData => "no_data",
        Reading::NotANumber => "not_a_number",
        Reading::Infinite => "infinite",
        Reading::SeveralSeries(_) => "several_series",
        Reading::WrongType(_) => "wrong_type",
        Reading::Partial(_) => "partial",
        Reading::BadQuery(_) => "bad_query",
        Reading::QueryFailed(_) => "query_failed",
        Reading::Unauthorized(_) => "unauthorized",
        Reading::Throttled => "throttled",
        Reading::Unavailable(_) => "unavailable",
        Reading::HttpStatus(_) => "http_status",
        Reading::Malformed(_) => "malformed",
        Reading::TooLarge => "too_large",
        Reading::TimedOut => "timed_out",
        Reading::Unreachable(_) => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::rollout::{Counted, Counts, Mean, Means, Newest};

    #[test]
    fn every_word_of_an_answer_is_there_from_the_beginning() {
        let said = String::new;
        let from = DateTime::UNIX_EPOCH;
        let nothing =
            Counted { from, counts: Counts::default(), newest: Newest::default(), scrape: None, before: Vec::new(), scraped: None };
        let readings = [
            Reading::Value(0.0),
            Reading::Backed(0.0, 0.0),
            Reading::Counts(Box::new(nothing)),
            Reading::Means(Means { canary: Mean::default(), stable: Mean::default(), scraped: None }),
            Reading::Bounds(Vec::new()),
            Reading::NoBucket,
            Reading::NoData,
            Reading::NotANumber,
            Reading::Infinite,
            Reading::SeveralSeries(2),
            Reading::WrongType(said()),
            Reading::Partial(said()),
            Reading::BadQuery(said()),
            Reading::QueryFailed(said()),
            Reading::Unauthorized(401),
            Reading::Throttled,
            Reading::Unavailable(503),
            Reading::HttpStatus(418),
            Reading::Malformed(said()),
            Reading::TooLarge,
            Reading::TimedOut,
            Reading::Unreachable(said()),
        ];
        for one in &readings {
            assert!(ANSWERS.contains(&reading(one)), "{one:?}");
        }
    }
}
