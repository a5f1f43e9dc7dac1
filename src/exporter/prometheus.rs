//! The Prometheus exporter: bounds, upkeep, and where `/metrics` is served.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use metrics_util::MetricKindMask;

use super::{
    Error, Handle,
    error::Kind,
    histograms::{Bounds, Histograms},
    listener,
    ready::{Bound, Ready},
    token::Token,
    upkeep,
};
use crate::{names::Naming, sla::Sla};

/// Sets up `metrics-exporter-prometheus` for the metrics of this crate.
///
/// The latency histogram gets the bounds of the SLAs, every other histogram default bounds by its suffix
/// (`_bytes`: 256 B to 16 MiB; `_seconds`, and whatever has neither: 5 ms to 10 s; `connection_duration_seconds`: 1 s
/// to 1 day), so that none becomes a summary.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_metrics::{exporter::Prometheus, sla::Sla};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_metrics::exporter::Error> {
/// let sla = Sla::new("api").latency(0.99, Duration::from_millis(100));
/// let handle = Prometheus::new().sla(&sla).serve("127.0.0.1:0").await?;
/// println!("http://{}/metrics", handle.local_addr().expect("it listens"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is exported until it is served or installed"]
pub struct Prometheus {
    pub(super) histograms: Histograms,
    upkeep_interval: Duration,
    idle_timeout: Option<Duration>,
    token: Option<Token>,
    #[cfg(feature = "page")]
    page: bool,
    #[cfg(feature = "process")]
    process: bool,
}

// ===== impl Prometheus =====

impl Prometheus {
    /// Begins with default bounds for every histogram.
    pub fn new() -> Self {
        Self {
            histograms: Histograms::new(),
            upkeep_interval: Duration::from_secs(5),
            idle_timeout: None,
            token: None,
            #[cfg(feature = "page")]
            page: false,
            #[cfg(feature = "process")]
            process: false,
        }
    }

    /// Makes the thresholds of `sla` bounds of the histograms that it is about; see [`histogram_bounds`](crate::sla::histogram_bounds). Several
    /// are merged.
    pub fn sla(mut self, sla: &Sla) -> Self {
        self.histograms.sla(sla);
        self
    }

    /// Sets the bounds also under the names of this scheme, which a Layer was given: those of the SLAs, and the
    /// defaults.
    ///
    /// With [`Naming::opentelemetry`] names get the unit that they are described with, unless they end in it, as the rules
    /// from OpenTelemetry to Prometheus have it. All names of this crate but those of that scheme stay as they are; a metric
    /// of your own that is described with a unit has it in its name, or gets it.
    ///
    /// # Panics
    ///
    /// Panics if a name of this scheme is that of another metric in one that was given before.
    pub fn naming(mut self, naming: &Naming) -> Self {
        self.histograms.naming(naming);
        self
    }

    /// Sets the bounds of one histogram by its exported name. Thresholds of an SLA on it are added to them.
    ///
    /// # Panics
    ///
    /// Panics if the bounds are empty, not ascending or not finite, or if the histogram has been given bounds
    /// before.
    pub fn bounds(mut self, histogram: impl Into<String>, bounds: &[f64]) -> Self {
        self.histograms.bounds(histogram.into(), bounds);
        self
    }

    /// Moves samples from the histograms' queues into their buckets this often: 5 s unless set.
    ///
    /// In between, each sample takes about 16 bytes: calls a second × histograms that each records in × seconds × 16.4.
    /// `tower_metrics_upkeep_timestamp_seconds` tells when it was last done; if `time()` runs away from it, memory grows.
    ///
    /// # Panics
    ///
    /// Panics if the interval is zero.
    pub fn upkeep_interval(mut self, interval: Duration) -> Self {
        assert!(!interval.is_zero(), "an upkeep interval of zero would never pause: give a duration");
        self.upkeep_interval = interval;
        self
    }

