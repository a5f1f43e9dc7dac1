//! What an HTTP Layer was told, and the label values of a request that follow from it.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{Method, Uri};

use super::{
    RequestHead,
    hints::Hints,
    labels::{HttpAnswers, Methods},
};
use crate::{
    clock::Clock,
    instrument::Instruments,
    labels::{OTHER, PANICKED, UNMATCHED},
    names::{self, Naming},
    series::{Instrument, Source, Spec},
};

type EndpointFn = dyn for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

#[derive(Clone)]
pub(super) struct Config {
    role: Role,
    pub(super) endpoint: Option<Arc<EndpointFn>>,
    declared: Vec<(String, String)>,
    pub(super) methods: Methods,
    servers: Vec<String>,
    pub(super) exact_status: bool,
    pub(super) naming: Naming,
    pub(super) source: Source,
    pub(super) clock: Clock,
    pub(super) instruments: Instruments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    #[cfg(feature = "axum")]
    Axum,
    Client,
}

/// The label values of one request, in the order of [`Config::request_labels`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    values: [&'a str; 3],
    len: usize,
}

// ===== impl Config =====

impl Config {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            endpoint: None,
            declared: Vec::new(),
            methods: Methods::default(),
            servers: Vec::new(),
            exact_status: false,
            naming: Naming::new(),
            source: Source::Current,
            clock: Clock::new(),
            instruments: Instruments::ALL,
        }
    }

    pub(super) fn spec(&self, hints: &Arc<Hints>) -> Spec {
        let (counter, histogram, gauge) = if self.is_client() {
            (
                &names::HTTP_CLIENT_REQUESTS_TOTAL,
                &names::HTTP_CLIENT_REQUEST_DURATION_SECONDS,
                &names::HTTP_CLIENT_REQUESTS_IN_FLIGHT,
            )
        } else {
            (
                &names::HTTP_REQUESTS_TOTAL,
                &names::HTTP_REQUEST_DURATION_SECONDS,
                &names::HTTP_REQUESTS_IN_FLIGHT,
            )
        };
        let instrument = |is_on: bool, metric| is_on.then(|| Instrument::new(metric, &self.naming));
        Spec {
            source: self.source.clone(),
            clock: self.clock.clone(),
            naming: self.naming.clone(),
            started: None,
            counter: instrument(self.instruments.count, counter),
            histogram: instrument(self.instruments.latency, histogram),
            gauge: instrument(self.instruments.in_flight, gauge),
            request_labels: self.arrange(names::METHOD, names::SERVER, names::ENDPOINT).named(&self.naming),
            fallback: self.arrange(OTHER, OTHER, UNMATCHED).as_slice().to_vec(),
            answers: Box::new(HttpAnswers {
                is_client: self.is_client(),
                exact_status: self.exact_status,
                status: self.naming.label_of(names::STATUS),
                outcome: self.naming.label_of(names::OUTCOME),
                hints: Arc::clone(hints),
            }),
        }
    }

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
        let pair = (method.to_owned(), endpoint);
        assert!(!self.declared.contains(&pair), "{} {} is declared twice: remove one", pair.0, pair.1);
        self.declared.push(pair);
    }

    pub(super) fn add_server(&mut self, server: String) {
        assert!(
            self.is_client(),
            "only HttpMetricsLayer::client() has a label for servers: begin with it, or leave .servers() out"
        );
        assert!(!server.is_empty(), "a server has no name: give its host, as it stands in the URI");
        self.servers.push(server);
    }

    /// The endpoint of a request: what was matched, else what the user's function says.
    pub(super) fn endpoint<'a>(&self, head: RequestHead<'a>) -> Cow<'a, str> {
        #[cfg(feature = "axum")]
        if self.role == Role::Axum {
            if let Some(matched) = head.extensions().get::<axum::extract::MatchedPath>() {
                return matched.as_str().into();
            }
        }
        let told = self.endpoint.as_ref().map(|endpoint| catch_unwind(AssertUnwindSafe(|| endpoint(head))));
        match told {
            Some(Ok(Some(endpoint))) => endpoint,
            Some(Err(_)) => PANICKED.into(),
            Some(Ok(None)) | None => UNMATCHED.into(),
        }
    }

    pub(super) fn values<'a>(&'a self, head: RequestHead<'_>, endpoint: &'a str) -> Values<'a> {
        self.arrange(self.methods.label(head.method()), self.server(head.uri()), endpoint)
    }

    /// Tells whether an answer has to prove that a server has this endpoint for this method: whoever asks for
    /// it chose the method, and a 405 must not make series.
    pub(super) fn is_to_be_proven(&self, head: RequestHead<'_>, endpoint: &str) -> bool {
        let is_declared = || {
            self.declared
                .iter()
                .any(|(method, declared)| *declared == *endpoint && *method == *head.method().as_str())
        };
        !self.is_client() && endpoint != UNMATCHED && !is_declared()
    }

    /// The label sets that exist before the first call.
    pub(super) fn initial(&self) -> Vec<Values<'_>> {
        let mut methods: Vec<&str> = self.declared.iter().map(|(method, _)| &**method).collect();
        if methods.is_empty() {
            methods.extend(["GET", "POST"]);
        }
        let unmatched = methods.into_iter().map(|method| (method, UNMATCHED));
        let declared = self.declared.iter().map(|(method, endpoint)| (&**method, &**endpoint));
        let pairs: Vec<_> = declared.chain(unmatched).collect();
        let servers = self.servers.iter().map(|server| &**server).chain([OTHER]);
        servers
            .flat_map(|server| {
                pairs.iter().map(move |(method, endpoint)| self.arrange(method, server, endpoint))
            })
            .collect()
    }

    pub(super) fn is_infallible(&self) -> bool {
        #[cfg(feature = "axum")]
        if self.role == Role::Axum {
            // Whatever axum routes to answers `Result<_, Infallible>`.
            return true;
        }
        false
    }

    pub(super) fn expects_routes(&self) -> bool {
        !matches!(self.role, Role::Server | Role::Client)
    }

    fn is_client(&self) -> bool {
        self.role == Role::Client
    }

    fn server(&self, uri: &Uri) -> &str {
        let is_meant = |server: &str| {
            let is_host = uri.host().is_some_and(|host| host.eq_ignore_ascii_case(server));
            is_host
                || uri.port_u16().zip(server.rsplit_once(':')).is_some_and(|(port, (host, with_port))| {
                    with_port.parse() == Ok(port)
                        && uri.host().is_some_and(|it| it.eq_ignore_ascii_case(host))
                })
        };
        self.servers.iter().find(|server| is_meant(server)).map_or(OTHER, |server| server)
    }

    fn arrange<'a>(&self, method: &'a str, server: &'a str, endpoint: &'a str) -> Values<'a> {
        match (self.is_client(), &self.endpoint) {
            (false, _) => Values { values: [method, endpoint, ""], len: 2 },
            (true, None) => Values { values: [method, server, ""], len: 2 },
            (true, Some(_)) => Values { values: [method, server, endpoint], len: 3 },
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("role", &self.role)
            .field("declared", &self.declared)
            .field("instruments", &self.instruments)
            .finish_non_exhaustive()
    }
}

// ===== impl Values =====

impl<'a> Values<'a> {
    pub(super) fn as_slice(&self) -> &[&'a str] {
        &self.values[..self.len]
    }
}

impl Values<'static> {
    fn named(self, naming: &Naming) -> Vec<metrics::SharedString> {
        self.as_slice().iter().map(|label| naming.label_of(label)).collect()
    }
}
