//! Giving a purchase back within its money-back window: for its buyer without anyone's leave, and for
//! whoever teaches the course. The contract does it; the follower sees it, and settling closes the course.

use super::{
    error::CheckoutError,
    model::Refund,
    refund_store,
    service::Checkout,
    store::{self, OrderRecord},
};
use crate::{
    Actor, Kind, Operation, Person, Problem,
    catalog::reference,
    chain::{Refundable, refund_call},
    ids::OrderId,
    time::Time,
};

impl Checkout<'_> {
    /// What the caller's wallet must send to give a purchase back, and what happens then.
    ///
    /// # Errors
    /// `not_found` for everyone but the buyer and whoever teaches the course; `not_refundable` when there
    /// is no window, `window_ended` when it has ended; `other_wallet` when another of their wallets must send it;
    /// `no_such_network`, `no_such_market` where the site would not see that the money went back.
    pub async fn refund(&self, actor: &Actor, id: OrderId) -> Result<Refund, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let mut conn = self.0.0.db.read().await?;
        let order = store::order(&mut conn, id).await?.ok_or(CheckoutError::NoSuchOrder)?;
        let own = order.user == person.id;
        if !own {
            // Someone else's order is as good as none.
            let teaches = self.0.catalog().own(&mut conn, actor, Operation::SeeSales, order.course).await;
            teaches.map_err(|problem| match problem.kind {
                Kind::Forbidden | Kind::NotFound => CheckoutError::NoSuchOrder.into(),
                _ => problem,
            })?;
        }
        let course = self.0.catalog().by_id(&mut conn, order.course).await?;
        let held = refund_store::hold_of(&mut conn, id).await?;
        let (amount, hold) = held.ok_or(CheckoutError::NotRefundable)?;
        let until = Time::of_seconds(hold.until);
        if until <= self.0.now() {
            return Err(CheckoutError::WindowEnded.into());
        }
        if !self.0.0.networks.get(order.chain_id)?.policy.follows(order.market) {
            return Err(CheckoutError::NoSuchMarket(order.market.checksummed()).into());
        }
        self.may_send(&mut conn, person, &order, own).await?;
        let bought = Refundable {
            order: reference(order.id.0),
            number: order.listing,
            tier: order.tier_number,
            beneficiary: order.beneficiary,
            token: order.token,
            amount,
            hold,
        };
        Ok(Refund {
            course_slug: course.slug,
            course_title: course.title,
            course: course.id,
            amount,
            currency: self.0.0.networks.currency(order.chain_id, order.token),
            chain_id: order.chain_id,
            payer: hold.payer.checksummed(),
            beneficiary: order.beneficiary.checksummed(),
            until,
            own,
            call: self.to_wallet(order.chain_id, person, &refund_call(order.market, &bought)),
        })
    }

    /// The contract takes it from the beneficiary and from the course's lister only.
    async fn may_send(
        &self,
        conn: &mut crate::store::Conn,
        person: &Person,
        order: &OrderRecord,
        own: bool,
    ) -> Result<(), Problem> {
        let sender = if own {
            order.beneficiary.checksummed()
        } else {
            let listing = self.0.catalog().listing_of(conn, order.course, order.chain_id).await?;
            listing.map(|listing| listing.lister).ok_or(CheckoutError::NotRefundable)?
        };
        if sender == person.address_text { Ok(()) } else { Err(CheckoutError::OtherWallet(sender).into()) }
    }
}
