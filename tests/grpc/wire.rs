//! A real tonic server and a real tonic client, on real sockets.

use std::{net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tonic::{
    Code,
    codec::CompressionEncoding,
    service::LayerExt,
    transport::{Channel, Server, server::TcpIncoming},
};
use tower::ServiceBuilder;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_metrics::{GrpcMessagesLayer, GrpcMetricsLayer, testing::Recorder};

use crate::{
    codes::CODES,
    orders::Orders,
    shop::{Order, orders_client::OrdersClient, orders_server::OrdersServer},
};

const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../../examples/tonic/shop.bin");

fn layer(layer: GrpcMetricsLayer, recorder: &Recorder) -> GrpcMetricsLayer {
    layer.descriptors(FILE_DESCRIPTOR_SET).unwrap().recorder(recorder.shared())
}

/// Serves orders, measured as a whole.
async fn served(recorder: &Recorder) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let layer = layer(GrpcMetricsLayer::new(), recorder);
    let messages = GrpcMessagesLayer::from(layer.clone());
    let orders = OrdersServer::new(Orders)
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip);
    let server = Server::builder().layer(layer).layer(messages).add_service(orders);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    addr
}

async fn connected(addr: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap()
}

fn order(pieces: u32, code: i32, millis: u32) -> Order {
    Order { pieces, code, millis }
}

/// Waits until all calls that began have ended.
async fn quiet(recorder: &Recorder, side: &str) {
    let count = |metric: &str| recorder.counter(&format!("grpc_{side}_{metric}"), []);
    let waiting = recorder.until(|_| count("started_total") == count("handled_total"));
    timeout(Duration::from_secs(10), waiting).await.unwrap_or_else(|_| panic!("{recorder}"));
    assert_eq!(recorder.gauge(&format!("grpc_{side}_in_flight"), []), 0.0, "{recorder}");
}

#[track_caller]
fn assert_handled(recorder: &Recorder, side: &str, method: &str, code: &str, count: u64) {
    let labels = [("grpc_method", method), ("grpc_code", code)];
    assert_eq!(
        recorder.counter(&format!("grpc_{side}_handled_total"), labels),
        count,
        "{method} {code}: {recorder}"
    );
}

#[tokio::test]
async fn every_code_arrives_as_it_was_sent_by_every_kind_of_call() {
    let (server, client) = (Recorder::new(), Recorder::new());
    let channel = connected(served(&server).await).await;
    let client_layer = layer(GrpcMetricsLayer::client(), &client);
    let channel = ServiceBuilder::new()
        .layer(client_layer.clone())
        .layer(GrpcMessagesLayer::from(client_layer))
        .layer(MapRequestBodyLayer::new(tonic::body::Body::new))
        .service(channel);
    let mut orders = OrdersClient::new(channel.clone());
    drop(channel);

    for number in 0..17 {
        let code = Code::from_i32(number);
        let place = orders.place(order(1, number, 0)).await;
        assert_eq!(place.map_or_else(|status| status.code(), |_| Code::Ok), code);
        let import = orders.import(stream::iter([order(1, 0, 0), order(1, number, 0)])).await;
        assert_eq!(import.map_or_else(|status| status.code(), |_| Code::Ok), code);
        for watched in [
            orders.list(order(2, number, 0)).await.unwrap().into_inner(),
            orders.watch(stream::iter([order(1, 0, 0), order(1, number, 0)])).await.unwrap().into_inner(),
        ] {
            let last = watched.collect::<Vec<_>>().await.pop().unwrap();
            assert_eq!(last.map_or_else(|status| status.code(), |_| Code::Ok), code);
        }
    }
    quiet(&server, "server").await;
    quiet(&client, "client").await;
    for code in CODES {
        for method in ["Place", "Import", "List", "Watch"] {
            assert_handled(&server, "server", method, code, 1);
            assert_handled(&client, "client", method, code, 1);
        }
    }
    // 17 calls of each kind.
    for (method, asked, answered) in
        [("Place", 17, 1), ("Import", 34, 1), ("List", 17, 34), ("Watch", 34, 18)]
    {
        let count = |recorder: &Recorder, metric: &str| recorder.counter(metric, [("grpc_method", method)]);
        assert_eq!(count(&server, "grpc_server_msg_received_total"), asked, "{method}");
        assert_eq!(count(&client, "grpc_client_msg_sent_total"), asked, "{method}");
        assert_eq!(count(&server, "grpc_server_msg_sent_total"), answered, "{method}");
        assert_eq!(count(&client, "grpc_client_msg_received_total"), answered, "{method}");
    }
}

#[tokio::test]
async fn calls_that_are_given_up_balance_on_both_sides() {
    let (server, client) = (Recorder::new(), Recorder::new());
    let channel = connected(served(&server).await).await;
    let channel = ServiceBuilder::new().layer(layer(GrpcMetricsLayer::client(), &client)).service(channel);
    let orders = OrdersClient::new(channel);

    for _ in 0..20 {
        // Before the head.
        let mut hanging = orders.clone();
        let call = hanging.place(order(1, 0, 60_000));
        assert!(timeout(Duration::from_millis(5), call).await.is_err());
        // In mid-stream: the reset reaches the server.
        let mut streaming = orders.clone().list(order(3, 0, 60_000)).await.unwrap().into_inner();
        assert!(streaming.message().await.unwrap().is_some());
        drop(streaming);
    }
    quiet(&client, "client").await;
    quiet(&server, "server").await;
    assert_handled(&client, "client", "Place", "Canceled", 20);
    assert_handled(&client, "client", "List", "Canceled", 20);
    assert_handled(&server, "server", "List", "Canceled", 20);
}

