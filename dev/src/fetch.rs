//! Does an address answer?

use std::time::Duration;

/// True if the address answers with success within a second.
pub(crate) async fn answers(url: &str) -> bool {
    let request = reqwest::Client::new().get(url).timeout(Duration::from_secs(1)).send();
    request.await.is_ok_and(|answer| answer.status().is_success())
}
