//! What a request is answered: who may ask, for what, and in which format.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use tokio::time;

use super::{
    accept,
    pages::{Broken, Pages},
    token::Token,
};

/// How long a page may take, the wait for its turn included. A Prometheus waits as long by default.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);

const EXPOSITION: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Answers requests for the metrics.
pub(super) struct Answer {
    pages: Pages,
    token: Option<Token>,
}

// ===== impl Answer =====

impl Answer {
    pub(super) fn new(pages: Pages, token: Option<Token>) -> Self {
        Self { pages, token }
    }

    /// The token comes first: who has none learns neither what there is nor what is asked for wrongly.
    pub(super) async fn to<B>(&self, request: &Request<B>) -> Response<Bytes> {
        if !self.allows(request.headers()) {
            return unauthorized();
        }
        if request.uri().path() != "/metrics" {
            return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        if !accept::takes_text(request.headers()) {
            return plain(
                StatusCode::NOT_ACCEPTABLE,
                "the metrics are there as text/plain; version=0.0.4, which the Accept header does not take\n",
            );
        }
        match time::timeout(PAGE_TIMEOUT, self.pages.fresh()).await {
            Ok(Ok(page)) => {
                let mut response = plain(StatusCode::OK, page);
                response.headers_mut().insert(CONTENT_TYPE, EXPOSITION);
                response
            }
            Ok(Err(Broken)) => {
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be rendered\n")
            }
            Err(_) => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "the metrics could not be rendered within 10 s: there are too many series, or the machine is too busy\n",
            ),
        }
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        self.token.as_ref().is_none_or(|token| token.is_shown_in(headers))
    }
}

fn unauthorized() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_render_that_panics_is_500_and_the_next_page_is_there() {
        let mut panics = true;
        let pages = Pages::new(move || {
            assert!(!std::mem::take(&mut panics), "once");
            Bytes::from_static(b"page")
        });
        let answer = Answer::new(pages.unwrap(), None);
        let request = Request::get("/metrics").body(()).unwrap();
        assert_eq!(answer.to(&request).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let response = answer.to(&request).await;
        assert_eq!((response.status(), &response.body()[..]), (StatusCode::OK, &b"page"[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_does_not_come_within_10_s_is_503_and_says_so() {
        let (end, ended) = mpsc::channel();
        let pages = Pages::new(move || {
            ended.recv().unwrap();
            Bytes::new()
        });
        let answer = Answer::new(pages.unwrap(), None);
        let begun = time::Instant::now();
        let response = answer.to(&Request::get("/metrics").body(()).unwrap()).await;
        assert_eq!((response.status(), begun.elapsed().as_secs()), (StatusCode::SERVICE_UNAVAILABLE, 10));
        assert!(response.body().starts_with(b"the metrics could not be rendered within 10 s"));
        end.send(()).unwrap();
    }

    #[tokio::test]
    async fn nothing_is_rendered_for_whom_it_is_not_answered() {
        let pages = Pages::new(|| panic!("it was rendered"));
        let answer = Answer::new(pages.unwrap(), Some(Token::new("s3cret")));
        for (path, method, accept, token, status) in [
            ("/metrics", "GET", "*/*", "Bearer other", 401),
            ("/", "POST", "image/png", "Bearer other", 401),
            ("/", "POST", "image/png", "Bearer s3cret", 404),
            ("/metrics", "POST", "image/png", "Bearer s3cret", 405),
            ("/metrics", "GET", "image/png", "Bearer s3cret", 406),
            ("/metrics", "GET", "*/*", "Bearer s3cret", 500),
        ] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("accept", accept)
                .header("authorization", token);
            assert_eq!(
                answer.to(&request.body(()).unwrap()).await.status(),
                status,
                "{method} {path} {token}"
            );
        }
    }
}
