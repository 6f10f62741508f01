//! Which providers of metrics answer? As a gauge of each, for an alert that does not wait for a rollout.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::rollout::{Outage, Reading};

/// A gauge of each provider.
#[derive(Debug, Default)]
pub(super) struct ProvidersUp {
    up: Family<ProviderLabels, Gauge>,
    /// Questions in a row that got no answer.
    silences: Mutex<BTreeMap<String, usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabels {
    provider: String,
}

impl ProvidersUp {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "0 where a provider of metrics left three questions in a row without an answer and has not answered since";
        registry.register("provider_up", help, self.up.clone());
    }

    /// There is this provider. It is up until it is silent.
    pub(super) fn expect(&self, provider: &str) {
        self.gauge(provider).set(1);
    }

    /// A question was answered, or not.
    pub(super) fn answered(&self, provider: &str, reading: &Reading) {
        let mut all = self.silences.lock().unwrap_or_else(PoisonError::into_inner);
        let silences = all.entry(provider.to_owned()).or_default();
        *silences = reading.silence().map_or(0, |_| silences.saturating_add(1));
        self.gauge(provider).set(i64::from(*silences < Outage::SILENCES));
    }

    fn gauge(&self, provider: &str) -> Gauge {
        self.up.get_or_create(&ProviderLabels { provider: provider.to_owned() }).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_silences_in_a_row_are_an_outage_and_the_next_answer_ends_it() {
        let up = ProvidersUp::default();
        up.expect("a");
        let told: Vec<i64> =
            [Reading::TimedOut, Reading::NoData, Reading::TimedOut, Reading::Throttled, Reading::Unavailable(503), Reading::NoData]
                .iter()
                .map(|reading| {
                    up.answered("a", reading);
                    up.gauge("a").get()
                })
                .collect();
        assert_eq!(told, [1, 1, 1, 1, 0, 1]);
        up.answered("b", &Reading::TimedOut);
        assert_eq!((up.gauge("a").get(), up.gauge("b").get()), (1, 1));
    }
}
