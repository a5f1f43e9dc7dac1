//! `otlp+http://…` and `otlp+grpc://…`: OpenTelemetry's own SDK and exporter, behind the bridge from the facade.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use metrics_exporter_opentelemetry::Recorder;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{MetricExporter, MetricExporterBuilder, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    metrics::{
        Aggregation, Instrument, InstrumentKind, PeriodicReader, Stream, Temporality, data::ResourceMetrics,
        exporter::PushMetricExporter,
    },
};
use tokio::time;

use super::{
    Error,
    background::Background,
    choice::Scheme,
    client,
    described::Described,
    error::Kind,
    flush::Flush,
    health::Health,
    histograms::{Bounds, Histograms},
    plan::{Build, Part},
    target::Target,
};

/// How often it is exported unless said otherwise: OpenTelemetry's own default.
const INTERVAL: Duration = Duration::from_secs(60);

/// How long one export may take. The SDK gives the last one five seconds.
const TIMEOUT: Duration = Duration::from_secs(5);

const OPTIONS: &str = "write service=NAME and interval=60s";

/// Sends on a runtime of its own, and tells how that went.
#[derive(Debug)]
struct Exporter {
    inner: MetricExporter,
    background: Background,
    health: Arc<Health>,
    why: Why,
    /// Told when the last export is over.
    ended: mpsc::Sender<()>,
}

/// Why sending failed, which the SDK keeps to itself.
type Why = Arc<Mutex<Option<String>>>;

/// The HTTP client of every exporter here.
#[derive(Debug)]
struct Client {
    why: Why,
}

pub(super) fn plan(scheme: Scheme, mut target: Target, histograms: &Histograms) -> Result<Build, Error> {
    let service = target.take("service");
    if service.as_ref().is_some_and(String::is_empty) {
        return Err(target.option("service", "is empty: say what the service is called, or leave it out"));
    }
    let interval = target.interval(INTERVAL)?;
    target.finish(OPTIONS)?;
    let path = match (scheme, &*target.path) {
        (Scheme::OtlpGrpc, "") => "",
        (Scheme::OtlpGrpc, _) => return Err(target.wrong("gRPC has no path of its own: leave it out")),
        (_, "") => "/v1/metrics",
        (_, path) => path,
    };
    let endpoint = format!("http://{}{path}", target.address());
    let (to, bounds) = (target.shown().to_owned(), histograms.worked_out());
    Ok(Box::new(move || build(scheme, endpoint, service, interval, bounds, to)))
}

fn build(
    scheme: Scheme,
    endpoint: String,
    service: Option<String>,
    interval: Duration,
    bounds: Bounds,
    to: String,
) -> Result<Part, Error> {
    let background = Background::new("tower-metrics-otlp").map_err(Kind::Background)?;
    let health = Arc::new(Health::new("otlp", &to));
    let why = Why::default();
    let (ended, has_ended) = mpsc::channel();
    // The connection of gRPC is served by the runtime in which it was made.
    let context = background.handle().enter();
    let exporter = match scheme {
        Scheme::OtlpGrpc => configured(MetricExporter::builder().with_tonic(), endpoint).build(),
        _ => configured(
            MetricExporter::builder().with_http().with_http_client(Client { why: Arc::clone(&why) }),
            endpoint,
        )
        .build(),
    };
    drop(context);
    let inner = exporter.map_err(|error| Kind::Build(to.clone(), error.to_string()))?;
    let exporter = Exporter { inner, background, health: Arc::clone(&health), why, ended };
    let reader = PeriodicReader::builder(exporter).with_interval(interval).build();
    let resource = service
        .into_iter()
        .fold(Resource::builder(), |resource, service| resource.with_service_name(service));
    let (provider, recorder) = Recorder::builder("tower_metrics")
        .with_meter_provider(|it| {
            it.with_resource(resource.build())
                .with_reader(reader)
                .with_view(move |it: &Instrument| view(it, &bounds))
        })
        .build();
    // The SDK ends with its last provider, and the bridge has none.
    let kept = provider.clone();
    let failures = Arc::clone(&health);
    let run = move || {
        let Err(error) = provider.shutdown_with_timeout(TIMEOUT) else { return Ok(()) };
        // The SDK gives up after five seconds, and where an export was under way goes on with the last one.
        match (has_ended.recv_timeout(TIMEOUT), failures.why()) {
            (Ok(()), None) => Ok(()),
            // Nor does it say why.
            (_, why) => Err(why.unwrap_or_else(|| error.to_string())),
        }
    };
    Ok(Part {
        recorder: Box::new(Described::new(recorder, kept)),
        flush: Some(Flush { to, run: Box::new(run) }),
        health: Some(health),
    })
}

