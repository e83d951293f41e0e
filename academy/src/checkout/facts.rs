//! What a person wants to know of a payment in review that its event does not tell: who sent it, when its block was
//! made, and whether the contract holds it. Settling reads it of the payments that it judges; what the follower
//! turned down is asked about here, a few at a step, since anybody can make as much of that as they like.

use super::{cursors, network::Network, payment_store, service::Checkout, verify::hold_of};
use crate::{Problem, time::Time};

/// How many are asked about at a step.
const AT_ONCE: usize = 20;

impl Checkout<'_> {
    /// Learns what is not known yet of the newest payments in review. Where no node knows the transaction, its sender
    /// stays open; what stood in a block that was replaced leaves the review until it is seen again.
    pub(super) async fn learn_facts(&self, network: &Network) -> Result<(), Problem> {
        let chain = &network.chain;
        let mut conn = self.0.0.db.read().await?;
        let at = cursors::next_block(&mut conn, &network.policy).await?;
        let payments = payment_store::without_facts(&mut conn, network.policy.chain_id, AT_ONCE).await?;
        drop(conn);
        if payments.is_empty() {
            return Ok(());
        }
        let asked = payments.iter().map(async |payment| {
            let (number, hash) = (payment.block_number, payment.hash);
            futures::join!(chain.block(number), chain.transaction(hash), chain.receipt(hash))
        });
        let told = futures::future::join_all(asked).await;
        let mut tx = self.0.0.db.begin().await?;
        // Another worker may have seen meanwhile that blocks were replaced.
        if cursors::lock_cursor(&mut tx, &network.policy).await? != at {
            return Ok(());
        }
        for (payment, (block, facts, receipt)) in payments.iter().zip(told) {
            match (block, receipt) {
                (Ok(Some(block)), _) if block.hash != payment.block_hash => {
                    payment_store::set_replaced(&mut tx, payment).await?;
                }
                (Ok(Some(block)), Ok(Some(receipt))) => {
                    let log = receipt.logs.iter().find(|log| log.index == payment.log_index);
                    let hold = log.and_then(|log| hold_of(&receipt, log));
                    let sender = facts.ok().flatten().map(|facts| facts.sender);
                    let mined_at = Time::of_seconds(block.timestamp);
                    payment_store::learn_facts(&mut tx, payment, mined_at, sender, hold.as_deref()).await?;
                }
                _ => tracing::debug!(hash = %payment.hash, "not enough nodes tell of a payment in review"),
            }
        }
        self.0.point("facts.before_commit").await;
        tx.commit().await?;
        Ok(())
    }
}
