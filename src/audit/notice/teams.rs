//! A card for a webhook of a workflow of Microsoft Teams: an Adaptive Card 1.4.

use serde_json::{Value, json};

use super::Notice;
use crate::rollout::Severity;

/// Texts of the event stand in runs of a `RichTextBlock`: unlike a `TextBlock`, that reads no Markdown. The whole stays far below the 28 KB that Teams
/// takes, because an event has 1.5 KiB.
pub(super) fn card(notice: &Notice<'_>) -> Value {
    let color = color(notice.told.severity);
    let run = |text: &str| json!({"type": "TextRun", "text": text});
    let strong = |text: &str| json!({"type": "TextRun", "text": text, "weight": "Bolder"});
    let line = |inlines: Value| json!({"type": "RichTextBlock", "inlines": inlines});
    let title = json!({"type": "TextRun", "text": notice.title, "weight": "Bolder", "size": "Large", "color": color});
    let mut body = vec![line(json!([title])), line(json!([run(&notice.told.body.message)]))];
    body.extend(notice.facts.iter().map(|(name, value)| line(json!([strong(&format!("{name}: ")), run(value)]))));
    let mut content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    });
    if let Some(page) = &notice.page {
        content["actions"] = json!([{"type": "Action.OpenUrl", "title": "What to do", "url": page}]);
    }
    let card = json!({"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": content});
    json!({"type": "message", "attachments": [card]})
}

const fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "Attention",
        Severity::Warning => "Warning",
        Severity::Notice | Severity::Info => "Default",
    }
}
