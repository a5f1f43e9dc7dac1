//! Every way in which a call can end: counted once, under the right outcome, and no longer in flight.

use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_metrics::{
    HttpMetricsLayer,
    http::ResponseBody,
    testing::{Clock, Recorder},
};

use crate::support::{Script, Step, assert_ended_once, ended, in_flight, measured, trailers};

fn get() -> Request<Empty<Bytes>> {
    Request::new(Empty::new())
}

fn request(method: Method) -> Request<Empty<Bytes>> {
    Request::builder().method(method).body(Empty::new()).unwrap()
}

/// Answers `request` with `response` through the Layer.
fn answer<B: Body>(
    layer: &HttpMetricsLayer,
    request: Request<Empty<Bytes>>,
    response: Response<B>,
) -> Response<ResponseBody<B>> {
    let mut response = Some(response);
    let mut service = layer.layer(service_fn(move |_| ready(Ok::<_, io::Error>(response.take().unwrap()))));
    service.call(request).now_or_never().expect("it is ready").unwrap()
}

fn status<B>(status: u16, body: B) -> Response<B> {
    Response::builder().status(status).body(body).unwrap()
}

type Polled<D, E> = Poll<Option<Result<Frame<D>, E>>>;

/// Polls a body once.
fn poll<B: Body + Unpin>(body: &mut B) -> Polled<B::Data, B::Error> {
    std::pin::Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_body_read_to_its_last_none_is_completed() {
    let (recorder, layer) = measured();
    let mut body =
        answer(&layer, get(), Response::new(Script::new([Step::Data("a"), Step::Pending]))).into_body();
    assert!(poll(&mut body).is_ready());
    assert!(poll(&mut body).is_pending());
    assert_eq!((ended(&recorder), in_flight(&recorder)), (0, 1.0), "it ends with its body");
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
    assert_ended_once(&recorder, "200", "completed");
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
    drop(body);
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn an_empty_body_is_completed_with_the_head() {
    let (recorder, layer) = measured();
    let response = answer(&layer, get(), Response::new(Empty::<Bytes>::new()));
    assert_ended_once(&recorder, "200", "completed");
    drop(response);
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn a_body_that_tells_its_end_after_the_last_data_is_completed_without_none() {
    let (recorder, layer) = measured();
    let script = Script::new([Step::Data("a"), Step::Data("b")]).tells_end();
    let mut body = answer(&layer, get(), Response::new(script)).into_body();
    assert!(poll(&mut body).is_ready());
    assert_eq!(ended(&recorder), 0);
    assert!(poll(&mut body).is_ready());
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn a_content_length_reached_is_completed_without_none() {
    let (recorder, layer) = measured();
    let mut response = Response::new(Script::new([Step::Data("abc"), Step::Data("de")]));
    response.headers_mut().insert(CONTENT_LENGTH, 5.into());
    let mut body = answer(&layer, get(), response).into_body();
    assert!(poll(&mut body).is_ready());
    assert_eq!(ended(&recorder), 0);
    assert!(poll(&mut body).is_ready());
    drop(body);
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn an_exact_size_hint_reached_is_completed_without_none() {
    let (recorder, layer) = measured();
    let script = Script::new([Step::Data("abc"), Step::Data("de")]).hint(SizeHint::with_exact(5));
    let mut body = answer(&layer, get(), Response::new(script)).into_body();
    assert!(poll(&mut body).is_ready());
    assert_eq!(ended(&recorder), 0);
    assert!(poll(&mut body).is_ready());
    drop(body);
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn a_body_dropped_one_byte_before_its_length_is_body_dropped() {
    let (recorder, layer) = measured();
    let mut response = Response::new(Script::new([Step::Data("abcd"), Step::Data("e")]));
    response.headers_mut().insert(CONTENT_LENGTH, 5.into());
    let mut body = answer(&layer, get(), response).into_body();
    assert!(poll(&mut body).is_ready());
    drop(body);
    assert_ended_once(&recorder, "200", "body_dropped");
}

/// RFC 9110, section 8.6, has digits alone, and hyper frames such a body by other means.
#[test]
fn a_content_length_with_a_sign_is_none() {
    let (recorder, layer) = measured();
    let mut response = Response::new(Script::new([Step::Data("abcde"), Step::Fail]));
    response.headers_mut().insert(CONTENT_LENGTH, "+5".parse().unwrap());
    let mut body = answer(&layer, get(), response).into_body();
    assert!(poll(&mut body).is_ready() && poll(&mut body).is_ready());
    drop(body);
    assert_ended_once(&recorder, "200", "body_error");
}

#[test]
fn trailers_are_the_end() {
    let (recorder, layer) = measured();
    let script = Script::new([Step::Data("a"), Step::Trailers]);
    let mut body = answer(&layer, get(), Response::new(script)).into_body();
    assert!(poll(&mut body).is_ready());
    let Poll::Ready(Some(Ok(frame))) = poll(&mut body) else { panic!("the trailers are ready") };
    assert_eq!(frame.into_trailers().unwrap(), trailers());
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn a_body_that_was_never_polled_is_body_dropped() {
    let (recorder, layer) = measured();
    drop(answer(&layer, get(), Response::new(Full::<Bytes>::from("unread"))));
    assert_ended_once(&recorder, "200", "body_dropped");
}

#[test]
fn a_body_error_is_counted_under_the_status_that_was_sent() {
    let (recorder, layer) = measured();
    let script = Script::new([Step::Data("a"), Step::Fail]);
    let collected =
        answer(&layer, get(), Response::new(script)).into_body().collect().now_or_never().unwrap();
    assert_eq!(collected.unwrap_err().to_string(), "as scripted");
    assert_ended_once(&recorder, "200", "body_error");
}

#[test]
fn answers_without_content_are_completed_though_their_body_is_never_polled() {
    let unpolled = || Script::new([Step::Data("never sent")]);
    for (method, code) in
        [(Method::HEAD, 200), (Method::HEAD, 404), (Method::GET, 103), (Method::GET, 204), (Method::GET, 304)]
    {
        let (recorder, layer) = measured();
        let response = answer(&layer, request(method), status(code, unpolled()));
        assert_ended_once(&recorder, &code.to_string(), "completed");
        drop(response);
        assert_ended_once(&recorder, &code.to_string(), "completed");
    }
}

#[test]
fn a_length_of_zero_is_completed_with_the_head() {
    let unpolled = || Script::new([]);
    let mut response = Response::new(unpolled());
    response.headers_mut().insert(CONTENT_LENGTH, 0.into());
    for response in [response, Response::new(unpolled().hint(SizeHint::with_exact(0)))] {
        let (recorder, layer) = measured();
        drop(answer(&layer, get(), response));
        assert_ended_once(&recorder, "200", "completed");
    }
}

#[test]
fn an_upgrade_ends_the_call_as_upgraded() {
    for (method, code) in [(Method::GET, 101), (Method::CONNECT, 200)] {
        let (recorder, layer) = measured();
        drop(answer(&layer, request(method), status(code, Script::new([]))));
        assert_ended_once(&recorder, &code.to_string(), "upgraded");
    }
    let (recorder, layer) = measured();
    drop(answer(&layer, request(Method::CONNECT), status(403, Empty::<Bytes>::new())));
    assert_ended_once(&recorder, "403", "completed");
}

#[test]
fn an_error_is_what_the_caller_is_told_a_500() {
    let (recorder, layer) = measured();
    let service = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
        ready(Err::<Response<Empty<Bytes>>, _>(io::Error::other("refused")))
    }));
    let error = service.oneshot(get()).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "refused");
    assert_ended_once(&recorder, "500", "error");
    assert_eq!(
        recorder.series("http_request_duration_seconds"),
        [r#"method="GET",endpoint="unmatched",status="5xx""#]
    );
}

#[test]
fn dropped_before_its_first_poll_a_call_is_cancelled() {
    let (recorder, layer) = measured();
    let mut service = layer.layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let future = service.call(get());
    assert_eq!((ended(&recorder), in_flight(&recorder)), (0, 1.0));
    drop(future);
    assert_ended_once(&recorder, "none", "cancelled");
}

#[test]
fn dropped_pending_a_call_is_cancelled() {
    let (recorder, layer) = measured();
    let service = layer.layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    assert!(service.oneshot(get()).now_or_never().is_none());
    assert_ended_once(&recorder, "none", "cancelled");
    assert_eq!(recorder.series("http_request_duration_seconds").len(), 1);
}

#[tokio::test]
async fn a_task_that_is_aborted_is_cancelled() {
    let (recorder, layer) = measured();
    let mut service = layer.layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let task = tokio::spawn(service.call(get()));
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_ended_once(&recorder, "none", "cancelled");
}

fn payload(panicking: impl FnOnce()) -> &'static str {
    catch_unwind(AssertUnwindSafe(panicking)).unwrap_err().downcast_ref::<&str>().unwrap()
}

#[test]
fn a_panic_in_call_is_panicked_and_goes_on_unchanged() {
    let (recorder, layer) = measured();
    let mut service = layer.layer(service_fn(
        |_: Request<Empty<Bytes>>| -> std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>> {
            panic!("in call")
        },
    ));
    assert_eq!(payload(|| drop(service.call(get()))), "in call");
    assert_ended_once(&recorder, "500", "panicked");
}

#[test]
fn a_panic_in_the_future_is_panicked() {
    let (recorder, layer) = measured();
    let service = layer.layer(service_fn(
        async |_: Request<Empty<Bytes>>| -> Result<Response<Empty<Bytes>>, Infallible> {
            panic!("in the future")
        },
    ));
    assert_eq!(payload(|| drop(service.oneshot(get()).now_or_never())), "in the future");
    assert_ended_once(&recorder, "500", "panicked");
}

#[test]
fn a_panic_in_the_body_keeps_the_status_that_was_sent() {
    let (recorder, layer) = measured();
    let mut body =
        answer(&layer, get(), Response::new(Script::new([Step::Data("a"), Step::Panic]))).into_body();
    assert!(poll(&mut body).is_ready());
    assert_eq!(payload(|| drop(poll(&mut body))), "as scripted");
    drop(body);
    assert_ended_once(&recorder, "200", "panicked");
}

/// A body that panics when it is asked whether it has ended.
struct PanicsAtTheHead;

impl Body for PanicsAtTheHead {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Polled<Bytes, Infallible> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        panic!("asked")
    }
}

#[test]
fn a_body_that_panics_at_the_head_ends_the_call_at_once_whoever_holds_the_future() {
    let (recorder, layer) = measured();
    let mut service = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
        ready(Ok::<_, io::Error>(Response::new(PanicsAtTheHead)))
    }));
    let mut future = Box::pin(service.call(get()));
    let context = &mut Context::from_waker(Waker::noop());
    assert_eq!(payload(|| drop(future.as_mut().poll(context))), "asked");
    assert_ended_once(&recorder, "200", "panicked");
    drop(future);
    assert_ended_once(&recorder, "200", "panicked");
}

