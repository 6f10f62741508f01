//! How do others count severity?

use crate::rollout::Severity;

/// One severity on everybody's scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// OCSF's `severity_id`.
    pub ocsf: u8,
    /// Syslog's severity (RFC 5424): the smaller the worse.
    pub syslog: u8,
    /// CEF's and LEEF's, of 10.
    pub of_ten: u8,
    /// Elastic's `event.severity`, as its detection rules count risk.
    pub ecs: u8,
    /// OpenTelemetry's number; CloudEvents has the same.
    pub otel: u8,
    /// OpenTelemetry's word.
    pub otel_text: &'static str,
}

impl Scale {
    /// The severity on each scale.
    pub const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self { ocsf: 1, syslog: 6, of_ten: 2, ecs: 21, otel: 9, otel_text: "INFO" },
            Severity::Notice => Self { ocsf: 2, syslog: 5, of_ten: 3, ecs: 21, otel: 10, otel_text: "INFO2" },
            Severity::Warning => Self { ocsf: 3, syslog: 4, of_ten: 5, ecs: 47, otel: 13, otel_text: "WARN" },
            Severity::High => Self { ocsf: 4, syslog: 3, of_ten: 8, ecs: 73, otel: 17, otel_text: "ERROR" },
            Severity::Critical => Self { ocsf: 5, syslog: 2, of_ten: 10, ecs: 99, otel: 21, otel_text: "FATAL" },
        }
    }
}
