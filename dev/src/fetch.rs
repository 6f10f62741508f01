//! Does an address answer, and with what?

use std::time::Duration;

/// True if the address answers with success within a second.
pub(crate) async fn answers(url: &str) -> bool {
    page(url).await.is_some()
}

/// Whether a page is there and has this line.
pub(crate) async fn has_line(url: &str, wanted: &str) -> bool {
    let Some(answer) = page(url).await else { return false };
    answer.text().await.is_ok_and(|text| text.lines().any(|line| line == wanted))
}

async fn page(url: &str) -> Option<reqwest::Response> {
    let request = reqwest::Client::new().get(url).timeout(Duration::from_secs(1)).send();
    request.await.ok().filter(|answer| answer.status().is_success())
}
