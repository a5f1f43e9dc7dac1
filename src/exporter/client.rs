//! One HTTP request on a connection of its own: pushes are many seconds apart.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time};

pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// No answer is longer that says something useful.
const ANSWER_BYTES: usize = 64 << 10;

/// Sends a request to an absolute URI, and reads its answer, all of it within `limit`.
pub(super) async fn send(request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, Failure> {
    let answer = time::timeout(limit, exchange(request)).await;
    answer.unwrap_or_else(|_| Err(format!("no answer within {} s", limit.as_secs()).into()))
}

async fn exchange(mut request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
    let authority = request.uri().authority().ok_or("the URI has no host")?.clone();
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer, for nothing else is asked of it.
    drop(tokio::spawn(connection));
    request.headers_mut().insert(HOST, HeaderValue::from_str(authority.as_str())?);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>()?;
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES).collect().await?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
