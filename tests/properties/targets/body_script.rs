//! One HTTP call: a caller sees what the bare service shows, and the call ends once, as it really ended.

use http::{HeaderMap, HeaderValue, Method, header::CONTENT_LENGTH};
use tower::Layer;
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, ServiceMetricsLayer, testing::Recorder,
};

use super::{
    input::Input,
    plan::{End, Plan},
    script::Step,
};

/// Lengths that are none, though some parsers take them.
const NO_LENGTHS: [&str; 6] = ["+4", "-0", " 4", "4, 4", "0x4", "99999999999999999999"];

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let around = input.below(4);
    let plan = Plan::read(&mut input, headers);
    let bare = plan.play(plan.service());

    let recorder = Recorder::new();
    let http = HttpMetricsLayer::new().recorder(recorder.shared());
    let client = HttpMetricsLayer::client().recorder(recorder.shared());
    let grpc = GrpcMetricsLayer::new().recorder(recorder.shared());
    let service = ServiceMetricsLayer::new("any").recorder(recorder.shared());
    let seen = match around {
        0 => plan.play((http, client).layer(plan.service())),
        1 => plan.play((http, grpc.clone(), GrpcMessagesLayer::from(grpc)).layer(plan.service())),
        2 => plan.play((http, service).layer(plan.service())),
        _ => plan.play(http.layer(plan.service())),
    };
    assert_eq!(seen, bare, "{plan:?}");

    let calls = u64::from(plan.outcome().is_some());
    assert_eq!(recorder.counter("http_requests_total", []), calls, "{plan:?}\n{recorder}");
    assert_eq!(recorder.samples("http_request_duration_seconds", []).len() as u64, calls);
    if let Some((status, outcome)) = expected(&plan) {
        let labels = [("status", &*status), ("outcome", outcome)];
        let counted = recorder.counter("http_requests_total", labels);
        assert_eq!(counted, 1, "not {status} and {outcome}: {plan:?}\n{recorder}");
    }
    let others: &[&str] = match around {
        0 => &["http_client_requests_total"],
        1 => &["grpc_server_started_total", "grpc_server_handled_total"],
        2 => &["any_total"],
        _ => &[],
    };
    for other in others {
        assert_eq!(recorder.counter(other, []), calls, "{other}: {plan:?}\n{recorder}");
    }
    for gauge in [
        "http_requests_in_flight",
        "http_client_requests_in_flight",
        "grpc_server_in_flight",
        "any_in_flight",
    ] {
        assert_eq!(recorder.gauge(gauge, []), 0.0, "{gauge}: {plan:?}");
    }
}

fn headers(input: &mut Input<'_>) -> HeaderMap {
    let value = match input.below(6) {
        0 => HeaderValue::from(u64::from(input.byte() % 32)),
        1 => HeaderValue::from_static(input.one_of(&NO_LENGTHS)),
        2 => HeaderValue::from_bytes(input.bytes()).unwrap_or(HeaderValue::from_static("")),
        _ => return HeaderMap::new(),
    };
    HeaderMap::from_iter([(CONTENT_LENGTH, value)])
}

/// The status and the outcome of the call, where there is one.
fn expected(plan: &Plan) -> Option<(String, &'static str)> {
    let status = plan.status.as_u16();
    let told = if status < 600 { status.to_string() } else { "_OTHER".into() };
    Some(match plan.outcome()? {
        End::Never => ("none".into(), "cancelled"),
        End::Error => ("500".into(), "error"),
        End::Panic => ("500".into(), "panicked"),
        End::Answer if status == 101 || (plan.method == Method::CONNECT && plan.status.is_success()) => {
            (told, "upgraded")
        }
        End::Answer => (told, end_of_body(plan)),
    })
}

/// The end of an answer that upgrades nothing.
fn end_of_body(plan: &Plan) -> &'static str {
    let body = &plan.body;
    let length = length(&plan.headers).or(body.hint.1.filter(|upper| *upper == body.hint.0));
    let is_bodiless = plan.method == Method::HEAD || matches!(plan.status.as_u16(), 100..200 | 204 | 304);
    if is_bodiless || length == Some(0) || (body.tells_end && body.steps.is_empty()) {
        return "completed";
    }
    let mut passed = 0;
    for (index, step) in body.steps.iter().take(plan.body_polls).enumerate() {
        passed += step.length();
        match step {
            Step::Pending => {}
            Step::Fail => return "body_error",
            Step::Panic => return "panicked",
            Step::Trailers(_) => return "completed",
            Step::Data(_) if length.is_some_and(|length| passed >= length) => return "completed",
            Step::Data(_) if body.tells_end && index + 1 == body.steps.len() => return "completed",
            Step::Data(_) => {}
        }
    }
    if plan.body_polls > body.steps.len() { "completed" } else { "body_dropped" }
}

/// RFC 9110, section 8.6: digits and nothing else.
fn length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(CONTENT_LENGTH)?.as_bytes();
    let digits = value.iter().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    });
    digits.filter(|_| !value.is_empty())
}
