//! Rate, errors and duration of calls, whatever the protocol.

use super::{
    layout::Sized,
    model::{Color, Panel, Unit},
    service::{WINDOW, by_job, decimals, lines, promised},
};
use crate::{
    promql::{Selector, Set, grouped},
    rules::sli::Sli,
    sla::{LatencyObjective, percent},
};

/// Calls of one protocol, or of one operation.
#[derive(Debug)]
pub(super) struct Red {
    /// What they are called in a sentence: `HTTP calls`.
    pub(super) what: String,
    pub(super) per_second: Unit,
    /// The counter of all that ended.
    pub(super) ended: Selector,
    /// Those that tell how the service is doing, and of them the bad.
    pub(super) judged: Sli,
    /// What counts as bad, and what on neither side, in words.
    pub(super) bad: String,
    /// The histogram of all, without a suffix.
    pub(super) duration: Selector,
    /// The gauge.
    pub(super) in_flight: Selector,
    pub(super) promise: Promise,
    /// A line at which an alert about their error ratio fires, and what to say of it.
    pub(super) alert: (Option<(Color, f64)>, String),
}

/// What is promised of them as a whole, and which of them that is about.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) availability: Option<f64>,
    pub(super) latency: Vec<LatencyObjective>,
    /// The calls of the availability.
    pub(super) judged: Sli,
    /// The histogram of the latencies, without a suffix.
    pub(super) timed: Set,
    /// Which calls these are, in words.
    pub(super) timed_are: String,
    /// To what they are timed.
    pub(super) until: &'static str,
    /// What has left it, as a sentence; or nothing.
    pub(super) left_out: String,
}

// ===== impl Red =====

impl Red {
    /// How many are well, as one number.
    pub(super) fn success(&self) -> Panel {
        let Promise { availability, left_out, .. } = &self.promise;
        let steps = match availability {
            Some(share) => vec![(Color::Green, *share)],
            None => vec![(Color::Orange, 0.95), (Color::Green, 0.99)],
        };
        let promised = availability.map(|share| format!(" Promised: {}.", percent(share)));
        let panel = Panel::stat(
            "Success ratio",
            Unit::Share,
            &format!(
                "The share of the {} that were not bad. Bad is {}.{left_out}{}",
                self.what,
                self.bad,
                promised.unwrap_or_default()
            ),
        );
        panel
            .query(format!("1 - {}", grouped(&error_ratio(&self.promise.judged, &[]))), "{{job}}")
            .colored(Color::Red, steps)
            .decimals(availability.map_or(2, decimals))
            .max(1.0)
    }

    pub(super) fn rate(&self) -> Panel {
        Panel::stat("Rate", self.per_second, &format!("The {} that ended, a second.", self.what))
            .query(self.ended_by(&[]), "{{job}}")
            .colored(Color::Blue, [])
    }

    pub(super) fn p99(&self) -> Panel {
        let of_p99 = self.promise.latency.iter().filter(|latency| (latency.quantile - 0.99).abs() < 1e-9);
        let shortest = of_p99.min_by_key(|latency| latency.threshold);
        let told = shortest.map(|latency| format!(" Promised: {:?}.", latency.threshold)).unwrap_or_default();
        let Promise { timed_are, left_out, .. } = &self.promise;
        Panel::stat("P99", Unit::Seconds, &format!("99 % of the {timed_are} took no longer.{left_out}{told}"))
            .query(quantile("0.99", &self.promise.timed, &[]), "{{job}}")
            .colored(Color::Green, lines(shortest.map(std::slice::from_ref).unwrap_or_default()))
    }

    pub(super) fn in_flight(&self) -> Panel {
        let what = format!("The {} begun and not ended, their bodies and streams included.", self.what);
        Panel::stat("In flight", Unit::Number, &what)
            .query(format!("sum by (job) ({})", self.in_flight), "{{job}}")
            .colored(Color::Blue, [])
    }

    /// The error ratio over time.
    pub(super) fn errors(&self) -> Panel {
        let (line, told) = &self.alert;
        Panel::time_series(
            "Error ratio",
            Unit::Share,
            &format!("The share of the {} that were bad: {}.{told}", self.what, self.bad),
        )
        .query(self.error_ratio(&[]), "bad")
        .paint("bad", Color::Red)
        .filled()
        .lines(*line)
    }

    pub(super) fn percentiles(&self) -> Panel {
        let Promise { latency, timed, timed_are, until, left_out, .. } = &self.promise;
        let promised = match &**latency {
            [] => String::new(),
            latency => format!(" The lines are what is promised: {}.", promised(latency)),
        };
        let panel = Panel::time_series(
            "Latency percentiles",
            Unit::Seconds,
            &format!(
                "How long the {timed_are} took, to {until}; above the highest bound of the \
                 histogram nothing is told apart.{left_out}{promised}"
            ),
        );
        let panel = percentiles(panel, |share| quantile(share, timed, &[]));
        panel.lines(lines(latency)).with_values()
    }