#[test]
fn the_siblings_of_a_panic_are_cancelled_and_not_panicked() {
    let (recorder, layer) = measured();
    let mut service = layer.layer(service_fn(async |request: Request<Empty<Bytes>>| {
        if request.method() == Method::POST {
            panic!("the one");
        }
        pending::<Result<Response<Empty<Bytes>>, Infallible>>().await
    }));
    let mut calls: FuturesUnordered<_> = [get(), get(), request(Method::POST), get()]
        .map(|request| service.call(request))
        .into_iter()
        .collect();
    // The others are dropped while the panic unwinds.
    assert_eq!(payload(move || drop(calls.next().now_or_never())), "the one");
    let outcome = |word| recorder.counter("http_requests_total", [("outcome", word)]);
    assert_eq!((outcome("panicked"), outcome("cancelled"), ended(&recorder)), (1, 3, 4), "{recorder}");
    assert_eq!(in_flight(&recorder), 0.0);
}

#[test]
fn a_call_lasts_from_call_to_the_end_of_its_body() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    let layer = HttpMetricsLayer::new().recorder(recorder.shared()).clock(clock);
    let mut service = layer.layer(service_fn(|_| {
        ready(Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a"), Step::Data("b")]).tells_end())))
    }));
    let future = service.call(get());
    time.advance(Duration::from_millis(40));
    let mut body = future.now_or_never().unwrap().unwrap().into_body();
    time.advance(Duration::from_millis(50));
    assert!(poll(&mut body).is_ready());
    time.advance(Duration::from_millis(10));
    assert!(poll(&mut body).is_ready());
    time.advance(Duration::from_secs(5));
    drop(body);
    assert_eq!(recorder.samples("http_request_duration_seconds", [("status", "2xx")]), [0.1]);
}

#[test]
fn a_clock_that_steps_back_gives_zero() {
    let recorder = Recorder::new();
    let (clock, time) = Clock::mock();
    time.advance(Duration::from_secs(3600));
    let layer = HttpMetricsLayer::new().recorder(recorder.shared()).clock(clock.clone());
    let mut service = layer.layer(service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let future = service.call(get());
    time.rewind(Duration::from_secs(1800));
    drop(future);
    assert_eq!(recorder.samples("http_request_duration_seconds", []), [0.0]);
}

#[test]
fn what_was_answered_is_what_was_asked_for() {
    let (_, layer) = measured();
    let mut response = status(418, Full::<Bytes>::from("teapot"));
    response.headers_mut().insert("x-kept", "yes".parse().unwrap());
    let (parts, body) = answer(&layer, get(), response).into_parts();
    assert_eq!((parts.status, &parts.headers["x-kept"]), (StatusCode::IM_A_TEAPOT, &"yes".parse().unwrap()));
    assert_eq!(body.collect().now_or_never().unwrap().unwrap().to_bytes(), "teapot");
}
