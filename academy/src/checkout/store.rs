//! SQL of checkout.

use super::{
    model::{OrderState, Setback},
    reference::Reference,
    refund_store::held,
};
use crate::{
    accounts::parse_address,
    evm::{Address, TxHash},
    ids::{CourseId, OrderId, TierId, UserId},
    money::Wei,
    price::Cents,
    store::{Conn, StoreError, sql},
    time::Time,
};

pub(super) use crate::store::{parse, unsigned};

/// A sum of a state's currency; both columns or none.
pub(super) fn cents(currency: Option<&str>, amount: Option<i64>) -> Result<Option<Cents>, StoreError> {
    currency
        .zip(amount)
        .map(|(word, amount)| {
            let currency = parse("a currency", word)?;
            Ok(Cents { currency, amount: unsigned("a sum", amount)? })
        })
        .transpose()
}

#[derive(Clone, sqlx::FromRow)]
struct OrderRow {
    id: OrderId,
    user_id: UserId,
    course_id: CourseId,
    tier_id: TierId,
    tier_number: i64,
    tier_name: String,
    level: i64,
    chain_id: i64,
    market: String,
    listing: i64,
    token: String,
    price: String,
    fiat_currency: Option<String>,
    fiat_amount: Option<i64>,
    beneficiary: String,
    state: String,
    setback: Option<String>,
    confirmations: i64,
    is_final: bool,
    created_at: Time,
    expires_at: Time,
    paid_at: Option<Time>,
    before_refund: Option<String>,
    wallet_reference: Option<String>,
    revision: i64,
}

/// An order as it is kept.
#[derive(Clone, Debug)]
pub(super) struct OrderRecord {
    pub id: OrderId,
    pub user: UserId,
    pub course: CourseId,
    pub tier: TierId,
    pub tier_number: u8,
    pub tier_name: String,
    pub level: u8,
    pub chain_id: u64,
    pub market: Address,
    pub listing: u64,
    pub token: Address,
    pub price: Wei,
    /// What the price was before it was quoted.
    pub fiat: Option<Cents>,
    pub beneficiary: Address,
    pub state: OrderState,
    pub setback: Option<Setback>,
    pub confirmations: u32,
    pub is_final: bool,
    pub created_at: Time,
    pub expires_at: Time,
    pub paid_at: Option<Time>,
    /// Its state before its payment went back.
    pub before_refund: Option<OrderState>,
    /// What a wallet answered in place of a transaction's hash.
    pub reference: Option<Reference>,
    pub revision: i64,
}

impl OrderRow {
    fn record(self) -> Result<OrderRecord, StoreError> {
        Ok(OrderRecord {
            id: self.id,
            user: self.user_id,
            course: self.course_id,
            tier: self.tier_id,
            tier_number: unsigned("a tier's number", self.tier_number)?,
            tier_name: self.tier_name,
            level: unsigned("a level", self.level)?,
            chain_id: unsigned("a chain id", self.chain_id)?,
            market: parse_address(&self.market)?,
            listing: unsigned("a listing", self.listing)?,
            token: parse_address(&self.token)?,
            price: parse("an amount", &self.price)?,
            fiat: cents(self.fiat_currency.as_deref(), self.fiat_amount)?,
            beneficiary: parse_address(&self.beneficiary)?,
            state: parse("an order's state", &self.state)?,
            setback: self.setback.as_deref().map(|word| parse("a setback", word)).transpose()?,
            confirmations: unsigned("confirmations", self.confirmations)?,
            is_final: self.is_final,
            created_at: self.created_at,
            expires_at: self.expires_at,
            paid_at: self.paid_at,
            before_refund: self
                .before_refund
                .as_deref()
                .map(|word| parse("an order's state", word))
                .transpose()?,
            reference: self.wallet_reference.as_deref().map(|text| parse("a reference", text)).transpose()?,
            revision: self.revision,
        })
    }
}

macro_rules! order {
    () => {
        "SELECT id, user_id, course_id, tier_id, tier_number, tier_name, level, chain_id, market, listing, token,
            price, fiat_currency, fiat_amount, beneficiary, state, setback, confirmations, is_final, created_at, expires_at, paid_at, before_refund, wallet_reference, revision
         FROM orders "
    };
}

pub(super) async fn order(conn: &mut Conn, id: OrderId) -> Result<Option<OrderRecord>, StoreError> {
    let row = sql!(opt conn, OrderRow, concat!(order!(), "WHERE id = $1"), id)?;
    row.map(OrderRow::record).transpose()
}

