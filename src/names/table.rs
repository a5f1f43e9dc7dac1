//! The table: every metric, once.

use metrics::Unit;

use super::{Kind, Metric};

pub(crate) const METHOD: &str = "method";
pub(crate) const ENDPOINT: &str = "endpoint";
pub(crate) const SERVER: &str = "server";
pub(crate) const STATUS: &str = "status";
pub(crate) const OUTCOME: &str = "outcome";
/// Where a Layer was told to tell errors apart.
pub(crate) const ERROR_TYPE: &str = "error_type";
pub(crate) const VERSION: &str = "version";
pub(crate) const METRIC: &str = "metric";
pub(crate) const LIMITER: &str = "limiter";
pub(crate) const REASON: &str = "reason";
pub(crate) const SERVICE: &str = "service";
pub(crate) const POLICY: &str = "policy";
pub(crate) const RESULT: &str = "result";
pub(crate) const LISTENER: &str = "listener";
pub(crate) const EXPORTER: &str = "exporter";
pub(crate) const GRPC_TYPE: &str = "grpc_type";
pub(crate) const GRPC_SERVICE: &str = "grpc_service";
pub(crate) const GRPC_METHOD: &str = "grpc_method";
pub(crate) const GRPC_CODE: &str = "grpc_code";

pub(crate) static HTTP_REQUESTS_TOTAL: Metric = Metric {
    name: "http_requests_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[METHOD, ENDPOINT, STATUS, OUTCOME],
    help: "HTTP requests ended, by exact status and by how the call ended.",
};

pub(crate) static HTTP_REQUEST_DURATION_SECONDS: Metric = Metric {
    name: "http_request_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, ENDPOINT, STATUS],
    help: "Time from the call to the end of the response body, by status class.",
};

pub(crate) static HTTP_RESPONSE_HEAD_DURATION_SECONDS: Metric = Metric {
    name: "http_response_head_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, ENDPOINT, STATUS],
    help: "Time from the call to the response head, or to its end without one, where the Layer was told.",
};

pub(crate) static HTTP_REQUESTS_IN_FLIGHT: Metric = Metric {
    name: "http_requests_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METHOD, ENDPOINT],
    help: "HTTP requests begun and not yet ended, response body included.",
};

pub(crate) static HTTP_OLDEST_START: Metric = Metric {
    name: "http_requests_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[METHOD, ENDPOINT],
    help: "When the oldest HTTP request in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static HTTP_CLIENT_REQUESTS_TOTAL: Metric = Metric {
    name: "http_client_requests_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[METHOD, SERVER, STATUS, OUTCOME],
    help: "Outgoing HTTP requests ended, by exact status and by how the call ended.",
};

pub(crate) static HTTP_CLIENT_REQUEST_DURATION_SECONDS: Metric = Metric {
    name: "http_client_request_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, SERVER, STATUS],
    help: "Time from the outgoing call to the end of the response body, by status class.",
};

pub(crate) static HTTP_CLIENT_RESPONSE_HEAD_DURATION_SECONDS: Metric = Metric {
    name: "http_client_response_head_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, SERVER, STATUS],
    help: "Time from the outgoing call to the response head, or to its end without one, where the Layer was told.",
};

pub(crate) static HTTP_CLIENT_REQUESTS_IN_FLIGHT: Metric = Metric {
    name: "http_client_requests_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METHOD, SERVER],
    help: "Outgoing HTTP requests begun and not yet ended, response body included.",
};

pub(crate) static HTTP_CLIENT_OLDEST_START: Metric = Metric {
    name: "http_client_requests_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[METHOD, SERVER],
    help: "When the oldest outgoing HTTP request in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static HTTP_REQUESTS_IN_FLIGHT_LIMIT: Metric = Metric {
    name: "http_requests_in_flight_limit",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "How many HTTP requests the service takes at once, where the Layer was told.",
};

pub(crate) static HTTP_CLIENT_REQUESTS_IN_FLIGHT_LIMIT: Metric = Metric {
    name: "http_client_requests_in_flight_limit",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "How many outgoing HTTP requests are made at once, where the Layer was told.",
};