    /// Forgets counters and histograms that have not changed for this long, so that what is no longer used is no
    /// longer exported. Gauges stay, so that nothing in flight is forgotten. Nothing is forgotten unless set.
    ///
    /// Tell every Layer the same by its own `idle_timeout`, such as
    /// [`HttpMetricsLayer::idle_timeout`](crate::HttpMetricsLayer::idle_timeout): one that does not know goes on
    /// recording where nobody reads.
    ///
    /// Leave it out where all label sets are declared or matched: then nothing grows. What is forgotten begins anew at its
    /// next call, without a zero before it, and `increase()` does not see what was counted between that and the next scrape.
    /// Zeros of `initialize()` are forgotten too: an instance without a call for so long exports no counter, and the alert
    /// `SloDataMissing` takes it for one without a Layer. A large value makes both rare.
    ///
    /// # Panics
    ///
    /// Panics if it is zero.
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        assert!(
            !idle_timeout.is_zero(),
            "an idle timeout of zero would forget every series at once: give one, such as a day"
        );
        self.idle_timeout = Some(idle_timeout);
        self
    }

    /// Serves `/metrics` only to who shows this token, in the header `Authorization: Bearer …`. Whoever else asks for
    /// anything gets a bare 401, and nothing is rendered for it.
    ///
    /// It counts for [`serve`](Self::serve) alone, and is sent as it is: where others can listen on the way, put a proxy
    /// that speaks TLS in front. Prometheus reads it from a file:
    ///
    /// ```yaml
    /// scrape_configs:
    ///   - job_name: api
    ///     authorization: { credentials_file: /etc/prometheus/api.token }
    ///     static_configs: [{ targets: ["10.0.0.7:9000"] }]
    /// ```
    ///
    /// A token from a file mostly has a line break at its end, which `serve` refuses:
    ///
    /// ```no_run
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let token = std::fs::read_to_string("/etc/api/metrics.token")?;
    /// tower_metrics::exporter::Prometheus::new().bearer_token(token.trim()).serve("0.0.0.0:9000").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Token::new(token));
        self
    }

    /// Serves a [page](crate::page) for people at `/`, which shows what `/metrics` tells, and the catalogue that it reads at
    /// `/catalog.json`. It counts for [`serve`](Self::serve) alone, and both are there wherever `/metrics` is.
    ///
    /// With a [`bearer_token`](Self::bearer_token) whoever reaches the listener gets the page, which has no number and no name
    /// of the service in it; it asks its reader for the token, keeps it until it is closed, and shows it for the rest.
    #[cfg(feature = "page")]
    #[cfg_attr(docsrs, doc(cfg(feature = "page")))]
    pub fn page(mut self) -> Self {
        self.page = true;
        self
    }

    /// Exports also what the process takes of the machine, under the names that Prometheus's own clients have: see
    /// [`process`](super::process). It is read whenever a page is rendered.
    ///
    /// It counts for [`install`](Self::install) and [`serve`](Self::serve). Who builds a recorder from
    /// [`into_builder`](Self::into_builder) calls the crate `metrics-process` as its manual says.
    #[cfg(feature = "process")]
    #[cfg_attr(docsrs, doc(cfg(feature = "process")))]
    pub fn process(mut self) -> Self {
        self.process = true;
        self
    }

    /// Returns the exporter's own builder, with the bounds in it, to be configured further.
    ///
    /// Who builds a recorder from it calls `run_upkeep` on its handle every few seconds.
    #[must_use]
    pub fn into_builder(self) -> PrometheusBuilder {
        let appends_units = self.histograms.appends_units();
        let bounds = self.histograms.worked_out();
        let by_suffix =
            Bounds::BY_SUFFIX.map(|(suffix, bounds)| (Matcher::Suffix(suffix.into()), bounds.to_vec()));
        let by_name = bounds.by_name().map(|(histogram, bounds)| (Matcher::Full(histogram), bounds));
        let builder = default_bounds(PrometheusBuilder::new())
            .idle_timeout(MetricKindMask::COUNTER | MetricKindMask::HISTOGRAM, self.idle_timeout);
        #[expect(deprecated, reason = "what is to be used in its place renames the counters of others too")]
        let builder = builder.set_enable_unit_suffix(appends_units);
        by_suffix.into_iter().chain(by_name).fold(builder, with_bounds)
    }

    /// Installs the exporter as the global recorder. Upkeep runs on a thread of its own.
    ///
    /// Serve what [`Handle::render`] returns; or see [`serve`](Self::serve).
    ///
    /// # Errors
    ///
    /// Fails if another recorder is installed already, or if the system has no thread to give.
    pub fn install(self) -> Result<Handle, Error> {
        let (recorder, ready) = self.prepare();
        metrics::set_global_recorder(recorder).map_err(|_| Kind::RecorderIsSet)?;
        ready.start()
    }

    /// Installs the exporter, and serves `/metrics` on a listener of its own, to GET and HEAD, as long as the process
    /// lives. It has threads of its own too, so that neither it nor the application waits for the other.
    ///
    /// `address` is `HOST:PORT`; a port alone, `9000` or `:9000`, is one of 127.0.0.1, which only this machine reaches
    /// (to be reached from outside, say `0.0.0.0:9000`). Port 0 is any
    /// free port, which [`Handle::local_addr`] tells. Who can reach the listener can read every number: give it
    /// an address that the public does not reach, or a [`bearer_token`](Self::bearer_token).
    ///
    /// What it answers to whom, and its limits, stand in the [module's documentation](super#the-listener).
    ///
    /// # Errors
    ///
    /// Fails if it cannot listen there, if no tokio runtime runs, if the bearer token is one that nobody can send, if
    /// the system has no thread to give, or if another recorder is installed already. An address or a token that
    /// is refused leaves no recorder behind.
    ///
    /// # Panics
    ///
    /// Panics in a tokio runtime that was built without IO.
    pub async fn serve(self, address: impl AsRef<str>) -> Result<Handle, Error> {
        let bound = self.bind(address.as_ref()).await?;
        bound.serve(self.install()?).await
    }

    /// Refuses what cannot be served, before there is a recorder.
    pub(super) async fn bind(&self, address: &str) -> Result<Bound, Error> {
        let token = self.token.clone();
        token.as_ref().map_or(Ok(()), Token::check)?;
        let listener = listener::bind(address).await?;
        let failed = |source| Kind::Listen { address: address.into(), purpose: "/metrics", source };
        let local_addr = listener.local_addr().map_err(failed)?;
        Ok(Bound {
            listener,
            local_addr,
            token,
            #[cfg(feature = "page")]
            page: self.page,
        })
    }

    pub(super) fn prepare(self) -> (PrometheusRecorder, Ready) {
        let upkeep_interval = self.upkeep_interval;
        #[cfg(feature = "process")]
        let process = self.process;
        #[cfg(feature = "page")]
        let told = self.histograms.told().into();
        let recorder = self.into_builder().build_recorder();
        let ready = Ready {
            inner: recorder.handle(),
            upkeep_interval,
            upkept: upkeep::gauge(&recorder),
            #[cfg(feature = "process")]
            process,
            #[cfg(feature = "page")]
            told,
        };
        (recorder, ready)
    }
}

impl Default for Prometheus {
    fn default() -> Self {
        Self::new()
    }
}

fn default_bounds(builder: PrometheusBuilder) -> PrometheusBuilder {
    builder.set_buckets(Bounds::OF_THE_REST).expect("there are default bounds")
}

fn with_bounds(builder: PrometheusBuilder, (matcher, bounds): (Matcher, Vec<f64>)) -> PrometheusBuilder {
    builder.set_buckets_for_metric(matcher, &bounds).expect("no list of bounds is empty")
}
