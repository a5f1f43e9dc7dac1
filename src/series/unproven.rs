//! Label sets that no answer has proven yet: where their calls are in flight meanwhile, and where they count.

use std::sync::{Arc, Weak, atomic::Ordering};

use super::{End, Place, Series, Spec, cap::Cap};

/// Where an open label set finds room when it is proven, and where its calls count if there is none.
#[derive(Debug)]
pub(super) struct Room {
    /// Weak, because the cap holds the label sets that it has admitted.
    pub(super) cap: Weak<Cap>,
    pub(super) folded: Arc<Series>,
}

// ===== impl Series =====

impl Series {
    /// Begins a call of a label set that has no handles.
    #[cold]
    pub(super) fn enter_elsewhere(&self, now: u64) -> Place {
        let place = if self.until_proven.is_some() { Place::Fallback } else { Place::Home };
        let entered = self.host(place).made_handles(now).map(|handles| handles.enter(&self.spec, now));
        entered.map_or(Place::Nowhere, |()| place)
    }

    /// Ends a call that began without handles.
    #[cold]
    pub(super) fn leave_elsewhere(&self, place: Place, end: End, seconds: Option<f64>, start: u64, now: u64) {
        if place != Place::Nowhere {
            if let Some(handles) = self.host(place).made_handles(now) {
                handles.leave(start);
            }
        }
        let home = self.home(end, Room::count_overflow);
        if let Some(handles) = home.made_handles(now) {
            home.count(&handles, end, 1, seconds);
            home.count_head(&handles, end, seconds);
        }
    }

    pub(super) fn host(&self, place: Place) -> &Self {
        match &self.until_proven {
            Some(fallback) if place == Place::Fallback => fallback,
            _ => self,
        }
    }

    /// Where a call counts: here, once any answer has told that the label set is the service's own. `is_folded` hears
    /// of the one that finds no room.
    pub(super) fn home(&self, end: End, is_folded: fn(&Room, &Spec)) -> &Self {
        let Some(fallback) = self.until_proven.as_deref().filter(|_| !self.is_proven()) else {
            return self;
        };
        if self.spec.answers.disproves(end) {
            return fallback;
        }
        match (self.try_prove(), &self.room) {
            (Some(true), _) => self,
            (Some(false), Some(room)) => {
                is_folded(room, &self.spec);
                room.folded.home(end, is_folded)
            }
            _ => fallback,
        }
    }

    /// Proves the label set, and tells whether there was room; nothing where the recorder is out of reach.
    #[cold]
    fn try_prove(&self) -> Option<bool> {
        self.with_recorder(|recorder| {
            // A call may outlive its Layer, and with it the cap.
            let Some(cap) = self.room.as_ref().and_then(|room| room.cap.upgrade()) else {
                self.prove(recorder);
                return true;
            };
            cap.make_room(&self.spec);
            if cap.is_full() {
                return false;
            }
            let _turn = cap.turn();
            // It is counted once, also where the recorder panics and it is tried again.
            let is_admitted = self.is_admitted();
            let has_room = is_admitted || (!self.is_given_up.load(Ordering::Relaxed) && cap.admits_proven());
            if has_room {
                self.admit();
                self.prove(recorder);
            }
            has_room
        })
    }
}

// ===== impl Room =====

impl Room {
    pub(super) fn count_overflow(&self, spec: &Spec) {
        if let Some(cap) = self.cap.upgrade() {
            cap.count_overflow(spec);
        }
    }
}
