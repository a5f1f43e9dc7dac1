//! The service of the example: it does what an order asks for.

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::time::sleep;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::shop::{Order, Receipt, orders_server};

/// Answers as the orders say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Orders;

type Receipts = Pin<Box<dyn Stream<Item = Result<Receipt, Status>> + Send>>;

/// Takes the time of the order, and ends with its code.
async fn ended(order: Order) -> Result<(), Status> {
    sleep(Duration::from_millis(order.millis.into())).await;
    match Code::from_i32(order.code) {
        Code::Ok => Ok(()),
        code => Err(Status::new(code, "as ordered")),
    }
}

#[tonic::async_trait]
impl orders_server::Orders for Orders {
    type ListStream = Receipts;
    type WatchStream = Receipts;

    async fn place(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        let order = request.into_inner();
        ended(order).await?;
        Ok(Response::new(Receipt { pieces: order.pieces }))
    }

    async fn import(&self, request: Request<Streaming<Order>>) -> Result<Response<Receipt>, Status> {
        let mut orders = request.into_inner();
        let mut pieces = 0;
        while let Some(order) = orders.message().await? {
            pieces += order.pieces;
            ended(order).await?;
        }
        Ok(Response::new(Receipt { pieces }))
    }

    async fn list(&self, request: Request<Order>) -> Result<Response<Receipts>, Status> {
        let order = request.into_inner();
        let receipts = stream::iter((1..=order.pieces).map(|pieces| Ok(Receipt { pieces })));
        // The status comes in the trailers, after a head that says 200 and after the receipts.
        let end = stream::once(ended(order)).filter_map(async |end| end.err().map(Err));
        Ok(Response::new(receipts.chain(end).boxed()))
    }

    async fn watch(&self, request: Request<Streaming<Order>>) -> Result<Response<Receipts>, Status> {
        let receipts = request.into_inner().then(async |order| {
            let order = order?;
            ended(order).await?;
            Ok(Receipt { pieces: order.pieces })
        });
        Ok(Response::new(receipts.boxed()))
    }
}
