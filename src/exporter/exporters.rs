//! Exporters by their URIs, one or several, chosen when the program starts.

use std::env;

#[cfg(feature = "prometheus")]
use super::Prometheus;
use super::{Error, Installed, choice::choices, error::Kind, histograms::Histograms, plan::Plan};
use crate::{names::Naming, sla::Sla};

/// The environment variable that names the exporters.
const VARIABLE: &str = "METRICS_EXPORTER";

/// Installs exporters that a URI names, with what a URI cannot say: see the [module's documentation](super) for the URIs.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use tower_metrics::{exporter::Exporters, sla::Sla};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), tower_metrics::exporter::Error> {
/// let sla = Sla::new("api").latency(0.99, Duration::from_millis(100));
/// let exporters = Exporters::new().sla(&sla).or("prometheus://127.0.0.1:9000").from_env().await?;
/// // … the service, until it is told to end …
/// exporters.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is exported until it is installed"]
pub struct Exporters {
    histograms: Histograms,
    default: Option<String>,
    #[cfg(feature = "prometheus")]
    prometheus: Prometheus,
}

/// Installs the exporters that `uri` names, several separated by commas: short for [`Exporters::install`].
///
/// # Errors
///
/// As [`Exporters::install`].
pub async fn install(uri: impl AsRef<str>) -> Result<Installed, Error> {
    Exporters::new().install(uri).await
}

/// Installs the exporters that the environment variable `METRICS_EXPORTER` names: short for [`Exporters::from_env`].
///
/// # Errors
///
/// As [`Exporters::from_env`].
pub async fn from_env() -> Result<Installed, Error> {
    Exporters::new().from_env().await
}

// ===== impl Exporters =====

impl Exporters {
    /// Begins with default bounds for every histogram.
    pub fn new() -> Self {
        Self {
            histograms: Histograms::new(),
            default: None,
            #[cfg(feature = "prometheus")]
            prometheus: Prometheus::new(),
        }
    }

    /// Makes the thresholds of `sla` bounds of the histograms that it is about, in every exporter that has bounds; see
    /// [`histogram_bounds`](crate::sla::histogram_bounds). Several are merged.
    pub fn sla(mut self, sla: &Sla) -> Self {
        self.histograms.sla(sla);
        self
    }

    /// Sets the bounds also under the names of this scheme, which a Layer was given.
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

    /// Sets up the Prometheus exporter further, for when it is chosen: its token, its upkeep, what it forgets. SLAs, names and
    /// bounds that are told there are known to it alone.
    ///
    /// ```
    /// # let exporters = tower_metrics::exporter::Exporters::new();
    /// exporters.prometheus(|it| it.bearer_token("s3cret"))
    /// # ;
    /// ```
    #[cfg(feature = "prometheus")]
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    pub fn prometheus(mut self, set_up: impl FnOnce(Prometheus) -> Prometheus) -> Self {
        self.prometheus = set_up(self.prometheus);
        self
    }

    /// Says what [`from_env`](Self::from_env) installs where `METRICS_EXPORTER` is not set, or empty.
    pub fn or(mut self, uri: impl Into<String>) -> Self {
        self.default = Some(uri.into());
        self
    }

    /// Installs the exporters that `uri` names, several separated by commas, as the global recorder. Where one cannot be
    /// installed, none is.
    ///
    /// # Errors
    ///
    /// Fails if a URI is wrong or of a feature that is off, if a port is taken or a host is not found, if no tokio runtime
    /// runs that a listener needs, or if another recorder is installed already. The message says what to change, and
    /// repeats no password.
    ///
    /// # Panics
    ///
    /// Panics if `bounds` and `prometheus` were both given bounds of one histogram.
    pub async fn install(self, uri: impl AsRef<str>) -> Result<Installed, Error> {
        let choices = choices(uri.as_ref())?;
        let plan = Plan::new(&choices, &self.histograms)?;
        #[cfg(feature = "prometheus")]
        let plan = plan.with_page(&choices, self.prometheus, self.histograms).await?;
        plan.install().await
    }

    /// Installs the exporters that the environment variable `METRICS_EXPORTER` names, as [`install`](Self::install) does;
    /// where it is not set or empty, those of [`or`](Self::or).
    ///
    /// # Errors
    ///
    /// Fails as [`install`](Self::install) does, and where neither the variable nor `or` names an exporter: a service
    /// that silently exports nothing is found out too late.
    ///
    /// # Panics
    ///
    /// As [`install`](Self::install).
    pub async fn from_env(mut self) -> Result<Installed, Error> {
        let (uris, place) = match env::var(VARIABLE) {
            Ok(uris) if !uris.trim().is_empty() => (uris, VARIABLE),
            Err(env::VarError::NotUnicode(_)) => return Err(Kind::NotUnicode(VARIABLE).into()),
            _ => (
                self.default.take().ok_or(Kind::Unset(VARIABLE))?,
                "the default in place of METRICS_EXPORTER",
            ),
        };
        self.install(uris).await.map_err(|error| error.said_in(place))
    }
}

impl Default for Exporters {
    fn default() -> Self {
        Self::new()
    }
}
