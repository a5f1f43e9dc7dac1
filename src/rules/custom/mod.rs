//! Alerts on metrics of one's own, in shapes that cannot be got wrong.
//!
//! What is commonly got wrong: a ratio whose sides are not summed divides each series by itself and is always 1; a quantile
//! that is compared with the highest bound never passes it; a threshold that is no bound is silent. The shapes here
//! sum both sides by the same labels, count buckets in the place of interpolating, and fire where the bucket is missing.

mod condition;
mod group;
mod series;
mod setters;

use std::time::Duration;

use self::condition::{Bound, Condition};
pub(super) use self::group::groups;
pub use self::series::Series;
use super::{Severity, builder::assert_alert_name, config::Scope};
use crate::sla::{Sla, assert_threshold, nanos};

/// An alert on metrics of one's own: [`Rules::alerts`](super::Rules::alerts) adds it to the rules.
///
/// Unless said, it is a [warning](Severity::Warning), asks about the last five minutes, and fires once that has held for five.
/// Series are summed by `job`, by the [selectors](Sla::selector) of the service if it is known [of which](Self::of) it is, and
/// by [further labels](Self::by). The alert has these labels, `severity`, its [own](Self::label), and those that the promise of its
/// service [gives alerts](Sla::alert_label), such as `team`. Without [`of`](Self::of) it is asked of every job that has the metric, and has no
/// `team` but one that [`label`](Self::label) gives it.
///
/// A metric that is not there at all raises nothing, for there is nothing to compare. What is promised alone has
/// [`SloDataMissing`](super::Alert::SloDataMissing), which tells of that.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_metrics::{rules::{CustomAlert, Rules, Series, Severity}, sla::Sla};
///
/// let executor = Sla::new("executor").availability(0.99);
/// let actions = Series::new("executor_actions_total");
/// let failures = CustomAlert::share_above(
///     "HighExecutorFailureRate",
///     actions.clone().equal("status", "failed"),
///     actions,
///     0.2,
/// )
/// .of(&executor)
/// .severity(Severity::Critical)
/// .summary("{{ $value | humanizePercentage }} of the executor's actions fail.");
///
/// let rules = Rules::new([&executor]).alerts([failures]).to_yaml();
/// assert!(rules.contains(r#"rate(executor_actions_total{status="failed",job="executor"}[5m])"#));
/// ```
#[derive(Clone, Debug)]
#[must_use = "an alert is given to Rules::alerts()"]
pub struct CustomAlert {
    name: String,
    condition: Condition,
    sla: Option<Sla>,
    by: Vec<String>,
    window: Duration,
    hold: Duration,
    severity: Severity,
    labels: Vec<(String, String)>,
    summary: Option<String>,
    description: Option<String>,
}

// ===== impl CustomAlert =====

impl CustomAlert {
    /// Fires while `part` is more than `share` of `whole`, both counters, and `part` rose in the [window](Self::window) by at least
    /// [`Rules::min_bad_events`](super::Rules::min_bad_events), which is 5 unless set. The value is the share.
    ///
    /// # Panics
    ///
    /// As every alert, panics if the name has others than letters, digits and `_`; and if the share is not between 0 and 1, both
    /// excluded.
    pub fn share_above(name: impl Into<String>, part: Series, whole: Series, share: f64) -> Self {
        Self::share(name.into(), part, whole, Bound::Above, share)
    }

    /// Fires while `part` is less than `share` of `whole`, both counters, and the rest of `whole` rose in the [window](Self::window) by at
    /// least [`Rules::min_bad_events`](super::Rules::min_bad_events), which is 5 unless set. The value is the share.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, and if the share is not between 0 and 1, both excluded.
    pub fn share_below(name: impl Into<String>, part: Series, whole: Series, share: f64) -> Self {
        Self::share(name.into(), part, whole, Bound::Below, share)
    }

    /// Fires while the `quantile` of a histogram of seconds is above `threshold`, told by the bucket of the threshold, and at least
    /// [`Rules::min_bad_events`](super::Rules::min_bad_events) samples of the [window](Self::window) are above it, which is 5 unless set. The
    /// value is the share above it.
    ///
    /// It fires also where there are samples and no such bucket, and the value is then their rate. The bucket is there where
    /// an [operation](Sla::operation) is promised that latency, or the exporter was given the bound; [`Sla::check`] does not know of it.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, if the quantile is not between 0 and 1, both excluded, and if the threshold is zero or longer than a day.
    pub fn quantile_above(
        name: impl Into<String>,
        histogram: Series,
        quantile: f64,
        threshold: Duration,
    ) -> Self {
        let name = name.into();
        assert!(
            quantile > 0.0 && quantile < 1.0,
            "the quantile of {name} is {quantile}, and has to be between 0 and 1, both excluded: the P99 is 0.99"
        );
        assert_threshold(threshold);
        Self::new(name, Condition::Quantile { histogram, quantile, nanos: nanos(threshold) })
    }

