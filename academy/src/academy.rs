//! The handle that every door holds.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::join_all};
use tokio::sync::Notify;

use crate::{
    accounts::{Accounts, Site},
    catalog::Catalog,
    chain::{Chain, ChainError},
    checkout::{ChainInfo, Checkout, Network, Networks, Policy, Quotes},
    entropy::{Entropy, SystemEntropy},
    fault::{Faults, NoFaults},
    learning::Learning,
    problem::{Kind, Problem},
    store::Db,
    time::{Clock, SystemClock, Time},
    webhooks::{Endpoint, Outlet, Sender, Webhooks},
};

pub(crate) struct Inner {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub faults: Arc<dyn Faults>,
    pub networks: Networks,
    pub outlet: Option<Outlet>,
    pub site: Site,
    pub texts: crate::content::Cache,
    pub catalog: crate::catalog::Cache,
}

/// The business. Cheap to clone; every service is reached through it.
#[derive(Clone)]
pub struct Academy(pub(crate) Arc<Inner>);

/// How often it is looked whether an endpoint is to be told of something.
const LOOK: Duration = Duration::from_secs(1);

/// How often a chain is followed.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// After so long,
    pub poll: Duration,
    /// and at once when there are news of a block.
    pub news: Arc<Notify>,
}

/// Puts an [`Academy`] together.
pub struct Builder {
    inner: Inner,
}

impl Academy {
    /// Over a database, the first chain that is sold on, and the rules for it. Clock and chance are the
    /// machine's, no faults happen, and there is no other chain, unless the builder is told otherwise.
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
                faults: Arc::new(NoFaults),
                networks: Networks::new(Network::new(chain, policy, chain_info)),
                outlet: None,
                site,
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

    /// What other programs are told.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Problem> {
        Ok(self.0.db.ping().await?)
    }

    /// Follows chains, does queued work and tells other programs until `shutdown` ends. Failures are logged and
    /// tried again: nothing here gives up, and no chain waits for another.
    pub async fn worker(&self, rhythms: Vec<Rhythm>, shutdown: impl Future<Output = ()>) {
        let shutdown = shutdown.shared();
        let chains = rhythms.into_iter().map(async |rhythm| {
            let followed = Notify::new();
            futures::join!(
                self.follower(&rhythm, &followed, shutdown.clone()),
                self.jobs(&rhythm, &followed, shutdown.clone())
            )
        });
        let endpoints =
            self.0.outlet.iter().flat_map(|outlet| outlet.endpoints.iter().map(move |to| (outlet, to)));
        let tellers = endpoints.map(|(outlet, to)| self.teller(outlet, to, shutdown.clone()));
        futures::join!(join_all(chains), join_all(tellers));
    }

    async fn follower(&self, rhythm: &Rhythm, followed: &Notify, shutdown: impl Future<Output = ()>) {
        let Rhythm { chain_id, poll, news } = rhythm;
        let (chain_id, poll) = (*chain_id, *poll);
        tokio::pin!(shutdown);
        loop {
            let pause = match self.follow(chain_id).await {
                // What has happened already does not wait for what will.
                Ok(step) if step.more => Duration::ZERO,
                Ok(_) => poll,
                Err(problem) => {
                    tracing::warn!(chain_id, %problem, "the follower could not take its step");
                    let (chain, code) = (chain_id.to_string(), problem.code.clone());
                    metrics::counter!("lectern_follower_failures_total", "chain" => chain, "code" => code)
                        .increment(1);
                    poll.saturating_mul(3)
                }
            };
            followed.notify_one();
            tokio::select! {
                () = &mut shutdown => return,
                () = news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Does a chain's queued work after each step of its follower, and every `poll`.
    async fn jobs(&self, rhythm: &Rhythm, followed: &Notify, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        loop {
            if let Err(problem) = self.run_jobs_of(rhythm.chain_id).await {
                tracing::warn!(%problem, "queued work could not be done");
            }
            tokio::select! {
                () = &mut shutdown => return,
                () = followed.notified() => {}
                () = tokio::time::sleep(rhythm.poll) => {}
            }
        }
    }

    /// Tells an endpoint of what it is to be told. One that does not answer holds up no other.
    async fn teller(&self, outlet: &Outlet, to: &Endpoint, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        loop {
            let pause = match self.webhooks().deliver_to(outlet, to).await {
                Ok(0) => LOOK,
                // There may be more than are posted at once.
                Ok(_) => Duration::ZERO,
                Err(problem) => {
                    tracing::warn!(endpoint = to.name, %problem, "webhooks could not be sent");
                    LOOK
                }
            };
            tokio::select! {
                () = &mut shutdown => return,
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
    pub(crate) async fn point(&self, name: &'static str) {
        if self.0.faults.dies_at(name) {
            std::future::pending::<()>().await;
        }
    }
}

impl Builder {
    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.inner.clock = clock;
        self
    }

    /// Prices that the first chain's contract does not list are quoted so. Without, nothing is sold for them.
    #[must_use]
    pub fn quotes(mut self, quotes: Quotes) -> Self {
        self.inner.networks.first_mut().quotes = Some(quotes);
        self
    }

    /// Another chain to sell on.
    #[must_use]
    pub fn also(mut self, network: Network) -> Self {
        self.inner.networks.add(network);
        self
    }

    /// Programs that are told of orders and payments. Without, nobody is.
    #[must_use]
    pub fn webhooks(mut self, endpoints: Vec<Endpoint>, sender: Arc<dyn Sender>) -> Self {
        self.inner.outlet = (!endpoints.is_empty()).then_some(Outlet { endpoints, sender });
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
