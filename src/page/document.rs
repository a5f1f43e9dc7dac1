//! The document: one page with its style and its script in it, and what a browser is told of it.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};

const STYLE: &str = concat!(
    include_str!("assets/uplot/uPlot.min.css"),
    include_str!("assets/page.css"),
    include_str!("assets/tables.css"),
);

/// One scope, which nothing else sees. A file uses what stands before it when it is run, and the last one begins.
const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\n",
    include_str!("assets/uplot/uPlot.iife.min.js"),
    include_str!("assets/slices.js"),
    include_str!("assets/dom.js"),
    include_str!("assets/format.js"),
    include_str!("assets/exposition.js"),
    include_str!("assets/history.js"),
    include_str!("assets/sets.js"),
    include_str!("assets/figures.js"),
    include_str!("assets/promised.js"),
    include_str!("assets/plan.js"),
    include_str!("assets/verdicts.js"),
    include_str!("assets/columns.js"),
    include_str!("assets/colours.js"),
    include_str!("assets/plot.js"),
    include_str!("assets/heatmap.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/table.js"),
    include_str!("assets/routes.js"),
    include_str!("assets/cards.js"),
    include_str!("assets/promises.js"),
    include_str!("assets/endings.js"),
    include_str!("assets/catalogue.js"),
    include_str!("assets/listener.js"),
    include_str!("assets/status.js"),
    include_str!("assets/controls.js"),
    include_str!("assets/drawing.js"),
    include_str!("assets/page.js"),
    "})();\n",
);

/// Nothing is loaded from anywhere but this listener, and nothing runs and nothing is styled but by what is in the document: the
/// two sums are those of its one script and its one style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; \
     script-src 'sha256-OTs5bmXW69be1lXpVQg88bDdcyijUc99Mohc3Zh5NUc='; \
     style-src 'sha256-q9g4uWqg43ZhQ6Ex6NPWQ+63y3iz99Fa474YtOWQ6pA='; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What is said of the document beside its type. It has no number in it, so nobody has to be kept from it; a new
/// version of the program has a new one.
const SAID: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let [head, body] = [include_str!("assets/head.html"), include_str!("assets/body.html")];
    let head =
        format!("<!doctype html>\n<html lang=\"en\">\n<head>\n{head}<style>{STYLE}</style>\n</head>\n");
    format!("{head}<body>\n{body}<script>{SCRIPT}</script>\n</body>\n</html>\n").into()
});

/// The answer to a request for the page: itself to `GET` and `HEAD`, of which the server sends no body, else 405.
pub(crate) fn answer(method: &Method) -> Response<Bytes> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = Response::new(Bytes::from_static(b"GET or HEAD\n"));
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        headers.insert(CONTENT_TYPE, TEXT);
        return response;
    }
    let mut response = Response::new(DOCUMENT.clone());
    response.headers_mut().insert(CONTENT_TYPE, HTML);
    response.headers_mut().extend(SAID);
    response
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_the_script_and_the_style_of_the_document_and_no_others() {
        let policy = POLICY;
        let policy = policy.to_str().expect("it is text");
        let document = String::from_utf8_lossy(&DOCUMENT);
        let sum = |content| BASE64_STANDARD.encode(Sha256::digest(content));
        let sums = format!("script-src 'sha256-{}'; style-src 'sha256-{}'; ", sum(SCRIPT), sum(STYLE));
        assert!(policy.contains(&sums), "write into the policy: {sums}");
        for (tag, content) in [("script", SCRIPT), ("style", STYLE)] {
            assert_eq!(document.matches(&format!("<{tag}>{content}</{tag}>")).count(), 1);
            assert_eq!(document.matches(&format!("<{tag}")).count(), 1, "{tag}");
        }
    }

    #[test]
    fn the_document_names_no_other_place_and_has_no_handler_or_style_in_its_markup() {
        let markup = concat!(include_str!("assets/head.html"), include_str!("assets/body.html"));
        for refused in ["src=", "href=\"http", "href=\"//", " style=", " onclick=", " onload=", "javascript:"]
        {
            assert!(!markup.contains(refused), "{refused}");
        }
    }
}
