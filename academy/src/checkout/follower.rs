//! Following the chain: one step, which a worker repeats and a test can call.
//!
//! A step finds out whether blocks were replaced since the last one, reads the markets' events
//! from where it was (a little earlier, in case a node was late with its logs), keeps what they
//! say, and settles every order that the chain has not decided. The cursor moves with the events that
//! are kept, in their transaction, so that a crash repeats a range and never skips one.
//!
//! A node can be later still. So blocks are read once more when they have become final, unless they were when they
//! were read.
//!
//! A range's last block is kept with it. Each range is read together with whether the block that was
//! kept before is still there, so that two histories are never joined unnoticed.

use super::{Network, cursors, pace::Stride, payment_store, service::Checkout, store, transfer_store};
use crate::{
    Academy, Problem,
    chain::{BlockRef, ChainError, Log},
    evm::{Address, BlockHash},
    jobs,
};

/// Blocks to read again each time.
const OVERLAP: u64 = 4;
/// After so many ranges, or so many events, a step ends, and queued work begins: it settles what was read.
const RANGES: usize = 32;
const EVENTS: usize = 50_000;
/// So many final blocks, at least, are read once more at a time: a provider counts each question.
const FINAL_AT_ONCE: u64 = 32;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The chain's newest block.
    pub head: u64,
    /// The next block to read.
    pub next: u64,
    /// How many events were read, repeated ones included.
    pub events: usize,
    /// How many more were found in blocks that were read once more, being final: a node told them late.
    pub late: usize,
    /// The height above which blocks were replaced, if any were.
    pub reorg_above: Option<u64>,
    /// The step ended because it was long enough: the next need not wait for a new block.
    pub more: bool,
}

/// A part of the chain: its events, and its last block, whose hash was taken before them, so that a
/// reorg between the two shows at the next step.
struct Range {
    last: BlockRef,
    logs: Vec<Log>,
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

/// Follows one chain.
pub(super) struct Follower<'a> {
    pub academy: &'a Academy,
    pub network: &'a Network,
}

impl Academy {
    /// Takes one step after a chain.
    ///
    /// # Errors
    /// When the chain or the database does not answer; the next step starts from the same place.
    pub async fn follow(&self, chain_id: u64) -> Result<Followed, Problem> {
        let network = self.0.networks.get(chain_id)?;
        let follower = Follower { academy: self, network };
        let head = network.head().await?;
        // Asked before anything is read: what is final when it is read need not be read again.
        let final_to = network.final_to(head.number).await;
        let mut followed = follower.step(head, final_to.clone().unwrap_or(0)).await?;
        // Where no node says what is final, nothing more is yet; that stops nothing else.
        let final_to = final_to.unwrap_or_else(|error| {
            tracing::warn!(chain_id, %error, "what is final is not known");
            0
        });
        let checkout = self.checkout();
        // What is yet to be read comes first. Orders have their jobs.
        if !followed.more {
            checkout.settle_all(network, final_to).await?;
            checkout.tell_of_review(chain_id).await?;
            checkout.learn_facts(network).await?;
        }
        match follower.read_again(followed.next, final_to).await {
            Ok((late, more)) => (followed.late, followed.more) = (late, followed.more | more),
            // What was read the first time stands; the next step asks a node that was silent about fewer blocks.
            Err(problem) => tracing::warn!(chain_id, %problem, "could not read final blocks once more"),
        }
        match checkout.follow_transfers(network, final_to).await {
            Ok(more) => followed.more |= more,
            // Orders wait for none of it.
            Err(problem) => {
                tracing::warn!(chain_id, %problem, "could not read what came without a purchase");
                metrics::counter!("lectern_transfer_failures_total", "chain" => chain_id.to_string())
                    .increment(1);
            }
        }
        Ok(followed)
    }

    /// [`Academy::follow`], on the first chain.
    ///
    /// # Errors
    /// As there.
    pub async fn follow_once(&self) -> Result<Followed, Problem> {
        self.follow(self.0.networks.first().policy.chain_id).await
    }
}

