//! The handles of each label set, in a table that only grows.

use std::{
    hash::{BuildHasher, Hash},
    sync::OnceLock,
};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use rapidhash::fast::RandomState;

use crate::word::Word;

/// Buckets of chains, of which nothing is ever taken out.
pub(super) struct Chains<K, V, const BUCKETS: usize> {
    buckets: [Link<K, V>; BUCKETS],
}

type Link<K, V> = OnceLock<Box<Entry<K, V>>>;

struct Entry<K, V> {
    key: K,
    value: V,
    next: Link<K, V>,
}

/// All label sets of one floor.
pub(super) struct Routes {
    hasher: RandomState,
    routes: Chains<(String, String), Route, 1024>,
}

pub(super) struct Route {
    method: String,
    endpoint: String,
    pub(super) word: Word,
    pub(super) in_flight: Gauge,
    pub(super) started: Counter,
    codes: Chains<u16, (Counter, Histogram), 16>,
}

// ===== impl Chains =====

impl<K, V, const BUCKETS: usize> Chains<K, V, BUCKETS> {
    pub(super) fn new() -> Self {
        Self { buckets: [const { OnceLock::new() }; BUCKETS] }
    }

    pub(super) fn get(&self, hash: usize, is_it: impl Fn(&K) -> bool, new: impl Fn() -> (K, V)) -> &V {
        let mut link = &self.buckets[hash % BUCKETS];
        loop {
            let entry = link.get_or_init(|| {
                let (key, value) = new();
                Box::new(Entry { key, value, next: OnceLock::new() })
            });
            if is_it(&entry.key) {
                return &entry.value;
            }
            link = &entry.next;
        }
    }
}

// ===== impl Routes =====

impl Routes {
    pub(super) fn new() -> Self {
        Self { hasher: RandomState::new(), routes: Chains::new() }
    }

    pub(super) fn route(&self, method: &str, endpoint: &str) -> &Route {
        self.routes.get(
            self.hash((method, endpoint)),
            |(its_method, its)| *its == *endpoint && *its_method == *method,
            || ((method.into(), endpoint.into()), Route::new(method, endpoint)),
        )
    }

    fn hash(&self, key: impl Hash) -> usize {
        self.hasher.hash_one(key) as usize
    }
}

// ===== impl Route =====

impl Route {
    fn new(method: &str, endpoint: &str) -> Self {
        let (method, endpoint) = (method.to_owned(), endpoint.to_owned());
        let in_flight = gauge!("floor_requests_in_flight",
            "method" => method.clone(), "endpoint" => endpoint.clone());
        let started = counter!("floor_requests_started_total",
            "method" => method.clone(), "endpoint" => endpoint.clone());
        Self { method, endpoint, word: Word::new(), in_flight, started, codes: Chains::new() }
    }

    /// Counts and times a call that ended with this code.
    pub(super) fn ended(&self, code: u16, seconds: f64) {
        let new = || {
            let (method, endpoint) = (self.method.clone(), self.endpoint.clone());
            let counter = counter!("floor_requests_total", "method" => method.clone(),
                "endpoint" => endpoint.clone(), "status" => code.to_string(), "outcome" => "completed");
            let histogram = histogram!("floor_request_duration_seconds", "method" => method,
                "endpoint" => endpoint, "status" => format!("{}xx", code / 100));
            (code, (counter, histogram))
        };
        let (counter, histogram) = self.codes.get(usize::from(code), |its| *its == code, new);
        counter.increment(1);
        histogram.record(seconds);
    }
}
