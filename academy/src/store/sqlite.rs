//! SQLite's own ways.

use std::{str::FromStr, time::Duration};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Db, StoreError};

/// One writer, so that writers queue in the pool rather than collide in the file; readers beside it
/// see the last committed state (write-ahead log). `synchronous=FULL`: a commit survives power loss.
pub(super) async fn connect(url: &str) -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10));
    // A file does not hang up: asking a connection first whether it lives would only cost.
    let pool = SqlitePoolOptions::new().test_before_acquire(false);
    let write = pool.clone().max_connections(1).connect_with(options.clone()).await?;
    let read =
        pool.max_connections(4).min_connections(1).connect_with(options.pragma("query_only", "ON")).await?;
    Ok(Db::Sqlite { write, read })
}
