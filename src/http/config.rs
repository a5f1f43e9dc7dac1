//! What an HTTP Layer was told, and the label values of a request that follow from it.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::Uri;

use super::{RequestHead, groups::Groups, methods::Methods, server::Server};
use crate::{
    clock::Clock,
    instrument::Instruments,
    labels::{OTHER, OwnLabels, PANICKED, UNMATCHED, Values},
    names::Naming,
    series::{Birth, MAX_LABEL_SETS, OpenLabel, Source},
};

type SkipFn = dyn Fn(RequestHead<'_>) -> bool + Send + Sync;
type EndpointFn = dyn for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

#[derive(Clone)]
pub(super) struct Config {
    role: Role,
    pub(super) endpoint: Option<Arc<EndpointFn>>,
    pub(super) skip: Option<Arc<SkipFn>>,
    pub(super) skipped: Vec<String>,
    pub(super) kept: Option<Vec<String>>,
    pub(super) declared: Vec<(String, String)>,
    pub(super) methods: Methods,
    pub(super) servers: Vec<Server>,
    pub(super) groups: Groups,
    pub(super) own: OwnLabels,
    pub(super) tells_errors: bool,
    /// The kinds of errors that are known before they are met.
    pub(super) expected_errors: Vec<&'static str>,
    pub(super) sampled: u64,
    pub(super) promises_latency: bool,
    pub(super) exact_status: bool,
    pub(super) times_head: bool,
    pub(super) tells_oldest: bool,
    pub(super) attempts: bool,
    pub(super) max_label_sets: usize,
    pub(super) limit: Option<usize>,
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

// ===== impl Config =====

impl Config {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            endpoint: None,
            skip: None,
            skipped: Vec::new(),
            kept: None,
            declared: Vec::new(),
            methods: Methods::default(),
            servers: Vec::new(),
            groups: Groups::default(),
            own: OwnLabels::default(),
            tells_errors: false,
            expected_errors: Vec::new(),
            sampled: 1,
            promises_latency: false,
            exact_status: false,
            times_head: false,
            tells_oldest: false,
            attempts: false,
            max_label_sets: MAX_LABEL_SETS,
            limit: None,
            naming: Naming::new(),
            source: Source::default(),
            clock: Clock::new(),
            instruments: Instruments::ALL,
        }
    }

    /// Tells whether answers and errors are asked for more than how they end the call.
    pub(super) fn asks_answers(&self) -> bool {
        self.own.has_response_labels() || self.tells_errors
    }

    /// Tells whether every call is measured, under what was matched.
    pub(super) fn is_simple(&self) -> bool {
        let asks_users = self.endpoint.is_some() || self.skip.is_some() || !self.own.is_empty();
        let skips = !self.skipped.is_empty() || self.kept.is_some();
        let takes_as_matched = self.groups.is_empty() && self.methods.are_few();
        !self.is_client() && !asks_users && !skips && takes_as_matched
    }

    /// The endpoint of a request, by its group: what was matched, else what the user's function says.
    pub(super) fn endpoint<'a>(&'a self, head: RequestHead<'a>) -> Cow<'a, str> {
        let endpoint = self.single_endpoint(head);
        match self.groups.of(&endpoint) {
            Some(group) => group.into(),
            None => endpoint,
        }
    }

    fn single_endpoint<'a>(&self, head: RequestHead<'a>) -> Cow<'a, str> {
        if let Some(matched) = self.matched(head) {
            return matched.into();
        }
        let told = self.endpoint.as_ref().map(|endpoint| catch_unwind(AssertUnwindSafe(|| endpoint(head))));
        match told {
            Some(Ok(Some(endpoint))) => endpoint,
            Some(Err(_)) => PANICKED.into(),
            Some(Ok(None)) | None => UNMATCHED.into(),
        }
    }

    /// Tells whether this request is not to be measured.
    pub(super) fn skips(&self, head: RequestHead<'_>, endpoint: &str) -> bool {
        let has = |endpoints: &[String]| endpoints.iter().any(|it| *it == *endpoint);
        has(&self.skipped)
            || self.kept.as_ref().is_some_and(|kept| !has(kept))
            || self
                .skip
                .as_ref()
                .is_some_and(|skip| catch_unwind(AssertUnwindSafe(|| skip(head))).unwrap_or(false))
    }

    pub(super) fn values<'a>(&'a self, head: RequestHead<'_>, endpoint: &'a str) -> Values<'a> {
        self.arrange(self.methods.label(head.method()), self.server(head.uri()), endpoint)
    }

    /// What is new about a label set that was not seen before.
    ///
    /// An answer has to prove that a server has this endpoint for this method, because whoever asks for it chose
    /// the method. What was matched or declared does not count against the cap.
    pub(super) fn birth(&self, head: RequestHead<'_>, endpoint: &str, infallible: bool) -> Birth {
        let is_known = endpoint == UNMATCHED || self.declares(head.method().as_str(), endpoint);
        let is_closed = is_known || self.groups.has(endpoint) || self.matched(head).is_some();
        let endpoint_alone = if is_closed { 0 } else { self.open_endpoint() };
        Birth {
            infallible,
            to_be_proven: !self.is_client() && !is_known,
            open: endpoint_alone | self.own.open_in_request(self.own_index()),
        }
    }

    /// The label sets that exist before the first call.
    pub(super) fn initial<'a>(&'a self, own: &[&'a str]) -> Vec<Values<'a>> {
        let mut methods: Vec<&str> = self.declared.iter().map(|(method, _)| &**method).collect();
        if methods.is_empty() {
            methods.extend(["GET", "POST"]);
        }
        let unmatched = methods.into_iter().map(|method| (method, UNMATCHED));
        let declared = self.declared.iter().map(|(method, endpoint)| (&**method, &**endpoint));
        let pairs: Vec<_> = declared.chain(unmatched).collect();
        let servers = self.servers.iter().map(|server| &*server.name).chain([OTHER]);
        servers
            .flat_map(|server| {
                pairs.iter().map(move |(method, endpoint)| self.arrange(method, server, endpoint).and(own))
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

    #[cfg(feature = "axum")]
    #[inline]
    pub(super) fn matched<'a>(&self, head: RequestHead<'a>) -> Option<&'a str> {
        let matched = || head.extensions().get::<axum::extract::MatchedPath>();
        (self.role == Role::Axum).then(matched)?.map(axum::extract::MatchedPath::as_str)
    }

    #[cfg(not(feature = "axum"))]
    pub(super) fn matched<'a>(&self, _: RequestHead<'a>) -> Option<&'a str> {
        None
    }

    pub(super) fn endpoint_index(&self) -> usize {
        if self.is_client() { 2 } else { 1 }
    }

    fn open_endpoint(&self) -> u16 {
        self.endpoint.as_ref().map_or(0, |_| OpenLabel::bit(self.endpoint_index()))
    }

    /// Where the user's own labels begin.
    pub(super) fn own_index(&self) -> usize {
        self.arrange("", "", "").as_slice().len()
    }

    pub(super) fn is_client(&self) -> bool {
        self.role == Role::Client
    }

    /// The entry with the port of the request goes before the one of its host alone.
    fn server(&self, uri: &Uri) -> &str {
        let of = |with_port: bool| {
            self.servers.iter().find(|server| server.port.is_some() == with_port && server.is_of(uri))
        };
        of(true).or_else(|| of(false)).map_or(OTHER, |server| &server.name)
    }

    pub(super) fn arrange<'a>(&self, method: &'a str, server: &'a str, endpoint: &'a str) -> Values<'a> {
        match (self.is_client(), &self.endpoint) {
            (false, _) => Values::new(&[method, endpoint]),
            (true, None) => Values::new(&[method, server]),
            (true, Some(_)) => Values::new(&[method, server, endpoint]),
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
