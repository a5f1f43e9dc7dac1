//! The labels of one series, as a scheme has them. They are made when a series is first asked for, and never by a call.

use metrics::Label;

use super::{
    ENDPOINT, ERROR_TYPE, GRPC_CODE, GRPC_METHOD, GRPC_SERVICE, GRPC_TYPE, Kind, METHOD, Naming, OUTCOME,
    SERVER, STATUS,
    scheme::{RPC_SYSTEM_NAME, SERVER_PORT, Scheme, URL_SCHEME, URL_TEMPLATE, shouted},
};
use crate::{
    labels::{OTHER, UNKNOWN, UNMATCHED},
    outcome::Outcome,
};

/// How the calls of a series ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// Whether the service said a status or a code.
    pub(crate) is_answered: bool,
    pub(crate) outcome: Outcome,
    /// The user's word for its error, where there is one.
    pub(crate) kind: Option<&'static str>,
}

/// Labels under the names of a scheme, with the values of the catalogue.
struct Plain<'a> {
    naming: &'a Naming,
    labels: Vec<Label>,
    is_client: bool,
}

/// The codes that the semantic conventions take for a server's own failures.
const GRPC_SERVER_ERRORS: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

// ===== impl Naming =====

impl Naming {
    /// Tells whether the histogram of these request labels has the labels of the counter.
    pub(crate) fn has_exact_histogram(&self, labels: &[Label], is_client: bool) -> bool {
        let is_http = || labels.iter().any(|label| label.key() == &*self.label_of(METHOD));
        self.is_opentelemetry() || (self.is_axum_prometheus() && !is_client && is_http())
    }

    /// The labels of a series of this kind, where `labels` are those of the catalogue under the names of this scheme.
    pub(crate) fn dressed(
        &self,
        kind: Kind,
        labels: Vec<Label>,
        ended: Option<Ended>,
        is_client: bool,
    ) -> Vec<Label> {
        let plain = Plain { naming: self, labels, is_client };
        match &self.scheme {
            Scheme::Catalogue => plain.labels,
            Scheme::AxumPrometheus if plain.has(METHOD) && !is_client => plain.without(OUTCOME),
            Scheme::AxumPrometheus => plain.labels,
            Scheme::OpenTelemetry { url_scheme } if plain.has(METHOD) => plain.http(kind, url_scheme, ended),
            Scheme::OpenTelemetry { .. } if plain.has(GRPC_METHOD) => plain.grpc(kind, ended),
            Scheme::OpenTelemetry { .. } => plain.labels,
        }
    }
}

// ===== impl Plain =====

impl Plain<'_> {
    fn is(&self, label: &Label, original: &'static str) -> bool {
        label.key() == &*self.naming.label_of(original)
    }

    fn has(&self, original: &'static str) -> bool {
        self.value(original).is_some()
    }

    fn value(&self, original: &'static str) -> Option<&str> {
        self.labels.iter().find(|label| self.is(label, original)).map(Label::value)
    }

    fn without(self, original: &'static str) -> Vec<Label> {
        self.labels.iter().filter(|label| !self.is(label, original)).cloned().collect()
    }

    fn http(&self, kind: Kind, url_scheme: &str, ended: Option<Ended>) -> Vec<Label> {
        let is_answered = ended.is_some_and(|ended| ended.is_answered);
        let mut dressed = Vec::new();
        for label in &self.labels {
            let value = || label.value().to_owned();
            if self.is(label, ENDPOINT) {
                match (label.value(), self.is_client) {
                    (UNMATCHED, _) => {}
                    (_, false) => dressed.push(label.clone()),
                    (_, true) => dressed.push(Label::new(URL_TEMPLATE, value())),
                }
            } else if self.is(label, SERVER) {
                let (address, port) = address_and_port(label.value());
                dressed.push(Label::new(label.key().to_owned(), address.to_owned()));
                dressed.extend(port.map(|port| Label::new(SERVER_PORT, port.to_owned())));
            } else if self.is(label, STATUS) {
                dressed.extend(is_answered.then(|| label.clone()));
            } else if !self.is(label, ERROR_TYPE) && (!self.is(label, OUTCOME) || kind == Kind::Counter) {
                dressed.push(label.clone());
            }
        }
        if !self.is_client {
            dressed.push(Label::new(URL_SCHEME, url_scheme.to_owned()));
        }
        let status = self.value(STATUS).filter(|_| is_answered).unwrap_or_default();
        dressed
            .extend(ended.and_then(|ended| self.http_error(status, ended)).map(|why| self.error_type(why)));
        dressed
    }

    /// A caller that reads no further has been answered, so that is no error.
    fn http_error(&self, status: &str, ended: Ended) -> Option<String> {
        let first_bad = if self.is_client { "400" } else { "500" };
        match ended.outcome {
            // Three digits each, so they compare as numbers do.
            _ if ended.is_answered && status >= first_bad && status != OTHER => Some(status.to_owned()),
            outcome @ (Outcome::Error | Outcome::Cancelled | Outcome::Panicked | Outcome::BodyError) => {
                // What a server promises is told by the outcome.
                let kind = ended.kind.filter(|_| self.is_client);
                Some(kind.unwrap_or(outcome.as_str()).to_owned())
            }
            Outcome::Completed | Outcome::Upgraded | Outcome::BodyDropped => None,
        }
    }

    fn grpc(&self, kind: Kind, ended: Option<Ended>) -> Vec<Label> {
        let service = self.value(GRPC_SERVICE).unwrap_or(UNKNOWN);
        let mut dressed = vec![Label::new(RPC_SYSTEM_NAME, "grpc")];
        for label in &self.labels {
            if self.is(label, GRPC_METHOD) {
                let method = match (service, label.value()) {
                    (UNKNOWN, UNKNOWN) => OTHER.to_owned(),
                    (service, method) => format!("{service}/{method}"),
                };
                dressed.push(Label::new(label.key().to_owned(), method));
            } else if self.is(label, GRPC_CODE) {
                let code = shouted(label.value());
                let why = ended.and_then(|ended| self.grpc_error(&code, ended));
                dressed.extend(why.map(|why| self.error_type(why)));
                dressed.push(Label::new(label.key().to_owned(), code));
            } else if !self.is(label, GRPC_SERVICE) && (!self.is(label, GRPC_TYPE) || kind != Kind::Histogram)
            {
                dressed.push(label.clone());
            }
        }
        dressed
    }

    fn grpc_error(&self, code: &str, ended: Ended) -> Option<String> {
        let is_error = if self.is_client { code != "OK" } else { GRPC_SERVER_ERRORS.contains(&code) };
        match ended.outcome {
            outcome @ (Outcome::Panicked | Outcome::BodyError) => Some(outcome.as_str().to_owned()),
            outcome @ Outcome::Error if !ended.is_answered => Some(outcome.as_str().to_owned()),
            _ => is_error.then(|| code.to_owned()),
        }
    }

    fn error_type(&self, why: String) -> Label {
        Label::new(self.naming.label_of(ERROR_TYPE), why)
    }
}

/// A server's name as its users gave it: a host, or a host and a port.
fn address_and_port(server: &str) -> (&str, Option<&str>) {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let (address, port) = match server.rsplit_once(':') {
        Some((address, port)) if is_port(port) => (address, Some(port)),
        _ => (server, None),
    };
    (address.trim_start_matches('[').trim_end_matches(']'), port)
}
