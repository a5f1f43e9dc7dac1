//! Rules under each naming scheme, of samples that a Layer recorded and an exporter rendered.

use std::{
    collections::BTreeMap,
    future::{Pending, Ready, pending, ready},
    io,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::Either, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use tower::{Layer, Service, ServiceExt};
use tower_metrics::{
    GrpcMessagesLayer, GrpcMetricsLayer, HttpMetricsLayer, RejectionLayer,
    dashboard::Dashboards,
    exporter::Prometheus,
    grpc::{bidi_stream, unary},
    metrics::with_local_recorder,
    names::Naming,
    sla::Sla,
    testing::{Clock, MockClock},
};

use crate::{promises::millis, world::World};

const MINUTES: u32 = 75;
const AT: f64 = 70.0;

/// Answers as its request's query says, after the time that it says.
#[derive(Clone)]
struct Scripted {
    time: MockClock,
}

impl Service<Request<()>> for Scripted {
    type Response = Response<BoxBody<Bytes, io::Error>>;
    type Error = io::Error;
    type Future = Either<Ready<io::Result<Self::Response>>, Pending<io::Result<Self::Response>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let (end, spent) = request.uri().query().unwrap().split_once('&').unwrap();
        self.time.advance(millis(spent.parse().unwrap()));
        let body = match end {
            "never" => return Either::Right(pending()),
            "fails" => return Either::Left(ready(Err(io::Error::other("as scripted")))),
            "breaks" => {
                let frames = [Ok(Frame::data("a".into())), Err(io::Error::other("as scripted"))];
                StreamBody::new(stream::iter(frames)).boxed()
            }
            _ => Full::new(Bytes::from("a")).map_err(|_| unreachable!()).boxed(),
        };
        let mut response = Response::new(body);
        if let Ok(status) = end.parse() {
            *response.status_mut() = status;
        }
        if let Some(code) = end.strip_prefix("grpc-") {
            response.headers_mut().insert("grpc-status", code.parse().unwrap());
        }
        Either::Left(ready(Ok(response)))
    }
}

fn call<L, B>(layer: &L, time: &MockClock, uri: &str)
where
    L: Layer<Scripted>,
    L::Service: Service<Request<()>, Response = Response<B>, Error = io::Error>,
    B: http_body::Body<Error = io::Error>,
{
    let service = layer.layer(Scripted { time: time.clone() });
    let answer = async {
        service.oneshot(Request::get(uri).body(()).unwrap()).await?.into_body().collect().await.map(drop)
    };
    // One that fails was told to, and one that is never answered is given up.
    drop(answer.now_or_never());
}

/// The series of all pages that an exporter renders, one every 15 s, by their names as Prometheus stores them.
fn scraped(sla: &Sla, mut calls: impl FnMut()) -> BTreeMap<String, Vec<Option<f64>>> {
    let recorder = Prometheus::new().sla(sla).into_builder().build_recorder();
    let scrapes = (MINUTES * 4 + 1) as usize;
    let mut all: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for scrape in 0..scrapes {
        with_local_recorder(&recorder, &mut calls);
        recorder.handle().run_upkeep();
        for line in
            recorder.handle().render().lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let separator = if labels == "}" { "" } else { "," };
            let series = format!("{name}{{job=\"shop\",instance=\"a\"{separator}{labels}");
            all.entry(series).or_insert_with(|| vec![None; scrapes])[scrape] = Some(value.parse().unwrap());
        }
    }
    all
}

fn world(sla: &Sla, calls: impl FnMut()) -> World {
    let scraped = scraped(sla, calls);
    let world = World::new(sla, MINUTES).up("a", |_| true);
    scraped.iter().fold(world, |world, (series, values)| {
        world.gauge(series, |minute| values[(minute * 4.0).round() as usize])
    })
}

/// Per scrape: 20 calls that are good, of which 2 are slow; one each that is answered 503 and 404, that fails, and whose body
/// breaks off; 3 that are given up after too long; and 40 of scanners, which count for nothing.
fn http(naming: &Naming) -> World {
    let sla = Sla::new("shop").naming(naming).availability(0.999).latency(0.99, millis(100));
    let (clock, time) = Clock::mock();
    let layer = HttpMetricsLayer::new()
        .naming(naming)
        .sla(&sla)
        .clock(clock)
        .endpoint(|head| (head.uri().path() == "/users").then(|| "/users".into()));
    world(&sla, || {
        let send = |end: &str, times: u32| (0..times).for_each(|_| call(&layer, &time, end));
        send("/users?200&10", 18);
        send("/users?200&500", 2);
        send("/users?503&10", 1);
        send("/users?404&10", 1);
        // However long what failed took, it is not late.
        send("/users?fails&500", 1);
        send("/users?breaks&10", 1);
        send("/.env?404&10", 40);
        send("/users?never&500", 3);
    })
}