#[tokio::test]
async fn a_server_that_goes_away_is_unavailable_to_its_client() {
    let client = Recorder::new();
    let addr = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let channel = Channel::from_shared(format!("http://{addr}")).unwrap().connect_lazy();
    let channel = ServiceBuilder::new().layer(layer(GrpcMetricsLayer::client(), &client)).service(channel);
    let status = OrdersClient::new(channel).place(order(1, 0, 0)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_handled(&client, "client", "Place", "Unavailable", 1);
}

#[tokio::test]
async fn what_no_service_answers_is_unknown_and_compressed_messages_are_counted() {
    let server = Recorder::new();
    let channel = connected(served(&server).await).await;
    let mut orders = OrdersClient::new(channel.clone())
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip);
    orders.import(stream::iter([order(1, 0, 0), order(2, 0, 0)])).await.unwrap();
    assert_eq!(server.counter("grpc_server_msg_received_total", [("grpc_method", "Import")]), 2);

    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = "/no.Such/Service".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<Order, Order>::default();
    let status = grpc.unary(tonic::Request::new(order(1, 0, 0)), path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    quiet(&server, "server").await;
    assert_handled(&server, "server", "unknown", "Unimplemented", 1);
}

#[tokio::test]
async fn one_service_alone_keeps_its_name_and_answers_grpc_web() {
    let server = Recorder::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let measured = ServiceBuilder::new()
        .layer(layer(GrpcMetricsLayer::new(), &server))
        .named_layer(OrdersServer::new(Orders));
    let router =
        Server::builder().accept_http1(true).layer(tonic_web::GrpcWebLayer::new()).add_service(measured);
    tokio::spawn(router.serve_with_incoming(TcpIncoming::from(listener)));

    OrdersClient::new(connected(addr).await).place(order(1, 5, 0)).await.unwrap_err();

    // gRPC-Web over HTTP/1.1: the status is in the body that the browser reads.
    let message = [&[0, 0, 0, 0, 2][..], &[0x10, 0x08]].concat();
    let request = http::Request::post(format!("http://{addr}/shop.Orders/Place"))
        .header("content-type", "application/grpc-web+proto")
        .body(http_body_util::Full::new(bytes::Bytes::from(message)))
        .unwrap();
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    http_body_util::BodyExt::collect(response.into_body()).await.unwrap();
    quiet(&server, "server").await;
    assert_handled(&server, "server", "Place", "NotFound", 1);
    assert_handled(&server, "server", "Place", "ResourceExhausted", 1);
}

#[tokio::test]
async fn a_deadline_is_exceeded_on_both_sides() {
    let (server, client) = (Recorder::new(), Recorder::new());
    let channel = connected(served(&server).await).await;
    let channel = ServiceBuilder::new().layer(layer(GrpcMetricsLayer::client(), &client)).service(channel);
    let exceeded = |recorder: &Recorder, side: &str| {
        let code = [("grpc_method", "Place"), ("grpc_code", "DeadlineExceeded")];
        recorder.counter(&format!("grpc_{side}_handled_total"), code)
    };
    // A call that reached a busy server late is given up before its deadline there: the next one may be in time.
    for calls in 1..=20 {
        let mut late = tonic::Request::new(order(1, 0, 60_000));
        late.set_timeout(Duration::from_millis(30));
        OrdersClient::new(channel.clone()).place(late).await.unwrap_err();
        quiet(&client, "client").await;
        quiet(&server, "server").await;
        assert_eq!(exceeded(&client, "client"), calls, "{client}");
        if exceeded(&server, "server") > 0 {
            return;
        }
    }
    panic!("no call exceeded its deadline on the server: {server}");
}

#[tokio::test]
async fn a_connection_that_is_cut_in_mid_stream_balances_on_both_sides() {
    let (server, client) = (Recorder::new(), Recorder::new());
    let behind = served(&server).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let wire = tokio::spawn(async move {
        let (mut front, _) = listener.accept().await.unwrap();
        let mut back = TcpStream::connect(behind).await.unwrap();
        drop(tokio::io::copy_bidirectional(&mut front, &mut back).await);
    });
    let channel = connected(addr).await;
    let channel = ServiceBuilder::new().layer(layer(GrpcMetricsLayer::client(), &client)).service(channel);
    let mut orders = OrdersClient::new(channel);
    let mut streaming = orders.list(order(3, 0, 60_000)).await.unwrap().into_inner();
    assert!(streaming.message().await.unwrap().is_some());

    wire.abort();
    assert!(wire.await.unwrap_err().is_cancelled());
    // What had arrived is read, and then the stream is broken.
    while let Ok(Some(_)) = streaming.message().await {}
    quiet(&client, "client").await;
    quiet(&server, "server").await;
    assert_handled(&client, "client", "List", "Unavailable", 1);
    assert_handled(&server, "server", "List", "Canceled", 1);
}