/// As [`order`], and nobody else changes it until this transaction ends. Writing the row takes its
/// lock on both engines.
pub(super) async fn lock_order(conn: &mut Conn, id: OrderId) -> Result<Option<OrderRecord>, StoreError> {
    sql!(run conn, "UPDATE orders SET revision = revision WHERE id = $1", id)?;
    order(conn, id).await
}

pub(super) async fn under_way(
    conn: &mut Conn,
    user: UserId,
    course: CourseId,
) -> Result<Option<OrderRecord>, StoreError> {
    let row = sql!(opt conn, OrderRow,
        concat!(order!(), "WHERE user_id = $1 AND course_id = $2 AND state IN ('open', 'submitted', 'confirming')
            ORDER BY CASE state WHEN 'open' THEN 1 ELSE 0 END, created_at LIMIT 1"), user, course)?;
    row.map(OrderRow::record).transpose()
}

/// As [`under_way`], and nobody else changes it until this transaction ends. It may have been given up, or paid,
/// while it was waited for.
pub(super) async fn lock_under_way(
    conn: &mut Conn,
    user: UserId,
    course: CourseId,
) -> Result<Option<OrderRecord>, StoreError> {
    let Some(found) = under_way(conn, user, course).await? else { return Ok(None) };
    let locked = lock_order(conn, found.id).await?;
    Ok(locked.filter(|order| {
        matches!(order.state, OrderState::Open | OrderState::Submitted | OrderState::Confirming)
    }))
}

/// Whether another order of the same person for the course can be paid, or is being paid: there is one at a time.
pub(super) async fn superseded(conn: &mut Conn, order: &OrderRecord) -> Result<bool, StoreError> {
    let row = sql!(opt conn, (OrderId,),
        "SELECT id FROM orders WHERE user_id = $1 AND course_id = $2 AND id <> $3
            AND state IN ('open', 'submitted') LIMIT 1",
        order.user, order.course, order.id)?;
    Ok(row.is_some())
}

/// Whether another order of the same person opened the course, as far as this one would: how that one stands, paid or
/// being confirmed.
pub(super) async fn bought_otherwise(
    conn: &mut Conn,
    order: &OrderRecord,
) -> Result<Option<OrderState>, StoreError> {
    let row = sql!(opt conn, (String,),
        "SELECT state FROM orders WHERE user_id = $1 AND course_id = $2 AND id <> $3 AND level >= $4
            AND state IN ('paid', 'confirming') ORDER BY state DESC LIMIT 1",
        order.user, order.course, order.id, i64::from(order.level))?;
    row.map(|(state,)| parse("an order's state", &state)).transpose()
}

/// So often a job tries before only it looks for its order's transaction: that takes half a minute.
const EAGER_ATTEMPTS: i64 = 6;

/// The orders that a new block can decide: those that are counting confirmations; those that are final from
/// that block on, if they are; and those whose transaction was named lately. One that nobody has seen for a
/// while is left to its job, which asks ever more rarely.
pub(super) async fn unsettled(
    conn: &mut Conn,
    chain_id: u64,
    final_to: u64,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql!(all conn, (OrderId,),
        "SELECT id FROM orders WHERE chain_id = $1 AND (state = 'confirming'
            OR state = 'submitted' AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.subject = orders.id AND j.attempts > $2)
            OR state IN ('paid', 'refunded') AND NOT is_final AND (
                EXISTS (SELECT 1 FROM payments p WHERE p.order_id = orders.id AND p.standing = 'accepted' AND p.block_number <= $3)
                OR EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = orders.id AND r.block_number <= $3)))
         ORDER BY created_at LIMIT 1000", chain_id.cast_signed(), EAGER_ATTEMPTS, final_to.cast_signed())?;
    // Whatever state the order is in: what was seen to pay it, and nobody could judge yet.
    let unjudged = sql!(all conn, (OrderId,),
        "SELECT DISTINCT order_id FROM payments WHERE standing = 'review' AND setback IS NULL AND order_id IS NOT NULL
            AND chain_id = $1 LIMIT 1000", chain_id.cast_signed())?;
    let mut orders: Vec<OrderId> = rows.into_iter().map(|(id,)| id).collect();
    for (id,) in unjudged {
        if !orders.contains(&id) {
            orders.push(id);
        }
    }
    Ok(orders)
}

pub(super) async fn insert_order(conn: &mut Conn, order: &OrderRecord) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO orders (id, user_id, course_id, tier_id, tier_number, tier_name, level, chain_id, market, listing,
            token, price, beneficiary, state, setback, confirmations, is_final, created_at, expires_at, paid_at, revision,
            fiat_currency, fiat_amount)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, 0, $15, $16, $17, NULL, 1, $18, $19)",
        order.id, order.user, order.course, order.tier, i64::from(order.tier_number), &order.tier_name,
        i64::from(order.level), order.chain_id.cast_signed(), order.market.to_string(), order.listing.cast_signed(),
        order.token.to_string(), order.price.to_string(), order.beneficiary.to_string(), order.state.word(),
        false, order.created_at, order.expires_at, order.fiat.map(|sum| sum.currency.word()),
        order.fiat.map(|sum| sum.amount.cast_signed()))?;
    Ok(())
}

