//! A stand-in for a metrics backend: it answers every query with 1 until it is told to turn, and then, for one rollout after the other, with 0; it notes
//! when it said so first, and of which rollout. The real Prometheus answers all other measurements; it cannot say when it answered.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What each rollout asks.
pub(crate) const QUERY: &str = r#"health{rollout="{{rollout}}"}"#;

#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Turn>>);

#[derive(Default)]
struct Turn {
    /// From when on the first rollout hears 0, and how much later each that follows it.
    bad: Option<(DateTime<Utc>, Duration)>,
    /// When each rollout heard 0 first.
    told: BTreeMap<String, DateTime<Utc>>,
}

/// The backend, until it is dropped.
pub(crate) struct Backend {
    pub(crate) url: String,
    answers: Answers,
    serving: JoinHandle<()>,
}

impl Backend {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let answers = Answers::default();
        let state = answers.clone();
        let app = Router::new().fallback(move |body: String| async move { state.answer(&body) });
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { url, answers, serving })
    }

    /// From now on the answers become 0, for each rollout so much later than for the one before it.
    pub(crate) fn turn(&self, gap: Duration) {
        self.answers.lock().bad = Some((Utc::now(), gap));
    }

    /// When each rollout heard that first.
    pub(crate) fn told(&self) -> BTreeMap<String, DateTime<Utc>> {
        self.answers.lock().told.clone()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Answers {
    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, form: &str) -> String {
        let now = Utc::now();
        let query = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "query").map(|(_, value)| value.into_owned());
        let rollout = query.as_deref().and_then(|query| query.split('"').nth(1)).unwrap_or_default();
        let mut turn = self.lock();
        let is_bad = turn.bad.is_some_and(|(since, gap)| now >= since + gap * number(rollout));
        if is_bad {
            turn.told.entry(rollout.to_owned()).or_insert(now);
        }
        let time = f64::from(u32::try_from(now.timestamp()).unwrap_or(u32::MAX));
        let value = if is_bad { "0" } else { "1" };
        json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [time, value]}]}}).to_string()
    }
}

/// Which of the many it is.
fn number(rollout: &str) -> u32 {
    rollout.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