/// What both ways of sending have in common.
fn configured<T>(builder: MetricExporterBuilder<T>, endpoint: String) -> MetricExporterBuilder<T>
where
    MetricExporterBuilder<T>: WithExportConfig,
{
    builder.with_endpoint(endpoint).with_timeout(TIMEOUT).with_temporality(Temporality::Cumulative)
}

/// The bounds of a histogram.
fn view(instrument: &Instrument, bounds: &Bounds) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram {
        return None;
    }
    let boundaries = bounds.of(instrument.name()).to_vec();
    let buckets = Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: true };
    Stream::builder().with_aggregation(buckets).build().ok()
}

// ===== impl Exporter =====

impl PushMetricExporter for Exporter {
    /// Blocks the thread of the SDK's reader, which does nothing else; the runtime has the connection and the clock.
    fn export(&self, metrics: &ResourceMetrics) -> impl Future<Output = OTelSdkResult> + Send {
        let export = async { time::timeout(TIMEOUT, self.inner.export(metrics)).await };
        let exported = self.background.handle().block_on(export);
        let exported = exported.unwrap_or(Err(OTelSdkError::Timeout(TIMEOUT)));
        match &exported {
            Ok(()) => self.health.succeeded(),
            Err(error) => match lock(&self.why).take() {
                Some(why) => self.health.failed(1, &why),
                None => self.health.failed(1, error),
            },
        }
        std::future::ready(exported)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let ended = self.inner.shutdown_with_timeout(timeout);
        // Nobody may wait for it.
        let _ = self.ended.send(());
        ended
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}

// ===== impl Client =====

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = client::send(request, TIMEOUT).await;
        *lock(&self.why) = sent.as_ref().err().map(|error| error.to_string());
        sent
    }
}

fn lock(why: &Why) -> MutexGuard<'_, Option<String>> {
    why.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    #[test]
    fn it_is_exported_also_where_nobody_will_flush_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || listener.incoming().try_for_each(|_| tell.send(())));
        let interval = Duration::from_millis(100);
        let bounds = Histograms::new().worked_out();
        let part = build(Scheme::OtlpHttp, endpoint, None, interval, bounds, "here".into()).unwrap();
        drop(part.flush);
        let metadata = metrics::Metadata::new("test", metrics::Level::INFO, None);
        part.recorder.register_counter(&"calls".into(), &metadata).increment(1);
        for _ in 0..2 {
            told.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    }

    /// Each takes three seconds, and the SDK waits for five.
    #[test]
    fn the_last_export_is_waited_for_where_another_is_under_way() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                tell.send(()).unwrap();
                drop(stream.read(&mut [0; 1 << 14]));
                thread::sleep(Duration::from_secs(3));
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
            }
        });
        let interval = Duration::from_millis(100);
        let bounds = Histograms::new().worked_out();
        let part = build(Scheme::OtlpHttp, endpoint, None, interval, bounds, "here".into()).unwrap();
        let metadata = metrics::Metadata::new("test", metrics::Level::INFO, None);
        part.recorder.register_counter(&"calls".into(), &metadata).increment(1);
        told.recv_timeout(Duration::from_secs(10)).unwrap();
        (part.flush.unwrap().run)().unwrap();
        told.try_recv().expect("the last export has begun");
    }
}
