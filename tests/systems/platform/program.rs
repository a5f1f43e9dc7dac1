//! The platform as a program: what it is told, and its end.

use std::time::Duration;

use tokio::{net::TcpStream, process::Command, time::timeout};

use super::{platform, propose};
use crate::{
    programs::example,
    system::{System, until},
};

/// One service, on free ports.
fn alone(role: &str, more: &[&str]) -> System {
    let args = [role, "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"];
    System::start("platform", &[&args, more].concat())
}

#[tokio::test]
async fn services_that_are_started_alone_find_each_other_by_flags() {
    let [backend, engine] = ["backend", "engine"].map(|role| alone(role, &[]));
    let engine_at = engine.address("engine").to_owned();
    let executor = alone("executor", &["--backend", backend.address("backend"), "--engine", &engine_at]);
    assert_eq!(propose(&executor, "clear_cache", "backend").await.json()["status"], "completed");
    let page = backend.page("backend metrics").await;
    assert_eq!(
        page.sum("http_requests_total", &[("endpoint", "/admin/clear_cache"), ("status", "200")]),
        1.0
    );

    drop(engine);
    let report = propose(&executor, "recover", "engine").await.json();
    assert_eq!(report["reason"], format!("{engine_at} gave no answer: connect"));
    let page = executor.page("executor metrics").await;
    assert_eq!(page.sum("executor_actions_total", &[("status", "failed")]), 1.0);
    let labels = [("server", &*engine_at), ("error_type", "connect")];
    assert_eq!(page.sum("http_client_requests_total", &labels), 1.0);
}

#[tokio::test]
async fn the_services_end_with_whoever_started_them() {
    let platform = platform(&[]);
    let names = ["backend", "engine", "executor", "backend metrics", "engine metrics", "executor metrics"];
    let addresses = names.map(|name| platform.address(name).to_owned());
    let accepts = async |address: &String| TcpStream::connect(address).await.is_ok();
    assert!(accepts(&addresses[0]).await);
    // Killed, so that it can tell nobody.
    drop(platform);
    for address in &addresses {
        until("nobody listens there", async || !accepts(address).await).await;
    }
}

#[tokio::test]
async fn a_flag_that_is_wrong_is_an_error_that_says_what_is_wanted() {
    let program = example("platform");
    let wrong: [(&[&str], &str); 8] = [
        (&["--backend-adr", "127.0.0.1:0"], "\\\"--backend-adr\\\" is no flag here, there are"),
        (&["house"], "is no role: backend, engine or executor, or none for all three"),
        (&["engine", "--every", "5 minutes"], "has to be a time such as 90s, 5m or 1h"),
        (&["engine", "--prometheus", "localhost:9090"], "has to be http://HOST:PORT"),
        (&["executor", "--backend", "http://127.0.0.1:3000/"], "has to be HOST:PORT"),
        (&["executor", "--most-actions", "0"], "has to be a number from 1"),
        (&["backend", "--requests-per-second", "3000000000"], "has to be a number from 1 to 1000000"),
        (&["backend", "--addr"], "--addr wants a value after it"),
    ];
    for (args, says) in wrong {
        let addresses: &[&str] =
            if args.len() == 3 { &["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"] } else { &[] };
        // One that is not refused would serve for ever.
        let ended = Command::new(&program).args(args).args(addresses).kill_on_drop(true).output();
        let output = timeout(Duration::from_secs(20), ended).await.expect("it is refused").unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(says), "{args:?}: {said}");
    }
}