pub(crate) static HTTP_ATTEMPTS_TOTAL: Metric = Metric {
    name: "http_request_attempts_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[METHOD, ENDPOINT, STATUS, OUTCOME],
    help: "Attempts of HTTP requests ended, inside of a retry.",
};

pub(crate) static HTTP_ATTEMPT_DURATION_SECONDS: Metric = Metric {
    name: "http_request_attempt_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, ENDPOINT, STATUS],
    help: "Time from an attempt of an HTTP request to the end of its response body.",
};

pub(crate) static HTTP_ATTEMPT_HEAD_DURATION_SECONDS: Metric = Metric {
    name: "http_request_attempt_head_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, ENDPOINT, STATUS],
    help: "Time from an attempt of an HTTP request to its response head, where the Layer was told.",
};

pub(crate) static HTTP_ATTEMPTS_IN_FLIGHT: Metric = Metric {
    name: "http_request_attempts_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METHOD, ENDPOINT],
    help: "Attempts of HTTP requests begun and not yet ended.",
};

pub(crate) static HTTP_ATTEMPTS_OLDEST_START: Metric = Metric {
    name: "http_request_attempts_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[METHOD, ENDPOINT],
    help: "When the oldest attempt of an HTTP request in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static HTTP_CLIENT_ATTEMPTS_TOTAL: Metric = Metric {
    name: "http_client_request_attempts_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[METHOD, SERVER, STATUS, OUTCOME],
    help: "Attempts of outgoing HTTP requests ended, inside of a retry.",
};

pub(crate) static HTTP_CLIENT_ATTEMPT_DURATION_SECONDS: Metric = Metric {
    name: "http_client_request_attempt_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, SERVER, STATUS],
    help: "Time from an attempt of an outgoing HTTP request to the end of its response body.",
};

pub(crate) static HTTP_CLIENT_ATTEMPT_HEAD_DURATION_SECONDS: Metric = Metric {
    name: "http_client_request_attempt_head_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[METHOD, SERVER, STATUS],
    help: "Time from an attempt of an outgoing HTTP request to its response head, where the Layer was told.",
};

pub(crate) static HTTP_CLIENT_ATTEMPTS_IN_FLIGHT: Metric = Metric {
    name: "http_client_request_attempts_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METHOD, SERVER],
    help: "Attempts of outgoing HTTP requests begun and not yet ended.",
};

pub(crate) static HTTP_CLIENT_ATTEMPTS_OLDEST_START: Metric = Metric {
    name: "http_client_request_attempts_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[METHOD, SERVER],
    help: "When the oldest attempt of an outgoing HTTP request in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static STARTED: Metric = Metric {
    name: "<name>_started_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[],
    help: "Calls begun, where the Layer was told to count them.",
};

pub(crate) static TOTAL: Metric = Metric {
    name: "<name>_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[OUTCOME],
    help: "Calls ended, by how they ended.",
};

pub(crate) static DURATION: Metric = Metric {
    name: "<name>_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[OUTCOME],
    help: "Time from the call to its result, by how it ended.",
};

pub(crate) static IN_FLIGHT: Metric = Metric {
    name: "<name>_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "Calls begun and not yet ended.",
};

pub(crate) static OLDEST_START: Metric = Metric {
    name: "<name>_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[],
    help: "When the oldest call in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static ATTEMPTS_STARTED: Metric = Metric {
    name: "<name>_attempts_started_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[],
    help: "Attempts begun, inside of a retry, where the Layer was told to count them.",
};

pub(crate) static ATTEMPTS: Metric = Metric {
    name: "<name>_attempts_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[OUTCOME],
    help: "Attempts ended, inside of a retry, by how they ended.",
};

pub(crate) static ATTEMPT_DURATION: Metric = Metric {
    name: "<name>_attempt_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[OUTCOME],
    help: "Time from an attempt to its result, by how it ended.",
};

