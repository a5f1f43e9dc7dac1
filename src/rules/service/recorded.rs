//! What is recorded of a service: rate, errors and duration, and what the ratios of its alerts are made of.

use super::Service;
use crate::{
    names,
    promql::{Set, grouped, sum},
    rules::{
        Rule,
        sli::{
            Sli, Whose, availability, comparable, http_calls, http_cancelled, http_errors, http_latency,
            label, leaving, selector,
        },
    },
    sla::LatencyObjective,
};

// ===== impl Service =====

impl Service<'_> {
    /// Rate, errors and duration, for dashboards and for queries by hand.
    pub(super) fn red(&self) -> Vec<Rule> {
        let by = &self.scope.by;
        let endpoint = label(self.sla, names::ENDPOINT);
        let by_endpoint = format!("{by}, {endpoint}");
        let requests = Set::of([http_calls(self.sla)]);
        let errors = http_errors(self.sla);
        let bucket = selector(self.sla, &names::HTTP_REQUEST_DURATION_SECONDS).suffixed("_bucket");
        let mut rules = vec![
            Rule::record("job:http_requests:rate5m", requests.sum(by, "5m")),
            Rule::record("job:http_errors:rate5m", errors.sum(by, "5m")),
            Rule::record("job_endpoint:http_requests:rate5m", requests.sum(&by_endpoint, "5m")),
            Rule::record(
                "job_endpoint:http_errors:ratio_rate5m",
                format!(
                    "{}\n/ on ({by_endpoint})\n({} > 0)",
                    errors.sum(&by_endpoint, "5m"),
                    self.scope.recorded("job_endpoint:http_requests:rate5m")
                ),
            ),
            Rule::record(
                "job_le:http_request_duration_seconds_bucket:rate5m",
                Set::of([bucket]).sum(&format!("{by}, le"), "5m"),
            ),
        ];
        rules.extend(self.apdex());
        rules
    }

    /// Apdex Technical Specification 1.1: satisfied within T, tolerating within 4 T, frustrated beyond, by failures and
    /// by what was given up.
    fn apdex(&self) -> Option<Rule> {
        let threshold = self.sla.apdex_threshold()?;
        let status = label(self.sla, names::STATUS);
        let routes = self.sla.excluded.iter().chain(&self.sla.streams);
        let all = selector(self.sla, &names::HTTP_REQUEST_DURATION_SECONDS)
            .outside(&label(self.sla, names::ENDPOINT), routes);
        let bucket = |times: u32| {
            let nanos = LatencyObjective { quantile: 0.0, threshold: threshold * times }.nanos();
            Set::of([all.clone().suffixed("_bucket").within(nanos)])
        };
        let count = Set::of([all.clone().suffixed("_count")]);
        let comparable = comparable(&count, &bucket(1), "5m");
        let bad = format!("5..|{}", self.sla.naming.no_status());
        let within = |times: u32| {
            let good = bucket(times).map(|bucket| bucket.unmatched_by(&status, &bad));
            format!("sum without (le) {}", grouped(&good.rates("5m")))
        };
        let of = |calls: &str| sum(&self.scope.by, &format!("{calls}\nand {}", grouped(&comparable)));
        let half = grouped(&format!("{}\n+\n{}", of(&within(1)), of(&within(4))));
        let expr = format!("{half} / 2\n/\n{}", grouped(&format!("{} > 0", of(&count.rates("5m")))));
        Some(Rule::record("job:apdex:ratio_rate5m", expr))
    }

    /// What the ratios of the alerts are made of.
    pub(super) fn sli(&self) -> Vec<Rule> {
        let by = &self.scope.by;
        let everybody = Whose::AllBut(Vec::new());
        let calls = availability(self.sla, &everybody);
        let cancelled = http_cancelled(self.sla, &everybody);
        let slow = self.slow();
        let recorded_slow = self.scope.recorded("job:http_slow:rate5m");
        vec![
            Rule::record("job:http_bad:rate5m", calls.bad(by, "5m")),
            Rule::record("job:http_judged:rate5m", calls.total(by, "5m", "")),
            Rule::record(
                "job:http_cancelled:rate5m",
                format!(
                    "{}\nor\n0 * {}",
                    cancelled.sum(by, "5m"),
                    self.scope.recorded("job:http_judged:rate5m")
                ),
            ),
            Rule::record("job:http_slow:rate5m", slow.bad(by, "5m")),
            Rule::record("job:http_timed:rate5m", slow.total(by, "5m", &recorded_slow)),
        ]
    }

    fn slow(&self) -> Sli {
        let others = leaving(self.sla, |it| !it.objectives.latency.is_empty());
        let latency = LatencyObjective { quantile: 0.99, threshold: self.sla.high_latency };
        http_latency(self.sla, &others, &names::HTTP_REQUEST_DURATION_SECONDS, latency)
    }

    pub(super) fn rate_limit_exceeded(&self) -> Rule {
        let exceeded = Set::of([selector(self.sla, &names::RATE_LIMIT_EXCEEDED_TOTAL)]);
        Rule::record("job:rate_limit_exceeded:rate5m", exceeded.sum(&self.scope.by, "5m"))
    }
}
