//! Can traffic be shared out by pods, and is a share of pods a share of requests?

use std::fmt;

use super::{Intent, Why};

/// The shared Service, as far as it decides whether traffic can be shifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceView {
    /// The spec names none: a share is one of the pods, and no more is promised.
    None,
    /// It exists and selects the template's pods.
    Fits,
    /// As before, but it does not hand each request to any of its pods.
    Skewed(Vec<Skew>),
    /// There is no Service of that name.
    Missing,
    /// It cannot carry this rollout; the text says why and what to do.
    Unfit(String),
    /// Another, older Rollout has it.
    Taken {
        /// That Rollout's name.
        by: String,
    },
}

/// What makes a share of pods another one than a share of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skew {
    /// `clusterIP: None`.
    Headless,
    /// `sessionAffinity: ClientIP`.
    SessionAffinity,
    /// `trafficDistribution`, or the annotation that came before it.
    Topology,
    /// `internalTrafficPolicy: Local`.
    InternalLocal,
    /// `externalTrafficPolicy: Local`.
    ExternalLocal,
}

/// What happens where shares of pods are not the shares that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// A condition warns.
    Near,
    /// No pods are made for a new revision.
    Strict,
}

/// What a rollout cannot begin with: its Service, or steps that whole pods cannot give where that has to be so.
pub fn sharing_trouble(intent: &Intent, service: &ServiceView) -> Option<Why> {
    match (service, intent.sharing) {
        (ServiceView::Missing, _) => Some(Why::Service("the Service does not exist; create it, or correct spec.service".to_owned())),
        (ServiceView::Unfit(text), _) => Some(Why::Service(text.clone())),
        (ServiceView::Taken { by }, _) => {
            Some(Why::Service(format!("the Service already belongs to Rollout {by}; give this Rollout a Service of its own")))
        }
        (ServiceView::Skewed(skews), Sharing::Strict) => {
            Some(Why::Service(format!("{}; change that, or unset spec.traffic.replicas.strict", skewed(skews))))
        }
        (ServiceView::None | ServiceView::Fits, Sharing::Strict) => {
            intent.far_steps().map(|text| Why::StepsUnattainable(format!("{text}, or unset spec.traffic.replicas.strict")))
        }
        (ServiceView::None | ServiceView::Fits | ServiceView::Skewed(_), Sharing::Near) => None,
    }
}

/// What shares of pods are not, and why.
pub fn skewed(skews: &[Skew]) -> String {
    let skews: Vec<String> = skews.iter().map(ToString::to_string).collect();
    format!("shares of pods are not shares of requests: the Service {}", skews.join(", and it "))
}

impl Skew {
    /// One word for machines.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Headless => "Headless",
            Self::SessionAffinity => "SessionAffinity",
            Self::Topology => "Topology",
            Self::InternalLocal | Self::ExternalLocal => "LocalPolicy",
        }
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Headless => "is headless, so that clients choose a pod themselves and may keep it",
            Self::SessionAffinity => "has sessionAffinity ClientIP, so that a client keeps its pod",
            Self::Topology => "prefers pods that are near the client",
            Self::InternalLocal => "has internalTrafficPolicy Local, so that clients reach pods of their own node only",
            Self::ExternalLocal => "has externalTrafficPolicy Local, so that each node serves from its own pods",
        })
    }
}
