//! SQL of how far each chain was followed: cursors, and the blocks that were passed.

use super::store::{parse, unsigned};
use crate::{
    chain::BlockRef,
    evm::{Address, BlockHash},
    store::{Conn, StoreError, sql},
    time::Time,
};

/// Where the follower is: the next block to read, and when it last took a step.
pub(super) async fn cursor(
    conn: &mut Conn,
    chain_id: u64,
    market: Address,
) -> Result<Option<(u64, Time)>, StoreError> {
    let row = sql!(opt conn, (i64, Time), "SELECT next_block, seen_at FROM chain_cursors WHERE chain_id = $1 AND market = $2",
        chain_id.cast_signed(), market.to_string())?;
    row.map(|(next, seen)| Ok((unsigned("a block", next)?, seen))).transpose()
}

pub(super) async fn put_cursor(
    conn: &mut Conn,
    chain_id: u64,
    market: Address,
    next: u64,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO chain_cursors (chain_id, market, next_block, seen_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (chain_id, market) DO UPDATE SET next_block = excluded.next_block, seen_at = excluded.seen_at",
        chain_id.cast_signed(), market.to_string(), next.cast_signed(), now)?;
    Ok(())
}

/// Nobody else moves the cursor, or keeps events, until this transaction ends.
pub(super) async fn lock_cursor(conn: &mut Conn, chain_id: u64, market: Address) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE chain_cursors SET next_block = next_block WHERE chain_id = $1 AND market = $2",
        chain_id.cast_signed(), market.to_string())?;
    Ok(())
}

/// The blocks that the follower has passed, newest first.
pub(super) async fn known_blocks(
    conn: &mut Conn,
    chain_id: u64,
) -> Result<Vec<(u64, BlockHash)>, StoreError> {
    let rows = sql!(all conn, (i64, String), "SELECT number, hash FROM chain_blocks WHERE chain_id = $1 ORDER BY number DESC", chain_id.cast_signed())?;
    rows.into_iter()
        .map(|(number, hash)| Ok((unsigned("a block", number)?, parse("a hash", &hash)?)))
        .collect()
}

pub(super) async fn put_block(conn: &mut Conn, chain_id: u64, block: &BlockRef) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO chain_blocks (chain_id, number, hash) VALUES ($1, $2, $3)
         ON CONFLICT (chain_id, number) DO UPDATE SET hash = excluded.hash",
        chain_id.cast_signed(), block.number.cast_signed(), block.hash.to_string())?;
    Ok(())
}

/// The blocks above a height were replaced.
pub(super) async fn forget_blocks_above(
    conn: &mut Conn,
    chain_id: u64,
    height: u64,
) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM chain_blocks WHERE chain_id = $1 AND number > $2", chain_id.cast_signed(), height.cast_signed())?;
    Ok(())
}

/// No reorg reaches below this height. The newest block that is not above it stays known, so that one
/// that reaches just so far is seen for what it is.
pub(super) async fn forget_blocks_below(
    conn: &mut Conn,
    chain_id: u64,
    height: u64,
) -> Result<(), StoreError> {
    sql!(run conn,
        "DELETE FROM chain_blocks WHERE chain_id = $1 AND number <
            (SELECT MAX(number) FROM chain_blocks WHERE chain_id = $1 AND number <= $2)",
        chain_id.cast_signed(), height.cast_signed())?;
    Ok(())
}
