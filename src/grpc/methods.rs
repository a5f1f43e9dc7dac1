//! The methods that have labels of their own: those that were registered, and nothing that a caller asks for.

use std::collections::HashMap;

use rapidhash::quality::RandomState;

use crate::labels::UNKNOWN;

/// A method of a gRPC service, and how it is called. Made by [`unary`], [`client_stream`], [`server_stream`] and
/// [`bidi_stream`], or read from a descriptor set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    pub(super) kind: &'static str,
    pub(super) service: String,
    pub(super) name: String,
}

/// The methods of a Layer by their path.
#[derive(Clone, Debug, Default)]
pub(super) struct Methods {
    by_path: HashMap<String, Method, RandomState>,
    /// Services that are not measured.
    skipped: Vec<String>,
}

/// One request, one answer: `unary("shop.Orders", "Place")`.
#[must_use]
pub fn unary(service: impl Into<String>, method: impl Into<String>) -> Method {
    Method::new("unary", service.into(), method.into())
}

/// A stream of requests, one answer.
#[must_use]
pub fn client_stream(service: impl Into<String>, method: impl Into<String>) -> Method {
    Method::new("client_stream", service.into(), method.into())
}

/// One request, a stream of answers.
#[must_use]
pub fn server_stream(service: impl Into<String>, method: impl Into<String>) -> Method {
    Method::new("server_stream", service.into(), method.into())
}

/// A stream of requests, a stream of answers.
#[must_use]
pub fn bidi_stream(service: impl Into<String>, method: impl Into<String>) -> Method {
    Method::new("bidi_stream", service.into(), method.into())
}

// ===== impl Method =====

impl Method {
    fn new(kind: &'static str, service: String, name: String) -> Self {
        Self { kind, service, name }
    }

    /// The label values, in the order of the labels.
    pub(super) fn values(&self) -> [&str; 3] {
        [self.kind, &self.service, &self.name]
    }
}

// ===== impl Methods =====

impl Methods {
    pub(super) fn add(&mut self, method: Method) {
        let path = format!("/{}/{}", method.service, method.name);
        assert!(
            !method.service.is_empty()
                && !method.name.is_empty()
                && !path.contains(|c: char| c.is_control() || c == '"')
                && path.matches('/').count() == 2,
            "{method:?} is no method of gRPC: give the service with its package, such as \"shop.Orders\", and the method"
        );
        if let Some(other) = self.by_path.get(&path) {
            assert!(
                *other == method,
                "{path} is registered as {} and as {}: keep one",
                other.kind,
                method.kind
            );
        }
        self.by_path.insert(path, method);
    }

    pub(super) fn skip(&mut self, service: String) {
        self.skipped.push(service);
    }

    pub(super) fn skips(&self, path: &str) -> bool {
        let service = path.strip_prefix('/').and_then(|path| path.split('/').next());
        self.skipped.iter().any(|skipped| Some(&**skipped) == service)
    }

    /// The label values of a call: those of a registered method, else `unknown` and nothing of the path.
    pub(super) fn values(&self, path: &str) -> [&str; 3] {
        self.by_path.get(path).map_or([UNKNOWN; 3], Method::values)
    }

    /// The label values of every registered method, in the order of their paths.
    pub(super) fn all(&self) -> Vec<[&str; 3]> {
        let measured = self.by_path.values().filter(|method| !self.skipped.contains(&method.service));
        let mut all: Vec<_> = measured.map(Method::values).collect();
        all.sort_unstable();
        all
    }
}
