//! A client that says what it is told to, byte by byte, and reads what it likes.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::server::Version;

/// A connection on which little fits between the server and whoever does not read.
pub(crate) async fn connect(addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.connect(addr).await.unwrap()
}

/// Sends the first request of a connection that goes on.
pub(crate) async fn ask(socket: &mut TcpStream, version: Version, method: &str, path: &str) {
    let request = match version {
        Version::Http1 => format!("{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes(),
        Version::Http2 => [hello(), headers(1, method, path)].concat(),
    };
    socket.write_all(&request).await.unwrap();
}

/// Reads so many bytes off the socket, fewer where it ends, and returns how many.
pub(crate) async fn read(socket: &mut TcpStream, bytes: usize) -> usize {
    let read = &mut socket.take(bytes as u64);
    tokio::io::copy(read, &mut tokio::io::sink()).await.map_or(0, |read| read as usize)
}

/// How an HTTP/2 client begins. Its windows are as wide as can be: what holds a server back is the socket.
pub(crate) fn hello() -> Vec<u8> {
    const MOST: u32 = (1 << 31) - 1;
    const INITIAL_WINDOW_SIZE: u8 = 4;
    let settings = [&[0, INITIAL_WINDOW_SIZE][..], &MOST.to_be_bytes()].concat();
    let more = MOST - 65_535;
    [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &frame(4, 0, 0, &settings),
        &frame(8, 0, 0, &more.to_be_bytes()),
    ]
    .concat()
}

/// HEADERS of a request without a body.
pub(crate) fn headers(stream: u32, method: &str, path: &str) -> Vec<u8> {
    const END_STREAM_AND_HEADERS: u8 = 0x5;
    const SCHEME_HTTP: u8 = 0x86;
    // RFC 7541, section 6.2.2: a literal whose name stands in the static table.
    let literal = |name: u8, value: &str| [&[name, value.len() as u8], value.as_bytes()].concat();
    let block = [&[SCHEME_HTTP][..], &literal(2, method), &literal(1, "x"), &literal(4, path)].concat();
    frame(1, END_STREAM_AND_HEADERS, stream, &block)
}

/// RST_STREAM with CANCEL.
pub(crate) fn reset(stream: u32) -> Vec<u8> {
    const CANCEL: u32 = 8;
    frame(3, 0, stream, &CANCEL.to_be_bytes())
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