fn ratio(slo: &str) -> String {
    format!("slo:sli_error:ratio_rate1h{{slo=\"{slo}\"}}")
}

fn assert_http(naming: &Naming, bad: f64) {
    http(naming)
        .is(&ratio("shop-availability"), AT, bad / 24.0)
        .is("job:http_bad:rate5m / job:http_judged:rate5m", AT, bad / 24.0)
        .is("job:http_errors:rate5m / job:http_requests:rate5m", AT, 2.0 / 67.0)
        .is("job:http_cancelled:rate5m / job:http_judged:rate5m", AT, 3.0 / 24.0)
        // Of the 20 and the one whose body breaks off, two are slow, and so are those that were given up.
        .is(&ratio("shop-latency-p99"), AT, 5.0 / 24.0)
        .is("job:apdex:ratio_rate5m", AT, 60.0 / 67.0)
        .fires("ErrorBudgetBurn", "critical", AT)
        .fires("HighAPIErrorRate", "warning", AT)
        .fires("HighCancellation", "warning", AT)
        .quiet_but(&["ErrorBudgetBurn", "HighAPIErrorRate", "HighCancellation"], AT)
        .in_one_spelling();
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn the_catalogue_tells_every_bad_call() {
    assert_http(&Naming::new(), 3.0);
    assert_http(&Naming::new().prefix("house_").label("outcome", "ending").label("status", "code"), 3.0);
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn opentelemetry_tells_every_bad_call_by_the_count_of_the_histogram() {
    assert_http(&Naming::opentelemetry(), 3.0);
    assert_http(&Naming::opentelemetry().prefix("house.").label("status", "code").url_scheme("https"), 3.0);
}

/// A body that breaks off was answered well, and there is nothing else to tell it by.
#[test]
#[ignore = "needs the Debian package prometheus"]
fn axum_prometheus_tells_every_bad_call_but_bodies_that_break_off() {
    assert_http(&Naming::axum_prometheus(), 2.0);
    assert_http(&Naming::axum_prometheus().prefix("house_"), 2.0);
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn grpc_is_judged_by_its_code_in_each_scheme() {
    for naming in [Naming::new(), Naming::opentelemetry(), Naming::axum_prometheus()] {
        let promise = |it: tower_metrics::sla::Grpc| it.availability(0.999).latency(0.99, millis(100));
        let sla = Sla::new("shop").naming(&naming).grpc(promise);
        let sla = sla.grpc_method("shop.Orders", "Cancel", |it| it.availability(0.99));
        let (clock, time) = Clock::mock();
        let layer = GrpcMetricsLayer::new().naming(&naming).clock(clock);
        let layer = layer.methods(["Place", "Cancel"].map(|method| unary("shop.Orders", method)));
        layer.initialize();
        world(&sla, || {
            let send = |end: &str, times: u32| (0..times).for_each(|_| call(&layer, &time, end));
            send("/shop.Orders/Place?grpc-0&10", 8);
            send("/shop.Orders/Place?grpc-0&500", 2);
            send("/shop.Orders/Place?grpc-14&10", 1);
            send("/shop.Orders/Place?grpc-5&10", 2);
            send("/shop.Orders/Place?never&10", 1);
            send("/shop.Orders/Cancel?grpc-0&10", 3);
            send("/shop.Orders/Cancel?grpc-13&10", 1);
            send("/nobody.Knows/It?grpc-13&10", 5);
        })
        .is(&ratio("shop-grpc-availability"), AT, 1.0 / 13.0)
        .is(&ratio("shop-grpc-shop.Orders/Cancel-availability"), AT, 0.25)
        .is(&ratio("shop-grpc-latency-p99"), AT, 2.0 / 18.0)
        .fires("ErrorBudgetBurn", "critical", AT)
        .quiet_but(&["ErrorBudgetBurn"], AT)
        .in_one_spelling();
    }
}

/// Streams come and go, and a unary call hangs.
#[test]
#[ignore = "needs the Debian package prometheus"]
fn a_unary_call_that_hangs_is_told_beside_streams_in_each_scheme() {
    for naming in [Naming::new(), Naming::opentelemetry()] {
        let sla = Sla::new("shop").naming(&naming).grpc(|it| it.availability(0.999));
        let layer = GrpcMetricsLayer::new().naming(&naming);
        let layer = layer.methods([unary("shop.Orders", "Place"), bidi_stream("shop.Orders", "Watch")]);
        let (_, time) = Clock::mock();
        let mut hanging = Vec::new();
        world(&sla, || {
            call(&layer, &time, "/shop.Orders/Watch?grpc-0&10");
            if hanging.is_empty() {
                let mut service = layer.layer(Scripted { time: time.clone() });
                hanging.push(service.call(Request::get("/shop.Orders/Place?never&10").body(()).unwrap()));
            }
        })
        .fires("RequestsStuck", "critical", AT)
        .quiet_but(&["RequestsStuck"], AT)
        .in_one_spelling();
    }
}

/// Every query of the dashboards of HTTP and gRPC calls, with its variables at `All`, but for those of label sets, which these
/// Layers have none of.
fn panels(sla: &Sla, naming: &Naming) -> Vec<(String, String)> {
    let endpoints = if *naming == Naming::opentelemetry() { ".*" } else { ".+" };
    let mut queries = Vec::new();
    for board in &Dashboards::new([sla]).all()[1..] {
        let json: serde_json::Value = serde_json::from_str(&board.to_json()).unwrap();
        let panels = json["panels"].as_array().unwrap();
        let folded = panels.iter().filter_map(|row| row["panels"].as_array()).flatten();
        for panel in panels.iter().chain(folded) {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().unwrap().replace("$__rate_interval", "5m");
                let query = query.replace("$endpoint", endpoints).replace("$job", "shop");
                let query = ["$instance", "$grpc_service", "$grpc_method"]
                    .iter()
                    .fold(query, |query, name| query.replace(name, ".+"));
                assert!(!query.contains('$') || query.contains("label_replace"), "{query}");
                queries.push((panel["title"].as_str().unwrap().to_owned(), query));
            }
        }
    }
    queries.retain(|(_, query)| {
        !query.contains("tower_metrics_label_sets") && !query.contains("tower_metrics_overflow")
    });
    queries
}

#[test]
#[ignore = "needs the Debian package prometheus"]
fn every_panel_has_something_to_show_in_each_scheme() {
    for naming in [Naming::new(), Naming::opentelemetry(), Naming::axum_prometheus()] {
        let sla = Sla::new("shop").naming(&naming).availability(0.999).latency(0.99, millis(100));
        let sla =
            sla.head_latency(0.9, millis(100)).grpc(|it| it.availability(0.999).latency(0.99, millis(100)));
        let (clock, time) = Clock::mock();
        let http = HttpMetricsLayer::new()
            .naming(&naming)
            .sla(&sla)
            .clock(clock.clone())
            .in_flight_limit(10)
            .oldest_start_timestamp();
        let http = http.endpoint(|head| (head.uri().path() == "/users").then(|| "/users".into()));
        let grpc = GrpcMetricsLayer::new().naming(&naming).clock(clock).oldest_start_timestamp();
        let grpc = grpc.methods([unary("shop.Orders", "Place")]);
        let messages = GrpcMessagesLayer::from(grpc.clone());
        let refusing = RejectionLayer::new("edge").naming(&naming);
        let world = world(&sla, || {
            messages.initialize();
            refusing.clone().around(tower::layer::util::Identity::new()).initialize();
            for end in ["200&10", "503&10", "never&500", "breaks&10"] {
                call(&http, &time, &format!("/users?{end}"));
            }
            call(&http, &time, "/.env?404&10");
            for end in ["grpc-0&10", "grpc-14&10", "never&10"] {
                call(&grpc, &time, &format!("/shop.Orders/Place?{end}"));
            }
        });
        let queries = panels(&sla, &naming);
        assert!(queries.len() > 80, "{}", queries.len());
        let world = queries.iter().fold(world, |world, (title, query)| {
            let is_shown = !["Refused share"].contains(&&**title);
            let is_shown = f64::from(u8::from(is_shown));
            world.is(&format!("(count({query}) > bool 0) or vector(0)"), AT, is_shown)
        });
        world.in_one_spelling();
    }
}
