//! Moments at which calls began, in order, and of which of them any goes on.

use std::collections::VecDeque;

/// Moments at which calls began, the earliest first, which is one of a call that is in flight.
#[derive(Debug, Default)]
pub(super) struct Queue {
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

// ===== impl Queue =====

impl Queue {
    pub(super) fn oldest(&self) -> Option<u64> {
        self.moments.front().map(|moment| moment.start)
    }

    pub(super) fn enter(&mut self, start: u64) {
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

    pub(super) fn leave(&mut self, start: u64) {
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
    use std::collections::BTreeMap;

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
}
