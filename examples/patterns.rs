//! What services measure beside their requests, each in a few lines.
//!
//! ```text
//! cargo run --example patterns
//! ```

use std::{error::Error, io, num::ParseIntError, sync::LazyLock};

use tower::{ServiceExt, service_fn};
use tower_metrics::{
    ConnectionMetricsLayer, Operation, Outcome, ServiceMetricsLayer,
    exporter::Prometheus,
    labels::Capped,
    metrics::{counter, describe_gauge, gauge, histogram},
};

fn main() -> Result<(), Box<dyn Error>> {
    let metrics = Prometheus::new().install()?;

    decorator();
    block();
    batch();
    queue();
    health_check();
    database_query()?;
    for state in [Breaker::Closed, Breaker::HalfOpen, Breaker::Open] {
        circuit_breaker(state);
    }
    build_info();
    websocket();
    cost();

    let page = metrics.render();
    let mut lines: Vec<_> =
        page.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0")).collect();
    lines.retain(|line| {
        !line.is_empty() && !["_bucket", "_sum", "tower_metrics_"].iter().any(|it| line.contains(it))
    });
    lines.sort_unstable();
    println!("{}", lines.join("\n"));
    Ok(())
}

/// A function that is counted and timed wherever it is called from.
fn decorator() {
    // Made once: it keeps the handles that it has found.
    static CALLS: LazyLock<Operation<1>> =
        LazyLock::new(|| Operation::new("function_calls").labels(["function"]).outcome_label("status"));

    fn parse(text: &str) -> Result<u32, ParseIntError> {
        CALLS.try_run_with(["parse"], || text.parse())
    }
    drop((parse("17"), parse("seventeen")));
}

/// A block that is `cancelled` should it be left before its end, by `?` or by a panic.
fn block() {
    let imports = Operation::new("import").word(Outcome::Completed, "success");
    let import = imports.start();
    import.complete();
}

/// A batch that can succeed in part. How many items went through is a distribution of the user's own.
fn batch() {
    let batches = Operation::new("batch").labels(["operation"]).outcome_label("status");
    let batch = batches.start_with(["reindex"]);
    let (done, failed) = (97, 3);
    histogram!("batch_items_processed", "operation" => "reindex").record(f64::from(done));
    batch.finish(if failed == 0 { "success" } else { "partial" });
}

/// A queue: how deep it is, and what came out of it.
fn queue() {
    let mut jobs = vec!["a", "b", "c"];
    let worked = Operation::new("queue_items").labels(["queue_name"]);
    while let Some(job) = jobs.pop() {
        gauge!("queue_depth", "queue_name" => "mail").set(jobs.len() as f64);
        worked.run_with(["mail"], || job.len());
    }
}

/// A health check: the state is a gauge, the check itself an operation.
fn health_check() {
    let is_up = Operation::new("health_check").labels(["service_name"]).run_with(["database"], || true);
    gauge!("service_health_status", "service_name" => "database").set(if is_up { 1.0 } else { 0.0 });
}

struct Query {
    kind: &'static str,
}

struct Row {
    cached: bool,
}

/// A query through a tower service, with words of its own for what came of it.
fn database_query() -> io::Result<()> {
    let layer = ServiceMetricsLayer::new("db_query")
        .label("query_type", |query: &Query| query.kind.into())
        .classify(|row: Result<&Row, &io::Error>| match row {
            Ok(row) if row.cached => "hit",
            Ok(_) => "miss",
            Err(_) => "failed",
        });
    let database = tower::Layer::layer(
        &layer,
        service_fn(async |query: Query| Ok(Row { cached: query.kind == "select" })),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        database.clone().oneshot(Query { kind: "select" }).await?;
        database.oneshot(Query { kind: "insert" }).await?;
        Ok(())
    })
}

#[derive(Clone, Copy)]
enum Breaker {
    Closed = 0,
    Open = 1,
    HalfOpen = 2,
}

/// A state as a number, said in the help text.
fn circuit_breaker(state: Breaker) {
    describe_gauge!("circuit_breaker_state", "0 closed, 1 open, 2 half open.");
    gauge!("circuit_breaker_state", "agent" => "billing").set(f64::from(state as u8));
}

/// What runs here: a gauge of 1, told by its labels.
fn build_info() {
    gauge!("system_info", "version" => env!("CARGO_PKG_VERSION"), "environment" => "example").set(1.0);
}

/// Sockets that are open, and messages through them.
fn websocket() {
    let sockets = ConnectionMetricsLayer::new("websocket");
    let socket = sockets.open();
    counter!("websocket_messages_total", "direction" => "sent").increment(2);
    drop(socket);
}

/// An amount by labels from outside, in whole small units, and never too many series.
fn cost() {
    let cost =
        Capped::new("llm_cost_microdollars_total", ["repository", "user"], "What was spent on tokens.")
            .max_values("repository", 500)
            .max_values("user", 1_000);
    cost.increment(["website", "ada"], 1_250);
}
