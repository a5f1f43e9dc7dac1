//! The examples, what `examples/slo` writes of them, and the Prometheus that reads it, on free ports.

use std::{fs, sync::Arc, time::Duration};

use http::Method;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Example, Orders, Scratch, Server, example, run};

/// Writes the files of the `slo` example.
pub(crate) fn write_files(scratch: &Scratch) {
    let out = scratch.path("");
    run(example("slo").to_str().unwrap(), &["--out", out.to_str().unwrap()]).unwrap();
}

/// Changes one of the files; every change has to find something.
pub(crate) fn change(scratch: &Scratch, file: &str, changes: &[(&str, &str)]) {
    let mut text = fs::read_to_string(scratch.path(file)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{file} has no {from}");
        text = text.replace(from, to);
    }
    scratch.write(file, &text);
}

/// The axum and the tonic example, and a Prometheus that scrapes both each second by the configuration that was written.
pub(crate) struct Stack {
    _orders: Orders,
    /// Shared with the tasks that call it; it ends with the last of them.
    pub(crate) example: Arc<Example>,
    pub(crate) prometheus: Server,
}

impl Stack {
    /// With the files as they were changed before, and other addresses in them.
    pub(crate) fn start(scratch: &Scratch, orders: Orders, changes: &[(&str, &str)]) -> Self {
        let example = Arc::new(Example::start());
        let faster = [
            ("127.0.0.1:9000", &*example.metrics),
            ("127.0.0.1:9001", &*orders.metrics),
            ("scrape_interval: 15s", "scrape_interval: 1s"),
            ("scrape_timeout: 5s", "scrape_timeout: 1s"),
            ("evaluation_interval: 30s", "evaluation_interval: 1s"),
        ];
        change(scratch, "prometheus.yml", &[&faster, changes].concat());
        let prometheus = Server::prometheus(&scratch.path("prometheus.yml"));
        Self { _orders: orders, example, prometheus }
    }

    /// Calls `/users/{id}` fifty times a second until the task is aborted.
    pub(crate) fn users(&self) -> JoinHandle<()> {
        let example = self.example.clone();
        tokio::spawn(async move {
            for id in 0_u64.. {
                // A call that hangs is given up after a while, as callers do.
                let path = format!("/users/{id}");
                drop(timeout(Duration::from_secs(5), example.get(&path)).await);
                sleep(Duration::from_millis(20)).await;
            }
        })
    }

    /// Makes a call of every kind that the example knows.
    pub(crate) async fn every_kind(&self) {
        for path in ["/users/7", "/users/10", "/slow", "/fail", "/panic", "/nowhere", "/file"] {
            self.example.get(path).await;
        }
        let reports = (0..4).map(|_| self.example.send(Method::POST, "/reports"));
        let statuses = futures_util::future::join_all(reports).await;
        assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
        // Given up long before it answers: it takes 300 ms.
        drop(timeout(Duration::from_millis(20), self.example.get("/slow")).await);
    }
}
