//! Why an exporter could not be started.

use std::{error, fmt, io};

/// Why an exporter could not be started. Its message says what to change.
pub struct Error {
    kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Address(String),
    Listen(String, io::Error),
    NoRuntime,
    RecorderIsSet,
    Start(io::Error),
    TokenCharacters,
    TokenEmpty,
    Upkeep(io::Error),
}

// ===== impl Error =====

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind }
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
        match &self.kind {
            Kind::Address(address) => {
                write!(f, "{address:?} is no address to listen on: write HOST:PORT, such as 127.0.0.1:9000")
            }
            Kind::Listen(address, source) if source.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen on {address} for /metrics, because the port is taken: stop what listens there, or \
                 choose another port"
            ),
            Kind::Listen(address, source) => {
                write!(f, "cannot listen on {address} for /metrics: {source}: choose an address of this machine")
            }
            Kind::NoRuntime => f.write_str(
                "serving /metrics needs a tokio runtime: call it inside one, or install() the exporter and serve \
                 what render() returns",
            ),
            Kind::RecorderIsSet => f.write_str(
                "another metrics recorder is installed already: install one exporter, once, at startup",
            ),
            Kind::Start(source) => write!(f, "cannot start the threads that serve /metrics: {source}"),
            Kind::TokenCharacters => f.write_str(
                "the bearer token has a character that is no visible ASCII, which no caller can send: take off the line \
                 break or space, such as one at the end of a file",
            ),
            Kind::TokenEmpty => f.write_str(
                "the bearer token is empty, which every caller could show: give one, or leave bearer_token() out",
            ),
            Kind::Upkeep(source) => write!(f, "cannot start the thread that does the exporter's upkeep: {source}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Listen(_, source) | Kind::Start(source) | Kind::Upkeep(source) => Some(source),
            Kind::Address(_)
            | Kind::NoRuntime
            | Kind::RecorderIsSet
            | Kind::TokenCharacters
            | Kind::TokenEmpty => None,
        }
    }
}
