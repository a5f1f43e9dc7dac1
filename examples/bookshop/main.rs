//! A bookshop as a user of this crate would have it, and its tests, which are written with `tower_metrics::testing` alone.
//!
//! ```text
//! cargo run --example bookshop
//! cargo test --example bookshop
//! ```
//!
//! `shop.rs` is the application, `layers.rs` all that measures it, and `tests.rs` what is tested of that: what is counted of which
//! request, whether it is within the promise, and that everything balances whatever callers and the service do.

mod layers;
mod shop;
#[cfg(test)]
mod tests;

use std::{convert::Infallible, error::Error, time::Duration};

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
    let sla = promise();
    let metrics = Prometheus::new().sla(&sla).page().serve("127.0.0.1:9000").await?;
    let layers = Layers::new();
    layers.initialize();
    sla.check(&metrics.render())?.complete()?;

    // In the place of the bank there is one that takes everything, after a while.
    let bank = service_fn(async |_| {
        sleep(Duration::from_millis(20)).await;
        Ok::<_, Infallible>(Response::new(Body::from("paid")))
    });
    let shop = Shop::new(&layers, bank);
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("application  http://127.0.0.1:3000/books/7  (also /books, POST /orders/7)");
    println!("metrics      http://127.0.0.1:9000/metrics, and as a page for people http://127.0.0.1:9000/");
    let app = measured(routes(shop, &layers), &layers);
    Ok(axum::serve(listener, layers.connections.layer(app.into_make_service())).await?)
}
