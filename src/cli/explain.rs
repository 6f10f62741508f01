//! Prints the evidence of a Rollout's last attempt, as numbers that can be followed.

use std::fmt::Write as _;

use serde_json::json;

use super::ask::{self, Found};
use super::command::{Output, Question};
use super::failure::Failure;

/// Asks once and prints what is known of the attempt in flight, or of the last one.
pub(super) fn print(question: &Question) -> Result<(), Failure> {
    let Found { place, object } = super::runtime()?.block_on(ask::rollout(&question.target))?;
    let status = object.status.as_ref().map_err(|error| ask::unreadable(error.clone()))?;
    let (namespace, name) = (&place.key.namespace, &place.key.name);
    match question.output {
        Output::Text => {
            let mut page = format!("Rollout {namespace}/{name}\n");
            if let Some(why) = &status.why {
                let _ = writeln!(page, "{}: {}", why.reason, why.message); // writing to a String cannot fail
            }
            super::data(&format!("{page}{}", status.evidence))
        }
        Output::Json => {
            let page = json!({"namespace": namespace, "name": name, "why": status.why, "evidence": status.evidence});
            super::data(&serde_json::to_string_pretty(&page).expect("plain data is always JSON"))
        }
    }
}
