//! Comparing an order with the chain: read the chain with no transaction open, decide, write once.

use super::{
    decide::{Candidate, Grant, Last, Rules, Standing as Position, decide},
    model::{Finality, OrderState, Setback, Standing},
    refund_store::{self, RefundRecord},
    service::Checkout,
    store::{self, OrderRecord, PaymentRecord, Submission},
    verify::{Evidence, Expected, Found, Verdict, carries, refunds as refunds_order, verify_each},
};
use crate::{
    Problem,
    catalog::{CourseState, reference},
    chain::Receipt,
    evm::{Address, TxHash},
    ids::{OrderId, PaymentId},
    price::Cents,
    time::Time,
};

/// What settling came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The order's state now.
    pub state: OrderState,
    /// The chain has not decided yet; settle again later.
    pub waiting: bool,
    /// Nothing may ever come; settle again when the price has run out.
    pub ends_at: Option<Time>,
}

/// Whether a transaction's log at that index is a purchase with the order's id.
fn receipt_carries(receipt: &Receipt, index: u64, order: &OrderRecord) -> bool {
    receipt.logs.iter().any(|log| log.index == index && carries(log, reference(order.id.0)))
}

/// Each refund ends the last payment before it that is not ended yet: the contract sells nothing twice
/// that it has not taken back.
fn give_back(candidates: &mut [Judged], refunds: &[RefundRecord]) {
    for refund in refunds.iter().filter(|refund| refund.confirmed) {
        let place = (refund.block_number, refund.log_index);
        let paid = candidates
            .iter_mut()
            .filter_map(|(_, candidate)| match candidate {
                Candidate::Mined(Verdict::Pays(found)) => {
                    let at = (found.block_number, found.log_index);
                    Some((at, candidate))
                }
                _ => None,
            })
            .filter(|(at, _)| *at < place)
            .max_by_key(|(at, _)| *at);
        if let Some((_, candidate)) = paid {
            *candidate = Candidate::Refunded(refund.block_number);
        }
    }
}

/// How often settling starts anew when someone else changed the order meanwhile.
const TRIES: usize = 5;

/// What the chain says of a transaction, or of one purchase in it: its hash, and its log's index.
type Judged = ((TxHash, Option<u64>), Candidate);

/// All that was read before deciding.
struct Sight {
    order: OrderRecord,
    payments: Vec<PaymentRecord>,
    refunds: Vec<RefundRecord>,
    submissions: Vec<Submission>,
    cursor: Option<u64>,
    withdrawn: bool,
}

impl Sight {
    /// Whether a person said that this payment does not count.
    fn dismissed(&self, found: &Found) -> bool {
        self.payments.iter().any(|payment| {
            payment.standing == Standing::Dismissed
                && (payment.hash, payment.log_index) == (found.transaction, found.log_index)
        })
    }
}

