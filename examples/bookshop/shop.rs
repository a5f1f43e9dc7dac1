//! The shop: books that are listed, looked at and ordered, a database, and the bank that is called for each order.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    error_handling::HandleErrorLayer,
    extract::{Path, State},
    http::{Method, Request, Response, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use futures_util::stream;
use tokio::task::yield_now;
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt, limit::GlobalConcurrencyLimitLayer,
    load_shed::LoadShedLayer, util::BoxCloneSyncService,
};
use tower_http::catch_panic::CatchPanicLayer;
use tower_metrics::Operation;

use crate::layers::{Layers, ORDERS_AT_ONCE};

/// What the handlers work with.
#[derive(Clone)]
pub(crate) struct Shop {
    stock: Stock,
    bank: BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>,
}

/// The database: titles, and how many there are of each.
#[derive(Clone)]
struct Stock {
    books: Arc<Mutex<BTreeMap<u64, (&'static str, u32)>>>,
    query: Operation<1>,
}

/// How much the bank may answer.
const MOST_BYTES: usize = 64 * 1024;

/// The application, as yet unmeasured.
pub(crate) fn routes(shop: Shop, layers: &Layers) -> Router {
    // An order above so many at once is refused, and counted as such: the bank takes no more of us.
    let few_at_once = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::SERVICE_UNAVAILABLE))
        .layer(layers.orders.clone().around(LoadShedLayer::new()))
        .layer(GlobalConcurrencyLimitLayer::new(ORDERS_AT_ONCE));
    Router::new()
        .route("/orders/{id}", post(order).layer(few_at_once))
        .route("/books/{id}", get(book))
        .route("/books", get(books))
        .with_state(shop)
}

/// The application as it is served.
pub(crate) fn measured(routes: Router, layers: &Layers) -> Router {
    // Outside, so that a panic passes the metrics before it becomes the 500 that they already tell.
    routes.layer(layers.http.clone()).layer(CatchPanicLayer::new())
}

async fn book(State(shop): State<Shop>, Path(id): Path<u64>) -> Response<Body> {
    match shop.stock.find(id).await {
        Ok(title) => title.into_response(),
        Err(status) => status.into_response(),
    }
}

/// A title a line, as they are read.
async fn books(State(shop): State<Shop>) -> Body {
    let lines = shop.stock.all().await.into_iter().map(|title| Ok::<_, io::Error>(format!("{title}\n")));
    Body::from_stream(stream::iter(lines))
}

async fn order(State(shop): State<Shop>, Path(id): Path<u64>) -> Result<StatusCode, StatusCode> {
    let title = shop.stock.take(id).await?;
    let mut payment = Request::new(Body::from(title));
    *payment.method_mut() = Method::POST;
    *payment.uri_mut() = "https://bank.example/payments".parse().expect("it is a URI");
    let answer = shop.bank.oneshot(payment).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let status = answer.status();
    // Read to its end, so that its connection can be used again, and the call of the client is `completed`.
    to_bytes(answer.into_body(), MOST_BYTES).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    if status.is_success() { Ok(StatusCode::CREATED) } else { Err(StatusCode::PAYMENT_REQUIRED) }
}

// ===== impl Shop =====

impl Shop {
    /// Makes a shop with a few books, whose orders this bank is called for.
    pub(crate) fn new<S, E>(layers: &Layers, bank: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = E> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let bank = ServiceBuilder::new()
            .map_err(Into::into)
            .map_response(|answer: Response<_>| answer.map(Body::new))
            .layer(layers.bank.clone())
            .service(bank);
        let books = BTreeMap::from([(7, ("Dracula", 1_000)), (8, ("Emma", 1))]);
        let stock = Stock { books: Arc::new(Mutex::new(books)), query: layers.query.clone() };
        Self { stock, bank: BoxCloneSyncService::new(bank) }
    }
}

// ===== impl Stock =====

impl Stock {
    async fn all(&self) -> Vec<&'static str> {
        let titles = self.ask("all", |books| Ok::<_, Infallible>(books.values().map(|it| it.0).collect()));
        titles.await.expect("it cannot fail")
    }

    async fn find(&self, id: u64) -> Result<&'static str, StatusCode> {
        let title = self.ask("find", |books| books.get(&id).map(|it| it.0).ok_or(StatusCode::NOT_FOUND));
        title.await
    }

    /// Takes one of this book.
    async fn take(&self, id: u64) -> Result<&'static str, StatusCode> {
        let taken = self.ask("take", |books| {
            let (title, count) = books.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
            *count = count.checked_sub(1).ok_or(StatusCode::CONFLICT)?;
            Ok(*title)
        });
        taken.await
    }

    async fn ask<T, E>(
        &self,
        query: &str,
        ask: impl FnOnce(&mut BTreeMap<u64, (&'static str, u32)>) -> Result<T, E>,
    ) -> Result<T, E> {
        let asked = async {
            // It is far away, so whoever asks is not answered at once.
            yield_now().await;
            ask(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.query.try_instrument_with([query], asked).await
    }
}
