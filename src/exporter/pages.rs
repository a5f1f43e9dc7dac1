//! Pages of metrics: one render at a time, shared by all who wait, and paced.

use std::{
    future::Future,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc as jobs,
    thread,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    time::{self, Instant},
};

/// After a render, none begins for this many times what it took, so that all scrapes together take at most a tenth of
/// one core from the application, however many ask.
const PAUSE: u32 = 9;

/// The longest pause: a page that takes longer than a ninth of this is still there for several scrapers within the time
/// that they wait, and costs more than a tenth of a core only while several ask.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where pages are asked for.
#[derive(Clone)]
pub(super) struct Pages {
    asking: mpsc::UnboundedSender<oneshot::Sender<Page>>,
}

/// The render panicked; the next one may not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Broken;

type Page = Result<Bytes, Broken>;

// ===== impl Pages =====

impl Pages {
    /// Renders on a thread of its own, so that meanwhile others are let in, answered, or turned away. Both end when nobody
    /// can ask any more.
    pub(super) fn new(render: impl FnMut() -> Bytes + Send + 'static) -> io::Result<Self> {
        let (rendering, jobs) = jobs::channel();
        thread::Builder::new().name("tower-metrics-render".into()).spawn(move || work(&jobs, render))?;
        let (asking, asked) = mpsc::unbounded_channel();
        tokio::spawn(share(asked, rendering));
        Ok(Self { asking })
    }

    /// Returns a page whose rendering begins after this call. Who drops the future is not rendered for.
    pub(super) fn fresh(&self) -> impl Future<Output = Page> + use<> {
        let (ask, answer) = oneshot::channel();
        // Nobody is left to take it only when the runtime ends, and then the answer says so.
        drop(self.asking.send(ask));
        async { answer.await.unwrap_or(Err(Broken)) }
    }
}

async fn share(
    mut asked: mpsc::UnboundedReceiver<oneshot::Sender<Page>>,
    rendering: jobs::Sender<oneshot::Sender<Page>>,
) {
    while let Some(first) = asked.recv().await {
        let mut waiting = vec![first];
        while let Ok(more) = asked.try_recv() {
            waiting.push(more);
        }
        waiting.retain(|ask| !ask.is_closed());
        if waiting.is_empty() {
            continue;
        }
        let begun = Instant::now();
        let (job, done) = oneshot::channel();
        let page = match rendering.send(job) {
            Ok(()) => done.await.unwrap_or(Err(Broken)),
            Err(_) => Err(Broken),
        };
        let pause = pause_after(begun.elapsed());
        for ask in waiting {
            // Who has left meanwhile needs none.
            drop(ask.send(page.clone()));
        }
        drop(page);
        time::sleep(pause).await;
    }
}

fn work(jobs: &jobs::Receiver<oneshot::Sender<Page>>, mut render: impl FnMut() -> Bytes) {
    for job in jobs {
        // What the exporter had locked it unlocks by itself; nothing else outlives a render.
        let page = catch_unwind(AssertUnwindSafe(&mut render)).map_err(|_| Broken);
        drop(job.send(page));
    }
}

fn pause_after(render: Duration) -> Duration {
    render.saturating_mul(PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

    use std::sync::mpsc::Sender;

    use tokio::{sync::mpsc::UnboundedReceiver, task::yield_now, time::advance};

    use super::*;

    /// A render that tells its number when it begins, and ends when it is told to: well, or in a panic.
    struct Renders {
        begun: UnboundedReceiver<u32>,
        end: Sender<bool>,
    }

    fn pages() -> (Pages, Renders) {
        let (tell, begun) = mpsc::unbounded_channel();
        let (end, ended) = jobs::channel::<bool>();
        let mut number = 0_u32;
        let pages = Pages::new(move || {
            number += 1;
            tell.send(number).unwrap();
            assert!(ended.recv().unwrap(), "as told");
            number.to_string().into()
        });
        (pages.unwrap(), Renders { begun, end })
    }

    impl Renders {
        /// The next render takes this long, by the paused clock.
        async fn next(&mut self, takes: Duration) -> u32 {
            let number = self.begun.recv().await.unwrap();
            advance(takes).await;
            self.end.send(true).unwrap();
            number
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_during_a_render_shares_the_next_one() {
        let (pages, mut renders) = pages();
        let first = pages.fresh();
        assert_eq!(renders.begun.recv().await, Some(1));
        let later = [pages.fresh(), pages.fresh(), pages.fresh()];
        renders.end.send(true).unwrap();
        assert_eq!(first.await.unwrap(), "1");
        renders.next(Duration::ZERO).await;
        // Were there one for each, they would end too.
        (0..2).for_each(|_| renders.end.send(true).unwrap());
        let mut at = Vec::new();
        for page in later {
            let page = page.await.unwrap();
            assert_eq!(page, "2");
            at.push(page.as_ptr());
        }
        assert!(at.iter().all(|it| *it == at[0]), "they are copies");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_render_there_is_a_pause_of_nine_times_its_length_and_of_5_s_at_most() {
        let (pages, mut renders) = pages();
        for (takes, pause) in [(0, 0), (100, 900), (500, 4_500), (2_000, 5_000)] {
            let page = pages.fresh();
            renders.next(Duration::from_millis(takes)).await;
            page.await.unwrap().len();
            let begun = Instant::now();
            let page = pages.fresh();
            let number = renders.begun.recv().await;
            let waited = begun.elapsed().as_millis();
            assert!((pause..pause + 3).contains(&waited), "{waited} ms after {takes} ms");
            renders.end.send(true).unwrap();
            assert_eq!(page.await.unwrap(), number.unwrap().to_string());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_left_is_not_rendered_for_and_the_others_are() {
        let (pages, mut renders) = pages();
        let (leaves, stays) = (pages.fresh(), pages.fresh());
        assert_eq!(renders.begun.recv().await, Some(1));
        drop(leaves);
        advance(Duration::from_millis(100)).await;
        renders.end.send(true).unwrap();
        assert_eq!(stays.await.unwrap(), "1");

        drop(pages.fresh());
        advance(Duration::from_secs(60)).await;
        for _ in 0..10 {
            yield_now().await;
        }
        let asks = pages.fresh();
        // Were there one for who has left, it would end too.
        (0..2).for_each(|_| renders.end.send(true).unwrap());
        assert_eq!(asks.await.unwrap(), "2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_render_that_panics_is_told_to_all_who_wait_and_the_next_one_works() {
        let (pages, mut renders) = pages();
        let waiting = [pages.fresh(), pages.fresh()];
        assert_eq!(renders.begun.recv().await, Some(1));
        renders.end.send(false).unwrap();
        for page in waiting {
            assert_eq!(page.await, Err(Broken));
        }
        let next = pages.fresh();
        renders.next(Duration::ZERO).await;
        assert_eq!(next.await.unwrap(), "2");
    }

    #[tokio::test(start_paused = true)]
    async fn the_thread_ends_with_the_last_who_can_ask() {
        let (pages, mut renders) = pages();
        drop(pages);
        assert_eq!(renders.begun.recv().await, None);
    }
}
