//! What a balance compares, and what it leaves alone.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::BodyExt;
use metrics::{Key, Level, Metadata, Recorder as _};
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{
    ConnectionMetricsLayer, HttpMetricsLayer, LatencyLayer, Operation, RequestCountLayer,
    ServiceMetricsLayer, metrics, metrics::with_local_recorder, names::Naming, testing::Recorder,
};

use crate::support::refusal;

const META: Metadata<'static> = Metadata::new("test", Level::INFO, None);

async fn get<L>(layer: &L)
where
    L: Layer<tower::util::BoxCloneService<Request<()>, Response<String>, Infallible>>,
    L::Service: tower::Service<
            Request<()>,
            Response = Response<tower_metrics::http::ResponseBody<String>>,
            Error = Infallible,
        >,
{
    let service = tower::util::BoxCloneService::new(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new("Ada".to_owned()))
    }));
    let response = layer.layer(service).oneshot(Request::new(())).await.unwrap();
    response.into_body().collect().await.unwrap();
}

fn off(recorder: &Recorder) -> Vec<String> {
    recorder.balance().unwrap_err().differences().to_vec()
}

#[tokio::test]
async fn a_call_that_goes_on_is_told_by_its_gauge() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared());
    let service =
        layer.layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new("Ada".to_owned()))));
    let response = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!(off(&recorder), [r#"http_requests_in_flight{method="GET",endpoint="unmatched"} stands at 1"#]);
    let said = refusal(|| recorder.assert_balanced());
    assert!(said.starts_with("not balanced:\n  http_requests_in_flight{"), "{said}");
    assert!(
        said.ends_with("\n  is a body to be read to its end, or does a call or a connection still go on?"),
        "{said}"
    );
    drop(response);
    recorder.assert_balanced();
}

#[tokio::test]
async fn a_sample_too_many_is_told_with_its_labels_under_any_naming() {
    let schemes = [
        (Naming::new(), "http_requests_total", "http_request_duration_seconds", "status"),
        (
            Naming::new().prefix("shop_").label("status", "code"),
            "shop_http_requests_total",
            "shop_http_request_duration_seconds",
            "code",
        ),
    ];
    for (naming, counter, histogram, status) in schemes {
        let recorder = Recorder::new();
        let layer = HttpMetricsLayer::new().naming(&naming).recorder(recorder.shared());
        get(&layer).await;
        recorder.assert_balanced();
        let labels = vec![
            metrics::Label::new("method", "GET"),
            metrics::Label::new("endpoint", "unmatched"),
            metrics::Label::new(status, "2xx"),
        ];
        recorder.register_histogram(&Key::from_parts(histogram.to_owned(), labels), &META).record(1.0);
        let group = format!("{{{status}=\"2xx\",endpoint=\"unmatched\",method=\"GET\"}}");
        let said = &off(&recorder)[0];
        assert!(
            said.starts_with(&format!("{counter} counted 1, and {histogram} has 2 samples of {{")),
            "{said}"
        );
        assert!(
            said.contains(&format!("{status}=\"2xx\""))
                && group.len() == said.len() - said.find('{').unwrap(),
            "{said}"
        );
    }
}

#[test]
fn an_operation_is_compared_under_names_that_have_nothing_in_common() {
    let recorder = Recorder::new();
    let query = Operation::new("db_query").count_as("queries_total").time_as("sql_seconds").gauge_as("busy");
    let (query, job) = (query.recorder(recorder.shared()), Operation::new("job").recorder(recorder.shared()));
    query.run(|| ());
    job.run(|| job.run(|| ()));
    recorder.assert_balanced();
    let key = Key::from_parts("queries_total", vec![metrics::Label::new("outcome", "completed")]);
    recorder.register_counter(&key, &META).increment(4);
    assert_eq!(
        off(&recorder),
        [r#"queries_total counted 5, and sql_seconds has 1 sample of {outcome="completed"}"#]
    );
}

#[test]
fn what_began_is_compared_with_what_ended() {
    let recorder = Recorder::new();
    let job = Operation::new("job").started().recorder(recorder.shared());
    let going_on = job.start();
    assert_eq!(
        off(&recorder),
        ["job_in_flight stands at 1", "job_started_total counted 1, and job_total counted 0"]
    );
    drop(going_on);
    recorder.assert_balanced();
}

#[test]
fn a_connection_is_opened_and_has_lived() {
    let recorder = Recorder::new();
    let open = ConnectionMetricsLayer::new("public").recorder(recorder.shared()).open();
    let of = "{listener=\"public\"}";
    assert_eq!(
        off(&recorder),
        [
            format!("connections_open{of} stands at 1"),
            "connections_total counted 1, and connection_duration_seconds has 0 samples".to_owned()
        ]
    );
    drop(open);
    recorder.assert_balanced();
}

#[tokio::test]
async fn an_instrument_that_stands_alone_is_compared_with_none() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared());
    // Here counted and timed, there only the one or the other, under the same names.
    get(&layer).await;
    get(&RequestCountLayer::from(layer.clone())).await;
    recorder.assert_balanced();
    get(&LatencyLayer::from(layer.clone())).await;
    get(&LatencyLayer::from(layer)).await;
    recorder.assert_balanced();
}

