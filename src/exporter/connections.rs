//! The connections that are open, how many there can be, and which makes way.

use std::{
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::task::JoinHandle;

/// As many as there can be. The application shares its file descriptors with them, of which a process often has 1,024.
const CONNECTIONS: usize = 128;

/// What pages may take that slow readers hold, while newer ones are rendered for others. The two newest are held
/// whatever they take.
const HELD_BYTES: usize = 64 << 20;

/// The connections, the oldest first. The accept loop alone has them.
#[derive(Default)]
pub(super) struct Connections {
    open: Vec<Connection>,
}

/// How far a connection has come, as it tells by itself.
#[derive(Default)]
pub(super) struct Progress {
    asked: AtomicBool,
    page: OnceLock<PageId>,
}

struct Connection {
    progress: Arc<Progress>,
    task: JoinHandle<()>,
}

/// Two pages that are in memory at once are told apart by where they are.
#[derive(Clone, Copy, PartialEq)]
struct PageId {
    at: usize,
    bytes: usize,
}

/// Whether one more connection can be had.
#[derive(Debug, PartialEq)]
pub(super) enum Room {
    Free,
    /// An older one had to go.
    Made,
    None,
}

// ===== impl Connections =====

impl Connections {
    /// Makes room for one more: the oldest that has not sent its request makes way, else the oldest that has its answer
    /// and has not read it. Who waits for a page goes on waiting, for all of them get the next one.
    pub(super) fn make_room(&mut self) -> Room {
        self.open.retain(|connection| !connection.task.is_finished());
        self.let_old_pages_go();
        if self.open.len() < CONNECTIONS {
            return Room::Free;
        }
        let silent = |connection: &Connection| !connection.progress.asked.load(Ordering::Relaxed);
        let slow = |connection: &Connection| connection.progress.page.get().is_some();
        let Some(index) = self.open.iter().position(silent).or_else(|| self.open.iter().position(slow))
        else {
            return Room::None;
        };
        self.open.remove(index).task.abort();
        Room::Made
    }

    pub(super) fn spawn<F>(&mut self, connection: impl FnOnce(Arc<Progress>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let progress = Arc::<Progress>::default();
        let task = tokio::spawn(connection(Arc::clone(&progress)));
        self.open.push(Connection { progress, task });
    }

    /// Closes the connections that hold pages beyond what there may be.
    pub(super) fn let_old_pages_go(&mut self) {
        let mut held: Vec<PageId> = Vec::new();
        for connection in self.open.iter().rev() {
            let Some(&page) = connection.progress.page.get() else { continue };
            if held.contains(&page) {
                continue;
            }
            let bytes: usize = held.iter().map(|page| page.bytes).sum();
            if held.len() >= 2 && bytes + page.bytes > HELD_BYTES {
                connection.task.abort();
            } else {
                held.push(page);
            }
        }
    }
}

// ===== impl Progress =====

impl Progress {
    /// The request is here.
    pub(super) fn asked(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// The answer is there to be read.
    pub(super) fn answered(&self, body: &Bytes) {
        self.page.get_or_init(|| PageId { at: body.as_ptr() as usize, bytes: body.len() });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use std::{future::pending, sync::Weak};

    use tokio::task::yield_now;

    use super::*;

    /// A connection that stays until it is closed.
    struct Open {
        progress: Arc<Progress>,
        alive: Weak<()>,
    }

    impl Open {
        fn new(connections: &mut Connections) -> Self {
            let alive = Arc::new(());
            let weak = Arc::downgrade(&alive);
            let mut told = None;
            connections.spawn(|progress| {
                told = Some(progress);
                async move {
                    let _alive = alive;
                    pending().await
                }
            });
            Self { progress: told.unwrap(), alive: weak }
        }

        async fn is_closed(&self) -> bool {
            settle().await;
            self.alive.strong_count() == 0
        }
    }

    /// Every task runs until it waits. A turn of the runtime is 61 of them.
    async fn settle() {
        for _ in 0..10 {
            yield_now().await;
        }
    }

    fn full() -> (Connections, Vec<Open>) {
        let mut connections = Connections::default();
        let open = (0..CONNECTIONS).map(|_| Open::new(&mut connections)).collect();
        (connections, open)
    }

    #[tokio::test]
    async fn the_oldest_silent_one_makes_way_then_the_oldest_slow_reader_then_none() {
        let (mut connections, open) = full();
        open[0].progress.asked();
        open[1].progress.asked();
        open[1].progress.answered(&Bytes::from_static(b"page"));
        for silent in &open[2..] {
            assert_eq!(connections.make_room(), Room::Made);
            assert!(silent.is_closed().await);
            Open::new(&mut connections).progress.asked();
        }
        assert!(!open[1].is_closed().await);
        assert_eq!(connections.make_room(), Room::Made);
        assert!(open[1].is_closed().await);
        Open::new(&mut connections).progress.asked();
        assert_eq!(connections.make_room(), Room::None);
        assert!(!open[0].is_closed().await, "who waits for a page gets it");
    }

    #[tokio::test]
    async fn one_that_has_ended_is_room() {
        let mut connections = Connections::default();
        for _ in 0..CONNECTIONS {
            assert_eq!(connections.make_room(), Room::Free);
            connections.spawn(|_| async {});
        }
        settle().await;
        assert_eq!(connections.make_room(), Room::Free);
        assert!(connections.open.is_empty());
    }

    #[tokio::test]
    async fn readers_of_old_pages_go_when_newer_ones_take_too_much() {
        let mut connections = Connections::default();
        let pages = [30, 20, 20, 20].map(|mebibytes: usize| Bytes::from(vec![0; mebibytes << 20]));
        let mut readers = Vec::new();
        for page in pages.iter().flat_map(|page| [page, page]) {
            let reader = Open::new(&mut connections);
            reader.progress.asked();
            reader.progress.answered(page);
            readers.push(reader);
        }
        connections.make_room();
        for (number, reader) in readers.iter().enumerate() {
            assert_eq!(reader.is_closed().await, number < 2, "reader {number}");
        }
    }

    #[tokio::test]
    async fn the_two_newest_pages_are_held_whatever_they_take() {
        let mut connections = Connections::default();
        let pages: [_; 3] = std::array::from_fn(|_| Bytes::from(vec![0; HELD_BYTES + 1]));
        let readers = pages.each_ref().map(|page| {
            let reader = Open::new(&mut connections);
            reader.progress.answered(page);
            reader
        });
        connections.make_room();
        assert!(readers[0].is_closed().await);
        assert!(!readers[1].is_closed().await && !readers[2].is_closed().await);
    }
}
