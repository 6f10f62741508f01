//! What is said while nothing moves: every reason, whether waiting helps, and the sentence for people.

use serin::rollout::{Mood, PauseCause, Why};

use crate::given::{after, v1, v2};

#[test]
fn every_reason_has_a_word_a_mood_and_a_sentence() {
    let text = || "the text".to_owned();
    let cases = [
        (Why::Settled, "Settled", Mood::Ready, "the spec's revision is stable"),
        (
            Why::Rejected(v2(), text()),
            "Rejected",
            Mood::Stuck,
            "revision 2222222222 was aborted (the text); retry it, or change the template",
        ),
        (Why::WaitingForPods(text()), "WaitingForPods", Mood::Working, "the text"),
        (Why::Holding(after(60)), "Holding", Mood::Working, "the step holds until 12:01:00 UTC"),
        (Why::Inconclusive(text()), "Inconclusive", Mood::Working, "the text"),
        (Why::CheckError(text()), "CheckError", Mood::Working, "the text"),
        (Why::ShareExceeded(text()), "ShareExceeded", Mood::Working, "the text"),
        (Why::Paused(PauseCause::Spec, text()), "PausedBySpec", Mood::Working, "spec.paused is set"),
        (
            Why::Paused(PauseCause::Deadline, text()),
            "PausedByDeadline",
            Mood::Stuck,
            "the step's deadline passed: the text; resume it, or change the template",
        ),
        (Why::Paused(PauseCause::Action, text()), "PausedByAction", Mood::Working, "the text; resume it, or change the template"),
        (
            Why::Paused(PauseCause::Approval, text()),
            "ApprovalTimeout",
            Mood::Stuck,
            "nobody approved in time; resume it to ask again, or change the template",
        ),
        (Why::Approval(None), "WaitingForApproval", Mood::Working, "the step passed and waits for an approval"),
        (
            Why::Approval(Some(after(60))),
            "WaitingForApproval",
            Mood::Working,
            "the step passed and waits for an approval until 2027-01-15 12:01:00 UTC",
        ),
        (Why::Baking(after(60)), "Baking", Mood::Working, "the promoted revision is watched until 12:01:00 UTC"),
        (Why::InvalidSpec(text()), "InvalidSpec", Mood::Stuck, "the text"),
        (Why::InvalidTemplate(text()), "InvalidTemplate", Mood::Stuck, "the API server refuses the template: the text"),
        (Why::TemplateUnknown(text()), "TemplateUnknown", Mood::Working, "the template could not be checked yet: the text"),
        (Why::CheckingTemplate, "CheckingTemplate", Mood::Working, "the template is being checked"),
        (Why::Service(text()), "Service", Mood::Stuck, "the text"),
        (Why::StepsUnattainable(text()), "StepsUnattainable", Mood::Stuck, "the text"),
        (
            Why::AuditBacklog(3),
            "AuditBacklog",
            Mood::Working,
            "3 events wait for their sinks; exposure does not grow until they are delivered",
        ),
        (Why::InstallFailed(text()), "InstallFailed", Mood::Stuck, "the text"),
        (
            Why::Missing(v1()),
            "Missing",
            Mood::Stuck,
            "the Deployment of revision 1111111111 is gone; set the template back to that revision to have it made again",
        ),
        (Why::WriteRefused(text()), "WriteRefused", Mood::Stuck, "a write that is needed was refused: the text"),
        (Why::RollingBack(text()), "RollingBack", Mood::Working, "rolling back: the text"),
        (Why::Deleting, "Deleting", Mood::Working, "the last events are being delivered"),
    ];
    for (why, reason, mood, sentence) in cases {
        assert_eq!((why.reason(), why.mood(), why.to_string().as_str()), (reason, mood, sentence));
        assert!(Why::REASONS.contains(&reason), "{reason} is a label of metrics");
    }
}
