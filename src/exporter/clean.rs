//! Names and label values in which nothing ends a line or a tag of StatsD, and values that are numbers there.

use std::{borrow::Cow, sync::Arc};

use metrics::{
    Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit,
};

/// A recorder that gets clean keys, and gauges of finite values.
pub(super) struct Clean<R> {
    inner: R,
}

/// A gauge that is not told what StatsD cannot say: servers refuse a line of `NaN`, or the datagram that it stands in.
struct Finite(Gauge);

// ===== impl Clean =====

impl<R> Clean<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner }
    }
}

impl<R: Recorder> Recorder for Clean<R> {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.inner.describe_counter(name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.inner.describe_gauge(name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.inner.describe_histogram(name, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.inner.register_counter(&clean(key), metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(Finite(self.inner.register_gauge(&clean(key), metadata))))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.inner.register_histogram(&clean(key), metadata)
    }
}

// ===== impl Finite =====

impl GaugeFn for Finite {
    fn increment(&self, value: f64) {
        self.0.increment(value);
    }

    fn decrement(&self, value: f64) {
        self.0.decrement(value);
    }

    fn set(&self, value: f64) {
        if value.is_finite() {
            self.0.set(value);
        }
    }
}

/// What separates metrics, their parts and their tags. A colon may stand in the value of a tag, and nowhere else.
fn separates(c: char) -> bool {
    c.is_control() || matches!(c, '|' | ',' | '#')
}

fn separates_in_name(c: char) -> bool {
    separates(c) || matches!(c, ':' | '@')
}

fn clean(key: &Key) -> Cow<'_, Key> {
    let is_clean = !key.name().contains(separates_in_name)
        && key
            .labels()
            .all(|label| !label.key().contains(separates_in_name) && !label.value().contains(separates));
    if is_clean {
        return Cow::Borrowed(key);
    }
    let labels = key.labels().map(|label| {
        Label::new(label.key().replace(separates_in_name, "_"), label.value().replace(separates, "_"))
    });
    Cow::Owned(Key::from_parts(key.name().replace(separates_in_name, "_"), labels.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn nothing_in_a_name_or_a_value_ends_its_part_of_a_line() {
        let labels = vec![
            Label::new("route", "/a,env:prod|c\nfree:1|c#x"),
            Label::new("a:b@c", "12:30@home"),
            Label::new("clean", "/users/{id}"),
        ];
        let key = Key::from_parts("calls:1|c#total", labels);
        let key = clean(&key);
        let labels: Vec<_> = key.labels().map(|label| (label.key(), label.value())).collect();
        assert_eq!(key.name(), "calls_1_c_total");
        assert_eq!(
            labels,
            [("route", "/a_env:prod_c_free:1_c_x"), ("a_b_c", "12:30@home"), ("clean", "/users/{id}")]
        );
    }

    #[test]
    fn what_is_clean_is_not_copied() {
        let key = Key::from_parts("http_requests_total", vec![Label::new("endpoint", "/users/{id}")]);
        assert!(matches!(clean(&key), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_no_number_is_not_told() {
        let recorder = testing::Recorder::new();
        let clean = Clean::new(recorder.clone());
        let gauge =
            clean.register_gauge(&Key::from_name("oldest"), &Metadata::new("", metrics::Level::INFO, None));
        for (told, kept) in [(2.0, 2.0), (f64::NAN, 2.0), (f64::INFINITY, 2.0), (3.0, 3.0)] {
            gauge.set(told);
            assert_eq!(recorder.gauge("oldest", []), kept);
        }
    }
}
