//! Unit and help of a metric, told at every registration.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// A recorder that forgets unit and help with the first label set of a metric, and is told again before each.
///
/// The receiver would take the first label set and the others for two metrics of one name.
pub(super) struct Described<R, K> {
    inner: R,
    /// What ends when it is dropped, and must not before the recorder.
    _kept: K,
    descriptions: Mutex<BTreeMap<String, Description>>,
}

#[derive(Clone)]
struct Description {
    unit: Option<Unit>,
    help: SharedString,
    /// What has been registered once keeps what it was told first, else it would be two from then on.
    is_fixed: bool,
}

// ===== impl Described =====

impl<R, K> Described<R, K> {
    pub(super) fn new(inner: R, kept: K) -> Self {
        Self { inner, _kept: kept, descriptions: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Description>> {
        self.descriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>, help: SharedString) {
        let mut descriptions = self.lock();
        if descriptions.get(name.as_str()).is_none_or(|known| !known.is_fixed) {
            descriptions.insert(name.as_str().to_owned(), Description { unit, help, is_fixed: false });
        }
    }

    /// Locked until it is registered: another thread's registration would take the description away.
    fn register<T>(
        &self,
        key: &Key,
        tell: impl FnOnce(KeyName, Option<Unit>, SharedString),
        f: impl FnOnce() -> T,
    ) -> T {
        let mut descriptions = self.lock();
        let nothing = Description { unit: None, help: SharedString::const_str(""), is_fixed: false };
        let description = descriptions.entry(key.name().to_owned()).or_insert(nothing);
        description.is_fixed = true;
        tell(KeyName::from(key.name().to_owned()), description.unit, description.help.clone());
        f()
    }
}

impl<R: Recorder, K> Recorder for Described<R, K> {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&name, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let tell = |name, unit, help| self.inner.describe_counter(name, unit, help);
        self.register(key, tell, || self.inner.register_counter(key, metadata))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let tell = |name, unit, help| self.inner.describe_gauge(name, unit, help);
        self.register(key, tell, || self.inner.register_gauge(key, metadata))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let tell = |name, unit, help| self.inner.describe_histogram(name, unit, help);
        self.register(key, tell, || self.inner.register_histogram(key, metadata))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps what it is told, in order.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Told {
        fn add(&self, line: String) {
            self.0.lock().expect("no test panics with it").push(line);
        }
    }

    impl Recorder for Told {
        fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
            let unit = unit.map_or("", |unit| unit.as_str());
            self.add(format!("{} {unit} {help}", name.as_str()));
        }

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            self.add(key.name().to_owned());
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn every_registration_carries_what_the_first_was_told() {
        let recorder = Described::new(Told::default(), ());
        let describe = |name: &'static str, help: &'static str| {
            recorder.describe_counter(name.into(), Some(Unit::Count), help.into());
        };
        let register = |name: &'static str| {
            drop(recorder.register_counter(&name.into(), &Metadata::new("test", metrics::Level::INFO, None)));
        };
        describe("calls", "Calls.");
        register("calls");
        register("calls");
        describe("calls", "Something else.");
        register("calls");
        register("jobs");
        describe("jobs", "Too late.");
        register("jobs");
        let told = recorder.inner.0.into_inner().expect("no test panics with it");
        assert_eq!(
            told,
            [
                "calls count Calls.",
                "calls",
                "calls count Calls.",
                "calls",
                "calls count Calls.",
                "calls",
                "jobs  ",
                "jobs",
                "jobs  ",
                "jobs"
            ]
        );
    }
}
