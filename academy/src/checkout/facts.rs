//! What a person wants to know of a payment in review that its event does not tell: who sent it, and when its
//! block was made. Settling reads it of the payments that it judges; what the follower turned down is asked about
//! here, a few at a step, since anybody can make as much of that as they like.

use super::{network::Network, payment_store, service::Checkout};
use crate::{Problem, time::Time};

/// How many are asked about at a step.
const AT_ONCE: usize = 20;

impl Checkout<'_> {
    /// Learns what is not known yet of the newest payments in review. Where no node knows the transaction, its sender
    /// stays open; what stood in a block that was replaced leaves the review until it is seen again.
    pub(super) async fn learn_facts(&self, network: &Network) -> Result<(), Problem> {
        let chain = &network.chain;
        let mut conn = self.0.0.db.read().await?;
        let payments = payment_store::without_facts(&mut conn, network.policy.chain_id, AT_ONCE).await?;
        drop(conn);
        if payments.is_empty() {
            return Ok(());
        }
        let asked = payments.iter().map(async |payment| {
            futures::join!(chain.block(payment.block_number), chain.transaction(payment.hash))
        });
        let told = futures::future::join_all(asked).await;
        let mut tx = self.0.0.db.begin().await?;
        for (payment, (block, facts)) in payments.iter().zip(told) {
            match block {
                Ok(Some(block)) if block.hash == payment.block_hash => {
                    let sender = facts.ok().flatten().map(|facts| facts.sender);
                    let mined_at = Time::of_seconds(block.timestamp);
                    payment_store::learn_facts(&mut tx, payment, sender, mined_at).await?;
                }
                Ok(Some(_)) => payment_store::set_replaced(&mut tx, payment).await?,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, hash = %payment.hash, "nobody tells when it was mined"),
            }
        }
        self.0.point("facts.before_commit").await;
        tx.commit().await?;
        Ok(())
    }
}
