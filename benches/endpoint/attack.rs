//! The attackers: a thousand sockets that send a byte a second and come again 5 s after they were closed, 200 a second
//! as the tools for such attacks do, and 500 scrapes a second.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
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
const COMES_AGAIN: Duration = Duration::from_secs(5);

static ANSWERED: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);
static REOPENED: AtomicU64 = AtomicU64::new(0);

/// What the attackers got in a second: scrapes answered, scrapes refused, slow sockets that had to come again.
pub(crate) type Got = [f64; 3];

/// Starts them with a lower priority than the others have, which is the lowest where those have the usual.
pub(crate) fn start(addr: SocketAddr) -> Child {
    let this = env::current_exe().expect("this program has a file");
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(this).args(["attack", &addr.to_string()]).stdout(Stdio::piped());
    command.spawn().expect("`nice` is there")
}

pub(crate) fn end(mut attackers: Child) -> Got {
    let stdout = attackers.stdout.take().expect("it is piped");
    crate::end(&mut attackers);
    let seconds: Vec<Vec<f64>> = BufReader::new(stdout)
        .lines()
        .map(|line| line.expect("a line").split(' ').map(|it| it.parse().expect("a number")).collect())
        .collect();
    // The first is that in which they came.
    let seconds = &seconds[1.min(seconds.len())..];
    std::array::from_fn(|it| {
        seconds.iter().map(|second| second[it]).sum::<f64>() / seconds.len().max(1) as f64
    })
}

pub(crate) fn attack(addr: SocketAddr) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for _ in 0..SLOW {
            tokio::spawn(slow(addr));
        }
        tokio::spawn(async {
            let mut seconds = interval(Duration::from_secs(1));
            loop {
                seconds.tick().await;
                let [a, r, o] = [&ANSWERED, &REFUSED, &REOPENED].map(|it| it.swap(0, Ordering::Relaxed));
                println!("{a} {r} {o}");
            }
        });
        let mut ticks = interval(Duration::from_secs(1) / SCRAPES);
        loop {
            ticks.tick().await;
            tokio::spawn(async move {
                let answered = matches!(timeout(Duration::from_secs(10), scrape(addr)).await, Ok(Some(())));
                if answered { &ANSWERED } else { &REFUSED }.fetch_add(1, Ordering::Relaxed);
            });
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
        REOPENED.fetch_add(1, Ordering::Relaxed);
        sleep(COMES_AGAIN).await;
    }
}

async fn scrape(addr: SocketAddr) -> Option<()> {
    let mut stream = TcpStream::connect(addr).await.ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.ok()?;
    let mut page = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match stream.read(&mut page).await.ok()? {
            0 => return (bytes > 0).then_some(()),
            read => bytes += read,
        }
    }
}