    /// Fires while the counter rises by more than `per_second`, as the mean over the [window](Self::window). The value is that rate.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, and if the rate is negative or not finite.
    pub fn rate_above(name: impl Into<String>, counter: Series, per_second: f64) -> Self {
        let name = name.into();
        assert_amount(&name, per_second);
        Self::new(name, Condition::Rate { counter, per_second })
    }

    /// Fires while the counter has risen by more than `amount` in `window`, which is the value. It fires at once unless
    /// [`hold`](Self::hold) says otherwise: the window is a time already.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, on a window as [`window`](Self::window) does, and if the amount is negative or not finite.
    pub fn increase_above(name: impl Into<String>, counter: Series, window: Duration, amount: f64) -> Self {
        let name = name.into();
        assert_amount(&name, amount);
        Self::new(name, Condition::Increase { counter, amount }).window(window).hold(Duration::ZERO)
    }

    /// Fires while the highest value of a gauge, which is the alert's too, is above `value`. Highest is told of the series that have the
    /// same `job` and the same labels of [`by`](Self::by): by `instance`, for one.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, and if the value is not finite.
    pub fn value_above(name: impl Into<String>, gauge: Series, value: f64) -> Self {
        Self::value(name.into(), gauge, Bound::Above, value)
    }

    /// Fires while the lowest value of a gauge, which is the alert's too, is below `value`, told as in [`value_above`](Self::value_above).
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, and if the value is not finite.
    pub fn value_below(name: impl Into<String>, gauge: Series, value: f64) -> Self {
        Self::value(name.into(), gauge, Bound::Below, value)
    }

    /// Fires while a gauge has this value in one of its series, such as 1 for the state of a state set.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, and if the value is not finite.
    pub fn value_is(name: impl Into<String>, gauge: Series, value: f64) -> Self {
        Self::value(name.into(), gauge, Bound::At, value)
    }

    /// Fires while this expression gives anything. It is written as it is: neither [`of`](Self::of) nor [`by`](Self::by) narrows it, and
    /// it says its own window.
    ///
    /// # Panics
    ///
    /// Panics on a wrong name, and if the expression is empty. Whether it is PromQL is for `promtool check rules` to say.
    pub fn expression(name: impl Into<String>, promql: impl Into<String>) -> Self {
        let (name, promql) = (name.into(), promql.into());
        assert!(!promql.trim().is_empty(), "the expression of {name} is empty: say when it fires");
        Self::new(name, Condition::Expression(promql))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of which service it is, if of one.
    pub(super) fn whose(&self) -> Option<&Sla> {
        self.sla.as_ref()
    }

    pub(super) fn has_label(&self, label: &str) -> bool {
        self.labels.iter().any(|(own, _)| own == label)
    }

    /// Whether Prometheus could not tell it from the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let whose = |alert: &Self| alert.sla.as_ref().map(|sla| Scope::of(sla).key);
        self.name == other.name && self.labels == other.labels && whose(self) == whose(other)
    }

    fn new(name: String, condition: Condition) -> Self {
        assert_alert_name(&name);
        let minutes = Duration::from_secs(5 * 60);
        Self {
            name,
            condition,
            sla: None,
            by: Vec::new(),
            window: minutes,
            hold: minutes,
            severity: Severity::Warning,
            labels: Vec::new(),
            summary: None,
            description: None,
        }
    }

    fn share(name: String, part: Series, whole: Series, bound: Bound, share: f64) -> Self {
        assert!(
            share > 0.0 && share < 1.0,
            "the share of {name} is {share}, and has to be between 0 and 1, both excluded"
        );
        Self::new(name, Condition::Share { part, whole, bound, share })
    }

    fn value(name: String, gauge: Series, bound: Bound, value: f64) -> Self {
        assert!(value.is_finite(), "the value of {name} is {value}: give a number");
        Self::new(name, Condition::Value { gauge, bound, value })
    }
}

fn assert_amount(name: &str, amount: f64) {
    assert!(
        amount.is_finite() && amount >= 0.0,
        "{name} compares with {amount}, which no counter rises by: give a number that is not negative"
    );
}
