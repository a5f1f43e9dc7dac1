//! The platform as a program: what it is told, and its end.

use std::process::Command;

use tokio::net::TcpStream;

use super::{platform, until};
use crate::programs::example;

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

#[test]
fn a_flag_that_is_wrong_is_an_error_that_says_what_is_wanted() {
    let program = example("platform");
    let wrong: [(&[&str], &str); 7] = [
        (&["--backend-adr", "127.0.0.1:0"], "\\\"--backend-adr\\\" is no flag here, there are"),
        (&["house"], "is no role: backend, engine or executor, or none for all three"),
        (&["engine", "--every", "5 minutes"], "has to be a time such as 90s, 5m or 1h"),
        (&["engine", "--prometheus", "localhost:9090"], "has to be http://HOST:PORT"),
        (&["executor", "--backend", "http://127.0.0.1:3000/"], "has to be HOST:PORT"),
        (&["executor", "--most-actions", "0"], "has to be a number from 1"),
        (&["backend", "--addr"], "--addr wants a value after it"),
    ];
    for (args, says) in wrong {
        let addresses: &[&str] =
            if args.len() == 3 { &["--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0"] } else { &[] };
        let output = Command::new(&program).args(args).args(addresses).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(says), "{args:?}: {said}");
    }
}
