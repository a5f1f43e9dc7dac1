//! Labels of the user's own, groups of routes, kinds of errors, and histograms that take one call in so many.

use std::{
    convert::Infallible,
    future::{pending, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{GrpcMetricsLayer, HttpMetricsLayer, http::ErrorKind, names::Naming, sla::Sla};

use crate::support::{Script, Step, ended, measured, refusal};

/// What a handler tells of itself in the extensions of its answer.
#[derive(Clone)]
struct Tier(&'static str);

fn request(uri: &str, plan: Option<&str>) -> Request<()> {
    let request = plan.into_iter().fold(Request::builder(), |request, plan| request.header("x-plan", plan));
    request.uri(uri).body(()).unwrap()
}

fn answer(status: u16, tier: Option<&'static str>) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    tier.map(|tier| response.extensions_mut().insert(Tier(tier)));
    response
}

/// Sends one call through the Layer, which is answered so.
fn send(layer: &HttpMetricsLayer, plan: Option<&str>, status: u16, tier: Option<&'static str>) {
    let service = layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer(status, tier)))));
    drop(service.oneshot(request("/", plan)).now_or_never().unwrap().unwrap());
}

fn plan(layer: HttpMetricsLayer) -> HttpMetricsLayer {
    layer.label("plan", |head| Some(head.headers().get("x-plan")?.to_str().ok()?.into()))
}

fn tier(layer: HttpMetricsLayer) -> HttpMetricsLayer {
    layer.response_label("tier", |head| head.extensions().get().map(|Tier(tier)| (*tier).into()))
}

#[test]
fn a_constant_label_stands_on_everything() {
    let (recorder, layer) = measured();
    let layer = layer.constant_label("region", "eu").in_flight_limit(9).response_head_duration();
    send(&layer, None, 200, None);
    for metric in ["http_requests_total", "http_requests_in_flight", "http_requests_in_flight_limit"] {
        assert!(recorder.series(metric).iter().all(|series| series.contains(r#"region="eu""#)), "{metric}");
    }
    for metric in ["http_request_duration_seconds", "http_response_head_duration_seconds"] {
        assert_eq!(recorder.samples(metric, [("region", "eu")]).len(), 1, "{metric}");
    }
}

#[test]
fn a_label_of_the_request_stands_on_all_metrics() {
    let (recorder, layer) = measured();
    let layer = plan(layer);
    let service =
        layer.clone().layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let open = service.clone().call(request("/", Some("gold")));
    assert_eq!(recorder.gauge("http_requests_in_flight", [("plan", "gold")]), 1.0);
    drop(open);
    assert_eq!(recorder.gauge("http_requests_in_flight", [("plan", "gold")]), 0.0);
    send(&layer, Some("gold"), 200, None);
    send(&layer, None, 200, None);
    assert_eq!(recorder.counter("http_requests_total", [("plan", "gold"), ("outcome", "cancelled")]), 1);
    assert_eq!(recorder.counter("http_requests_total", [("plan", "gold"), ("status", "200")]), 1);
    assert_eq!(recorder.counter("http_requests_total", [("plan", "none"), ("status", "200")]), 1);
    assert_eq!(recorder.samples("http_request_duration_seconds", [("plan", "gold")]).len(), 2);
}

#[test]
fn a_label_of_the_answer_stands_on_counter_and_histograms_alone() {
    let (recorder, layer) = measured();
    let layer = tier(plan(layer)).response_head_duration();
    send(&layer, Some("gold"), 200, Some("edge"));
    send(&layer, Some("gold"), 200, None);
    let edge = [("plan", "gold"), ("tier", "edge")];
    assert_eq!(recorder.counter("http_requests_total", [edge[0], edge[1], ("status", "200")]), 1);
    assert_eq!(recorder.counter("http_requests_total", [edge[0], ("tier", "none"), ("status", "200")]), 1);
    for histogram in ["http_request_duration_seconds", "http_response_head_duration_seconds"] {
        assert_eq!(recorder.samples(histogram, edge).len(), 1, "{histogram}");
        assert_eq!(recorder.samples(histogram, []).len(), 2, "{histogram}");
    }
    assert_eq!(recorder.series("http_requests_in_flight").len(), 1);
    assert_eq!(recorder.gauge("http_requests_in_flight", [("plan", "gold")]), 0.0);
}

#[test]
fn a_label_of_the_answer_is_told_of_what_no_route_and_no_method_is_known_of() {
    let (recorder, layer) = measured();
    let layer = tier(layer);
    let service = layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer(404, Some("edge"))))));
    let request = Request::builder().method("BREW").body(()).unwrap();
    drop(service.oneshot(request).now_or_never().unwrap());
    let at = [("method", "_OTHER"), ("endpoint", "unmatched"), ("tier", "edge"), ("status", "404")];
    assert_eq!(recorder.counter("http_requests_total", at), 1, "{recorder}");
}