    pub(super) fn heatmap(&self) -> Panel {
        Panel::heatmap(
            "Latency heatmap",
            Unit::Seconds,
            self.per_second,
            &format!(
                "How many of the {} took how long, all of them, by the buckets of the histogram, of which \
                 the promised latencies are bounds.",
                self.what
            ),
        )
        .query(buckets(&self.all_timed(), &["le"]), "{{le}}")
    }

    /// Which instance it is.
    pub(super) fn by_instance(&self) -> [Sized; 2] {
        let errors = Panel::time_series(
            "Error ratio by instance",
            Unit::Share,
            &format!(
                "The share of the {} that were bad, of the ten instances with most of them at each moment.",
                self.what
            ),
        )
        .query(format!("topk(10, {})", grouped(&self.error_ratio(&["instance"]))), "{{instance}}")
        .with_points();
        let Promise { latency, timed, timed_are, left_out, .. } = &self.promise;
        let slowest = Panel::time_series(
            "P99 by instance",
            Unit::Seconds,
            &format!(
                "99 % of the {timed_are} took no longer, in the ten instances that were the slowest at \
                 each moment.{left_out}"
            ),
        )
        .query(format!("topk(10, {})", grouped(&quantile("0.99", timed, &["instance"]))), "{{instance}}")
        .with_points()
        .lines(lines(latency));
        [(12, 8, errors), (12, 8, slowest)]
    }

    /// What is told of each, by labels and their titles.
    pub(super) fn top(&self, title: &str, each: &str, by: &[(&str, &str)]) -> Panel {
        let labels: Vec<_> = by.iter().map(|(label, _)| *label).collect();
        let line = self.alert.0.map_or(0.05, |(_, line)| line);
        let errors = (Color::Text, vec![(Color::Orange, line / 5.0), (Color::Red, line)]);
        let what = format!(
            "Each {each}: how many calls ended a second, how many were bad, how long 99 % of all took at \
             most, and how many are in flight. The busiest are on top."
        );
        let values = [
            ("Value #A", "Rate"),
            ("Value #B", "Error ratio"),
            ("Value #C", "P99"),
            ("Value #D", "In flight"),
        ];
        Panel::table(title, ("Rate", true), &what)
            .query(self.ended_by(&labels), "")
            .query(self.error_ratio(&labels), "")
            .query(quantile("0.99", &self.all_timed(), &labels), "")
            .query(format!("sum by ({}) ({})", by_job(&labels), self.in_flight), "")
            .columns(&[by, &values].concat(), &[])
            .column("Rate", self.per_second, 2, None)
            .column("Error ratio", Unit::Share, 2, Some(errors))
            .column("P99", Unit::Seconds, 1, None)
            .column("In flight", Unit::Number, 0, None)
    }

    pub(super) fn ended_by(&self, by: &[&str]) -> String {
        Set::of([self.ended.clone()]).sum(&by_job(by), WINDOW)
    }

    pub(super) fn error_ratio(&self, by: &[&str]) -> String {
        error_ratio(&self.judged, by)
    }

    /// The 99th percentile of what is promised.
    pub(super) fn promised_p99(&self) -> String {
        quantile("0.99", &self.promise.timed, &[])
    }

    fn all_timed(&self) -> Set {
        Set::of([self.duration.clone()])
    }
}

/// A series for each of the percentiles that everybody looks at.
pub(super) fn percentiles(panel: Panel, of: impl Fn(&str) -> String) -> Panel {
    let quantiles = [("0.5", "P50"), ("0.95", "P95"), ("0.99", "P99")];
    quantiles.into_iter().fold(panel, |panel, (share, legend)| panel.query(of(share), legend))
}

/// A quantile of histograms, by these labels, and by none but the job if there are none; nothing where nothing was recorded, of
/// which it would be no number.
pub(super) fn quantile(share: &str, of: &Set, by: &[&str]) -> String {
    let by = by_job(by);
    format!("histogram_quantile({share}, {}) >= 0", buckets(of, &[&by, "le"]))
}

fn buckets(of: &Set, by: &[&str]) -> String {
    of.clone().map(|selector| selector.suffixed("_bucket")).sum(&by.join(", "), WINDOW)
}

fn error_ratio(judged: &Sli, by: &[&str]) -> String {
    let by = by_job(by);
    let all = judged.total(&by, WINDOW, "");
    format!("{}\n/\n{}", grouped(&judged.bad(&by, WINDOW)), grouped(&format!("{all} > 0")))
}
