//! Times, in milliseconds since 1970 (UTC), and the clock that gives them.

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(sqlx::Type), sqlx(transparent))]
pub struct Time(pub i64);

impl Time {
    /// A point in time as chains count it, in whole seconds.
    #[cfg(feature = "server")]
    pub fn of_seconds(seconds: u64) -> Self {
        Self(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
    }

    /// So many milliseconds later.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// So many minutes later.
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_millis(minutes.saturating_mul(60_000))
    }

    /// RFC 3339 in UTC, to the second: `2026-01-31T12:00:00Z`.
    #[cfg(feature = "server")]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or_default().to_string()
    }
}

/// What time it is.
#[cfg(feature = "server")]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[cfg(feature = "server")]
pub struct SystemClock;

#[cfg(feature = "server")]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        Time(jiff::Timestamp::now().as_millisecond())
    }
}

/// A clock that stands still until it is moved; for tests.
#[cfg(feature = "server")]
pub struct FixedClock(std::sync::atomic::AtomicI64);

#[cfg(feature = "server")]
impl FixedClock {
    /// Stands at `time`.
    pub fn new(time: Time) -> Self {
        Self(std::sync::atomic::AtomicI64::new(time.0))
    }

    /// Moves on.
    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(feature = "server")]
impl Clock for FixedClock {
    fn now(&self) -> Time {
        Time(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}
