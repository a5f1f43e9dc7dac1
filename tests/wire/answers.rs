//! What the server under test answers, path by path.

use std::{
    convert::Infallible,
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use tokio::sync::Semaphore;
use tower::{BoxError, ServiceExt};
use tower_http::services::ServeFile;

use crate::support::{Script, Step, trailers};

pub(crate) type AnyBody = UnsyncBoxBody<Bytes, BoxError>;
type AnyFrame = Result<Frame<Bytes>, BoxError>;

/// More than any socket, window or server keeps.
pub(crate) const LARGE: usize = 8 * 1024 * 1024;

/// What the server sees of its calls, on both sides of the Layer.
pub(crate) struct Seen {
    /// Calls that came, counted in front of the Layer.
    pub(crate) begun: AtomicU64,
    /// Calls that the service answered, or failed.
    pub(crate) answered: AtomicU64,
    /// A permit for each call to `/hang` or `/held` that waits.
    waiting: Semaphore,
    /// A permit lets a call to `/held` go on.
    pub(crate) released: Semaphore,
}

// ===== impl Seen =====

impl Seen {
    pub(crate) fn new() -> Self {
        Self {
            begun: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            waiting: Semaphore::new(0),
            released: Semaphore::new(0),
        }
    }

    /// Waits until so many more calls to `/hang` or `/held` wait.
    pub(crate) async fn wait_for(&self, calls: u32) {
        let waiting = tokio::time::timeout(Duration::from_secs(5), self.waiting.acquire_many(calls));
        waiting.await.expect("they are begun").unwrap().forget();
    }

    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Result<Response<AnyBody>, BoxError> {
        let answer = self.route(request).await;
        self.answered.fetch_add(1, Ordering::SeqCst);
        answer
    }

    async fn route<B>(&self, request: Request<B>) -> Result<Response<AnyBody>, BoxError> {
        let broken = || Err("broken, as asked".into());
        let end = || Ok(Frame::trailers(trailers()));
        let answer = Response::builder();
        Ok(match request.uri().path() {
            "/ok" => Response::new(boxed(Full::from("ok"))),
            "/empty" => Response::new(boxed(Empty::new())),
            "/status204" => answer.status(204).body(boxed(Full::from("never sent")))?,
            "/status304" => answer.status(304).body(boxed(Full::from("never sent")))?,
            "/upgrade" => answer
                .status(101)
                .header("connection", "upgrade")
                .header("upgrade", "echo")
                .body(boxed(Empty::new()))?,
            "/error" => return Err(io::Error::other("as asked").into()),
            "/panic" => panic!("as asked"),
            "/hang" => {
                self.waiting.add_permits(1);
                std::future::pending().await
            }
            "/held" => {
                self.waiting.add_permits(1);
                self.released.acquire().await?.forget();
                Response::new(boxed(Full::from("ok")))
            }
            "/stream" => Response::new(streamed(frames(8 * 1024))),
            "/length" => answer.header("content-length", 8 * 1024).body(streamed(frames(8 * 1024)))?,
            "/exact" => Response::new(scripted(|body| body.hint(SizeHint::with_exact(7)))),
            "/tells-end" => Response::new(scripted(Script::tells_end)),
            "/endless" => Response::new(one_by_one(frames(usize::MAX))),
            "/broken" => Response::new(one_by_one(frames(1024).chain(stream::iter([broken()])))),
            "/trailers" => Response::new(streamed(frames(1024).chain(stream::iter([end()])))),
            "/large-full" => Response::new(boxed(Full::from(vec![b'.'; LARGE]))),
            "/large-stream" => Response::new(streamed(frames(LARGE))),
            "/large-length" => answer.header("content-length", LARGE).body(streamed(frames(LARGE)))?,
            "/large-trailers" => Response::new(streamed(frames(LARGE).chain(stream::iter([end()])))),
            "/large-broken" => Response::new(streamed(frames(LARGE).chain(stream::iter([broken()])))),
            "/large-file" => file(request).await?,
            _ => answer.status(StatusCode::NOT_FOUND).body(boxed(Empty::new()))?,
        })
    }
}

fn boxed(body: impl Body<Data = Bytes, Error = Infallible> + Send + 'static) -> AnyBody {
    body.map_err(|never| match never {}).boxed_unsync()
}

fn streamed(frames: impl Stream<Item = AnyFrame> + Send + 'static) -> AnyBody {
    StreamBody::new(frames).boxed_unsync()
}

/// A body that is pending before each frame, which makes hyper send what it has.
fn one_by_one(frames: impl Stream<Item = AnyFrame> + Send + 'static) -> AnyBody {
    streamed(frames.then(async |frame| {
        tokio::task::yield_now().await;
        frame
    }))
}

/// Frames of 1 KiB, or of 16 KiB where they are many.
fn frames(bytes: usize) -> impl Stream<Item = AnyFrame> + Send + 'static {
    const DOTS: &[u8] = &[b'.'; 16 * 1024];
    let frame = if bytes < LARGE { &DOTS[..1024] } else { DOTS };
    stream::repeat_with(move || Ok(Frame::data(Bytes::from_static(frame)))).take(bytes / frame.len())
}

/// A body that tells its length or its end, and is not asked for a last `None`.
fn scripted(telling: impl FnOnce(Script) -> Script) -> AnyBody {
    let body = Script::new([Step::Data("one,"), Step::Pending, Step::Data("two")]);
    telling(body).map_err(BoxError::from).boxed_unsync()
}

/// A file that is gone from the disk as soon as it is open.
async fn file<B>(request: Request<B>) -> Result<Response<AnyBody>, BoxError> {
    static FILES: AtomicU64 = AtomicU64::new(0);
    let number = FILES.fetch_add(1, Ordering::SeqCst);
    let path = std::env::temp_dir().join(format!("tower-metrics-wire-{}-{number}", std::process::id()));
    std::fs::File::create(&path)?.set_len(LARGE as u64)?;
    let answer = ServeFile::new(&path).oneshot(request.map(|_| Empty::<Bytes>::new())).await?;
    std::fs::remove_file(path)?;
    Ok(answer.map(|body| body.map_err(BoxError::from).boxed_unsync()))
}
