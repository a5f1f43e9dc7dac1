//! Bands around what is usual: the median of a day, and how far calls usually are from it.

use super::{
    Alert, Group, Rule,
    config::{Config, Scope},
    service::INTERVAL,
    sli::selector,
};
use crate::{
    names,
    promql::{Set, grouped},
    sla::Merged,
};

/// The standard deviation of a normal distribution in median absolute deviations.
const DEVIATION: f64 = 1.4826;

/// How many evaluations are nearly a day.
const NEARLY_A_DAY: u32 = 260;

/// The group of a service's bands: a robust median ± the larger of three deviations and half of the median.
pub(super) fn group(config: &Config, Merged { sla, .. }: &Merged) -> Group {
    let scope = Scope::of(sla);
    let mut group = Group::new(format!("anomaly-{}", scope.key), INTERVAL * 10);

    let duration = |suffix| {
        Set::of([selector(sla, &names::HTTP_REQUEST_DURATION_SECONDS).suffixed(suffix)]).sum(&scope.by, "5m")
    };
    let mean = format!("{}\n/\n{}", duration("_sum"), grouped(&format!("{} > 0", duration("_count"))));
    let events = format!(
        "and on ({}) {} * 300 >= {}",
        scope.by,
        scope.recorded("job:http_bad:rate5m"),
        config.min_bad_events
    );
    for (signal, expr, guard) in [
        ("requests", scope.recorded("job:http_judged:rate5m"), None),
        ("errors", scope.recorded("job:http_bad:rate5m"), Some(&*events)),
        ("duration", mean, Some("")),
    ] {
        group.rules.extend(bands(config, &scope, signal, expr, guard));
    }
    scope.labelled(group)
}

/// The band of one signal. With a guard, only what is above it is unusual.
fn bands(config: &Config, scope: &Scope, signal: &str, expr: String, guard: Option<&str>) -> Vec<Rule> {
    let of = |name: &str| format!("job:anomaly_{name}{{{},signal=\"{signal}\"}}", scope.matchers);
    let record = |name: &str, expr| Rule::record(format!("job:anomaly_{name}"), expr).label("signal", signal);
    let median = of("median1d");
    let spread = format!("3 * {DEVIATION} * quantile_over_time(0.5, {}[1d])", of("deviation"));
    let mut rules = vec![
        record("level", expr),
        record("median1d", format!("quantile_over_time(0.5, {}[1d])", of("level"))),
        record("deviation", format!("abs({} - {median})", of("level"))),
        record("width1d", format!("({spread} > 0.5 * {median})\nor\n0.5 * {median}")),
        record("upper_band", format!("{median} + {}", of("width1d"))),
        record("lower_band", format!("clamp_min({median} - {}, 0)", of("width1d"))),
    ];
    let above = format!("{} > {}", of("level"), of("upper_band"));
    let outside = match guard {
        Some(guard) => format!("{above}\n{guard}").trim_end().to_owned(),
        None => format!("({above}\nor\n{} < {})", of("level"), of("lower_band")),
    };
    rules.extend(config.alert(
        Alert::Anomaly,
        format!("{outside}\nand count_over_time({}[1d]) >= {NEARLY_A_DAY}", of("level")),
        &[&*scope.alert_labels, &[("signal".into(), signal.into())]].concat(),
        "The signal {{ $labels.signal }} of {{ $labels.job }} is unlike that of the last day.",
        "The level is {{ $value | printf \"%.3g\" }}, outside of the median of 24 hours and what is usual around it.",
    ));
    rules
}
