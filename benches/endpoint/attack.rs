//! The attackers: a thousand sockets that send a byte a second and come again when they are closed, and 500 scrapes a
//! second.

use std::{
    env,
    net::SocketAddr,
    process::{Child, Command},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
    time::{interval, sleep, timeout},
};

const SLOW: usize = 1_000;
const SCRAPES: u32 = 500;

/// Starts them with the lowest priority.
pub(crate) fn start(addr: SocketAddr) -> Child {
    let this = env::current_exe().expect("this program has a file");
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(this).args(["attack", &addr.to_string()]);
    crate::again(&mut command, 0).0
}

pub(crate) fn attack(addr: SocketAddr) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for _ in 0..SLOW {
            tokio::spawn(slow(addr));
        }
        let mut ticks = interval(Duration::from_secs(1) / SCRAPES);
        loop {
            ticks.tick().await;
            tokio::spawn(timeout(Duration::from_secs(10), scrape(addr)));
        }
    });
}

async fn slow(addr: SocketAddr) {
    loop {
        let Ok(mut stream) = TcpStream::connect(addr).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        drop(stream.write_all(b"GET /metrics HTTP/1.1\r\nx: ").await);
        // It ends when nothing comes but the end.
        while let Err(_elapsed) = timeout(Duration::from_secs(1), stream.read(&mut [0])).await {
            drop(stream.write_all(b"x").await);
        }
    }
}

async fn scrape(addr: SocketAddr) -> Option<()> {
    let mut stream = TcpStream::connect(addr).await.ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.ok()?;
    let mut page = vec![0; 1 << 16];
    while stream.read(&mut page).await.ok()? > 0 {}
    Some(())
}
