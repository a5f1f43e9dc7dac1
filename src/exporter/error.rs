//! Why an exporter could not be started, or could not hand over the last of what it had.

use std::{error, fmt, io};

/// Why an exporter could not be started, or could not hand over its last metrics. Its message says what to change.
pub struct Error {
    kind: Kind,
    /// Where what is wrong was said.
    said_in: Option<&'static str>,
}

/// What is shown of a URI in these has no secret in it.
#[derive(Debug)]
pub(super) enum Kind {
    Address(String),
    Background(io::Error),
    Build(String, String),
    Credentials { uri: String },
    Empty,
    EmptyInList(String),
    FeatureOff { exporter: &'static str, feature: &'static str },
    Flush(Vec<(String, String)>),
    Instance { uri: String },
    Listen { address: String, purpose: &'static str, source: io::Error },
    NoneBesideOthers,
    NoRuntime,
    NoSuchOption { uri: String, option: String, known: &'static str },
    NotUnicode(&'static str),
    Option { uri: String, option: String, what: &'static str },
    PrometheusTwice,
    RecorderIsSet,
    Resolve(String, io::Error),
    Scheme { uri: String, instead: &'static str },
    Start(io::Error),
    TokenCharacters,
    TokenEmpty,
    Unset(&'static str),
    Upkeep(io::Error),
    Uri { uri: String, what: &'static str, example: &'static str },
}

// ===== impl Error =====

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind, said_in: None }
    }
}

impl Error {
    /// Tells where what is wrong was said.
    pub(super) fn said_in(self, place: &'static str) -> Self {
        Self { said_in: Some(place), ..self }
    }
}

// A `main` that returns an error prints it so, and the message is all that helps there.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.said_in {
            write!(f, "{place}: ")?;
        }
        match &self.kind {
            Kind::Address(address) => {
                write!(f, "{address:?} is no address to listen on: write HOST:PORT, such as 127.0.0.1:9000")
            }
            Kind::Background(source) => write!(f, "cannot start the thread that an exporter works on: {source}"),
            Kind::Build(uri, why) => write!(f, "cannot export to {uri}: {why}"),
            Kind::Credentials { uri } => write!(
                f,
                "{uri} holds a user or a password, which are not sent: leave them out, and put a proxy that knows them in \
                 between"
            ),
            Kind::Empty => f.write_str("no exporter is named: write none to go without, or one such as prometheus"),
            Kind::EmptyInList(uris) => {
                write!(f, "{uris:?} has nothing between two commas or at an end: take the comma out, or write %2C for one")
            }
            Kind::FeatureOff { exporter, feature } => write!(
                f,
                "{exporter} is of the feature `{feature}`, which this program was built without: add it to the features of \
                 tower-metrics in Cargo.toml"
            ),
            Kind::Flush(failed) => {
                f.write_str("the last metrics are not where they should be")?;
                failed.iter().try_for_each(|(uri, why)| write!(f, "; {uri}: {why}"))
            }
            Kind::Instance { uri } => write!(
                f,
                "{uri} names no instance, and two replicas that push to one group overwrite each other: add \
                 instance=NAME, another for each, or instance=none where there will only ever be one"
            ),
            Kind::Listen { address, purpose, source } if source.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen on {address} for {purpose}, because the port is taken: stop what listens there, or \
                 choose another port"
            ),
            Kind::Listen { address, purpose, source } => {
                write!(f, "cannot listen on {address} for {purpose}: {source}: choose an address of this machine")
            }
            Kind::NoneBesideOthers => {
                f.write_str("none stands beside other exporters: write it alone, or leave it out")
            }
            Kind::NoRuntime => f.write_str(
                "serving /metrics needs a tokio runtime: call it inside one, or install() the exporter and serve \
                 what render() returns",
            ),
            Kind::NoSuchOption { uri, option, known } => {
                write!(f, "{uri} has an option {option:?}, which there is not: {known}")
            }
            Kind::NotUnicode(variable) => {
                write!(f, "the environment variable {variable} is no UTF-8: write URIs, separated by commas")
            }
            Kind::Option { uri, option, what } => write!(f, "the option {option} of {uri} is wrong: it {what}"),
            Kind::PrometheusTwice => f.write_str(
                "prometheus is there twice, and there is one page: keep one; a Prometheus and others can scrape it",
            ),
            Kind::RecorderIsSet => f.write_str(
                "another metrics recorder is installed already: install one exporter, once, at startup",
            ),
            Kind::Resolve(address, source) => {
                write!(f, "cannot find {address}: {source}: write a host that this machine can look up, or its IP address")
            }
            Kind::Scheme { uri, instead } => write!(f, "{uri:?} names no exporter that there is: {instead}"),
            Kind::Start(source) => write!(f, "cannot start the threads that serve /metrics: {source}"),
            Kind::TokenCharacters => f.write_str(
                "the bearer token has a character that is no visible ASCII, which no caller can send: take off the line \
                 break or space, such as one at the end of a file",
            ),
            Kind::TokenEmpty => f.write_str(
                "the bearer token is empty, which every caller could show: give one, or leave bearer_token() out",
            ),
            Kind::Unset(variable) => write!(
                f,
                "the environment variable {variable} is not set, or empty: set it to an exporter such as \
                 prometheus://127.0.0.1:9000, or to none"
            ),
            Kind::Uri { uri, what, example } => write!(f, "{uri:?} is wrong: {what}: write it as in {example}"),
            Kind::Upkeep(source) => write!(f, "cannot start the thread that does the exporter's upkeep: {source}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Background(source)
            | Kind::Listen { source, .. }
            | Kind::Resolve(_, source)
            | Kind::Start(source)
            | Kind::Upkeep(source) => Some(source),
            _ => None,
        }
    }
}
