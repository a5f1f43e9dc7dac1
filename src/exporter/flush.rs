//! Handing over the last of what was recorded, by all exporters at once and in bounded time.

use std::thread;

use tokio::sync::oneshot;

use super::{Error, error::Kind};

/// How one exporter hands over what it still has. It may block, in bounded time.
pub(super) struct Flush {
    /// The exporter's URI, for messages.
    pub(super) to: String,
    pub(super) run: Box<dyn FnOnce() -> Result<(), String> + Send>,
}

/// Each on a thread of its own, so that the slowest is what all of them take.
pub(super) async fn all(flushes: Vec<Flush>) -> Result<(), Error> {
    let mut begun = Vec::new();
    for Flush { to, run } in flushes {
        let (tell, told) = oneshot::channel();
        let thread = thread::Builder::new().name("tower-metrics-flush".into());
        let spawned = thread.spawn(move || drop(tell.send(run())));
        begun.push((to, spawned.map(|_| told)));
    }
    let mut failed = Vec::new();
    for (to, spawned) in begun {
        let done = match spawned {
            Ok(told) => told.await.unwrap_or_else(|_| Err("it panicked".into())),
            Err(error) => Err(error.to_string()),
        };
        failed.extend(done.err().map(|why| (to, why)));
    }
    if failed.is_empty() { Ok(()) } else { Err(Kind::Flush(failed).into()) }
}
