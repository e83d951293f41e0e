//! Comparing an order with the chain: read the chain with no transaction open, decide, write once.

use super::{
    decide::{Candidate, Grant, Rules, Standing as Position, decide},
    model::{OrderState, Setback},
    payment_store::{self, PaymentRecord, Written},
    refund_store,
    rows::Standing,
    service::Checkout,
    sight::{Judged, Sight, give_back},
    store,
    verify::Verdict,
};
use crate::{
    Problem,
    catalog::CourseState,
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
            if let Some(settled) =
                self.write(sight, &candidates, orphaned, worth, head.number, &rules).await?
            {
                self.0.point("settle.after_commit").await;
                // The others were judged as payments of what was paid. Without the one that counted they are not.
                let over = matches!(settled.state, OrderState::Open | OrderState::Expired);
                if counted && over {
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
            is_final: sight.order.is_final,
            expires_at: sight.order.expires_at,
            withdrawn: sight.course.state == CourseState::Withdrawn,
            bought: store::bought_otherwise(&mut tx, &sight.order).await?,
            superseded: store::superseded(&mut tx, &sight.order).await?,
        };
        let plain: Vec<Candidate> = candidates.iter().map(|(_, candidate)| candidate.clone()).collect();
        let decision = decide(&position, &plain, head, now, rules);
        let mut order = sight.order;
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
        // What stands at these places now is written.
        let written = |payment: &&PaymentRecord| {
            let review = decision.review.iter().map(|(found, _)| found);
            let mut found = decision.accepted.iter().chain(review);
            found.any(|found| (found.transaction, found.log_index) == (payment.hash, payment.log_index))
        };
        for payment in sight.payments.iter().filter(|payment| !written(payment)) {
            let place = (payment.hash, Some(payment.log_index));
            let verdict = candidates.iter().find(|(at, _)| *at == place).map(|(_, c)| c);
            let to = match (payment.standing, verdict) {
                // What a person said of it stays, should a reorg undo the refund.
                (_, Some(Candidate::Refunded(_))) => {
                    Some((Standing::Refunded, payment.setback.filter(|setback| setback.is_ruling())))
                }
                // Nobody has to pay back what no block holds any more; what was decided of it stays.
                (Standing::Dismissed, None) if sight.gone.contains(&payment.id) => {
                    Some((Standing::Orphaned, payment.setback))
                }
                (Standing::Refunded | Standing::Orphaned, Some(Candidate::Mined(Verdict::Rejected(_))))
                    if payment.setback.is_some_and(Setback::is_ruling) =>
                {
                    Some((Standing::Dismissed, payment.setback))
                }
                // Since a reorg it is nowhere, or the order is paid, or was given back, at another place.
                (Standing::Accepted, _)
                    if orphaned && !order.is_final
                        || decision.accepted.is_some()
                        || decision.state == OrderState::Refunded =>
                {
                    Some((Standing::Orphaned, Some(Setback::Orphaned)))
                }
                (Standing::Review, _) if sight.gone.contains(&payment.id) && payment.setback.is_none() => {
                    Some((Standing::Orphaned, Some(Setback::Orphaned)))
                }
                (Standing::Review | Standing::Orphaned, _) if sight.gone.contains(&payment.id) => None,
                (
                    Standing::Review | Standing::Orphaned | Standing::Refunded,
                    Some(Candidate::Mined(Verdict::Rejected(setback))),
                ) if setback.needs_review() => Some((Standing::Review, Some(*setback))),
                _ => None,
            };
            if let Some((standing, setback)) = to {
                payment_store::set_standing(&mut tx, payment.id, Some(order.id), standing, setback).await?;
            }
        }
        for refund in &sight.refunds {
            refund_store::update_refund(&mut tx, order.chain_id, refund).await?;
        }
        self.0.point("settle.payment_written").await;
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
        self.0.point("settle.enrollment_written").await;
        let before = (order.state, order.setback, order.confirmations, order.is_final);
        order.state = decision.state;
        order.setback = decision.setback;
        if order.setback.is_some() && order.setback != before.1 {
            // What was waited for came, and did not pay.
            order.reference = None;
        }
        order.confirmations = match decision.state {
            OrderState::Paid if decision.accepted.is_none() => order.confirmations,
            _ => decision.confirmations,
        };
        order.is_final = decision.is_final;
        if order.state == OrderState::Refunded && before.0 != OrderState::Refunded {
            order.before_refund = Some(before.0);
        }
        if order.state == OrderState::Paid && order.paid_at.is_none() {
            order.paid_at = Some(now);
        }
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
}
