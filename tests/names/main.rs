//! The table of names, and what is written from it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/mod.rs"]
mod support;

mod collisions;
mod complete;
mod generated;
mod page;
#[path = "../dashboard/lint/promql.rs"]
#[allow(dead_code, reason = "the linter needs more of it")]
mod promql;
mod schemes;
mod traffic;

use std::collections::BTreeSet;

use tower_metrics::names::{Kind, Metric, catalog};

const README: &str = include_str!("../../README.md");

fn row(metric: &Metric) -> String {
    let labels: Vec<_> = metric.labels().iter().map(|label| format!("`{label}`")).collect();
    let labels = if labels.is_empty() { "none".into() } else { labels.join(", ") };
    format!("| `{}` | {} | {labels} | {} |", metric.name(), metric.kind().as_str(), metric.help())
}

#[test]
fn the_readme_s_table_of_metrics_is_the_catalogue() {
    let table = README
        .split_once("<!-- metrics: begin -->")
        .unwrap()
        .1
        .split_once("<!-- metrics: end -->")
        .unwrap()
        .0;
    let expected: Vec<_> = ["| metric | kind | labels | what |", "|---|---|---|---|"]
        .map(String::from)
        .into_iter()
        .chain(catalog().map(row))
        .collect();
    assert_eq!(table.trim().lines().collect::<Vec<_>>(), expected, "write this:\n{}\n", expected.join("\n"));
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    let mut names = BTreeSet::new();
    for metric in catalog() {
        assert!(names.insert(metric.name()), "{metric:?} stands twice");
        assert_eq!(metric.kind() == Kind::Counter, metric.name().ends_with("_total"), "{metric:?}");
        if metric.kind() == Kind::Histogram {
            assert!(metric.name().ends_with("_seconds") || metric.name().ends_with("_bytes"), "{metric:?}");
        }
        assert!(metric.help().ends_with('.'), "{metric:?}");
    }
}

#[test]
fn the_readme_names_the_version_that_this_is() {
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0;
    let line = format!("tower-metrics = {{ version = \"{version}\"");
    assert!(README.contains(&line), "{line} is missing");
}

/// The page tells of peers what their run is compared with.
#[test]
fn the_page_on_reliability_has_the_table_of_the_peers() {
    let page = include_str!("../../docs/reliability.md");
    let table = include_str!("../peers/tests/endings/table.md").trim();
    assert!(
        table.lines().count() > 10 && page.contains(table),
        "copy tests/peers/tests/endings/table.md into it"
    );
}
