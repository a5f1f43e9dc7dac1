//! What strangers send: thousands of requests of which next to nothing is as it should be.

use std::ops::Range;

use futures_util::{StreamExt, stream};
use http::Method;

use crate::{
    exposition::Page,
    system::{Answer, System},
};

/// What every hostile value has in it: no label may.
const MARK: &str = "h0stile";

/// Sends requests of these numbers to the address of this name. A path is one of these, a body too: in the place of a `*` both
/// have what is made up for each request, and in the place of a `#` its number.
pub(crate) async fn storm(
    system: &System,
    name: &str,
    requests: Range<u32>,
    paths: &[&str],
    bodies: &[&str],
) -> Vec<Answer> {
    let answers = stream::iter(requests).map(|request| async move {
        let mut drawn = request.wrapping_mul(2_654_435_761);
        let mut draw = |of: usize| {
            drawn = drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (drawn >> 8) as usize % of
        };
        let made_up = format!("{MARK}-{request}");
        let filled = |text: &str| text.replace('*', &made_up).replace('#', &request.to_string());
        let method = match ["GET", "POST", "PUT", "POST", "DELETE", "POST", "TRACE", "own"][draw(8)] {
            "own" => format!("{}-{request}", MARK.to_uppercase()),
            known => known.to_owned(),
        };
        let path = filled(paths[draw(paths.len())]);
        let body = filled(bodies[draw(bodies.len())]);
        let token = format!("Bearer {made_up}");
        let own_header = format!("x-{made_up}");
        let headers = [
            ("content-type", ["application/json", "application/json", "text/plain", &made_up][draw(4)]),
            ("host", &made_up),
            ("upgrade", ["websocket", "h2c", &made_up][draw(3)]),
            ("user-agent", &made_up),
            ("authorization", &token),
            ("x-forwarded-for", &made_up),
            ("x-request-id", &made_up),
            (&own_header, &made_up),
        ];
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        system.send_with(name, method, &path, &headers, &body).await
    });
    answers.buffer_unordered(16).collect().await
}

/// Asserts that each answer is a good one, or says that the caller is wrong or comes too often.
pub(crate) fn assert_caused_by_callers(answers: &[Answer]) {
    let wrong = answers.iter().find(|it| !matches!(it.status, 200..300 | 400..500 | 503));
    assert!(wrong.is_none(), "{wrong:?}");
}

/// Asserts that nothing made up is on the page but in these labels, which are open, that nothing panicked, and that it has no
/// more series than this.
pub(crate) fn assert_unharmed(page: &Page, open: &[&str], most_series: usize) {
    let labels = page.samples.iter().flat_map(|sample| &sample.labels);
    let taken =
        labels.filter(|(label, value)| !open.contains(&&***label) && value.to_lowercase().contains(MARK));
    let taken: Vec<_> = taken.collect();
    assert!(taken.is_empty(), "labels that were sent: {taken:?}");
    assert_eq!(page.sum("http_requests_total", &[("outcome", "panicked")]), 0.0);
    assert!(page.samples.len() <= most_series, "{} series", page.samples.len());
    println!("{} series", page.samples.len());
}
