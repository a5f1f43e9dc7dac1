//! The template of a new service: its own tests, the program, and what becomes of a copy of it.

use std::{env, fs, path::Path, process::Command, time::Duration};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use tokio::time::sleep;

use crate::{
    exposition::Page,
    measured::is_as_the_guide_says,
    programs::{Scratch, example, free_address, run},
    storm::{assert_caused_by_callers, assert_unharmed, storm},
    system::System,
    watched::{FIRED, IS_DOWN, Watched},
};

#[expect(dead_code, reason = "its `main` is for the program")]
#[path = "../../examples/new_service/main.rs"]
mod service;

fn start(scratch: &Scratch) -> System {
    let data = scratch.path("data").display().to_string();
    System::start("new_service", &["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--data", &data])
}

async fn until_batch(system: &System, status: &str) {
    let batches = |page: &Page| page.sum("batch_operations_total", &[("status", status)]);
    system.until("metrics", status, |page| batches(page) > 0.0).await;
}

/// Takes its database away: what should be a folder is a file.
fn break_database(scratch: &Scratch) {
    fs::remove_dir_all(scratch.path("data")).unwrap();
    scratch.write("data", "");
}

#[tokio::test]
async fn it_measures_what_the_guide_lists() {
    let scratch = Scratch::new("new-service");
    let system = start(&scratch);
    for path in ["/items/7", "/items/8"] {
        assert_eq!(system.send("new-service", Method::PUT, path, "Ada").await.status, 202);
    }
    until_batch(&system, "success").await;
    for _ in 0..2 {
        assert_eq!(system.get("new-service", "/items/7").await.text(), "Ada");
    }
    assert_eq!(system.send("new-service", Method::PUT, "/items/7", "").await.status, 422);
    assert_eq!(system.get("new-service", "/health").await.status, 200);
    break_database(&scratch);
    assert_eq!(system.get("new-service", "/items/9").await.status, 500);
    assert_eq!(system.get("new-service", "/health").await.status, 503);
    assert_eq!(system.send("new-service", Method::PUT, "/items/7", "Eve").await.status, 202);
    until_batch(&system, "partial").await;
    is_as_the_guide_says("New service", &[&system.page("metrics").await]);
}

#[tokio::test]
async fn hostile_traffic_makes_few_series() {
    let scratch = Scratch::new("new-service");
    let system = start(&scratch);
    let paths = [
        "/items/*",
        "/items/7",
        "/items/99999999999999999999",
        "/*",
        "/health",
        "/items/7/*",
        "/items/%2e%2e",
    ];
    let answers = storm(&system, "new-service", 0..3_000, &paths, &["*", "", "{\"*\": 1}"]).await;
    assert_caused_by_callers(&answers);
    assert!([202, 400, 422].iter().all(|status| answers.iter().any(|it| it.status == *status)));
    let page = system.page("metrics").await;
    assert_eq!(page.sum("http_requests_total", &[]), 3_000.0);
    assert_unharmed(&page, &[], 700);
}

#[test]
fn flags_that_are_wrong_are_errors_that_say_what_to_change() {
    let program = example("new_service");
    // Nowhere to listen, so that a flag that is taken after all ends it too.
    let said = |args: &[&str]| {
        run(program.to_str().unwrap(), &[&["--metrics-addr", "nowhere"], args].concat()).unwrap_err()
    };
    assert!(said(&["--port", "1"]).contains("--port is no flag: use one of --addr"));
    assert!(said(&["--data"]).contains("--data wants a value"));
    assert!(said(&[]).contains("nowhere"), "{}", said(&[]));
}

