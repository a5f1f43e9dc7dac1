//! It stacks: under and over every Layer of tower-http, and with errors and bodies of every kind.

use std::{convert::Infallible, future::ready, iter, marker::PhantomData, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::{
    add_extension::AddExtensionLayer,
    auth::{AddAuthorizationLayer, AsyncRequireAuthorizationLayer},
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, predicate::SizeAbove},
    cors::CorsLayer,
    csrf::CsrfLayer,
    decompression::{DecompressionLayer, RequestDecompressionLayer},
    follow_redirect::FollowRedirectLayer,
    limit::RequestBodyLimitLayer,
    map_request_body::MapRequestBodyLayer,
    map_response_body::MapResponseBodyLayer,
    metrics::InFlightRequestsLayer,
    normalize_path::NormalizePathLayer,
    on_early_drop::OnEarlyDropLayer,
    propagate_header::PropagateHeaderLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    sensitive_headers::{
        SetSensitiveHeadersLayer, SetSensitiveRequestHeadersLayer, SetSensitiveResponseHeadersLayer,
    },
    set_header::{SetRequestHeaderLayer, SetResponseHeaderLayer},
    set_status::SetStatusLayer,
    timeout::{
        RequestBodyDeadlineLayer, RequestBodyTimeoutLayer, ResponseBodyDeadlineLayer,
        ResponseBodyTimeoutLayer, TimeoutLayer,
    },
    trace::TraceLayer,
    validate_request::ValidateRequestHeaderLayer,
};

use crate::support::{Script, Step, assert_ended_once, ended, in_flight, measured};

const NAME: HeaderName = HeaderName::from_static("x-name");
const VALUE: HeaderValue = HeaderValue::from_static("value");
const MINUTE: Duration = Duration::from_secs(60);

async fn hello<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new("hello".into()))
}

fn request() -> Request<Full<Bytes>> {
    Request::new(Full::default())
}

/// Puts the Layer outside and inside of ours, and reads one answer to its end.
macro_rules! stacks {
    ($($test:ident: $layer:expr;)+) => {$(
        #[tokio::test]
        async fn $test() {
            let (recorder, metrics) = measured();
            let service = ServiceBuilder::new().layer($layer).layer(metrics).layer($layer).service_fn(hello);
            let response = service.oneshot(request()).await.unwrap();
            drop(response.into_body().collect().await.expect("the body is read to its end"));
            assert_eq!(ended(&recorder), 1, "{recorder}");
            assert_eq!(recorder.counter("http_requests_total", &[("outcome", "completed")]), 1, "{recorder}");
            assert_eq!(in_flight(&recorder), 0.0);
        }
    )+};
}

stacks! {
    add_extension: AddExtensionLayer::new(7);
    add_authorization: AddAuthorizationLayer::bearer("token");
    async_require_authorization: AsyncRequireAuthorizationLayer::new(|request: Request<Full<Bytes>>| {
        ready(Ok::<_, Response<_>>(request))
    });
    compression: CompressionLayer::new().compress_when(SizeAbove::new(0));
    csrf: CsrfLayer::new();
    decompression: DecompressionLayer::new();
    follow_redirect: FollowRedirectLayer::new();
    in_flight_requests: InFlightRequestsLayer::pair().0;
    map_request_body: MapRequestBodyLayer::new(|body: Full<Bytes>| body);
    map_response_body: MapResponseBodyLayer::new(BodyExt::boxed_unsync);
    normalize_path: NormalizePathLayer::trim_trailing_slash();
    on_early_drop: OnEarlyDropLayer::builder();
    propagate_header: PropagateHeaderLayer::new(NAME);
    propagate_request_id: PropagateRequestIdLayer::x_request_id();
    request_body_limit: RequestBodyLimitLayer::new(1024);
    set_request_id: SetRequestIdLayer::x_request_id(MakeRequestUuid);
    set_request_header: SetRequestHeaderLayer::overriding(NAME, VALUE);
    set_response_header: SetResponseHeaderLayer::overriding(NAME, VALUE);
    set_status: SetStatusLayer::new(StatusCode::ACCEPTED);
    sensitive_headers: SetSensitiveHeadersLayer::new(iter::once(header::COOKIE));
    sensitive_request_headers: SetSensitiveRequestHeadersLayer::new(iter::once(header::COOKIE));
    sensitive_response_headers: SetSensitiveResponseHeadersLayer::new(iter::once(header::COOKIE));
    timeout: TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, MINUTE);
    request_body_deadline: RequestBodyDeadlineLayer::new(MINUTE);
    request_body_timeout: RequestBodyTimeoutLayer::new(MINUTE);
    response_body_deadline: ResponseBodyDeadlineLayer::new(MINUTE);
    response_body_timeout: ResponseBodyTimeoutLayer::new(MINUTE);
    trace: TraceLayer::new_for_http();
    validate_request_header: ValidateRequestHeaderLayer::accept("*/*");
    cors: CorsLayer::permissive();
    catch_panic: CatchPanicLayer::new();
    request_decompression: RequestDecompressionLayer::new();
}