#[test]
fn a_layer_with_labels_of_the_answer_looks_for_a_second_one_once() {
    let (recorder, layer) = measured();
    let layer = tier(layer);
    let answers = |_| ready(Ok::<_, Infallible>(answer(200, Some("edge"))));
    let mut service = (layer.clone(), layer).layer(service_fn(answers));
    for _ in 0..3 {
        drop(service.call(request("/", None)).now_or_never().unwrap().unwrap());
    }
    assert_eq!(recorder.counter("tower_metrics_applied_twice_total", []), 1, "{recorder}");
}

#[test]
fn what_ends_without_an_answer_has_none_of_its_labels() {
    let (recorder, layer) = measured();
    let layer = tier(layer);
    let service = layer.layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    drop(service.clone().call(request("/", None)));
    let service = layer.layer(service_fn(|_| ready(Err::<Response<Empty<Bytes>>, _>("no"))));
    service.oneshot(request("/", None)).now_or_never().unwrap().unwrap_err();
    for outcome in ["cancelled", "error"] {
        assert_eq!(
            recorder.counter("http_requests_total", [("tier", "none"), ("outcome", outcome)]),
            1,
            "{outcome}"
        );
    }
    assert_eq!(ended(&recorder), 2);
}

/// Until an answer has proven a label set, its calls are in flight under another one; the labels of the answer change nothing of
/// that.
#[test]
fn a_call_with_labels_of_its_answer_is_in_flight_until_the_end_of_its_body() {
    let (recorder, layer) = measured();
    let layer = tier(plan(layer)).endpoint(|_| Some("/users".into()));
    for round in 0..3 {
        let service = layer.layer(service_fn(|_| {
            let mut response = Response::new(Script::new([Step::Data("a"), Step::Data("b")]));
            response.extensions_mut().insert(Tier("edge"));
            ready(Ok::<_, Infallible>(response))
        }));
        let response = service.oneshot(request("/users", Some("gold"))).now_or_never().unwrap().unwrap();
        let at = [("endpoint", "/users"), ("plan", "gold")];
        assert_eq!(recorder.gauge("http_requests_in_flight", at), 1.0, "round {round}");
        assert_eq!(recorder.gauge("http_requests_in_flight", []), 1.0, "round {round}");
        drop(response);
        assert_eq!(recorder.gauge("http_requests_in_flight", []), 0.0, "round {round}");
    }
    let dropped = [("tier", "edge"), ("plan", "gold"), ("outcome", "body_dropped")];
    assert_eq!(recorder.counter("http_requests_total", dropped), 3);
    assert_eq!(recorder.samples("http_request_duration_seconds", &dropped[..2]).len(), 3);
}

#[test]
fn what_is_answered_405_mints_no_label_set_of_users_labels() {
    let (recorder, layer) = measured();
    let layer = tier(plan(layer)).endpoint(|head| Some(head.uri().path().into()));
    for n in 0..100 {
        let service = layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer(405, Some("edge"))))));
        drop(service.oneshot(request(&format!("/{n}"), Some(&format!("p{n}")))).now_or_never().unwrap());
    }
    let fallback = [("endpoint", "unmatched"), ("plan", "none"), ("tier", "none"), ("status", "405")];
    assert_eq!(recorder.counter("http_requests_total", fallback), 100);
    assert_eq!(recorder.series("http_requests_in_flight").len(), 1);
}

