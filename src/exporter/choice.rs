//! Which exporters a list of URIs names, and which of them this program has.

use super::{Error, error::Kind};

/// Everything that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scheme {
    None,
    Prometheus,
    Pushgateway,
    Statsd,
    Dogstatsd,
    OtlpHttp,
    OtlpGrpc,
    Tcp,
}

/// One URI of the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    pub(super) scheme: Scheme,
    /// The URI as it was given. It may hold a secret, and is shown through [`shown`](Self::shown) alone.
    pub(super) uri: &'a str,
    hides: bool,
}

/// Every scheme, a URI that is right, and the feature that it is of.
const SCHEMES: [(Scheme, &str, &str, &str, bool); 8] = [
    (Scheme::None, "none", "none", "", true),
    (
        Scheme::Prometheus,
        "prometheus",
        "prometheus://127.0.0.1:9000",
        "prometheus",
        cfg!(feature = "prometheus"),
    ),
    (
        Scheme::Pushgateway,
        "pushgateway+http",
        "pushgateway+http://127.0.0.1:9091?job=api&instance=api-1",
        "push-gateway",
        cfg!(feature = "push-gateway"),
    ),
    (Scheme::Statsd, "statsd", "statsd://127.0.0.1:8125", "statsd", cfg!(feature = "statsd")),
    (Scheme::Dogstatsd, "dogstatsd", "dogstatsd://127.0.0.1:8125", "dogstatsd", cfg!(feature = "dogstatsd")),
    (Scheme::OtlpHttp, "otlp+http", "otlp+http://127.0.0.1:4318", "otlp", cfg!(feature = "otlp")),
    (Scheme::OtlpGrpc, "otlp+grpc", "otlp+grpc://127.0.0.1:4317", "otlp", cfg!(feature = "otlp")),
    (Scheme::Tcp, "tcp", "tcp://127.0.0.1:5000", "tcp", cfg!(feature = "tcp")),
];

// ===== impl Scheme =====

impl Scheme {
    /// A URI of this scheme that is right.
    pub(super) fn example(self) -> &'static str {
        SCHEMES
            .iter()
            .find(|(scheme, ..)| *scheme == self)
            .map(|(_, _, example, ..)| *example)
            .expect("it is there")
    }
}

// ===== impl Choice =====

impl Choice<'_> {
    /// The URI for messages.
    pub(super) fn shown(&self) -> String {
        shown(self.uri, self.hides)
    }
}

/// Reads a list of URIs, separated by commas. `none` is an empty one.
pub(super) fn choices(uris: &str) -> Result<Vec<Choice<'_>>, Error> {
    if uris.trim().is_empty() {
        return Err(Kind::Empty.into());
    }
    let hides = uris.contains('@') || uris.contains("%40");
    let choices =
        uris.split(',').map(|uri| choice(uri.trim(), uris, hides)).collect::<Result<Vec<_>, _>>()?;
    if choices.iter().filter(|choice| choice.scheme == Scheme::Prometheus).count() > 1 {
        return Err(Kind::PrometheusTwice.into());
    }
    match choices.iter().any(|choice| choice.scheme == Scheme::None) {
        true if choices.len() > 1 => Err(Kind::NoneBesideOthers.into()),
        true => Ok(Vec::new()),
        false => Ok(choices),
    }
}

fn choice<'a>(uri: &'a str, of: &str, hides: bool) -> Result<Choice<'a>, Error> {
    let shown = |uri| shown(uri, hides);
    if uri.is_empty() {
        let list: Vec<_> = of.split(',').map(shown).collect();
        return Err(Kind::EmptyInList(list.join(",")).into());
    }
    let (scheme, rest) = uri.split_once("://").map_or((uri, None), |(scheme, rest)| (scheme, Some(rest)));
    let scheme = scheme.to_ascii_lowercase();
    let found = SCHEMES.iter().find(|(_, name, ..)| *name == scheme);
    let Some(&(found, name, example, feature, is_on)) = found else {
        return Err(Kind::Scheme { uri: shown(uri), instead: instead(&scheme) }.into());
    };
    match (found, rest) {
        (Scheme::None, Some(_)) => {
            Err(Kind::Uri { uri: shown(uri), what: "`none` has nothing after it", example }.into())
        }
        _ if !is_on => Err(Kind::FeatureOff { exporter: name, feature }.into()),
        (Scheme::None | Scheme::Prometheus, None) | (_, Some(_)) => Ok(Choice { scheme: found, uri, hides }),
        (_, None) => Err(Kind::Uri { uri: shown(uri), what: "it does not say where to", example }.into()),
    }
}

/// What who wrote this scheme probably wants.
fn instead(scheme: &str) -> &'static str {
    match scheme {
        "pushgateway+https" => {
            "TLS is not spoken: write pushgateway+http:// to a proxy on this machine that speaks it, or let a Prometheus scrape"
        }
        "otlp+https" | "otlp+grpcs" => {
            "TLS is not spoken: write otlp+http:// or otlp+grpc:// to a collector or an agent on this machine that speaks it"
        }
        "pushgateway" | "push" => "write pushgateway+http://HOST:PORT?job=JOB&instance=INSTANCE",
        "otlp" | "otel" | "opentelemetry" => "write otlp+http://HOST:4318 or otlp+grpc://HOST:4317",
        "http" | "https" => {
            "write prometheus://HOST:PORT to be scraped there, pushgateway+http://HOST:PORT to push, or otlp+http://HOST:PORT"
        }
        "datadog" => "write dogstatsd://HOST:8125",
        "udp" => "write statsd://HOST:8125 or dogstatsd://HOST:8125",
        "off" | "no" | "false" | "disabled" => "write none",
        _ => {
            "write none, prometheus, or one of prometheus://, pushgateway+http://, statsd://, dogstatsd://, otlp+http://, \
             otlp+grpc:// and tcp://"
        }
    }
}

/// A URI without what may be secret in it: what its options say, and, where the list names anybody before an `@`, all but its
/// scheme. A password may have a comma in it, and then is in two URIs.
fn shown(uri: &str, hides: bool) -> String {
    if hides {
        let scheme = uri.split_once("://").map(|(scheme, _)| scheme);
        return scheme.map_or("…".to_owned(), |scheme| format!("{scheme}://…"));
    }
    match uri.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => uri.to_owned(),
    }
}
