//! One gRPC call of hostile statuses and frames: it ends once, with the code that every client reads from it.

use http::{HeaderMap, Method};
use tower::Layer;
use tower_metrics::{GrpcMessagesLayer, GrpcMetricsLayer, grpc::bidi_stream, testing::Recorder};

use super::{
    input::Input,
    plan::{End, Plan},
    script::{Step, grpc_headers},
};

/// As Go spells them.
const CODES: [&str; 17] = [
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

pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let is_client = input.flag();
    let plan = Plan::read(&mut input, grpc_headers);
    let bare = plan.play(plan.service());

    let recorder = Recorder::new();
    let layer = if is_client { GrpcMetricsLayer::client() } else { GrpcMetricsLayer::new() };
    let layer = layer.methods([bidi_stream("shop.Orders", "Watch")]).recorder(recorder.shared());
    let seen = plan.play((layer.clone(), GrpcMessagesLayer::from(layer)).layer(plan.service()));
    assert_eq!(seen, bare, "{plan:?}");

    let [started, handled, seconds, in_flight, answers] = match is_client {
        false => ["started_total", "handled_total", "handling_seconds", "in_flight", "msg_sent_total"]
            .map(|name| format!("grpc_server_{name}")),
        true => ["started_total", "handled_total", "handling_seconds", "in_flight", "msg_received_total"]
            .map(|name| format!("grpc_client_{name}")),
    };
    let code = expected(&plan, if is_client { "Unavailable" } else { "Internal" });
    let calls = u64::from(code.is_some());
    assert_eq!(recorder.counter(&started, []), calls, "{plan:?}\n{recorder}");
    assert_eq!(recorder.counter(&handled, []), calls, "{plan:?}\n{recorder}");
    assert_eq!(recorder.samples(&seconds, []).len() as u64, calls, "{plan:?}\n{recorder}");
    assert_eq!(recorder.gauge(&in_flight, []), 0.0, "{plan:?}\n{recorder}");
    if let Some(code) = code {
        let labels = [("grpc_service", "shop.Orders"), ("grpc_method", "Watch"), ("grpc_code", code)];
        assert_eq!(recorder.counter(&handled, labels), 1, "not {code}: {plan:?}\n{recorder}");
    }
    assert_eq!(recorder.counter(&answers, []), messages(&plan), "{plan:?}\n{recorder}");
}

/// The code of the call, where there is one. `broken` is what an error without a code is.
fn expected(plan: &Plan, broken: &'static str) -> Option<&'static str> {
    Some(match plan.outcome()? {
        End::Never => "Canceled",
        End::Error | End::Panic => broken,
        End::Answer => answered(plan, broken),
    })
}

fn answered(plan: &Plan, broken: &'static str) -> &'static str {
    let body = &plan.body;
    let mut code = code(&plan.headers).or(match plan.status.as_u16() {
        200 => None,
        400 => Some("Internal"),
        401 => Some("Unauthenticated"),
        403 => Some("PermissionDenied"),
        404 => Some("Unimplemented"),
        429 | 502 | 503 | 504 => Some("Unavailable"),
        _ => Some("Unknown"),
    });
    let is_bodiless = plan.method == Method::HEAD || matches!(plan.status.as_u16(), 204 | 304);
    if is_bodiless || (body.tells_end && body.steps.is_empty()) {
        return code.unwrap_or("Unknown");
    }
    for (index, step) in body.steps.iter().take(plan.body_polls).enumerate() {
        match step {
            Step::Fail | Step::Panic => return broken,
            Step::Trailers(trailers) => {
                code = self::code(trailers).or(code);
                return code.unwrap_or("Unknown");
            }
            Step::Data(_) if body.tells_end && index + 1 == body.steps.len() => {
                return code.unwrap_or("Unknown");
            }
            Step::Data(_) | Step::Pending => {}
        }
    }
    let dropped = plan.body_polls <= body.steps.len();
    code.unwrap_or(if dropped { "Canceled" } else { "Unknown" })
}

/// The number of a code as its decimal digits; anything else that stands there is `Unknown`.
fn code(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get("grpc-status")?;
    let number = (0..CODES.len()).find(|number| number.to_string().as_bytes() == value.as_bytes());
    Some(number.map_or("Unknown", |number| CODES[number]))
}

/// How many whole messages of the answer passed.
fn messages(plan: &Plan) -> u64 {
    if plan.outcome() != Some(End::Answer) {
        return 0;
    }
    let polled = plan.body.steps.iter().take(plan.body_polls);
    let passed = polled.take_while(|step| **step != Step::Panic).filter_map(|step| match step {
        Step::Data(data) => Some(&data[..]),
        _ => None,
    });
    let bytes = passed.collect::<Vec<_>>().concat();
    let (mut rest, mut whole) = (&bytes[..], 0);
    while let Some((prefix, after)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
        let Some((_, next)) = after.split_at_checked(length as usize) else { break };
        (rest, whole) = (next, whole + 1);
    }
    whole
}
