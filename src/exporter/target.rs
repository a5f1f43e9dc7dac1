//! Where a URI leads, and what it asks for beside.

use std::{collections::BTreeMap, time::Duration};

use percent_encoding::percent_decode_str;

use super::{
    Error,
    choice::{Choice, Scheme},
    error::Kind,
};

/// A URI, taken apart.
pub(super) struct Target {
    scheme: Scheme,
    /// Without what may be secret in it.
    shown: String,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// Empty, or with a slash in front and none at the end.
    pub(super) path: String,
    options: BTreeMap<String, String>,
}

// ===== impl Target =====

impl Target {
    pub(super) fn new(choice: Choice<'_>) -> Result<Self, Error> {
        let mut target = Self {
            scheme: choice.scheme,
            shown: choice.shown(),
            host: String::new(),
            port: 0,
            path: String::new(),
            options: BTreeMap::new(),
        };
        let rest = choice.uri.split_once("://").map_or("", |(_, rest)| rest);
        if rest.contains('#') {
            return Err(target.wrong("nothing follows a `#`: write %23 where one is meant"));
        }
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        if authority.contains('@') {
            return Err(Kind::Credentials { uri: target.shown }.into());
        }
        (target.host, target.port) = target.authority(authority)?;
        path.trim_end_matches('/').clone_into(&mut target.path);
        for pair in options.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(target.wrong("an option has a value: write NAME=VALUE after the `?`"));
            };
            let (name, value) = (target.decoded(name)?, target.decoded(value)?);
            if target.options.insert(name.clone(), value).is_some() {
                return Err(target.option(&name, "is there twice: keep one"));
            }
        }
        Ok(target)
    }

    /// The URI for messages.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// `HOST:PORT`, as it stands in a URI.
    pub(super) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(super) fn take(&mut self, option: &str) -> Option<String> {
        self.options.remove(option)
    }

    /// A duration such as `15s`, from 100 ms to one day.
    pub(super) fn interval(&mut self, default: Duration) -> Result<Duration, Error> {
        let Some(text) = self.take("interval") else { return Ok(default) };
        let unit = text.trim_start_matches(|it: char| it.is_ascii_digit());
        let number = text[..text.len() - unit.len()].parse::<u32>().ok();
        let interval = number.and_then(|number| match unit {
            "ms" => Some(Duration::from_millis(number.into())),
            "s" => Some(Duration::from_secs(number.into())),
            "m" => Some(Duration::from_secs(60 * u64::from(number))),
            _ => None,
        });
        let longest = Duration::from_secs(86_400);
        interval.filter(|interval| (Duration::from_millis(100)..=longest).contains(interval)).ok_or_else(
            || self.option("interval", "is a whole number of ms, s or m, such as 15s, from 100ms to a day"),
        )
    }

    /// A prefix of every name.
    pub(super) fn prefix(&mut self) -> Result<Option<String>, Error> {
        let prefix = self.take("prefix");
        let is_name = |prefix: &String| {
            !prefix.is_empty() && prefix.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it))
        };
        if prefix.iter().all(is_name) {
            Ok(prefix.map(|prefix| prefix.trim_end_matches('.').to_owned()))
        } else {
            Err(self.option("prefix", "has letters, digits, `.`, `_` and `-` alone, such as shop"))
        }
    }

    /// Refuses a path where there is none.
    pub(super) fn without_path(&self) -> Result<(), Error> {
        if self.path.is_empty() { Ok(()) } else { Err(self.wrong("it has no path: leave it out")) }
    }

    /// Refuses what nobody took; `known` says which options there are.
    pub(super) fn finish(&self, known: &'static str) -> Result<(), Error> {
        match self.options.keys().next() {
            None => Ok(()),
            Some(option) => {
                Err(Kind::NoSuchOption { uri: self.shown.clone(), option: option.clone(), known }.into())
            }
        }
    }

    pub(super) fn wrong(&self, what: &'static str) -> Error {
        Kind::Uri { uri: self.shown.clone(), what, example: self.scheme.example() }.into()
    }

    pub(super) fn option(&self, option: &str, what: &'static str) -> Error {
        Kind::Option { uri: self.shown.clone(), option: option.to_owned(), what }.into()
    }

    fn authority(&self, authority: &str) -> Result<(String, u16), Error> {
        let (host, port) = match authority.strip_prefix('[').map(|it| it.split_once(']')) {
            Some(Some((host, port))) => (host, port.strip_prefix(':')),
            Some(None) => return Err(self.wrong("the `[` of its IPv6 address has no `]`")),
            None => authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(self.wrong("it has no host"));
        }
        if host.contains(':') && !authority.starts_with('[') {
            return Err(self.wrong("an IPv6 address has brackets, as in [::1]:9000"));
        }
        if !host.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_:%".contains(&it)) {
            return Err(self.wrong("its host has a character that no host has"));
        }
        let Some(port) = port else { return Err(self.wrong("it has no port")) };
        let port = port.parse().map_err(|_| self.wrong("its port is no number up to 65535"))?;
        let listens = matches!(self.scheme, Scheme::Prometheus | Scheme::Tcp);
        if port == 0 && !listens {
            return Err(self.wrong("nobody listens on port 0"));
        }
        Ok((host.to_owned(), port))
    }

    fn decoded(&self, text: &str) -> Result<String, Error> {
        let decoded = percent_decode_str(text).decode_utf8();
        Ok(decoded.map_err(|_| self.wrong("its options are no UTF-8"))?.into_owned())
    }
}
