//! When the calls in flight of one gauge began, and which of them is the oldest.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// When the calls in flight of one gauge began.
///
/// Who changes which of them is the oldest publishes that, and does so outside of the lock: a gauge is the recorder's code,
/// which may be slow, or call a service that is measured itself. Who finds somebody publishing leaves at once, and the
/// publisher leaves only when what it published last is still so. So the last value published is the oldest at every quiet
/// moment. What could not be published is not tried again on the spot, but with the next change.
#[derive(Debug, Default)]
pub(super) struct Starts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    /// What was published last.
    shown: Option<u64>,
    is_shown: bool,
    is_publishing: bool,
}

/// Moments at which calls began, the earliest first, which is one of a call that is in flight.
#[derive(Debug, Default)]
struct Queue {
    moments: VecDeque<Moment>,
    /// Of how many of them no call is in flight any more.
    ended: usize,
}

#[derive(Debug)]
struct Moment {
    start: u64,
    in_flight: usize,
}

/// For so many moments the memory is kept, however few there are: a service that is now and then idle asks for none.
const KEPT: usize = 64;

// ===== impl Starts =====

impl Starts {
    /// Notes a call. `publish` must not panic, and tells whether it succeeded.
    pub(super) fn enter(&self, start: u64, publish: impl Fn(Option<u64>) -> bool) {
        self.change(|state| state.queue.enter(start), publish);
    }

    /// Notes the end of a call that was noted before.
    pub(super) fn leave(&self, start: u64, publish: impl Fn(Option<u64>) -> bool) {
        self.change(|state| state.queue.leave(start), publish);
    }

    /// Publishes the oldest as it is.
    pub(super) fn refresh(&self, publish: impl Fn(Option<u64>) -> bool) {
        self.change(|state| state.is_shown = false, publish);
    }