pub(crate) static ATTEMPTS_IN_FLIGHT: Metric = Metric {
    name: "<name>_attempts_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "Attempts begun and not yet ended.",
};

pub(crate) static ATTEMPTS_OLDEST_START: Metric = Metric {
    name: "<name>_attempts_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[],
    help: "When the oldest attempt in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static IN_FLIGHT_LIMIT: Metric = Metric {
    name: "<name>_in_flight_limit",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "How many calls the service takes at once, where the Layer was told.",
};

pub(crate) static LIMITER_CALLS_TOTAL: Metric = Metric {
    name: "limiter_calls_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[LIMITER],
    help: "Calls that reached a limiter: what refusals are a share of.",
};

pub(crate) static REQUESTS_REJECTED_TOTAL: Metric = Metric {
    name: "requests_rejected_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[LIMITER, REASON],
    help: "Calls that a limiter refused, by reason.",
};

pub(crate) static RATE_LIMIT_EXCEEDED_TOTAL: Metric = Metric {
    name: "rate_limit_exceeded_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[LIMITER],
    help: "Calls that a limiter refused because there were too many in a time.",
};

pub(crate) static SERVICE_READY_WAIT_SECONDS: Metric = Metric {
    name: "service_ready_wait_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[SERVICE, OUTCOME],
    help: "Time that callers waited until a service was ready, by how the wait ended.",
};

pub(crate) static RETRY_ATTEMPTS_TOTAL: Metric = Metric {
    name: "retry_attempts_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[POLICY, RESULT],
    help: "Attempts that were retried, and how the calls that were retried ended.",
};

pub(crate) static CONNECTIONS_OPEN: Metric = Metric {
    name: "connections_open",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[LISTENER],
    help: "Connections that are open.",
};

pub(crate) static CONNECTIONS_TOTAL: Metric = Metric {
    name: "connections_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[LISTENER],
    help: "Connections that were opened.",
};

pub(crate) static CONNECTION_DURATION_SECONDS: Metric = Metric {
    name: "connection_duration_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[LISTENER],
    help: "Time that connections were open.",
};

pub(crate) static APPLIED_TWICE_TOTAL: Metric = Metric {
    name: "tower_metrics_applied_twice_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[],
    help: "First calls of a label set that passed two Layers of the same metric, which counts them double.",
};

pub(crate) static LABEL_SETS: Metric = Metric {
    name: "tower_metrics_label_sets",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METRIC],
    help: "Label sets that users' own labels and endpoint functions have made, by metric.",
};

pub(crate) static LABEL_SETS_LIMIT: Metric = Metric {
    name: "tower_metrics_label_sets_limit",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METRIC],
    help: "How many label sets users' own labels and endpoint functions can make, by metric.",
};

pub(crate) static OVERFLOW_TOTAL: Metric = Metric {
    name: "tower_metrics_overflow_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[METRIC],
    help: "Calls whose own labels were folded into _OVERFLOW, because there were too many, by metric.",
};

pub(crate) static LABEL_SETS_GIVEN_UP_TOTAL: Metric = Metric {
    name: "tower_metrics_label_sets_given_up_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[METRIC],
    help: "Label sets of users' own labels that were given up after a day unused, to make room for others, by metric.",
};

pub(crate) static LATENCY_SAMPLE_EVERY: Metric = Metric {
    name: "tower_metrics_latency_sample_every",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[METRIC],
    help: "Of how many calls that end alike a histogram takes one, where the Layer was told, by histogram.",
};

pub(crate) static UPKEEP_TIMESTAMP_SECONDS: Metric = Metric {
    name: "tower_metrics_upkeep_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[],
    help: "When the exporter last moved waiting samples into their buckets, in seconds since 1970.",
};

pub(crate) static EXPORT_FAILURES_TOTAL: Metric = Metric {
    name: "tower_metrics_export_failures_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[EXPORTER],
    help: "Exports that failed, and lines that were lost because too many waited, by exporter.",
};

