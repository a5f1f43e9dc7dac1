//! What strangers send: thousands of requests of which next to nothing is as it should be.

use futures_util::{StreamExt, stream};
use http::Method;

use crate::{exposition::Page, system::System};

/// What every hostile value has in it: no label may.
const MARK: &str = "h0stile";

/// Sends as many requests as this to the address of this name, and returns the statuses of the answers. Paths and bodies have
/// a `*` in the place of what is made up for each.
pub(crate) async fn storm(
    system: &System,
    name: &str,
    requests: u32,
    paths: &[&str],
    bodies: &[&str],
) -> Vec<u16> {
    let answers = stream::iter(0..requests).map(|request| async move {
        let mut drawn = request.wrapping_mul(2_654_435_761);
        let mut draw = |of: usize| {
            drawn = drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (drawn >> 8) as usize % of
        };
        let made_up = format!("{MARK}-{request}");
        let method = match ["GET", "POST", "PUT", "DELETE", "TRACE", "own"][draw(6)] {
            "own" => format!("{}-{request}", MARK.to_uppercase()),
            known => known.to_owned(),
        };
        let path = paths[draw(paths.len())].replace('*', &made_up);
        let body = bodies[draw(bodies.len())].replace('*', &made_up);
        let token = format!("Bearer {made_up}");
        let own_header = format!("x-{made_up}");
        let headers = [
            ("content-type", ["application/json", "text/plain", &made_up][draw(3)]),
            ("user-agent", &made_up),
            ("authorization", &token),
            ("x-request-id", &made_up),
            (&own_header, &made_up),
        ];
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        system.send_with(name, method, &path, &headers, &body).await.status
    });
    answers.buffer_unordered(16).collect().await
}

/// Asserts that nothing made up is on the page, and that it has no more series than this.
pub(crate) fn assert_unharmed(page: &Page, most_series: usize) {
    let labels = page.samples.iter().flat_map(|sample| sample.labels.values());
    let taken = labels.filter(|value| value.to_lowercase().contains(MARK)).collect::<Vec<_>>();
    assert!(taken.is_empty(), "labels that were sent: {taken:?}");
    assert!(page.samples.len() <= most_series, "{} series", page.samples.len());
    println!("{} series", page.samples.len());
}
