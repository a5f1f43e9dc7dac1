//! Services as Prometheus would have scraped them, for `promtool test rules`.

use std::{collections::BTreeMap, fmt::Write};

use tower_metrics::{
    rules::Rules,
    sla::{Sla, histogram_bounds},
};

use crate::programs::{Scratch, run};

/// How a bound is spelled where it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spelling {
    /// `2`: Prometheus 2 that scrapes text.
    Shortest,
    /// `2.0`: Prometheus 3, and Prometheus 2 that scrapes protobuf.
    Normalised,
}

/// Calls of one kind, at a steady rate.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    pub(crate) instance: &'static str,
    pub(crate) method: &'static str,
    pub(crate) endpoint: &'static str,
    pub(crate) status: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) seconds: f64,
    pub(crate) per_minute: f64,
    /// From which minute to which.
    pub(crate) during: (f64, f64),
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            instance: "a",
            method: "GET",
            endpoint: "/users/{id}",
            status: "200",
            outcome: "completed",
            seconds: 0.01,
            per_minute: 600.0,
            during: (0.0, f64::INFINITY),
        }
    }
}

/// Some minutes of a service's life, and what is to be true of them.
pub(crate) struct World {
    rules: String,
    bounds: BTreeMap<String, Vec<f64>>,
    minutes: u32,
    step: u32,
    evaluation: u32,
    /// By series; `None` where it is not exported.
    series: BTreeMap<String, Vec<Option<f64>>>,
    /// By the expression and its minute: the value, or none.
    expected: Vec<(String, f64, Option<f64>)>,
}

impl World {
    /// A service that keeps `sla`, for so many minutes, scraped every 15 s.
    pub(crate) fn new(sla: &Sla, minutes: u32) -> Self {
        Self::with(Rules::new([sla]), sla, minutes)
    }

    pub(crate) fn with(rules: Rules, sla: &Sla, minutes: u32) -> Self {
        let bounds = histogram_bounds([sla]);
        let rules = rules.to_yaml();
        Self {
            rules,
            bounds,
            minutes,
            step: 15,
            evaluation: 30,
            series: BTreeMap::new(),
            expected: Vec::new(),
        }
    }

    /// Scraped every so many seconds.
    pub(crate) fn step(mut self, seconds: u32) -> Self {
        self.step = seconds;
        self
    }

    /// With rules evaluated every so many seconds, whatever the interval of their group: promtool knows but one.
    pub(crate) fn evaluated_every(mut self, seconds: u32) -> Self {
        self.evaluation = seconds;
        self
    }

    /// With the groups alone whose names begin so.
    pub(crate) fn only(mut self, beginnings: &[&str]) -> Self {
        let (head, groups) = self.rules.split_once("  - name: ").unwrap();
        let groups = groups.split("\n  - name: ");
        let kept = groups.filter(|group| beginnings.iter().any(|beginning| group.starts_with(beginning)));
        self.rules = kept.fold(head.to_owned(), |file, group| format!("{file}  - name: {group}\n"));
        self
    }

    /// What instances that are started from now on export of their histograms.
    pub(crate) fn bounds_of(mut self, sla: &Sla) -> Self {
        self.bounds = histogram_bounds([sla]);
        self
    }

    /// An instance that answers scrapes while `is_up`.
    pub(crate) fn up(self, instance: &str, is_up: impl Fn(f64) -> bool) -> Self {
        self.gauge(&format!("up{{job=\"shop\",instance=\"{instance}\"}}"), |minute| {
            Some(f64::from(u8::from(is_up(minute))))
        })
    }

    /// A series of any value.
    pub(crate) fn gauge(mut self, series: &str, value: impl Fn(f64) -> Option<f64>) -> Self {
        let values = self.times().map(value).collect();
        self.series.insert(series.into(), values);
        self
    }

    /// A counter at a steady rate.
    pub(crate) fn counter(mut self, series: &str, per_minute: f64, during: (f64, f64)) -> Self {
        self.add(series.into(), per_minute, during);
        self
    }

