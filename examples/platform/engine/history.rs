//! The last hour, as Prometheus has it.

use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use reqwest::Url;
use serde::Deserialize;
use tower::BoxError;

use crate::client::Api;

/// Reads from a Prometheus, by its [HTTP API](https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries).
pub(super) struct History {
    api: Api,
    range: Url,
    last: Duration,
}

/// A series that has a value now, and its values before, in their order.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) job: Option<String>,
    pub(super) values: Vec<f64>,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

/// Into how many steps the time is divided.
const STEPS: u32 = 240;

// ===== impl History =====

impl History {
    pub(super) fn new(api: Api, prometheus: Url, last: Duration) -> Self {
        let mut range = prometheus;
        range.set_path(&format!("{}/api/v1/query_range", range.path().trim_end_matches('/')));
        Self { api, range, last }
    }

    /// The window of rates: five minutes of an hour. With four scrapes in it at the least it has a rate.
    pub(super) fn window(&self) -> Duration {
        (self.last / 12).max(Duration::from_secs(5))
    }

    pub(super) async fn read(&self, query: &str) -> Result<Vec<Series>, BoxError> {
        let end = UNIX_EPOCH.elapsed()?.as_secs_f64();
        let step = (self.last / STEPS).max(Duration::from_secs(1)).as_secs_f64();
        let mut url = self.range.clone();
        url.query_pairs_mut()
            .append_pair("query", query)
            .append_pair("start", &(end - self.last.as_secs_f64()).to_string())
            .append_pair("end", &end.to_string())
            .append_pair("step", &step.to_string());
        let answer: Answer = self.api.get(url).await?;
        let series = answer.data.result.into_iter().filter_map(|told| {
            // Without calls a ratio is not a number, and says nothing: neither now, nor of what was before.
            let numbers = told.values.iter().filter_map(|(at, value)| Some((at, value.parse::<f64>().ok()?)));
            let numbers: Vec<_> = numbers.filter(|(_, value)| value.is_finite()).collect();
            let (newest, _) = numbers.last()?;
            let is_now = end - **newest <= 2.0 * step;
            let values = numbers.into_iter().map(|(_, value)| value).collect();
            is_now.then(|| Series { job: told.metric.get("job").cloned(), values })
        });
        Ok(series.collect())
    }
}
