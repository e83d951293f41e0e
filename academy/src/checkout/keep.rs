//! Keeping what the market said: many events to a transaction, so that a long history is read quickly.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
};

use super::{
    cursors,
    events::{self, Displaced, Place, SeenPayment, SeenPayout, SeenRefund},
    follower::Follower,
    model::Setback,
    payment_store,
    rows::Standing,
};
use crate::{
    Problem,
    catalog::dereference,
    chain::{BlockRef, Event, Log},
    evm::TxHash,
    ids::{OrderId, PaymentId},
    jobs,
    store::Tx,
};

/// The most events of one transaction: enough that its end, which waits for the disk, and the pages that
/// it shares with the next cost little; few enough that whoever else wants to write waits for a moment
/// only. Twice as many as 5,000 are kept half as fast again.
const BATCH: usize = 10_000;

/// Events sorted by what is kept of them.
#[derive(Default)]
struct Batch<'a> {
    payments: Vec<SeenPayment>,
    refunds: Vec<SeenRefund>,
    payouts: Vec<SeenPayout>,
    listings: Vec<&'a Log>,
}

impl Follower<'_> {
    /// Keeps events and, with the last of them, how far the follower came: the next block to read, the last that
    /// was passed, and which of those that were read were final. Doing it again changes nothing. Whether the cursor was
    /// still where it was when they were read: another worker may have come further, or seen that blocks were replaced.
    pub(super) async fn keep(
        &self,
        logs: &[Log],
        at: Option<u64>,
        next: u64,
        passed: Option<&BlockRef>,
        final_blocks: Range<u64>,
    ) -> Result<bool, Problem> {
        let policy = &self.network.policy;
        let mut logs = logs;
        let mut room_made = false;
        loop {
            let (part, rest) = logs.split_at(logs.len().min(BATCH));
            let batch = self.sort(part).await;
            let mut tx = self.academy.0.db.begin().await?;
            // Two followers on one database write one after the other, not each half of it.
            if cursors::lock_cursor(&mut tx, policy).await? != at {
                return Ok(false);
            }
            let displaced = self.write_batch(&mut tx, batch).await?;
            if !displaced.is_empty() && !room_made {
                drop(tx);
                for decided in &displaced {
                    self.make_room(part, decided).await?;
                }
                room_made = true;
                continue;
            }
            room_made = false;
            if rest.is_empty() {
                self.academy.point("follow.before_cursor").await;
                if let Some(last) = passed {
                    cursors::put_block(&mut tx, policy.chain_id, last).await?;
                    let reach = last.number.saturating_sub(policy.reorg_depth);
                    cursors::forget_blocks_below(&mut tx, policy.chain_id, reach).await?;
                }
                cursors::put_cursor(&mut tx, policy, next, self.academy.now()).await?;
                if !final_blocks.is_empty() {
                    cursors::pass_final(&mut tx, policy, final_blocks.clone()).await?;
                }
            }
            tx.commit().await?;
            self.academy.point("follow.after_commit").await;
            if rest.is_empty() {
                return Ok(true);
            }
            logs = rest;
        }
    }

    /// Those of these events that moved money and are not kept, though they should be. Who listed what, and when,
    /// counts in its order, in which it was read.
    pub(super) async fn unknown(&self, mut logs: Vec<Log>) -> Result<Vec<Log>, Problem> {
        let chain_id = self.network.policy.chain_id;
        let refunded = logs.iter().filter_map(|log| match &log.event {
            Event::PurchaseRefunded { order, .. } => dereference(order).map(OrderId),
            _ => None,
        });
        let refunded: Vec<OrderId> = refunded.collect();
        let mut conn = self.academy.0.db.read().await?;
        let ours = events::orders_among(&mut conn, &refunded).await?;
        logs.retain(|log| match &log.event {
            Event::CoursePurchased { .. } | Event::PayoutWithdrawn { .. } => true,
            Event::PurchaseRefunded { order, number, beneficiary, .. } => {
                let asked = dereference(order).and_then(|order| ours.get(&OrderId(order)));
                let place = Place::of(log);
                asked.is_some_and(|asked| asked.turns_down(chain_id, &place, *number, *beneficiary).is_none())
            }
            _ => false,
        });
        let known = events::known(&mut conn, chain_id, &logs).await?;
        logs.retain(|log| !known.contains(&(log.transaction, log.index)));
        Ok(logs)
    }

    /// What to keep of each event. No two of a chain's logs stand at one place: the first counts.
    async fn sort<'a>(&self, logs: &'a [Log]) -> Batch<'a> {
        let mut batch = Batch::default();
        let mut seen: HashSet<(TxHash, u64)> = HashSet::with_capacity(logs.len());
        for log in logs {
            self.academy.point("follow.event_seen").await;
            if !seen.insert((log.transaction, log.index)) {
                continue;
            }
            match &log.event {
                Event::CoursePurchased { order, beneficiary, number, tier, token, amount } => {
                    batch.payments.push(SeenPayment {
                        id: PaymentId(self.academy.mint()),
                        place: Place::of(log),
                        transaction: log.transaction,
                        order: dereference(order).map(OrderId),
                        named: None,
                        setback: None,
                        beneficiary: *beneficiary,
                        listing: *number,
                        tier: *tier,
                        token: *token,
                        amount: *amount,
                    });
                }
                Event::PurchaseRefunded { order, number, beneficiary, .. } => {
                    let (listing, beneficiary) = (*number, *beneficiary);
                    let order = dereference(order).map(OrderId);
                    batch.refunds.extend(order.map(|order| SeenRefund {
                        place: Place::of(log),
                        order,
                        listing,
                        beneficiary,
                    }));
                }
                // What it says of a payment is read from the receipt, when the payment is judged.
                Event::PurchaseHeld { .. } => {}
                Event::PayoutWithdrawn { payee, token, amount } => {
                    batch.payouts.push(SeenPayout {
                        place: Place::of(log),
                        payee: *payee,
                        token: *token,
                        amount: *amount,
                    });
                }
                _ => batch.listings.push(log),
            }
        }
        batch
    }

    /// Keeps a batch, and queues what follows from it. Answers the payments that were decided about and
    /// left alone, though another one was seen at their place.
    async fn write_batch(&self, tx: &mut Tx, mut batch: Batch<'_>) -> Result<Vec<Displaced>, Problem> {
        let chain_id = self.network.policy.chain_id;
        let now = self.academy.now();
        let paid = batch.payments.iter().filter_map(|payment| payment.order);
        let named: Vec<OrderId> = paid.chain(batch.refunds.iter().map(|refund| refund.order)).collect();
        let ours = events::orders_among(tx, &named).await?;
        let (mut submissions, mut concerned) = (Vec::new(), BTreeSet::new());
        for payment in &mut batch.payments {
            // Anyone can sell anything under any order's id, for next to nothing: what can't be its payment waits
            // for a person, and whoever settles the order asks no node about it.
            let (place, listing, beneficiary) = (&payment.place, payment.listing, payment.beneficiary);
            payment.setback = match payment.order.and_then(|order| ours.get(&order)) {
                None => Some(Setback::UnknownOrder),
                Some(asked) => asked.turns_down(chain_id, place, listing, beneficiary),
            };
            // An order of another chain would have to be paid there: nothing here is its.
            match payment.setback {
                Some(Setback::UnknownOrder) => payment.order = None,
                Some(Setback::OtherChain) => payment.named = payment.order.take(),
                _ => {}
            }
            if let Some(order) = payment.order.filter(|_| payment.setback.is_none()) {
                submissions.push((order, payment.transaction));
                concerned.insert(order);
            }
        }
        batch.refunds.retain(|refund| {
            let asked = ours.get(&refund.order);
            asked.is_some_and(|asked| {
                asked.turns_down(chain_id, &refund.place, refund.listing, refund.beneficiary).is_none()
            })
        });
        concerned.extend(batch.refunds.iter().map(|refund| refund.order));
        let kept = events::see_payments(tx, chain_id, &batch.payments, now).await?;
        // What was decided is read again and again; few of it is another.
        let displaced = match usize::try_from(kept) == Ok(batch.payments.len()) {
            true => Vec::new(),
            false => events::displaced(tx, chain_id, &batch.payments).await?,
        };
        events::see_refunds(tx, chain_id, &batch.refunds, now).await?;
        events::see_payouts(tx, chain_id, &batch.payouts, now).await?;
        events::see_submissions(tx, &submissions, now).await?;
        let orders: Vec<OrderId> = concerned.into_iter().collect();
        jobs::settle_all_at(tx, self.academy, &orders, now).await?;
        for log in batch.listings {
            self.academy.catalog().apply(tx, chain_id, log).await?;
        }
        Ok(displaced)
    }

    /// Frees the place of a payment that was decided about, if the receipt says that another event stands
    /// there: since a reorg, what was decided stands elsewhere, or nowhere. No transaction is open.
    async fn make_room(&self, logs: &[Log], decided: &Displaced) -> Result<(), Problem> {
        let there = |log: &&Log| {
            log.transaction.to_string() == decided.hash && log.index.cast_signed() == decided.index
        };
        let Some(log) = logs.iter().find(there) else { return Ok(()) };
        let chain = &self.network.chain;
        let receipt = chain.receipt(log.transaction).await?;
        let told = receipt.is_some_and(|receipt| receipt.success && receipt.logs.contains(log));
        let block = chain.block(log.block_number).await?;
        if !told || block.is_none_or(|block| block.hash != log.block_hash) {
            return Ok(());
        }
        match decided.order.filter(|_| decided.accepted) {
            // What it paid for must find it first, or close.
            Some(order) => drop(self.academy.checkout().settle(order).await?),
            None => {
                let mut tx = self.academy.0.db.begin().await?;
                let standing = if decided.accepted { Standing::Accepted } else { Standing::Dismissed };
                let there = payment_store::lock_payment(&mut tx, decided.id).await?;
                if there.is_some_and(|there| (there.standing, there.order) == (standing, decided.order)) {
                    let orphaned = Some(Setback::Orphaned);
                    payment_store::set_standing(
                        &mut tx,
                        decided.id,
                        decided.order,
                        Standing::Orphaned,
                        orphaned,
                    )
                    .await?;
                }
                self.academy.point("follow.before_room").await;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}
