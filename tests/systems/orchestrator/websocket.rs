//! Websockets on real sockets: what arrives, what is lost, and that the counts are balanced.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    time::{Duration, sleep},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Error, Message},
};

use super::{APP, Orchestrator};
use crate::{exposition::Page, system::until};

const SENT: &str = "orchestrator_websocket_messages_started_total";
const ENDED: &str = "orchestrator_websocket_messages_total";
const DEPTH: &str = "orchestrator_websocket_queue_depth";
const OPEN: [(&str, &str); 1] = [("listener", "websocket")];

/// What may wait for a connection and be on its way to it.
const ROOM: f64 = 64.0;

pub(super) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

// ===== impl Client =====

impl Client {
    pub(super) async fn connect(it: &Orchestrator) -> Self {
        let uri = format!("ws://{}/ws", it.system.address(APP));
        let (socket, answer) = connect_async(uri).await.unwrap();
        assert_eq!(answer.status(), 101);
        Self { socket }
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next event.
    pub(super) async fn hear(&mut self) -> Value {
        let message = self.socket.next().await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    /// Waits until all that was said is heard: the answer to a ping comes after it.
    async fn is_heard(&mut self) {
        self.socket.send(Message::Ping("heard?".into())).await.unwrap();
        let answer = self.socket.next().await.unwrap().unwrap();
        assert!(answer.is_pong(), "{answer:?}");
    }

    /// Acknowledges so many events.
    pub(super) async fn acknowledge(&mut self, events: usize) -> Vec<Value> {
        let mut heard = Vec::new();
        for _ in 0..events {
            let event = self.hear().await;
            self.say(&event["id"].to_string()).await;
            heard.push(event);
        }
        heard
    }
}

/// Asserts that every message that was sent was delivered, was dropped, or waits.
fn assert_balanced(page: &Page) {
    assert_eq!(page.sum(SENT, &[]), page.sum(ENDED, &[]) + page.sum(DEPTH, &[]));
}

#[tokio::test]
async fn every_client_hears_of_every_run_and_what_it_acknowledges_is_delivered() {
    let it = Orchestrator::start(&[]);
    let (mut ada, mut bob) = (Client::connect(&it).await, Client::connect(&it).await);
    it.until("connections_open", &OPEN, 2.0).await;
    it.break_it("tester").await;
    let running = async {
        for _ in 0..9 {
            assert_eq!(it.run("coder", 0.0).await, 200);
        }
        assert_eq!(it.run("tester", 0.0).await, 502);
    };
    let ((), ada_heard, bob_heard) = tokio::join!(running, ada.acknowledge(20), bob.acknowledge(20));
    assert_eq!(ada_heard, bob_heard);
    let ids: Vec<_> = ada_heard.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
    let events: Vec<_> = ada_heard.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(events[..2], ["started", "success"]);
    assert_eq!(events[18..], ["started", "failure"]);
    assert_eq!(ada_heard[19]["agent_type"], "tester");

    it.until(ENDED, &[("outcome", "delivered")], 40.0).await;
    let page = it.page().await;
    assert_eq!((page.sum(SENT, &[]), page.sum(DEPTH, &[])), (40.0, 0.0));
    let latency = "orchestrator_websocket_message_latency_seconds_count";
    assert_eq!(page.sum(latency, &[("outcome", "delivered")]), 40.0);
    assert_balanced(&page);
}

#[tokio::test]
async fn a_silent_client_loses_messages_and_nobody_waits_for_it() {
    let it = Orchestrator::start(&[]);
    let silent = Client::connect(&it).await;
    let mut ada = Client::connect(&it).await;
    it.until("connections_open", &OPEN, 2.0).await;
    let running = async {
        for _ in 0..100 {
            assert_eq!(it.run("coder", 0.0).await, 200);
        }
    };
    tokio::join!(running, ada.acknowledge(200));

    it.until(ENDED, &[("outcome", "delivered")], 200.0).await;
    let page = it.page().await;
    assert_eq!(page.sum(SENT, &[]), 400.0);
    assert_eq!(page.sum(ENDED, &[("outcome", "queue_full")]), 200.0 - ROOM);
    assert_eq!(page.sum(DEPTH, &[]), ROOM);
    assert_balanced(&page);

    // What it has not acknowledged is lost with it.
    drop(silent);
    it.until(ENDED, &[("outcome", "closed")], ROOM).await;
    let page = it.page().await;
    assert_eq!(page.sum(DEPTH, &[]), 0.0);
    assert_eq!(page.sum("connections_open", &OPEN), 1.0);
    assert_balanced(&page);
}

#[tokio::test]
#[ignore = "takes a minute, for so long a client may be silent"]
async fn a_client_that_stays_silent_loses_its_connection_and_one_that_has_nothing_to_say_does_not() {
    let it = Orchestrator::start(&[]);
    let _silent = Client::connect(&it).await;
    let mut ada = Client::connect(&it).await;
    it.until("connections_open", &OPEN, 2.0).await;
    let (status, _) = tokio::join!(it.run("coder", 0.0), ada.acknowledge(2));
    assert_eq!(status, 200);
    it.until(ENDED, &[("outcome", "delivered")], 2.0).await;
    sleep(Duration::from_secs(50)).await;
    assert_eq!(it.sum("connections_open", &OPEN).await, 2.0);
    it.until(ENDED, &[("outcome", "closed")], 2.0).await;
    it.until("connections_open", &OPEN, 1.0).await;
    assert_balanced(&it.page().await);
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_is_refused_until_one_is_free() {
    let it = Orchestrator::start(&[]);
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(Client::connect(&it).await);
    }
    let uri = format!("ws://{}/ws", it.system.address(APP));
    let Err(Error::Http(refused)) = connect_async(&uri).await else { panic!("there is no place") };
    assert_eq!(refused.status(), 503);
    let refused = [("endpoint", "/ws"), ("status", "503")];
    assert_eq!(it.sum("http_requests_total", &refused).await, 1.0);

    clients.pop();
    it.until("connections_open", &OPEN, 99.0).await;
    until("there is a place", async || connect_async(&uri).await.is_ok()).await;
}

#[tokio::test]
async fn only_what_names_a_message_that_is_on_its_way_acknowledges_it() {
    let it = Orchestrator::start(&[]);
    let mut ada = Client::connect(&it).await;
    it.until("connections_open", &OPEN, 1.0).await;
    assert_eq!(it.run("coder", 0.0).await, 200);
    let heard = [ada.hear().await, ada.hear().await];
    for nonsense in ["7", "-1", "0", "", "1.0", "18446744073709551616", "{\"id\":1}", "\u{0}"] {
        ada.say(nonsense).await;
    }
    ada.is_heard().await;
    assert_eq!(it.sum(DEPTH, &[]).await, 2.0);
    // The second alone, and twice.
    ada.say(&heard[1]["id"].to_string()).await;
    ada.say(&heard[1]["id"].to_string()).await;
    ada.is_heard().await;
    let page = it.page().await;
    assert_eq!((page.sum(ENDED, &[("outcome", "delivered")]), page.sum(DEPTH, &[])), (1.0, 1.0));
    assert_balanced(&page);
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_the_connection() {
    let it = Orchestrator::start(&[]);
    let mut loud = Client::connect(&it).await;
    it.until("connections_open", &OPEN, 1.0).await;
    loud.say(&"7".repeat(2_000)).await;
    it.until("connections_open", &OPEN, 0.0).await;
    assert_eq!(it.run("coder", 0.0).await, 200);
}

#[tokio::test]
async fn who_asks_for_a_websocket_wrongly_is_told_how() {
    let it = Orchestrator::start(&[]);
    let answer = it.system.get(APP, "/ws").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("Connection"), "{}", answer.text());
    let socket = TcpStream::connect(it.system.address(APP)).await.unwrap();
    let refused = client_async("ws://localhost/agents", socket).await;
    assert!(refused.is_err());
}
