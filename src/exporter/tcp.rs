//! `tcp://…`: every sample, as it comes, to whoever connects, such as `metrics-observer`.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    net::TcpListener as StdListener,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{
        Semaphore,
        broadcast::{self, error::RecvError},
        mpsc,
    },
    time,
};

use super::{
    Error,
    background::Background,
    error::Kind,
    flush::Flush,
    plan::{Build, Part},
    target::Target,
    wire::{self, MetricType, Operation},
};
use crate::clock;

/// As many samples as an observer can be behind. Of one that is slower, the oldest are lost.
const BEHIND: usize = 1 << 13;

/// How long observers may take to read the last samples.
const TIMEOUT: Duration = Duration::from_secs(2);

/// As many observers as there can be: each takes a file descriptor of the application's.
const OBSERVERS: usize = 16;

/// How long to wait after the system had no connection to give, such as no file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

struct TcpRecorder {
    shared: Arc<Shared>,
    /// Its thread ends if the recorder does not become the global one.
    _background: Background,
}

struct Shared {
    /// Messages for all who are connected; `None` is the end.
    messages: broadcast::Sender<Option<Bytes>>,
    /// What was described, for who connects later.
    described: Mutex<BTreeMap<String, Bytes>>,
}

/// One series.
struct Series {
    key: Key,
    shared: Arc<Shared>,
}

pub(super) fn plan(target: &Target) -> Result<Build, Error> {
    target.without_path()?;
    target.finish("it has no options")?;
    let address = target.address();
    let bound = StdListener::bind(&*address).and_then(|it| it.set_nonblocking(true).map(|()| it));
    let listener = bound.map_err(|error| Kind::Listen { address, purpose: "observers", source: error })?;
    let to = target.shown().to_owned();
    Ok(Box::new(move || build(listener, to)))
}

fn build(listener: StdListener, to: String) -> Result<Part, Error> {
    let background = Background::new("tower-metrics-tcp").map_err(Kind::Background)?;
    let shared = Arc::new(Shared { messages: broadcast::Sender::new(BEHIND), described: Mutex::default() });
    let runtime = background.handle().clone();
    let context = runtime.enter();
    let listener = TcpListener::from_std(listener).map_err(Kind::Background)?;
    drop(context);
    let (open, mut closed) = mpsc::channel(1);
    let accepting = runtime.spawn(accept(listener, Arc::clone(&shared), open));
    let flushed = Arc::clone(&shared);
    let run = move || {
        accepting.abort();
        drop(flushed.messages.send(None));
        runtime.block_on(async {
            let all_closed = time::timeout(TIMEOUT, closed.recv()).await;
            all_closed.map(drop).map_err(|_| "an observer does not read".to_owned())
        })
    };
    Ok(Part {
        recorder: Box::new(TcpRecorder { shared, _background: background }),
        flush: Some(Flush { to, run: Box::new(run) }),
        health: None,
    })
}

/// Every connection holds `open` until it has been written all that there is.
async fn accept(listener: TcpListener, shared: Arc<Shared>, open: mpsc::Sender<()>) {
    let places = Arc::new(Semaphore::new(OBSERVERS));
    loop {
        match listener.accept().await {
            Ok((mut stream, _)) => {
                // Whoever comes when all places are taken is sent away.
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                // First, so that nothing is missed in between.
                let messages = shared.messages.subscribe();
                let described = shared.described().values().cloned().collect();
                let open = open.clone();
                tokio::spawn(async move {
                    let (read, write) = stream.split();
                    let mut written = pin!(write_all(write, described, messages));
                    let mut gone = pin!(until_gone(read));
                    // Who breaks off is not written to any more.
                    poll_fn(|cx| {
                        let is_over =
                            written.as_mut().poll(cx).is_ready() || gone.as_mut().poll(cx).is_ready();
                        if is_over { Poll::Ready(()) } else { Poll::Pending }
                    })
                    .await;
                    drop((open, place));
                });
            }
            Err(_) => time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// An observer sends nothing, so what is read is its end.
async fn until_gone(mut stream: ReadHalf<'_>) {
    while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
}

async fn write_all(
    mut stream: WriteHalf<'_>,
    described: Vec<Bytes>,
    mut messages: broadcast::Receiver<Option<Bytes>>,
) -> std::io::Result<()> {
    for message in described {
        stream.write_all(&message).await?;
    }
    loop {
        match messages.recv().await {
            Ok(Some(message)) => stream.write_all(&message).await?,
            Ok(None) | Err(RecvError::Closed) => return stream.shutdown().await,
            Err(RecvError::Lagged(_)) => {}
        }
    }
}

// ===== impl Shared =====

impl Shared {
    fn described(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn describe(&self, name: &KeyName, metric_type: MetricType, unit: Option<Unit>, help: &SharedString) {
        let message = wire::metadata(name.as_str(), metric_type, unit, help);
        self.described().insert(name.as_str().to_owned(), message.clone());
        // Nobody may be connected.
        drop(self.messages.send(Some(message)));
    }
}

// ===== impl Series =====

impl Series {
    fn send(&self, operation: Operation) {
        if self.shared.messages.receiver_count() > 0 {
            let message = wire::metric(&self.key, clock::now(), operation);
            drop(self.shared.messages.send(Some(message)));
        }
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.send(Operation::IncrementCounter(value));
    }

    fn absolute(&self, value: u64) {
        self.send(Operation::SetCounter(value));
    }
}

impl GaugeFn for Series {
    fn increment(&self, value: f64) {
        self.send(Operation::IncrementGauge(value));
    }

    fn decrement(&self, value: f64) {
        self.send(Operation::DecrementGauge(value));
    }

    fn set(&self, value: f64) {
        self.send(Operation::SetGauge(value));
    }
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.send(Operation::RecordHistogram(value));
    }
}

// ===== impl TcpRecorder =====

impl TcpRecorder {
    fn series(&self, key: &Key) -> Arc<Series> {
        Arc::new(Series { key: key.clone(), shared: Arc::clone(&self.shared) })
    }
}

impl Recorder for TcpRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.describe(&name, MetricType::Counter, unit, &help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.describe(&name, MetricType::Gauge, unit, &help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.describe(&name, MetricType::Histogram, unit, &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}
