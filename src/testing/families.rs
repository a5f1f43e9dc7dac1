//! Which metrics are about the same calls, whatever they are called.
//!
//! A Layer describes all that it records in one go, and gives each metric the help text of the catalogue, whatever a naming
//! scheme, a prefix or a setter made of its name. So the help text tells what a metric is, and that it was described together
//! with others tells that they are about the same calls.

use std::{collections::HashMap, thread};

use super::calls::CALLS;
use crate::names::{self, Kind};

/// Whose calls they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Server,
    Client,
    Service,
    Attempt,
    Connection,
}

/// The names under which one Layer records its calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) class: Class,
    pub(super) started: Option<String>,
    pub(super) ended: Option<String>,
    pub(super) duration: Option<String>,
    pub(super) head: Option<String>,
    pub(super) in_flight: Option<String>,
    pub(super) oldest: Option<String>,
}

/// The families that were described, in their order.
#[derive(Debug, Default)]
pub(super) struct Described {
    families: Vec<Family>,
    /// Where the Layer that this thread hears of is in the list: two threads may meet a recorder at once.
    open: HashMap<thread::ThreadId, usize>,
}

// ===== impl Family =====

impl Family {
    pub(super) fn new(class: Class) -> Self {
        Self { class, started: None, ended: None, duration: None, head: None, in_flight: None, oldest: None }
    }

    /// Its counters and histograms that count each call once, at a quiet moment.
    pub(super) fn counting(&self) -> impl Iterator<Item = (Kind, &str)> {
        let counters = [&self.started, &self.ended].into_iter().map(|name| (Kind::Counter, name));
        let histograms = [&self.duration, &self.head].into_iter().map(|name| (Kind::Histogram, name));
        counters.chain(histograms).filter_map(|(kind, name)| Some((kind, name.as_deref()?)))
    }

    /// What counts its calls when they end: the counter, or where there is none the histogram.
    pub(super) fn ending(&self) -> Option<(Kind, &str)> {
        let counter = self.ended.as_deref().map(|name| (Kind::Counter, name));
        counter.or_else(|| self.duration.as_deref().map(|name| (Kind::Histogram, name)))
    }
}

// ===== impl Described =====

impl Described {
    /// Hears that a metric is described.
    pub(super) fn hear(&mut self, kind: Kind, name: &str, help: &str) {
        let thread = thread::current().id();
        if help == names::BUILD_INFO.help() {
            // What each Layer describes before its own.
            self.open.remove(&thread);
            return;
        }
        for calls in &CALLS {
            let mut one = Family::new(calls.class);
            let Some(place) = calls.place(&mut one, kind, help) else { continue };
            *place = Some(name.to_owned());
            let open = self.open.get(&thread).map(|at| &mut self.families[*at]);
            let free = open.filter(|family| family.class == calls.class);
            let free =
                free.and_then(|family| calls.place(family, kind, help)).filter(|place| place.is_none());
            match free {
                Some(free) => *free = Some(name.to_owned()),
                None => {
                    self.open.insert(thread, self.families.len());
                    self.families.push(one);
                }
            }
            return;
        }
    }

    /// The families, each once.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> = Vec::new();
        for family in &self.families {
            if !families.contains(family) {
                families.push(family.clone());
            }
        }
        families
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Mutex};

    use super::*;
    use crate::names::Metric;

    #[test]
    fn a_help_text_tells_which_metric_it_is() {
        let helps: BTreeSet<_> = names::catalog().map(Metric::help).collect();
        assert_eq!(helps.len(), names::catalog().count());
    }

    #[test]
    fn every_gauge_of_calls_in_flight_has_its_family() {
        for metric in names::catalog().filter(|it| it.kind() == Kind::Gauge) {
            let is_level = metric.name().ends_with("_in_flight")
                || metric.name().ends_with("_oldest_start_timestamp_seconds")
                || metric.name() == "connections_open";
            let has_family = CALLS.iter().any(|calls| calls.has(metric));
            assert_eq!(is_level, has_family, "{metric:?}");
        }
    }

    #[test]
    fn what_two_threads_describe_in_turn_is_told_apart() {
        let described = Mutex::new(Described::default());
        let hear = |metric: &Metric, name| described.lock().unwrap().hear(metric.kind(), name, metric.help());
        let begin = || hear(&names::BUILD_INFO, "tower_metrics_build_info");
        begin();
        hear(&names::TOTAL, "mine_total");
        thread::scope(|scope| {
            let theirs = scope.spawn(|| {
                begin();
                hear(&names::TOTAL, "theirs_total");
            });
            theirs.join().unwrap();
        });
        hear(&names::DURATION, "mine_seconds");
        let families = described.lock().unwrap().families();
        let mine = Family {
            ended: Some("mine_total".into()),
            duration: Some("mine_seconds".into()),
            ..Family::new(Class::Service)
        };
        let theirs = Family { ended: Some("theirs_total".into()), ..Family::new(Class::Service) };
        assert_eq!(families, [mine, theirs]);
    }
}
