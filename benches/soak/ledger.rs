//! What was read from the exporter's pages, as Prometheus adds it up.

use std::collections::HashMap;

#[derive(Default)]
pub(crate) struct Ledger {
    /// The values of the last page, by series.
    last: HashMap<String, f64>,
    /// What counters have risen by, over all pages.
    risen: HashMap<String, f64>,
}

// ===== impl Ledger =====

impl Ledger {
    /// Enters a page. A counter that is less than before has begun anew.
    pub(crate) fn enter(&mut self, page: &str) {
        let lines = page.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let now = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse::<f64>().ok()?))
        });
        let now: HashMap<String, f64> = now.collect();
        for (series, value) in &now {
            let before = self.last.get(series).copied().filter(|before| before <= value).unwrap_or(0.0);
            *self.risen.entry(series.clone()).or_default() += value - before;
        }
        self.last = now;
    }

    /// How many calls were counted with this outcome, or with any.
    pub(crate) fn counted(&self, outcome: Option<&str>) -> u64 {
        let has = |series: &str| outcome.is_none_or(|word| series.contains(&format!("outcome=\"{word}\"")));
        self.sum(|series| series.starts_with("http_requests_total{") && has(series))
    }

    pub(crate) fn sampled(&self) -> u64 {
        self.sum(|series| series.starts_with("http_request_duration_seconds_count{"))
    }

    pub(crate) fn in_flight(&self) -> f64 {
        let gauges = self.last.iter().filter(|(series, _)| series.starts_with("http_requests_in_flight{"));
        gauges.map(|(_, value)| value).sum()
    }

    pub(crate) fn series(&self) -> usize {
        self.last.len()
    }

    fn sum(&self, is_meant: impl Fn(&str) -> bool) -> u64 {
        self.risen.iter().filter(|(series, _)| is_meant(series)).map(|(_, risen)| risen).sum::<f64>() as u64
    }
}