/// Writes an order's changing part.
pub(super) async fn update_order(conn: &mut Conn, order: &OrderRecord) -> Result<(), StoreError> {
    sql!(run conn,
        "UPDATE orders SET state = $1, setback = $2, confirmations = $3, is_final = $4, paid_at = $5, before_refund = $6, wallet_reference = $7,
            revision = revision + 1
         WHERE id = $8",
        order.state.word(), order.setback.map(Setback::word), i64::from(order.confirmations), order.is_final, order.paid_at,
        order.before_refund.map(OrderState::word), order.awaited().map(ToString::to_string), order.id)?;
    Ok(())
}

/// A transaction that someone named for an order, or that the follower saw with its id.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub hash: TxHash,
    pub sender: Option<Address>,
    pub nonce: Option<u64>,
    pub created_at: Time,
}

/// Forgets which transactions were named for an order.
pub(super) async fn forget_submissions(conn: &mut Conn, order: OrderId) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM submissions WHERE order_id = $1", order)?;
    Ok(())
}

pub(super) async fn submissions(conn: &mut Conn, order: OrderId) -> Result<Vec<Submission>, StoreError> {
    let rows = sql!(all conn, (String, Option<String>, Option<i64>, Time),
        "SELECT tx_hash, sender, nonce, created_at FROM submissions WHERE order_id = $1 ORDER BY created_at, tx_hash", order)?;
    rows.into_iter()
        .map(|(hash, sender, nonce, created_at)| {
            Ok(Submission {
                hash: parse("a hash", &hash)?,
                sender: sender.as_deref().map(parse_address).transpose()?,
                nonce: nonce.map(|nonce| unsigned("a nonce", nonce)).transpose()?,
                created_at,
            })
        })
        .collect()
}

/// Whether it was new.
pub(super) async fn insert_submission(
    conn: &mut Conn,
    order: OrderId,
    hash: TxHash,
    now: Time,
) -> Result<bool, StoreError> {
    let rows = sql!(run conn,
        "INSERT INTO submissions (order_id, tx_hash, sender, nonce, created_at) VALUES ($1, $2, NULL, NULL, $3)
         ON CONFLICT (order_id, tx_hash) DO NOTHING", order, hash.to_string(), now)?;
    Ok(rows == 1)
}

pub(super) async fn learn_sender(
    conn: &mut Conn,
    order: OrderId,
    hash: TxHash,
    sender: Address,
    nonce: u64,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE submissions SET sender = $1, nonce = $2 WHERE order_id = $3 AND tx_hash = $4",
        sender.to_string(), nonce.cast_signed(), order, hash.to_string())?;
    Ok(())
}

/// The markets where orders are under way, not final, or can still be given back, and how many.
pub(super) async fn markets_in_use(
    conn: &mut Conn,
    now: Time,
) -> Result<Vec<(u64, Address, u64)>, StoreError> {
    let rows = sql!(all conn, (i64, String, i64),
        concat!("SELECT chain_id, market, COUNT(*) FROM orders o
         WHERE state IN ('submitted', 'confirming') OR state IN ('paid', 'refunded') AND NOT is_final
            OR state = 'open' AND expires_at > $1
            OR EXISTS (SELECT 1 FROM payments p WHERE ", held!(), " AND p.refundable_until > $1)
         GROUP BY chain_id, market ORDER BY chain_id, market"), now)?;
    rows.into_iter()
        .map(|(chain_id, market, orders)| {
            Ok((unsigned("a chain id", chain_id)?, parse_address(&market)?, unsigned("a count", orders)?))
        })
        .collect()
}
