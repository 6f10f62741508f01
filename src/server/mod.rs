//! Is the controller well, and what does it count? Health and metrics over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

/// What `prometheus-client` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Says whether something is well, and if not, what is missing.
pub type Probe = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What is served.
#[derive(Clone)]
pub struct Pages {
    /// `/healthz`: whether the process still works; if not, it has to be started again.
    pub healthy: Probe,
    /// `/readyz`: whether the cluster was seen whole once.
    pub ready: Probe,
    /// `/metrics`: the controller's own counts, as OpenMetrics text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Serves until it is dropped.
///
/// # Errors
/// The socket broke.
pub async fn serve(listener: TcpListener, pages: Pages) -> std::io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(async |State(pages): State<Pages>| answer(&pages.healthy)))
        .route("/readyz", get(async |State(pages): State<Pages>| answer(&pages.ready)))
        .route("/metrics", get(async |State(pages): State<Pages>| ([(header::CONTENT_TYPE, OPEN_METRICS)], (pages.metrics)())))
        .with_state(pages);
    axum::serve(listener, router).await
}

fn answer(probe: &Probe) -> Response {
    match probe() {
        Ok(()) => "ok\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}
