//! Where the status stands, and what is read of it.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};
use tower_metrics::{
    GrpcMetricsLayer,
    grpc::{bidi_stream, client_stream, server_stream, unary},
    testing::Recorder,
};

/// The codes by their number, as Go spells them.
pub(crate) const CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

fn status(value: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_bytes(value).unwrap())])
}

/// Answers with this status, these headers, and these frames; and returns the codes that were counted.
fn counted(
    layer: GrpcMetricsLayer,
    method: &str,
    http: u16,
    head: &HeaderMap,
    messages: usize,
    trailers: Option<&HeaderMap>,
) -> Vec<(String, u64)> {
    let recorder = Recorder::new();
    let frames = (0..messages).map(|_| Frame::data(Bytes::from_static(&[0; 5])));
    let frames: Vec<Result<_, Infallible>> =
        frames.chain(trailers.cloned().map(Frame::trailers)).map(Ok).collect();
    let mut answer = Some((head.clone(), StreamBody::new(futures_util::stream::iter(frames))));
    let service = layer.recorder(recorder.shared()).layer(service_fn(move |_| {
        let (headers, body) = answer.take().unwrap();
        let mut response = Response::builder().status(http).body(body).unwrap();
        *response.headers_mut() = headers;
        std::future::ready(Ok::<_, Infallible>(response))
    }));
    let request = Request::post(format!("/shop.Orders/{method}")).body(Empty::<Bytes>::new()).unwrap();
    let response = service.oneshot(request).now_or_never().unwrap().unwrap();
    response.into_body().collect().now_or_never().unwrap().unwrap();

    let side = if recorder.to_string().contains("grpc_client_") { "client" } else { "server" };
    let handled = format!("grpc_{side}_handled_total");
    let codes = CODES.map(|code| (code.to_owned(), recorder.counter(&handled, [("grpc_code", code)])));
    assert_eq!(recorder.counter(&handled, []), 1, "{recorder}");
    assert_eq!(recorder.counter(&format!("grpc_{side}_started_total"), []), 1);
    assert_eq!(recorder.gauge(&format!("grpc_{side}_in_flight"), []), 0.0);
    assert_eq!(
        recorder.samples(&format!("grpc_{side}_handling_seconds"), [("grpc_method", method)]).len(),
        1
    );
    codes.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn layers() -> [GrpcMetricsLayer; 2] {
    [GrpcMetricsLayer::new(), GrpcMetricsLayer::client()].map(|layer| {
        layer.methods([
            unary("shop.Orders", "Place"),
            client_stream("shop.Orders", "Import"),
            server_stream("shop.Orders", "List"),
            bidi_stream("shop.Orders", "Watch"),
        ])
    })
}

#[test]
fn every_code_is_exact_wherever_it_stands_for_every_kind_of_call_on_both_sides() {
    let none = HeaderMap::new();
    for layer in layers() {
        for (method, messages) in [("Place", 1), ("Import", 1), ("List", 3), ("Watch", 2)] {
            for (number, code) in CODES.iter().enumerate() {
                let said = status(number.to_string().as_bytes());
                // In the trailers; in the head alone; in both, of which the trailers are the last word.
                let other = status(if number == 5 { b"6" } else { b"5" });
                for (head, messages, trailers) in
                    [(&none, messages, Some(&said)), (&said, 0, None), (&other, messages, Some(&said))]
                {
                    let codes = counted(layer.clone(), method, 200, head, messages, trailers);
                    assert_eq!(codes, [((*code).to_owned(), 1)], "{method} {number} {head:?} {trailers:?}");
                }
            }
            for (head, trailers) in [(&none, None), (&none, Some(&none)), (&none, Some(&status(b"OK")))] {
                let codes = counted(layer.clone(), method, 200, head, messages, trailers);
                assert_eq!(codes, [("Unknown".to_owned(), 1)], "{method} {head:?} {trailers:?}");
            }
        }
    }
}

#[test]
fn an_answer_that_is_none_of_grpc_is_what_clients_take_it_for() {
    for (http, code) in [
        (400, "Internal"),
        (401, "Unauthenticated"),
        (403, "PermissionDenied"),
        (404, "Unimplemented"),
        (429, "Unavailable"),
        (500, "Unknown"),
        (502, "Unavailable"),
        (503, "Unavailable"),
        (504, "Unavailable"),
    ] {
        let [layer, _] = layers();
        let codes = counted(layer, "Place", http, &HeaderMap::new(), 0, None);
        assert_eq!(codes, [(code.to_owned(), 1)], "{http}");
    }
    // A status of gRPC goes before that of HTTP.
    let [layer, _] = layers();
    assert_eq!(counted(layer, "Place", 503, &status(b"5"), 0, None), [("NotFound".to_owned(), 1)]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn free_bytes_are_unknown(bytes in proptest::collection::vec(32_u8..127, 0..8)) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let number = text.parse::<usize>().ok().filter(|number| number.to_string() == text);
        let expected = number.and_then(|number| CODES.get(number)).unwrap_or(&"Unknown");
        let [layer, _] = layers();
        // Spaces around a value are no part of it in HTTP/1, and are free bytes here.
        let codes = counted(layer, "Place", 200, &HeaderMap::new(), 1, Some(&status(&bytes)));
        prop_assert_eq!(codes, [((*expected).to_owned(), 1)]);
    }
}