#[tokio::test]
async fn a_boxed_error_stays_the_error_it_was() {
    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new()
        .layer(metrics)
        .timeout(MINUTE)
        .service_fn(|_: Request<()>| async { Err::<Response<Full<Bytes>>, BoxError>("refused".into()) });
    let error: BoxError = service.oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(error.to_string(), "refused");
    assert_ended_once(&recorder, "500", "error");
}

#[tokio::test]
async fn tower_s_own_layers_stack_on_both_sides() {
    let (recorder, metrics) = measured();
    let mut service = ServiceBuilder::new()
        .buffer(4)
        .load_shed()
        .concurrency_limit(4)
        .layer(metrics)
        .concurrency_limit(4)
        .rate_limit(100, MINUTE)
        .timeout(MINUTE)
        .load_shed()
        .service(service_fn(hello::<Full<Bytes>>));
    for _ in 0..10 {
        let response = service.ready().await.unwrap().call(request()).await.unwrap();
        drop(response.into_body().collect().await);
    }
    assert_eq!((ended(&recorder), in_flight(&recorder)), (10, 0.0), "{recorder}");
}

#[tokio::test(start_paused = true)]
async fn outside_a_timeout_it_sees_the_answer_and_inside_the_cancellation() {
    let slow = async |_: Request<Full<Bytes>>| {
        tokio::time::sleep(MINUTE).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    };
    let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(1));

    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new().layer(metrics).layer(timeout).service_fn(slow);
    service.oneshot(request()).await.unwrap();
    assert_ended_once(&recorder, "504", "completed");

    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new().layer(timeout).layer(metrics).service_fn(slow);
    service.oneshot(request()).await.unwrap();
    assert_ended_once(&recorder, "none", "cancelled");
}

#[tokio::test]
async fn outside_catch_panic_it_sees_a_500_and_inside_the_panic() {
    let panic =
        async |_: Request<Full<Bytes>>| -> Result<Response<Full<Bytes>>, Infallible> { panic!("as asked") };

    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new().layer(metrics).layer(CatchPanicLayer::new()).service_fn(panic);
    drop(service.oneshot(request()).await.unwrap().into_body().collect().await);
    assert_ended_once(&recorder, "500", "completed");

    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new().layer(CatchPanicLayer::new()).layer(metrics).service_fn(panic);
    drop(service.oneshot(request()).await.unwrap().into_body().collect().await);
    assert_ended_once(&recorder, "500", "panicked");
}

#[tokio::test]
async fn neither_request_nor_body_need_be_clone_default_or_send() {
    // Not `Send` either.
    struct Unclonable(PhantomData<std::rc::Rc<()>>);

    let (recorder, metrics) = measured();
    let service = ServiceBuilder::new().layer(metrics).service_fn(async |_: Request<Unclonable>| {
        Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a")])))
    });
    let response = service.oneshot(Request::new(Unclonable(PhantomData))).await.unwrap();
    drop(response.into_body().collect().await);
    assert_ended_once(&recorder, "200", "completed");
}

#[test]
fn what_is_sent_between_threads_still_is() {
    fn assert_all<T: Send + Sync + Unpin + 'static>(_: &T) {}
    let (_, metrics) = measured();
    let mut service = ServiceBuilder::new().layer(metrics).service(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    }));
    assert_all(&service);
    assert_all(&service.call(Request::new(())));
    assert_all(&Arc::new(tower_metrics::http::ResponseBody::<Full<Bytes>>::default()));
}