/// Does what the head of its `main.rs` says, with this crate in the place of the published one.
#[test]
#[ignore = "builds a package and all it depends on, which takes minutes"]
fn a_copy_of_the_folder_is_a_package_that_builds_and_passes_its_tests() {
    let scratch = Scratch::new("my-service");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("examples/new_service");
    for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()) {
        scratch.write(&format!("src/{file}"), &fs::read_to_string(folder.join(file.as_str())).unwrap());
    }
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    let toml = main.lines().skip_while(|line| !line.ends_with("```toml")).skip(1);
    let toml =
        toml.take_while(|line| !line.ends_with("```")).map(|line| line.trim_start_matches("//!").trim());
    let dependencies = toml.collect::<Vec<_>>().join("\n");
    assert!(dependencies.contains("version = \"0.1\", features = ["), "{dependencies}");
    let dependencies = dependencies.replace("version = \"0.1\",", &format!("path = {here:?},"));
    let package = "[package]\nname = \"my-service\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    scratch.write("Cargo.toml", &format!("{package}\n{dependencies}\n\n[workspace]\n"));
    // What was downloaded for this crate is all that there is offline.
    scratch.write("Cargo.lock", &fs::read_to_string(here.join("Cargo.lock")).unwrap());

    let target = env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let cargo = |args: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        let cargo = cargo.arg("--offline").args(args).current_dir(scratch.path(""));
        let output = cargo.env("CARGO_TARGET_DIR", &target).output().expect("cargo starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    // First, so that it is built without what is for tests alone.
    let ran = cargo(&["run", "--", "--write", "ops"]);
    assert!(!ran.contains("warning:"), "{ran}");
    let tested = cargo(&["test"]);
    assert!(tested.contains("6 passed; 0 failed"), "{tested}");
    for file in ["ops/rules.yml", "ops/prometheus.yml", "ops/dashboards/tower-metrics-overview.json"] {
        assert!(scratch.path(file).exists(), "{file}");
    }
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus and prometheus-alertmanager"]
async fn each_alert_fires_on_its_fault_and_resolves() {
    let scratch = Scratch::new("new-service");
    let data = scratch.path("data").display().to_string();
    let (addr, metrics) = (free_address(), free_address());
    let start =
        || System::start("new_service", &["--addr", &addr, "--metrics-addr", &metrics, "--data", &data]);
    let system = start();
    let ops = scratch.path("ops").display().to_string();
    run(example("new_service").to_str().unwrap(), &["--write", &ops]).unwrap();
    let rules = fs::read_to_string(scratch.path("ops/rules.yml")).unwrap();
    let mut watched =
        Watched::start("new-service", &[("new-service", vec![&*metrics], vec![])], &rules, 60).await;

    let client = system.client.clone();
    let users = tokio::spawn({
        let addr = addr.clone();
        async move {
            for id in 0_u64.. {
                // What is asked is nowhere, which is an answer.
                let request =
                    Request::get(format!("http://{addr}/items/{id}")).body(Full::<Bytes>::default());
                drop(client.request(request.unwrap()).await);
                sleep(Duration::from_millis(20)).await;
            }
        }
    });
    watched.prometheus.becomes("job:http_requests:rate5m", |rate| rate > 10.0).await;
    watched.prometheus.becomes("count_over_time(job:http_requests:rate5m[60s])", |count| count >= 15.0).await;
    assert_eq!(watched.prometheus.query(FIRED).await, None, "it is well");

    break_database(&scratch);
    let told: [(&str, &[(&str, &str)]); 3] = [
        ("HighAPIErrorRate", &[("job", "new-service"), ("team", "api")]),
        ("DependencyDown", &[("service_name", "database"), ("team", "api")]),
        (
            "ErrorBudgetBurn",
            &[("slo", "new-service-operation-db_query-availability"), ("severity", "critical")],
        ),
    ];
    for (alert, labels) in told {
        watched.until(alert, "firing", labels).await;
    }
    fs::remove_file(scratch.path("data")).unwrap();
    fs::create_dir(scratch.path("data")).unwrap();
    for (alert, labels) in told {
        watched.until(alert, "resolved", labels).await;
    }

    watched.forget();
    drop(system);
    watched.prometheus.becomes(IS_DOWN, |n| n == 1.0).await;
    watched.until("ServiceDown", "firing", &[("job", "new-service"), ("severity", "critical")]).await;
    let _again = start();
    watched.prometheus.becomes(&format!("absent({IS_DOWN})"), |n| n == 1.0).await;
    watched.until("ServiceDown", "resolved", &[]).await;
    users.abort();
}
