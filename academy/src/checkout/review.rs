//! What people decide about payments that opened nothing, or were too much.

use super::{
    error::CheckoutError,
    model::{OrderState, Setback},
    payment_store::{self, PaymentRecord},
    rows::{Ruling, Standing},
    service::Checkout,
    store::{self, OrderRecord},
};
use crate::{
    Actor, Operation, Problem,
    accounts::audit,
    ids::{OrderId, PaymentId},
    jobs,
    store::{Conn, Tx},
    text::line,
};

impl Checkout<'_> {
    /// Decides about a payment in review, once; the audit log keeps the reason, and what is dismissed needs one. An
    /// accepted payment counts from then on as one that came in time: the course opens once the chain shows it,
    /// at once where it does, and a reorg takes it back. One that is dismissed, or is to go back, never counts
    /// by itself.
    ///
    /// A payment whose block was replaced can only be dismissed: nothing is there to accept or to give back. Its
    /// order is over, so that its buyer can order again; should it come back all the same, it is in review again.
    ///
    /// Of a payment that counts for good and was too much, a person says that the rest went back, or why it does not.
    ///
    /// What is to go back and the contract does not hold is sent by a person, who says so here, and how. While the
    /// contract holds it, it is the contract that sends it: it could go back twice.
    ///
    /// # Errors
    /// For everyone but admins; for a dismissal without a reason, and where nothing is said of how it was paid back;
    /// `not_in_review`; `not_acceptable` where the payment does not buy what its order asks for, or the buyer has the
    /// course already; `still_held`.
    #[tracing::instrument(skip_all, fields(payment = %id))]
    pub async fn rule(
        &self,
        actor: &Actor,
        id: PaymentId,
        ruling: Ruling,
        reason: &str,
    ) -> Result<(), Problem> {
        actor.may(Operation::ReviewPayments)?;
        let (least, unsaid) = match ruling {
            Ruling::Accept | Ruling::Refund => (0, CheckoutError::NoReason),
            Ruling::Dismiss | Ruling::SurplusKept => (1, CheckoutError::NoReason),
            Ruling::PaidBack | Ruling::SurplusBack => (1, CheckoutError::NoProof),
        };
        let reason = line(reason, least, 300).map_err(|_| unsaid)?;
        let now = self.0.now();
        let held = matches!(ruling, Ruling::PaidBack | Ruling::SurplusBack) && self.is_held(id).await?;
        let mut tx = self.0.0.db.begin().await?;
        let order = payment_store::payment(&mut tx, id).await?.ok_or(CheckoutError::NoSuchPayment)?.order;
        // In the order in which settling locks them.
        let mut order = self.lock_with_buyer(&mut tx, order).await?;
        let payment = payment_store::lock_payment(&mut tx, id).await?.ok_or(CheckoutError::NoSuchPayment)?;
        if matches!(ruling, Ruling::SurplusBack | Ruling::SurplusKept) {
            return self.rule_surplus(tx, actor, &payment, (ruling, held), &reason).await;
        }
        let setback = payment
            .setback
            .filter(|setback| match (payment.standing, ruling) {
                (Standing::Dismissed, Ruling::PaidBack) => *setback == Setback::ToRefund,
                (_, Ruling::PaidBack) => false,
                (Standing::Review, _) => setback.needs_review(),
                (Standing::Orphaned, _) => *setback == Setback::Orphaned,
                _ => false,
            })
            .filter(|_| payment.order == order.as_ref().map(|order| order.id))
            .ok_or(CheckoutError::NotInReview)?;
        let (standing, reviewed, act) = match ruling {
            Ruling::Dismiss if setback == Setback::Orphaned => {
                let waits = |order: &&mut OrderRecord| {
                    (order.state, order.setback) == (OrderState::Confirming, Some(Setback::Orphaned))
                };
                let order = order.as_mut().filter(waits).ok_or(CheckoutError::NotInReview)?;
                (order.state, order.setback) = (OrderState::Cancelled, Some(Setback::Dismissed));
                (Standing::Orphaned, None, "payment.dismissed")
            }
            _ if setback == Setback::Orphaned => return Err(CheckoutError::NotAcceptable.into()),
            Ruling::Accept => {
                let order = order.as_mut().filter(|_| setback.may_be_accepted());
                let order = order.ok_or(CheckoutError::NotAcceptable)?;
                // On a chain that is not followed nothing would ever confirm it.
                self.0.0.networks.get(order.chain_id)?;
                let paid = matches!(order.state, OrderState::Paid | OrderState::Confirming);
                if paid || store::bought_otherwise(&mut tx, order).await?.is_some() {
                    return Err(CheckoutError::NotAcceptable.into());
                }
                (order.state, order.setback, order.is_final) = (OrderState::Confirming, None, false);
                (Standing::Accepted, None, "payment.accepted")
            }
            Ruling::Refund => (Standing::Dismissed, Some(Setback::ToRefund), "payment.to_refund"),
            Ruling::Dismiss => (Standing::Dismissed, Some(Setback::Dismissed), "payment.dismissed"),
            Ruling::SurplusBack | Ruling::SurplusKept => return Err(CheckoutError::NotInReview.into()),
            Ruling::PaidBack if held => return Err(CheckoutError::StillHeld.into()),
            Ruling::PaidBack => (Standing::Dismissed, Some(Setback::PaidBack), "payment.paid_back"),
        };
        payment_store::set_standing(&mut tx, id, payment.order, standing, reviewed).await?;
        if let Some(order) = &order {
            // Whoever settles it now started before the ruling, and starts anew.
            store::update_order(&mut tx, order).await?;
            jobs::settle_at(&mut tx, self.0, order.id, now).await?;
        }
        audit(&mut tx, self.0, actor, act, &payment.hash.to_string(), &reason).await?;
        self.0.point("rule.before_commit").await;
        tx.commit().await?;
        self.0.point("rule.after_commit").await;
        tracing::info!(ruling = ruling.word(), transaction = %payment.hash, "a payment was decided about");
        if let Some(order) = payment.order
            && let Err(problem) = self.settle(order).await
        {
            // The job tries again.
            tracing::info!(%problem, "could not settle at once");
        }
        Ok(())
    }

    /// Decides about what was paid too much.
    async fn rule_surplus(
        &self,
        mut tx: Tx,
        actor: &Actor,
        payment: &PaymentRecord,
        (ruling, held): (Ruling, bool),
        reason: &str,
    ) -> Result<(), Problem> {
        if !payment_store::rule_surplus(&mut tx, payment.id).await? {
            return Err(CheckoutError::NotInReview.into());
        }
        if held {
            return Err(CheckoutError::StillHeld.into());
        }
        let act = format!("payment.{}", ruling.word());
        audit(&mut tx, self.0, actor, &act, &payment.hash.to_string(), reason).await?;
        self.0.point("rule.before_commit").await;
        tx.commit().await?;
        Ok(())
    }

    async fn lock_with_buyer(
        &self,
        conn: &mut Conn,
        id: Option<OrderId>,
    ) -> Result<Option<OrderRecord>, Problem> {
        let Some(id) = id else { return Ok(None) };
        let user = store::order(conn, id).await?.ok_or(CheckoutError::NoSuchOrder)?.user;
        self.0.accounts().lock(conn, user).await?;
        Ok(store::lock_order(conn, id).await?)
    }

    /// Whether the contract can still send a payment back, which must then not go back by hand as well. What buys
    /// nothing here is not followed until it goes back: the contract takes its pass then.
    async fn is_held(&self, id: PaymentId) -> Result<bool, Problem> {
        let mut conn = self.0.0.db.read().await?;
        payment_store::payment(&mut conn, id).await?.ok_or(CheckoutError::NoSuchPayment)?;
        // As long as nobody has read how long, it may be held.
        if let Some(until) = payment_store::held_until(&mut conn, id).await?
            && until.is_none_or(|until| until <= self.0.now())
        {
            return Ok(false);
        }
        let (chain_id, bought) = payment_store::bought(&mut conn, id).await?;
        drop(conn);
        let Some(network) = self.0.0.networks.find(chain_id) else { return Ok(true) };
        // Where no node answers, it may be held.
        Ok(network.chain.sale(&bought).await.map_or(true, |sale| sale.has_pass))
    }
}
