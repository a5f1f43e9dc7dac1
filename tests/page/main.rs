//! The page for people and the catalogue, as they are served. What the page shows is looked at in a real browser by
//! `tests/browser`.
//!
//! A binary of its own, because a process has one listener.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[path = "../support/exposition/mod.rs"]
mod exposition;
#[path = "../support/scrape.rs"]
mod scrape;

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::{Layer, ServiceExt};
use tower_metrics::{
    GrpcMetricsLayer, HttpMetricsLayer, Operation, Outcome,
    exporter::{Handle, Prometheus},
    grpc,
    metrics::with_local_recorder,
    names::{Naming, catalog},
    page::{self, catalog_json},
    sla::Sla,
};

use crate::{exposition::Page, scrape::ask};

fn promise() -> Sla {
    Sla::new("shop")
        .availability(0.999)
        .latency(0.99, Duration::from_millis(100))
        .endpoint("POST", "/reports", |it| it.availability(0.99))
        .operation("db_query", |it| it.latency(0.99, Duration::from_millis(50)))
}

/// The one exporter of this process, with a call of each kind recorded.
async fn served() -> &'static Handle {
    static HANDLE: OnceCell<Handle> = OnceCell::const_new();
    let serve = async || {
        let handle = Prometheus::new().sla(&promise()).page().serve(":0").await.unwrap();
        let layer = HttpMetricsLayer::axum().sla(&promise()).endpoints([("GET", "/users/{id}")]);
        layer.initialize();
        GrpcMetricsLayer::new().methods([grpc::unary("shop.Orders", "Place")]).initialize();
        let query = Operation::new("db_query");
        query.run(|| ());
        Operation::new("mail").labels(["queue"]).run_with(["slow"], || ());
        let app: Router = Router::new().route("/users/{id}", get(async || "Ada")).layer(layer);
        let request = Request::get("/users/7").body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().into_body().collect().await.unwrap();
        metrics::counter!("house_doors_total", "side" => "north").increment(1);
        handle
    };
    HANDLE.get_or_init(serve).await
}

fn addr(handle: &Handle) -> SocketAddr {
    handle.local_addr().unwrap()
}

fn strings(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

fn find<'a>(list: &'a Value, key: &str, value: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|it| it[key] == value);
    found.unwrap_or_else(|| panic!("no {key} {value} in {list}"))
}

