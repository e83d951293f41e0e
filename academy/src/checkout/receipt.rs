//! Receipts: what a buyer keeps of a payment, for themselves and for whoever does their books.

use super::{
    error::CheckoutError,
    model::{OrderState, Receipt},
    refund_store,
    service::Checkout,
    store::{self, cents, parse, unsigned},
};
use crate::{Actor, Problem, accounts::parse_address, ids::OrderId, store::sql, time::Time};

#[derive(sqlx::FromRow)]
struct Paid {
    tx_hash: String,
    log_index: i64,
    block_number: i64,
    block_hash: String,
    amount: String,
    payer: Option<String>,
    mined_at: Option<Time>,
    fiat_currency: Option<String>,
    fiat_amount: Option<i64>,
}

impl Checkout<'_> {
    /// The receipt of an order that was paid, given back or not.
    ///
    /// # Errors
    /// `not_found` for everyone but its buyer and admins; `no_receipt` when nothing was paid.
    pub async fn receipt(&self, actor: &Actor, id: OrderId) -> Result<Receipt, Problem> {
        let mut conn = self.0.0.db.read().await?;
        let order = self.own(&mut conn, actor, id).await?;
        let paid = sql!(opt conn, Paid,
            "SELECT tx_hash, log_index, block_number, block_hash, amount, payer, mined_at, fiat_currency, fiat_amount
             FROM payments WHERE order_id = $1 AND standing IN ('accepted', 'refunded')
             ORDER BY CASE standing WHEN 'accepted' THEN 0 ELSE 1 END, block_number DESC, log_index DESC LIMIT 1", id)?;
        let settled = matches!(order.state, OrderState::Paid | OrderState::Refunded);
        let paid = paid.filter(|_| settled).ok_or(CheckoutError::NoReceipt)?;
        let refund = match order.state {
            OrderState::Refunded => refund_store::refunds_of(&mut conn, id)
                .await?
                .into_iter()
                .rfind(|refund| refund.confirmed)
                .map(|refund| {
                    self.transaction(
                        order.chain_id,
                        refund.hash,
                        Some((refund.block_number, refund.block_hash)),
                    )
                }),
            _ => None,
        };
        let course = self.0.catalog().by_id(&mut conn, order.course).await?;
        let block = (unsigned("a block", paid.block_number)?, parse("a hash", &paid.block_hash)?);
        let payer = paid.payer.as_deref().map(parse_address).transpose()?;
        let sender = match payer {
            Some(_) => None,
            None => store::submissions(&mut conn, id)
                .await?
                .into_iter()
                .find(|submission| submission.hash.to_string() == paid.tx_hash)
                .and_then(|submission| submission.sender),
        };
        Ok(Receipt {
            id,
            course_slug: course.slug,
            course_title: course.title,
            teacher: course.teacher.name,
            tier_name: order.tier_name,
            amount: parse("an amount", &paid.amount)?,
            chain: self.0.0.networks.name(order.chain_id),
            chain_id: order.chain_id,
            currency: self.0.0.networks.currency(order.chain_id, order.token),
            quoted: order.fiat,
            worth: cents(paid.fiat_currency.as_deref(), paid.fiat_amount)?,
            paid_at: paid.mined_at,
            transaction: self.transaction(order.chain_id, parse("a hash", &paid.tx_hash)?, Some(block)),
            log_index: unsigned("a log's index", paid.log_index)?,
            market: order.market.checksummed(),
            payer: payer.or(sender).map(|payer| payer.checksummed()),
            beneficiary: order.beneficiary.checksummed(),
            is_final: order.is_final,
            refund,
        })
    }
}
