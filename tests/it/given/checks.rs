//! Checks as people write them.

use chrono::TimeDelta;
use serin::rollout::{Bursts, Check, CheckKind, Failures, Line, Policy, Sequential, Source, Strength, Subject, Threshold};

pub(crate) fn errors_below(max: f64) -> Check {
    Check {
        name: "errors".to_owned(),
        provider: "prometheus".to_owned(),
        delay: TimeDelta::zero(),
        policy: Policy::USUAL,
        kind: CheckKind::Threshold(Threshold {
            subject: Subject::Query("q".to_owned()),
            window: TimeDelta::seconds(30),
            min: None,
            max: Some(max),
            failures: Failures { count: 1, of: 1 },
        }),
    }
}

/// The same check with something of it changed.
pub(crate) fn edited(check: Check, edit: impl FnOnce(&mut Threshold)) -> Check {
    let CheckKind::Threshold(mut threshold) = check.kind else { panic!("no threshold") };
    edit(&mut threshold);
    Check { kind: CheckKind::Threshold(threshold), ..check }
}

/// A check that compares window after window, with every default.
pub(crate) fn compared(name: &str) -> Check {
    let source = Source::Queries { total: "all[{{window}}]".to_owned(), bad: "bad[{{window}}]".to_owned() };
    Check {
        name: name.to_owned(),
        provider: "prometheus".to_owned(),
        delay: TimeDelta::seconds(5),
        policy: Policy::USUAL,
        kind: CheckKind::Sequential(Sequential {
            source,
            part: 1.0,
            limit: Line { ratio: 1.5, plus: 0.001 },
            alarm: Line { ratio: 1.25, plus: 0.0005 },
            alpha: 0.05,
            least: 100.0,
            step: Strength::NoHarm,
            promotion: Strength::Auto,
            bursts: Bursts::Auto,
            incident: None,
        }),
    }
}