impl Follower<'_> {
    async fn step(&self, head: BlockRef, final_to: u64) -> Result<Followed, Problem> {
        let policy = &self.network.policy;
        let chain_id = policy.chain_id;
        let mut conn = self.academy.0.db.read().await?;
        let cursor = cursors::next_block(&mut conn, policy).await?;
        let known = cursors::known_blocks(&mut conn, chain_id).await?;
        drop(conn);
        let reorg_above = match self.fork(&known).await? {
            Fork::None => None,
            Fork::Above(height) => Some(height),
            Fork::Hidden => {
                let next = cursor.unwrap_or(policy.first_block());
                self.keep(&[], cursor, next, None, 0..0).await?;
                let (events, late, head) = (0, 0, head.number);
                return Ok(Followed { head, next, events, late, reorg_above: None, more: false });
            }
        };
        let mut at = cursor;
        if let Some(height) = reorg_above {
            tracing::warn!(chain_id, above = height, "blocks were replaced");
            metrics::counter!("lectern_reorgs_total", "chain" => chain_id.to_string()).increment(1);
            at = Some(self.rewind(height).await?);
        }
        let below = known.into_iter().find(|(number, _)| reorg_above.is_none_or(|above| *number <= above));
        let (next, events, more) = self.read_on(at, below, head, final_to).await?;
        let label = chain_id.to_string();
        metrics::gauge!("lectern_chain_head_block", "chain" => label.clone()).set(head.number as f64);
        metrics::gauge!("lectern_follower_next_block", "chain" => label).set(next as f64);
        Ok(Followed { head: head.number, next, events, late: 0, reorg_above, more })
    }

    /// Reads final blocks once more that were not final when they were read, a range at a time. How many events were
    /// not known, and whether there is more to read.
    async fn read_again(&self, next: u64, final_to: u64) -> Result<(usize, bool), Problem> {
        let Network { policy, pace, chain, .. } = self.network;
        let end = next.min(final_to.saturating_add(1));
        let mut conn = self.academy.0.db.read().await?;
        let start = cursors::next_final(&mut conn, policy).await?;
        drop(conn);
        if end < start.saturating_add(FINAL_AT_ONCE) {
            return Ok((0, false));
        }
        let to = end.min(start.saturating_add(pace.again.span()));
        let last = chain.block(to - 1).await?;
        let last = last.ok_or_else(|| ChainError::Unavailable("a final block is missing".to_owned()))?;
        let Some(logs) = self.events(&pace.again, start, &last).await? else { return Ok((0, true)) };
        let late = self.unknown(logs).await?;
        // Another worker may have come further, or seen that blocks were replaced.
        if !self.keep(&late, Some(next), next, None, start..to).await? {
            return Ok((0, false));
        }
        if !late.is_empty() {
            let label = policy.chain_id.to_string();
            tracing::warn!(chain_id = label, events = late.len(), "a node told late of events");
            metrics::counter!("lectern_late_events_total", "chain" => label).increment(late.len() as u64);
        }
        Ok((late.len(), end >= to.saturating_add(FINAL_AT_ONCE)))
    }

    /// Reads and keeps range after range. The next one is fetched while the last is written: the
    /// transaction does not wait for the network, nor the network for the disk.
    async fn read_on(
        &self,
        mut at: Option<u64>,
        mut below: Option<(u64, BlockHash)>,
        head: BlockRef,
        final_to: u64,
    ) -> Result<(u64, usize, bool), Problem> {
        let mut next = at.unwrap_or(self.network.policy.first_block());
        let mut from = next.saturating_sub(OVERLAP).max(self.network.policy.first_block());
        let mut range = if from <= head.number { self.read(from, next, below, head).await? } else { None };
        if range.is_none() {
            self.keep(&[], at, next, None, 0..0).await?;
        }
        let mut events = 0;
        let mut ranges = 0;
        while let Some(Range { last, logs }) = range.take() {
            ranges += 1;
            events += logs.len();
            next = next.max(last.number + 1);
            let passed = below.is_none_or(|(known, _)| known < last.number).then_some(last);
            below = passed.map(|last| (last.number, last.hash)).or(below);
            let more = last.number < head.number;
            let enough = ranges >= RANGES || events >= EVENTS;
            let ahead = async {
                if more && !enough { self.read(last.number + 1, next, below, head).await } else { Ok(None) }
            };
            let final_blocks = from..final_to.min(last.number).saturating_add(1);
            let (kept, ahead) =
                futures::join!(self.keep(&logs, at, next, passed.as_ref(), final_blocks), ahead);
            if !kept? {
                return Ok((next, events, true));
            }
            (at, from) = (Some(next), last.number + 1);
            if more && enough {
                return Ok((next, events, true));
            }
            range = ahead?;
        }
        Ok((next, events, false))
    }

    /// Whether the blocks that were followed are still the chain's.
    async fn fork(&self, known: &[(u64, BlockHash)]) -> Result<Fork, Problem> {
        let (mut replaced, mut missing) = (false, false);
        for (number, hash) in known {
            match self.network.chain.block(*number).await? {
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
            (true, _) => Fork::Above(self.network.policy.first_block().saturating_sub(1)),
            (false, true) => Fork::Hidden,
            (false, false) => Fork::None,
        })
    }

    /// Takes back what the blocks above a height said. From where to read again.
    async fn rewind(&self, height: u64) -> Result<u64, Problem> {
        let policy = &self.network.policy;
        let now = self.academy.now();
        let mut tx = self.academy.0.db.begin().await?;
        let cursor = cursors::lock_cursor(&mut tx, policy).await?;
        cursors::forget_blocks_above(&mut tx, policy.chain_id, height).await?;
        payment_store::forget_payouts_above(&mut tx, policy.chain_id, height).await?;
        payment_store::forget_facts_above(&mut tx, policy.chain_id, height).await?;
        cursors::rewind_final(&mut tx, policy.chain_id, height).await?;
        transfer_store::rewind(&mut tx, policy.chain_id, height).await?;
        let from = self.academy.catalog().retract_above(&mut tx, policy.chain_id, height).await?;
        // Another worker may have seen a deeper reorg meanwhile.
        let from = cursor.map_or(from, |cursor| cursor.min(from));
        cursors::put_cursor(&mut tx, policy, from, now).await?;
        for order in payment_store::decided_above(&mut tx, policy.chain_id, height).await? {
            jobs::settle_at(&mut tx, self.academy, order, now).await?;
        }
        self.academy.point("follow.before_rewind").await;
        tx.commit().await?;
        Ok(from)
    }

    /// The events from a height on, as far as one answer goes; smaller ranges where the node asks
    /// for them. `None` where the block that was passed before is not the chain's any more: the next
    /// step finds out since when.
    async fn read(
        &self,
        from: u64,
        next: u64,
        below: Option<(u64, BlockHash)>,
        head: BlockRef,
    ) -> Result<Option<Range>, Problem> {
        let Network { policy, pace, chain, .. } = self.network;
        loop {
            let mut to = head.number.min(from.saturating_add(pace.on.span() - 1));
            // A block as deep as a reorg may reach is kept, to know what one of that depth left alone.
            if let Some(deep) = head.number.checked_sub(policy.reorg_depth)
                && (next..to).contains(&deep)
            {
                to = deep;
            }
            let last = if to == head.number { Some(head) } else { chain.block(to).await? };
            let last =
                last.ok_or_else(|| ChainError::Unavailable("a block below the head is missing".to_owned()))?;
            let linked = async {
                match below {
                    Some((number, hash)) if number < to => {
                        Ok(chain.block(number).await?.is_some_and(|block| block.hash == hash))
                    }
                    _ => Ok(true),
                }
            };
            let (logs, linked) = futures::join!(self.events(&pace.on, from, &last), linked);
            let linked: Result<bool, ChainError> = linked;
            if let Some(logs) = logs? {
                return Ok(linked?.then_some(Range { last, logs }));
            }
        }
    }

    /// The markets' events from a height up to a block. `None`: fewer blocks are to be asked about.
    async fn events(
        &self,
        pace: &Stride,
        from: u64,
        last: &BlockRef,
    ) -> Result<Option<Vec<Log>>, ChainError> {
        let Network { policy, chain, .. } = self.network;
        let markets: Vec<Address> = policy.markets().map(|market| market.address).collect();
        pace.heed(last.number - from + 1, chain.events(&markets, from, last).await)
    }
}

