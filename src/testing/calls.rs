//! What the catalogue has of each kind of calls.

use super::families::{Class, Family};
use crate::names::{self, Kind, Metric};

/// What the catalogue has of one kind of calls.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) class: Class,
    started: Option<&'static Metric>,
    ended: Option<&'static Metric>,
    duration: &'static Metric,
    head: Option<&'static Metric>,
    in_flight: &'static Metric,
    oldest: Option<&'static Metric>,
}

pub(super) static CALLS: [Calls; 9] = [
    Calls {
        class: Class::Server,
        started: None,
        ended: Some(&names::HTTP_REQUESTS_TOTAL),
        duration: &names::HTTP_REQUEST_DURATION_SECONDS,
        head: Some(&names::HTTP_RESPONSE_HEAD_DURATION_SECONDS),
        in_flight: &names::HTTP_REQUESTS_IN_FLIGHT,
        oldest: Some(&names::HTTP_OLDEST_START),
    },
    Calls {
        class: Class::Client,
        started: None,
        ended: Some(&names::HTTP_CLIENT_REQUESTS_TOTAL),
        duration: &names::HTTP_CLIENT_REQUEST_DURATION_SECONDS,
        head: Some(&names::HTTP_CLIENT_RESPONSE_HEAD_DURATION_SECONDS),
        in_flight: &names::HTTP_CLIENT_REQUESTS_IN_FLIGHT,
        oldest: Some(&names::HTTP_CLIENT_OLDEST_START),
    },
    Calls {
        class: Class::Attempt,
        started: None,
        ended: Some(&names::HTTP_ATTEMPTS_TOTAL),
        duration: &names::HTTP_ATTEMPT_DURATION_SECONDS,
        head: Some(&names::HTTP_ATTEMPT_HEAD_DURATION_SECONDS),
        in_flight: &names::HTTP_ATTEMPTS_IN_FLIGHT,
        oldest: Some(&names::HTTP_ATTEMPTS_OLDEST_START),
    },
    Calls {
        class: Class::Attempt,
        started: None,
        ended: Some(&names::HTTP_CLIENT_ATTEMPTS_TOTAL),
        duration: &names::HTTP_CLIENT_ATTEMPT_DURATION_SECONDS,
        head: Some(&names::HTTP_CLIENT_ATTEMPT_HEAD_DURATION_SECONDS),
        in_flight: &names::HTTP_CLIENT_ATTEMPTS_IN_FLIGHT,
        oldest: Some(&names::HTTP_CLIENT_ATTEMPTS_OLDEST_START),
    },
    Calls {
        class: Class::Server,
        started: Some(&names::GRPC_SERVER_STARTED_TOTAL),
        ended: Some(&names::GRPC_SERVER_HANDLED_TOTAL),
        duration: &names::GRPC_SERVER_HANDLING_SECONDS,
        head: None,
        in_flight: &names::GRPC_SERVER_IN_FLIGHT,
        oldest: Some(&names::GRPC_SERVER_OLDEST_START),
    },
    Calls {
        class: Class::Client,
        started: Some(&names::GRPC_CLIENT_STARTED_TOTAL),
        ended: Some(&names::GRPC_CLIENT_HANDLED_TOTAL),
        duration: &names::GRPC_CLIENT_HANDLING_SECONDS,
        head: None,
        in_flight: &names::GRPC_CLIENT_IN_FLIGHT,
        oldest: Some(&names::GRPC_CLIENT_OLDEST_START),
    },
    Calls {
        class: Class::Service,
        started: Some(&names::STARTED),
        ended: Some(&names::TOTAL),
        duration: &names::DURATION,
        head: None,
        in_flight: &names::IN_FLIGHT,
        oldest: Some(&names::OLDEST_START),
    },
    Calls {
        class: Class::Attempt,
        started: Some(&names::ATTEMPTS_STARTED),
        ended: Some(&names::ATTEMPTS),
        duration: &names::ATTEMPT_DURATION,
        head: None,
        in_flight: &names::ATTEMPTS_IN_FLIGHT,
        oldest: Some(&names::ATTEMPTS_OLDEST_START),
    },
    Calls {
        class: Class::Connection,
        started: Some(&names::CONNECTIONS_TOTAL),
        ended: None,
        duration: &names::CONNECTION_DURATION_SECONDS,
        head: None,
        in_flight: &names::CONNECTIONS_OPEN,
        oldest: None,
    },
];

// ===== impl Calls =====

impl Calls {
    /// The place in its family of what has this help text.
    pub(super) fn place<'a>(
        &self,
        family: &'a mut Family,
        kind: Kind,
        help: &str,
    ) -> Option<&'a mut Option<String>> {
        let is = |metric: &Metric| metric.kind() == kind && metric.help() == help;
        if self.started.is_some_and(is) {
            Some(&mut family.started)
        } else if self.ended.is_some_and(is) {
            Some(&mut family.ended)
        } else if is(self.duration) {
            Some(&mut family.duration)
        } else if self.head.is_some_and(is) {
            Some(&mut family.head)
        } else if is(self.in_flight) {
            Some(&mut family.in_flight)
        } else if self.oldest.is_some_and(is) {
            Some(&mut family.oldest)
        } else {
            None
        }
    }

    /// Tells whether this is a gauge of theirs.
    #[cfg(test)]
    pub(super) fn has(&self, gauge: &Metric) -> bool {
        [Some(self.in_flight), self.oldest].into_iter().flatten().any(|its| its.name() == gauge.name())
    }
}