    /// What a Layer that was initialized exports before any call, and what it exports of these.
    pub(crate) fn calls(mut self, calls: impl IntoIterator<Item = Calls>) -> Self {
        for calls in calls {
            let Calls { instance, method, endpoint, .. } = calls;
            for (status, outcome) in
                [("500", "completed"), ("503", "completed"), ("500", "panicked"), ("200", "completed")]
            {
                self.http(&Calls {
                    status,
                    outcome,
                    per_minute: 0.0,
                    instance,
                    method,
                    endpoint,
                    ..calls.clone()
                });
            }
            self.http(&calls);
        }
        self
    }

    /// What a Layer exports of these that was not initialized.
    pub(crate) fn born(mut self, calls: impl IntoIterator<Item = Calls>) -> Self {
        calls.into_iter().for_each(|calls| self.http(&calls));
        self
    }

    /// With a label called something else.
    pub(crate) fn renamed(mut self, label: &str, other: &str) -> Self {
        let rename = |series: String| series.replace(&format!(",{label}=\""), &format!(",{other}=\""));
        self.series =
            std::mem::take(&mut self.series).into_iter().map(|(it, values)| (rename(it), values)).collect();
        self
    }

    /// With whole bounds spelled `2` until a minute, and `2.0` after it and a gap in which nothing is scraped.
    pub(crate) fn respelled(mut self, at: f64, gap: f64) -> Self {
        let times: Vec<f64> = self.times().collect();
        let normalised: Vec<_> = self
            .series
            .iter()
            .map(|(series, values)| (spelled(series, Spelling::Normalised), series.clone(), values.clone()))
            .filter(|(normalised, series, _)| normalised != series)
            .collect();
        for values in self.series.values_mut() {
            for (value, minute) in values.iter_mut().zip(&times) {
                if (at..at + gap).contains(minute) {
                    *value = None;
                }
            }
        }
        for (normalised, series, values) in normalised {
            let part = |is_in: &dyn Fn(f64) -> bool| {
                let parts = values.iter().zip(&times);
                parts.map(|(value, minute)| value.filter(|_| is_in(*minute))).collect::<Vec<_>>()
            };
            let (before, after) = (part(&|minute| minute < at), part(&|minute| minute >= at + gap));
            self.series.insert(series, before);
            self.series.insert(normalised, after);
        }
        self
    }

    /// Asks promtool, with the bounds spelled as they are.
    pub(crate) fn in_one_spelling(&self) {
        self.ask(Spelling::Shortest).unwrap_or_else(|said| panic!("{said}"));
    }

    /// An operation's calls.
    pub(crate) fn operation(mut self, name: &str, outcome: &str, seconds: f64, per_minute: f64) -> Self {
        let labels = format!("job=\"shop\",instance=\"a\",outcome=\"{outcome}\"");
        let during = (0.0, f64::INFINITY);
        self.add(format!("{name}_total{{{labels}}}"), per_minute, during);
        self.histogram(&format!("{name}_duration_seconds"), &labels, seconds, per_minute, during);
        self
    }

    /// gRPC calls of one method.
    pub(crate) fn grpc(
        mut self,
        service: &str,
        method: &str,
        code: &str,
        seconds: f64,
        per_minute: f64,
    ) -> Self {
        let labels = format!(
            "job=\"shop\",instance=\"a\",grpc_type=\"unary\",grpc_service=\"{service}\",grpc_method=\"{method}\""
        );
        let during = (0.0, f64::INFINITY);
        self.add(format!("grpc_server_handled_total{{{labels},grpc_code=\"{code}\"}}"), per_minute, during);
        self.histogram("grpc_server_handling_seconds", &labels, seconds, per_minute, during);
        self
    }

    /// Samples of a histogram.
    pub(crate) fn sampled(mut self, name: &str, labels: &str, seconds: f64, per_minute: f64) -> Self {
        self.histogram(name, labels, seconds, per_minute, (0.0, f64::INFINITY));
        self
    }

    /// The alert fires at this minute: once or more, with this severity.
    pub(crate) fn fires(self, alert: &str, severity: &str, minute: f64) -> Self {
        let expr = format!(
            "sum(ALERTS{{alertname=\"{alert}\",severity=\"{severity}\",alertstate=\"firing\"}}) > bool 0"
        );
        self.is(&expr, minute, 1.0)
    }

