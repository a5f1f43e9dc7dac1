//! A hundred thousand hostile label values, through everything that takes values from outside, on the real exporter's page.

use std::{collections::BTreeMap, convert::Infallible, future::ready, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{TestRng, TestRunner},
};
use tower::{Layer, Service, ServiceBuilder, layer::layer_fn, service_fn};
use tower_metrics::{
    HttpMetricsLayer, RejectionLayer, RequestCountLayer, ServiceMetricsLayer, exporter::Prometheus,
    http::RequestHead, labels::Capped,
};

use crate::{
    exposition::Page,
    targets::input::{HOSTILE, clean},
};

const STRINGS: usize = 100_000;
const LONGEST: usize = 65_536;
/// Every fifth is also asked for over HTTP, where a label set is seven series.
const OVER_HTTP: usize = 5;

/// The value that the request brings.
#[derive(Clone)]
struct Value(String);

/// One hostile value of any of the known ways to be hostile.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = || vec(select(&HOSTILE[..]), 0..6).prop_map(|pieces| pieces.concat());
    let prefix = "x".repeat(126);
    prop_oneof![
        300 => pieces(),
        200 => vec(any::<char>(), 0..6).prop_map(String::from_iter),
        100 => (0_u32..0x100).prop_map(|c| char::from_u32(c).expect("it is one of Latin-1").into()),
        // These differ in what is cut off, or in what is replaced.
        100 => pieces().prop_map(move |end| format!("{prefix}{end}")),
        100 => select(&["\n", "\r", "\0", "\"", "\\", "\u{85}", "_"][..]).prop_map(|c| format!("user{c}name")),
        1 => pieces().prop_map(|piece| piece.repeat(LONGEST / piece.len().max(1))),
    ]
}

fn endpoint(head: RequestHead<'_>) -> Option<std::borrow::Cow<'_, str>> {
    Some(head.extensions().get::<Value>()?.0.as_str().into())
}

#[test]
fn a_hundred_thousand_hostile_values_break_no_line_and_lose_no_count() {
    let exporter = Prometheus::new().into_builder().build_recorder();
    let handle = exporter.handle();
    let recorder = Arc::new(exporter);
    let capped =
        Capped::new("capped_total", ["value"], "").max_label_sets(STRINGS).recorder(recorder.clone());
    let labelled = ServiceMetricsLayer::new("labelled")
        .label("value", |value: &Value| (&*value.0).into())
        .max_label_sets(STRINGS)
        .recorder(recorder.clone());
    // Counters alone, because a hundred thousand histograms are a page of two million lines.
    let mut labelled =
        RequestCountLayer::from(labelled).layer(service_fn(|_: Value| ready(Ok::<_, Infallible>(()))));
    let answer = |_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
    let http = HttpMetricsLayer::new().endpoint(endpoint).max_label_sets(STRINGS).recorder(recorder.clone());
    let mut http = RequestCountLayer::from(http).layer(service_fn(answer));
    let limiter = RejectionLayer::new("edge").http().by_endpoint(endpoint).recorder(recorder);
    let mut limiter =
        ServiceBuilder::new().layer(limiter.around(layer_fn(|inner| inner))).service(service_fn(answer));

    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(Default::default(), &[7; 32]));
    let hostile = hostile();
    let (mut sent, mut asked) = (BTreeMap::<String, f64>::new(), BTreeMap::<String, f64>::new());
    for n in 0..STRINGS {
        let value = hostile.new_tree(&mut runner).unwrap().current();
        let cleaned = clean(&value);
        capped.increment([&value], 1);
        *sent.entry(cleaned.clone()).or_default() += 1.0;
        let value = Value(value);
        let mut request = Request::new(());
        request.extensions_mut().insert(value.clone());
        labelled.call(value).now_or_never().unwrap().unwrap();
        if n % OVER_HTTP == 0 {
            *asked.entry(cleaned).or_default() += 1.0;
            drop(http.call(request.clone()).now_or_never().unwrap().unwrap());
            drop(limiter.call(request).now_or_never().unwrap().unwrap());
        }
    }
    assert!(sent.len() > 10_000, "{} values are few", sent.len());

    let page = handle.render();
    let page = Page::read(&page).unwrap_or_else(|fault| panic!("{fault}"));
    let counted = |metric, label| -> BTreeMap<String, f64> {
        let samples = page.of(metric).filter(|sample| sample.value > 0.0);
        samples.map(|sample| (sample.labels[label].clone(), sample.value)).collect()
    };
    assert!(counted("capped_total", "value") == sent, "it says what was not sent");
    assert!(counted("labelled_total", "value") == sent, "it says what was not sent");
    assert!(counted("http_requests_total", "endpoint") == asked, "it says what was not asked for");
    // A limiter's cap cannot be set: what is beyond it is folded, and none is lost.
    let calls = counted("limiter_calls_total", "endpoint");
    assert_eq!(page.sum("limiter_calls_total", &[]), (STRINGS / OVER_HTTP) as f64);
    assert!(calls.keys().all(|value| asked.contains_key(value) || value == "_OVERFLOW"));
    assert!((900..=1_002).contains(&calls.len()), "{}", calls.len());
    assert_eq!(page.sum("tower_metrics_overflow_total", &[("metric", "http_requests_total")]), 0.0);
}