    fn change(&self, change: impl FnOnce(&mut State), publish: impl Fn(Option<u64>) -> bool) {
        let mut state = self.lock();
        change(&mut state);
        if state.is_publishing {
            return;
        }
        while let Some(oldest) = state.take_news() {
            drop(state);
            let is_published = publish(oldest);
            state = self.lock();
            if !is_published && state.gives_up(oldest) {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ===== impl State =====

impl State {
    /// What is to be published, if that is not what was published last.
    fn take_news(&mut self) -> Option<Option<u64>> {
        let oldest = self.queue.oldest();
        self.is_publishing = !self.is_shown || self.shown != oldest;
        (self.shown, self.is_shown) = (oldest, true);
        self.is_publishing.then_some(oldest)
    }

    /// After this was not published, leaves it to the next change to publish, whatever is the oldest then: unless it has
    /// changed meanwhile. A recorder that fails once may fail again at once.
    fn gives_up(&mut self, failed: Option<u64>) -> bool {
        self.is_shown = false;
        self.is_publishing = self.queue.oldest() != failed;
        !self.is_publishing
    }
}

// ===== impl Queue =====

impl Queue {
    fn oldest(&self) -> Option<u64> {
        self.moments.front().map(|moment| moment.start)
    }

    fn enter(&mut self, start: u64) {
        match self.moments.back() {
            Some(last) if last.start >= start => self.enter_among(start),
            _ => self.moments.push_back(Moment { start, in_flight: 1 }),
        }
    }

    /// Two threads come here in another order than they read the clock, and a call that goes on under another label set
    /// began a while ago.
    fn enter_among(&mut self, start: u64) {
        match self.find(start) {
            Ok(index) => {
                let moment = &mut self.moments[index];
                self.ended -= usize::from(moment.in_flight == 0);
                moment.in_flight += 1;
            }
            Err(index) => self.moments.insert(index, Moment { start, in_flight: 1 }),
        }
    }

    fn leave(&mut self, start: u64) {
        let found = self.find(start).ok().and_then(|index| self.moments.get_mut(index));
        let Some(moment) = found.filter(|moment| moment.in_flight > 0) else { return };
        moment.in_flight -= 1;
        if moment.in_flight == 0 {
            self.ended += 1;
            self.forget();
        }
    }

    /// Forgets moments of which no call is in flight: those before the oldest call at once, and those behind it when they
    /// are more than half. So they are never more than the calls in flight, and each costs a few steps.
    fn forget(&mut self) {
        while self.moments.front().is_some_and(|moment| moment.in_flight == 0) {
            self.moments.pop_front();
            self.ended -= 1;
        }
        if self.ended > self.moments.len() / 2 {
            self.moments.retain(|moment| moment.in_flight > 0);
            self.ended = 0;
        }
        if self.moments.capacity() > KEPT.max(8 * self.moments.len()) {
            self.moments.shrink_to(KEPT.max(2 * self.moments.len()));
        }
    }

    fn find(&self, start: u64) -> Result<usize, usize> {
        self.moments.binary_search_by_key(&start, |moment| moment.start)
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, collections::BTreeMap};

    use super::*;

    /// Numbers that are as good as any, and the same in every run.
    fn numbers() -> impl FnMut(u64) -> u64 {
        let mut state: u64 = 7;
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        }
    }

    #[test]
    fn the_oldest_is_the_earliest_of_those_left_in_whatever_order_they_come_and_go() {
        let (mut queue, mut number) = (Queue::default(), numbers());
        let (mut left, mut truth) = (Vec::new(), BTreeMap::new());
        for step in 0..100_000 {
            if number(100) < if step % 2_000 < 1_000 { 60 } else { 40 } {
                let start = step / 10 + number(50);
                queue.enter(start);
                left.push(start);
                *truth.entry(start).or_insert(0) += 1;
            } else if !left.is_empty() {
                let start = left.swap_remove(number(left.len() as u64) as usize);
                queue.leave(start);
                truth.entry(start).and_modify(|calls| *calls -= 1);
                truth.retain(|_, calls| *calls > 0);
            }
            assert_eq!(queue.oldest(), truth.keys().next().copied(), "step {step}");
            assert!(queue.moments.len() <= 2 * truth.len(), "step {step}");
            assert_eq!(queue.ended, queue.moments.iter().filter(|it| it.in_flight == 0).count());
        }
    }

    #[test]
    fn a_million_short_calls_behind_one_that_is_stuck_take_no_room() {
        let mut queue = Queue::default();
        queue.enter(0);
        for start in 1..=1_000_000 {
            queue.enter(start);
            queue.leave(start);
            assert!(queue.moments.len() <= 2);
        }
        assert_eq!(queue.oldest(), Some(0));
        assert!(queue.moments.capacity() <= KEPT);
    }

    #[test]
    fn a_crowd_that_has_gone_takes_no_room() {
        let mut queue = Queue::default();
        (0..100_000).for_each(|start| queue.enter(start));
        (1..100_000).rev().for_each(|start| queue.leave(start));
        assert!(queue.moments.capacity() <= KEPT, "{}", queue.moments.capacity());
    }

    #[test]
    fn an_end_that_never_began_changes_nothing() {
        let mut queue = Queue::default();
        [1, 3].into_iter().for_each(|start| queue.enter(start));
        [0, 2, 4, 3, 3].into_iter().for_each(|start| queue.leave(start));
        assert_eq!((queue.oldest(), queue.ended), (Some(1), 1));
    }

    #[test]
    fn what_changes_during_a_publication_is_published_by_the_publisher() {
        let starts = Starts::default();
        let published = Cell::new(None);
        let nested = Cell::new(false);
        starts.enter(2, |oldest| {
            if !nested.replace(true) {
                starts.enter(1, |_| panic!("somebody is publishing already"));
            }
            published.set(oldest);
            true
        });
        assert_eq!(published.get(), Some(1));
        starts.leave(2, |_| panic!("the oldest is what it was"));
        published.set(None);
        let publish = |oldest| {
            published.set(oldest);
            true
        };
        starts.refresh(publish);
        assert_eq!(published.get(), Some(1), "a gauge that is new shows it too");
        starts.leave(1, publish);
        assert_eq!(published.get(), None);
    }

    #[test]
    fn what_could_not_be_published_is_tried_once_with_each_change_until_it_is() {
        let starts = Starts::default();
        let tried = Cell::new(0);
        let fail = |oldest| {
            assert_eq!(oldest, Some(1));
            tried.set(tried.get() + 1);
            false
        };
        starts.enter(1, fail);
        starts.enter(2, fail);
        starts.leave(2, fail);
        assert_eq!(tried.get(), 3);
        let published = Cell::new(None);
        starts.enter(3, |oldest| {
            published.set(oldest);
            true
        });
        assert_eq!(published.get(), Some(1));
        starts.enter(4, |_| panic!("it was published"));
    }

    #[test]
    fn what_changes_during_a_publication_that_fails_is_published_by_the_publisher() {
        let starts = Starts::default();
        let published = Cell::new(None);
        starts.enter(2, |oldest| {
            if oldest == Some(2) {
                starts.enter(1, |_| panic!("somebody is publishing already"));
                return false;
            }
            published.set(oldest);
            true
        });
        assert_eq!(published.get(), Some(1));
        starts.leave(2, |_| panic!("the oldest is what it was"));
    }
}
