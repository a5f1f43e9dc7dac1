//! Names and label values in which nothing ends a line or a tag of StatsD.

use std::borrow::Cow;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit};

/// A recorder that gets clean keys.
pub(super) struct Clean<R> {
    inner: R,
}

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
        self.inner.register_gauge(&clean(key), metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.inner.register_histogram(&clean(key), metadata)
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
