//! The Layer changes nothing: over random bodies, what comes out is what the bare service gives.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, header::CONTENT_LENGTH};
use http_body::{Body, SizeHint};
use proptest::prelude::*;
use tower::{Layer, Service, service_fn};

use crate::support::{Script, Step, ended, in_flight, measured};

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    content_length: Option<u64>,
    steps: Vec<Step>,
    hint: (u64, Option<u64>),
    tells_end: bool,
}

impl Answer {
    fn response(&self) -> Response<Script> {
        let mut hint = SizeHint::new();
        hint.set_lower(self.hint.0);
        if let Some(more) = self.hint.1 {
            hint.set_upper(self.hint.0 + more);
        }
        let mut script = Script::new(self.steps.clone()).hint(hint);
        if self.tells_end {
            script = script.tells_end();
        }
        let mut response = Response::builder().status(self.status).body(script).unwrap();
        if let Some(length) = self.content_length {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response
    }
}

fn answers() -> impl Strategy<Value = Answer> {
    let step = prop_oneof![
        4 => "[a-z]{0,9}".prop_map(|text| Step::Data(text.leak())),
        1 => Just(Step::Trailers),
        1 => Just(Step::Fail),
        1 => Just(Step::Pending),
    ];
    (
        prop_oneof![Just(200), Just(204), Just(304), Just(101), 100_u16..1000],
        proptest::option::of(0_u64..30),
        proptest::collection::vec(step, 0..8),
        (0_u64..30, proptest::option::of(0_u64..10)),
        any::<bool>(),
    )
        .prop_map(|(status, content_length, steps, hint, tells_end)| Answer {
            status,
            content_length,
            steps,
            hint,
            tells_end,
        })
}

/// Everything that can be seen of a body, step by step, up to `polls` polls.
fn seen<B>(mut body: B, polls: usize) -> Vec<String>
where
    B: Body<Data = Bytes, Error = std::io::Error> + Unpin,
{
    let mut seen = Vec::new();
    for _ in 0..polls {
        seen.push(format!("{:?} {}", body.size_hint(), body.is_end_stream()));
        let polled = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
        seen.push(match polled {
            Poll::Ready(frame) => format!("{frame:?}"),
            Poll::Pending => "pending".into(),
        });
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_response_is_that_of_the_bare_service(answer in answers(), polls in 0_usize..12, method in 0_usize..3) {
        let method = [Method::GET, Method::HEAD, Method::CONNECT][method].clone();
        let (bare, bare_body) = answer.response().into_parts();

        let (recorder, layer) = measured();
        let mut service = layer.layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(answer.response()))));
        let request = Request::builder().method(method).body(()).unwrap();
        let (head, body) = service.call(request).now_or_never().unwrap().unwrap().into_parts();

        prop_assert_eq!((head.status, head.version, head.headers), (bare.status, bare.version, bare.headers));
        prop_assert_eq!(seen(body, polls), seen(bare_body, polls));
        prop_assert_eq!((ended(&recorder), in_flight(&recorder)), (1, 0.0));
    }
}
