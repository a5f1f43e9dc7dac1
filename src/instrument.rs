//! The one service type, and the three instruments as Layers of their own.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use crate::{
    grpc::{Grpc, GrpcMetricsLayer},
    http::{Http, HttpMetricsLayer},
    service::{AnyService, ServiceMetricsLayer},
};

/// A service whose calls are measured by the rules of the protocol `P`.
///
/// Every Layer of this crate that measures calls makes one; see the Layer for what it records.
pub struct Metrics<S, P> {
    pub(crate) inner: S,
    pub(crate) protocol: Arc<P>,
}

/// Which of the three instruments a Layer records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruments {
    pub(crate) count: bool,
    pub(crate) latency: bool,
    pub(crate) in_flight: bool,
}

macro_rules! instrument_alone {
    ($(#[$doc:meta])* $Layer:ident, $instruments:expr) => {
        $(#[$doc])*
        ///
        /// What it measures and how is set on the Layer of its protocol, from which it is made:
        ///
        /// ```
        #[doc = concat!("use tower_metrics::{HttpMetricsLayer, ", stringify!($Layer), "};")]
        ///
        #[doc = concat!("let plain = ", stringify!($Layer), "::http();")]
        #[doc = concat!("let configured = ", stringify!($Layer), "::from(HttpMetricsLayer::new().methods([\"PURGE\"]));")]
        /// # drop((plain, configured));
        /// ```
        pub struct $Layer<P> {
            protocol: Arc<P>,
        }

        impl $Layer<Http> {
            /// Measures HTTP, as [`HttpMetricsLayer::new`] does.
            #[must_use]
            pub fn http() -> Self {
                HttpMetricsLayer::new().into()
            }
        }

        impl<H: Clone> From<HttpMetricsLayer<H>> for $Layer<Http<H>> {
            fn from(layer: HttpMetricsLayer<H>) -> Self {
                Self { protocol: layer.only($instruments).into_protocol() }
            }
        }

        impl $Layer<Grpc> {
            /// Measures gRPC, as [`GrpcMetricsLayer::new`] does.
            #[must_use]
            pub fn grpc() -> Self {
                GrpcMetricsLayer::new().into()
            }
        }

        impl From<GrpcMetricsLayer> for $Layer<Grpc> {
            fn from(layer: GrpcMetricsLayer) -> Self {
                Self { protocol: layer.only($instruments).into_protocol() }
            }
        }

        impl $Layer<AnyService<()>> {
            /// Measures any service, as [`ServiceMetricsLayer::new`] does.
            ///
            /// # Panics
            ///
            /// Panics if Prometheus would refuse the name.
            #[must_use]
            pub fn service(name: impl Into<String>) -> Self {
                ServiceMetricsLayer::new(name).into()
            }
        }

        impl<H: Clone> From<ServiceMetricsLayer<H>> for $Layer<AnyService<H>> {
            fn from(layer: ServiceMetricsLayer<H>) -> Self {
                Self { protocol: layer.only($instruments).into_protocol() }
            }
        }

        impl<H> $Layer<AnyService<H>> {
            /// Makes the metric before the first call; see [`ServiceMetricsLayer::initialize`].
            pub fn initialize(&self) {
                self.protocol.initialize();
            }

            /// Makes the series of these label values before their first call; see
            /// [`ServiceMetricsLayer::initialize_with`].
            ///
            /// # Panics
            ///
            /// Panics if there are not as many values as labels.
            pub fn initialize_with<const N: usize>(&self, values: [&str; N]) {
                self.protocol.initialize_with(values);
            }
        }

        impl<S, P> Layer<S> for $Layer<P> {
            type Service = Metrics<S, P>;

            fn layer(&self, inner: S) -> Self::Service {
                Metrics { inner, protocol: Arc::clone(&self.protocol) }
            }
        }

        impl<P> Clone for $Layer<P> {
            fn clone(&self) -> Self {
                Self { protocol: Arc::clone(&self.protocol) }
            }
        }

        impl<P: fmt::Debug> fmt::Debug for $Layer<P> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Layer)).field("protocol", &self.protocol).finish()
            }
        }
    };
}

instrument_alone! {
    /// Counts the calls that ended, and how: `http_requests_total` alone.
    RequestCountLayer,
    Instruments { count: true, latency: false, in_flight: false }
}

instrument_alone! {
    /// Measures how long calls took: `http_request_duration_seconds` alone.
    LatencyLayer,
    Instruments { count: false, latency: true, in_flight: false }
}

instrument_alone! {
    /// Shows how many calls are in flight: `http_requests_in_flight` alone.
    InFlightLayer,
    Instruments { count: false, latency: false, in_flight: true }
}

// ===== impl Metrics =====

impl<S, P> Metrics<S, P> {
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

// By hand, because the protocol is shared and need not be `Clone`.
impl<S: Clone, P> Clone for Metrics<S, P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), protocol: Arc::clone(&self.protocol) }
    }
}

impl<S: fmt::Debug, P: fmt::Debug> fmt::Debug for Metrics<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("inner", &self.inner).field("protocol", &self.protocol).finish()
    }
}

// ===== impl Instruments =====

impl Instruments {
    pub(crate) const ALL: Self = Self { count: true, latency: true, in_flight: true };
}
