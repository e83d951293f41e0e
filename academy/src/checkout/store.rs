//! SQL of checkout.

use super::{
    model::{OrderState, Setback},
    rows::Standing,
    verify::Found,
};
use crate::{
    accounts::parse_address,
    chain::Hold,
    evm::{Address, BlockHash, TxHash},
    ids::{CourseId, OrderId, PaymentId, TierId, UserId},
    money::Wei,
    price::Cents,
    store::{Conn, StoreError, sql},
    time::Time,
};

pub(super) fn corrupt(what: &'static str, value: impl ToString) -> StoreError {
    StoreError::Corrupt { what, value: value.to_string() }
}

pub(super) fn parse<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| corrupt(what, text))
}

pub(super) fn unsigned<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| corrupt(what, value))
}

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
            revision: self.revision,
        })
    }
}

macro_rules! order {
    () => {
        "SELECT id, user_id, course_id, tier_id, tier_number, tier_name, level, chain_id, market, listing, token,
            price, fiat_currency, fiat_amount, beneficiary, state, setback, confirmations, is_final, created_at, expires_at, paid_at, before_refund, revision
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

/// Whether another order of the same person opened the course, as far as this one would.
pub(super) async fn bought_otherwise(conn: &mut Conn, order: &OrderRecord) -> Result<bool, StoreError> {
    let row = sql!(opt conn, (OrderId,),
        "SELECT id FROM orders WHERE user_id = $1 AND course_id = $2 AND id <> $3 AND level >= $4
            AND state IN ('paid', 'confirming') LIMIT 1",
        order.user, order.course, order.id, i64::from(order.level))?;
    Ok(row.is_some())
}

/// Orders whose end a chain has not decided yet, oldest first.
pub(super) async fn unsettled(conn: &mut Conn, chain_id: u64) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql!(all conn, (OrderId,),
        "SELECT id FROM orders WHERE (state IN ('submitted', 'confirming')
            OR (state IN ('paid', 'refunded') AND NOT is_final)) AND chain_id = $1
         ORDER BY created_at LIMIT 1000", chain_id.cast_signed())?;
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
        "UPDATE orders SET state = $1, setback = $2, confirmations = $3, is_final = $4, paid_at = $5, before_refund = $6, revision = revision + 1
         WHERE id = $7",
        order.state.word(), order.setback.map(Setback::word), i64::from(order.confirmations), order.is_final, order.paid_at,
        order.before_refund.map(OrderState::word), order.id)?;
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

#[derive(sqlx::FromRow)]
struct PaymentRow {
    id: PaymentId,
    tx_hash: String,
    log_index: i64,
    block_number: i64,
    block_hash: String,
    order_id: Option<OrderId>,
    standing: String,
    setback: Option<String>,
}

/// A payment as it is kept, as far as settling needs it.
#[derive(Clone, Debug)]
pub(super) struct PaymentRecord {
    pub id: PaymentId,
    pub hash: TxHash,
    pub log_index: u64,
    pub block_number: u64,
    pub block_hash: BlockHash,
    pub order: Option<OrderId>,
    pub standing: Standing,
    pub setback: Option<Setback>,
}

impl PaymentRecord {
    /// Whether it is kept as accepted just where it was found.
    pub fn is_accepted_at(&self, found: &Found) -> bool {
        self.standing == Standing::Accepted
            && (self.hash, self.log_index, self.block_hash)
                == (found.transaction, found.log_index, found.block_hash)
    }
}

impl PaymentRow {
    fn record(self) -> Result<PaymentRecord, StoreError> {
        Ok(PaymentRecord {
            id: self.id,
            hash: parse("a hash", &self.tx_hash)?,
            log_index: unsigned("a log's index", self.log_index)?,
            block_number: unsigned("a block", self.block_number)?,
            block_hash: parse("a hash", &self.block_hash)?,
            order: self.order_id,
            standing: parse("a payment's standing", &self.standing)?,
            setback: self.setback.as_deref().map(|word| parse("a setback", word)).transpose()?,
        })
    }
}

macro_rules! payment {
    () => {
        "SELECT id, tx_hash, log_index, block_number, block_hash, order_id, standing, setback FROM payments "
    };
}

pub(super) async fn payment(conn: &mut Conn, id: PaymentId) -> Result<Option<PaymentRecord>, StoreError> {
    let row = sql!(opt conn, PaymentRow, concat!(payment!(), "WHERE id = $1"), id)?;
    row.map(PaymentRow::record).transpose()
}

/// As [`payment`], and nobody else changes it until this transaction ends.
pub(super) async fn lock_payment(
    conn: &mut Conn,
    id: PaymentId,
) -> Result<Option<PaymentRecord>, StoreError> {
    sql!(run conn, "UPDATE payments SET standing = standing WHERE id = $1", id)?;
    payment(conn, id).await
}

pub(super) async fn payments_of(conn: &mut Conn, order: OrderId) -> Result<Vec<PaymentRecord>, StoreError> {
    let rows = sql!(all conn, PaymentRow,
        concat!(payment!(), "WHERE order_id = $1 ORDER BY seen_at, id"), order)?;
    rows.into_iter().map(PaymentRow::record).collect()
}

pub(super) async fn payments_in(
    conn: &mut Conn,
    chain_id: u64,
    hash: TxHash,
) -> Result<Vec<PaymentRecord>, StoreError> {
    let rows = sql!(all conn, PaymentRow,
        concat!(payment!(), "WHERE chain_id = $1 AND tx_hash = $2"),
        chain_id.cast_signed(), hash.to_string())?;
    rows.into_iter().map(PaymentRow::record).collect()
}

/// Orders whose payments or refunds sit above a height: a reorg may have undone them.
pub(super) async fn decided_above(
    conn: &mut Conn,
    chain_id: u64,
    height: u64,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = sql!(all conn, (OrderId,),
        "SELECT o.id FROM orders o WHERE NOT o.is_final AND (EXISTS
            (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.chain_id = $1 AND p.block_number > $2)
            OR EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.chain_id = $1 AND r.block_number > $2))",
        chain_id.cast_signed(), height.cast_signed())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// When a hold ends, in milliseconds.
