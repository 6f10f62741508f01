//! What was granted to whom, and when? The Rollout's status, looked at twenty times a second and written down when it changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::api::{Api, DynamicObject};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::shop::{NAME, Version};

const EVERY: Duration = Duration::from_millis(50);

/// From this moment on, until the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub at: Instant,
    /// The last one that was rolled out.
    pub version: Version,
    pub phase: String,
    /// In percent.
    pub granted: u64,
}

/// Watches until it is ended.
pub struct Grants {
    seen: Arc<Mutex<Seen>>,
    watch: JoinHandle<()>,
}

struct Seen {
    version: Version,
    moments: Vec<Moment>,
}

impl Grants {
    pub fn watch(rollouts: Api<DynamicObject>) -> Self {
        let seen = Arc::new(Mutex::new(Seen { version: Version::Good(1), moments: Vec::new() }));
        let watch = tokio::spawn(look(rollouts, Arc::clone(&seen)));
        Self { seen, watch }
    }

    /// From now on this one is on trial.
    pub fn trying(&self, version: Version) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).version = version;
    }

    pub fn end(self) -> Vec<Moment> {
        self.watch.abort();
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner).moments)
    }
}

async fn look(rollouts: Api<DynamicObject>, seen: Arc<Mutex<Seen>>) {
    loop {
        // An API server that does not answer has said nothing new.
        if let Ok(Some(rollout)) = rollouts.get_opt(NAME).await {
            let status = &rollout.data["status"];
            let phase = status["phase"].as_str().unwrap_or_default().to_owned();
            let granted = status["weight"]["granted"].as_u64().unwrap_or_default();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let moment = Moment { at: Instant::now(), version: seen.version, phase, granted };
            let same = |last: &Moment| (last.version, &last.phase, last.granted) == (moment.version, &moment.phase, moment.granted);
            if !seen.moments.last().is_some_and(same) {
                seen.moments.push(moment);
            }
        }
        sleep(EVERY).await;
    }
}

/// The reason for which nothing moves.
pub fn reason(rollout: &Value) -> &str {
    rollout["status"]["why"]["reason"].as_str().unwrap_or_default()
}
