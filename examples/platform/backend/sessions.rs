//! Sessions: who logs in, how often that fails and why, and how many are logged in.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, interval};
use tower_metrics::metrics::{counter, describe_counter, describe_gauge, gauge};

use super::Backend;

/// Who is logged in: the end of each session, by its token.
pub(super) struct Sessions {
    lifetime: Duration,
    /// Opened once, so that nobody is kept out because too many files are open.
    random: File,
    open: Mutex<HashMap<String, Instant>>,
}

#[derive(Deserialize)]
pub(super) struct Login {
    user: String,
    password: String,
}

/// Why somebody is not let in, as the caller is told.
type Refused = (StatusCode, &'static str);

const USERS: [(&str, &str); 2] = [("ada", "analytical"), ("grace", "compiler")];

/// Which of both is wrong is for those who run it, and not for who guesses.
const WRONG: Refused = (StatusCode::UNAUTHORIZED, "there is no such user with this password\n");

const TOO_MANY: Refused = (StatusCode::TOO_MANY_REQUESTS, "too many sessions are open: try again later\n");

/// Nobody can take more memory than this many sessions do.
const MOST: usize = 10_000;

const OUTCOMES: [&str; 4] = ["success", "wrong_password", "unknown_user", "too_many_sessions"];

/// `{"user": "ada", "password": "analytical"}` opens a session.
pub(super) async fn open(
    State(backend): State<Arc<Backend>>,
    Json(login): Json<Login>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let known = USERS.into_iter().find(|(user, _)| *user == login.user);
    let (outcome, answer) = match known {
        None => ("unknown_user", Err(WRONG)),
        Some((_, password)) if password != login.password => ("wrong_password", Err(WRONG)),
        Some(_) => match backend.sessions.open() {
            Some(token) => ("success", Ok(token)),
            None => ("too_many_sessions", Err(TOO_MANY)),
        },
    };
    counter!("auth_attempts_total", "outcome" => outcome).increment(1);
    answer.map(|token| (StatusCode::CREATED, Json(json!({ "token": token }))))
}

/// Closes the session that the header names.
pub(super) async fn close(
    State(backend): State<Arc<Backend>>,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    let token = backend.sessions.of(&headers)?;
    backend.sessions.change(|open| open.remove(token));
    Ok(StatusCode::NO_CONTENT)
}

// ===== impl Sessions =====

impl Sessions {
    pub(super) fn lasting(lifetime: Duration) -> Arc<Self> {
        describe_counter!("auth_attempts_total", "Attempts to log in, by what came of them.");
        describe_gauge!("active_sessions", "Sessions that are open.");
        OUTCOMES
            .iter()
            .for_each(|outcome| counter!("auth_attempts_total", "outcome" => *outcome).absolute(0));
        let random = File::open("/dev/urandom").expect("a Unix system has /dev/urandom");
        let this = Arc::new(Self { lifetime, random, open: Mutex::default() });
        this.change(|_| {});
        // A session that nobody uses again ends too.
        let sessions = Arc::clone(&this);
        tokio::spawn(async move {
            let mut each_second = interval(Duration::from_secs(1));
            loop {
                each_second.tick().await;
                sessions.change(|_| {});
            }
        });
        this
    }

    /// The token of the session that a request belongs to.
    pub(super) fn of<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Refused> {
        let token = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
        let token = token.filter(|token| self.change(|open| open.contains_key(*token)));
        token.ok_or((StatusCode::UNAUTHORIZED, "log in: POST /sessions, then Authorization: Bearer TOKEN\n"))
    }

    fn open(&self) -> Option<String> {
        let token = self.token().expect("/dev/urandom has no end");
        self.change(|open| {
            if open.len() == MOST {
                return None;
            }
            open.insert(token.clone(), Instant::now() + self.lifetime);
            Some(token)
        })
    }

    /// Changes what is open now, and tells how many that are.
    fn change<T>(&self, change: impl FnOnce(&mut HashMap<String, Instant>) -> T) -> T {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        open.retain(|_, end| now < *end);
        let changed = change(&mut open);
        gauge!("active_sessions").set(open.len() as f64);
        changed
    }

    /// 128 bits that nobody guesses.
    fn token(&self) -> io::Result<String> {
        let mut bytes = [0; 16];
        (&self.random).read_exact(&mut bytes)?;
        Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
}
