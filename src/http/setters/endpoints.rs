//! Which endpoints, methods and servers there are, and which are measured.

use std::{borrow::Cow, sync::Arc};

use super::super::{HttpMetricsLayer, RequestHead};
use crate::sla::Sla;

// ===== impl HttpMetricsLayer =====

/// # Endpoints, methods, servers
impl<H: Clone> HttpMetricsLayer<H> {
    /// Tells the endpoint of a request, where no route was matched: a matched route wins. `None` is `unmatched`.
    ///
    /// Return one of few values, such as a route template, never an identifier: each makes series of its own.
    /// Control characters, `\` and `"` become `_`, and a value is cut at 128 bytes. A client gets a label
    /// `endpoint` beside `server`. Should the function panic, the endpoint is `_PANIC` and the call goes on.
    ///
    /// Write the closure here, where its lifetimes are inferred, or name a
    /// `fn route(head: RequestHead<'_>) -> Option<Cow<'_, str>>`.
    pub fn endpoint<F>(self, endpoint: F) -> Self
    where
        F: for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|config| config.endpoint = Some(Arc::new(endpoint)))
    }

    /// Takes the raw path of a request as its endpoint, where no route was matched.
    ///
    /// Whoever can send requests can then make as many series as [`max_label_sets`](Self::max_label_sets) allows,
    /// and the paths that are asked for first have them.
    pub fn unbounded_raw_path(self) -> Self {
        self.endpoint(|head| Some(head.uri().path().into()))
    }

    /// Counts these endpoints under the one name, wherever they come from: a route that was matched, or
    /// [`endpoint`](Self::endpoint). A member that ends in `/*` stands for all endpoints that begin so; one that is named
    /// wins over these, and of these the longest. The name is what is [declared](Self::endpoints), and what
    /// [`skip_endpoints`](Self::skip_endpoints) and [`keep_endpoints`](Self::keep_endpoints) ask for.
    ///
    /// ```
    /// # use tower_metrics::HttpMetricsLayer;
    /// let layer = HttpMetricsLayer::new()
    ///     .group_endpoints("/users", ["/users/{id}", "/users/{id}/orders"])
    ///     .group_endpoints("admin", ["/admin", "/admin/*"]);
    /// # drop(layer);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics on an empty name or member, on a member that another group has already, and if a member was declared, skipped or kept, by
    /// [`endpoints`](Self::endpoints) or by an [`sla`](Self::sla).
    pub fn group_endpoints<E: Into<String>>(
        self,
        name: impl Into<String>,
        members: impl IntoIterator<Item = E>,
    ) -> Self {
        self.with(|config| config.group(name.into(), members.into_iter().map(Into::into)))
    }

    /// Declares endpoints, so that [`initialize`](Self::initialize) makes their series before the first call. Spell
    /// them as they are matched: with axum the whole template, nested prefixes included.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_metrics::HttpMetricsLayer;
    /// let layer = HttpMetricsLayer::new().endpoints([("GET", "/users/{id}"), ("POST", "/users")]);
    /// # drop(layer);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if a method is none that has a label: those of RFC 9110, PATCH, and those added by
    /// [`methods`](Self::methods), which comes first. Panics on an endpoint that counts under a
    /// [group](Self::group_endpoints): declare the group. Panics on an empty endpoint, with axum on one that does not
    /// begin with `/`, and on a pair declared twice.
    pub fn endpoints<M, E>(self, endpoints: impl IntoIterator<Item = (M, E)>) -> Self
    where
        M: AsRef<str>,
        E: Into<String>,
    {
        self.with(|config| {
            for (method, endpoint) in endpoints {
                config.declare(method.as_ref(), endpoint.into());
            }
        })
    }

    /// Declares the endpoints of which `sla` promises something, and measures the time to the response head if it is
    /// promised.
    ///
    /// # Panics
    ///
    /// Panics on an endpoint that [`endpoints`](Self::endpoints) would refuse; one that is declared already may stay so.
    pub fn sla(self, sla: &Sla) -> Self {
        self.with(|config| {
            for it in &sla.endpoints {
                if !config.declares(&it.method, &it.route) {
                    config.declare(&it.method, it.route.clone());
                }
            }
            config.times_head |= sla.is_about_head();
            if sla.is_about_latency() {
                config.promises_latency();
            }
        })
    }

    /// Leaves out the requests of which `skip` says `true`: they pass unmeasured. Should it panic, they are
    /// measured.
    pub fn skip<F>(self, skip: F) -> Self
    where
        F: Fn(RequestHead<'_>) -> bool + Send + Sync + 'static,
    {
        self.with(|config| config.skip = Some(Arc::new(skip)))
    }

    /// Leaves out these endpoints, such as `/health`, by their label value.
    ///
    /// # Panics
    ///
    /// Panics on an endpoint that counts under a [group](Self::group_endpoints): name the group.
    pub fn skip_endpoints<E: Into<String>>(self, endpoints: impl IntoIterator<Item = E>) -> Self {
        self.with(|config| {
            config.skipped.extend(endpoints.into_iter().map(Into::into));
            config.assert_named();
        })
    }

    /// Measures these endpoints alone, by their label value; `unmatched` is one of them only if it is named.
    ///
    /// # Panics
    ///
    /// As [`skip_endpoints`](Self::skip_endpoints) does.
    pub fn keep_endpoints<E: Into<String>>(self, endpoints: impl IntoIterator<Item = E>) -> Self {
        self.with(|config| {
            config.kept.get_or_insert_default().extend(endpoints.into_iter().map(Into::into));
            config.assert_named();
        })
    }

    /// Gives methods beyond RFC 9110 and PATCH a label value of their own. All others are `_OTHER`.
    ///
    /// # Panics
    ///
    /// Panics on what is no HTTP method.
    pub fn methods<M: AsRef<str>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        self.with(|config| methods.into_iter().for_each(|method| config.methods.add(method.as_ref())))
    }

    /// Names the servers, by host or by `host:port`, that a [`client`](Self::client) gives a label value of
    /// their own. All others are `_OTHER`. The port of a request counts only where an entry has one.
    ///
    /// # Panics
    ///
    /// Panics on an empty name, on one with a scheme or a path, and on a Layer that is no client.
    pub fn servers<N: Into<String>>(self, servers: impl IntoIterator<Item = N>) -> Self {
        self.with(|config| {
            servers.into_iter().for_each(|server| config.add_server(server.into()));
        })
    }
}
