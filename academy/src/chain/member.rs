//! A provider as a member of the pool: asked within a time, and judged by its answers.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    health::{Health, Rank},
    port::{Chain, ChainError, Provider},
};
use crate::{entropy::Entropy, time::Clock};

/// What the members share.
pub(super) struct Manner {
    /// So long a provider may take for one answer.
    pub timeout: Duration,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// A provider.
pub(super) struct Member {
    /// What people call it: never its URL, which may hold a key.
    name: String,
    chain: Arc<dyn Chain>,
    health: Mutex<Health>,
}

impl Member {
    pub fn new(name: String, chain: Arc<dyn Chain>) -> Self {
        Self { name, chain, health: Mutex::new(Health::new()) }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is doing, asked for its newest block.
    pub async fn provider(&self, manner: &Manner, patience: Duration) -> Provider {
        let head = self.ask(manner, |node| async move { node.head().await });
        let head = tokio::time::timeout(patience, head).await;
        let health = *self.health();
        Provider {
            name: self.name.clone(),
            head: head.ok().and_then(Result::ok).map(|head| head.number),
            score: health.score,
            latency: health.latency,
        }
    }

    pub fn rank(&self, manner: &Manner) -> Rank {
        self.health().rank(manner.clock.now())
    }

    #[cfg(test)]
    pub fn failures(&self) -> u32 {
        self.health().failures
    }

    /// Asks, and remembers how that went.
    pub async fn ask<T, F>(
        &self,
        manner: &Manner,
        ask: impl FnOnce(Arc<dyn Chain>) -> F,
    ) -> Result<T, ChainError>
    where
        F: Future<Output = Result<T, ChainError>>,
    {
        let start = manner.clock.now();
        let answer = tokio::time::timeout(manner.timeout, ask(self.chain.clone()))
            .await
            .unwrap_or_else(|_| Err(ChainError::Unavailable("no answer in time".to_owned())));
        let took = u64::try_from(manner.clock.now().0 - start.0).unwrap_or_default();
        self.judge(manner, answer.as_ref().err(), Duration::from_millis(took));
        answer
    }

    /// A refusal is an answer, too; only what asking again may mend is a failure.
    fn judge(&self, manner: &Manner, error: Option<&ChainError>, took: Duration) {
        let health = {
            let mut health = self.health();
            match error {
                Some(error) if error.is_retryable() => {
                    let mut jitter = [0];
                    manner.entropy.fill(&mut jitter);
                    health.failed(manner.clock.now(), jitter[0]);
                    if health.failures == 1 {
                        tracing::warn!(node = self.name, %error, "a provider fails; the others are asked first");
                    }
                }
                _ => {
                    if health.failures > 0 {
                        tracing::info!(
                            node = self.name,
                            failures = health.failures,
                            "a provider answers again"
                        );
                    }
                    health.answered(took);
                }
            }
            *health
        };
        let outcome = match error {
            None => "ok",
            Some(ChainError::Unavailable(_)) => "unavailable",
            Some(ChainError::RangeTooLarge(_)) => "range_too_large",
            Some(ChainError::Refused(_)) => "refused",
        };
        let node = || self.name.clone();
        metrics::counter!("lectern_rpc_requests_total", "node" => node(), "outcome" => outcome).increment(1);
        metrics::gauge!("lectern_rpc_health", "node" => node()).set(health.score);
        metrics::gauge!("lectern_rpc_failures_in_a_row", "node" => node()).set(f64::from(health.failures));
        if let Some(latency) = health.latency {
            metrics::gauge!("lectern_rpc_latency_seconds", "node" => node()).set(latency);
        }
    }
}
