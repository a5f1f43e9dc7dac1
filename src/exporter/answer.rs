//! What a request is answered: who may ask, for what, and in which format.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS},
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

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers requests for the metrics.
pub(super) struct Answer {
    metrics: Pages,
    /// Where the page for people is served.
    catalog: Option<Pages>,
    token: Option<Token>,
}

/// What renders a text that is served.
pub(super) type Render = Box<dyn FnMut() -> Bytes + Send>;

/// What is served.
pub(super) struct Renders {
    pub(super) metrics: Render,
    /// With it goes the page that reads it.
    pub(super) catalog: Option<Render>,
}

// ===== impl Answer =====

impl Answer {
    pub(super) fn new(renders: Renders, token: Option<Token>) -> io::Result<Self> {
        let catalog = renders.catalog.map(Pages::new).transpose()?;
        Ok(Self { metrics: Pages::new(renders.metrics)?, catalog, token })
    }

    /// The token comes first: who has none learns neither what there is nor what is asked for wrongly. But the page for
    /// people, which has no number in it, asks for the token itself, for no browser sends one unasked.
    pub(super) async fn to<B>(&self, request: &Request<B>) -> Response<Bytes> {
        let path = request.uri().path();
        #[cfg(feature = "page")]
        if path == "/" && self.catalog.is_some() {
            return crate::page::document::answer(request.method());
        }
        if !self.allows(request.headers()) {
            return unauthorized();
        }
        let (pages, content_type) = match (path, &self.catalog) {
            ("/metrics", _) => (&self.metrics, EXPOSITION),
            ("/catalog.json", Some(catalog)) => (catalog, JSON),
            (_, None) => return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n"),
            (_, Some(_)) => {
                return plain(
                    StatusCode::NOT_FOUND,
                    "the metrics are at /metrics, and a page of them is at /\n",
                );
            }
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        if path == "/metrics" && !accept::takes_text(request.headers()) {
            return plain(
                StatusCode::NOT_ACCEPTABLE,
                "the metrics are there as text/plain; version=0.0.4, which the Accept header does not take\n",
            );
        }
        match time::timeout(PAGE_TIMEOUT, pages.fresh()).await {
            Ok(Ok(page)) => {
                let mut response = plain(StatusCode::OK, page);
                response.headers_mut().insert(CONTENT_TYPE, content_type);
                // Numbers of one moment, which a token may keep from others.
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
    // A browser may look at it too.
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use std::sync::mpsc;

    use super::*;

    fn answer(metrics: impl FnMut() -> Bytes + Send + 'static, token: Option<Token>) -> Answer {
        Answer::new(Renders { metrics: Box::new(metrics), catalog: None }, token).unwrap()
    }

    #[tokio::test]
    async fn a_render_that_panics_is_500_and_the_next_page_is_there() {
        let mut panics = true;
        let render = move || {
            assert!(!std::mem::take(&mut panics), "once");
            Bytes::from_static(b"page")
        };
        let answer = answer(render, None);
        let request = Request::get("/metrics").body(()).unwrap();
        assert_eq!(answer.to(&request).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let response = answer.to(&request).await;
        assert_eq!((response.status(), &response.body()[..]), (StatusCode::OK, &b"page"[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_does_not_come_within_10_s_is_503_and_says_so() {
        let (end, ended) = mpsc::channel();
        let render = move || {
            ended.recv().unwrap();
            Bytes::new()
        };
        let answer = answer(render, None);
        let begun = time::Instant::now();
        let response = answer.to(&Request::get("/metrics").body(()).unwrap()).await;
        assert_eq!((response.status(), begun.elapsed().as_secs()), (StatusCode::SERVICE_UNAVAILABLE, 10));
        assert!(response.body().starts_with(b"the metrics could not be rendered within 10 s"));
        end.send(()).unwrap();
    }

    #[tokio::test]
    async fn nothing_is_rendered_for_whom_it_is_not_answered() {
        let answer = answer(|| panic!("it was rendered"), Some(Token::new("s3cret")));
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

    #[cfg(feature = "page")]
    #[tokio::test]
    async fn the_page_asks_for_no_token_and_its_catalogue_does() {
        let renders = Renders {
            metrics: Box::new(|| Bytes::from_static(b"metrics")),
            catalog: Some(Box::new(|| Bytes::from_static(b"{}"))),
        };
        let answer = Answer::new(renders, Some(Token::new("s3cret"))).unwrap();
        for (path, method, token, status, content_type) in [
            ("/", "GET", "", 200, "text/html; charset=utf-8"),
            ("/", "HEAD", "", 200, "text/html; charset=utf-8"),
            ("/", "POST", "", 405, "text/plain; charset=utf-8"),
            ("/catalog.json", "GET", "", 401, ""),
            ("/catalog.json", "GET", "Bearer s3cret", 200, "application/json"),
            ("/catalog.json", "POST", "Bearer s3cret", 405, "text/plain; charset=utf-8"),
            ("/metrics", "GET", "Bearer s3cret", 200, "text/plain; version=0.0.4; charset=utf-8"),
            ("/other", "GET", "", 401, ""),
            ("/other", "GET", "Bearer s3cret", 404, "text/plain; charset=utf-8"),
        ] {
            let request = Request::builder().method(method).uri(path).header("authorization", token);
            let response = answer.to(&request.body(()).unwrap()).await;
            let said = response.headers().get(CONTENT_TYPE).map_or("", |it| it.to_str().unwrap());
            assert_eq!((response.status().as_u16(), said), (status, content_type), "{method} {path}");
        }
    }
}
