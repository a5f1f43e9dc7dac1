//! A team on axum-prometheus changes its two lines, and every series that it had is there: the real crate and the scheme
//! `Naming::axum_prometheus` around the same routes, with the same calls. What differs stands in [`DIFFERENCES`], and in
//! `docs/migrating.md`.

mod page;
mod traffic;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use axum::Router;
use axum_prometheus::PrometheusMetricLayer;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use metrics::with_local_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tower::ServiceExt;
use tower_metrics::{HttpMetricsLayer, names::Naming};

use page::{Page, Series};

/// What of axum-prometheus is told under other labels here: which series, under which labels, and why.
struct Difference {
    is_of: fn(&Series) -> bool,
    told: fn(&Series) -> Series,
    why: &'static str,
}

const METHOD: Difference = Difference {
    is_of: |theirs| theirs.label("method").is_empty(),
    told: |series| series.with("method", "_OTHER"),
    why: "A method that is none of RFC 9110 nor PATCH is `_OTHER`, as in the conventions of OpenTelemetry, and not empty",
};

const UNMATCHED: Difference = Difference {
    is_of: |theirs| !traffic::is_route(theirs.label("endpoint")),
    told: |series| series.with("endpoint", "unmatched"),
    why: "What no route matches is `unmatched`, and not its path, of which whoever sends requests can make any number",
};

const REFUSED: Difference = Difference {
    is_of: |theirs| traffic::is_refused(theirs.label("method"), theirs.label("endpoint")),
    told: |series| series.with("method", "_OTHER").with("endpoint", "unmatched"),
    why: "A method that a route answered with nothing but 405 or 501 is counted as `_OTHER` and `unmatched`",
};

/// All of them.
const DIFFERENCES: [Difference; 3] = [METHOD, UNMATCHED, REFUSED];

fn before(routes: Router) -> Router {
    routes.layer(PrometheusMetricLayer::new())
}

fn after(routes: Router) -> Router {
    routes.layer(HttpMetricsLayer::axum().naming(&Naming::axum_prometheus()))
}

fn exporter() -> PrometheusRecorder {
    let bounds = axum_prometheus::utils::SECONDS_DURATION_BUCKETS;
    PrometheusBuilder::new().set_buckets(bounds).expect("there are bounds").build_recorder()
}

/// What is on the page after calls to these routes.
fn page(app: &Router, calls: impl FnOnce(&Router)) -> Page {
    let exporter = exporter();
    with_local_recorder(&exporter, || calls(app));
    Page::of(&exporter.handle().render())
}

/// Asserts that all of theirs is there, but for these differences; what is ours alone stands at zero.
fn assert_there(theirs: &Page, ours: &Page, differences: &[Difference]) {
    for (name, kind) in &theirs.types {
        assert_eq!(ours.types.get(name), Some(kind), "{name}");
    }
    let mut told: BTreeMap<Series, f64> = BTreeMap::new();
    let mut met = BTreeSet::new();
    for (series, value) in &theirs.series {
        let mut here = series.clone();
        for difference in differences.iter().filter(|difference| (difference.is_of)(series)) {
            here = (difference.told)(&here);
            met.insert(difference.why);
        }
        *told.entry(here).or_default() += value;
    }
    assert_eq!(
        met.len(),
        differences.len(),
        "a difference that there is none of: strike it out, here and in the page"
    );
    for (series, value) in &told {
        let here = ours.series.get(series);
        assert!(here.is_some(), "{series:?} is gone");
        assert!(series.is_of_time() || here == Some(value), "{series:?}: {value} became {here:?}");
    }
    let alone = ours.series.iter().filter(|(series, _)| !told.contains_key(series));
    for (series, value) in alone.filter(|(series, _)| !series.name.starts_with("tower_metrics_")) {
        assert_eq!(*value, 0.0, "{series:?}");
    }
}

#[test]
fn every_series_of_axum_prometheus_is_there_but_for_three_differences() {
    let theirs = page(&before(traffic::routes()), traffic::calls);
    let ours = page(&after(traffic::routes()), traffic::calls);
    let names: BTreeSet<_> = theirs.types.keys().map(String::as_str).collect();
    let expected =
        ["axum_http_requests_duration_seconds", "axum_http_requests_pending", "axum_http_requests_total"];
    assert_eq!(names, BTreeSet::from(expected));
    assert!(theirs.series.len() > 300, "{}", theirs.series.len());
    assert_there(&theirs, &ours, &DIFFERENCES);
}

