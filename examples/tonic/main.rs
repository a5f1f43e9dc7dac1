//! A tonic server and a client of it in one process, with every way in which a gRPC call can end, and their metrics on a
//! port of their own.
//!
//! ```text
//! cargo run --example tonic -- [--metrics-addr HOST:PORT] [--forever]
//! ```
//!
//! With `--forever` it goes on to place orders, for whoever wants to see them in a dashboard.

mod orders;
mod promise;
// Made from `shop.proto` by tonic's generator, as the build script of a service would make it.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
#[path = "shop.rs"]
mod shop;

use std::{env, error::Error, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{net::TcpListener, signal};
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tower::{ServiceBuilder, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_metrics::{GrpcMessagesLayer, GrpcMetricsLayer, RejectionLayer, exporter};

use crate::{
    orders::Orders,
    shop::{Order, orders_client::OrdersClient, orders_server::OrdersServer},
};

/// What a build script has protobuf's compiler write beside the code.
const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("shop.bin");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let metrics_addr = flag("--metrics-addr", "127.0.0.1:9001")?;

    let sla = promise::promise();
    let metrics = exporter::Prometheus::new().sla(&sla).page().serve(metrics_addr).await?;

    let layer = GrpcMetricsLayer::new()
        .descriptors(FILE_DESCRIPTOR_SET)?
        .skip_health_and_reflection()
        .oldest_start_timestamp();
    let messages = GrpcMessagesLayer::from(layer.clone());
    layer.initialize();
    messages.initialize();
    sla.check(&metrics.render())?.complete()?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    // Who comes when 100 calls are in flight is refused, and counted as such.
    let limit = ServiceBuilder::new()
        .layer(RejectionLayer::new("orders").around(LoadShedLayer::new()))
        .layer(GlobalConcurrencyLimitLayer::new(100));
    let server =
        Server::builder().layer(layer).layer(messages).layer(limit).add_service(OrdersServer::new(Orders));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let layer = GrpcMetricsLayer::client().descriptors(FILE_DESCRIPTOR_SET)?;
    let channel = Channel::from_shared(format!("http://{addr}"))?.connect().await?;
    let channel = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(GrpcMessagesLayer::from(layer))
        // A channel wants tonic's own body, which the counting one is not.
        .layer(MapRequestBodyLayer::new(tonic::body::Body::new))
        .service(channel);
    let mut client = OrdersClient::new(channel);
    call(client.clone()).await;

    let page = metrics.render();
    for name in ["grpc_server_handled_total", "grpc_client_handled_total", "grpc_server_msg_"] {
        let mut lines: Vec<_> =
            page.lines().filter(|line| line.starts_with(name) && !line.ends_with(" 0")).collect();
        lines.sort_unstable();
        println!("{}\n", lines.join("\n"));
    }
    println!("metrics  http://{}/metrics  (Ctrl-C ends it)", metrics.local_addr().expect("it was served"));
    if env::args().any(|arg| arg == "--forever") {
        tokio::spawn(async move {
            for number in 1_u32.. {
                // One in five hundred fails, as it is asked to: the metrics tell.
                let code = if number % 500 == 0 { 13 } else { 0 };
                drop(client.place(Order { pieces: 1, code, millis: number * 7 % 60 }).await);
                if number % 10 == 0 {
                    if let Ok(answer) = client.list(Order { pieces: 3, code: 0, millis: 20 }).await {
                        answer.into_inner().count().await;
                    }
                    drop(client.import(stream::iter([Order { pieces: 1, code: 0, millis: 0 }])).await);
                }
            }
        });
    }
    Ok(signal::ctrl_c().await?)
}

/// Makes a call of each kind, and some that end otherwise.
async fn call<S>(client: OrdersClient<S>)
where
    S: tonic::client::GrpcService<tonic::body::Body, Future: Send> + Clone,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <S::ResponseBody as tonic::codegen::Body>::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    let mut client = client;
    let order = |pieces, code| Order { pieces, code, millis: 0 };
    let orders = || stream::iter([order(1, 0), order(2, 0)]);

    report("unary", client.place(order(1, 0)).await.map(drop));
    report("unary that fails", client.place(order(1, 5)).await.map(drop));
    report("client stream", client.import(orders()).await.map(drop));
    match client.watch(orders()).await {
        Ok(answer) => println!("bidi stream: {} messages", answer.into_inner().count().await),
        Err(status) => println!("bidi stream: {status}"),
    }
    // Three messages, and then an error, which no head tells.
    if let Ok(answer) = client.list(order(3, 13)).await {
        let mut answers = answer.into_inner();
        let mut count = 0;
        let end = loop {
            match answers.message().await {
                Ok(Some(_)) => count += 1,
                Ok(None) => break "OK".to_owned(),
                Err(status) => break format!("{:?}", status.code()),
            }
        };
        println!("server stream: {count} messages, then {end}");
    }

    let mut slow = tonic::Request::new(Order { pieces: 1, code: 0, millis: 2_000 });
    slow.set_timeout(Duration::from_millis(50));
    report("a deadline of 50 ms", client.place(slow).await.map(drop));

    // Given up after the first message.
    if let Ok(answer) = client.list(Order { pieces: 5, code: 0, millis: 2_000 }).await {
        let first = answer.into_inner().message().await;
        println!("server stream, given up after {first:?}");
    }
    // The server hears of it when the reset arrives.
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn report(what: &str, result: Result<(), tonic::Status>) {
    match result {
        Ok(()) => println!("{what}: OK"),
        Err(status) => println!("{what}: {:?}", status.code()),
    }
}

fn flag(name: &str, default: &str) -> Result<String, String> {
    let mut args = env::args().skip_while(|arg| arg != name).skip(1);
    match (env::args().any(|arg| arg == name), args.next()) {
        (false, _) => Ok(default.into()),
        (true, Some(value)) => Ok(value),
        (true, None) => Err(format!("{name} wants HOST:PORT after it")),
    }
}