fn end_of(hold: &Hold) -> Time {
    millis(hold.until)
}

/// A chain's seconds as we count.
fn millis(seconds: u64) -> Time {
    Time(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
}

/// Keeps what a payment was worth when it was first accepted.
pub(super) async fn put_worth(
    conn: &mut Conn,
    chain_id: u64,
    found: &Found,
    worth: Cents,
) -> Result<(), StoreError> {
    sql!(run conn,
        "UPDATE payments SET fiat_currency = $1, fiat_amount = $2
         WHERE chain_id = $3 AND tx_hash = $4 AND log_index = $5 AND fiat_amount IS NULL",
        worth.currency.word(), worth.amount.cast_signed(), chain_id.cast_signed(), found.transaction.to_string(),
        found.log_index.cast_signed())?;
    Ok(())
}

/// Writes down that a payment is an order's, and how it stands. What stood at that place before, for
/// another order or dismissed, stands elsewhere since a reorg: the chain names this one.
pub(super) async fn put_payment(
    conn: &mut Conn,
    id: PaymentId,
    order: &OrderRecord,
    found: &Found,
    standing: Standing,
    setback: Option<Setback>,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO payments (id, chain_id, tx_hash, log_index, market, block_number, block_hash, order_id, beneficiary,
            listing, tier_number, token, amount, standing, setback, seen_at, payer, payee, fee, refundable_until,
            mined_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         ON CONFLICT (chain_id, tx_hash, log_index) DO UPDATE
            SET block_number = excluded.block_number, block_hash = excluded.block_hash,
                order_id = excluded.order_id, beneficiary = excluded.beneficiary, listing = excluded.listing,
                tier_number = excluded.tier_number, token = excluded.token, amount = excluded.amount,
                standing = excluded.standing, setback = excluded.setback, payer = excluded.payer, payee = excluded.payee,
                fee = excluded.fee, refundable_until = excluded.refundable_until, mined_at = excluded.mined_at",
        id, order.chain_id.cast_signed(), found.transaction.to_string(), found.log_index.cast_signed(),
        order.market.to_string(), found.block_number.cast_signed(), found.block_hash.to_string(), order.id,
        order.beneficiary.to_string(), order.listing.cast_signed(), i64::from(order.tier_number),
        order.token.to_string(), found.amount.to_string(), standing.word(), setback.map(Setback::word), now,
        found.hold.as_ref().map(|hold| hold.payer.to_string()), found.hold.as_ref().map(|hold| hold.payee.to_string()),
        found.hold.as_ref().map(|hold| hold.fee.to_string()), found.hold.as_deref().map(end_of), millis(found.block_time))?;
    Ok(())
}

/// A payment that needs a person, which nobody was told of, or for another reason.
#[derive(sqlx::FromRow)]
pub(super) struct Untold {
    pub id: PaymentId,
    pub setback: String,
    pub tx_hash: String,
    pub log_index: i64,
    pub order_id: Option<OrderId>,
    pub beneficiary: String,
    pub token: String,
    pub amount: String,
}

pub(super) async fn untold(conn: &mut Conn, chain_id: u64) -> Result<Vec<Untold>, StoreError> {
    sql!(all conn, Untold,
        "SELECT id, setback, tx_hash, log_index, order_id, beneficiary, token, amount FROM payments
         WHERE chain_id = $1 AND standing = 'review' AND setback IS NOT NULL AND told IS DISTINCT FROM setback
         ORDER BY seen_at, id LIMIT 100", chain_id.cast_signed())
}

/// Whether it still is to be told of, which now nobody else does.
pub(super) async fn mark_told(conn: &mut Conn, payment: &Untold) -> Result<bool, StoreError> {
    let marked = sql!(run conn,
        "UPDATE payments SET told = setback
         WHERE id = $1 AND standing = 'review' AND setback = $2 AND told IS DISTINCT FROM setback",
        payment.id, &payment.setback)?;
    Ok(marked == 1)
}

/// Changes how an order's payment stands, if it is still that order's.
pub(super) async fn set_standing(
    conn: &mut Conn,
    id: PaymentId,
    order: Option<OrderId>,
    standing: Standing,
    setback: Option<Setback>,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE payments SET standing = $1, setback = $2 WHERE id = $3 AND order_id IS NOT DISTINCT FROM $4",
        standing.word(), setback.map(Setback::word), id, order)?;
    Ok(())
}

/// Payouts in blocks that may have been replaced; the rescan brings back those that were not.
pub(super) async fn forget_payouts_above(
    conn: &mut Conn,
    chain_id: u64,
    height: u64,
) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM payouts WHERE chain_id = $1 AND block_number > $2", chain_id.cast_signed(), height.cast_signed())?;
    Ok(())
}
