//! What a Layer is told, refused where it cannot be.

use http::Method;

use super::{config::Config, server::Server};
use crate::{labels::OTHER, series::one_in};

// ===== impl Config =====

impl Config {
    pub(super) fn declare(&mut self, method: &str, endpoint: String) {
        let parsed = Method::from_bytes(method.as_bytes());
        assert!(
            parsed.is_ok_and(|method| self.methods.label(&method) != OTHER),
            "{method:?} is no method of RFC 9110 nor PATCH: spell it in capitals, or name it in .methods() before"
        );
        assert!(
            !endpoint.is_empty(),
            "a declared endpoint is empty: give its route template, such as \"/users/{{id}}\""
        );
        if let Some(group) = self.groups.of(&endpoint).filter(|group| **group != *endpoint) {
            panic!(
                "{endpoint:?} counts under {group:?}, with others of that group: declare {group:?} instead"
            )
        }
        let is_route = self.expects_routes() && !self.groups.has(&endpoint);
        assert!(
            !is_route || endpoint.starts_with('/'),
            "{endpoint:?} is no route of axum: give the whole template from its leading `/`, nested prefixes included"
        );
        assert!(
            !is_route || !endpoint.split('/').any(|part| part.starts_with([':', '*'])),
            "{endpoint:?} is spelled as before axum 0.8: write {{id}} for :id, and {{*path}} for *path"
        );
        let pair = (method.to_owned(), endpoint);
        assert!(!self.declared.contains(&pair), "{} {} is declared twice: remove one", pair.0, pair.1);
        self.declared.push(pair);
    }

    pub(super) fn declares(&self, method: &str, endpoint: &str) -> bool {
        self.declared.iter().any(|(declared, its)| *its == *endpoint && *declared == *method)
    }

    pub(super) fn group(&mut self, name: String, members: impl IntoIterator<Item = String>) {
        self.groups.add(name, members);
        self.assert_named();
        let is_elsewhere = |endpoint: &str| self.groups.of(endpoint).is_some_and(|group| *group != *endpoint);
        if let Some((_, endpoint)) = self.declared.iter().find(|(_, endpoint)| is_elsewhere(endpoint)) {
            panic!(
                "{endpoint:?} is declared, and now counts under another name: declare that one in its place"
            )
        }
    }

    /// Refuses to leave out, or to keep, what counts under another name.
    pub(super) fn assert_named(&self) {
        for endpoint in self.skipped.iter().chain(self.kept.iter().flatten()) {
            if let Some(group) = self.groups.of(endpoint).filter(|group| **group != **endpoint) {
                panic!(
                    "{endpoint:?} counts under {group:?}, with others of that group: skip or keep {group:?}"
                )
            }
        }
    }

    pub(super) fn sample(&mut self, every: u32) {
        self.sampled = one_in(every);
        self.assert_sampling();
    }

    pub(super) fn promises_latency(&mut self) {
        self.promises_latency = true;
        self.assert_sampling();
    }

    /// What was promised of latencies is judged by the histogram, beside counters that are exact.
    fn assert_sampling(&self) {
        assert!(
            self.sampled == 1 || !self.promises_latency,
            "one latency in {} is recorded, and an SLA promises latencies of all calls: leave .sample_latency() out",
            self.sampled
        );
    }

    pub(super) fn add_server(&mut self, server: String) {
        assert!(
            self.is_client(),
            "only HttpMetricsLayer::client() has a label for servers: begin with it, or leave .servers() out"
        );
        self.servers.push(Server::new(server));
    }
}
