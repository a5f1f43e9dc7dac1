//! Assertions whose message tells what was asked for, what was found, and what there is beside it.

use super::{Recorder, asked::Asked, labels::Labels};
use crate::names::Kind;

/// # Assertions
///
/// Each fails at the line of the test, with every series of the metric; those that were summed up are marked. Each
/// refuses what is never recorded, so that a name with a mistake in it is not taken for a 0: a name that was neither
/// recorded nor described, a label that no series of the metric has, or an `outcome` that is no [`Outcome`](crate::Outcome) where
/// all series have one. Of any other label a value that never occurred is a 0: it may be one that only has yet to occur.
impl Recorder {
    /// Asserts that the counters of this name that have all these labels sum up to `expected`.
    ///
    /// # Panics
    ///
    /// Panics if they do not, if there is no such counter, or if none of its series has such a label.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_metrics::{Operation, Outcome, testing::Recorder};
    ///
    /// let recorder = Recorder::new();
    /// let query = Operation::new("db_query").labels(["table"]).recorder(recorder.shared());
    /// query.run_with(["users"], || {});
    ///
    /// recorder.assert_counter("db_query_total", [("table", "users"), ("outcome", "completed")], 1);
    /// # let message = |f: &dyn Fn()| {
    /// #     let error = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
    /// #     error.downcast_ref::<String>().unwrap().clone()
    /// # };
    /// # let said = message(&|| recorder.assert_counter("db_query_total", [("outcome", "completed")], 2));
    /// # assert_eq!(said, r#"db_query_total{outcome="completed"}: expected 2, found 1
    /// #   > db_query_total{table="users",outcome="completed"} 1
    /// #     db_query_total{table="users",outcome="error"} 0
    /// #     db_query_total{table="users",outcome="panicked"} 0"#);
    /// # let said = message(&|| recorder.assert_counter("db_query_total", [("table", "user")], 1));
    /// # assert!(said.starts_with("db_query_total{table=\"user\"}: expected 1, found 0\n    db_query_total{table="), "{said}");
    /// # assert!(said.ends_with("no series has table=\"user\": it is \"users\""), "{said}");
    /// # let said = message(&|| recorder.assert_counter("db_query_totals", [], 0));
    /// # assert!(said.starts_with("no counter \"db_query_totals\" was recorded or described; near it: db_query_total,"), "{said}");
    /// ```
    ///
    /// Were 2 expected of `[("outcome", "completed")]`, it would say:
    ///
    /// ```text
    /// db_query_total{outcome="completed"}: expected 2, found 1
    ///   > db_query_total{table="users",outcome="completed"} 1
    ///     db_query_total{table="users",outcome="error"} 0
    ///     db_query_total{table="users",outcome="panicked"} 0
    /// ```
    ///
    /// of `[("table", "user")]` also:
    ///
    /// ```text
    /// no series has table="user": it is "users"
    /// ```
    ///
    /// and of a `db_query_totals`:
    ///
    /// ```text
    /// no counter "db_query_totals" was recorded or described; near it: db_query_total, db_query_in_flight (a gauge), …
    /// ```
    #[track_caller]
    pub fn assert_counter(&self, name: &str, labels: impl Labels, expected: u64) {
        let labels = labels.pairs();
        let found = self.counter(name, labels);
        Asked::new(self, Kind::Counter, name, labels).assert(found == expected, &expected, &found);
    }

    /// Asserts that the gauges of this name that have all these labels sum up to `expected`; or, of
    /// `…_oldest_start_timestamp_seconds`, that the earliest is `expected`, which is `f64::NAN` where nothing is in flight.
    ///
    /// # Panics
    ///
    /// Panics if they do not, if there is no such gauge, or if none of its series has such a label.
    #[track_caller]
    pub fn assert_gauge(&self, name: &str, labels: impl Labels, expected: f64) {
        let labels = labels.pairs();
        let found = self.gauge(name, labels);
        let agrees = found == expected || (found.is_nan() && expected.is_nan());
        Asked::new(self, Kind::Gauge, name, labels).assert(agrees, &expected, &found);
    }

    /// Asserts that the histograms of this name that have all these labels have this many samples together. What the samples
    /// are is [`histogram`](Self::histogram)'s to tell.
    ///
    /// # Panics
    ///
    /// Panics if they have not, if there is no such histogram, or if none of its series has such a label.
    #[track_caller]
    pub fn assert_sample_count(&self, name: &str, labels: impl Labels, expected: u64) {
        let labels = labels.pairs();
        let found = self.histogram(name, labels);
        let asked = Asked::new(self, Kind::Histogram, name, labels);
        let expected_in_words = format!("{expected} {}", if expected == 1 { "sample" } else { "samples" });
        asked.assert(found.count() == expected, &expected_in_words, &found);
    }
}
