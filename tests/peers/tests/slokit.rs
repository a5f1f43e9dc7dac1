//! The crate `slokit` makes rules from a specification in YAML. Where it is right, the numbers are the same.
//!
//! `cargo test --manifest-path tests/peers/Cargo.toml`, with the Debian package `prometheus` installed.

#[path = "../../support/programs/tools.rs"]
mod tools;

use std::time::Duration;

use slokit::{generate::generate_rules, spec::Spec};
use tools::{Scratch, run};
use tower_metrics::{rules::Rules, sla::Sla};

const SPEC: &str = r#"
version: prometheus/v1
service: shop
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: sum by (job) (rate(http_requests_total{job="shop",status=~"5.."}[{{.window}}]))
        total_query: sum by (job) (rate(http_requests_total{job="shop"}[{{.window}}]))
    alerting:
      name: Burn
      page_alert: {labels: {severity: critical}}
      ticket_alert: {labels: {severity: warning}}
  - name: latency
    objective: 99
    sli:
      latency:
        histogram_metric: http_request_duration_seconds
        threshold: "0.1"
        selector: job="shop",status="2xx"
    alerting:
      name: Burn
      page_alert: {labels: {severity: critical}}
      ticket_alert: {labels: {severity: warning}}
"#;

fn theirs() -> String {
    generate_rules(&Spec::from_yaml(SPEC).unwrap()).unwrap().to_prometheus_yaml().unwrap()
}

fn ours() -> String {
    let sla = Sla::new("shop").availability(0.999).latency(0.99, Duration::from_millis(100));
    Rules::new([&sla]).to_yaml()
}

/// 40 minutes of 600 calls a minute, of which after the first 20 a tenth fails and a fifth is slow.
fn series() -> String {
    let labels = "job=\"shop\",instance=\"a\",method=\"GET\",endpoint=\"/\"";
    let steady = |name: &str, more: &str, before: u32, after: u32| {
        format!(
            "  - series: '{name}{{{labels},{more}}}'\n    values: '0+{before}x80 {}+{after}x320'\n",
            before * 80
        )
    };
    [
        steady("http_requests_total", "status=\"200\",outcome=\"completed\"", 150, 135),
        steady("http_requests_total", "status=\"500\",outcome=\"completed\"", 0, 15),
        steady("http_request_duration_seconds_bucket", "status=\"2xx\",le=\"0.1\"", 150, 108),
        steady("http_request_duration_seconds_bucket", "status=\"2xx\",le=\"+Inf\"", 150, 135),
        steady("http_request_duration_seconds_count", "status=\"2xx\"", 150, 135),
    ]
    .concat()
}

#[test]
fn error_ratios_of_raw_windows_are_the_same() {
    let scratch = Scratch::new("slokit");
    scratch.write("ours.yml", &ours());
    scratch.write("theirs.yml", &theirs());
    let mut test = format!(
        "rule_files: [ours.yml, theirs.yml]\nevaluation_interval: 30s\ntests:\n- interval: 15s\n  input_series:\n{}  promql_expr_test:\n",
        series()
    );
    for (slo, is_recorded_as) in [("availability", "shop-availability"), ("latency", "shop-latency-p99")] {
        for window in ["5m", "30m", "1h"] {
            for minute in [30, 45, 70] {
                let name = format!("slo:sli_error:ratio_rate{window}");
                let expr = format!(
                    "(abs(sum({name}{{sloth_slo=\"{slo}\"}}) / sum({name}{{slo=\"{is_recorded_as}\"}}) - 1) < bool 1e-9) + \
                     (sum({name}{{slo=\"{is_recorded_as}\"}}) > bool 0)"
                );
                test.push_str(&format!("  - expr: '{expr}'\n    eval_time: {minute}m\n    exp_samples: [{{labels: '{{}}', value: 2}}]\n"));
            }
        }
        for meta in ["slo:objective:ratio", "slo:time_period:days"] {
            let expr =
                format!("sum({meta}{{sloth_slo=\"{slo}\"}}) - sum({meta}{{slo=\"{is_recorded_as}\"}})");
            test.push_str(&format!(
                "  - expr: '{expr}'\n    eval_time: 30m\n    exp_samples: [{{labels: '{{}}', value: 0}}]\n"
            ));
        }
    }
    let file = scratch.write("test.yml", &test);
    run("promtool", &["test", "rules", file.to_str().unwrap()]).unwrap_or_else(|said| panic!("{said}"));
}

#[test]
fn pages_and_tickets_burn_as_fast() {
    // A factor stands beside the budget, which slokit writes as a floating point number.
    let factors = |rules: &str, before: &str| {
        let mut factors: Vec<f64> = rules
            .split(before)
            .skip(1)
            .filter_map(|part| part.split_once(" * ")?.0.trim_start_matches('(').parse().ok())
            .collect();
        factors.sort_by(f64::total_cmp);
        factors.dedup();
        factors
    };
    assert_eq!(factors(&ours(), "> ("), [1.0, 3.0, 6.0, 14.4]);
    assert_eq!(factors(&theirs(), "> "), [1.0, 3.0, 6.0, 14.4], "{}", theirs());
}
