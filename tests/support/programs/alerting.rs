//! Alertmanager, and whoever it tells.

#![allow(dead_code, reason = "no test binary needs all of it")]

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use super::{Running, Scratch, body, change, client, free_address};

/// An Alertmanager, whose receivers are heard by the test.
pub(crate) struct Alertmanager {
    _program: Running,
    pub(crate) addr: String,
    hears: mpsc::UnboundedReceiver<(String, Value)>,
}

// ===== impl Alertmanager =====

impl Alertmanager {
    /// Starts with `alertmanager.yml` of this folder, its waits shortened and its receivers in the place of those of the file.
    pub(crate) async fn start(scratch: &Scratch) -> Self {
        let (webhooks, hears) = receivers().await;
        with_webhooks(scratch, &webhooks);
        let addr = free_address();
        let program = Running::alertmanager(scratch, "alertmanager.yml", &addr);
        Self { _program: program, addr, hears }
    }

    /// Waits until a receiver is told of an alert, and returns all that was told until then.
    pub(crate) async fn until_told(&mut self, is_it: impl Fn(&str, &Value) -> bool) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        let waiting = async {
            loop {
                let (receiver, what) = self.hears.recv().await.unwrap();
                let mut is_found = false;
                for alert in what["alerts"].as_array().unwrap() {
                    is_found |= is_it(&receiver, alert);
                    told.push((receiver.clone(), alert.clone()));
                }
                if is_found {
                    return;
                }
            }
        };
        let is_told = timeout(Duration::from_secs(150), waiting).await.is_ok();
        assert!(is_told, "{told:#?}");
        told
    }

    /// What receivers were told that nobody has read yet.
    pub(crate) fn unread(&mut self) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        while let Ok((receiver, what)) = self.hears.try_recv() {
            told.extend(what["alerts"].as_array().unwrap().iter().map(|it| (receiver.clone(), it.clone())));
        }
        told
    }

    /// The alerts that are held back.
    pub(crate) async fn suppressed(&self) -> Vec<Value> {
        let uri = format!("http://{}/api/v2/alerts?active=false&inhibited=true&silenced=false", self.addr);
        let answer = body(&client(), &uri).await.unwrap();
        serde_json::from_slice::<Vec<Value>>(&answer).unwrap()
    }
}

/// Who is told: each notification with the receiver's name.
pub(crate) async fn receivers() -> (String, mpsc::UnboundedReceiver<(String, Value)>) {
    let (told, hears) = mpsc::unbounded_channel();
    let tell = async |State(told): State<mpsc::UnboundedSender<_>>,
                      Path(receiver): Path<String>,
                      Json(what): Json<Value>| {
        told.send((receiver, what)).unwrap();
    };
    let app = Router::new().route("/{receiver}", post(tell)).with_state(told);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (addr, hears)
}

/// The same routes and inhibitions, with receivers that the test hears.
fn with_webhooks(scratch: &Scratch, addr: &str) {
    let text = std::fs::read_to_string(scratch.path("alertmanager.yml")).unwrap();
    let (routes, receivers) = text.split_once("receivers:\n").unwrap();
    let names = receivers.lines().filter_map(|line| line.strip_prefix("  - name: "));
    let hooks = names.map(|name| {
        format!(
            "  - name: {name}\n    webhook_configs: [{{url: 'http://{addr}/{name}', send_resolved: true}}]\n"
        )
    });
    scratch.write("alertmanager.yml", &format!("{routes}receivers:\n{}", hooks.collect::<String>()));
    let waits = [
        ("group_wait: 30s", "group_wait: 1s"),
        ("group_interval: 5m", "group_interval: 2s"),
        ("group_interval: 30s", "group_interval: 2s"),
    ];
    change(scratch, "alertmanager.yml", &waits);
}