    /// The alert does not fire at this minute.
    pub(crate) fn quiet(self, alert: &str, severity: &str, minute: f64) -> Self {
        self.nothing(
            &format!("ALERTS{{alertname=\"{alert}\",severity=\"{severity}\",alertstate=\"firing\"}}"),
            minute,
        )
    }

    /// No alert fires at this minute but these.
    pub(crate) fn quiet_but(self, alerts: &[&str], minute: f64) -> Self {
        let always = ["Watchdog", "SloHistoryShort"];
        let names = [alerts, &always].concat().join("|");
        self.nothing(&format!("ALERTS{{alertname!~\"{names}\",alertstate=\"firing\"}}"), minute)
    }

    /// The expression is this value, without labels, to nine decimals.
    pub(crate) fn is(mut self, expr: &str, minute: f64, value: f64) -> Self {
        let expr = format!("round(sum({expr}) * 1e9) / 1e9");
        self.expected.push((expr, minute, Some((value * 1e9).round() / 1e9)));
        self
    }

    /// The expression is as near to this value as that.
    pub(crate) fn about(self, expr: &str, minute: f64, value: f64, within: f64) -> Self {
        self.is(&format!("abs({expr} - {value}) < bool {within}"), minute, 1.0)
    }

    /// The expression gives nothing.
    pub(crate) fn nothing(mut self, expr: &str, minute: f64) -> Self {
        self.expected.push((expr.into(), minute, None));
        self
    }

    /// Asks promtool, with the bounds spelled in both ways, where rules read any.
    pub(crate) fn holds(&self) {
        let spellings = [Spelling::Shortest, Spelling::Normalised];
        let spellings = if self.rules.contains("le=") { &spellings[..] } else { &spellings[..1] };
        for spelling in spellings.iter().copied() {
            if let Err(said) = self.ask(spelling) {
                panic!("{spelling:?}: {said}");
            }
        }
    }

    pub(crate) fn ask(&self, spelling: Spelling) -> Result<String, String> {
        let scratch = Scratch::new("world");
        scratch.write("rules.yml", &self.rules);
        let test = scratch.write("test.yml", &self.to_yaml(spelling));
        run("promtool", &["test", "rules", test.to_str().unwrap()])
    }

    fn to_yaml(&self, spelling: Spelling) -> String {
        let mut yaml = format!(
            "rule_files: [rules.yml]\nevaluation_interval: {}s\ntests:\n- interval: {}s\n  input_series:\n",
            self.evaluation, self.step
        );
        for (series, values) in &self.series {
            let series = spelled(series, spelling);
            writeln!(
                yaml,
                "  - series: '{}'\n    values: '{}'",
                series.replace('\'', "''"),
                notation(values)
            )
            .unwrap();
        }
        yaml.push_str("  promql_expr_test:\n");
        for (expr, minute, value) in &self.expected {
            let seconds = (minute * 60.0).round();
            let expr = expr.replace('\'', "''");
            writeln!(yaml, "  - expr: '{expr}'\n    eval_time: {seconds}s").unwrap();
            if let Some(value) = value {
                writeln!(yaml, "    exp_samples: [{{labels: '{{}}', value: {value}}}]").unwrap();
            }
        }
        yaml
    }

    fn http(&mut self, calls: &Calls) {
        let Calls { instance, method, endpoint, status, outcome, .. } = calls;
        let labels =
            format!("job=\"shop\",instance=\"{instance}\",method=\"{method}\",endpoint=\"{endpoint}\"");
        let counter = format!("http_requests_total{{{labels},status=\"{status}\",outcome=\"{outcome}\"}}");
        self.add(counter, calls.per_minute, calls.during);
        let class = match status.parse::<u16>() {
            Ok(code) => format!("{}xx", code / 100),
            Err(_) => (*status).to_owned(),
        };
        let labels = format!("{labels},status=\"{class}\"");
        self.histogram(
            "http_request_duration_seconds",
            &labels,
            calls.seconds,
            calls.per_minute,
            calls.during,
        );
    }

