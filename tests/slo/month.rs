//! Thirty days of uneven traffic, written into a real Prometheus: is the budget what was really spent?

use std::{fmt::Write, fs, time::SystemTime};

use saphyr::{LoadableYamlNode, Yaml};

use crate::programs::{Scratch, Server, run, write_files};

const MINUTES: u64 = 31 * 24 * 60;

/// Calls and failures of a minute: busy days and quiet nights, and in one night six hours of half of few calls failing.
fn minute(minute: u64) -> (f64, f64) {
    let hour = minute / 60 % 24;
    let is_night = !(7..22).contains(&hour);
    let is_outage = (10 * 24 * 60..10 * 24 * 60 + 360).contains(&minute);
    let calls = match (is_night, is_outage) {
        (_, true) => 2,
        (true, _) => 3 + minute % 3,
        (false, _) => 80 + (minute * 7 + minute / 60 * 13) % 60,
    };
    let failed = match is_outage {
        true => 1,
        false => u64::from(minute % 17 == 0),
    };
    (calls as f64, failed as f64)
}

/// The expression that is recorded under a name for the availability of the service.
fn recorded(scratch: &Scratch, name: &str) -> String {
    let yaml = fs::read_to_string(scratch.path("rules.yml")).unwrap();
    let file = &Yaml::load_from_str(&yaml).unwrap()[0];
    let groups = file["groups"].as_vec().unwrap();
    let group =
        groups.iter().filter(|group| group["name"].as_str().unwrap().starts_with("slo-shop-availability"));
    let mut rules = group.flat_map(|group| group["rules"].as_vec().unwrap());
    let rule = rules.find(|rule| rule.as_mapping_get("record").and_then(Yaml::as_str) == Some(name));
    rule.unwrap()["expr"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn the_budget_of_thirty_days_is_what_was_spent() {
    let scratch = Scratch::new("month");
    write_files(&scratch);
    let now = fs::metadata(scratch.path("rules.yml")).unwrap().modified().unwrap();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    // Blocks end before what Prometheus keeps in memory begins.
    let end = (now / 7_200 - 2) * 7_200;
    let start = end - MINUTES * 60;

    let labels = "job=\"shop-backend\",env=\"demo\",instance=\"a\",method=\"GET\",endpoint=\"/users/{id}\"";
    let mut samples = String::from("# TYPE http_requests counter\n");
    for (status, is_failure) in [("200", false), ("500", true)] {
        let mut count = 0.0;
        for at in 0..=MINUTES {
            let (calls, failed) = minute(at);
            count += if is_failure { failed } else { calls - failed };
            let series = format!("http_requests_total{{{labels},status=\"{status}\",outcome=\"completed\"}}");
            writeln!(samples, "{series} {count} {}", start + at * 60).unwrap();
        }
    }
    samples.push_str("# EOF\n");
    let file = scratch.write("samples.om", &samples);
    let tsdb = scratch.path("tsdb");
    let (file, tsdb) = (file.to_str().unwrap(), tsdb.to_str().unwrap());
    run("promtool", &["tsdb", "create-blocks-from", "openmetrics", file, tsdb]).unwrap();

    // What was recorded every 30 s in these days.
    let [bad, total] = ["bad", "total"].map(|what| recorded(&scratch, &format!("slo:sli_{what}:rate5m")));
    let record = |name: &str, expr: &str| {
        let expr = expr.replace('\n', "\n      ");
        format!("  - record: {name}\n    labels: {{slo: shop-availability}}\n    expr: |-\n      {expr}\n")
    };
    let base = format!(
        "groups:\n- name: base\n  rules:\n{}{}",
        record("slo:sli_bad:rate5m", &bad),
        record("slo:sli_total:rate5m", &total)
    );
    let base = scratch.write("base.yml", &base);
    let config = scratch.write("empty.yml", "{}\n");
    let keep = ["--storage.tsdb.retention.time=1y"];
    {
        let prometheus = Server::prometheus_with(&config, &keep);
        prometheus.becomes("vector(1)", |one| one == 1.0).await;
        let (url, start, end) =
            (format!("--url=http://{}", prometheus.addr), format!("--start={start}"), format!("--end={end}"));
        let output = format!("--output-dir={tsdb}");
        let args =
            ["tsdb", "create-blocks-from", "rules", &start, &end, &url, &output, "--eval-interval=30s"];
        run("promtool", &[&args[..], &[base.to_str().unwrap()]].concat()).unwrap();
    }

    let prometheus = Server::prometheus_with(&config, &keep);
    prometheus.becomes("vector(1)", |one| one == 1.0).await;
    let ratio = recorded(&scratch, "slo:sli_error:ratio_rate30d");
    let ratio = prometheus.query_at(&ratio, Some(end as f64)).await.unwrap();

    let month = (MINUTES - 30 * 24 * 60..=MINUTES).map(minute);
    let (calls, failed) =
        month.fold((0.0, 0.0), |(calls, failed), minute| (calls + minute.0, failed + minute.1));
    let truth = failed / calls;
    println!("{ratio} is recorded, {truth} was spent");
    assert!((ratio / truth - 1.0).abs() < 0.001, "{ratio} is recorded, {truth} was spent");
    let [budget, spent] = [ratio, truth].map(|ratio| 1.0 - ratio / 0.001);
    assert!(
        (budget - spent).abs() < 0.001 * spent.abs().max(1.0),
        "{budget} is left by the rules, {spent} in truth"
    );

    // A mean of ratios, as other tools record it, is far from it.
    let mean = format!("avg_over_time((({bad}) / ({total}))[30d:5m])");
    let mean = prometheus.query_at(&mean, Some(end as f64)).await.unwrap();
    assert!(mean > 1.5 * truth, "{mean}");
}
