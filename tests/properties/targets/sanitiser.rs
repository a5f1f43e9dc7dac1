//! Label values of the user's own: what is sent under them is what the real exporter's page says.

use std::{collections::BTreeMap, convert::Infallible, future::ready, sync::Arc};

use futures_util::FutureExt;
use tower::{Layer, Service, service_fn};
use tower_metrics::{Operation, ServiceMetricsLayer, exporter::Prometheus, labels::Capped};

use super::input::{Input, clean};
use crate::exposition::Page;

/// Two label values.
type Pair = (String, String);

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut pairs = Vec::new();
    while !input.is_over() && pairs.len() < 64 {
        pairs.push((input.text(), input.text()));
    }
    check(&pairs);
}

/// Sends the pairs through all that takes label values, and asserts that the page has their sums and nothing else.
pub(crate) fn check(pairs: &[Pair]) {
    let exporter = Prometheus::new().into_builder().build_recorder();
    let handle = exporter.handle();
    let recorder = Arc::new(exporter);
    let most = pairs.len() + 1;

    let capped = Capped::new("capped_total", ["a", "b"], "").max_label_sets(most).recorder(recorder.clone());
    let operation =
        Operation::new("operation").labels(["a", "b"]).max_label_sets(most).recorder(recorder.clone());
    let layer = ServiceMetricsLayer::new("service")
        .label("a", |(a, _): &Pair| a.into())
        .label("b", |(_, b): &Pair| b.into())
        .max_label_sets(most)
        .recorder(recorder);
    let mut service = layer.layer(service_fn(|_: Pair| ready(Ok::<_, Infallible>(()))));

    let mut sent = BTreeMap::new();
    for (a, b) in pairs {
        capped.increment([a, b], 1);
        operation.start_with([a, b]).complete();
        service.call((a.clone(), b.clone())).now_or_never().expect("the answer is ready").expect("it is one");
        *sent.entry((clean(a), clean(b))).or_insert(0.0) += 1.0;
    }

    let text = handle.render();
    let page = Page::read(&text).unwrap_or_else(|fault| panic!("{fault} in\n{text}"));
    for metric in ["capped_total", "operation_total", "service_total", "service_duration_seconds_count"] {
        let counted = page.of(metric).filter(|sample| sample.value > 0.0);
        let counted: BTreeMap<Pair, f64> = counted
            .map(|sample| ((sample.labels["a"].clone(), sample.labels["b"].clone()), sample.value))
            .collect();
        assert_eq!(counted, sent, "{metric}");
    }
    assert_eq!(page.sum("service_in_flight", &[]), 0.0);
    assert_eq!(page.sum("tower_metrics_overflow_total", &[]), 0.0);
}
