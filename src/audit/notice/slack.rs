//! A message for an incoming webhook of Slack, in Block Kit.

use serde_json::{Value, json};

use super::{Notice, clipped};
use crate::rollout::Severity;

/// Slack's limits, in characters: of a header, of a section's text, of one of its fields, of the text that phones show.
const HEADER: usize = 150;
const SECTION: usize = 3000;
const FIELD: usize = 2000;
const FALLBACK: usize = 1000;

/// All texts of the event stand in `plain_text`, which Slack shows as it is. The one text that it reads, for phones and readers, has its three signs escaped,
/// so that nobody writes `<!channel>` by naming an image so.
pub(super) fn message(notice: &Notice<'_>) -> Value {
    let body = &notice.told.body;
    let title = format!("{} {}", sign(notice.told.severity), notice.title);
    // Slack refuses a text that is empty.
    let plain = |text: &str, most| json!({"type": "plain_text", "text": if text.is_empty() { "-".to_owned() } else { clipped(text, most) }, "emoji": false});
    let fields: Vec<Value> = notice.facts.iter().map(|(name, value)| plain(&format!("{name}\n{value}"), FIELD)).collect();
    let mut blocks = vec![
        json!({"type": "header", "text": plain(&title, HEADER)}),
        json!({"type": "section", "text": plain(&body.message, SECTION)}),
        json!({"type": "section", "fields": fields}),
    ];
    if let Some(page) = &notice.page {
        blocks.push(json!({"type": "actions", "elements": [
            {"type": "button", "text": plain("What to do", 75), "url": page},
        ]}));
    }
    json!({"text": clipped(&escaped(&format!("{title}: {}", body.message)), FALLBACK), "blocks": blocks})
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "🚨",
        Severity::High => "❌",
        Severity::Warning => "⚠️",
        Severity::Notice | Severity::Info => "ℹ️",
    }
}
