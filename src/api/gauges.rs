//! Which quantity of the pods is compared?

use super::check_spec::SequentialSpec;
use super::checks::{Owner, below, confidence, half_way, line, strengths};
use super::invalid::Invalid;
use super::parse::length;
use super::ranges::longer;
use super::sources::MAX_QUERY;
use crate::analysis::{BATCH, fill_fixed};
use crate::rollout::{Gauge, Line};

/// A quarter more than stable has: what differs less between two versions is mostly noise.
const LIMIT: Line = Line { ratio: 1.25, plus: 0.0 };

pub(super) fn gauge(name: &str, spec: &SequentialSpec, owner: Owner<'_>) -> Result<Gauge, Invalid> {
    let SequentialSpec {
        of: _,
        query,
        series,
        slower_than,
        bounds,
        counts,
        limit,
        alarm,
        confidence: sure,
        min_requests,
        pass,
        bursts,
        incident,
        asking: _,
    } = spec;
    let odd = |text: &str| Invalid::Counting { check: name.to_owned(), text: text.to_owned() };
    let Some(query) = query else {
        return Err(odd(
            "of: gauge needs a query with one value for each pod, such as avg_over_time(process_resident_memory_bytes[{{window}}])",
        ));
    };
    let counted = series.is_some() || slower_than.is_some() || bounds.is_some() || counts.is_some();
    if counted || min_requests.is_some() || bursts.is_some() || incident.is_some() {
        return Err(odd(
            "series, slowerThan, bounds, counts, minRequests, bursts and incident speak of requests; remove them beside of: gauge",
        ));
    }
    length(&format!("analysis.checks[{name}].sequential.query"), query.chars().count(), "characters", 1, MAX_QUERY)?;
    // It is another one for each question.
    let filled = fill_fixed(query, owner.namespace, owner.rollout, "{{window}}")
        .map_err(|problem| Invalid::Placeholder { check: name.to_owned(), problem })?;
    if !filled.contains("{{window}}") {
        return Err(odd(
            "the query of a gauge has to look back for {{window}}, as in avg_over_time(process_resident_memory_bytes[{{window}}])",
        ));
    }
    if let Some(range) = longer(query, BATCH) {
        let text =
            format!("the query looks back for [{range}], further than a minute, so that minutes would count twice; write [{{{{window}}}}]");
        return Err(odd(&text));
    }
    let limit = limit.map_or(Ok(LIMIT), |limit| line(name, "limit", limit))?;
    let alarm = alarm.map_or(Ok(half_way(limit)), |alarm| line(name, "alarm", alarm))?;
    if limit.plus > 0.0 || alarm.plus > 0.0 {
        return Err(odd("plus is a share of requests; a gauge is held against a ratio alone, such as limit: {ratio: 1.25}"));
    }
    if limit.ratio <= 1.0 {
        return Err(odd("a limit of ratio 1 can never be proven; allow the canary a little more than stable, such as ratio 1.25"));
    }
    below(name, alarm, limit)?;
    let (step, promotion) = strengths(*pass);
    let alpha = 1.0 - confidence(name, *sure)?;
    Ok(Gauge { query: filled, limit: limit.ratio, alarm: alarm.ratio, alpha, step, promotion })
}
