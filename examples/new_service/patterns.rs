//! What the service does, and what is measured of that beside its requests. Keep the patterns that you have a use for.

use std::{
    collections::HashMap,
    env, fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::mpsc, time::sleep};
use tower_metrics::{
    Operation, Outcome,
    metrics::{counter, describe_gauge, gauge},
};

/// Texts by their number: read through a cache, written through a queue.
#[derive(Clone)]
pub(crate) struct Items {
    data: PathBuf,
    cache: Arc<Mutex<Cache>>,
    queue: mpsc::Sender<(u64, String)>,
    operation: Operation<1>,
    query: Operation<1>,
}

/// Texts that were read, and how often one was written since the start.
#[derive(Default)]
struct Cache {
    texts: HashMap<u64, String>,
    writes: u64,
}

impl Items {
    /// Opens the folder that is the database.
    pub(crate) fn open(data: PathBuf) -> io::Result<(Self, mpsc::Receiver<(u64, String)>)> {
        describe_gauge!(
            "service_health_status",
            "1 is well, 0 is down, by what the service cannot do without."
        );
        fs::create_dir_all(&data)?;
        let query =
            Operation::new("db_query").labels(["query_type"]).in_flight_limit(100).oldest_start_timestamp();
        for query_type in ["select", "insert"] {
            query.initialize_with([query_type]);
        }
        for result in ["hit", "miss"] {
            counter!("cache_requests_total", "cache" => "items", "result" => result).absolute(0);
        }
        let operation = Operation::new("operation").labels(["operation_type"]).outcome_label("status");
        let operation = operation.word(Outcome::Completed, "success").count_as("operations_total");
        operation.initialize_with(["check"]);
        let (queue, queued) = mpsc::channel(100);
        Ok((Self { data, cache: Arc::default(), queue, operation, query }, queued))
    }

    /// A cache: two counters, of which a query makes a ratio over any time. A gauge of the ratio could not be summed.
    pub(crate) async fn read(&self, id: u64) -> io::Result<Option<String>> {
        let (cached, writes) = {
            let cache = self.cache();
            (cache.texts.get(&id).cloned(), cache.writes)
        };
        let result = if cached.is_some() { "hit" } else { "miss" };
        counter!("cache_requests_total", "cache" => "items", "result" => result).increment(1);
        if cached.is_some() {
            return Ok(cached);
        }
        // A query: an answer of nothing is one, and no failure.
        let select = async {
            match tokio::fs::read_to_string(self.data.join(id.to_string())).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                text => text.map(Some),
            }
        };
        let text = self.query.try_instrument_with(["select"], select).await?;
        let mut cache = self.cache();
        // What was read while something was written may be old, and would stay so.
        if let Some(text) = text.as_ref().filter(|_| cache.writes == writes && cache.texts.len() < 1_000) {
            cache.texts.insert(id, text.clone());
        }
        Ok(text)
    }

    /// A function, counted and timed. Nothing but its name becomes a label: neither the number nor the text.
    pub(crate) fn check(&self, text: &str) -> Result<(), &'static str> {
        let check = || if text.trim().is_empty() { Err("an item has a text: send one") } else { Ok(()) };
        self.operation.try_run_with(["check"], check)
    }

    /// Returns `false` where too many wait already.
    pub(crate) fn enqueue(&self, id: u64, text: String) -> bool {
        self.queue.try_send((id, text)).is_ok()
    }

    /// A queue that is worked off in batches, which can succeed in part.
    pub(crate) async fn work(self, mut queued: mpsc::Receiver<(u64, String)>) {
        let batches = Operation::new("batch").count_as("batch_operations_total").labels(["operation"]);
        let batches = batches.outcome_label("status").expect_words(["success", "partial"]);
        batches.initialize_with(["store"]);
        let stored = counter!("batch_items_processed_total", "operation" => "store");
        let processed = counter!("queue_items_processed_total", "queue_name" => "items");
        let mut items = Vec::new();
        while queued.recv_many(&mut items, 10).await > 0 {
            let batch = batches.start_with(["store"]);
            let mut word = "success";
            for (id, text) in items.drain(..) {
                let insert = tokio::fs::write(self.data.join(id.to_string()), text);
                match self.query.try_instrument_with(["insert"], insert).await {
                    Ok(()) => stored.increment(1),
                    Err(_) => word = "partial",
                }
                let mut cache = self.cache();
                cache.writes += 1;
                cache.texts.remove(&id);
                drop(cache);
                processed.increment(1);
            }
            batch.finish(word);
        }
    }

    /// A health check: one gauge for each thing that the service cannot do without.
    pub(crate) fn is_well(&self) -> bool {
        let checks = [("database", self.data.is_dir()), ("queue", self.queue.capacity() > 0)];
        for (name, is_well) in checks {
            gauge!("service_health_status", "service_name" => name).set(f64::from(u8::from(is_well)));
        }
        checks.iter().all(|(_, is_well)| *is_well)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Levels, looked at each second. What the process takes of the machine, the exporter tells.
    pub(crate) async fn sample(self) {
        loop {
            let waiting = self.queue.max_capacity() - self.queue.capacity();
            gauge!("queue_depth", "queue_name" => "items").set(waiting as f64);
            gauge!("runtime_tasks").set(Handle::current().metrics().num_alive_tasks() as f64);
            self.is_well();
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// What runs here: a gauge of 1, told by its labels.
pub(crate) fn info() {
    let told = |name: &str| env::var(name).unwrap_or_else(|_| "unknown".into());
    let (environment, region) = (told("ENVIRONMENT"), told("REGION"));
    gauge!("system_info", "version" => env!("CARGO_PKG_VERSION"), "environment" => environment, "region" => region)
        .set(1.0);
}