/// A market that nobody follows, though purchases there are not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its chain.
    pub chain_id: u64,
    /// Its address, checksummed.
    pub market: String,
    /// How many orders are under way there, not final, or can still be given back.
    pub orders: u64,
}

impl Checkout<'_> {
    /// The markets that no configuration names and that orders still depend on: what is paid or given back
    /// there would not be seen.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn left_behind(&self) -> Result<Vec<LeftBehind>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let networks = &self.0.0.networks;
        let mut markets = store::markets_in_use(&mut conn, self.0.now()).await?;
        markets.retain(|(chain_id, market, _)| {
            networks.find(*chain_id).is_none_or(|network| !network.policy.follows(*market))
        });
        let left = markets.into_iter();
        Ok(left
            .map(|(chain_id, market, orders)| LeftBehind { chain_id, market: market.checksummed(), orders })
            .collect())
    }

    /// Settles the orders that a chain can decide, whose final blocks end there. One that fails does not hold up the others;
    /// its job tries again.
    async fn settle_all(&self, network: &Network, final_to: u64) -> Result<(), Problem> {
        let mut conn = self.0.0.db.read().await?;
        let orders = store::unsettled(&mut conn, network.policy.chain_id, final_to).await?;
        drop(conn);
        for order in orders {
            if let Err(problem) = self.settle(order).await {
                tracing::warn!(%order, %problem, "could not settle");
            }
        }
        Ok(())
    }
}
