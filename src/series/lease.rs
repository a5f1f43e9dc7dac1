//! What is held for good, or only until it has to be replaced.

use arc_swap::ArcSwap;

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

#[derive(Debug)]
struct Held<T> {
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

    /// Runs `f` on what is held, after `renew` where that is too old; what cannot be renewed is used as it is.
    pub(super) fn with<R>(
        &self,
        spec: &Spec,
        now: u64,
        renew: impl FnOnce() -> Option<T>,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        if let Some(lease) = spec.lease() {
            let is_old =
                self.held.with(|held| now < held.since || spec.clock.nanos_between(held.since, now) > lease);
            if let Some(it) = is_old.then(renew).flatten() {
                self.held.replace(Held { since: now, it });
            }
        }
        self.held.with(|held| f(&held.it))
    }
}
