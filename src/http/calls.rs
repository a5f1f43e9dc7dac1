//! How a Layer begins the calls of HTTP: under which series, by what it was told.
//!
//! Nothing here depends on what errors are told apart by, so that it is compiled once.

use std::sync::Arc;

use http::Request;

use super::{RequestHead, ResponseHead, config::Config, methods::MethodHashes};
use crate::{
    applied_twice,
    call::Call,
    hints::Hints,
    labels::{UNMATCHED, Values},
    series::{At, Birth, Cache, Series, Spec},
};

/// What a Layer was told, and what follows from it.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) config: Config,
    spec: Arc<Spec>,
    cache: Cache,
    methods: MethodHashes,
    /// Every call is measured, under what was matched.
    is_simple: bool,
    /// Answers and errors are asked for more than how they end the call.
    pub(super) asks_answers: bool,
    hints: Arc<Hints>,
}

// ===== impl Calls =====

impl Calls {
    pub(super) fn new(config: Config) -> Self {
        let hints = Arc::new(Hints::new(config.expects_routes()));
        let spec = Arc::new(config.spec(&hints));
        let cache = Cache::default();
        let methods = MethodHashes::new(&config.methods, cache.hasher());
        let is_simple = config.is_simple();
        let asks_answers = config.asks_answers();
        Self { config, spec, cache, methods, is_simple, asks_answers, hints }
    }

    /// Makes the series of what was declared.
    pub(super) fn initialize(&self) {
        let Some(at) = self.cache.at(&self.spec) else {
            return self.hints.initialized_without_recorder(self.spec.name());
        };
        let birth = Birth { infallible: self.config.is_infallible(), to_be_proven: false, open: 0 };
        self.config.own.of_none().with(|own| {
            for values in self.config.initial(own) {
                self.series(at, values, || birth).initialize();
            }
        });
    }

    #[inline]
    pub(super) fn begin<B>(&self, request: &mut Request<B>, infallible: bool) -> Option<Call> {
        let call = self.begin_of(RequestHead::of(request), infallible);
        if call.as_ref().is_some_and(Call::is_first) {
            applied_twice::notice(&self.cache, &self.spec, &self.hints, request.extensions_mut());
        }
        call
    }

    /// Goes on with the call under the labels of its answer.
    pub(super) fn answered(&self, head: ResponseHead<'_>, call: &mut Call) {
        if !self.config.own.has_response_labels() {
            return;
        }
        if let Some(at) = self.cache.at(&self.spec) {
            let own = self.config.own.of_response(head);
            own.with(|own| call.answered_as(at, head.status().as_u16(), own));
        }
    }

    /// Begins the call under the recorder of this moment; without one that takes anything there is none.
    fn begin_of(&self, head: RequestHead<'_>, infallible: bool) -> Option<Call> {
        let at = self.cache.at(&self.spec)?;
        if self.is_simple {
            let method = self.config.methods.number(head.method());
            let endpoint = self.config.matched(head).unwrap_or(UNMATCHED);
            // The number of the method is in the hash, and need not be compared.
            let is_it = |series: &Series| matches!(series.values(), [_, its] if **its == *endpoint);
            if let Some(series) = at.find_of(self.methods.hash(self.cache.hasher(), method, endpoint), is_it)
            {
                return Some(Call::begin(series));
            }
        }
        self.begin_otherwise(at, head, infallible)
    }

    /// Begins the call of a label set that was not seen before, or of a Layer that was told more.
    #[inline(never)]
    fn begin_otherwise(&self, at: At<'_>, head: RequestHead<'_>, infallible: bool) -> Option<Call> {
        let endpoint = &*self.config.endpoint(head);
        if self.config.skips(head, endpoint) {
            return None;
        }
        let values = self.config.values(head, endpoint);
        let birth = || self.config.birth(head, endpoint, infallible);
        let series = match self.config.own.is_empty() {
            true => self.series(at, values, birth),
            false => {
                let own = self.config.own.of_request(head);
                own.with(|own| self.series(at, values.and(own), birth))
            }
        };
        Some(Call::begin(series))
    }

    /// Finds or makes the series of these values.
    fn series(&self, at: At<'_>, values: Values<'_>, birth: impl FnOnce() -> Birth) -> Arc<Series> {
        let values = values.as_slice();
        match (values, self.is_simple) {
            ([method, endpoint], true) => {
                let method = self.config.methods.number_of(method);
                let hash = self.methods.hash(self.cache.hasher(), method, endpoint);
                at.series_of(hash, |series| series.is_of(values), values, birth)
            }
            _ => at.series(values, birth),
        }
    }
}
