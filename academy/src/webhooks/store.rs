//! SQL of events and their deliveries.

use super::model::EndpointState;
use crate::{
    store::{Conn, StoreError, sql},
    time::Time,
};

/// The next number: nobody else gets one until this transaction ends.
pub(super) async fn next_sequence(conn: &mut Conn) -> Result<i64, StoreError> {
    let (last,) = sql!(one conn, (i64,), "UPDATE webhook_sequence SET last = last + 1 RETURNING last")?;
    Ok(last)
}

pub(super) async fn put_event(
    conn: &mut Conn,
    sequence: i64,
    id: uuid::Uuid,
    body: &str,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn, "INSERT INTO webhook_events (sequence, id, body, happened_at) VALUES ($1, $2, $3, $4)",
        sequence, id, body, now)?;
    Ok(())
}

pub(super) async fn put_delivery(
    conn: &mut Conn,
    sequence: i64,
    endpoint: &str,
    now: Time,
) -> Result<(), StoreError> {
    sql!(run conn,
        "INSERT INTO webhook_deliveries (sequence, endpoint, state, attempts, due_at, locked_until, last_error)
         VALUES ($1, $2, 'waiting', 0, $3, 0, NULL)", sequence, endpoint, now)?;
    Ok(())
}

/// The bodies of events after that number.
pub(super) async fn events_after(
    conn: &mut Conn,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    sql!(all conn, (i64, String),
        "SELECT sequence, body FROM webhook_events WHERE sequence > $1 ORDER BY sequence LIMIT $2", after, limit)
}

pub(super) async fn is_due(conn: &mut Conn, endpoint: &str, now: Time) -> Result<bool, StoreError> {
    let due = sql!(opt conn, (i64,),
        "SELECT sequence FROM webhook_deliveries
         WHERE endpoint = $1 AND state = 'waiting' AND due_at <= $2 AND locked_until <= $2 LIMIT 1", endpoint, now)?;
    Ok(due.is_some())
}

#[derive(sqlx::FromRow)]
pub(super) struct Due {
    pub sequence: i64,
    pub attempts: i64,
}

/// Takes what is due, the oldest first: nobody else does until the lease ends.
pub(super) async fn take(
    conn: &mut Conn,
    endpoint: &str,
    now: Time,
    until: Time,
    most: i64,
) -> Result<Vec<Due>, StoreError> {
    sql!(all conn, Due,
        "UPDATE webhook_deliveries SET locked_until = $1, attempts = attempts + 1
         WHERE endpoint = $2 AND locked_until <= $3 AND sequence IN
            (SELECT sequence FROM webhook_deliveries
             WHERE endpoint = $2 AND state = 'waiting' AND due_at <= $3 AND locked_until <= $3
             ORDER BY sequence LIMIT $4)
         RETURNING sequence, attempts", until, endpoint, now, most)
}

pub(super) async fn event(conn: &mut Conn, sequence: i64) -> Result<(uuid::Uuid, String), StoreError> {
    sql!(one conn, (uuid::Uuid, String), "SELECT id, body FROM webhook_events WHERE sequence = $1", sequence)
}

/// What came of a try; a lease that ended meanwhile is somebody else's.
pub(super) async fn finish(
    conn: &mut Conn,
    endpoint: &str,
    taken: &Due,
    state: &'static str,
    due_at: Time,
    error: Option<&str>,
) -> Result<(), StoreError> {
    sql!(run conn,
        "UPDATE webhook_deliveries SET state = $1, due_at = $2, locked_until = 0, last_error = $3
         WHERE sequence = $4 AND endpoint = $5 AND (attempts = $6 OR $1 = 'delivered')",
        state, due_at, error, taken.sequence, endpoint, taken.attempts)?;
    Ok(())
}

pub(super) async fn try_again(conn: &mut Conn, endpoint: &str, now: Time) -> Result<u64, StoreError> {
    sql!(run conn,
        "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, due_at = $1
         WHERE endpoint = $2 AND state <> 'delivered'", now, endpoint)
}

pub(super) async fn state(conn: &mut Conn, endpoint: &str) -> Result<EndpointState, StoreError> {
    let counts = sql!(all conn, (String, i64),
        "SELECT state, COUNT(*) FROM webhook_deliveries WHERE endpoint = $1 GROUP BY state", endpoint)?;
    let count = |state: &str| {
        let found = counts.iter().find(|(other, _)| other == state).map_or(0, |(_, count)| *count);
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let failed = sql!(opt conn, (String,),
        "SELECT last_error FROM webhook_deliveries
         WHERE endpoint = $1 AND state <> 'delivered' AND last_error IS NOT NULL ORDER BY sequence DESC LIMIT 1", endpoint)?;
    Ok(EndpointState {
        name: endpoint.to_owned(),
        delivered: count("delivered"),
        waiting: count("waiting"),
        given_up: count("given_up"),
        last_error: failed.map(|(error,)| error),
    })
}
