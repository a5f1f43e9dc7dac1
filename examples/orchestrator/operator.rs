//! Who may reset a breaker: whoever shows the token of a file.

use std::{fs, path::Path};

use axum::{
    Json, extract,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use subtle::ConstantTimeEq;
use tower_metrics::metrics::counter;

use crate::{App, agents::AGENTS, promise::BREAKER_RESETS};

const OUTCOMES: [&str; 4] = ["reset", "unauthorized", "forbidden", "unknown_agent"];

/// The token that an operator shows. Without one nobody is an operator.
pub(crate) struct Operator {
    token: Option<String>,
}

// ===== impl Operator =====

impl Operator {
    pub(crate) fn new(token_file: Option<&Path>) -> Result<Self, String> {
        let token = token_file.map(read).transpose()?;
        for outcome in OUTCOMES {
            counter!(BREAKER_RESETS.name(), "outcome" => outcome).absolute(0);
        }
        Ok(Self { token })
    }

    /// Compares in constant time, as the library that the exporter's own token is compared by does it: the time that it
    /// takes tells at most how long the token is.
    fn is_shown(&self, shown: &[u8]) -> bool {
        let token = self.token.as_ref();
        token.is_some_and(|token| bool::from(token.as_bytes().ct_eq(shown)))
    }
}

fn read(file: &Path) -> Result<String, String> {
    let token =
        fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let token = token.trim();
    match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(token.into()),
        false => Err(format!("{} holds no token: write one of visible ASCII characters", file.display())),
    }
}

/// `POST /breakers/{agent}/reset`
pub(crate) async fn reset(
    extract::State(app): extract::State<App>,
    extract::Path(agent): extract::Path<String>,
    headers: HeaderMap,
) -> Response {
    let shown = headers.get(header::AUTHORIZATION).map(|shown| shown.as_bytes());
    let shown = shown.and_then(|shown| shown.split_at_checked("Bearer ".len()));
    let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "));
    let breaker = app.agents.breaker(&agent);
    let (outcome, answer) = match (shown, breaker) {
        (None, _) => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            let text = "show a token: `Authorization: Bearer …`\n";
            ("unauthorized", (StatusCode::UNAUTHORIZED, challenge, text).into_response())
        }
        (Some((_, token)), _) if !app.operator.is_shown(token) => {
            let text = "this is not the token of `--token-file`\n";
            ("forbidden", (StatusCode::FORBIDDEN, text).into_response())
        }
        (Some(_), None) => ("unknown_agent", unknown_agent()),
        (Some(_), Some(breaker)) => {
            breaker.reset();
            ("reset", Json(json!({ "agent": agent, "state": "closed" })).into_response())
        }
    };
    counter!(BREAKER_RESETS.name(), "outcome" => outcome).increment(1);
    answer
}

/// Names those that there are.
pub(crate) fn unknown_agent() -> Response {
    let text = format!("there is no such agent: ask for {}\n", AGENTS.join(", "));
    (StatusCode::NOT_FOUND, text).into_response()
}
