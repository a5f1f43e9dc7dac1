//! The dashboards of all services together, which are their own builder.

use std::collections::BTreeSet;

use super::{
    frame::Home,
    grpc, http, lint,
    model::Model,
    operations, overview,
    own::{self, Board},
    service::Service,
};
use crate::{
    names::Metric,
    rules::{
        Rules,
        link::{self, Part},
    },
    sla::{Sla, merged},
};

/// Grafana dashboards, from the promises of one service or of several.
///
/// See the [module](super) for what they show.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_metrics::{dashboard::Dashboards, sla::Sla};
///
/// let shop = Sla::new("shop").availability(0.999).latency(0.99, Duration::from_millis(100));
/// let titles: Vec<_> = Dashboards::new([&shop]).all().iter().map(|it| it.title().to_owned()).collect();
/// assert_eq!(titles, ["tower-metrics: overview", "shop: HTTP"]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "the dashboards are written by all()"]
pub struct Dashboards {
    rules: Rules,
    boards: Vec<Board>,
}

/// One dashboard, as Grafana imports it.
#[derive(Clone, Debug)]
pub struct Dashboard {
    model: Model,
}

// ===== impl Dashboards =====

impl Dashboards {
    /// Begins with the dashboards of these promises, and of the rules that follow from them.
    ///
    /// # Panics
    ///
    /// As [`Rules::new`] does.
    pub fn new<'a>(slas: impl IntoIterator<Item = &'a Sla>) -> Self {
        Self::of(&Rules::new(slas))
    }

    /// Begins with the dashboards of the promises of these rules: their lines are where the alerts of the rules fire, and
    /// there is a row of anomalies if [`Alert::Anomaly`](crate::rules::Alert::Anomaly) is on.
    pub fn of(rules: &Rules) -> Self {
        Self { rules: rules.clone(), boards: Vec::new() }
    }

    /// Adds a dashboard of metrics of one's own, with a row for each: a counter's rate by its labels, a gauge by its labels
    /// and instance, a histogram's percentiles. Labels of counters and histograms that are not declared are summed away.
    ///
    /// A metric of this crate's [`catalog`](crate::names::catalog) can be among them. It is read under the name that it is
    /// declared with: where a [`Naming`](crate::names::Naming) gives it another, declare it by that.
    ///
    /// # Panics
    ///
    /// Panics if there is no metric, if one is named twice or is a pattern of the catalogue (`<name>_total`), if the title has no
    /// letter or digit, and if another board has the same letters and digits in its title.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::{dashboard::Dashboards, metrics::Unit, names::Metric, sla::Sla};
    ///
    /// const PREDICTIONS: Metric =
    ///     Metric::counter("ai_predictions_total", Unit::Count, &["model"], "Predictions made, by model.");
    /// const CONFIDENCE: Metric =
    ///     Metric::gauge("ai_model_confidence_ratio", Unit::Count, &["model"], "Confidence of the last prediction.");
    ///
    /// let engine = Sla::new("engine").availability(0.99);
    /// let dashboards = Dashboards::new([&engine]).board("AI engine", [PREDICTIONS, CONFIDENCE]).all();
    /// assert_eq!(dashboards[2].uid(), "tower-metrics-ai-engine");
    /// ```
    pub fn board(mut self, title: impl Into<String>, metrics: impl IntoIterator<Item = Metric>) -> Self {
        let board = Board { title: title.into(), metrics: metrics.into_iter().collect() };
        assert!(!board.metrics.is_empty(), "the board {:?} has no metric: give it one", board.title);
        let mut names = BTreeSet::new();
        for metric in &board.metrics {
            assert!(
                !metric.name().contains('<'),
                "{:?} is a pattern and no metric: declare the one that is meant",
                metric.name()
            );
            assert!(
                names.insert(metric.name()),
                "the board {:?} has {:?} twice: keep one",
                board.title,
                metric.name()
            );
        }
        assert!(
            !slug(&board.title).is_empty(),
            "the board {:?} has no letter or digit in its title: give it one",
            board.title
        );
        assert!(
            self.boards.iter().all(|other| slug(&other.title) != slug(&board.title)),
            "two boards are called {:?}: give one of them another title",
            board.title
        );
        self.boards.push(board);
        self
    }

    /// Returns the boards of metrics of one's own that were [added](Self::board): the title and the metrics of each.
    pub fn boards(&self) -> impl Iterator<Item = (&str, &[Metric])> {
        self.boards.iter().map(|board| (&*board.title, &*board.metrics))
    }

    /// Returns the dashboards: the overview, then for each service those of its HTTP calls, its gRPC calls and its operations,
    /// as far as something is promised of them, then the boards.
    ///
    /// # Panics
    ///
    /// Panics if two dashboards would have one `uid`: a board is called as a service's dashboard is.
    #[must_use]
    pub fn all(&self) -> Vec<Dashboard> {
        let merged = merged(self.rules.slas());
        let services: Vec<_> = merged.iter().map(|merged| Service::new(&self.rules, merged)).collect();
        let house = self.rules.house_name();
        let home = Home { tag: house.to_owned(), uid: link::uid(house, "overview") };
        let mut models = vec![overview::model(&self.rules, &services, &home)];
        for service in &services {
            for part in Part::all_of(service.merged) {
                let uid = part.uid(house, service.merged);
                models.push(match part {
                    Part::Http => http::model(service, &home, uid),
                    Part::Grpc => grpc::model(service, &home, uid),
                    Part::Operations => operations::model(service, &home, uid),
                });
            }
        }
        for board in &self.boards {
            models.push(own::model(board, &services, &home, link::uid(house, &slug(&board.title))));
        }
        let mut uids = BTreeSet::new();
        for model in &models {
            assert!(
                uids.insert(&*model.uid),
                "two dashboards would have the uid {:?}: give a board another title",
                model.uid
            );
        }
        models.into_iter().map(|model| Dashboard { model }).collect()
    }

    /// Returns the `.lint` file for [dashboard-linter](https://github.com/grafana/dashboard-linter): which of its rules does
    /// not hold where, and why.
    ///
    /// # Panics
    ///
    /// As [`all`](Self::all) does.
    #[must_use]
    pub fn to_lint(&self) -> String {
        let all = self.all();
        lint::exclusions(&all.iter().map(|it| &it.model).collect::<Vec<_>>())
    }
}

// ===== impl Dashboard =====

impl Dashboard {
    /// Returns what tells it from every other: its address in Grafana is `/d/` and this.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.model.uid
    }

    /// Returns the title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.model.title
    }

    /// Returns the JSON that Grafana imports, in the classic model of schema version 39: the same, byte for byte, for the
    /// same promises.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.model.to_json()
    }
}

/// A title as a part of an address.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}
