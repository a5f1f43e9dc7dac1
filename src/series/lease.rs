//! What is held for good, or only until it has to be replaced.

use std::{ops::Deref, sync::Arc};

use arc_swap::{ArcSwap, Guard};

use super::Spec;

/// What is read without a lock, and may be replaced by a whole new one.
#[derive(Debug)]
pub(super) enum Swap<T> {
    Fixed(T),
    Replaceable(ArcSwap<T>),
}

/// What came from a recorder, and is asked for again where that one forgets what does not change.
///
/// A handle of what was forgotten leads nowhere, and nothing tells. But what was recorded on since it was asked for
/// cannot be forgotten before the idle timeout has passed, so a handle that is younger than a part of it is good.
#[derive(Debug)]
pub(super) struct Lease<T> {
    held: Swap<Held<T>>,
}

/// What a lease holds, for as long as somebody looks at it.
pub(super) enum Loan<'a, T> {
    Fixed(&'a T),
    Replaceable(Guard<Arc<Held<T>>>),
}

#[derive(Debug)]
pub(super) struct Held<T> {
    /// When the clock was read before the recorder was asked.
    since: u64,
    it: T,
}

// ===== impl Swap =====

impl<T> Swap<T> {
    pub(super) fn new(it: T, is_replaceable: bool) -> Self {
        match is_replaceable {
            false => Self::Fixed(it),
            true => Self::Replaceable(ArcSwap::from_pointee(it)),
        }
    }

    pub(super) fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        match self {
            Self::Fixed(it) => f(it),
            Self::Replaceable(it) => f(&it.load()),
        }
    }

    /// Puts `new` in the place of what can be replaced. Who reads the old one goes on doing so.
    pub(super) fn replace(&self, new: T) {
        if let Self::Replaceable(it) = self {
            it.store(new.into());
        }
    }
}

// ===== impl Lease =====

impl<T> Lease<T> {
    pub(super) fn new(spec: &Spec, now: u64, it: T) -> Self {
        Self { held: Swap::new(Held { since: now, it }, spec.lease().is_some()) }
    }

    /// What is held for good.
    #[inline(always)]
    pub(super) fn fixed(&self) -> Option<&T> {
        match &self.held {
            Swap::Fixed(held) => Some(&held.it),
            Swap::Replaceable(_) => None,
        }
    }

    /// Lends what is held, after `renew` where that is too old; what cannot be renewed is lent as it is.
    pub(super) fn hold(&self, spec: &Spec, now: u64, renew: impl FnOnce() -> Option<T>) -> Loan<'_, T> {
        match &self.held {
            Swap::Fixed(held) => Loan::Fixed(&held.it),
            Swap::Replaceable(held) => Loan::Replaceable(self.young(held, spec, now, renew)),
        }
    }

    fn young(
        &self,
        held: &ArcSwap<Held<T>>,
        spec: &Spec,
        now: u64,
        renew: impl FnOnce() -> Option<T>,
    ) -> Guard<Arc<Held<T>>> {
        let found = held.load();
        let is_good = |lease| now >= found.since && spec.clock.nanos_between(found.since, now) <= lease;
        if spec.lease().is_none_or(is_good) {
            return found;
        }
        match renew() {
            None => found,
            Some(it) => {
                drop(found);
                self.held.replace(Held { since: now, it });
                held.load()
            }
        }
    }
}

// ===== impl Loan =====

impl<T> Deref for Loan<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Fixed(it) => it,
            Self::Replaceable(held) => &held.it,
        }
    }
}
