//! The bearer token that a caller shows.

use std::fmt;

use http::{HeaderMap, header::AUTHORIZATION};
use subtle::ConstantTimeEq;

use super::error::Kind;

/// What `Authorization: Bearer …` has to say. It is never shown.
#[derive(Clone)]
pub(super) struct Token(String);

// ===== impl Token =====

impl Token {
    pub(super) fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// Refuses a token that everybody has, or that nobody can send.
    pub(super) fn check(&self) -> Result<(), Kind> {
        if self.0.is_empty() {
            return Err(Kind::TokenEmpty);
        }
        if !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Kind::TokenCharacters);
        }
        Ok(())
    }

    /// Whether the caller shows this token. How long the comparison takes tells at most how long the token is.
    pub(super) fn is_shown_in(&self, headers: &HeaderMap) -> bool {
        let Some(shown) = headers.get(AUTHORIZATION) else { return false };
        let Some((scheme, rest)) = shown.as_bytes().split_at_checked("Bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ")
            && bool::from(rest.trim_ascii_start().ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}
