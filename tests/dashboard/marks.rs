//! What is marked as a deploy, at the intervals at which Grafana asks.

use std::fmt::Write;

use serde_json::Value;
use tower_metrics::{dashboard::Dashboards, sla::Sla};

use crate::programs::{Scratch, run};

/// The query of the marks, asked at this interval.
fn began(interval: &str) -> String {
    let board = &Dashboards::new([&Sla::new("shop").availability(0.999)]).all()[1];
    let json: Value = serde_json::from_str(&board.to_json()).unwrap();
    let annotations = json["annotations"]["list"].as_array().unwrap();
    let deploys = annotations.iter().find(|it| it["name"] == "Deploys").unwrap();
    let expr = deploys["expr"].as_str().unwrap().replace("$__interval", interval);
    expr.replace("$job", "shop").replace("$instance", ".+")
}

/// Instance `a` is there from the beginning, is not scraped for nine minutes from 01:00 on, and `b` takes its place at 02:00, of
/// which it is marked once, at whatever interval.
#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_deploy_is_marked_once_and_a_gap_is_none() {
    let mut test = String::from(
        "evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n\
         \x20 - {series: 'tower_metrics_build_info{job=\"shop\",instance=\"a\"}', values: '1x59 stale _x9 1x49 stale'}\n\
         \x20 - {series: 'tower_metrics_build_info{job=\"shop\",instance=\"b\"}', values: '_x120 1x240'}\n\
         \x20 promql_expr_test:\n",
    );
    for (interval, minutes) in [("60s", 1), ("300s", 5), ("1800s", 30)] {
        // The beginning of the world is one for `a`, and the two hours after it are looked at from their sixteenth minute.
        for at in (0..300).filter(|at| at % minutes == 0 && *at > 15 + minutes) {
            // `b` began at 02:00, and is seen when it is asked for the next time.
            let is_marked = (120..120 + minutes).contains(&at);
            let samples = match is_marked {
                true => "[{labels: 'tower_metrics_build_info{job=\"shop\",instance=\"b\"}', value: 1}]",
                false => "[]",
            };
            let expr = began(interval).replace('\n', " ");
            writeln!(test, "  - {{expr: '{expr}', eval_time: {at}m, exp_samples: {samples}}}").unwrap();
        }
    }
    let scratch = Scratch::new("marks");
    let file = scratch.write("marks.yml", &test);
    run("promtool", &["test", "rules", file.to_str().unwrap()]).unwrap();
    let wrong = scratch
        .write("wrong.yml", &test.replacen("exp_samples: []", "exp_samples: [{labels: 'x', value: 1}]", 1));
    assert!(run("promtool", &["test", "rules", wrong.to_str().unwrap()]).is_err());
}
