//! Labels: of the user's own, of errors, and what all are called.

use std::{borrow::Cow, sync::Arc};

#[cfg(feature = "reqwest")]
use super::super::reqwest;
use super::super::{Http, HttpMetricsLayer, Kinds, RequestHead, ResponseHead};
use crate::names::Naming;

// ===== impl HttpMetricsLayer =====

/// # Labels
impl<H: Clone> HttpMetricsLayer<H> {
    /// Adds a label of one value to every metric of this Layer, such as a region or a shard.
    ///
    /// What is the same for the whole process is better added by Prometheus.
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if there is such a label already, or if the value is empty.
    pub fn constant_label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|config| config.own.add_constant(name.into(), value.into()))
    }

    /// Adds a label whose value `label` takes from the head of the request: a header, or an extension that a Layer
    /// outside of this one has set, such as who asks. It stands on all metrics, the gauge too; `None` is `none`.
    ///
    /// Values are made clean, cut at 128 bytes, and bounded: those of one label by [`max_values`](Self::max_values), label sets
    /// as a whole by [`max_label_sets`](Self::max_label_sets). Prefer few values, and map what clients send to them: what
    /// is beyond is `_OVERFLOW`, and whoever comes first has the values. Should the closure panic, the value is `_PANIC` and
    /// the call goes on. What is answered 405 or 501 before anything else counts with `none`. Which values there will be nobody knows
    /// before: [`initialize`](Self::initialize) makes zeros of `none` alone, and `increase()` does not see the first failure of another
    /// value before its first call was scraped.
    ///
    /// ```
    /// # use tower_metrics::HttpMetricsLayer;
    /// let layer = HttpMetricsLayer::new()
    ///     .label("plan", |head| match head.headers().get("x-plan")?.as_bytes() {
    ///         b"gold" => Some("gold".into()),
    ///         b"free" => Some("free".into()),
    ///         _ => None,
    ///     });
    /// # drop(layer);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if Prometheus would refuse the name, if there is such a label already, or if there are eight.
    pub fn label<F>(self, name: impl Into<String>, label: F) -> Self
    where
        F: for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|config| config.own.add_of_request(name.into(), Arc::new(label)))
    }

    /// Adds a label whose value `label` takes from the head of the answer: a header, or an extension that a handler has set. It
    /// stands on counter and histograms; the gauge knows no answer. `None` is `none`, and so is what ends without a head.
    ///
    /// It is bounded as a label of the [request](Self::label) is. The closure runs when the head is there.
    ///
    /// ```
    /// # use tower_metrics::HttpMetricsLayer;
    /// #[derive(Clone)]
    /// struct Cached(bool); // set by a handler in the extensions of its response
    ///
    /// let layer = HttpMetricsLayer::new().response_label("cache", |head| {
    ///     let Cached(hit) = head.extensions().get()?;
    ///     Some(if *hit { "hit" } else { "miss" }.into())
    /// });
    /// # drop(layer);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`label`](Self::label) does.
    pub fn response_label<F>(self, name: impl Into<String>, label: F) -> Self
    where
        F: for<'a> Fn(ResponseHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|config| config.own.add_of_response(name.into(), Arc::new(label)))
    }

    /// Lets the label that was added last have this many values of its own; all others are `_OVERFLOW`.
    ///
    /// # Panics
    ///
    /// Panics if no label of requests or answers was added.
    pub fn max_values(self, most: usize) -> Self {
        self.with(|config| config.own.max_values(most))
    }

    /// Lets the values of [`endpoint`](Self::endpoint) and of own labels make at most this many label sets: 1,000 unless set.
    ///
    /// Calls beyond them have the endpoint `_OVERFLOW`, and keep their method, status and outcome, so that totals
    /// stay exact; `tower_metrics_overflow_total` counts them, and each costs an allocation. Matched routes, declared
    /// endpoints and `unmatched` do not count, nor does what was answered 405 or 501 alone. Layers of the same metric
    /// share the count of what each of them made, each against its own limit; make a Layer once.
    pub fn max_label_sets(self, most: usize) -> Self {
        self.with(|config| config.max_label_sets = most)
    }

    /// Puts the exact status on the histogram, `404` where it was `4xx`. Each status then costs as many series
    /// as the histogram has bounds, and three.
    pub fn exact_status(self) -> Self {
        self.with(|config| config.exact_status = true)
    }

    /// Tells errors of the service apart, in a label `error_type` on the counter: `none` where the call did not end in
    /// `error`. Write the type of the error in the closure. Should it panic, the word is `_PANIC`.
    ///
    /// Which words there are is not known before they are used, so none stands at zero: see
    /// [`expect_errors`](Self::expect_errors). An error inside of a body is `body_error`, and is not asked for its kind. Under
    /// [`Naming::opentelemetry`] a client's words are those of `error.type`.
    ///
    /// ```
    /// use hyper_util::client::legacy::Error;
    /// use tower_metrics::HttpMetricsLayer;
    ///
    /// let layer = HttpMetricsLayer::client()
    ///     .classify_errors(|error: &Error| if error.is_connect() { "connect" } else { "request" })
    ///     .expect_errors(["connect", "request"]);
    /// # drop(layer);
    /// ```
    pub fn classify_errors<E, F>(self, kind: F) -> HttpMetricsLayer<Kinds<E>>
    where
        F: Fn(&E) -> &'static str + Send + Sync + 'static,
    {
        let mut config = self.protocol.calls.config.clone();
        config.tells_errors = true;
        HttpMetricsLayer { protocol: Arc::new(Http::new(config, Kinds::new(Arc::new(kind)))) }
    }

    /// Names the words of [`classify_errors`](Self::classify_errors), so that their counters stand at zero from the beginning. Alone, it
    /// does nothing.
    pub fn expect_errors(self, words: impl IntoIterator<Item = &'static str>) -> Self {
        self.with(|config| config.expected_errors.extend(words))
    }

    /// Tells errors of reqwest apart, by the words of [`reqwest`](crate::http::reqwest), all of which stand at zero from the beginning.
    #[cfg(feature = "reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
    pub fn reqwest_errors(self) -> HttpMetricsLayer<Kinds<::reqwest::Error>> {
        self.classify_errors(reqwest::kind).expect_errors(reqwest::KINDS)
    }

    /// Records under the names and labels of `naming`, which may be a [scheme](Naming#schemes): then also with its values, and
    /// with its end of the time that is measured.
    pub fn naming(self, naming: &Naming) -> Self {
        self.with(|config| config.naming = naming.clone())
    }
}
