//! What is asked of the service, and what it counts of that. Each test has a recorder of its own, and nothing global.

use std::{path::PathBuf, process, time::Duration};

use axum::{body, http::Method};
use tokio::{runtime::Builder, time::timeout};
use tower::ServiceExt;
use tower_metrics::{metrics::with_local_recorder, testing::Recorder};

use super::*;

/// The service with a folder of its own, and what it records.
struct Service {
    app: Router,
    data: PathBuf,
    recorder: Recorder,
}

impl Service {
    async fn ask(&self, method: Method, path: &str, text: &str) -> (StatusCode, String) {
        let request =
            Request::builder().method(method).uri(path).body(body::Body::from(text.to_owned())).unwrap();
        let (head, answer) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        // A call ends with its body.
        let answer = body::to_bytes(answer, usize::MAX).await.unwrap();
        (head.status, String::from_utf8(answer.to_vec()).unwrap())
    }

    async fn until(&self, counter: &str, count: u64) {
        let waiting = self.recorder.until(|recorder| recorder.counter(counter, []) >= count);
        timeout(Duration::from_secs(10), waiting).await.unwrap_or_else(|_| panic!("{}", self.recorder));
    }
}

/// Runs a test where everything is recorded into its recorder: on one thread.
fn with_service(name: &str, test: impl AsyncFnOnce(&Service)) {
    let data = env::temp_dir().join(format!("new-service-{}-{name}", process::id()));
    let recorder = Recorder::new();
    with_local_recorder(&recorder.clone(), || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let (items, queued) = Items::open(data.clone()).unwrap();
            tokio::spawn(items.clone().work(queued));
            tokio::spawn(items.clone().sample());
            let layer = HttpMetricsLayer::axum().recorder(recorder.shared());
            test(&Service { app: app(layer, items), data: data.clone(), recorder: recorder.clone() }).await;
            // Whatever was asked: what was counted was timed, and nothing is left in flight.
            recorder.assert_balanced();
        });
    });
    fs::remove_dir_all(data).unwrap();
}

#[test]
fn what_is_put_is_stored_in_a_batch_and_read_through_the_cache() {
    with_service("put", async |service| {
        assert_eq!(service.ask(Method::PUT, "/items/7", "Ada").await.0, StatusCode::ACCEPTED);
        service.until("batch_operations_total", 1).await;
        for _ in 0..2 {
            assert_eq!(service.ask(Method::GET, "/items/7", "").await, (StatusCode::OK, "Ada".into()));
        }
        let recorder = &service.recorder;
        let labels = [("endpoint", "/items/{id}"), ("status", "200"), ("outcome", "completed")];
        recorder.assert_counter("http_requests_total", labels, 2);
        recorder.assert_counter("batch_operations_total", [("status", "success")], 1);
        let words = recorder.series("batch_operations_total");
        assert!(words.iter().any(|labels| labels.contains("partial")), "it stands at zero: {words:?}");
        recorder.assert_counter("batch_items_processed_total", [("operation", "store")], 1);
        recorder.assert_counter("queue_items_processed_total", [("queue_name", "items")], 1);
        recorder.assert_counter("cache_requests_total", [("result", "miss")], 1);
        recorder.assert_counter("cache_requests_total", [("result", "hit")], 1);
        let query = [("query_type", "select"), ("outcome", "completed")];
        recorder.assert_counter("db_query_total", query, 1);
        assert_eq!(recorder.samples("response_size_bytes", [("endpoint", "/items/{id}")]).last(), Some(&3.0));
    });
}

#[test]
fn what_the_board_shows_is_recorded() {
    with_service("board", async |service| {
        service.ask(Method::PUT, "/items/7", "Ada").await;
        service.until("batch_operations_total", 1).await;
        for metric in promise::BOARD {
            assert!(!service.recorder.series(metric.name()).is_empty(), "{metric:?}");
        }
    });
}

#[test]
fn a_text_that_is_empty_is_refused_and_counted() {
    with_service("empty", async |service| {
        assert_eq!(service.ask(Method::PUT, "/items/7", " ").await.0, StatusCode::UNPROCESSABLE_ENTITY);
        let labels = [("operation_type", "check"), ("status", "error")];
        service.recorder.assert_counter("operations_total", labels, 1);
    });
}

#[test]
fn without_its_database_it_fails_and_says_so() {
    with_service("down", async |service| {
        assert_eq!(service.ask(Method::GET, "/health", "").await.0, StatusCode::OK);
        // Neither is a file a folder.
        fs::remove_dir(&service.data).unwrap();
        fs::write(&service.data, "").unwrap();
        assert_eq!(service.ask(Method::GET, "/items/7", "").await.0, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(service.ask(Method::GET, "/health", "").await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(service.ask(Method::PUT, "/items/7", "Ada").await.0, StatusCode::ACCEPTED);
        service.until("batch_operations_total", 1).await;

        let recorder = &service.recorder;
        recorder.assert_counter("db_query_total", [("outcome", "error")], 2);
        recorder.assert_counter("batch_operations_total", [("status", "partial")], 1);
        recorder.assert_gauge("service_health_status", [("service_name", "database")], 0.0);
        recorder.assert_gauge("service_health_status", [("service_name", "queue")], 1.0);

        fs::remove_file(&service.data).unwrap();
        fs::create_dir(&service.data).unwrap();
        assert_eq!(service.ask(Method::GET, "/health", "").await.0, StatusCode::OK);
    });
}

#[test]
fn more_than_the_queue_holds_is_refused() {
    with_service("full", async |service| {
        // Nothing is worked off before the test waits.
        let mut puts = Vec::new();
        for id in 0..101 {
            puts.push(service.ask(Method::PUT, &format!("/items/{id}"), "Ada").await.0);
        }
        assert!(puts[..100].iter().all(|status| *status == StatusCode::ACCEPTED), "{puts:?}");
        assert_eq!(puts[100], StatusCode::SERVICE_UNAVAILABLE);
    });
}

#[test]
fn what_watches_it_is_written_from_the_promise() {
    let dir = env::temp_dir().join(format!("new-service-{}-written", process::id()));
    write(&dir).unwrap();
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert!(
        read("rules.yml").contains("alert: HighAPIErrorRate") && read("rules.yml").contains("DependencyDown")
    );
    assert!(read("prometheus.yml").contains("job_name: new-service"));
    assert!(read("dashboards/tower-metrics-new-service-http.json").contains("job=\\\"new-service\\\""));
    fs::remove_dir_all(dir).unwrap();
}
