//! SQL that keeps what the follower saw, many events to a statement.

use std::collections::{HashMap, HashSet};

use super::{
    model::Setback,
    store::{parse, unsigned},
};
use crate::{
    chain::Log,
    evm::{Address, TxHash},
    ids::{OrderId, PaymentId},
    money::Wei,
    store::{Conn, StoreError, sql_rows},
    time::Time,
};

/// Where a log stands, as the database keeps it.
pub(super) struct Place {
    hash: String,
    index: i64,
    market: String,
    block_number: i64,
    block_hash: String,
}

impl Place {
    pub fn of(log: &Log) -> Self {
        Self {
            hash: log.transaction.to_string(),
            index: log.index.cast_signed(),
            market: log.contract.to_string(),
            block_number: log.block_number.cast_signed(),
            block_hash: log.block_hash.to_string(),
        }
    }
}

/// A purchase event as it was seen, before anyone judged it.
pub(super) struct SeenPayment {
    pub id: PaymentId,
    pub place: Place,
    pub transaction: TxHash,
    /// The order that the event names, which may be none of ours.
    pub order: Option<OrderId>,
    /// The order of another chain that the event names.
    pub named: Option<OrderId>,
    /// Why it pays for none.
    pub setback: Option<Setback>,
    pub beneficiary: Address,
    pub listing: u64,
    pub tier: u8,
    pub token: Address,
    pub amount: Wei,
}

/// A payee's withdrawal as it was seen.
pub(super) struct SeenPayout {
    pub place: Place,
    pub payee: Address,
    pub token: Address,
    pub amount: Wei,
}

/// A refund as it was seen, before its receipt was asked for.
pub(super) struct SeenRefund {
    pub place: Place,
    /// The order that the event names, which may be none of ours.
    pub order: OrderId,
    pub listing: u64,
    pub beneficiary: Address,
}

/// What an order asks for, as far as whoever pays it can't get it wrong with the site's own call.
#[derive(sqlx::FromRow)]
pub(super) struct Asked {
    id: OrderId,
    chain_id: i64,
    market: String,
    listing: i64,
    beneficiary: String,
}

impl Asked {
    /// Why what names the order on that chain can not be its payment, whatever else it bought.
    pub fn turns_down(
        &self,
        chain_id: u64,
        place: &Place,
        listing: u64,
        beneficiary: Address,
    ) -> Option<Setback> {
        if self.chain_id != chain_id.cast_signed() {
            return Some(Setback::OtherChain);
        }
        if self.market != place.market {
            return Some(Setback::OtherMarket);
        }
        if self.listing != listing.cast_signed() {
            return Some(Setback::OtherCourse);
        }
        (self.beneficiary != beneficiary.to_string()).then_some(Setback::OtherBeneficiary)
    }
}

/// Those of these ids that are orders of ours.
pub(super) async fn orders_among(
    conn: &mut Conn,
    ids: &[OrderId],
) -> Result<HashMap<OrderId, Asked>, StoreError> {
    let found = sql_rows!(all conn, Asked, ids, |id| [*id],
        "SELECT id, chain_id, market, listing, beneficiary FROM orders WHERE id IN (", "?", ")")?;
    Ok(found.into_iter().map(|asked| (asked.id, asked)).collect())
}

/// It is the same event that is seen again.
macro_rules! same {
    () => {
        "payments.order_id IS NOT DISTINCT FROM excluded.order_id
            AND payments.beneficiary = excluded.beneficiary AND payments.listing = excluded.listing
            AND payments.tier_number = excluded.tier_number AND payments.token = excluded.token
            AND payments.amount = excluded.amount"
    };
}

/// Keeps purchase events; no two may stand at one place. Seen again, perhaps in another block, an
/// event's place is renewed; what was turned down and a reorg took is in review again, or owed if that was decided.
/// After a reorg another event may stand at its index: then that is kept, to be judged anew. What was decided
/// stays: an event that one provider reports is only a hint. How many were kept, or renewed.
pub(super) async fn see_payments(
    conn: &mut Conn,
    chain_id: u64,
    seen: &[SeenPayment],
    now: Time,
) -> Result<u64, StoreError> {
    sql_rows!(count conn, seen, |one| [
            one.id, chain_id.cast_signed(), &one.place.hash, one.place.index, &one.place.market,
            one.place.block_number, &one.place.block_hash, one.order, one.beneficiary.to_string(),
            one.listing.cast_signed(), i64::from(one.tier), one.token.to_string(), one.amount.to_string(),
            one.setback.map(Setback::word), now, one.named,
        ],
        "INSERT INTO payments (id, chain_id, tx_hash, log_index, market, block_number, block_hash, order_id, beneficiary,
            listing, tier_number, token, amount, standing, setback, seen_at, named_order) VALUES ",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'review', ?, ?, ?)",
        concat!(" ON CONFLICT (chain_id, tx_hash, log_index) DO UPDATE
            SET block_number = excluded.block_number, block_hash = excluded.block_hash,
                standing = CASE WHEN NOT (", same!(), ") THEN 'review'
                    WHEN payments.standing = 'orphaned' AND payments.setback IN ('to_refund', 'paid_back', 'dismissed') THEN 'dismissed'
                    WHEN payments.standing = 'orphaned' AND excluded.setback IS NOT NULL THEN 'review'
                    ELSE payments.standing END,
                setback = CASE WHEN ", same!(), " THEN payments.setback ELSE excluded.setback END,
                order_id = excluded.order_id, named_order = excluded.named_order, beneficiary = excluded.beneficiary,
                listing = excluded.listing, tier_number = excluded.tier_number, token = excluded.token,
                amount = excluded.amount, mined_at = CASE WHEN payments.block_hash = excluded.block_hash THEN payments.mined_at END,
                is_final = payments.is_final AND payments.block_hash = excluded.block_hash
            WHERE payments.standing <> 'accepted' AND (payments.standing <> 'dismissed' OR ", same!(), ")"))
}

/// That table has it at the same place, in the same block.
macro_rules! there {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ",
            $table,
            " k WHERE k.chain_id = seen.chain_id AND k.tx_hash = seen.tx_hash
                AND k.log_index = seen.log_index AND k.block_hash = seen.block_hash)"
        )
    };
}

