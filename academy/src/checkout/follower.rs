//! Following the chain: one step, which a worker repeats and a test can call.
//!
//! A step finds out whether blocks were replaced since the last one, reads the market's events
//! from where it was (a little earlier, in case a node was late with its logs), keeps what they
//! say, and settles every order that the chain has not decided. The cursor moves only after the
//! events are kept, so that a crash repeats a step and never skips one.

use super::{refund_store, service::Checkout, store};
use crate::{
    Academy, Problem,
    catalog::dereference,
    chain::{BlockRef, ChainError, Event, Log},
    checkout::Setback,
    ids::{OrderId, PaymentId},
    jobs,
    problem::Kind,
};

/// Blocks to read again each time.
const OVERLAP: u64 = 4;
/// How many blocks back a reorg is recognised; the followed blocks' hashes are kept so far.
const WINDOW: u64 = 512;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The chain's newest block.
    pub head: u64,
    /// The next block to read.
    pub next: u64,
    /// How many events were read, repeated ones included.
    pub events: usize,
    /// The height above which blocks were replaced, if any were.
    pub reorg_above: Option<u64>,
}

/// What became of the blocks that were followed.
enum Fork {
    /// They are the chain's.
    None,
    /// Those above this height were replaced.
    Above(u64),
    /// The newest can't be seen: a node lags, or the chain is shorter for a while. What is read now
    /// could be another history's, and where that begins shows only once it has grown.
    Hidden,
}

impl Academy {
    /// Takes one step after the chain.
    ///
    /// # Errors
    /// When the chain or the database does not answer; the next step starts from the same place.
    pub async fn follow_once(&self) -> Result<Followed, Problem> {
        let followed = self.checkout().follow().await?;
        self.checkout().settle_all().await?;
        Ok(followed)
    }
}

