//! SQL of refunds.

use super::{
    network::Policy,
    payment_store,
    store::{parse, unsigned},
};
use crate::{
    chain::Hold,
    evm::{BlockHash, TxHash},
    ids::{OrderId, TierId, UserId},
    money::Wei,
    store::{Conn, StoreError, sql},
    time::Time,
};

/// A refund that a provider told of.
#[derive(Clone, Debug)]
pub(super) struct RefundRecord {
    pub hash: TxHash,
    /// The log's index when it was first told of.
    pub log_index: u64,
    /// The log's index now.
    pub stands_at: u64,
    pub block_number: u64,
    pub block_hash: BlockHash,
    /// Its receipt said the same.
    pub confirmed: bool,
}

#[derive(sqlx::FromRow)]
struct RefundRow {
    tx_hash: String,
    log_index: i64,
    block_number: i64,
    block_hash: String,
    confirmed: bool,
}

/// In the chain's order.
pub(super) async fn refunds_of(conn: &mut Conn, order: OrderId) -> Result<Vec<RefundRecord>, StoreError> {
    let rows = sql!(all conn, RefundRow,
        "SELECT tx_hash, log_index, block_number, block_hash, confirmed FROM refunds WHERE order_id = $1
         ORDER BY block_number, log_index", order)?;
    rows.into_iter()
        .map(|row| {
            let log_index = unsigned("a log's index", row.log_index)?;
            Ok(RefundRecord {
                hash: parse("a hash", &row.tx_hash)?,
                log_index,
                stands_at: log_index,
                block_number: unsigned("a block", row.block_number)?,
                block_hash: parse("a hash", &row.block_hash)?,
                confirmed: row.confirmed,
            })
        })
        .collect()
}

/// Writes down what the receipt said, or that its block was replaced.
pub(super) async fn update_refund(
    conn: &mut Conn,
    chain_id: u64,
    refund: &RefundRecord,
) -> Result<(), StoreError> {
    sql!(run conn,
        "UPDATE refunds SET confirmed = $1, block_number = $2, block_hash = $3
         WHERE chain_id = $4 AND tx_hash = $5 AND log_index = $6",
        refund.confirmed, refund.block_number.cast_signed(), refund.block_hash.to_string(), chain_id.cast_signed(),
        refund.hash.to_string(), refund.log_index.cast_signed())?;
    Ok(())
}

/// Whether the person gave the tier back to that market since then.
pub(super) async fn refunded_since(
    conn: &mut Conn,
    user: UserId,
    tier: TierId,
    policy: &Policy,
    since: Time,
) -> Result<bool, StoreError> {
    let row = sql!(opt conn, (OrderId,),
        "SELECT o.id FROM refunds r JOIN orders o ON o.id = r.order_id
         WHERE o.user_id = $1 AND o.tier_id = $2 AND o.chain_id = $3 AND o.market = $4 AND r.confirmed AND r.seen_at > $5
         LIMIT 1", user, tier, policy.chain_id.cast_signed(), policy.market.to_string(), since)?;
    Ok(row.is_some())
}

/// The payments `p` that an order `o` can give back while the contract holds them: those that paid for what it is
/// about, and are accepted, or wait for a person or to go back.
macro_rules! held {
    () => {
        "p.order_id = o.id AND p.market = o.market AND p.listing = o.listing AND p.tier_number = o.tier_number
            AND p.token = o.token AND p.beneficiary = o.beneficiary
            AND (p.standing IN ('accepted', 'review') OR p.standing = 'dismissed' AND p.setback = 'to_refund')
            AND p.refundable_until IS NOT NULL"
    };
}
pub(super) use held;

/// How the contract holds what was paid for an order, and how much it was.
pub(super) async fn hold_of(conn: &mut Conn, order: OrderId) -> Result<Option<(Wei, Hold)>, StoreError> {
    let row = sql!(opt conn, (String, Option<String>, Option<String>, Option<String>, Option<Time>),
        concat!("SELECT p.amount, p.payer, p.payee, p.fee, p.refundable_until FROM payments p JOIN orders o ON ", held!(), "
         WHERE o.id = $1 ORDER BY CASE p.standing WHEN 'accepted' THEN 0 ELSE 1 END LIMIT 1"), order)?;
    let Some((amount, payer, payee, fee, until)) = row else { return Ok(None) };
    let Some(hold) = payment_store::hold(payer, payee, fee, until)? else { return Ok(None) };
    Ok(Some((parse("an amount", &amount)?, hold)))
}
