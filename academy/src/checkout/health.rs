//! How chains and their followers are doing.

use std::time::Duration;

use super::{cursors, network::Network, service::Checkout, wallet::ChainInfo};
use crate::{Actor, Operation, Problem, chain::Provider, time::Time};

/// Of a chain that takes longer to say how it does, it is said that it does not answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How a chain's follower is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHealth {
    /// The chain.
    pub chain: ChainInfo,
    /// The newest block, if the chain answers.
    pub head: Option<u64>,
    /// The next block that the follower will read.
    pub next_block: Option<u64>,
    /// When the follower last took a step.
    pub seen_at: Option<Time>,
    /// The chain answers and the follower moves.
    pub healthy: bool,
}

impl Checkout<'_> {
    /// How the followers are doing, in the site's order of chains.
    ///
    /// # Errors
    /// For everyone but admins; when the database does not answer.
    pub async fn health(&self, actor: &Actor) -> Result<Vec<ChainHealth>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let networks = self.0.0.networks.iter();
        futures::future::try_join_all(networks.map(|network| self.health_of(network))).await
    }

    /// As [`Checkout::health`], and how each chain's providers are doing.
    ///
    /// # Errors
    /// As there.
    pub async fn health_of_providers(
        &self,
        actor: &Actor,
    ) -> Result<Vec<(ChainHealth, Vec<Provider>)>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let asked = self.0.0.networks.iter().map(async |network| {
            let (health, providers) =
                futures::join!(self.health_of(network), network.chain.providers(PATIENCE));
            Ok((health?, providers))
        });
        futures::future::try_join_all(asked).await
    }

    async fn health_of(&self, network: &Network) -> Result<ChainHealth, Problem> {
        let policy = &network.policy;
        let mut conn = self.0.0.db.read().await?;
        let cursor = cursors::cursor(&mut conn, policy).await?;
        drop(conn);
        let head = tokio::time::timeout(PATIENCE, network.chain.head()).await;
        let head = head.ok().and_then(Result::ok).map(|head| head.number);
        let now = self.0.now();
        Ok(ChainHealth {
            chain: network.info.clone(),
            head,
            next_block: cursor.map(|(next, _)| next),
            seen_at: cursor.map(|(_, seen)| seen),
            healthy: head.is_some()
                && cursor.is_some_and(|(_, seen)| now <= seen.plus_millis(policy.stale_after_millis)),
        })
    }
}
