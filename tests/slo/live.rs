//! Every rule on a live Prometheus, and on VictoriaMetrics, to which Prometheus writes what it has.

use std::{collections::BTreeMap, time::Duration};

use saphyr::{LoadableYamlNode, Yaml};
use tokio::time::{sleep, timeout};

use crate::programs::{Orders, Scratch, Server, Stack, change, rate, write_files};

/// A rule as it was written.
struct Rule {
    name: String,
    expr: String,
    is_alert: bool,
}

fn rules(scratch: &Scratch) -> Vec<Rule> {
    let yaml = std::fs::read_to_string(scratch.path("rules.yml")).unwrap();
    let file = &Yaml::load_from_str(&yaml).unwrap()[0];
    let groups = file["groups"].as_vec().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_vec().unwrap());
    let text = |yaml: &Yaml<'_>| yaml.as_str().map(str::to_owned);
    let rules = rules.map(|rule| {
        let record = rule.as_mapping_get("record").and_then(text);
        let is_alert = record.is_none();
        let name = record.or_else(|| rule.as_mapping_get("alert").and_then(text)).unwrap();
        Rule { name, expr: text(&rule["expr"]).unwrap(), is_alert }
    });
    rules.collect()
}

/// The selectors of an expression: each of ours has a name and braces.
fn selectors(expr: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expr;
    while let Some(open) = rest.find('{') {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let start = rest[..open].rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
        let mut is_quoted = false;
        let mut is_escaped = false;
        let close = rest[open..].find(|c| {
            let was_escaped = is_escaped;
            is_escaped = c == '\\' && !was_escaped;
            is_quoted ^= c == '"' && !was_escaped;
            c == '}' && !is_quoted
        });
        let end = open + close.unwrap() + 1;
        found.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    found
}

#[test]
fn selectors_are_found_whatever_their_values_hold() {
    let expr = "sum(a{x=\"{}\\\"}\"}[5m]) / on (job) b:c{} offset 5m";
    assert_eq!(selectors(expr), ["a{x=\"{}\\\"}\"}", "b:c{}"]);
}

/// What gives nothing of the rules: expressions that are recorded, and what an alert reads, since it is quiet.
///
/// Of what is no number while nothing is in flight, VictoriaMetrics keeps nothing.
async fn silent(server: &Server, rules: &[Rule], keeps_nan: bool) -> Vec<String> {
    let mut silent = Vec::new();
    for rule in rules {
        let asked = if rule.is_alert { selectors(&rule.expr) } else { vec![rule.expr.clone()] };
        // The gRPC service has no labels of its own, so nothing that could grow.
        let is_there = |query: &String| {
            !(query.contains("tower_metrics_") && query.contains("job=\"orders\""))
                && (keeps_nan || !query.contains("_oldest_start_timestamp_seconds"))
        };
        for query in asked.into_iter().filter(is_there) {
            match server.ask(&query, None).await {
                Ok(series) if !series.is_empty() => {}
                answer => silent.push(format!("{} ({answer:?}): {query}", rule.name)),
            }
        }
        if rule.is_alert {
            // It parses as a whole.
            server.ask(&rule.expr, None).await.unwrap();
        }
    }
    silent
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and victoria-metrics"]
async fn every_rule_gives_series_on_prometheus_and_on_victoria_metrics() {
    let scratch = Scratch::new("live");
    write_files(&scratch);
    let rules = rules(&scratch);
    let victoria = Server::victoria_metrics(&scratch);
    change(&scratch, "rules.yml", &[("interval: 30s", "interval: 1s"), ("interval: 5m", "interval: 1s")]);
    let write = format!("remote_write: [{{url: 'http://{}/api/v1/write'}}]\n\nrule_files:", victoria.addr);
    let stack = Stack::start(&scratch, Orders::busy(), &[("rule_files:", &write)]);
    stack.prometheus.becomes("up", |up| up == 2.0).await;
    let users = stack.users();

    let mut missing = BTreeMap::new();
    let waiting = async {
        loop {
            stack.every_kind().await;
            missing.clear();
            for (name, server) in [("Prometheus", &stack.prometheus), ("VictoriaMetrics", &victoria)] {
                missing.insert(name, silent(server, &rules, name == "Prometheus").await);
            }
            if missing.values().all(Vec::is_empty) {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    let is_there = timeout(Duration::from_secs(120), waiting).await.is_ok();
    assert!(is_there, "{missing:#?}");
    users.abort();
    assert!(rules.len() > 150 && rules.iter().filter(|rule| rule.is_alert).count() > 20);

    for query in runbook_queries(&scratch) {
        assert!(stack.prometheus.ask(&query, None).await.is_ok(), "{query}");
    }
    agrees_with_raw_samples(&stack.prometheus, &rules).await;
}

/// What the runbooks tell to paste into Prometheus: three queries for each of sixteen alerts.
fn runbook_queries(scratch: &Scratch) -> Vec<String> {
    let page = std::fs::read_to_string(scratch.path("docs/runbooks.md")).unwrap();
    let blocks = page.split("```promql\n").skip(1);
    let queries: Vec<_> = blocks.map(|block| block.split("```").next().unwrap().trim().to_owned()).collect();
    assert_eq!(queries.len(), 3 * 16);
    queries
}

/// The error ratio of the rules, worked out from the samples of the counter.
async fn agrees_with_raw_samples(prometheus: &Server, rules: &[Rule]) {
    let at = prometheus.query("vector(time())").await.unwrap();
    let matrix =
        prometheus.ask("http_requests_total{job=\"shop-backend\",env=\"demo\"}[5m]", Some(at)).await.unwrap();
    let (mut bad, mut all) = (0.0, 0.0);
    for series in &matrix {
        let label = |name: &str| series["metric"][name].as_str().unwrap();
        let (status, outcome) = (label("status"), label("outcome"));
        let is_scan = label("endpoint") == "unmatched" && status.starts_with('4');
        let has_its_own = label("method") == "POST" && label("endpoint") == "/reports";
        if outcome == "cancelled" || is_scan || has_its_own {
            continue;
        }
        let samples: Vec<(f64, f64)> = series["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sample| (sample[0].as_f64().unwrap(), sample[1].as_str().unwrap().parse().unwrap()))
            .collect();
        let rate = rate(&samples, at, 300.0);
        all += rate;
        if status.starts_with('5') || ["error", "panicked", "body_error"].contains(&outcome) {
            bad += rate;
        }
    }
    assert!(bad > 0.0 && all > 5.0 * bad, "{bad} of {all}");
    // The first objective of the promise is the availability of the service.
    for (name, by_hand) in [("slo:sli_bad:rate5m", bad), ("slo:sli_total:rate5m", all)] {
        let expr = &rules.iter().find(|rule| rule.name == name).unwrap().expr;
        let recorded = prometheus.query_at(expr, Some(at)).await.unwrap();
        assert!((recorded / by_hand - 1.0).abs() < 1e-6, "{name} is {recorded}, and {by_hand} was counted");
    }
}
