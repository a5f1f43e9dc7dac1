//! What the gRPC ecosystem asks for, and what an SLA promises, on a real Prometheus.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::{net::TcpListener, time::sleep};
use tonic::transport::{Channel, Server as Tonic, server::TcpIncoming};
use tower::ServiceBuilder;
use tower_metrics::{GrpcMetricsLayer, exporter::Prometheus, rules::Rules, sla::Sla};

use crate::{
    orders::Orders,
    programs::{Scratch, Server},
    shop::{Order, orders_client::OrdersClient, orders_server::OrdersServer},
};

const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../../examples/tonic/shop.bin");

/// The expressions of the mixins of etcd and of Thanos, with our job in the place of theirs and without the threshold
/// behind.
const MIXINS: [(&str, &str); 9] = [
    (
        "etcdHighNumberOfFailedGRPCRequests",
        "100 * sum(rate(grpc_server_handled_total{job=~\".*orders.*\", grpc_code=~\"Unknown|FailedPrecondition|\
         ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded\"}[5m])) without (grpc_type, grpc_code) / \
         sum(rate(grpc_server_handled_total{job=~\".*orders.*\"}[5m])) without (grpc_type, grpc_code)",
    ),
    (
        "etcdGRPCRequestsSlow",
        "histogram_quantile(0.99, sum(rate(grpc_server_handling_seconds_bucket{job=~\".*orders.*\", \
         grpc_method!=\"Defragment\", grpc_type=\"unary\"}[5m])) without (grpc_type))",
    ),
    ("etcd's RPC rate", "sum(rate(grpc_server_started_total{job=\"orders\",grpc_type=\"unary\"}[5m]))"),
    (
        "etcd's RPC failed rate",
        "sum(rate(grpc_server_handled_total{job=\"orders\",grpc_type=\"unary\",grpc_code!=\"OK\"}[5m]))",
    ),
    (
        "etcd's active streams",
        "sum(grpc_server_started_total{job=\"orders\",grpc_service=\"shop.Orders\",grpc_type=\"server_stream\"}) - \
         sum(grpc_server_handled_total{job=\"orders\",grpc_service=\"shop.Orders\",grpc_type=\"server_stream\"})",
    ),
    (
        "ThanosQueryGrpcServerErrorRate",
        "sum by (job) (rate(grpc_server_handled_total{grpc_code=~\"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss|\
         DeadlineExceeded\", job=~\".*orders.*\"}[5m])) / sum by (job) (rate(grpc_server_started_total{job=~\".*orders.*\"}[5m])) \
         * 100",
    ),
    (
        "ThanosQueryGrpcClientErrorRate",
        "sum by (job) (rate(grpc_client_handled_total{grpc_code!=\"OK\", job=~\".*orders.*\"}[5m])) / \
         sum by (job) (rate(grpc_client_started_total{job=~\".*orders.*\"}[5m])) * 100",
    ),
    (
        "Thanos' gRPC rate",
        "sum by (job, grpc_method, grpc_code) (rate(grpc_server_handled_total{job=~\".*orders.*\", grpc_type=\"unary\"}[5m]))",
    ),
    (
        "Thanos' gRPC duration",
        "histogram_quantile(0.99, sum by (job, le) (rate(grpc_server_handling_seconds_bucket{job=~\".*orders.*\", \
         grpc_type=\"server_stream\"}[5m])))",
    ),
];

#[tokio::test]
#[ignore = "needs the Debian package prometheus"]
async fn mixins_of_others_and_objectives_of_ours_find_what_they_ask_for() {
    let sla = Sla::new("orders")
        .grpc(|it| it.availability(0.999).latency(0.99, Duration::from_millis(500)))
        .grpc_method("shop.Orders", "List", |it| it.availability(0.9).bad(["Aborted"]));
    let metrics = Prometheus::new().sla(&sla).serve("127.0.0.1:0").await.unwrap();
    let measured = |layer: GrpcMetricsLayer| layer.descriptors(FILE_DESCRIPTOR_SET).unwrap();
    let layer = measured(GrpcMetricsLayer::new());
    layer.initialize();
    sla.check(&metrics.render()).unwrap().complete().unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Tonic::builder().layer(layer).add_service(OrdersServer::new(Orders));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    let client = measured(GrpcMetricsLayer::client());
    client.initialize();
    let mut orders = OrdersClient::new(ServiceBuilder::new().layer(client).service(channel));

    let scratch = Scratch::new("grpc");
    scratch.write("rules.yml", &Rules::new([&sla]).to_yaml().replace("interval: 30s", "interval: 1s"));
    let target = metrics.local_addr().unwrap();
    let config = scratch.write(
        "prometheus.yml",
        &format!(
            "rule_files: [rules.yml]\nscrape_configs: [{{job_name: orders, scrape_interval: 1s, static_configs: [{{targets: \
             ['{target}']}}]}}]"
        ),
    );
    let prometheus = Server::prometheus(&config);
    prometheus.becomes("up{job=\"orders\"}", |up| up == 1.0).await;

    // Of eight calls of Place one is Internal, one NotFound and one is canceled by its code; a quarter of List is Aborted.
    tokio::spawn(async move {
        for n in 0.. {
            let code = [0, 13, 0, 5, 0, 1, 0, 0][n % 8];
            drop(orders.place(Order { pieces: 1, code, millis: 0 }).await);
            let code = if n % 4 == 0 { 10 } else { 0 };
            if let Ok(list) = orders.list(Order { pieces: 2, code, millis: 0 }).await {
                list.into_inner().count().await;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });

    for (name, expr) in MIXINS {
        let is_told = |value: f64| if name == "etcd's active streams" { value >= 0.0 } else { value > 0.0 };
        prometheus.becomes(&format!("sum(({expr}) >= 0)"), is_told).await;
    }
    // Of seven that count one is bad. List has an objective of its own.
    let ratio = |slo: &str| format!("slo:sli_error:ratio_rate5m{{slo=\"{slo}\"}}");
    prometheus.becomes(&ratio("orders-grpc-availability"), |bad| (bad - 1.0 / 7.0).abs() < 0.02).await;
    prometheus
        .becomes(&ratio("orders-grpc-shop.Orders/List-availability"), |bad| (bad - 0.25).abs() < 0.02)
        .await;
    prometheus.becomes(&ratio("orders-grpc-latency-p99"), |bad| bad < 0.01).await;
    let page = "ALERTS{alertname=\"ErrorBudgetBurn\",severity=\"critical\",alertstate=\"firing\",slo=\"orders-grpc-availability\"}";
    prometheus.becomes(page, |n| n == 1.0).await;
    let latency = page.replace("availability", "latency-p99");
    assert_eq!(prometheus.query(&latency).await, None);
}
