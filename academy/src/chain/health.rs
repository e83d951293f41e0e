//! How a provider does, judged by its answers: pure, so that it can be tested without one.

use std::time::Duration;

use crate::time::Time;

/// How much the newest answer weighs in the averages.
const WEIGHT: f64 = 0.2;
/// Who fails more often than this is asked after those who don't.
const POOR: f64 = 0.5;
/// The first rest, in milliseconds; each further failure doubles it.
const REST_MILLIS: i64 = 1_000;
const LONGEST_REST_MILLIS: i64 = 60_000;

/// What a provider's answers so far say of the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Health {
    /// The share of questions that were answered lately, 0 to 1.
    pub score: f64,
    /// How long answers took lately, in seconds; `None` before the first.
    pub latency: Option<f64>,
    /// Failures since the last answer.
    pub failures: u32,
    rests_until: Time,
}

/// How soon a provider is asked: the better first, those alike in their configured order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It answers.
    Good,
    /// It fails often.
    Poor,
    /// It failed a moment ago.
    Resting,
}

impl Health {
    pub const fn new() -> Self {
        Self { score: 1.0, latency: None, failures: 0, rests_until: Time(i64::MIN) }
    }

    /// It answered. A rest is over: it was asked in spite of it, and does.
    pub fn answered(&mut self, took: Duration) {
        self.score += WEIGHT * (1.0 - self.score);
        let took = took.as_secs_f64();
        self.latency = Some(self.latency.map_or(took, |before| before + WEIGHT * (took - before)));
        self.failures = 0;
        self.rests_until = Time(i64::MIN);
    }

    /// It did not. It rests, twice as long each time; `jitter`, 0 to 255, adds up to a quarter, so that
    /// those who share it do not come back to it all at once.
    pub fn failed(&mut self, now: Time, jitter: u8) {
        self.score -= WEIGHT * self.score;
        let rest = (REST_MILLIS << self.failures.min(16)).min(LONGEST_REST_MILLIS);
        self.rests_until = now.plus_millis(rest + rest * i64::from(jitter) / 1024);
        self.failures = self.failures.saturating_add(1);
    }

    pub fn rank(&self, now: Time) -> Rank {
        if now < self.rests_until {
            Rank::Resting
        } else if self.score < POOR {
            Rank::Poor
        } else {
            Rank::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_longer_with_each_failure_and_is_good_again_after_answers() {
        let mut health = Health::new();
        assert_eq!(health.rank(Time(0)), Rank::Good);
        let mut now = Time(0);
        let mut rests = Vec::new();
        for _ in 0..9 {
            health.failed(now, 0);
            assert_eq!(health.rank(now), Rank::Resting);
            let end = (1..).find(|later| health.rank(now.plus_millis(*later)) != Rank::Resting).unwrap();
            rests.push(end);
            now = now.plus_millis(end);
        }
        assert_eq!(rests, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
        assert_eq!(health.rank(now), Rank::Poor, "it may be asked, after the others");
        health.answered(Duration::from_millis(20));
        assert_eq!((health.failures, health.rank(now)), (0, Rank::Poor));
        for _ in 0..3 {
            health.answered(Duration::from_millis(20));
        }
        assert_eq!(health.rank(now), Rank::Good);
    }

    #[test]
    fn an_answer_ends_a_rest_at_once() {
        let mut health = Health::new();
        health.failed(Time(0), 0);
        health.answered(Duration::ZERO);
        assert_eq!(health.rank(Time(0)), Rank::Good);
    }

    #[test]
    fn jitter_adds_at_most_a_quarter() {
        let mut health = Health::new();
        health.failed(Time(0), u8::MAX);
        assert_eq!(health.rank(Time(1_248)), Rank::Resting);
        assert_eq!(health.rank(Time(1_250)), Rank::Good);
    }
}
