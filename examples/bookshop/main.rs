//! A bookshop as a user of this crate would have it, and its tests, which are written with `tower_metrics::testing` alone.
//!
//! ```text
//! cargo run --example bookshop -- [--addr HOST:PORT] [--metrics-addr HOST:PORT]
//! cargo test --example bookshop
//! ```
//!
//! `shop.rs` is the application, `layers.rs` all that measures it, and `tests.rs` what is tested of that: what is counted of which
//! request, whether it is within the promise, and that everything balances whatever callers and the service do.

mod layers;
mod shop;
#[cfg(test)]
mod tests;

use std::{convert::Infallible, env, error::Error, time::Duration};

use axum::{body::Body, http::Response};
use tokio::{net::TcpListener, time::sleep};
use tower::{Layer, service_fn};
use tower_metrics::exporter::Prometheus;

use self::{
    layers::{Layers, promise},
    shop::{Shop, measured, routes},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = flag("--addr", "127.0.0.1:3000")?;
    let metrics_addr = flag("--metrics-addr", "127.0.0.1:9000")?;
    let sla = promise();
    let metrics = Prometheus::new().sla(&sla).page().serve(metrics_addr).await?;
    let layers = Layers::new();
    layers.initialize();
    sla.check(&metrics.render())?.complete()?;

    // In the place of the bank there is one that takes everything, after a while.
    let bank = service_fn(async |_| {
        sleep(Duration::from_millis(20)).await;
        Ok::<_, Infallible>(Response::new(Body::from("paid")))
    });
    let shop = Shop::new(&layers, bank);
    let listener =
        TcpListener::bind(&addr).await.map_err(|error| format!("cannot listen on {addr}: {error}"))?;
    let (addr, metrics_addr) = (listener.local_addr()?, metrics.local_addr().expect("it was served"));
    println!("application  http://{addr}/books/7  (also /books, POST /orders/7)");
    println!("metrics      http://{metrics_addr}/metrics, and as a page for people http://{metrics_addr}/");
    let app = measured(routes(shop, &layers), &layers);
    Ok(axum::serve(listener, layers.connections.layer(app.into_make_service())).await?)
}

/// The value that follows a flag.
fn flag(name: &str, default: &str) -> Result<String, String> {
    let mut args = env::args().skip_while(|arg| arg != name).skip(1);
    match (env::args().any(|arg| arg == name), args.next()) {
        (false, _) => Ok(default.into()),
        (true, Some(value)) => Ok(value),
        (true, None) => Err(format!("{name} wants HOST:PORT after it")),
    }
}
