//! The application's users: a thousand requests a second at set times, over connections that stay.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use tokio::time::Instant;

const USERS: u32 = 20;
const PACE: Duration = Duration::from_millis(20);

/// How long the answers took, in microseconds.
pub(crate) struct Latencies(Vec<f64>);

impl Latencies {
    pub(crate) fn at(&self, share: f64) -> f64 {
        self.0[(self.0.len() as f64 * share) as usize]
    }
}

/// Latencies of `/`, which answers at once, and of `/query`, which waits 5 ms as for a database.
pub(crate) fn run(addr: SocketAddr, length: Duration) -> [Latencies; 2] {
    let begin = Instant::now() + Duration::from_millis(50);
    let users = (0..USERS).map(|user| {
        let path = ["/", "/query"][user as usize % 2];
        thread::spawn(move || visit(addr, path, begin + PACE * user / USERS, length))
    });
    let mut latencies = [Vec::new(), Vec::new()];
    for (user, thread) in users.collect::<Vec<_>>().into_iter().enumerate() {
        latencies[user % 2].extend(thread.join().expect("a user is answered"));
    }
    latencies.map(|mut micros| {
        micros.sort_by(f64::total_cmp);
        Latencies(micros)
    })
}

fn visit(addr: SocketAddr, path: &str, begin: Instant, length: Duration) -> Vec<f64> {
    let mut stream = TcpStream::connect(addr).expect("the application listens");
    stream.set_nodelay(true).expect("an option of every socket");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut answer = [0; 1024];
    let mut micros = Vec::new();
    let mut due = begin;
    while due < begin + length {
        let early = due.checked_duration_since(Instant::now());
        early.into_iter().for_each(thread::sleep);
        // Who wakes late by himself begins then; who was kept by the last answer has waited since he was due.
        let from = early.map_or(due, |_| Instant::now());
        stream.write_all(request.as_bytes()).expect("it is sent");
        let read = stream.read(&mut answer).expect("it is answered");
        assert!(answer[..read].ends_with(b"hello"), "an answer is one packet");
        micros.push(from.elapsed().as_secs_f64() * 1e6);
        due += PACE;
    }
    micros
}