impl Checkout<'_> {
    async fn follow(&self) -> Result<Followed, Problem> {
        let policy = &self.0.0.policy;
        let chain = &self.0.0.chain;
        let chain_id = chain.chain_id().await?;
        if chain_id != policy.chain_id {
            tracing::error!(expected = policy.chain_id, found = chain_id, "the RPC serves another chain");
            return Err(Problem::new(
                Kind::Unavailable,
                "other_chain",
                "The RPC serves another chain than chain.id says.",
            ));
        }
        let head = chain.head().await?;
        let mut conn = self.0.0.db.read().await?;
        let cursor = store::cursor(&mut conn, chain_id, policy.market).await?.map(|(next, _)| next);
        let known = store::known_blocks(&mut conn, chain_id).await?;
        drop(conn);
        let reorg_above = match self.fork(&known).await? {
            Fork::None => None,
            Fork::Above(height) => Some(height),
            Fork::Hidden => {
                let next = cursor.unwrap_or(policy.start_block);
                self.advance(next, None).await?;
                return Ok(Followed { head: head.number, next, events: 0, reorg_above: None });
            }
        };
        let mut next = cursor.unwrap_or(policy.start_block);
        if let Some(height) = reorg_above {
            tracing::warn!(above = height, "blocks were replaced");
            metrics::counter!("lectern_reorgs_total").increment(1);
            next = next.min(self.rewind(height).await?);
        }
        let from = next.saturating_sub(OVERLAP).max(policy.start_block);
        let mut events = 0;
        if head.number >= from {
            let (mut to, mut logs) = self.read(from, head).await?;
            // Where an answer holds no more than the overlap, the step must still lead on.
            if to.number < next && to.number < head.number {
                let (further, more) = self.read(next, head).await?;
                to = further;
                logs.extend(more);
            }
            events = logs.len();
            for log in &logs {
                self.keep(log).await?;
            }
            self.0.point("follow.before_cursor")?;
            next = to.number + 1;
            self.advance(next, Some(&to)).await?;
        } else {
            self.advance(next, None).await?;
        }
        metrics::gauge!("lectern_chain_head_block").set(head.number as f64);
        metrics::gauge!("lectern_follower_next_block").set(next as f64);
        Ok(Followed { head: head.number, next, events, reorg_above })
    }

    /// Whether the blocks that were followed are still the chain's.
    async fn fork(&self, known: &[(u64, crate::evm::BlockHash)]) -> Result<Fork, Problem> {
        let (mut replaced, mut missing) = (false, false);
        for (number, hash) in known {
            match self.0.0.chain.block(*number).await? {
                Some(block) if block.hash == *hash => {
                    return Ok(match (replaced, missing) {
                        (true, _) => Fork::Above(*number),
                        (false, true) => Fork::Hidden,
                        (false, false) => Fork::None,
                    });
                }
                Some(_) => replaced = true,
                None => missing = true,
            }
        }
        Ok(match (replaced, missing) {
            // Nothing that is known is still there: start over.
            (true, _) => Fork::Above(self.0.0.policy.start_block.saturating_sub(1)),
            (false, true) => Fork::Hidden,
            (false, false) => Fork::None,
        })
    }

    /// Takes back what the blocks above a height said. From where to read again.
    async fn rewind(&self, height: u64) -> Result<u64, Problem> {
        let policy = &self.0.0.policy;
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        store::forget_blocks(&mut tx, policy.chain_id, Some(height), 0).await?;
        store::forget_payouts_above(&mut tx, policy.chain_id, height).await?;
        let from = self.0.catalog().retract_above(&mut tx, height).await?;
        store::put_cursor(&mut tx, policy.chain_id, policy.market, from, now).await?;
        for order in store::decided_above(&mut tx, policy.chain_id, height).await? {
            jobs::settle_at(&mut tx, self.0, order, now).await?;
        }
        tx.commit().await?;
        Ok(from)
    }

    /// The events from a height on, as far as one answer goes; smaller ranges where the node asks
    /// for them. The last block's hash is taken before its events, so that a reorg between the two
    /// shows at the next step.
    async fn read(&self, from: u64, head: BlockRef) -> Result<(BlockRef, Vec<Log>), Problem> {
        let policy = &self.0.0.policy;
        let mut span = policy.max_log_range.max(1);
        loop {
            let to = head.number.min(from.saturating_add(span - 1));
            let last = if to == head.number { Some(head) } else { self.0.0.chain.block(to).await? };
            let last =
                last.ok_or_else(|| ChainError::Unavailable("a block below the head is missing".to_owned()))?;
            match self.0.0.chain.events(policy.market, from, to).await {
                Ok(logs) => return Ok((last, logs)),
                Err(ChainError::RangeTooLarge(_)) if span > 1 => {
                    span = (to - from + 1).div_ceil(2).min(span / 2).max(1)
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Keeps what an event says, and queues what follows from it, in one transaction.
    async fn keep(&self, log: &Log) -> Result<(), Problem> {
        let chain_id = self.0.0.policy.chain_id;
        let now = self.0.now();
        self.0.point("follow.event_seen")?;
        let mut tx = self.0.0.db.begin().await?;
        match &log.event {
            Event::CoursePurchased { order, beneficiary, number, tier, token, amount } => {
                let id = dereference(order).map(OrderId);
                let order = match id {
                    Some(id) => store::order(&mut tx, id).await?.map(|order| order.id),
                    None => None,
                };
                let seen = store::SeenPayment {
                    id: PaymentId(self.0.mint()),
                    chain_id,
                    log,
                    order,
                    beneficiary: *beneficiary,
                    listing: *number,
                    tier: *tier,
                    token: *token,
                    amount: *amount,
                    setback: order.is_none().then_some(Setback::UnknownOrder),
                    now,
                };
                store::see_payment(&mut tx, &seen).await?;
                if let Some(order) = order {
                    store::insert_submission(&mut tx, order, log.transaction, now).await?;
                    jobs::settle_at(&mut tx, self.0, order, now).await?;
                }
            }
            Event::PurchaseRefunded { order, .. } => {
                let Some(id) = dereference(order).map(OrderId) else { return Ok(()) };
                if store::order(&mut tx, id).await?.is_some() {
                    refund_store::see_refund(&mut tx, chain_id, log, id, now).await?;
                    jobs::settle_at(&mut tx, self.0, id, now).await?;
                }
            }
            // What it says of a payment is read from the receipt, when the payment is judged.
            Event::PurchaseHeld { .. } => {}
            Event::PayoutWithdrawn { payee, token, amount } => {
                store::put_payout(&mut tx, chain_id, log, *payee, (*amount, *token), now).await?;
            }
            _ => self.0.catalog().apply(&mut tx, log).await?,
        }
        Ok(tx.commit().await?)
    }

    async fn advance(&self, next: u64, last: Option<&BlockRef>) -> Result<(), Problem> {
        let policy = &self.0.0.policy;
        let mut tx = self.0.0.db.begin().await?;
        if let Some(last) = last {
            store::put_block(&mut tx, policy.chain_id, last).await?;
            store::forget_blocks(&mut tx, policy.chain_id, None, last.number.saturating_sub(WINDOW)).await?;
        }
        store::put_cursor(&mut tx, policy.chain_id, policy.market, next, self.0.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Settles every order that the chain has not decided. One that fails does not hold up the
    /// others; its job tries again.
    async fn settle_all(&self) -> Result<(), Problem> {
        let mut conn = self.0.0.db.read().await?;
        let orders = store::unsettled(&mut conn).await?;
        drop(conn);
        for order in orders {
            if let Err(problem) = self.settle(order).await {
                tracing::warn!(%order, %problem, "could not settle");
            }
        }
        Ok(())
    }
}