#[tokio::test]
async fn instruments_of_two_layers_are_not_taken_for_those_of_one() {
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared());
    // More is counted than is timed, as it is asked for.
    let counted = RequestCountLayer::from(layer.clone());
    get(&counted).await;
    get(&counted).await;
    get(&LatencyLayer::from(layer)).await;
    recorder.assert_balanced();
}

#[test]
fn values_that_fold_after_the_beginning_are_compared_as_sums() {
    let recorder = Recorder::new();
    let job =
        Operation::new("job").labels(["customer"]).started().max_label_sets(2).recorder(recorder.shared());
    for customer in ["ada", "bob", "eve", "joe"] {
        job.run_with([customer], || ());
    }
    recorder.assert_balanced();
    recorder.assert_counter("job_total", [("customer", "_OVERFLOW")], 2);
    let key = Key::from_parts("job_started_total", vec![metrics::Label::new("customer", "ada")]);
    recorder.register_counter(&key, &META).increment(1);
    assert_eq!(off(&recorder), ["job_started_total counted 5, and job_total counted 4"]);
}

#[tokio::test]
async fn a_sampled_histogram_has_the_samples_that_it_takes() {
    let recorder = Recorder::new();
    let layer = ServiceMetricsLayer::new("job").sample_latency(4).recorder(recorder.shared());
    let service = layer.layer(service_fn(async |n: u32| Ok::<_, Infallible>(n)));
    for n in 0..9 {
        service.clone().oneshot(n).await.unwrap();
    }
    assert_eq!(recorder.samples("job_duration_seconds", []).len(), 3);
    recorder.assert_balanced();
    let key = Key::from_parts("job_total", vec![metrics::Label::new("outcome", "completed")]);
    recorder.register_counter(&key, &META).increment(4);
    let said =
        r#"job_total counted 13, and job_duration_seconds has 3 samples, one in 4 of {outcome="completed"}"#;
    assert_eq!(off(&recorder), [said]);
}

#[test]
fn other_gauges_may_stand_where_they_are() {
    let recorder = Recorder::new();
    let job = Operation::new("job").in_flight_limit(3).recorder(recorder.shared());
    job.run(|| ());
    with_local_recorder(&recorder, || {
        metrics::describe_gauge!("job_oldest_start_timestamp_seconds", "When the oldest call began.");
        metrics::gauge!("job_oldest_start_timestamp_seconds").set(f64::NAN);
        metrics::gauge!("jobs_in_flight").set(3.0);
        metrics::counter!("jobs_total").increment(3);
    });
    recorder.assert_balanced();
}

#[test]
fn a_recorder_that_nobody_recorded_to_is_refused() {
    let recorder = Recorder::new();
    assert!(recorder.balance().is_ok());
    let said = refusal(|| recorder.assert_balanced());
    assert!(said.contains("give the recorder to the Layer"), "{said}");
}

#[test]
fn the_oldest_start_is_nan_when_nothing_is_in_flight() {
    let recorder = Recorder::new();
    let job = Operation::new("job").labels(["kind"]).oldest_start_timestamp().recorder(recorder.shared());
    let oldest = "job_oldest_start_timestamp_seconds";
    job.run_with(["mail"], || ());
    recorder.assert_balanced();
    recorder.assert_gauge(oldest, [], f64::NAN);

    let (first, _second) = (job.start_with(["mail"]), job.start_with(["post"]));
    let start = recorder.gauge(oldest, [("kind", "mail")]);
    assert_eq!(recorder.gauge(oldest, []), start, "it is the earliest, and no sum");
    assert!(off(&recorder)[2].starts_with(r#"job_oldest_start_timestamp_seconds{kind="mail"} is "#));
    first.complete();
    assert!(recorder.gauge(oldest, []) >= start);

    // One that is left behind is told, whatever else there is.
    let recorder = Recorder::new();
    let job = Operation::new("job").oldest_start_timestamp().recorder(recorder.shared());
    job.run(|| ());
    recorder.register_gauge(&Key::from_name(oldest), &META).set(7.0);
    assert_eq!(off(&recorder), [format!("{oldest} is 7, and NaN when nothing is in flight")]);
}

#[tokio::test]
async fn an_exact_status_and_its_class_are_of_one_name() {
    let recorder = Recorder::new();
    get(&HttpMetricsLayer::new().recorder(recorder.shared())).await;
    get(&HttpMetricsLayer::new().exact_status().recorder(recorder.shared())).await;
    recorder.assert_balanced();
}

#[test]
fn a_recorder_that_is_local_is_the_one_that_a_layer_is_given() {
    let recorder = Recorder::new();
    let (given, found) = (Operation::new("job").recorder(recorder.shared()), Operation::new("job"));
    let going_on = given.start();
    recorder.local(|| found.run(|| ()));
    recorder.assert_gauge("job_in_flight", [], 1.0);
    assert!(recorder.balance().is_err(), "{recorder}");
    drop(going_on);
    recorder.assert_balanced();
}
