//! May this process write now?

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Request};
use tokio::sync::Notify;

use super::uptime::uptime;
use crate::rollout::Epoch;

/// What the lease allows, known to all who write. At first it allows nothing.
#[derive(Debug, Default)]
pub struct Lead {
    reign: Mutex<Reign>,
    surpassed: Notify,
}

#[derive(Debug, Default)]
struct Reign {
    /// Until when writing is allowed, if nothing else is heard.
    until: Duration,
    epoch: Epoch,
    /// The highest epoch that is known to be somebody else's.
    seen: Epoch,
    /// Why the lease cannot be had, in the API server's words.
    refused: Option<String>,
}

/// Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was not sent: this process does not hold the lease, or not any more")]
pub struct NotLeading;

impl Lead {
    /// Whether this process leads at this moment, also if it slept just now.
    pub fn holds(&self) -> bool {
        uptime() < self.reign().until
    }

    /// The epoch of this process: none before it leads for the first time.
    pub fn epoch(&self) -> Epoch {
        self.reign().epoch
    }

    /// An object carries this epoch: ours, a lower one, or one that somebody else had.
    pub fn saw(&self, epoch: Epoch) {
        if epoch > self.epoch() {
            self.pass_by(epoch);
        }
    }

    /// Somebody else had this epoch: ours has to be a higher one.
    pub fn pass_by(&self, epoch: Epoch) {
        let mut reign = self.reign();
        reign.seen = reign.seen.max(epoch);
        self.surpassed.notify_one();
    }

    /// Waits until an epoch of somebody else is known that has to be passed; says which.
    pub async fn surpassed(&self) -> Epoch {
        self.surpassed.notified().await;
        self.reign().seen
    }

    /// Notes why the lease cannot be had, or that it can.
    pub fn refused(&self, text: Option<String>) {
        self.reign().refused = text;
    }

    /// Why the lease cannot be had.
    pub fn refusal(&self) -> Option<String> {
        self.reign().refused.clone()
    }

    /// The lease was renewed.
    pub fn extend(&self, until: Duration, epoch: Epoch) {
        let mut reign = self.reign();
        (reign.until, reign.epoch) = (until, epoch);
    }

    /// From now on nothing is written.
    pub fn end(&self) {
        self.reign().until = Duration::ZERO;
    }

    /// Lets a request through that changes nothing, and while this process leads any other.
    ///
    /// # Errors
    /// It would change something, and this process does not lead.
    pub fn pass<B>(&self, request: Request<B>) -> Result<Request<B>, NotLeading> {
        if !changes(&request) || self.holds() { Ok(request) } else { Err(NotLeading) }
    }

    /// No holder panics half-way through a change, so a poisoned lock guards nothing broken.
    fn reign(&self) -> MutexGuard<'_, Reign> {
        self.reign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request can change anything: reads, dry runs and questions about ourselves cannot.
fn changes<B>(request: &Request<B>) -> bool {
    let dry = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "dryRun=All"));
    let asks = request.uri().path().starts_with("/apis/authentication.k8s.io/");
    request.method() != Method::GET && !dry && !asks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(lead: &Lead, method: Method, uri: &str) -> bool {
        lead.pass(Request::builder().method(method).uri(uri).body(()).expect("a request")).is_ok()
    }

    #[test]
    fn nothing_is_changed_without_the_lease() {
        let scale = "/apis/apps/v1/namespaces/shop/deployments/checkout-1/scale?fieldManager=serin";
        let lead = Lead::default();
        assert!(!passes(&lead, Method::PUT, scale));
        lead.extend(uptime() + Duration::from_mins(1), Epoch::FIRST);
        assert!(passes(&lead, Method::PUT, scale));
        lead.extend(uptime(), Epoch::FIRST);
        assert!(!passes(&lead, Method::PUT, scale), "its time is over");
        lead.extend(uptime() + Duration::from_mins(1), Epoch::FIRST);
        lead.end();
        assert!(!passes(&lead, Method::PUT, scale), "it was given away");
    }

    #[test]
    fn what_changes_nothing_needs_no_lease() {
        let lead = Lead::default();
        assert!(passes(&lead, Method::GET, "/apis/apps/v1/deployments?watch=true"));
        assert!(passes(&lead, Method::POST, "/apis/apps/v1/namespaces/shop/deployments?dryRun=All&fieldValidation=Strict"));
        assert!(passes(&lead, Method::POST, "/apis/authentication.k8s.io/v1/selfsubjectreviews"));
        assert!(!passes(&lead, Method::POST, "/apis/apps/v1/namespaces/shop/deployments?dryRun=None"));
        assert!(!passes(&lead, Method::DELETE, "/apis/apps/v1/namespaces/shop/deployments/checkout-1"));
    }
}