impl Checkout<'_> {
    /// Compares an order with the chain and writes what follows. Safe to call at any time, any
    /// number of times, from several workers at once.
    ///
    /// # Errors
    /// When the chain or the database does not answer; nothing has changed then.
    #[tracing::instrument(skip_all, fields(order = %id))]
    pub async fn settle(&self, id: OrderId) -> Result<Settled, Problem> {
        let settled = self.try_to_settle(id).await;
        if let Err(problem) = &settled {
            metrics::counter!("lectern_settle_failures_total", "code" => problem.code.clone()).increment(1);
        }
        settled
    }

    async fn try_to_settle(&self, id: OrderId) -> Result<Settled, Problem> {
        for _ in 0..TRIES {
            let mut sight = self.look(id).await?;
            let head = self.0.0.chain.head().await?;
            sight.refunds = self.refunds_now(&sight).await?;
            let mut candidates = self.candidates(&sight, head.number).await?;
            give_back(&mut candidates, &sight.refunds);
            let orphaned = self.orphaned(&sight, &candidates).await?;
            let rules = self.rules().await?;
            let worth = self.worth_when_new(&sight, &candidates).await;
            self.0.point("settle.chain_read")?;
            if let Some(settled) =
                self.write(sight, &candidates, orphaned, worth, head.number, &rules).await?
            {
                self.0.point("settle.after_commit")?;
                return Ok(settled);
            }
        }
        // Someone else keeps settling it: their word is as good as ours.
        let order = self.look(id).await?.order;
        Ok(Settled { state: order.state, waiting: true, ends_at: None })
    }

    async fn look(&self, id: OrderId) -> Result<Sight, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let order = store::order(&mut conn, id).await?.ok_or(super::CheckoutError::NoSuchOrder)?;
        let course = self.0.catalog().by_id(&mut conn, order.course).await?;
        Ok(Sight {
            payments: store::payments_of(&mut conn, id).await?,
            refunds: refund_store::refunds_of(&mut conn, id).await?,
            submissions: store::submissions(&mut conn, id).await?,
            cursor: store::cursor(&mut conn, order.chain_id, order.market).await?.map(|(next, _)| next),
            withdrawn: course.state == CourseState::Withdrawn,
            order,
        })
    }

    /// What the chain says of every transaction that was named for the order or seen with its id.
    async fn candidates(&self, sight: &Sight, head: u64) -> Result<Vec<Judged>, Problem> {
        let mut candidates = Vec::new();
        for submission in &sight.submissions {
            let hash = submission.hash;
            match self.0.0.chain.receipt(hash).await? {
                Some(receipt) => {
                    // Should a reorg undo it, the nonce tells whether it can come back. Knowing it is
                    // not needed now.
                    if let Err(problem) = self.learn_sender(sight.order.id, submission).await {
                        tracing::debug!(%hash, %problem, "who sent it is not known yet");
                    }
                    let canonical = self.0.0.chain.block(receipt.block_number).await?;
                    let mut conn = self.0.0.db.read().await?;
                    let used: Vec<(u64, OrderId)> = store::payments_in(&mut conn, sight.order.chain_id, hash)
                        .await?
                        .into_iter()
                        .filter(|payment| matches!(payment.standing, Standing::Accepted | Standing::Refunded))
                        .filter_map(|payment| Some((payment.log_index, payment.order?)))
                        .filter(|(_, order)| *order != sight.order.id)
                        // Since a reorg our own purchase may stand where another order's was.
                        .filter(|(index, _)| !receipt_carries(&receipt, *index, &sight.order))
                        .collect();
                    drop(conn);
                    let mut expected = self.expected(sight);
                    // What went back does not stand in the way of another payment.
                    expected.paid_by = expected.paid_by.filter(|(paid, index)| {
                        !sight.refunds.iter().any(|refund| refund.confirmed)
                            && (*paid != hash || receipt_carries(&receipt, *index, &sight.order))
                    });
                    let evidence = Evidence {
                        chain_id: self.0.0.policy.chain_id,
                        receipt: &receipt,
                        canonical,
                        used: &used,
                    };
                    for (log, verdict) in verify_each(&expected, &evidence) {
                        let verdict = match verdict {
                            Verdict::Pays(found) if sight.dismissed(&found) => {
                                Verdict::Rejected(Setback::Dismissed)
                            }
                            verdict => verdict,
                        };
                        candidates.push(((hash, log), Candidate::Mined(verdict)));
                    }
                }
                None => candidates.push(((hash, None), self.unmined(sight, submission, head).await?)),
            }
        }
        Ok(candidates)
    }

    /// The refunds as the chain has them now. What was confirmed is undone only on evidence that its
    /// block was replaced: a node that knows nothing of it proves nothing.
    async fn refunds_now(&self, sight: &Sight) -> Result<Vec<RefundRecord>, Problem> {
        let chain = &self.0.0.chain;
        let expected = self.expected(sight);
        let mut refunds = sight.refunds.clone();
        for refund in &mut refunds {
            if let Some(receipt) = chain.receipt(refund.hash).await? {
                let canonical = chain.block(receipt.block_number).await?;
                let chain_id = self.0.0.policy.chain_id;
                let evidence = Evidence { chain_id, receipt: &receipt, canonical, used: &[] };
                if refunds_order(&expected, &evidence, refund.log_index) {
                    refund.confirmed = true;
                    (refund.block_number, refund.block_hash) = (receipt.block_number, receipt.block_hash);
                    continue;
                }
            }
            let now = chain.block(refund.block_number).await?;
            refund.confirmed &= now.is_none_or(|block| block.hash == refund.block_hash);
        }
        Ok(refunds)
    }

    fn expected(&self, sight: &Sight) -> Expected {
        let order = &sight.order;
        Expected {
            reference: reference(order.id.0),
            chain_id: order.chain_id,
            market: order.market,
            listing: order.listing,
            tier: order.tier_number,
            token: order.token,
            price: order.price,
            beneficiary: order.beneficiary,
            paid_by: sight
                .payments
                .iter()
                .find(|payment| payment.standing == Standing::Accepted)
                .map(|payment| (payment.hash, payment.log_index)),
        }
    }

    /// A transaction without a receipt waits, unless its sender's nonce is used up and the follower
    /// has read every block up to then: then something else was mined in its place, and it was not
    /// this order's purchase.
    async fn unmined(&self, sight: &Sight, submission: &Submission, head: u64) -> Result<Candidate, Problem> {
        let chain = &self.0.0.chain;
        let Some((sender, nonce)) = self.learn_sender(sight.order.id, submission).await? else {
            return Ok(Candidate::Pending);
        };
        // Providers that do not answer prove nothing, and must not hold up what another transaction paid.
        let replaced = chain.nonce(sender).await.is_ok_and(|next| next > nonce)
            && sight.cursor.is_some_and(|next| next > head)
            && chain.receipt(submission.hash).await?.is_none();
        Ok(if replaced { Candidate::Replaced } else { Candidate::Pending })
    }

    /// Who sent a transaction, and with which nonce: as it was kept, or as a node that still knows
    /// the transaction says.
    async fn learn_sender(
        &self,
        order: OrderId,
        submission: &Submission,
    ) -> Result<Option<(Address, u64)>, Problem> {
        if let Some(known) = submission.sender.zip(submission.nonce) {
            return Ok(Some(known));
        }
        let Some(facts) = self.0.0.chain.transaction(submission.hash).await? else { return Ok(None) };
        let mut tx = self.0.0.db.begin().await?;
        store::learn_sender(&mut tx, order, submission.hash, facts.sender, facts.nonce).await?;
        tx.commit().await?;
        Ok(Some((facts.sender, facts.nonce)))
    }

    /// Whether the accepted payment's block is known to be replaced. A node that knows nothing at
    /// that height, or has lost the receipt, proves nothing.
    async fn orphaned(&self, sight: &Sight, candidates: &[Judged]) -> Result<bool, Problem> {
        let Some(accepted) = sight.payments.iter().find(|payment| payment.standing == Standing::Accepted)
        else {
            // Retracted before, and still not back.
            return Ok(sight.order.setback == Some(Setback::Orphaned));
        };
        let pays = candidates.iter().any(|(_, c)| matches!(c, Candidate::Mined(Verdict::Pays(_))));
        if pays {
            return Ok(false);
        }
        let now = self.0.0.chain.block(accepted.block_number).await?;
        Ok(now.is_some_and(|block| block.hash != accepted.block_hash))
    }

    /// What a payment is worth, the first time that it is seen to pay.
    async fn worth_when_new(&self, sight: &Sight, candidates: &[Judged]) -> Option<Cents> {
        let amount = candidates.iter().find_map(|(_, candidate)| match candidate {
            Candidate::Mined(Verdict::Pays(found)) if sight.order.paid_at.is_none() => Some(found.amount),
            _ => None,
        });
        self.worth(amount?).await
    }

    async fn rules(&self) -> Result<Rules, Problem> {
        let policy = &self.0.0.policy;
        Ok(Rules {
            open_at: policy.open_confirmations,
            last: match policy.finality {
                Finality::Confirmations(needed) => Last::Confirmations(needed),
                // Before anything is final there is the first block, which holds no payment.
                Finality::Tag(tag) => Last::Height(self.0.0.chain.tagged(tag).await?.unwrap_or(0)),
            },
            late_tolerance_minutes: policy.late_tolerance_minutes,
        })
    }

    /// Writes the decision, unless the order has changed since it was read.
    async fn write(
        &self,
        sight: Sight,
        candidates: &[Judged],
        orphaned: bool,
        worth: Option<Cents>,
        head: u64,
        rules: &Rules,
    ) -> Result<Option<Settled>, Problem> {
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        // Two orders of one person are settled one after the other, so that the second sees the first.
        self.0.accounts().lock(&mut tx, sight.order.user).await?;
        let locked = store::lock_order(&mut tx, sight.order.id).await?;
        if locked.is_none_or(|order| order.revision != sight.order.revision) {
            return Ok(None);
        }
        let position = Position {
            state: sight.order.state,
            setback: sight.order.setback,
            orphaned,
            is_final: sight.order.is_final,
            expires_at: sight.order.expires_at,
            withdrawn: sight.withdrawn,
            bought: store::bought_otherwise(&mut tx, &sight.order).await?,
        };
        let plain: Vec<Candidate> = candidates.iter().map(|(_, candidate)| candidate.clone()).collect();
        let decision = decide(&position, &plain, head, now, rules);
        let mut order = sight.order;
        if let Some(found) = &decision.accepted {
            let id = PaymentId(self.0.mint());
            if !store::put_payment(&mut tx, id, &order, found, Standing::Accepted, None, now).await? {
                return Ok(None);
            }
            if let Some(worth) = worth {
                store::put_worth(&mut tx, order.chain_id, found, worth).await?;
            }
        }
        for (found, setback) in &decision.review {
            let id = PaymentId(self.0.mint());
            store::put_payment(&mut tx, id, &order, found, Standing::Review, Some(*setback), now).await?;
            tracing::warn!(transaction = %found.transaction, ?setback, "a payment needs a person");
            metrics::counter!("lectern_payments_to_review_total", "setback" => setback.word()).increment(1);
        }
        for payment in &sight.payments {
            let place = (payment.hash, Some(payment.log_index));
            let verdict = candidates.iter().find(|(at, _)| *at == place).map(|(_, c)| c);
            let counts = |found: &Found| place == (found.transaction, Some(found.log_index));
            let to = match (payment.standing, verdict) {
                (Standing::Accepted, _) if orphaned && !order.is_final => {
                    Some((Standing::Orphaned, Some(Setback::Orphaned)))
                }
                (_, Some(Candidate::Refunded(_))) => Some((Standing::Refunded, None)),
                // The order is paid at another place since a reorg.
                (Standing::Accepted, _) if decision.accepted.as_ref().is_some_and(|found| !counts(found)) => {
                    Some((Standing::Orphaned, Some(Setback::Orphaned)))
                }
                (
                    Standing::Review | Standing::Orphaned | Standing::Refunded,
                    Some(Candidate::Mined(Verdict::Rejected(setback))),
                ) if setback.needs_review() => Some((Standing::Review, Some(*setback))),
                _ => None,
            };
            if let Some((standing, setback)) = to {
                store::set_standing(&mut tx, payment.id, Some(order.id), standing, setback).await?;
            }
        }
        for refund in &sight.refunds {
            refund_store::update_refund(&mut tx, order.chain_id, refund).await?;
        }
        self.0.point("settle.payment_written")?;
        match decision.grant {
            Grant::Open => {
                self.0
                    .learning()
                    .open_for_order(&mut tx, order.id, order.user, order.course, order.level)
                    .await?;
            }
            Grant::Suspend => self.0.learning().suspend_for_order(&mut tx, order.id).await?,
            Grant::Close => self.0.learning().refund_for_order(&mut tx, order.id).await?,
            Grant::Keep => {}
        }
        self.0.point("settle.enrollment_written")?;
        let before = (order.state, order.setback, order.confirmations, order.is_final);
        order.state = decision.state;
        order.setback = decision.setback;
        order.confirmations = match decision.state {
            OrderState::Paid if decision.accepted.is_none() => order.confirmations,
            _ => decision.confirmations,
        };
        order.is_final = decision.is_final;
        if order.state == OrderState::Paid && order.paid_at.is_none() {
            order.paid_at = Some(now);
        }
        if before != (order.state, order.setback, order.confirmations, order.is_final) {
            store::update_order(&mut tx, &order).await?;
            if before.0 != order.state || before.1 != order.setback {
                metrics::counter!(
                    "lectern_orders_settled_total",
                    "state" => order.state.word(),
                    "setback" => order.setback.map_or("none", Setback::word),
                )
                .increment(1);
                tracing::info!(from = before.0.word(), to = order.state.word(), setback = ?order.setback, "order");
            }
        }
        self.0.point("settle.order_written")?;
        let waiting = match order.state {
            OrderState::Submitted | OrderState::Confirming => true,
            OrderState::Paid | OrderState::Refunded => !order.is_final,
            OrderState::Open | OrderState::Expired | OrderState::Cancelled => false,
        };
        tx.commit().await?;
        let ends_at = (order.state == OrderState::Open).then(|| order.expires_at.plus_millis(1));
        Ok(Some(Settled { state: order.state, waiting, ends_at }))
    }
}
