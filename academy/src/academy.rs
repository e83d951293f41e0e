//! The handle that every door holds.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    accounts::{Accounts, Site},
    catalog::Catalog,
    chain::{Chain, ChainError},
    checkout::{ChainInfo, Checkout, Pace, Policy, Quotes},
    entropy::{Entropy, SystemEntropy},
    fault::{Faults, NoFaults},
    learning::Learning,
    problem::{Kind, Problem},
    store::Db,
    time::{Clock, SystemClock, Time},
};

pub(crate) struct Inner {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub chain: Arc<dyn Chain>,
    pub faults: Arc<dyn Faults>,
    pub pace: Pace,
    pub policy: Policy,
    pub site: Site,
    pub chain_info: ChainInfo,
    pub quotes: Option<Quotes>,
    pub texts: crate::content::Cache,
    pub catalog: crate::catalog::Cache,
}

/// The business. Cheap to clone; every service is reached through it.
#[derive(Clone)]
pub struct Academy(pub(crate) Arc<Inner>);

/// Puts an [`Academy`] together.
pub struct Builder {
    inner: Inner,
}

impl Academy {
    /// Over a database, a chain and the rules for it. Clock and chance are the machine's, and no
    /// faults happen, unless the builder is told otherwise.
    pub fn builder(
        db: Db,
        chain: Arc<dyn Chain>,
        policy: Policy,
        site: Site,
        chain_info: ChainInfo,
    ) -> Builder {
        Builder {
            inner: Inner {
                db,
                clock: Arc::new(SystemClock),
                entropy: Arc::new(SystemEntropy),
                chain,
                faults: Arc::new(NoFaults),
                pace: Pace::new(policy.max_log_range),
                policy,
                site,
                chain_info,
                quotes: None,
                texts: crate::content::Cache::default(),
                catalog: crate::catalog::Cache::default(),
            },
        }
    }

    /// Who people are.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// What is taught and sold.
    pub fn catalog(&self) -> Catalog<'_> {
        Catalog(self)
    }

    /// What people read.
    pub fn learning(&self) -> Learning<'_> {
        Learning(self)
    }

    /// What people buy.
    pub fn checkout(&self) -> Checkout<'_> {
        Checkout(self)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Problem> {
        Ok(self.0.db.ping().await?)
    }

    /// Follows the chain and does queued work until `shutdown` ends: after each `poll`, and at once when
    /// there are `news` of a block. Failures are logged and tried again: nothing here gives up.
    pub async fn worker(&self, poll: Duration, news: Arc<Notify>, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        loop {
            let pause = match self.follow_once().await {
                // What has happened already does not wait for what will.
                Ok(followed) if followed.more => Duration::ZERO,
                Ok(_) => poll,
                Err(problem) => {
                    tracing::warn!(%problem, "the follower could not take its step");
                    metrics::counter!("lectern_follower_failures_total", "code" => problem.code.clone())
                        .increment(1);
                    poll.saturating_mul(3)
                }
            };
            if let Err(problem) = self.run_jobs_once().await {
                tracing::warn!(%problem, "queued work could not be done");
            }
            tokio::select! {
                () = &mut shutdown => return,
                () = news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// What time it is, by the clock that was given.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    pub(crate) fn mint(&self) -> uuid::Uuid {
        crate::entropy::mint(&*self.0.entropy, self.now())
    }

    /// Passes a named point; see [`crate::fault`].
    pub(crate) fn point(&self, name: &'static str) -> Result<(), Problem> {
        self.0.faults.at(name).map_err(|killed| Problem::new(Kind::Internal, "killed", killed.to_string()))
    }
}

impl Builder {
    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.inner.clock = clock;
        self
    }

    /// Prices in states' currencies are quoted so. Without, nothing is sold for them.
    #[must_use]
    pub fn quotes(mut self, quotes: Quotes) -> Self {
        self.inner.quotes = Some(quotes);
        self
    }

    /// Another source of chance.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.inner.entropy = entropy;
        self
    }

    /// Faults at named points.
    #[must_use]
    pub fn faults(mut self, faults: Arc<dyn Faults>) -> Self {
        self.inner.faults = faults;
        self
    }

    /// The handle.
    pub fn build(self) -> Academy {
        Academy(Arc::new(self.inner))
    }
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        tracing::warn!(%error, "chain");
        Self::new(
            Kind::Unavailable,
            "chain_unreachable",
            "We can't reach the network right now. Nothing is lost: we keep trying, and you can close this tab.",
        )
    }
}
