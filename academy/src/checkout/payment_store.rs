//! SQL of payments, and of what is told of them.

use super::{
    model::Setback,
    quote::seconds,
    rows::Standing,
    store::{OrderRecord, parse, unsigned},
    verify::Found,
};
use crate::{
    accounts::parse_address,
    chain::{Bought, Hold},
    evm::{Address, BlockHash, TxHash},
    ids::{OrderId, PaymentId},
    price::Cents,
    store::{Conn, StoreError, sql},
    time::Time,
};

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
    is_final: bool,
    fiat_amount: Option<i64>,
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
    /// It was accepted there, where it can no longer be undone.
    pub is_final: bool,
    /// What it was worth is kept.
    pub has_worth: bool,
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
            is_final: self.is_final,
            has_worth: self.fiat_amount.is_some(),
        })
    }
}

macro_rules! payment {
    () => {
        "SELECT id, tx_hash, log_index, block_number, block_hash, order_id, standing, setback, is_final, fiat_amount
         FROM payments "
    };
}

/// It waits for a person: to be decided about, or to be paid back.
macro_rules! waits {
    () => {
        "(standing = 'review' AND setback IS NOT NULL OR standing = 'dismissed' AND setback = 'to_refund')"
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

/// Of the payments that name an order and do not pay it, the last that waits for a person; where none does, the
/// last that one decided about: its hash, and why, or what was decided.
pub(super) async fn unpaying(
    conn: &mut Conn,
    order: OrderId,
) -> Result<Option<(TxHash, Setback)>, StoreError> {
    let row = sql!(opt conn, (String, String),
        "SELECT tx_hash, setback FROM payments WHERE (named_order = $1 OR order_id = $1)
            AND standing IN ('review', 'dismissed') AND setback IS NOT NULL
         ORDER BY CASE standing WHEN 'review' THEN 0 ELSE 1 END, seen_at DESC, id DESC LIMIT 1", order)?;
    row.map(|(hash, word)| Ok((parse("a hash", &hash)?, parse("a setback", &word)?))).transpose()
}

/// Of the payments that bought once more what an order had paid, the last that waits for a person; where none does,
/// what was decided about the last.
pub(super) async fn paid_again(conn: &mut Conn, order: OrderId) -> Result<Option<Setback>, StoreError> {
    let row = sql!(opt conn, (String,),
        "SELECT p.setback FROM payments p JOIN orders o ON o.id = p.order_id
         WHERE o.id = $1 AND p.standing IN ('review', 'dismissed') AND p.setback IN ('paid_twice', 'to_refund', 'paid_back', 'dismissed')
            AND p.market = o.market AND p.listing = o.listing AND p.tier_number = o.tier_number AND p.token = o.token
            AND p.beneficiary = o.beneficiary
         ORDER BY CASE p.standing WHEN 'review' THEN 0 ELSE 1 END, p.seen_at DESC, p.id DESC LIMIT 1", order)?;
    row.map(|(word,)| parse("a setback", &word)).transpose()
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

/// What a payment bought, as the contract keeps it, and on which chain.
pub(super) async fn bought(conn: &mut Conn, id: PaymentId) -> Result<(u64, Bought), StoreError> {
    let (chain_id, market, listing, tier, beneficiary, token) = sql!(one conn,
        (i64, String, i64, i64, String, String),
        "SELECT chain_id, market, listing, tier_number, beneficiary, token FROM payments WHERE id = $1", id)?;
    let bought = Bought {
        market: parse_address(&market)?,
        listing: unsigned("a listing", listing)?,
        tier: unsigned("a tier", tier)?,
        beneficiary: parse_address(&beneficiary)?,
        token: parse_address(&token)?,
    };
    Ok((unsigned("a chain", chain_id)?, bought))
}

/// Until when the contract holds a payment, if it does. `None`: nobody has read yet what its transaction says of that.
pub(super) async fn held_until(conn: &mut Conn, id: PaymentId) -> Result<Option<Option<Time>>, StoreError> {
    let (mined_at, until) = sql!(one conn, (Option<Time>, Option<Time>),
        "SELECT mined_at, refundable_until FROM payments WHERE id = $1", id)?;
    Ok(mined_at.map(|_| until))
}

/// A payment as the chain showed it when it was written down.
pub(super) async fn found(conn: &mut Conn, payment: &PaymentRecord) -> Result<Found, StoreError> {
    let (amount, payer, payee, fee, until, mined_at, seen_at) = sql!(one conn,
        (String, Option<String>, Option<String>, Option<String>, Option<Time>, Option<Time>, Time),
        "SELECT amount, payer, payee, fee, refundable_until, mined_at, seen_at FROM payments WHERE id = $1",
        payment.id)?;
    Ok(Found {
        transaction: payment.hash,
        log_index: payment.log_index,
        block_number: payment.block_number,
        block_hash: payment.block_hash,
        block_time: seconds(mined_at.unwrap_or(seen_at)),
        amount: parse("an amount", &amount)?,
        hold: hold(payer, payee, fee, until)?.map(Box::new),
    })
}

/// How the contract holds a payment, from its columns.
pub(super) fn hold(
    payer: Option<String>,
    payee: Option<String>,
    fee: Option<String>,
    until: Option<Time>,
) -> Result<Option<Hold>, StoreError> {
    let (Some(payer), Some(payee), Some(fee), Some(until)) = (payer, payee, fee, until) else {
        return Ok(None);
    };
    Ok(Some(Hold {
        payer: parse_address(&payer)?,
        payee: parse_address(&payee)?,
        fee: parse("an amount", &fee)?,
        until: seconds(until),
    }))
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

/// What settling says of a payment.
#[derive(Clone, Copy)]
pub(super) enum Written {
    /// It pays its order.
    Accepted {
        /// In a block that can no longer be replaced.
        is_final: bool,
    },
    /// A person must look at it.
    Review(Setback),
}

/// Writes down that a payment is an order's, and that it counts, or why not. What stood at that place before, for
/// another order or dismissed, stands elsewhere since a reorg: the chain names this one.
pub(super) async fn put_payment(
    conn: &mut Conn,
    id: PaymentId,
    order: &OrderRecord,
    found: &Found,
    written: Written,
    now: Time,
) -> Result<(), StoreError> {
    let (standing, setback, is_final) = match written {
        Written::Accepted { is_final } => (Standing::Accepted, None, is_final),
        Written::Review(setback) => (Standing::Review, Some(setback), false),
    };
    sql!(run conn,
        "INSERT INTO payments (id, chain_id, tx_hash, log_index, market, block_number, block_hash, order_id, beneficiary,
            listing, tier_number, token, amount, standing, setback, seen_at, payer, payee, fee, refundable_until,
            mined_at, is_final)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
         ON CONFLICT (chain_id, tx_hash, log_index) DO UPDATE
            SET block_number = excluded.block_number, block_hash = excluded.block_hash,
                order_id = excluded.order_id, beneficiary = excluded.beneficiary, listing = excluded.listing,
                tier_number = excluded.tier_number, token = excluded.token, amount = excluded.amount,
                standing = excluded.standing, setback = excluded.setback, payer = excluded.payer, payee = excluded.payee,
                fee = excluded.fee, refundable_until = excluded.refundable_until, mined_at = excluded.mined_at,
                is_final = excluded.is_final",
        id, order.chain_id.cast_signed(), found.transaction.to_string(), found.log_index.cast_signed(),
        order.market.to_string(), found.block_number.cast_signed(), found.block_hash.to_string(), order.id,
        order.beneficiary.to_string(), order.listing.cast_signed(), i64::from(order.tier_number),
        order.token.to_string(), found.amount.to_string(), standing.word(), setback.map(Setback::word), now,
        found.hold.as_ref().map(|hold| hold.payer.to_string()), found.hold.as_ref().map(|hold| hold.payee.to_string()),
        found.hold.as_ref().map(|hold| hold.fee.to_string()), found.hold.as_ref().map(|hold| Time::of_seconds(hold.until)), Time::of_seconds(found.block_time),
        is_final)?;
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
        "SELECT id, setback, tx_hash, log_index, COALESCE(order_id, named_order) AS order_id, beneficiary, token, amount FROM payments
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

/// More was paid than was due, for good, and no person has said what became of the rest.
macro_rules! surplus {
    ($payment:literal) => {
        concat!(
            $payment,
            ".standing = 'accepted' AND ",
            $payment,
            ".is_final AND ",
            $payment,
            ".surplus_ruled IS DISTINCT FROM ",
            $payment,
            // Amounts are decimal numbers without leading zeros.
            ".amount AND (LENGTH(",
            $payment,
            ".amount), ",
            $payment,
            ".amount) > (LENGTH(o.price), o.price)"
        )
    };
}
pub(super) use surplus;

/// Notes that a person was told of an accepted payment's surplus. The payment, if nobody was told before.
pub(super) async fn mark_surplus_told(
    conn: &mut Conn,
    chain_id: u64,
    found: &Found,
) -> Result<Option<PaymentId>, StoreError> {
    let row = sql!(opt conn, (PaymentId,),
        "UPDATE payments SET told = 'overpaid'
         WHERE chain_id = $1 AND tx_hash = $2 AND log_index = $3 AND told IS DISTINCT FROM 'overpaid' RETURNING id",
        chain_id.cast_signed(), found.transaction.to_string(), found.log_index.cast_signed())?;
    Ok(row.map(|(id,)| id))
}

/// Keeps that a person decided about a payment's surplus. Whether there was one to decide about.
pub(super) async fn rule_surplus(conn: &mut Conn, id: PaymentId) -> Result<bool, StoreError> {
    let ruled = sql!(run conn, concat!(
        "UPDATE payments SET surplus_ruled = amount WHERE id = $1
            AND EXISTS (SELECT 1 FROM orders o WHERE o.id = payments.order_id AND ", surplus!("payments"), ")"), id)?;
    Ok(ruled == 1)
}

/// Payments that wait for a person who can't be told yet who sent them, or when: their blocks and hashes.
pub(super) async fn without_facts(
    conn: &mut Conn,
    chain_id: u64,
    limit: usize,
) -> Result<Vec<PaymentRecord>, StoreError> {
    let rows = sql!(all conn, PaymentRow, concat!(payment!(),
        "WHERE chain_id = $1 AND ", waits!(), " AND mined_at IS NULL
         ORDER BY seen_at DESC, id LIMIT $2"), chain_id.cast_signed(), i64::try_from(limit).unwrap_or(i64::MAX))?;
    rows.into_iter().map(PaymentRow::record).collect()
}

/// Keeps when a payment's block was made, who sent it, where a node told, and how the contract holds it, if it is
/// still in that block.
pub(super) async fn learn_facts(
    conn: &mut Conn,
    payment: &PaymentRecord,
    mined_at: Time,
    sender: Option<Address>,
    hold: Option<&Hold>,
) -> Result<(), StoreError> {
    sql!(run conn,
        "UPDATE payments SET sender = COALESCE($1, sender), mined_at = $2, payer = $3, payee = $4, fee = $5, refundable_until = $6
         WHERE id = $7 AND block_hash = $8",
        sender.map(|sender| sender.to_string()), mined_at, hold.map(|hold| hold.payer.to_string()),
        hold.map(|hold| hold.payee.to_string()), hold.map(|hold| hold.fee.to_string()),
        hold.map(|hold| Time::of_seconds(hold.until)), payment.id, payment.block_hash.to_string())?;
    Ok(())
}

/// Keeps that the block of a payment that waits for a person was replaced; what was decided of it stays.
pub(super) async fn set_replaced(conn: &mut Conn, payment: &PaymentRecord) -> Result<(), StoreError> {
    sql!(run conn, concat!("UPDATE payments SET standing = 'orphaned' WHERE id = $1 AND block_hash = $2 AND ", waits!()),
        payment.id, payment.block_hash.to_string())?;
    Ok(())
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

/// When payments that wait for a person were mined, in blocks that may have been replaced: it is asked again.
pub(super) async fn forget_facts_above(
    conn: &mut Conn,
    chain_id: u64,
    height: u64,
) -> Result<(), StoreError> {
    sql!(run conn, concat!("UPDATE payments SET mined_at = NULL WHERE chain_id = $1 AND block_number > $2 AND ", waits!()),
        chain_id.cast_signed(), height.cast_signed())?;
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
