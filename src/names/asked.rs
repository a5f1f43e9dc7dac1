//! What rules and dashboards ask of a scheme: by which labels it tells good calls from bad.

use super::{
    ENDPOINT, ERROR_TYPE, GRPC_METHOD, GRPC_SERVICE, METHOD, Naming, OUTCOME, STATUS,
    scheme::{Scheme, shouted},
};
use crate::{
    labels::{NONE, OTHER, UNKNOWN, UNMATCHED},
    outcome::Outcome,
};

// ===== impl Naming =====

impl Naming {
    /// The label by whose [`Outcome`]s bad HTTP calls are told from others that were answered in the same way, if there is one.
    pub(crate) fn outcome_label(&self) -> Option<String> {
        let original = match self.scheme {
            Scheme::Catalogue => OUTCOME,
            Scheme::OpenTelemetry { .. } => ERROR_TYPE,
            Scheme::AxumPrometheus => return None,
        };
        Some(self.prometheus_label_of(original))
    }

    /// Tells whether that label has the words of failures alone, beside statuses.
    #[cfg(feature = "dashboard")]
    pub(crate) fn tells_errors_alone(&self) -> bool {
        self.is_opentelemetry()
    }

    /// The label and its value that tell of an HTTP call that was given up before its head.
    pub(crate) fn cancelled(&self) -> (String, &'static str) {
        match self.outcome_label() {
            Some(label) => (label, Outcome::Cancelled.as_str()),
            // A server that fails without a head is taken to have answered 500, so nothing else is without a status.
            None => (self.prometheus_label_of(STATUS), NONE),
        }
    }

    /// The status of an HTTP call that has none.
    pub(crate) fn no_status(&self) -> &'static str {
        if self.is_opentelemetry() { "" } else { NONE }
    }

    /// The endpoint of an HTTP call that has none.
    pub(crate) fn no_endpoint(&self) -> &'static str {
        if self.is_opentelemetry() { "" } else { UNMATCHED }
    }

    /// A regular expression of every endpoint.
    #[cfg(feature = "dashboard")]
    pub(crate) fn any_endpoint(&self) -> &'static str {
        if self.is_opentelemetry() { ".*" } else { ".+" }
    }

    /// The labels that every HTTP call has that can be judged.
    pub(crate) fn judging_labels(&self) -> Vec<String> {
        let labels: &[_] = match self.scheme {
            Scheme::Catalogue => &[ENDPOINT, STATUS, OUTCOME],
            Scheme::OpenTelemetry { .. } => &[METHOD, STATUS],
            Scheme::AxumPrometheus => &[ENDPOINT, STATUS],
        };
        labels.iter().map(|label| self.prometheus_label_of(label)).collect()
    }

    /// The labels that tell gRPC methods apart, each with its name in the catalogue.
    pub(crate) fn grpc_labels(&self) -> Vec<(&'static str, String)> {
        let labels: &[_] =
            if self.is_opentelemetry() { &[GRPC_METHOD] } else { &[GRPC_SERVICE, GRPC_METHOD] };
        labels.iter().map(|label| (*label, self.prometheus_label_of(label))).collect()
    }

    /// The labels that tell one gRPC method from all others, with their values.
    pub(crate) fn grpc_method(&self, service: &str, method: &str) -> Vec<(String, String)> {
        let values = match self.is_opentelemetry() {
            true => vec![format!("{service}/{method}")],
            false => vec![service.to_owned(), method.to_owned()],
        };
        self.grpc_labels().into_iter().map(|(_, label)| label).zip(values).collect()
    }

    /// The label by which the gRPC methods that nobody registered are told, and its value there.
    pub(crate) fn grpc_unknown(&self) -> (String, &'static str) {
        match self.is_opentelemetry() {
            true => (self.prometheus_label_of(GRPC_METHOD), OTHER),
            false => (self.prometheus_label_of(GRPC_SERVICE), UNKNOWN),
        }
    }

    /// Tells whether what counts the gRPC calls has their type.
    pub(crate) fn types_grpc_calls(&self) -> bool {
        !self.is_opentelemetry()
    }

    /// A code of gRPC, as Go spells it, in the spelling of the scheme.
    pub(crate) fn grpc_code(&self, code: &str) -> String {
        if self.is_opentelemetry() { shouted(code) } else { code.to_owned() }
    }
}
