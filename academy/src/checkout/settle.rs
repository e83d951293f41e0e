//! Comparing an order with the chain: read the chain with no transaction open, decide, write once.

use super::{
    decide::{Candidate, Grant, Rules, Standing as Position, decide},
    model::{OrderState, Setback},
    payment_store::{self, Written},
    refund_store,
    rows::Standing,
    service::Checkout,
    sight::{Judged, Sight, give_back},
    store::{self, OrderRecord},
};
use crate::{
    Problem,
    catalog::CourseState,
    ids::{OrderId, PaymentId},
    price::Cents,
    store::Tx,
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

/// How often settling starts anew when someone else changed the order meanwhile, or blocks were replaced.
const TRIES: usize = 5;

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
            let head = sight.network.head().await?;
            self.0.point("settle.head_read").await;
            if sight.seen_up_to() > head.number {
                // Nodes that are behind what was seen say nothing of it: neither that it stands, nor that it is gone.
                return Ok(Settled { state: sight.order.state, waiting: true, ends_at: None });
            }
            sight.refunds = self.refunds_now(&sight).await?;
            let mut candidates = self.candidates(&sight).await?;
            give_back(&mut candidates, &sight.refunds);
            sight.heed_rulings(&mut candidates);
            let orphaned = self.orphaned(&sight, &candidates).await?;
            sight.gone = self.gone(&sight, &candidates).await?;
            let rules = self.rules(&sight).await?;
            let worth = self.worth_unless_known(&sight, &candidates).await;
            // What was read of two histories would be true in neither.
            let told = !candidates.is_empty() || !sight.refunds.is_empty();
            if told && sight.network.chain.block(head.number).await?.is_none_or(|now| now.hash != head.hash) {
                continue;
            }
            self.0.point("settle.chain_read").await;
            let counted = sight.payments.iter().any(|payment| payment.standing == Standing::Accepted);
            let lost = counted && orphaned && !sight.order.is_final;
            if let Some(settled) =
                self.write(sight, &candidates, orphaned, worth, head.number, &rules).await?
            {
                self.0.point("settle.after_commit").await;
                // The others were judged as payments of what was paid. Without the one that counted they are not.
                if lost {
                    continue;
                }
                return Ok(settled);
            }
        }
        // Someone else keeps settling it, whose word is as good as ours; or the chain does not come to rest.
        let order = self.look(id).await?.order;
        Ok(Settled { state: order.state, waiting: true, ends_at: None })
    }

    /// Writes the decision, unless the order has changed since it was read.
    async fn write(
        &self,
        sight: Sight<'_>,
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
            before_refund: sight.order.before_refund,
            orphaned,
            accepted_in: sight.accepted_in(),
            // What went back is not its payment any more: another one is final by its own block.
            is_final: sight.order.is_final && !sight.went_back(candidates),
            expires_at: sight.order.expires_at,
            withdrawn: sight.course.state == CourseState::Withdrawn,
            bought: store::bought_otherwise(&mut tx, &sight.order).await?.is_some(),
            superseded: store::superseded(&mut tx, &sight.order).await?,
        };
        let plain: Vec<Candidate> = candidates.iter().map(|(_, candidate)| candidate.clone()).collect();
        let decision = decide(&position, &plain, head, now, rules);
        let mut order = sight.order.clone();
        if let Some(found) = &decision.accepted {
            let id = PaymentId(self.0.mint());
            let written = Written::Accepted { is_final: decision.is_final };
            payment_store::put_payment(&mut tx, id, &order, found, written, now).await?;
            if let Some(worth) = worth {
                payment_store::put_worth(&mut tx, order.chain_id, found, worth).await?;
            }
            if decision.is_final {
                self.tell_of_surplus(&mut tx, &order, found).await?;
            }
        }
        for (found, setback) in &decision.review {
            let id = PaymentId(self.0.mint());
            let written = Written::Review(*setback);
            payment_store::put_payment(&mut tx, id, &order, found, written, now).await?;
        }
        for (payment, standing, setback) in sight.restand(candidates, &decision, orphaned) {
            payment_store::set_standing(&mut tx, payment, Some(order.id), standing, setback).await?;
        }
        for refund in &sight.refunds {
            refund_store::update_refund(&mut tx, order.chain_id, refund).await?;
        }
        self.0.point("settle.payment_written").await;
        self.grant(&mut tx, decision.grant, &order).await?;
        self.0.point("settle.enrollment_written").await;
        let before = (order.state, order.setback, order.confirmations, order.is_final);
        order.heed(&decision, now);
        // Who settles it now by another history starts anew, though all but the payment's place is as it was.
        let moved = decision
            .accepted
            .as_ref()
            .is_some_and(|found| !sight.payments.iter().any(|payment| payment.is_accepted_at(found)));
        if moved || before != (order.state, order.setback, order.confirmations, order.is_final) {
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
            let was = (before.0, before.3);
            self.tell_of_order(&mut tx, was, &order, &sight.course, decision.accepted.as_ref()).await?;
        }
        self.0.point("settle.order_written").await;
        let waiting = match order.state {
            OrderState::Submitted | OrderState::Confirming => true,
            OrderState::Paid | OrderState::Refunded => !order.is_final,
            OrderState::Open | OrderState::Expired | OrderState::Cancelled => false,
        };
        tx.commit().await?;
        let ends_at = (order.state == OrderState::Open).then(|| order.expires_at.plus_millis(1));
        Ok(Some(Settled { state: order.state, waiting, ends_at }))
    }

    async fn grant(&self, tx: &mut Tx, grant: Grant, order: &OrderRecord) -> Result<(), Problem> {
        let learning = self.0.learning();
        match grant {
            Grant::Open => learning.open_for_order(tx, order.id, order.user, order.course, order.level).await,
            Grant::Suspend => learning.suspend_for_order(tx, order.id).await,
            Grant::Close => learning.refund_for_order(tx, order.id).await,
            Grant::Keep => Ok(()),
        }
    }
}
