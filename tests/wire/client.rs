//! `HttpMetricsLayer::client()` around hyper-util's client.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_metrics::{HttpMetricsLayer, testing::Recorder};

use crate::server::{Host, Server, Version, client};

fn get(uri: http::Uri) -> Request<Empty<Bytes>> {
    Request::builder().uri(uri).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn a_client_s_calls_end_with_the_body_that_it_read() {
    for version in [Version::Http1, Version::Http2] {
        let server = Server::start(Host::Hyper).await;
        let recorder = Recorder::new();
        let layer = HttpMetricsLayer::client().servers(["127.0.0.1"]).recorder(recorder.shared());
        let mut client = ServiceBuilder::new().layer(layer).service(client(version));

        let in_flight = || recorder.gauge("http_client_requests_in_flight", [("server", "127.0.0.1")]);
        let response = client.ready().await.unwrap().call(get(server.uri("/stream"))).await.unwrap();
        assert_eq!(in_flight(), 1.0);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 8 * 1024);
        assert_eq!(in_flight(), 0.0);

        let mut response = client.clone().oneshot(get(server.uri("/endless"))).await.unwrap();
        response.body_mut().frame().await.unwrap().unwrap();
        drop(response);
        let response = client.clone().oneshot(get(server.uri("/broken"))).await.unwrap();
        response.into_body().collect().await.unwrap_err();

        let counted = |outcome| {
            let labels = [("server", "127.0.0.1"), ("status", "200"), ("outcome", outcome)];
            recorder.counter("http_client_requests_total", labels)
        };
        assert_eq!(["completed", "body_dropped", "body_error"].map(counted), [1, 1, 1], "{recorder}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_an_error_without_a_status() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let recorder = Recorder::new();
    let layer = HttpMetricsLayer::client().recorder(recorder.shared());
    let client = ServiceBuilder::new().layer(layer).service(client(Version::Http1));
    client.oneshot(get(format!("http://{nobody}/").parse().unwrap())).await.unwrap_err();
    let labels = [("server", "_OTHER"), ("status", "none"), ("outcome", "error")];
    assert_eq!(recorder.counter("http_client_requests_total", labels), 1, "{recorder}");
}