    fn histogram(&mut self, name: &str, labels: &str, seconds: f64, per_minute: f64, during: (f64, f64)) {
        let bounds = self.bounds.get(name).cloned().unwrap_or_default();
        for bound in bounds {
            let within = if seconds <= bound { per_minute } else { 0.0 };
            self.add(format!("{name}_bucket{{{labels},le=\"{bound}\"}}"), within, during);
        }
        self.add(format!("{name}_bucket{{{labels},le=\"+Inf\"}}"), per_minute, during);
        self.add(format!("{name}_count{{{labels}}}"), per_minute, during);
        self.add(format!("{name}_sum{{{labels}}}"), per_minute * seconds, during);
    }

    /// Adds to a counter, which exists from the beginning to the end of the world, or of its instance.
    fn add(&mut self, series: String, per_minute: f64, (from, to): (f64, f64)) {
        let times: Vec<f64> = self.times().collect();
        let values = self.series.entry(series).or_insert_with(|| vec![Some(0.0); times.len()]);
        for (value, minute) in values.iter_mut().zip(times) {
            let more = per_minute * (minute.min(to) - from).max(0.0);
            *value = value.map(|value| value + if per_minute < 60.0 { more.floor() } else { more });
        }
    }

    /// The series of an instance that was not there before a minute, or after one.
    pub(crate) fn lives(mut self, instance: &str, (from, to): (f64, f64)) -> Self {
        let times: Vec<f64> = self.times().collect();
        let instance = format!("instance=\"{instance}\"");
        for (_, values) in self.series.iter_mut().filter(|(series, _)| series.contains(&instance)) {
            for (value, minute) in values.iter_mut().zip(&times) {
                if !(from..to).contains(minute) {
                    *value = None;
                }
            }
        }
        self
    }

    /// No series of this selector's beginning from a minute on.
    pub(crate) fn ends(mut self, beginning: &str, from: f64) -> Self {
        let times: Vec<f64> = self.times().collect();
        for (_, values) in self.series.iter_mut().filter(|(series, _)| series.starts_with(beginning)) {
            for (value, minute) in values.iter_mut().zip(&times) {
                if *minute >= from {
                    *value = None;
                }
            }
        }
        self
    }

    /// The series of another world beside those of this one; where both have one, whichever is exported.
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (series, values) in other.series {
            match self.series.get_mut(&series) {
                None => drop(self.series.insert(series, values)),
                Some(mine) => {
                    for (mine, other) in mine.iter_mut().zip(values) {
                        *mine = mine.or(other);
                    }
                }
            }
        }
        self
    }

    fn times(&self) -> impl Iterator<Item = f64> + use<> {
        let step = self.step;
        (0..=self.minutes * 60 / step).map(move |n| f64::from(n * step) / 60.0)
    }
}

/// The values as promtool reads them: steady runs as one expression.
fn notation(values: &[Option<f64>]) -> String {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < values.len() {
        let Some(first) = values[at] else {
            // Gone, not merely late.
            parts.push("stale".to_owned());
            at += 1;
            continue;
        };
        let second = values.get(at + 1).copied().flatten();
        // Of what is no number there is none.
        let Some(step) = second.map(|second| second - first).filter(|step| !step.is_nan()) else {
            parts.push(format!("{first}"));
            at += 1;
            continue;
        };
        let run = values[at..].iter().enumerate();
        let run = run.take_while(|(n, value)| **value == Some(first + step * *n as f64)).count();
        parts.push(format!("{first}{step:+}x{}", run - 1));
        at += run;
    }
    parts.join(" ")
}

/// The series with its bound spelled as it would be stored.
fn spelled(series: &str, spelling: Spelling) -> String {
    let Some((before, bound)) = series.split_once(",le=\"") else { return series.into() };
    let bound = bound.trim_end_matches("\"}");
    let normalised =
        bound.parse::<f64>().is_ok_and(|value| value.fract() == 0.0) && spelling == Spelling::Normalised;
    format!("{before},le=\"{bound}{}\"}}", if normalised { ".0" } else { "" })
}
