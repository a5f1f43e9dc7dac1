//! The methods that have labels of their own: those that were registered, and nothing that a caller asks for.

use std::{collections::HashMap, sync::Arc};

use rapidhash::quality::RandomState;

use crate::{
    labels::{UNKNOWN, Values},
    series::{At, Birth, Series},
};

/// How many labels tell of a method.
pub(super) const METHOD_LABELS: usize = 3;

/// Registered names are closed by construction, and so is `unknown`.
const CLOSED: Birth = Birth { infallible: false, to_be_proven: false, open: 0 };

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

    #[inline]
    pub(super) fn skips(&self, path: &str) -> bool {
        !self.skipped.is_empty() && self.skips_service_of(path)
    }

    fn skips_service_of(&self, path: &str) -> bool {
        let service = path.strip_prefix('/').and_then(|path| path.split('/').next());
        self.skipped.iter().any(|skipped| Some(&**skipped) == service)
    }

    /// The label values of a call: those of a registered method, else `unknown` and nothing of the path.
    pub(super) fn values(&self, path: &str) -> [&str; 3] {
        self.by_path.get(path).map_or([UNKNOWN; 3], Method::values)
    }

    /// The series of a call: that of a registered method, else that of `unknown`.
    #[inline]
    pub(super) fn series(&self, at: At<'_>, path: &str) -> Arc<Series> {
        let hash = at.hash(&[path]);
        let is_it =
            |series: &Series| matches!(series.values(), [_, service, name] if is_of(path, service, name));
        at.find_of(hash, is_it).unwrap_or_else(|| self.other_series(at, hash, path))
    }

    /// The series of a call that has labels of the user's own too.
    pub(super) fn series_with(&self, at: At<'_>, path: &str, own: &[&str], open: u16) -> Arc<Series> {
        let values = Values::new(&self.values(path)).and(own);
        at.series(values.as_slice(), || Birth { open, ..CLOSED })
    }

    /// The series of every registered method, and that of `unknown`, with these values of the user's own labels.
    pub(super) fn all_series(&self, at: At<'_>, own: &[&str]) -> Vec<Arc<Series>> {
        let all = self.all();
        let paths = all.iter().map(|[_, service, name]| format!("/{service}/{name}")).chain([String::new()]);
        let series = |path: &str| match own {
            [] => self.series(at, path),
            own => self.series_with(at, path, own, 0),
        };
        paths.map(|path| series(&path)).collect()
    }

    /// A registered method that was not asked for before, or one that nobody registered.
    #[inline(never)]
    fn other_series(&self, at: At<'_>, hash: u64, path: &str) -> Arc<Series> {
        match self.by_path.get(path) {
            Some(method) => {
                let values = method.values();
                at.series_of(hash, |series| series.is_of(&values), &values, || CLOSED)
            }
            None => at.series(&[UNKNOWN; 3], || CLOSED),
        }
    }

    /// The label values of every registered method, in the order of their paths.
    pub(super) fn all(&self) -> Vec<[&str; 3]> {
        let measured = self.by_path.values().filter(|method| !self.skipped.contains(&method.service));
        let mut all: Vec<_> = measured.map(Method::values).collect();
        all.sort_unstable();
        all
    }
}

/// Tells whether this is the path of a method, without making that path.
#[inline]
fn is_of(path: &str, service: &str, name: &str) -> bool {
    let method = path.strip_prefix('/').and_then(|path| path.strip_prefix(service));
    method.and_then(|method| method.strip_prefix('/')) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_path_is_that_of_a_method_only_as_a_whole() {
        assert!(is_of("/shop.Orders/Place", "shop.Orders", "Place"));
        for path in [
            "",
            "/",
            "shop.Orders/Place",
            "/shop.Orders",
            "/shop.Orders/",
            "/shop.Orders/Place/",
            "/shop.Orders/Place2",
            "/shop.Orders2/Place",
            "//shop.Orders/Place",
            "/shop.Order/sPlace",
            "/shop.Orders//Place",
        ] {
            assert!(!is_of(path, "shop.Orders", "Place"), "{path}");
        }
    }
}
