//! Messages, counted from the frames of both bodies.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{GrpcMetricsLayer, frames::Frames, layer::Config};
use crate::{
    labels::{RequestHead, UNKNOWN, Values},
    series::{Family, Series},
};

/// Counts the messages of gRPC calls: `grpc_server_msg_received_total` and `grpc_server_msg_sent_total`, or those of
/// `grpc_client_…`.
///
/// It is a Layer of its own because it changes the type of the request's body, and is made from a
/// [`GrpcMetricsLayer`], whose methods, names and recorder it has. A message counts when its last byte has passed, in both
/// directions, however the frames are cut; frames, trailers and errors pass untouched.
///
/// # Examples
///
/// A tonic server takes any body. A tonic client wants its own, so one line inside turns it back:
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_http::map_request_body::MapRequestBodyLayer;
/// use tower_metrics::{GrpcMessagesLayer, GrpcMetricsLayer, grpc::unary};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runtime = tokio::runtime::Runtime::new()?;
/// # let _context = runtime.enter();
/// let channel = tonic::transport::Endpoint::from_static("http://127.0.0.1:50051").connect_lazy();
/// let metrics = GrpcMetricsLayer::client().methods([unary("shop.Orders", "Place")]);
/// let channel = ServiceBuilder::new()
///     .layer(metrics.clone())
///     .layer(GrpcMessagesLayer::from(metrics))
///     .layer(MapRequestBodyLayer::new(tonic::body::Body::new))
///     .service(channel);
/// // OrdersClient::new(channel)
/// # fn is_for_clients(_: impl tonic::client::GrpcService<tonic::body::Body>) {}
/// # is_for_clients(channel);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a Layer measures nothing until it is applied to a service"]
pub struct GrpcMessagesLayer {
    counted: Arc<Counted>,
}

/// The service that [`GrpcMessagesLayer`] makes.
#[derive(Clone, Debug)]
pub struct Messages<S> {
    inner: S,
    counted: Arc<Counted>,
}

#[derive(Debug)]
struct Counted {
    config: Config,
    received: Family,
    sent: Family,
}

pin_project! {
    /// A body whose messages are counted.
    pub struct MessagesBody<B> {
        #[pin]
        inner: B,
        series: Option<Arc<Series>>,
        frames: Frames,
    }
}

pin_project! {
    /// The future of a call whose messages are counted.
    pub struct MessagesFuture<F> {
        #[pin]
        inner: F,
        series: Option<Arc<Series>>,
    }
}

// ===== impl GrpcMessagesLayer =====

impl GrpcMessagesLayer {
    /// Makes the series of every registered method and of `unknown` at zero. Call it after the exporter was installed.
    pub fn initialize(&self) {
        let Counted { config, received, sent } = &*self.counted;
        config.own.of_none().with(|own| {
            for values in config.methods.all().into_iter().chain([[UNKNOWN; 3]]) {
                let values = Values::new(&values).and(own);
                received.initialize(values.as_slice());
                sent.initialize(values.as_slice());
            }
        });
    }
}

impl From<GrpcMetricsLayer> for GrpcMessagesLayer {
    fn from(layer: GrpcMetricsLayer) -> Self {
        let mut config = layer.config().clone();
        config.own = config.own.of_requests_alone();
        let [received, sent] = config.message_specs().map(Family::new);
        Self { counted: Arc::new(Counted { config, received, sent }) }
    }
}

impl<S> Layer<S> for GrpcMessagesLayer {
    type Service = Messages<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Messages { inner, counted: Arc::clone(&self.counted) }
    }
}

// ===== impl Messages =====

impl<S> Messages<S> {
    /// Returns the wrapped service.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the wrapped service, mutably.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Unwraps the service.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Messages<S>
where
    S: Service<Request<MessagesBody<ReqBody>>, Response = Response<ResBody>>,
{
    type Response = Response<MessagesBody<ResBody>>;
    type Error = S::Error;
    type Future = MessagesFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let [of_request, of_response] = self.counted.series(RequestHead::of(&request));
        let inner = self.inner.call(request.map(|body| MessagesBody::new(body, of_request)));
        MessagesFuture { inner, series: of_response }
    }
}

// ===== impl Counted =====

impl Counted {
    /// The series of the request's messages, and of the response's.
    fn series(&self, head: RequestHead<'_>) -> [Option<Arc<Series>>; 2] {
        let path = head.uri().path();
        if self.config.methods.skips(path) {
            return [None, None];
        }
        self.config.own.of_request(head).with(|own| {
            let values = Values::new(&self.config.methods.values(path)).and(own);
            let of = |family: &Family| family.series(values.as_slice());
            match self.config.is_client() {
                false => [of(&self.received), of(&self.sent)],
                true => [of(&self.sent), of(&self.received)],
            }
        })
    }
}

// ===== impl MessagesFuture =====

impl<F, B, E> Future for MessagesFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<MessagesBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx));
        let series = this.series.take();
        Poll::Ready(answer.map(|response| response.map(|body| MessagesBody::new(body, series))))
    }
}

impl<F> fmt::Debug for MessagesFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagesFuture").finish_non_exhaustive()
    }
}

// ===== impl MessagesBody =====

impl<B> MessagesBody<B> {
    fn new(inner: B, series: Option<Arc<Series>>) -> Self {
        Self { inner, series, frames: Frames::default() }
    }

    /// Returns the wrapped body.
    #[must_use]
    pub fn get_ref(&self) -> &B {
        &self.inner
    }

    /// Returns the wrapped body, mutably.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut B {
        &mut self.inner
    }

    /// Unwraps the body, whose messages are no longer counted.
    #[must_use]
    pub fn into_inner(self) -> B {
        self.inner
    }
}

impl<B> Body for MessagesBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        let data = match &frame {
            Some(Ok(frame)) => frame.data_ref(),
            _ => None,
        };
        if let (Some(series), Some(bytes)) = (&*this.series, data) {
            let ended = this.frames.take(bytes);
            if ended > 0 {
                series.add(ended);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

// tower-http asks for it in the Layers that answer with an empty body of their own.
impl<B: Default> Default for MessagesBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

impl<B: fmt::Debug> fmt::Debug for MessagesBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagesBody").field("inner", &self.inner).finish_non_exhaustive()
    }
}
