//! SQL of how far each chain was followed: cursors, and the blocks that were passed.

use std::ops::Range;

use super::{
    network::{Deployment, Policy},
    store::{parse, unsigned},
};
use crate::{
    chain::BlockRef,
    evm::BlockHash,
    store::{Conn, StoreError, sql},
    time::Time,
};

/// Where the follower is: the next block to read, and when it last took a step. A market that it has not
/// followed yet takes it back to where that one begins.
pub(super) async fn cursor(conn: &mut Conn, policy: &Policy) -> Result<Option<(u64, Time)>, StoreError> {
    let rows = sql!(all conn, (String, i64, Time), "SELECT market, next_block, seen_at FROM chain_cursors WHERE chain_id = $1",
        policy.chain_id.cast_signed())?;
    let (mut next, mut seen) = (u64::MAX, None);
    for Deployment { address, start_block } in policy.markets() {
        let market = address.to_string();
        let row = rows.iter().find(|(known, ..)| *known == market);
        next = next.min(row.map_or(Ok(start_block), |(_, next, _)| unsigned("a block", *next))?);
        seen = seen.max(row.map(|(.., seen)| *seen));
    }
    Ok(seen.map(|seen| (next, seen)))
}

/// All of a chain's markets are read together.
pub(super) async fn put_cursor(
    conn: &mut Conn,
    policy: &Policy,
    next: u64,
    now: Time,
) -> Result<(), StoreError> {
    for market in policy.markets() {
        sql!(run conn,
            "INSERT INTO chain_cursors (chain_id, market, next_block, seen_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (chain_id, market) DO UPDATE SET next_block = excluded.next_block, seen_at = excluded.seen_at",
            policy.chain_id.cast_signed(), market.address.to_string(), next.cast_signed(), now)?;
    }
    Ok(())
}

/// The next block to read, if the chain was ever followed.
pub(super) async fn next_block(conn: &mut Conn, policy: &Policy) -> Result<Option<u64>, StoreError> {
    Ok(cursor(conn, policy).await?.map(|(next, _)| next))
}

/// Nobody else moves the chain's cursor, or keeps events, until this transaction ends. Where it stands: another
/// worker may have moved it since it was read.
pub(super) async fn lock_cursor(conn: &mut Conn, policy: &Policy) -> Result<Option<u64>, StoreError> {
    sql!(run conn, "UPDATE chain_cursors SET next_block = next_block WHERE chain_id = $1 AND market = $2",
        policy.chain_id.cast_signed(), policy.market.to_string())?;
    next_block(conn, policy).await
}

/// The first block that was not read since it is final.
pub(super) async fn next_final(conn: &mut Conn, policy: &Policy) -> Result<u64, StoreError> {
    let rows = sql!(all conn, (String, i64), "SELECT market, final_block FROM chain_cursors WHERE chain_id = $1",
        policy.chain_id.cast_signed())?;
    let mut next = u64::MAX;
    for Deployment { address, start_block } in policy.markets() {
        let market = address.to_string();
        let row = rows.iter().find(|(known, _)| *known == market);
        next = next.min(row.map_or(Ok(0), |(_, block)| unsigned("a block", *block))?.max(start_block));
    }
    Ok(next)
}

/// These blocks were read when they were final. Where others before them were not, they are read again with those.
pub(super) async fn pass_final(
    conn: &mut Conn,
    policy: &Policy,
    blocks: Range<u64>,
) -> Result<(), StoreError> {
    for Deployment { address, start_block } in policy.markets() {
        sql!(run conn,
            "UPDATE chain_cursors SET final_block = $1 WHERE chain_id = $2 AND market = $3 AND final_block < $1
                AND (final_block >= $4 OR $4 <= $5)",
            blocks.end.cast_signed(), policy.chain_id.cast_signed(), address.to_string(), blocks.start.cast_signed(),
            start_block.cast_signed())?;
    }
    Ok(())
}

/// Blocks above a height were replaced, though they were final by the site's rules: they are read again.
pub(super) async fn rewind_final(conn: &mut Conn, chain_id: u64, height: u64) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE chain_cursors SET final_block = $1 WHERE chain_id = $2 AND final_block > $1",
        height.saturating_add(1).cast_signed(), chain_id.cast_signed())?;
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

/// The newest block that the follower has passed.
pub(super) async fn newest_block(
    conn: &mut Conn,
    chain_id: u64,
) -> Result<Option<(u64, BlockHash)>, StoreError> {
    let row = sql!(opt conn, (i64, String), "SELECT number, hash FROM chain_blocks WHERE chain_id = $1 ORDER BY number DESC LIMIT 1", chain_id.cast_signed())?;
    row.map(|(number, hash)| Ok((unsigned("a block", number)?, parse("a hash", &hash)?))).transpose()
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