/// The page of differences is what the test knows.
#[test]
fn every_difference_stands_in_the_page_on_migrating() {
    let page = include_str!("../../../../docs/migrating.md").replace('\n', " ");
    for difference in &DIFFERENCES {
        assert!(page.contains(difference.why), "{:?} is missing", difference.why);
    }
}

#[test]
fn who_wants_raw_paths_has_them_by_one_more_line() {
    let layer = HttpMetricsLayer::axum().naming(&Naming::axum_prometheus()).unbounded_raw_path();
    let theirs = page(&before(traffic::routes()), traffic::calls);
    let ours = page(&traffic::routes().layer(layer), traffic::calls);
    assert_there(&theirs, &ours, &[METHOD, REFUSED]);
}

#[test]
fn who_declares_a_route_has_its_405s_under_its_own_name() {
    let declared = [("DELETE", "/users/{id}"), ("PUT", "/orders")];
    let layer = HttpMetricsLayer::axum().naming(&Naming::axum_prometheus()).endpoints(declared);
    let theirs = page(&before(traffic::routes()), traffic::calls);
    let ours = page(&traffic::routes().layer(layer), traffic::calls);
    for (method, endpoint) in declared {
        let of = |page: &Page| -> Vec<_> {
            let is_it = |series: &&Series| {
                series.name.ends_with("_total")
                    && (series.label("method"), series.label("endpoint"), series.label("status"))
                        == (method, endpoint, "405")
            };
            page.series.iter().filter(|(series, _)| is_it(series)).map(|(_, value)| *value).collect()
        };
        assert_eq!(of(&ours), of(&theirs), "{method} {endpoint}");
        assert_eq!(of(&ours).len(), 1, "{method} {endpoint}");
    }
}

/// A call that is waited for, and one whose body is being read, of routes that have been called before.
#[test]
fn calls_that_are_pending_are_so_in_both_and_counted_here_when_they_end() {
    let pending = |app: &Router, while_pending: &mut dyn FnMut()| {
        drop(app.clone().oneshot(traffic::request("GET", "/pending")).now_or_never());
        traffic::call(app, "GET", "/users/1");
        let mut waiting = app.clone().oneshot(traffic::request("GET", "/pending"));
        assert!((&mut waiting).now_or_never().is_none());
        let body = traffic::head(app, "GET", "/users/1").into_body();
        while_pending();
        drop(body.collect().now_or_never().expect("it is ready"));
        drop(waiting);
    };
    let look = |app: Router| {
        let exporter = exporter();
        let mut pages = Vec::new();
        with_local_recorder(&exporter, || {
            pending(&app, &mut || pages.push(Page::of(&exporter.handle().render())));
        });
        pages.push(Page::of(&exporter.handle().render()));
        let [gauge, counter] = ["axum_http_requests_pending", "axum_http_requests_total"];
        let sum = |page: &Page, name: &str, endpoint: &str| -> f64 {
            let series = page.series.iter();
            series
                .filter(|(it, _)| it.name == name && it.label("endpoint") == endpoint)
                .map(|(_, value)| value)
                .sum()
        };
        pages
            .iter()
            .map(|page| {
                let gauges = ["/pending", "/users/{id}"].map(|endpoint| sum(page, gauge, endpoint));
                (gauges, sum(page, counter, "/users/{id}"))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(look(before(traffic::routes())), [([1.0, 1.0], 2.0), ([0.0, 0.0], 2.0)]);
    assert_eq!(look(after(traffic::routes())), [([1.0, 1.0], 1.0), ([0.0, 0.0], 2.0)]);
}

#[test]
fn calls_that_axum_prometheus_loses_are_told() {
    let calls = |app: &Router| {
        drop(app.clone().oneshot(traffic::request("GET", "/pending")).now_or_never());
        let panics = app.clone().oneshot(traffic::request("GET", "/panics"));
        drop(catch_unwind(AssertUnwindSafe(|| panics.now_or_never())));
    };
    let counted = |page: &Page| -> Vec<_> {
        let series =
            page.series.iter().filter(|(series, value)| series.name.ends_with("_total") && **value > 0.0);
        let labels = |series: &Series| ["endpoint", "status"].map(|label| series.label(label).to_owned());
        series
            .filter(|(series, _)| series.name.starts_with("axum_"))
            .map(|(series, value)| (labels(series), *value))
            .collect()
    };
    assert_eq!(counted(&page(&before(traffic::routes()), calls)), []);
    let of = |endpoint: &str, status: &str| ([endpoint.to_owned(), status.to_owned()], 1.0);
    assert_eq!(
        counted(&page(&after(traffic::routes()), calls)),
        [of("/panics", "500"), of("/pending", "none")]
    );
}