pub(crate) static BUILD_INFO: Metric = Metric {
    name: "tower_metrics_build_info",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[VERSION],
    help: "Always 1; the label tells the version of tower-metrics.",
};

pub(crate) static GRPC_SERVER_STARTED_TOTAL: Metric = Metric {
    name: "grpc_server_started_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "gRPC calls, counted when they began.",
};

pub(crate) static GRPC_SERVER_HANDLED_TOTAL: Metric = Metric {
    name: "grpc_server_handled_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD, GRPC_CODE],
    help: "gRPC calls, counted when they ended, by code.",
};

pub(crate) static GRPC_SERVER_HANDLING_SECONDS: Metric = Metric {
    name: "grpc_server_handling_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "Time from the beginning to the end of gRPC calls.",
};

pub(crate) static GRPC_SERVER_IN_FLIGHT: Metric = Metric {
    name: "grpc_server_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "gRPC calls, begun and not yet ended.",
};

pub(crate) static GRPC_SERVER_OLDEST_START: Metric = Metric {
    name: "grpc_server_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "When the oldest gRPC call in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static GRPC_SERVER_IN_FLIGHT_LIMIT: Metric = Metric {
    name: "grpc_server_in_flight_limit",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "How many gRPC calls the server takes at once, where the Layer was told.",
};

pub(crate) static GRPC_SERVER_MSG_RECEIVED_TOTAL: Metric = Metric {
    name: "grpc_server_msg_received_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "Messages received in gRPC calls.",
};

pub(crate) static GRPC_SERVER_MSG_SENT_TOTAL: Metric = Metric {
    name: "grpc_server_msg_sent_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "Messages sent in gRPC calls.",
};

pub(crate) static GRPC_CLIENT_STARTED_TOTAL: Metric = Metric {
    name: "grpc_client_started_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "gRPC calls that a client made, counted when they began.",
};

pub(crate) static GRPC_CLIENT_HANDLED_TOTAL: Metric = Metric {
    name: "grpc_client_handled_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD, GRPC_CODE],
    help: "gRPC calls that a client made, counted when they ended, by code.",
};

pub(crate) static GRPC_CLIENT_HANDLING_SECONDS: Metric = Metric {
    name: "grpc_client_handling_seconds",
    kind: Kind::Histogram,
    unit: Unit::Seconds,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "Time from the beginning to the end of gRPC calls that a client made.",
};

pub(crate) static GRPC_CLIENT_IN_FLIGHT: Metric = Metric {
    name: "grpc_client_in_flight",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "gRPC calls that a client made, begun and not yet ended.",
};

pub(crate) static GRPC_CLIENT_OLDEST_START: Metric = Metric {
    name: "grpc_client_oldest_start_timestamp_seconds",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "When the oldest gRPC call of a client in flight began, in seconds since 1970, where the Layer was told; NaN while there is none.",
};

pub(crate) static GRPC_CLIENT_IN_FLIGHT_LIMIT: Metric = Metric {
    name: "grpc_client_in_flight_limit",
    kind: Kind::Gauge,
    unit: Unit::Count,
    labels: &[],
    help: "How many gRPC calls are made at once, where the Layer was told.",
};

pub(crate) static GRPC_CLIENT_MSG_RECEIVED_TOTAL: Metric = Metric {
    name: "grpc_client_msg_received_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "Messages received in gRPC calls that a client made.",
};

pub(crate) static GRPC_CLIENT_MSG_SENT_TOTAL: Metric = Metric {
    name: "grpc_client_msg_sent_total",
    kind: Kind::Counter,
    unit: Unit::Count,
    labels: &[GRPC_TYPE, GRPC_SERVICE, GRPC_METHOD],
    help: "Messages sent in gRPC calls that a client made.",
};

/// The codes of gRPC in the order of their numbers, as Go spells them: `google.golang.org/grpc/codes`. The dashboards and mixins
/// of the gRPC ecosystem match these words.
pub(crate) const GRPC_CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// A call that its caller gave up.
pub(crate) const GRPC_CANCELED: &str = GRPC_CODES[1];

pub(super) static CATALOG: [&Metric; 66] = [
    &HTTP_REQUESTS_TOTAL,
    &HTTP_REQUEST_DURATION_SECONDS,
    &HTTP_RESPONSE_HEAD_DURATION_SECONDS,
    &HTTP_REQUESTS_IN_FLIGHT,
    &HTTP_OLDEST_START,
    &HTTP_REQUESTS_IN_FLIGHT_LIMIT,
    &HTTP_CLIENT_REQUESTS_TOTAL,
    &HTTP_CLIENT_REQUEST_DURATION_SECONDS,
    &HTTP_CLIENT_RESPONSE_HEAD_DURATION_SECONDS,
    &HTTP_CLIENT_REQUESTS_IN_FLIGHT,
    &HTTP_CLIENT_OLDEST_START,
    &HTTP_CLIENT_REQUESTS_IN_FLIGHT_LIMIT,
    &HTTP_ATTEMPTS_TOTAL,
    &HTTP_ATTEMPT_DURATION_SECONDS,
    &HTTP_ATTEMPT_HEAD_DURATION_SECONDS,
    &HTTP_ATTEMPTS_IN_FLIGHT,
    &HTTP_ATTEMPTS_OLDEST_START,
    &HTTP_CLIENT_ATTEMPTS_TOTAL,
    &HTTP_CLIENT_ATTEMPT_DURATION_SECONDS,
    &HTTP_CLIENT_ATTEMPT_HEAD_DURATION_SECONDS,
    &HTTP_CLIENT_ATTEMPTS_IN_FLIGHT,
    &HTTP_CLIENT_ATTEMPTS_OLDEST_START,
    &GRPC_SERVER_STARTED_TOTAL,
    &GRPC_SERVER_HANDLED_TOTAL,
    &GRPC_SERVER_HANDLING_SECONDS,
    &GRPC_SERVER_IN_FLIGHT,
    &GRPC_SERVER_OLDEST_START,
    &GRPC_SERVER_IN_FLIGHT_LIMIT,
    &GRPC_SERVER_MSG_RECEIVED_TOTAL,
    &GRPC_SERVER_MSG_SENT_TOTAL,
    &GRPC_CLIENT_STARTED_TOTAL,
    &GRPC_CLIENT_HANDLED_TOTAL,
    &GRPC_CLIENT_HANDLING_SECONDS,
    &GRPC_CLIENT_IN_FLIGHT,
    &GRPC_CLIENT_OLDEST_START,
    &GRPC_CLIENT_IN_FLIGHT_LIMIT,
    &GRPC_CLIENT_MSG_RECEIVED_TOTAL,
    &GRPC_CLIENT_MSG_SENT_TOTAL,
    &STARTED,
    &TOTAL,
    &DURATION,
    &IN_FLIGHT,
    &OLDEST_START,
    &IN_FLIGHT_LIMIT,
    &ATTEMPTS_STARTED,
    &ATTEMPTS,
    &ATTEMPT_DURATION,
    &ATTEMPTS_IN_FLIGHT,
    &ATTEMPTS_OLDEST_START,
    &LIMITER_CALLS_TOTAL,
    &REQUESTS_REJECTED_TOTAL,
    &RATE_LIMIT_EXCEEDED_TOTAL,
    &SERVICE_READY_WAIT_SECONDS,
    &RETRY_ATTEMPTS_TOTAL,
    &CONNECTIONS_OPEN,
    &CONNECTIONS_TOTAL,
    &CONNECTION_DURATION_SECONDS,
    &APPLIED_TWICE_TOTAL,
    &LABEL_SETS,
    &LABEL_SETS_LIMIT,
    &OVERFLOW_TOTAL,
    &LABEL_SETS_GIVEN_UP_TOTAL,
    &LATENCY_SAMPLE_EVERY,
    &UPKEEP_TIMESTAMP_SECONDS,
    &EXPORT_FAILURES_TOTAL,
    &BUILD_INFO,
];