#[test]
fn labels_of_requests_and_answers_fold_and_totals_stay_exact() {
    let (recorder, layer) = measured();
    let layer = tier(plan(layer)).max_label_sets(10);
    let tiers: Vec<&'static str> = (0..50).map(|n| &*Box::leak(format!("t{n}").into_boxed_str())).collect();
    for n in 0..200 {
        send(&layer, Some(&format!("p{}", n % 40)), 200, Some(tiers[n % 50]));
    }
    assert_eq!(recorder.counter("http_requests_total", [("status", "200")]), 200);
    assert_eq!(recorder.samples("http_request_duration_seconds", []).len(), 200);
    assert_eq!(recorder.gauge("http_requests_in_flight", []), 0.0);
    // Ten, and what they fold into with and without an answer.
    let sets = recorder.series("http_requests_total").into_iter().filter(|it| it.contains(r#"status="503""#));
    assert_eq!(sets.count(), 12);
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 10.0);
    let overflow = recorder.counter("tower_metrics_overflow_total", []);
    assert!((1..=200).contains(&overflow), "{overflow} of 200 calls");
}

#[test]
fn a_matched_route_keeps_its_name_when_labels_fold() {
    let (recorder, layer) = measured();
    let layer = plan(layer).max_values(2).endpoint(|_| Some("/own".into())).endpoints([("GET", "/own")]);
    for n in 0..10 {
        send(&layer, Some(&format!("p{n}")), 200, None);
    }
    let folded = [("endpoint", "/own"), ("plan", "_OVERFLOW"), ("status", "200")];
    assert_eq!(recorder.counter("http_requests_total", folded), 8);
    assert_eq!(recorder.counter("tower_metrics_overflow_total", []), 8);
}

#[test]
fn max_values_is_about_the_label_before_it() {
    let (recorder, layer) = measured();
    let layer = tier(plan(layer).max_values(1)).max_values(2);
    for n in 0..4 {
        send(&layer, Some(&format!("p{n}")), 200, Some(["a", "b", "c", "d"][n]));
    }
    let at = |plan, tier| {
        recorder.counter("http_requests_total", [("plan", plan), ("tier", tier), ("status", "200")])
    };
    assert_eq!(at("p0", "a"), 1);
    assert_eq!(at("_OVERFLOW", "b"), 1);
    assert_eq!(at("_OVERFLOW", "_OVERFLOW"), 2);
}

#[test]
fn a_label_that_panics_says_so_and_the_call_goes_on() {
    let (recorder, layer) = measured();
    let layer = layer.label("a", |_| panic!("of the user's own")).response_label("b", |_| panic!("too"));
    send(&layer, None, 200, None);
    let at = [("a", "_PANIC"), ("b", "_PANIC"), ("status", "200")];
    assert_eq!(recorder.counter("http_requests_total", at), 1);
}

#[test]
fn own_labels_are_clean() {
    let (recorder, layer) = measured();
    let layer = layer.label("who", |_| Some("a\"b\\c\n".into())).constant_label("where", "x\"y");
    send(&layer, None, 200, None);
    send(&layer, None, 200, None);
    let at = [("who", "a_b_c_"), ("where", "x_y"), ("status", "200")];
    assert_eq!(recorder.counter("http_requests_total", at), 2);
}

#[test]
fn what_is_initialized_has_no_values_of_requests() {
    let (recorder, layer) = measured();
    tier(plan(layer)).endpoints([("GET", "/users")]).initialize();
    let at = [("endpoint", "/users"), ("plan", "none"), ("tier", "none"), ("status", "500")];
    assert_eq!(recorder.counter("http_requests_total", at), 0);
    assert!(recorder.series("http_requests_total").iter().any(|it| it.contains(r#"endpoint="/users""#)));
}

#[test]
fn routes_of_a_group_count_together() {
    let (recorder, layer) = measured();
    let layer = layer
        .endpoint(|head| Some(head.uri().path().into()))
        .group_endpoints("/users", ["/users/a", "/users/b"])
        .group_endpoints("admin", ["/admin", "/admin/*"])
        .group_endpoints("reports", ["/admin/reports/*", "/admin/x"]);
    for (uri, endpoint) in [
        ("/users/a", "/users"),
        ("/users/b", "/users"),
        ("/users/c", "/users/c"),
        ("/admin", "admin"),
        ("/admin/y/z", "admin"),
        ("/admin/x", "reports"),
        ("/admin/reports/1", "reports"),
        ("/administrator", "/administrator"),
    ] {
        let before = recorder.counter("http_requests_total", [("endpoint", endpoint), ("status", "200")]);
        let service = layer.layer(service_fn(|_| ready(Ok::<_, Infallible>(answer(200, None)))));
        drop(service.oneshot(request(uri, None)).now_or_never().unwrap());
        let after = recorder.counter("http_requests_total", [("endpoint", endpoint), ("status", "200")]);
        assert_eq!(after, before + 1, "{uri}");
    }
    // Groups are declared names, which do not count against the cap.
    assert_eq!(recorder.gauge("tower_metrics_label_sets", []), 2.0);
}

#[test]
fn errors_are_told_apart() {
    let (recorder, layer) = measured();
    let layer = layer
        .classify_errors(|error: &&str| if error.starts_with("slow") { "timeout" } else { "connect" })
        .expect_errors(["timeout", "connect"]);
    let fails = |error: &'static str| {
        let service = layer.layer(service_fn(move |_| ready(Err::<Response<Empty<Bytes>>, _>(error))));
        service.oneshot(request("/", None)).now_or_never().unwrap().unwrap_err();
    };
    fails("refused");
    let at = |kind| recorder.counter("http_requests_total", [("outcome", "error"), ("error_type", kind)]);
    assert!(recorder.series("http_requests_total").iter().any(|it| it.contains(r#"error_type="timeout""#)));
    assert_eq!((at("connect"), at("timeout")), (1, 0));
    fails("slow");
    assert_eq!((at("connect"), at("timeout")), (1, 1));
    let service = layer.layer(service_fn(|_| ready(Ok::<_, &str>(answer(200, None)))));
    drop(service.oneshot(request("/", None)).now_or_never().unwrap());
    let good = [("status", "200"), ("error_type", "none")];
    assert_eq!(recorder.counter("http_requests_total", good), 1);
}

#[test]
fn a_kind_of_error_that_panics_says_so() {
    let (recorder, layer) = measured();
    let layer = layer.classify_errors(|_: &&str| panic!("of the user's own"));
    let service = layer.layer(service_fn(|_| ready(Err::<Response<Empty<Bytes>>, _>("no"))));
    service.oneshot(request("/", None)).now_or_never().unwrap().unwrap_err();
    assert_eq!(recorder.counter("http_requests_total", [("error_type", "_PANIC")]), 1);
}

#[test]
fn who_tells_no_errors_apart_has_no_word() {
    assert_eq!(ErrorKind::<&str>::kind(&(), &"no"), None);
}

#[test]
fn one_latency_in_so_many_is_taken_and_every_call_is_counted() {
    let (recorder, layer) = measured();
    let layer = layer.sample_latency(10).response_head_duration();
    for n in 0..100 {
        send(&layer, None, if n % 4 == 0 { 500 } else { 200 }, None);
    }
    assert_eq!(recorder.counter("http_requests_total", []), 100);
    for histogram in ["http_request_duration_seconds", "http_response_head_duration_seconds"] {
        assert_eq!(recorder.samples(histogram, [("status", "2xx")]).len(), 8, "{histogram}");
        assert_eq!(recorder.samples(histogram, [("status", "5xx")]).len(), 3, "{histogram}");
    }
}

#[test]
fn a_promise_of_latency_refuses_a_sample() {
    let sla = Sla::new("api").latency(0.99, Duration::from_millis(100));
    let words = "one latency in 10 is recorded, and an SLA promises latencies of all calls";
    assert!(refusal(|| HttpMetricsLayer::new().sample_latency(10).sla(&sla)).contains(words));
    assert!(refusal(|| HttpMetricsLayer::new().sla(&sla).sample_latency(10)).contains(words));
    drop(HttpMetricsLayer::new().sla(&sla).sample_latency(1));
    drop(HttpMetricsLayer::new().sla(&Sla::new("api").availability(0.999)).sample_latency(10));
}

#[test]
fn labels_that_cannot_be_are_refused() {
    type Built = fn(HttpMetricsLayer) -> HttpMetricsLayer;
    let refused: [(Built, &str); 20] = [
        (|it| it.constant_label("9", "x"), "is no label name"),
        (|it| it.constant_label("region", ""), "has no value"),
        (|it| it.constant_label("method", "x"), r#"the label "method" is there already"#),
        (|it| it.constant_label("status", "x"), r#"the label "status" is there already"#),
        (|it| it.constant_label("a", "x").constant_label("a", "y"), r#"the label "a" is there already"#),
        (|it| plan(it.constant_label("plan", "x")), r#"the label "plan" is there already"#),
        (|it| plan(plan(it)), r#"the label "plan" is there already"#),
        (|it| it.response_label("outcome", |_| None), r#"the label "outcome" is there already"#),
        (|it| it.label("le", |_| None), "which the exposition itself uses"),
        (|it| it.max_values(3), "put it right after .label() or .response_label()"),
        (
            |it| plan(it).constant_label("a", "x").max_values(3),
            "put it right after .label() or .response_label()",
        ),
        (|it| it.group_endpoints("a", ["/*"]), "would be every endpoint"),
        (|it| it.group_endpoints("", ["/a"]), "has no name"),
        (|it| it.group_endpoints("a", [""; 0]), "has no endpoints"),
        (|it| it.group_endpoints("a", ["*"]), "would be every endpoint"),
        (
            |it| it.group_endpoints("a", ["/a"]).group_endpoints("b", ["/a"]),
            r#""/a" is in the group "a" already"#,
        ),
        (|it| it.endpoints([("GET", "/a")]).group_endpoints("a", ["/a"]), "declare that one in its place"),
        (|it| it.group_endpoints("a", ["/a/*"]).endpoints([("GET", "/a/b")]), r#"declare "a" instead"#),
        (|it| it.group_endpoints("a", ["/a/*"]).skip_endpoints(["/a/b"]), r#"skip or keep "a""#),
        (|it| it.keep_endpoints(["/a/b"]).group_endpoints("a", ["/a/*"]), r#"skip or keep "a""#),
    ];
    for (build, words) in refused {
        let message = refusal(|| build(HttpMetricsLayer::new()));
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
    let nine =
        refusal(|| (0..9).fold(HttpMetricsLayer::new(), |layer, n| layer.label(format!("l{n}"), |_| None)));
    assert!(nine.contains("one label too many: 8 can be added"), "{nine}");
    assert!(refusal(|| HttpMetricsLayer::new().sample_latency(0)).contains("would be none"));
}

#[test]
fn opentelemetry_has_a_client_s_words_in_its_own_attribute() {
    let (recorder, _) = measured();
    let layer = HttpMetricsLayer::client()
        .naming(&Naming::opentelemetry())
        .classify_errors(|_: &&str| "connect")
        .constant_label("region", "eu")
        .recorder(recorder.shared());
    let layer = layer.response_label("tier", |_| Some("edge".into()));
    let service = layer.layer(service_fn(|_| ready(Err::<Response<Empty<Bytes>>, _>("no"))));
    service.oneshot(request("/", None)).now_or_never().unwrap().unwrap_err();
    let service = layer.layer(service_fn(|_| ready(Ok::<_, &str>(answer(200, None)))));
    drop(service.oneshot(request("/", None)).now_or_never().unwrap());
    let samples = |labels: &[(&str, &str)]| recorder.samples("http.client.request.duration", labels).len();
    assert_eq!(samples(&[("error.type", "connect"), ("tier", "none"), ("region", "eu")]), 1, "{recorder}");
    assert_eq!(samples(&[("http.response.status_code", "200"), ("tier", "edge")]), 1, "{recorder}");
    assert!(!recorder.to_string().contains("error_type"), "{recorder}");
}

#[test]
fn a_scheme_that_counts_calls_by_samples_refuses_to_take_a_part_of_them() {
    let naming = Naming::opentelemetry();
    for refused in [
        refusal(|| HttpMetricsLayer::new().naming(&naming).sample_latency(2)),
        refusal(|| HttpMetricsLayer::new().sample_latency(2).naming(&naming)),
        refusal(|| GrpcMetricsLayer::new().naming(&naming).sample_latency(2)),
    ] {
        assert!(refused.contains("leave .sample_latency() out"), "{refused}");
    }
}

#[test]
fn the_label_of_errors_can_have_another_name() {
    let (recorder, layer) = measured();
    let layer = layer.naming(&Naming::new().label("error_type", "why")).classify_errors(|_: &&str| "slow");
    let service = layer.layer(service_fn(|_| ready(Err::<Response<Empty<Bytes>>, _>("no"))));
    service.oneshot(request("/", None)).now_or_never().unwrap().unwrap_err();
    assert_eq!(recorder.counter("http_requests_total", [("why", "slow")]), 1);
    assert!(refusal(|| Naming::new().label("error_type", "status")).contains("another name"));
}

/// Prometheus refuses a whole page in which a label stands twice, and spells names without dots.
#[test]
fn what_a_scheme_adds_is_there_already() {
    let otel = || HttpMetricsLayer::new().naming(&Naming::opentelemetry());
    for label in ["url_scheme", "http_route", "error_type", "http_request_method"] {
        for refused in [
            refusal(|| otel().constant_label(label, "x")),
            refusal(|| otel().label(label, |_| None)),
            refusal(|| HttpMetricsLayer::new().constant_label(label, "x").naming(&Naming::opentelemetry())),
        ] {
            assert!(refused.contains(&format!("the label {label:?} is there already")), "{refused}");
        }
    }
    for label in ["server_port", "server_address", "url_template"] {
        let client = HttpMetricsLayer::client().constant_label(label, "x");
        assert!(refusal(|| client.naming(&Naming::opentelemetry())).contains("is there already"), "{label}");
    }
    for label in ["rpc_method", "rpc_system_name", "error_type"] {
        let grpc = GrpcMetricsLayer::new().constant_label(label, "x");
        assert!(refusal(|| grpc.naming(&Naming::opentelemetry())).contains("is there already"), "{label}");
    }
}

#[test]
fn a_group_may_have_the_name_of_one_of_its_endpoints() {
    let (recorder, layer) = measured();
    let layer = layer
        .group_endpoints("/users", ["/users", "/users/{id}"])
        .endpoints([("GET", "/users")])
        .sla(&Sla::new("api").endpoint("GET", "/users", |it| it.availability(0.99)))
        .endpoint(|_| Some("/users/{id}".into()));
    send(&layer, None, 200, None);
    assert_eq!(recorder.counter("http_requests_total", [("endpoint", "/users"), ("status", "200")]), 1);
}

#[test]
fn words_that_are_expected_tell_nothing_apart() {
    let (recorder, layer) = measured();
    let layer = layer.expect_errors(["connect"]);
    let service = layer.layer(service_fn(|_| ready(Err::<Response<Empty<Bytes>>, _>("no"))));
    service.oneshot(request("/", None)).now_or_never().unwrap().unwrap_err();
    assert!(!recorder.to_string().contains("error_type"), "{recorder}");
    assert_eq!(recorder.counter("http_requests_total", [("outcome", "error")]), 1);
}
