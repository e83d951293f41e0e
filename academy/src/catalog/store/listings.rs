//! SQL of what the chain says is listed.

use super::wei;
use crate::{
    catalog::sale::{ListedTier, Listing},
    chain::Log,
    evm::Address,
    ids::CourseId,
    store::{Conn, StoreError, sql, unsigned},
};

#[derive(sqlx::FromRow)]
struct ListingRow {
    chain_id: i64,
    market: String,
    number: i64,
    lister: String,
    payee: String,
    refund_days: i64,
}

/// A course's listings, at most one for a chain.
pub(in crate::catalog) async fn listings(
    conn: &mut Conn,
    course: CourseId,
) -> Result<Vec<Listing>, StoreError> {
    let rows = sql!(all conn, ListingRow,
        "SELECT chain_id, market, number, lister, payee, refund_days FROM listings WHERE course_id = $1", course)?;
    let tiers = sql!(all conn, (i64, i64, String, bool),
        "SELECT chain_id, number, price, active FROM listed_tiers WHERE course_id = $1 ORDER BY number", course)?;
    let text = |address: &str| crate::accounts::parse_address(address).map(|a| a.checksummed());
    let listings = rows.into_iter().map(|row| {
        let there = tiers.iter().filter(|(chain_id, ..)| *chain_id == row.chain_id);
        let tiers = there.map(|(_, number, price, active)| {
            Ok(ListedTier {
                number: unsigned("a tier's number", *number)?,
                price: wei(price)?,
                active: *active,
            })
        });
        Ok(Listing {
            chain_id: unsigned("a chain id", row.chain_id)?,
            market: text(&row.market)?,
            number: unsigned("a listing's number", row.number)?,
            lister: text(&row.lister)?,
            payee: text(&row.payee)?,
            refund_days: unsigned("a window", row.refund_days)?,
            tiers: tiers.collect::<Result<_, StoreError>>()?,
        })
    });
    listings.collect()
}

/// The course of a listing.
pub(in crate::catalog) async fn listed(
    conn: &mut Conn,
    chain_id: u64,
    market: Address,
    number: u64,
) -> Result<Option<CourseId>, StoreError> {
    let row = sql!(opt conn, (CourseId,),
        "SELECT course_id FROM listings WHERE chain_id = $1 AND market = $2 AND number = $3",
        chain_id.cast_signed(), market.to_string(), number.cast_signed())?;
    Ok(row.map(|(course,)| course))
}

/// Whether a course is listed at that market.
pub(in crate::catalog) async fn is_listed_at(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    market: Address,
) -> Result<bool, StoreError> {
    let row = sql!(opt conn, (CourseId,),
        "SELECT course_id FROM listings WHERE course_id = $1 AND chain_id = $2 AND market = $3",
        course, chain_id.cast_signed(), market.to_string())?;
    Ok(row.is_some())
}

pub(in crate::catalog) async fn put_listing(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    log: &Log,
    number: u64,
    lister: Address,
    payee: Address,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO listings (course_id, chain_id, market, number, lister, payee, listed_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (course_id, chain_id) DO UPDATE SET market = excluded.market, number = excluded.number,
            lister = excluded.lister, payee = excluded.payee, listed_at = excluded.listed_at,
            refund_days = CASE WHEN listings.number = excluded.number AND listings.market = excluded.market
                THEN listings.refund_days ELSE 0 END",
        course, chain_id.cast_signed(), log.contract.to_string(), number.cast_signed(), lister.to_string(), payee.to_string(),
        log.block_number.cast_signed())?;
    Ok(())
}

/// Another listing's prices say nothing about a new one.
pub(in crate::catalog) async fn forget_listed_tiers(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
) -> Result<(), StoreError> {
    sql!(run conn, "DELETE FROM listed_tiers WHERE course_id = $1 AND chain_id = $2", course, chain_id.cast_signed())?;
    Ok(())
}

/// The chain no longer says that the course is listed there.
pub(in crate::catalog) async fn forget_listing(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
) -> Result<(), StoreError> {
    forget_listed_tiers(conn, course, chain_id).await?;
    sql!(run conn, "DELETE FROM listings WHERE course_id = $1 AND chain_id = $2", course, chain_id.cast_signed())?;
    Ok(())
}

pub(in crate::catalog) async fn put_listed_tier(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    tier: ListedTier,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO listed_tiers (course_id, chain_id, number, price, active) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (course_id, chain_id, number) DO UPDATE SET price = excluded.price, active = excluded.active",
        course, chain_id.cast_signed(), i64::from(tier.number), tier.price.to_string(), tier.active)?;
    Ok(())
}

pub(in crate::catalog) async fn set_payee(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    payee: Address,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE listings SET payee = $1 WHERE course_id = $2 AND chain_id = $3", payee.to_string(), course, chain_id.cast_signed())?;
    Ok(())
}

pub(in crate::catalog) async fn set_lister(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    lister: Address,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE listings SET lister = $1 WHERE course_id = $2 AND chain_id = $3", lister.to_string(), course, chain_id.cast_signed())?;
    Ok(())
}

pub(in crate::catalog) async fn set_window(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    days: u8,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE listings SET refund_days = $1 WHERE course_id = $2 AND chain_id = $3", i64::from(days), course, chain_id.cast_signed())?;
    Ok(())
}

/// Keeps the block of the newest event about a listing.
pub(in crate::catalog) async fn touch_listing(
    conn: &mut Conn,
    course: CourseId,
    chain_id: u64,
    block: u64,
) -> Result<(), StoreError> {
    sql!(run conn, "UPDATE listings SET changed_at = $1 WHERE course_id = $2 AND chain_id = $3", block.cast_signed(), course, chain_id.cast_signed())?;
    Ok(())
}

/// Listings that events above a height made or changed, and the block of the first event about each.
pub(in crate::catalog) async fn listings_above(
    conn: &mut Conn,
    chain_id: u64,
    height: u64,
) -> Result<Vec<(CourseId, u64)>, StoreError> {
    let rows = sql!(all conn, (CourseId, i64),
        "SELECT course_id, listed_at FROM listings WHERE chain_id = $1 AND changed_at > $2",
        chain_id.cast_signed(), height.cast_signed())?;
    rows.into_iter().map(|(course, block)| Ok((course, unsigned("a block", block)?))).collect()
}
