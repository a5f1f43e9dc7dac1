//! A dashboard of the user's own metrics: each by its labels.

use super::{
    frame::{Frame, Home, Scope, union},
    layout::{Layout, Sized},
    model::{Model, Panel, Unit},
    red::{percentiles, quantile},
    service::{Service, WINDOW, by_job},
};
use crate::{
    names::{Kind, Metric},
    promql::Set,
};

/// What the user asked for.
#[derive(Clone, Debug)]
pub(super) struct Board {
    pub(super) title: String,
    pub(super) metrics: Vec<Metric>,
}

pub(super) fn model(board: &Board, services: &[Service<'_>], home: &Home, uid: String) -> Model {
    let scope = Scope::of(services.iter().map(|service| service.sla));
    let mut layout = Layout::default();
    for metric in &board.metrics {
        layout.row(metric.name(), Own { metric, scope: &scope }.panels());
    }
    Frame {
        uid,
        title: board.title.clone(),
        description:
            "Made by tower-metrics from the metrics that were declared: change those, not this dashboard."
                .into(),
        home: home.clone(),
        scope,
        variables: Vec::new(),
    }
    .around(layout.finish())
}

/// One of them.
struct Own<'a> {
    metric: &'a Metric,
    scope: &'a Scope,
}

// ===== impl Own =====

impl Own<'_> {
    fn panels(&self) -> Vec<Sized> {
        match self.metric.kind() {
            Kind::Counter => vec![(24, 8, self.counter())],
            Kind::Gauge => vec![(24, 8, self.gauge())],
            Kind::Histogram => {
                let last = if self.metric.labels().is_empty() { self.heatmap() } else { self.p95_by_label() };
                [self.quantiles(), last, self.rate()].map(|panel| (8, 8, panel)).into()
            }
        }
    }

    fn counter(&self) -> Panel {
        let (by, legend) = self.by_labels();
        let rates = self.series().sum(&by_job(&by), WINDOW);
        self.panel(
            "{} per second",
            Unit::per_second(self.metric.unit()),
            "The ten highest rates at each moment.",
        )
        .query(format!("topk(10, {rates})"), &legend)
        .with_points()
        .with_values()
    }

    /// As it is: whether a sum or a mean of instances means anything, only the user knows.
    fn gauge(&self) -> Panel {
        let legend = self.metric.labels().iter().map(|label| format!("{{{{{label}}}}} "));
        self.panel("{}", self.unit(), "The ten highest values at each moment, of each instance.")
            .query(
                format!("topk(10, {})", union(self.scope.series(self.metric.name()))),
                &format!("{}{{{{instance}}}}", legend.collect::<String>()),
            )
            .with_points()
            .free_axis()
            .with_values()
    }

    fn quantiles(&self) -> Panel {
        let panel =
            self.panel("{}: percentiles", self.unit(), "Half, 95 % and 99 % of the samples are no higher.");
        percentiles(panel, |share| quantile(share, &self.series(), &[]))
    }

    fn rate(&self) -> Panel {
        let (by, legend) = self.by_labels();
        let count = self.suffixed("_count");
        self.panel("{}: samples per second", Unit::CountsPerSecond, "The ten highest rates at each moment.")
            .query(format!("topk(10, {})", count.sum(&by_job(&by), WINDOW)), &legend)
            .with_points()
    }

    fn p95_by_label(&self) -> Panel {
        let (by, legend) = self.by_labels();
        let p95 = quantile("0.95", &self.series(), &by);
        self.panel(
            "{}: P95 by label",
            self.unit(),
            "95 % of the samples are no higher. The ten highest at each moment.",
        )
        .query(format!("topk(10, {p95})"), &legend)
        .with_points()
    }

    fn heatmap(&self) -> Panel {
        let buckets = self.suffixed("_bucket").sum("le", WINDOW);
        Panel::heatmap(
            &format!("{}: all samples", self.metric.name()),
            self.unit(),
            Unit::CountsPerSecond,
            &format!("{} How many samples were how high.", self.metric.help()),
        )
        .query(buckets, "{{le}}")
    }

    /// A time series that is called after the metric, and described by its help and by what of it is shown.
    fn panel(&self, title: &str, unit: Unit, shown: &str) -> Panel {
        let title = title.replace("{}", self.metric.name());
        Panel::time_series(&title, unit, &format!("{} {shown}", self.metric.help()))
    }

    fn unit(&self) -> Unit {
        Unit::of(self.metric.unit())
    }

    fn series(&self) -> Set {
        Set::of(self.scope.series(self.metric.name()))
    }

    fn suffixed(&self, suffix: &str) -> Set {
        self.series().map(|selector| selector.suffixed(suffix))
    }

    /// By its own labels, and by the job if it has none.
    fn by_labels(&self) -> (Vec<&'static str>, String) {
        let labels = if self.metric.labels().is_empty() { &["job"] } else { self.metric.labels() };
        let legend: Vec<_> = labels.iter().map(|label| format!("{{{{{label}}}}}")).collect();
        (labels.to_vec(), legend.join(" "))
    }
}
