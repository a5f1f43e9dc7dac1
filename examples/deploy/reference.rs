//! The quick reference: what is promised, what is recorded and how it is asked, when somebody is told.

use std::collections::BTreeMap;

use tower_metrics::{
    dashboard::Dashboards,
    names::{Kind, Metric, catalog},
    rules::Rules,
    sla::Sla,
};

/// The crate's own metrics that the house exports, in the order of the catalogue.
const OURS: [&str; 13] = [
    "http_requests_total",
    "http_request_duration_seconds",
    "http_requests_in_flight",
    "http_requests_oldest_start_timestamp_seconds",
    "http_client_requests_total",
    "limiter_calls_total",
    "requests_rejected_total",
    "rate_limit_exceeded_total",
    "retry_attempts_total",
    "connections_open",
    "connections_total",
    "connection_duration_seconds",
    "tower_metrics_label_sets",
];

/// How the names of gauges end that tell when the oldest call began.
const OLDEST: &str = "_oldest_start_timestamp_seconds";

pub(crate) fn page(promises: &[Sla], rules: &Rules, dashboards: &Dashboards) -> String {
    let mut page = String::from(
        "# The quick reference\n\n\
         Written by `cargo run --example deploy -- --reference docs/quick-reference.md` from what the four systems promise and \
         measure: change that, and write it again. \
         A test asks each query of a Prometheus that watches the systems. What \
         stands behind it is in the [guide](guide.md).\n\n\
         ## Promises\n\n| service | `job` | HTTP calls answered well | fast | team |\n|---|---|---|---|---|\n",
    );
    page.extend(promises.iter().map(promise));
    page.push_str(
        "\n## Alerts\n\nThose of every service stand once. `for` is how long it holds before somebody is told; what to do is in \
         the [runbooks](../deploy/runbooks.md) and in the annotations.\n\n| alert | severity | compares | for | says |\n|---|---|---|---|---|\n",
    );
    page.push_str(&alerts(rules));
    page.push_str("\n## Of every service\n\n");
    page.push_str(&metrics(catalog().filter(|it| OURS.contains(&it.name()))));
    for (title, of_board) in dashboards.boards() {
        page.push_str(&format!("\n## {title}\n\n{}", metrics(of_board.iter())));
    }
    page
}

fn promise(sla: &Sla) -> String {
    let share = |share: f64| format!("{} %", (share * 1e6).round() / 1e4);
    let latencies: Vec<_> = sla
        .latency_objectives()
        .iter()
        .map(|it| format!("{} within {:?}", share(it.quantile), it.threshold))
        .collect();
    let or_none = |text: String| if text.is_empty() { "–".to_owned() } else { text };
    format!(
        "| {} | `{}` | {} | {} | {} |\n",
        sla.name(),
        sla.job_name(),
        or_none(sla.availability_objective().map(share).unwrap_or_default()),
        or_none(latencies.join(", ")),
        or_none(
            sla.alert_labels().find(|(label, _)| *label == "team").map_or(String::new(), |it| it.1.into())
        ),
    )
}

fn alerts(rules: &Rules) -> String {
    let groups = rules.groups();
    let mut lines = BTreeMap::new();
    for rule in groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.is_alert()) {
        let severity = rule.added_labels().find(|(label, _)| *label == "severity").map_or("–", |it| it.1);
        let says = rule.annotations().find(|(name, _)| *name == "summary").map_or("", |it| it.1);
        let hold = match rule.hold().as_secs() {
            0 => "–".to_owned(),
            seconds => format!("{} min", seconds as f64 / 60.0),
        };
        let line =
            format!("{} | {hold} | {} |", threshold(rule.expr()).unwrap_or_else(|| "–".into()), plain(says));
        lines.entry((rule.name(), severity)).or_insert(line);
    }
    lines.iter().map(|((name, severity), line)| format!("| `{name}` | {severity} | {line}\n")).collect()
}

/// What the expression compares with, where it is a number that means something.
fn threshold(expr: &str) -> Option<String> {
    let words: Vec<_> = expr.split_whitespace().collect();
    let compared = words.windows(2).filter(|pair| [">", "<"].contains(&pair[0]));
    let mut sides = compared.map(|pair| (pair[0], pair[1].trim_end_matches(')')));
    let (side, number) = sides.find(|(_, word)| word.parse().is_ok_and(|value: f64| value != 0.0))?;
    Some(format!("{side} {number}"))
}

/// A summary with the labels in the place of their values.
fn plain(summary: &str) -> String {
    let mut parts = summary.split("{{");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (template, rest) = part.split_once("}}").unwrap_or((part, ""));
        let first = template.split_whitespace().next().unwrap_or_default();
        let name = first.strip_prefix("$labels.").unwrap_or(first.trim_start_matches('$'));
        plain.push_str(&format!("*{name}*{rest}"));
    }
    plain.replace('|', "/")
}

fn metrics<'a>(metrics: impl Iterator<Item = &'a Metric>) -> String {
    let mut table = String::from("| metric | labels | what | ask |\n|---|---|---|---|\n");
    for metric in metrics {
        let labels: Vec<_> = metric.labels().iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        table.push_str(&format!(
            "| `{}` | {labels} | {} | `{}` |\n",
            metric.name(),
            metric.help(),
            query(metric)
        ));
    }
    table
}

/// What is asked of a metric first: of the service as a whole, by its labels.
fn query(metric: &Metric) -> String {
    let (name, labels) = (metric.name(), metric.labels());
    let by = ["job"].iter().chain(labels).copied().collect::<Vec<_>>().join(", ");
    match metric.kind() {
        Kind::Counter => format!("sum by ({by}) (rate({name}[5m]))"),
        // Shares of replicas have no sum.
        Kind::Gauge if name.ends_with("_ratio") => format!("avg by ({by}) ({name})"),
        // Some exporters keep the start of a call that has ended.
        Kind::Gauge if name.ends_with(OLDEST) => {
            let in_flight = name.replace(OLDEST, "_in_flight");
            format!("max by ({by}) (time() - {name} and {in_flight} > 0)")
        }
        Kind::Gauge => format!("sum by ({by}) ({name})"),
        Kind::Histogram => format!("histogram_quantile(0.95, sum by ({by}, le) (rate({name}_bucket[5m])))"),
        _ => name.to_owned(),
    }
}
