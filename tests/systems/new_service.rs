//! The template of a new service: its own tests, the program, and what becomes of a copy of it.

use std::{env, fs, path::Path, process::Command, time::Duration};

use http::Method;
use tokio::time::{sleep, timeout};

use crate::{
    measured::is_as_the_guide_says,
    programs::{Scratch, run},
    storm::{assert_unharmed, storm},
    system::System,
};

#[expect(dead_code, reason = "its `main` is for the program")]
#[path = "../../examples/new_service/main.rs"]
mod service;

fn start(scratch: &Scratch) -> System {
    let data = scratch.path("data").display().to_string();
    System::start("new_service", &["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--data", &data])
}

async fn until(system: &System, counter: &str, labels: &[(&str, &str)]) {
    let waiting = async {
        while system.page("metrics").await.sum(counter, labels) == 0.0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), waiting).await.is_ok(), "{counter}{labels:?} stays at 0");
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
    until(&system, "batch_operations_total", &[("status", "success")]).await;
    for _ in 0..2 {
        assert_eq!(system.get("new-service", "/items/7").await.text(), "Ada");
    }
    assert_eq!(system.send("new-service", Method::PUT, "/items/7", "").await.status, 422);
    assert_eq!(system.get("new-service", "/health").await.status, 200);
    break_database(&scratch);
    assert_eq!(system.get("new-service", "/items/9").await.status, 500);
    assert_eq!(system.get("new-service", "/health").await.status, 503);
    assert_eq!(system.send("new-service", Method::PUT, "/items/7", "Eve").await.status, 202);
    until(&system, "batch_operations_total", &[("status", "partial")]).await;
    is_as_the_guide_says("New service", &[&system.page("metrics").await]);
}

#[tokio::test]
async fn hostile_traffic_makes_few_series() {
    let scratch = Scratch::new("new-service");
    let system = start(&scratch);
    let paths = ["/items/*", "/items/7", "/items/99999999999999999999", "/*", "/health", "/items/7/*", "/items/%2e%2e"];
    let statuses = storm(&system, "new-service", 3_000, &paths, &["*", "", "{\"*\": 1}"]).await;
    assert!(statuses.iter().all(|status| *status < 500 || *status == 503), "{statuses:?}");
    assert!(statuses.contains(&202) && statuses.contains(&400) && statuses.contains(&422));
    let page = system.page("metrics").await;
    assert_eq!(page.sum("http_requests_total", &[]), 3_000.0);
    assert_unharmed(&page, 700);
}

#[test]
fn flags_that_are_wrong_are_errors_that_say_what_to_change() {
    let program = crate::programs::example("new_service");
    let said = |args: &[&str]| run(program.to_str().unwrap(), args).unwrap_err();
    assert!(said(&["--port", "1"]).contains("--port is no flag: use one of --addr"));
    assert!(said(&["--data"]).contains("--data wants a value"));
    assert!(said(&["--addr", "nowhere"]).contains("invalid"), "{}", said(&["--addr", "nowhere"]));
}

/// Does what the head of its `main.rs` says, with this crate in the place of the published one.
#[test]
fn a_copy_of_the_folder_is_a_package_that_builds_and_passes_its_tests() {
    let scratch = Scratch::new("my-service");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("examples/new_service");
    for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()) {
        scratch.write(&format!("src/{file}"), &fs::read_to_string(folder.join(file.as_str())).unwrap());
    }
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    let toml = main.lines().skip_while(|line| !line.ends_with("```toml")).skip(1);
    let toml = toml.take_while(|line| !line.ends_with("```")).map(|line| line.trim_start_matches("//!").trim());
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
        let output = cargo.args(args).arg("--offline").current_dir(scratch.path("")).env("CARGO_TARGET_DIR", &target);
        let output = output.output().expect("cargo starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    assert!(!cargo(&["build"]).contains("warning:"));
    let tested = cargo(&["test"]);
    assert!(tested.contains("5 passed; 0 failed"), "{tested}");
    cargo(&["run", "--", "--write", "ops"]);
    for file in ["ops/rules.yml", "ops/prometheus.yml", "ops/dashboards/tower-metrics-overview.json"] {
        assert!(scratch.path(file).exists(), "{file}");
    }
}