/// Those of these logs' places at which the purchase, the refund or the payout is kept, in that block.
pub(super) async fn known(
    conn: &mut Conn,
    chain_id: u64,
    logs: &[Log],
) -> Result<HashSet<(TxHash, u64)>, StoreError> {
    let places: Vec<Place> = logs.iter().map(Place::of).collect();
    let rows = sql_rows!(all conn, (String, i64), places, |one| [chain_id.cast_signed(), &one.hash, one.index, &one.block_hash],
        "WITH seen (chain_id, tx_hash, log_index, block_hash) AS (VALUES ", "(?, ?, ?, ?)",
        concat!(") SELECT tx_hash, log_index FROM seen WHERE ",
            there!("payments"), " OR ", there!("refunds"), " OR ", there!("payouts")))?;
    rows.into_iter()
        .map(|(hash, index)| Ok((parse("a hash", &hash)?, unsigned("a log's index", index)?)))
        .collect()
}

#[derive(sqlx::FromRow)]
struct DecidedRow {
    id: PaymentId,
    tx_hash: String,
    log_index: i64,
    order_id: Option<OrderId>,
    beneficiary: String,
    listing: i64,
    tier_number: i64,
    token: String,
    amount: String,
    standing: String,
}

/// A payment that was decided about, at whose place another event was seen.
#[derive(Debug)]
pub(super) struct Displaced {
    pub id: PaymentId,
    pub hash: String,
    pub index: i64,
    pub order: Option<OrderId>,
    pub accepted: bool,
}

/// Those of these places at which another payment was decided about.
pub(super) async fn displaced(
    conn: &mut Conn,
    chain_id: u64,
    seen: &[SeenPayment],
) -> Result<Vec<Displaced>, StoreError> {
    let decided = sql_rows!(all conn, DecidedRow, seen, |one| [chain_id.cast_signed(), &one.place.hash, one.place.index],
        "SELECT id, tx_hash, log_index, order_id, beneficiary, listing, tier_number, token, amount, standing
         FROM payments WHERE standing IN ('accepted', 'dismissed') AND (chain_id, tx_hash, log_index) IN (VALUES ",
        "(?, ?, ?)", ")")?;
    let is_other = |row: &DecidedRow| {
        let there = |one: &&SeenPayment| (&one.place.hash, one.place.index) == (&row.tx_hash, row.log_index);
        seen.iter().find(there).is_some_and(|one| {
            (one.order, one.listing.cast_signed(), i64::from(one.tier))
                != (row.order_id, row.listing, row.tier_number)
                || one.beneficiary.to_string() != row.beneficiary
                || one.token.to_string() != row.token
                || one.amount.to_string() != row.amount
        })
    };
    Ok(decided
        .into_iter()
        .filter(is_other)
        .map(|row| Displaced {
            accepted: row.standing == "accepted",
            id: row.id,
            hash: row.tx_hash,
            index: row.log_index,
            order: row.order_id,
        })
        .collect())
}

/// Keeps refunds of orders as hints, no two at one place: what a receipt confirmed is left alone.
pub(super) async fn see_refunds(
    conn: &mut Conn,
    chain_id: u64,
    seen: &[SeenRefund],
    now: Time,
) -> Result<(), StoreError> {
    sql_rows!(run conn, seen, |one| [
            chain_id.cast_signed(), &one.place.hash, one.place.index, one.order, one.place.block_number,
            &one.place.block_hash, false, now,
        ],
        "INSERT INTO refunds (chain_id, tx_hash, log_index, order_id, block_number, block_hash, confirmed, seen_at) VALUES ",
        "(?, ?, ?, ?, ?, ?, ?, ?)",
        " ON CONFLICT (chain_id, tx_hash, log_index) DO UPDATE
            SET order_id = excluded.order_id, block_number = excluded.block_number, block_hash = excluded.block_hash
            WHERE NOT refunds.confirmed")
}

/// Keeps withdrawals; no two may stand at one place.
pub(super) async fn see_payouts(
    conn: &mut Conn,
    chain_id: u64,
    seen: &[SeenPayout],
    now: Time,
) -> Result<(), StoreError> {
    sql_rows!(run conn, seen, |one| [
            chain_id.cast_signed(), &one.place.hash, one.place.index, one.payee.to_string(), one.amount.to_string(),
            one.place.block_number, &one.place.block_hash, now, one.token.to_string(),
        ],
        "INSERT INTO payouts (chain_id, tx_hash, log_index, payee, amount, block_number, block_hash, seen_at, token) VALUES ",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        " ON CONFLICT (chain_id, tx_hash, log_index) DO UPDATE
            SET block_number = excluded.block_number, block_hash = excluded.block_hash")
}

/// Keeps that these transactions carry these orders' ids.
pub(super) async fn see_submissions(
    conn: &mut Conn,
    seen: &[(OrderId, TxHash)],
    now: Time,
) -> Result<(), StoreError> {
    sql_rows!(run conn, seen, |one| [one.0, one.1.to_string(), now],
        "INSERT INTO submissions (order_id, tx_hash, created_at) VALUES ",
        "(?, ?, ?)",
        " ON CONFLICT (order_id, tx_hash) DO NOTHING")
}
