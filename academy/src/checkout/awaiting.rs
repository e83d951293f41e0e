//! What a wallet took without naming a transaction: it is waited for, and nobody is asked to pay again.
//!
//! A hint that only the page goes by: it proves nothing and opens nothing. The order stays open and expires as
//! always; the event pays it.

use super::{
    error::CheckoutError,
    model::{Order, OrderState},
    reference::Reference,
    service::Checkout,
    store::{self, OrderRecord},
};
use crate::{Actor, Operation, Problem, ids::OrderId, jobs};

impl OrderRecord {
    /// What its wallet took and may still send: until a payment is seen, and after the price ran out, too.
    pub(super) fn awaited(&self) -> Option<&Reference> {
        let unpaid = matches!(self.state, OrderState::Open | OrderState::Expired);
        self.reference.as_ref().filter(|_| unpaid)
    }
}

impl Checkout<'_> {
    /// Keeps what a wallet answered in place of a transaction's hash. Another answer replaces it. Where the
    /// payment was seen meanwhile, there is nothing left to wait for, and nothing is kept.
    ///
    /// # Errors
    /// For anything but up to 256 visible ASCII characters; `not_found` for everyone but the order's buyer;
    /// `not_payable` once it was cancelled.
    #[tracing::instrument(skip_all, fields(order = %id))]
    pub async fn wait_for(&self, actor: &Actor, id: OrderId, reference: &str) -> Result<Order, Problem> {
        actor.person_who_may(Operation::Buy)?;
        let reference: Reference = reference.trim().parse().map_err(|_| CheckoutError::MalformedReference)?;
        self.set_awaited(actor, id, Some(reference)).await
    }

    /// Forgets it again: the buyer, or their wallet, says that nothing was sent. So too a transaction that was named
    /// long ago and that no node has ever known: a Safe's hash is none, and others may never have signed.
    ///
    /// # Errors
    /// `not_found` for everyone but the order's buyer.
    #[tracing::instrument(skip_all, fields(order = %id))]
    pub async fn wait_no_more(&self, actor: &Actor, id: OrderId) -> Result<Order, Problem> {
        self.set_awaited(actor, id, None).await
    }

    async fn set_awaited(
        &self,
        actor: &Actor,
        id: OrderId,
        reference: Option<Reference>,
    ) -> Result<Order, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let mut tx = self.0.0.db.begin().await?;
        let order = store::lock_order(&mut tx, id).await?;
        // Nobody else knows what the buyer's wallet did: not an admin either.
        let mut order = order.filter(|order| order.user == person.id).ok_or(CheckoutError::NoSuchOrder)?;
        let submissions = store::submissions(&mut tx, id).await?;
        match order.state {
            OrderState::Submitted if reference.is_none() && self.delay(&order, &submissions).1 => {
                tracing::info!("nothing was sent, though a transaction was named");
                // Should it be mined all the same, its event names the order.
                store::forget_submissions(&mut tx, id).await?;
                order.state = OrderState::Open;
                store::update_order(&mut tx, &order).await?;
                jobs::settle_at(&mut tx, self.0, id, self.0.now()).await?;
            }
            OrderState::Submitted | OrderState::Confirming | OrderState::Paid | OrderState::Refunded => {}
            _ if reference.is_none() && order.reference.is_none() => {}
            OrderState::Open | OrderState::Expired if reference.is_none() => {
                tracing::info!("nothing was sent");
                order.reference = None;
                store::update_order(&mut tx, &order).await?;
            }
            // The wallet was asked in time, and may have sent it since (edge cases 17 and 18).
            OrderState::Open | OrderState::Expired => {
                tracing::info!(
                    reference = reference.as_ref().map(ToString::to_string),
                    "waiting for the wallet"
                );
                order.reference = reference;
                store::update_order(&mut tx, &order).await?;
            }
            state => return Err(CheckoutError::NotPayable(state.word()).into()),
        }
        let view = self.view(&mut tx, order).await?;
        self.0.point("await.before_commit").await;
        tx.commit().await?;
        Ok(view)
    }
}
