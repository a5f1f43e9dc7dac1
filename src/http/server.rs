//! A server that a client names.

use http::{Uri, uri::Authority};

/// An entry of the list of servers that have a label value of their own.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) name: String,
    host: String,
    pub(super) port: Option<u16>,
}

// ===== impl Server =====

impl Server {
    pub(super) fn new(name: String) -> Self {
        let authority =
            name.parse::<Authority>().ok().filter(|it| !it.host().is_empty() && !name.contains('@'));
        let Some(authority) = authority else {
            panic!(
                "{name:?} is no server: give its host as it stands in the URI, with or without the port, and leave out \
                 the scheme and the path"
            )
        };
        Self { host: authority.host().to_owned(), port: authority.port_u16(), name }
    }

    pub(super) fn is_of(&self, uri: &Uri) -> bool {
        let is_host = || uri.host().is_some_and(|host| host.eq_ignore_ascii_case(&self.host));
        let is_port = || self.port.is_none() || self.port == port(uri);
        is_port() && is_host()
    }
}

/// The port of a request, which is that of its scheme where it has none of its own.
fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    })
}
