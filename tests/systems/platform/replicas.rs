//! Three replicas: what Prometheus, and VictoriaMetrics after it, tell of all is what all of their samples together say.

use serde_json::Value;

use super::{platform, predict};
use crate::{
    programs::{Scratch, Server},
    system::System,
};

/// Calls to each replica: as uneven as they come.
const CALLS: [usize; 3] = [10, 60, 230];

/// Makes calls to one replica, and returns how sure its model was of each prediction. Each replica is asked of other things.
async fn call(replica: &System, number: usize) -> Vec<f64> {
    let mut samples = Vec::new();
    for call in 0..CALLS[number] {
        assert_eq!(replica.get("backend", &format!("/users/{}", call + 1)).await.status, 200);
        let (low, high) = [(0.0, 0.05), (0.1, 0.2), (0.2, 0.4)][number];
        let feature = low + (high - low) * call as f64 / CALLS[number] as f64;
        let prediction = predict(replica, [feature, feature, 0.1, feature]).await;
        samples.push(prediction["confidence"].as_f64().unwrap());
    }
    samples
}

/// The buckets, as the exporter has to fill them: how many of the samples are no higher than each bound.
fn buckets(samples: &[f64], bounds: &[f64]) -> Vec<(f64, f64)> {
    let within = |bound: f64| samples.iter().filter(|sample| **sample <= bound).count() as f64;
    bounds.iter().map(|bound| (*bound, within(*bound))).collect()
}

/// As Prometheus documents it: in the bucket of the rank, as if its samples lay evenly between its bounds.
fn quantile(share: f64, buckets: &[(f64, f64)], count: f64) -> f64 {
    let rank = share * count;
    let index = buckets.iter().position(|(_, within)| *within >= rank).expect("the last bound is above all");
    let (low, before) = if index == 0 { (0.0, 0.0) } else { buckets[index - 1] };
    let (high, within) = buckets[index];
    low + (high - low) * (rank - before) / (within - before)
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and victoria-metrics"]
async fn sums_and_quantiles_over_replicas_are_those_of_all_samples() {
    let replicas = [(); 3].map(|()| platform(&["--requests-per-second", "100000"]));
    let scratch = Scratch::new("platform-replicas");
    let victoria = Server::victoria_metrics(&scratch);
    let jobs: String = ["backend", "engine", "executor"]
        .map(|name| {
            let targets = replicas.each_ref().map(|it| it.address(&format!("{name} metrics")));
            format!("  - {{job_name: platform-{name}, static_configs: [{{targets: {targets:?}}}]}}\n")
        })
        .concat();
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
         remote_write: [{{url: 'http://{}/api/v1/write'}}]\nscrape_configs:\n{jobs}",
        victoria.addr
    );
    let prometheus = Server::prometheus(&scratch.write("prometheus.yml", &config));

    let mut samples = Vec::new();
    for (number, replica) in replicas.iter().enumerate() {
        samples.push(call(replica, number).await);
    }
    let union = samples.concat();
    let count = union.len() as f64;
    let bounds = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0];
    let expected = buckets(&union, &bounds);

    let histogram = "ai_prediction_confidence_ratio";
    for (name, server) in [("Prometheus", &prometheus), ("VictoriaMetrics", &victoria)] {
        // All that was counted has arrived, from all of them.
        server.becomes(&format!("sum({histogram}_count)"), |it| it == count).await;
        let users =
            "sum(http_requests_total{job=\"platform-backend\",endpoint=\"/users/{id}\",status=\"200\"})";
        server.becomes(users, |it| it == CALLS.iter().sum::<usize>() as f64).await;
        server.becomes("sum(up)", |up| up == 9.0).await;

        let sum = server.query(&format!("sum({histogram}_sum)")).await.unwrap();
        assert!(same(sum, union.iter().sum()), "{name}: {sum}");
        let by_bound = server.ask(&format!("sum by (le) ({histogram}_bucket)"), None).await.unwrap();
        for (bound, within) in &expected {
            let told = by_bound.iter().find(|it| number(&it["metric"]["le"]) == *bound).unwrap();
            assert_eq!(number(&told["value"][1]), *within, "{name}: within {bound}");
        }
        for share in [0.25, 0.5, 0.9, 0.99] {
            let asked = format!("histogram_quantile({share}, sum by (le) ({histogram}_bucket))");
            let told = server.query(&asked).await.unwrap();
            let truth = quantile(share, &expected, count);
            println!("{name}: {asked} is {told}");
            assert!(same(told, truth), "{name}: {asked} is {told}, and of all samples it is {truth}");
        }
        // The mean of their quantiles is another number.
        let mean = format!("avg(histogram_quantile(0.5, sum by (instance, le) ({histogram}_bucket)))");
        let mean = server.query(&mean).await.unwrap();
        assert!((mean / quantile(0.5, &expected, count) - 1.0).abs() > 0.1, "{name}: {mean}");
    }
}

fn number(text: &Value) -> f64 {
    text.as_str().unwrap().parse().unwrap()
}
