//! The one door to time: quanta behind it, and a clock that a test steps by hand.

#[cfg(feature = "testing")]
use std::{fmt, sync::Arc};
use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Where a Layer reads the time.
///
/// The default reads the processor's time stamp counter where it is invariant, else the monotonic clock of
/// the operating system.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: quanta::Clock,
    /// It begins in 1970, and knows of no wall.
    #[cfg(feature = "testing")]
    is_mock: bool,
}

/// Moves a [`Clock`] made by [`Clock::mock`].
#[cfg(feature = "testing")]
#[derive(Clone)]
pub struct MockClock {
    inner: Arc<quanta::Mock>,
}

/// Seconds since 1970, as `time()` of Prometheus tells them; 0 where the clock stands before that.
#[cfg(feature = "prometheus")]
pub(crate) fn unix_seconds() -> f64 {
    since_1970().as_secs_f64()
}

fn since_1970() -> Duration {
    now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// What the clock on the wall tells.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Turns whole nanoseconds into seconds.
///
/// Bucket bounds and samples both pass through here, so that a call of exactly the threshold compares equal to
/// its bound: the division is correctly rounded, which `Duration::as_secs_f64` is not.
#[inline]
pub(crate) fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

// ===== impl Clock =====

impl Clock {
    /// Calibrates once per process, when the first Layer is built and never in a call.
    pub(crate) fn new() -> Self {
        // To ask the processor what it can do takes longer than all else that a Layer does when it is built.
        static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);
        Self {
            inner: CLOCK.clone(),
            #[cfg(feature = "testing")]
            is_mock: false,
        }
    }

    /// Makes a clock that stands still until its [`MockClock`] moves it. To what is told in seconds since 1970 it says that
    /// it was made at the beginning of that year. Layers that share a series share its oldest call too, so give them one clock:
    /// the readings of two cannot be compared.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn mock() -> (Self, MockClock) {
        let (clock, mock) = quanta::Clock::mock();
        (Self { inner: clock, is_mock: true }, MockClock { inner: mock })
    }

    #[inline]
    pub(crate) fn raw(&self) -> u64 {
        self.inner.raw()
    }

    /// Seconds between two readings of [`raw`](Self::raw); 0 where the clock stepped back.
    #[inline]
    pub(crate) fn seconds_between(&self, start: u64, end: u64) -> f64 {
        seconds(self.nanos_between(start, end))
    }

    /// Nanoseconds between two readings of [`raw`](Self::raw); 0 where the clock stepped back.
    #[inline]
    pub(crate) fn nanos_between(&self, start: u64, end: u64) -> u64 {
        self.inner.delta_as_nanos(start, end)
    }

    /// When the clock was read so, in seconds since 1970: as long ago as it tells, from what the clock on the wall tells now.
    ///
    /// Worked out when it is asked for, so that neither a clock that drifts nor one that is set adds up.
    pub(crate) fn unix_seconds_of(&self, raw: u64) -> f64 {
        #[cfg(feature = "testing")]
        if self.is_mock {
            return seconds(raw);
        }
        let ago = Duration::from_nanos(self.nanos_between(raw, self.raw()));
        since_1970().saturating_sub(ago).as_secs_f64()
    }
}

// ===== impl MockClock =====

#[cfg(feature = "testing")]
impl MockClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.inner.increment(by);
    }

    /// Moves the clock back, as a clock that is set does.
    pub fn rewind(&self, by: Duration) {
        self.inner.decrement(by);
    }
}

#[cfg(feature = "testing")]
impl fmt::Debug for MockClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockClock").field("nanos", &self.inner.value()).finish()
    }
}
