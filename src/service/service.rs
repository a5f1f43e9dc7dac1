//! The way of one request through any service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{AnyService, Classify, RequestLabels, ResponseFuture};
use crate::{call::Call, instrument::Metrics, labels::LabelValues, series::Birth};

// ===== impl Metrics =====

impl<S, R, H> Service<R> for Metrics<S, AnyService<H>>
where
    S: Service<R>,
    H: RequestLabels<R> + Classify<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: R) -> Self::Future {
        let infallible = const { size_of::<Result<(), S::Error>>() == 0 };
        let mut call = self.protocol.begin(&request, infallible);
        Call::goes_in(&mut call);
        let inner = self.inner.call(request);
        Call::comes_out(&mut call);
        ResponseFuture::new(inner, call.map(|call| (call, Arc::clone(&self.protocol))))
    }
}

// ===== impl AnyService =====

impl<H> AnyService<H> {
    pub(crate) fn initialize(&self) {
        // Whoever turns to a recorder that was not met before describes what there will be.
        if self.cache.at(&self.spec).is_some() && !self.config.has_labels() {
            self.initialize_with([]);
        }
    }

    pub(crate) fn initialize_with<const N: usize>(&self, values: [&str; N]) {
        self.config.assert_label_values(N);
        if let Some(at) = self.cache.at(&self.spec) {
            // A label set made at startup may meet any error type.
            at.series(&values, || self.birth(false)).initialize();
        }
    }

    #[inline]
    fn begin<R>(&self, request: &R, infallible: bool) -> Option<Call>
    where
        H: RequestLabels<R>,
    {
        let at = self.cache.at(&self.spec)?;
        let mut values = LabelValues::default();
        self.hooks.add_to(request, &mut values);
        let series = values.with(|values| at.series(values, || self.birth(infallible)));
        Some(Call::begin(series))
    }

    fn birth(&self, infallible: bool) -> Birth {
        Birth { infallible, to_be_proven: false, open: self.spec.open() }
    }
}
