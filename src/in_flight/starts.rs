//! When the calls in flight of one gauge began, and which of them is the oldest.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::queue::Queue;

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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

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
