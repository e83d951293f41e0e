//! SQL of tokens that came to a market without a purchase.

use super::{
    network::{Deployment, Policy},
    rows::TransferState,
    store::{parse, unsigned},
    transfers::Stray,
};
use crate::{
    chain::Log,
    evm::{Address, TxHash},
    ids::{OrderId, TransferId},
    money::Wei,
    store::{Conn, StoreError, sql},
    time::Time,
};

/// The next block to read, and when that was last done. A market, or a token, that is new takes it back to where
/// the market begins.
pub(super) async fn cursor(
    conn: &mut Conn,
    policy: &Policy,
    tokens: &[Address],
) -> Result<(u64, Option<Time>), StoreError> {
    let rows = sql!(all conn, (String, String, i64, Time),
        "SELECT market, token, next_block, read_at FROM transfer_cursors WHERE chain_id = $1",
        policy.chain_id.cast_signed())?;
    let (mut next, mut read) = (u64::MAX, None);
    for Deployment { address, start_block } in policy.markets() {
        for token in tokens {
            let (market, token) = (address.to_string(), token.to_string());
            let row = rows.iter().find(|(known, of, ..)| (known, of) == (&market, &token));
            next = next.min(row.map_or(Ok(start_block), |(.., next, _)| unsigned("a block", *next))?);
            read = read.max(row.map(|(.., read)| *read));
        }
    }
    Ok((next, read))
}

pub(super) async fn put_cursor(
    conn: &mut Conn,
    policy: &Policy,
    tokens: &[Address],
    next: u64,
    now: Time,
) -> Result<(), StoreError> {
    for market in policy.markets() {
        for token in tokens {
            sql!(run conn,
                "INSERT INTO transfer_cursors (chain_id, market, token, next_block, read_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (chain_id, market, token) DO UPDATE SET next_block = excluded.next_block, read_at = excluded.read_at",
                policy.chain_id.cast_signed(), market.address.to_string(), token.to_string(), next.cast_signed(), now)?;
        }
    }
    Ok(())
}

/// Blocks above a height were replaced, though they were final by the site's rules: they are read again. What a
/// person said, or the market sent back, stays.
pub(super) async fn rewind(conn: &mut Conn, chain_id: u64, height: u64) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE transfer_cursors SET next_block = $1 WHERE chain_id = $2 AND next_block > $1",
        height.saturating_add(1).cast_signed(), chain_id.cast_signed())?;
    sql!(run conn, "DELETE FROM transfers WHERE chain_id = $1 AND block_number > $2 AND state = 'waiting'",
        chain_id.cast_signed(), height.cast_signed())?;
    Ok(())
}

/// The order that its sender most likely meant: the newest before it that nothing had paid, of the same currency.
pub(super) async fn order_meant(
    conn: &mut Conn,
    chain_id: u64,
    stray: &Stray,
    mined_at: Time,
) -> Result<Option<OrderId>, StoreError> {
    // Clocks differ.
    let ordered_to = mined_at.plus_minutes(1);
    let row = sql!(opt conn, (OrderId,),
        "SELECT id FROM orders WHERE chain_id = $1 AND market = $2 AND token = $3 AND beneficiary = $4 AND created_at <= $5
            AND (paid_at IS NULL OR paid_at > $6)
         ORDER BY created_at DESC, id LIMIT 1",
        chain_id.cast_signed(), stray.market.to_string(), stray.log.contract.to_string(), stray.from.to_string(), ordered_to, mined_at)?;
    Ok(row.map(|(id,)| id))
}

/// Writes down a transfer, once. Whether it is new.
pub(super) async fn put(
    conn: &mut Conn,
    id: TransferId,
    chain_id: u64,
    stray: &Stray,
    order: Option<OrderId>,
    mined_at: Time,
    now: Time,
) -> Result<bool, StoreError> {
    let Stray { log, from, market, amount } = stray;
    let written = sql!(run conn,
        "INSERT INTO transfers (id, chain_id, market, token, tx_hash, log_index, block_number, block_hash, sender, amount,
            order_id, state, mined_at, seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12, $13)
         ON CONFLICT (chain_id, tx_hash, log_index) DO NOTHING",
        id, chain_id.cast_signed(), market.to_string(), log.contract.to_string(), log.transaction.to_string(),
        log.index.cast_signed(), log.block_number.cast_signed(), log.block_hash.to_string(), from.to_string(),
        amount.to_string(), order, mined_at, now)?;
    Ok(written == 1)
}

/// The market sent so much of a token to someone: that was the oldest of their transfers of that sum which waits, and
/// had come by then.
pub(super) async fn put_return(
    conn: &mut Conn,
    chain_id: u64,
    log: &Log,
    token: Address,
    to: Address,
    amount: Wei,
) -> Result<(), StoreError> {
    sql!(run conn,
        "UPDATE transfers SET state = 'returned', returned_hash = $1, returned_index = $2
         WHERE id = (SELECT id FROM transfers
                WHERE chain_id = $3 AND market = $4 AND token = $5 AND sender = $6 AND amount = $7 AND state = 'waiting'
                    AND (block_number, log_index) < ($8, $9)
                ORDER BY block_number, log_index LIMIT 1)
            AND NOT EXISTS (SELECT 1 FROM transfers WHERE chain_id = $3 AND returned_hash = $1 AND returned_index = $2)",
        log.transaction.to_string(), log.index.cast_signed(), chain_id.cast_signed(), log.contract.to_string(),
        token.to_string(), to.to_string(), amount.to_string(), log.block_number.cast_signed(), log.index.cast_signed())?;
    Ok(())
}

/// A transfer's block and log, and where the market sent it back, if it is known to have gone.
pub(super) type Alike = ((u64, u64), Option<(TxHash, u64)>);

/// The transfers of the same sender and sum that went back, or wait: of these, those up to this one. The oldest first.
pub(super) async fn alike(conn: &mut Conn, id: TransferId) -> Result<Vec<Alike>, StoreError> {
    let rows = sql!(all conn, (i64, i64, Option<String>, Option<i64>),
        "SELECT t.block_number, t.log_index, t.returned_hash, t.returned_index FROM transfers t JOIN transfers this ON this.id = $1
         WHERE t.chain_id = this.chain_id AND t.market = this.market AND t.token = this.token AND t.sender = this.sender
            AND t.amount = this.amount AND (t.state = 'returned'
                OR t.state = 'waiting' AND (t.block_number, t.log_index) <= (this.block_number, this.log_index))
         ORDER BY t.block_number, t.log_index", id)?;
    let alike = rows.into_iter().map(|(block, index, hash, returned)| {
        let back = match hash.zip(returned) {
            Some((hash, index)) => Some((parse("a hash", &hash)?, unsigned("an index", index)?)),
            None => None,
        };
        Ok(((unsigned("a block", block)?, unsigned("an index", index)?), back))
    });
    alike.collect()
}

/// Whether it waited, and now does no more.
pub(super) async fn dismiss(conn: &mut Conn, id: TransferId) -> Result<bool, StoreError> {
    let dismissed = sql!(run conn,
        "UPDATE transfers SET state = $1 WHERE id = $2 AND state = $3",
        TransferState::Dismissed.word(), id, TransferState::Waiting.word())?;
    Ok(dismissed == 1)
}