#[tokio::test]
async fn the_catalogue_tells_every_metric_of_the_page_with_as_many_series_as_are_there() {
    let handle = served().await;
    let answer = ask(addr(handle), Method::GET, "/catalog.json", &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let catalog: Value = serde_json::from_slice(answer.body()).unwrap();
    let text = ask(addr(handle), Method::GET, "/metrics", &[]).await.into_body();
    let page = Page::read(std::str::from_utf8(&text).unwrap()).unwrap();

    for (name, kind) in &page.kinds {
        let metric = find(&catalog["metrics"], "name", name);
        assert_eq!(metric["kind"], **kind, "{name}");
        assert_eq!(metric["help"], page.helps.get(name).map_or("", |help| help), "{name}");
        let names: &[String] = match &**kind {
            "histogram" => &["bucket", "sum", "count"].map(|suffix| format!("{name}_{suffix}")),
            _ => std::slice::from_ref(name),
        };
        let samples = || page.samples.iter().filter(|sample| names.contains(&sample.name));
        assert_eq!(metric["series"], samples().count(), "{name}");
        let labels: BTreeSet<_> =
            samples().flat_map(|sample| sample.labels.keys()).filter(|label| *label != "le").collect();
        assert_eq!(strings(&metric["labels"]), labels.into_iter().collect::<Vec<_>>(), "{name}");
    }
    assert_eq!(find(&catalog["metrics"], "name", "house_doors_total")["of"], Value::Null);
    assert_eq!(find(&catalog["metrics"], "name", "mail_total")["of"], "<name>_total");
}

#[test]
fn the_catalogue_has_every_metric_of_the_crate_also_where_nothing_is_exported() {
    let json: Value = serde_json::from_str(&catalog_json("", [])).unwrap();
    assert_eq!(json["metrics"].as_array().unwrap().len(), catalog().count());
    for metric in catalog() {
        let told = find(&json["metrics"], "name", metric.name());
        assert_eq!(told["kind"], metric.kind().as_str());
        assert_eq!(told["unit"], metric.unit().as_str());
        assert_eq!(told["help"], metric.help());
        assert_eq!(strings(&told["labels"]), metric.labels());
        assert_eq!(told["series"], 0);
        assert_eq!(told["of"], metric.name());
    }
    assert_eq!(json["signals"], json!([]));
}

#[tokio::test]
async fn every_kind_of_calls_is_a_signal_and_every_objective_a_promise() {
    let catalog: Value = serde_json::from_str(&served().await.catalog_json()).unwrap();
    let ids = |of: &str| -> Vec<_> {
        catalog[of].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("signals"), ["http", "grpc", "db_query_total", "mail_total"]);
    assert_eq!(
        ids("promises"),
        [
            "shop-availability",
            "shop-latency-p99",
            "shop-POST-/reports-availability",
            "shop-operation-db_query-latency-p99",
        ]
    );
    for promise in catalog["promises"].as_array().unwrap() {
        find(&catalog["signals"], "id", promise["signal"].as_str().unwrap());
    }
    assert_eq!(find(&catalog["signals"], "id", "mail_total")["rows"], json!(["queue"]));
    // One process is of no job: nothing on its page has that label.
    assert!(!catalog.to_string().contains(r#"["job","#));
}

/// Under every scheme, what a signal asks for is what is exported.
#[tokio::test]
async fn a_signal_asks_for_the_names_of_the_scheme() {
    let namings = [
        Naming::new(),
        Naming::new().prefix("shop_").label("endpoint", "route").label("outcome", "ending"),
        Naming::opentelemetry(),
        Naming::axum_prometheus(),
    ];
    for naming in namings {
        let sla = promise().naming(&naming);
        let recorder = Prometheus::new().sla(&sla).into_builder().build_recorder();
        let rendered = recorder.handle();
        with_local_recorder(&recorder, || {
            let layer = HttpMetricsLayer::new().naming(&naming).endpoints([("GET", "/users/{id}")]);
            layer.initialize();
            drop(layer.layer(()));
        });
        let rendered = rendered.render();
        let page = Page::read(&rendered).unwrap();
        let catalog: Value = serde_json::from_str(&catalog_json(&rendered, [&sla])).unwrap();
        let promise = find(&catalog["promises"], "id", "shop-availability");
        let signal = find(&catalog["signals"], "id", promise["signal"].as_str().unwrap());
        for set in ["calls", "judged", "bad"] {
            for selector in signal[set]["any"].as_array().unwrap() {
                let name = selector["metric"].as_str().unwrap();
                let sample = page.of(name).next().unwrap_or_else(|| panic!("{name} is not exported"));
                for matcher in selector["match"].as_array().unwrap() {
                    let label = matcher[0].as_str().unwrap();
                    let is_there = page.of(name).any(|sample| sample.labels.contains_key(label));
                    // No error stands there from the beginning where the scheme tells errors alone.
                    assert!(is_there || label == "error_type", "{name} has no {label}: {sample:?}");
                }
            }
        }
        let duration = signal["duration"]["any"][0]["metric"].as_str().unwrap();
        assert!(page.of(&format!("{duration}_bucket")).next().is_some(), "{duration}");
        assert!(page.of(signal["in_flight"].as_str().unwrap()).next().is_some());
    }
}

#[tokio::test]
async fn the_page_is_one_document_that_may_ask_nobody_but_its_listener() {
    let handle = served().await;
    let answer = ask(addr(handle), Method::GET, "/", &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    let allowed: Vec<_> = policy.split("; ").collect();
    assert_eq!(allowed[0], "default-src 'none'");
    assert!(allowed.contains(&"connect-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    let html = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(html.starts_with("<!doctype html>"), "{}", &html[..100]);
    assert!(!html.contains("shop"), "it has a name of the service in it");
}

#[tokio::test]
async fn a_router_of_ones_own_can_serve_it() {
    let app: Router = Router::new().route_service("/status/", page::service());
    let ask = async |method: Method| {
        let request = Request::builder().method(method).uri("/status/").body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    let response = ask(Method::GET).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key("content-security-policy"));
    assert!(response.into_body().collect().await.unwrap().to_bytes().starts_with(b"<!doctype html>"));
    assert_eq!(ask(Method::POST).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

fn rendered(record: impl FnOnce()) -> String {
    let recorder = Prometheus::new().into_builder().build_recorder();
    let handle = recorder.handle();
    with_local_recorder(&recorder, record);
    handle.render()
}

#[test]
fn an_operation_of_which_nothing_is_promised_has_only_the_errors_that_its_words_tell() {
    let rendered = rendered(|| {
        Operation::new("plain").run(|| ());
        Operation::new("worded").word(Outcome::Completed, "ok").run(|| ());
        Operation::new("labelled").outcome_label("result").run(|| ());
        Operation::new("renamed").gauge_as("running").in_flight_limit(7).oldest_start_timestamp().run(|| ());
    });
    // Of a name of its own somebody has to tell.
    let sla = Sla::new("shop").operation("renamed", |it| it.availability(0.9).gauge_as("running"));
    let catalog: Value = serde_json::from_str(&catalog_json(&rendered, [&sla])).unwrap();
    let signal = |id| find(&catalog["signals"], "id", id);
    for id in ["plain_total", "worded_total"] {
        let bad = &signal(id)["bad"]["any"][0]["match"];
        assert!(bad.as_array().unwrap().contains(&json!(["outcome", "=~", "error|panicked"])), "{id}: {bad}");
    }
    assert_eq!(signal("labelled_total")["judged"], json!({ "any": [], "without": [] }));
    let renamed = signal("renamed_total");
    assert_eq!(renamed["in_flight"], "running");
    assert_eq!(renamed["in_flight_limit"], "running_limit");
    assert_eq!(renamed["oldest_start"], "renamed_oldest_start_timestamp_seconds");
}

#[test]
fn each_service_is_judged_as_its_own_rules_judge_it() {
    let strict = Sla::new("edge").job("edge").availability(0.9).too_many_requests_is_bad();
    let same = Sla::new("shop").naming(&Naming::new().prefix("shop_")).availability(0.9);
    let slas =
        [&promise(), &promise(), &strict, &same, &Sla::new("head").head_latency(0.9, Duration::from_secs(1))];
    let catalog: Value = serde_json::from_str(&catalog_json("", slas)).unwrap();
    let ids: Vec<_> =
        catalog["promises"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert_eq!(ids.iter().filter(|id| id.starts_with("shop-availability")).count(), 2, "{ids:?}");
    let bad = |id| find(&catalog["promises"], "id", id)["bad"].to_string();
    assert!(bad("edge-availability").contains("429") && !bad("shop-availability").contains("429"));
    assert_eq!(find(&catalog["promises"], "id", "head-head-latency-p90")["kind"], "head_latency");
    assert_eq!(find(&catalog["promises"], "id", "shop-latency-p99")["kind"], "latency");
}

#[test]
fn a_text_from_anywhere_has_a_catalogue() {
    let help = "Calls ended, by how they ended.";
    let text = format!(
        "# HELP _total {help}\n# TYPE _total counter\n_total 1\n# HELP my.jobs_total {help}\n# TYPE my.jobs_total counter\n\
         my.jobs_total 1\n# TYPE http_requests_total counter\nhttp_requests_total{{status=\"200\"}} 1\n# UNIT x seconds\nno sample\n# EOF"
    );
    let catalog: Value = serde_json::from_str(&catalog_json(&text, [&promise()])).unwrap();
    let metrics = catalog["metrics"].as_array().unwrap();
    let named: Vec<_> = metrics.iter().filter(|it| it["name"] == "http_requests_total").collect();
    assert_eq!(named.len(), 1, "it is there twice");
    assert_eq!(named[0]["of"], "http_requests_total");
}
