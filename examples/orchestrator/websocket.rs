//! Websockets that tell of what agents do, and who has heard it.
//!
//! An event is a message for each connection: `{"id":7,"agent_type":"coder","event":"success"}`, which the client
//! acknowledges by sending `7`. A client that is slow, or silent, loses messages, and nobody waits for it. One that stays silent
//! loses its connection.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use serde_json::json;
use tokio::{
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::TrySendError},
    },
    time::{Instant, sleep_until, timeout_at},
};
use tower_metrics::{ConnectionMetricsLayer, Operation, Outcome, operation::Started};

use crate::promise::{MESSAGE_LATENCY, QUEUE_DEPTH};

/// How many messages wait for a connection, and as many are on their way.
const QUEUE: usize = 32;
/// How many connections there are at most.
const PLACES: usize = 100;
/// How long a client may acknowledge nothing, while messages wait for that.
const PATIENCE: Duration = Duration::from_secs(60);
/// A client sends nothing but numbers.
pub(crate) const LONGEST_MESSAGE: usize = 1_024;

/// All connections.
pub(crate) struct Hub {
    clients: Mutex<Clients>,
    places: Arc<Semaphore>,
    connections: ConnectionMetricsLayer,
    /// A message is an operation: it begins when it is sent, and is in flight until it is delivered or dropped.
    messages: Operation,
}

#[derive(Default)]
struct Clients {
    last_event: u64,
    queues: Vec<mpsc::Sender<Sent>>,
}

/// A message for one connection. Dropped with its connection, it is `closed`.
struct Sent {
    id: u64,
    text: Utf8Bytes,
    message: Started,
}

// ===== impl Hub =====

impl Hub {
    pub(crate) fn new() -> Self {
        let messages = Operation::new("orchestrator_websocket_messages")
            .started()
            .time_as(MESSAGE_LATENCY.name())
            .gauge_as(QUEUE_DEPTH.name())
            .word(Outcome::Cancelled, "closed")
            .expect_words(["delivered", "queue_full", "closed"]);
        messages.initialize();
        let connections = ConnectionMetricsLayer::new("websocket");
        Self { clients: Mutex::default(), places: Arc::new(Semaphore::new(PLACES)), connections, messages }
    }

    /// A place for a connection, if there is one.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Tells all connections. It waits for none.
    pub(crate) fn tell(&self, agent_type: &str, event: &str) {
        let mut clients = self.clients();
        clients.last_event += 1;
        let id = clients.last_event;
        let text = json!({ "id": id, "agent_type": agent_type, "event": event }).to_string();
        let text = Utf8Bytes::from(text);
        for client in &clients.queues {
            let sent = Sent { id, text: text.clone(), message: self.messages.start() };
            if let Err(TrySendError::Full(sent)) = client.try_send(sent) {
                sent.message.finish("queue_full");
            }
        }
    }

    /// Serves a connection to its end, which gives its place back.
    pub(crate) async fn serve(self: Arc<Self>, mut socket: WebSocket, _place: OwnedSemaphorePermit) {
        let _open = self.connections.open();
        let mut queue = self.join();
        let mut on_their_way = VecDeque::new();
        let mut patient_until = Instant::now();
        loop {
            tokio::select! {
                Some(sent) = queue.recv(), if on_their_way.len() < QUEUE => {
                    if on_their_way.is_empty() {
                        patient_until = Instant::now() + PATIENCE;
                    }
                    // Whoever reads nothing lets nothing be sent.
                    let sending = socket.send(Message::Text(sent.text));
                    let Ok(Ok(())) = timeout_at(patient_until, sending).await else { return };
                    on_their_way.push_back((sent.id, sent.message));
                }
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => {
                        let acknowledged = text.trim().parse::<u64>().ok();
                        let at = on_their_way.iter().position(|(id, _)| acknowledged == Some(*id));
                        if let Some((_, message)) = at.and_then(|at| on_their_way.remove(at)) {
                            message.finish("delivered");
                            patient_until = Instant::now() + PATIENCE;
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
                () = sleep_until(patient_until), if !on_their_way.is_empty() => return,
            }
        }
    }

    fn join(&self) -> mpsc::Receiver<Sent> {
        let (client, queue) = mpsc::channel(QUEUE);
        self.clients().queues.push(client);
        queue
    }

    /// Those that are connected.
    fn clients(&self) -> MutexGuard<'_, Clients> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.queues.retain(|client| !client.is_closed());
        clients
    }
}
