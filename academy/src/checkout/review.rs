//! What people decide about payments that opened nothing.

use super::{
    error::CheckoutError,
    model::{OrderState, Ruling, Setback, Standing},
    service::Checkout,
    store,
};
use crate::{Actor, Operation, Problem, accounts::audit, ids::PaymentId, jobs, text::line};

impl Checkout<'_> {
    /// Decides about a payment in review, once, with a reason for the audit log. Accepting opens the
    /// course as its order would have; a reorg takes it back as any other. One that is dismissed,
    /// or is to go back, never counts by itself.
    ///
    /// # Errors
    /// For everyone but admins; without a reason; `not_in_review`; `not_acceptable` where the payment
    /// does not buy what its order asks for, or the buyer has the course already.
    #[tracing::instrument(skip_all, fields(payment = %id))]
    pub async fn rule(
        &self,
        actor: &Actor,
        id: PaymentId,
        ruling: Ruling,
        reason: &str,
    ) -> Result<(), Problem> {
        actor.may(Operation::ReviewPayments)?;
        let reason = line(reason, 1, 300).map_err(|_| CheckoutError::NoReason)?;
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        let payment = store::lock_payment(&mut tx, id).await?.ok_or(CheckoutError::NoSuchPayment)?;
        let setback = payment
            .setback
            .filter(|setback| payment.standing == Standing::Review && setback.needs_review())
            .ok_or(CheckoutError::NotInReview)?;
        let act = match ruling {
            Ruling::Accept => {
                let order = payment.order.filter(|_| setback.may_be_accepted());
                let order = order.ok_or(CheckoutError::NotAcceptable)?;
                let user = store::order(&mut tx, order).await?.ok_or(CheckoutError::NoSuchOrder)?.user;
                self.0.accounts().lock(&mut tx, user).await?;
                let mut order = store::lock_order(&mut tx, order).await?.ok_or(CheckoutError::NoSuchOrder)?;
                if store::bought_otherwise(&mut tx, &order).await? || order.paid_at.is_some() {
                    return Err(CheckoutError::NotAcceptable.into());
                }
                store::set_standing(&mut tx, id, payment.order, Standing::Accepted, None).await?;
                self.0
                    .learning()
                    .open_for_order(&mut tx, order.id, order.user, order.course, order.level)
                    .await?;
                (order.state, order.setback, order.paid_at) = (OrderState::Paid, None, Some(now));
                store::update_order(&mut tx, &order).await?;
                "payment.accepted"
            }
            Ruling::Refund | Ruling::Dismiss => {
                let (setback, act) = match ruling {
                    Ruling::Refund => (Setback::ToRefund, "payment.to_refund"),
                    _ => (Setback::Dismissed, "payment.dismissed"),
                };
                store::set_standing(&mut tx, id, payment.order, Standing::Dismissed, Some(setback)).await?;
                act
            }
        };
        if let Some(order) = payment.order {
            jobs::settle_at(&mut tx, self.0, order, now).await?;
        }
        audit(&mut tx, self.0, actor, act, &payment.hash.to_string(), &reason).await?;
        tx.commit().await?;
        tracing::info!(ruling = ruling.word(), transaction = %payment.hash, "a payment was decided about");
        Ok(())
    }
}
