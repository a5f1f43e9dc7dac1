//! Labels of the answer: a call begins under the label set of its request, and goes on under one that has them too.

use std::{ptr, sync::Arc};

use super::{At, Birth, End, Place, Series, unproven::Room};

/// As many labels as there are bits in what tells which of them are users' own.
const MOST: usize = u16::BITS as usize;

// ===== impl Series =====

impl Series {
    /// The label set of a call that was answered so, with these values of the answer's own. None where the call goes on in
    /// this one: another recorder is current, or the answer says that there is no such label set.
    pub(crate) fn answered_as(&self, at: At<'_>, end: End, own: &[&str]) -> Option<Arc<Self>> {
        if at.recorder_id() != self.recorder {
            return None;
        }
        let home = self.home(end, Room::count_overflow);
        if !ptr::eq(home, self) && home.is_of(&self.spec.fallback) {
            return None;
        }
        // It ends elsewhere.
        self.note_end();
        let begun = self.spec.labels_on_gauge;
        let mut values = [""; MOST];
        for (value, text) in values.iter_mut().zip(&home.values[..begun]) {
            *value = text;
        }
        let values = &mut values[..begun + own.len()];
        values[begun..].copy_from_slice(own);
        let birth = || Birth {
            infallible: self.infallible,
            to_be_proven: false,
            open: home.open | self.spec.open() & !0 << begun,
        };
        Some(at.series(values, birth))
    }

    /// Leaves a call that is in flight here since `start` to another label set, and tells where it is in flight there.
    pub(crate) fn hand_over(&self, place: Place, to: &Self, start: u64) -> Place {
        let begun = self.spec.labels_on_gauge;
        // Both have one gauge then, if the recorder gave handles for the other too.
        if place == Place::Home && self.values[..begun] == to.values[..begun] && to.is_proven() {
            return place;
        }
        let now = self.spec.now();
        let entered = to.made_handles(now).map(|handles| handles.take_over(start));
        if place != Place::Nowhere {
            if let Some(handles) = self.host(place).made_handles(now) {
                handles.leave(start);
            }
        }
        entered.map_or(Place::Nowhere, |()| Place::Home)
    }
}
