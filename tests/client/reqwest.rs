//! `http::reqwest` around a real reqwest client.

use std::time::Duration;

use ::reqwest::{Client, Error};
use http::Request;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_metrics::{
    HttpMetricsLayer,
    http::{
        Kinds,
        reqwest::{ClientService, MeasuredClient, kind},
    },
    testing::Recorder,
};

use crate::server;

const TOTAL: &str = "http_client_requests_total";

fn layer(recorder: &Recorder) -> HttpMetricsLayer<Kinds<Error>> {
    HttpMetricsLayer::client().servers(["127.0.0.1"]).reqwest_errors().recorder(recorder.shared())
}

/// A client that takes no proxy from its environment.
fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn errors(recorder: &Recorder, kind: &str) -> u64 {
    recorder.counter(TOTAL, [("status", "none"), ("outcome", "error"), ("error_type", kind)])
}

#[tokio::test]
async fn a_call_ends_with_the_body_that_was_read_and_counts_once() {
    let (server, recorder) = (server::start().await, Recorder::new());
    let client = client();
    let measured = MeasuredClient::new(client.clone(), layer(&recorder));
    let in_flight = || recorder.gauge("http_client_requests_in_flight", [("server", "127.0.0.1")]);

    let response = measured.send(client.get(format!("http://{server}/ok"))).await.unwrap();
    // The length is known, and the end of the body is with the client when it asks.
    assert_eq!(response.text().await.unwrap(), "hello");
    let echo = client.post(format!("http://{server}/echo")).body("seven");
    assert_eq!(measured.send(echo).await.unwrap().text().await.unwrap(), "seven");
    let response = measured.clone().send(client.get(format!("http://{server}/half"))).await.unwrap();
    assert_eq!(in_flight(), 1.0);
    drop(response);
    assert_eq!(in_flight(), 0.0);

    let good = [("server", "127.0.0.1"), ("status", "200"), ("error_type", "none")];
    for (method, outcome) in [("GET", "completed"), ("POST", "completed"), ("GET", "body_dropped")] {
        let labels = [good[0], good[1], good[2], ("method", method), ("outcome", outcome)];
        assert_eq!(recorder.counter(TOTAL, labels), 1, "{method} {outcome}: {recorder}");
    }
    assert_eq!(recorder.counter(TOTAL, []), 3);
}

#[tokio::test]
async fn what_came_of_a_call_without_an_answer_is_told_apart() {
    let (server, nobody, recorder) = (server::start().await, server::nobody().await, Recorder::new());
    let client = client();
    let measured = MeasuredClient::new(client.clone(), layer(&recorder));
    let get = |path: &str| client.get(format!("http://{server}{path}"));
    let calls = [
        ("connect", client.get(format!("http://{nobody}/"))),
        ("connect", client.get("http://no.such.name.invalid/")),
        // A short time, because nothing but time can tell that there is no answer.
        ("timeout", get("/never").timeout(Duration::from_millis(50))),
        ("redirect", get("/loop")),
    ];
    for (kind, request) in calls {
        let before = errors(&recorder, kind);
        let error = measured.send(request).await.unwrap_err();
        assert_eq!(errors(&recorder, kind), before + 1, "{error:?}: {recorder}");
    }
    assert_eq!(recorder.counter(TOTAL, []), 4, "{recorder}");
    let body = measured.send(get("/half").timeout(Duration::from_millis(50))).await.unwrap().bytes().await;
    assert!(body.unwrap_err().is_timeout());
    assert_eq!(recorder.counter(TOTAL, [("outcome", "body_error"), ("error_type", "none")]), 1, "{recorder}");
    assert_eq!(recorder.gauge("http_client_requests_in_flight", []), 0.0);
}

#[tokio::test]
async fn every_kind_of_error_stands_at_zero_from_the_beginning() {
    let recorder = Recorder::new();
    layer(&recorder).initialize();
    for kind in ["connect", "timeout", "redirect", "builder", "request", "other"] {
        let label = format!(r#"error_type="{kind}""#);
        let is_there = |series: &String| series.contains(&*label) && series.contains(r#"server="127.0.0.1""#);
        assert!(recorder.series(TOTAL).iter().any(is_there), "{kind}: {recorder}");
    }
}

#[tokio::test]
async fn a_uri_without_a_host_is_an_error_of_the_call() {
    let recorder = Recorder::new();
    let client = ServiceBuilder::new().layer(layer(&recorder)).service(ClientService::new(client()));
    let error = client.oneshot(Request::get("/ok").body("").unwrap()).await.unwrap_err();
    assert!(error.is_builder() && kind(&error) == "builder", "{error:?}");
    assert_eq!(errors(&recorder, "builder"), 1, "{recorder}");
}

#[tokio::test]
async fn an_answer_keeps_where_redirects_ended_and_who_sent_it() {
    let (server, recorder) = (server::start().await, Recorder::new());
    let client = client();
    let measured = MeasuredClient::new(client.clone(), layer(&recorder));
    let response = measured.send(client.get(format!("http://{server}/moved"))).await.unwrap();
    assert_eq!(response.url().path(), "/ok");
    assert_eq!(response.remote_addr(), Some(server));
    assert_eq!(response.error_for_status().unwrap().text().await.unwrap(), "hello");
    assert_eq!(recorder.counter(TOTAL, [("status", "200")]), 1, "{recorder}");
    assert_eq!(recorder.counter(TOTAL, []), 1, "{recorder}");
}

#[tokio::test]
async fn what_cannot_be_built_is_no_call() {
    let recorder = Recorder::new();
    let measured = MeasuredClient::new(client(), layer(&recorder));
    measured.send(measured.get_ref().get("no uri")).await.unwrap_err();
    assert_eq!(recorder.counter(TOTAL, []), 0);
}

/// The adapter alone is a service, which waits as the client does.
#[tokio::test]
async fn the_adapter_goes_around_any_service_of_reqwests_requests() {
    let server = server::start().await;
    let limited = ServiceBuilder::new().concurrency_limit(1).service(client());
    let mut service = ClientService::new(limited);
    let request = move || Request::get(format!("http://{server}/ok")).body("").unwrap();
    let first = ServiceExt::<Request<&str>>::ready(&mut service).await.unwrap().call(request());
    let mut second = service.clone();
    let waits = tokio::spawn(async move {
        ServiceExt::<Request<&str>>::ready(&mut second).await.unwrap();
        second.call(request()).await.map(|response| response.status())
    });
    assert_eq!(first.await.unwrap().status(), 200);
    drop(service);
    assert_eq!(waits.await.unwrap().unwrap(), 200);
}
