//! SQLite's own ways.

use std::{str::FromStr, time::Duration};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Db, StoreError};

/// The writer's page cache in KiB, and the pages of the log that are folded into the file at once. A long
/// history's transaction hashes fall everywhere into their index: with SQLite's 2 MB and 1,000 pages, half
/// of a backfill's time goes into writing the same pages again and again. Memory is taken as it is used.
const CACHE_KIB: &str = "-65536";
const CHECKPOINT_PAGES: &str = "8000";

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
    let writer =
        options.clone().pragma("cache_size", CACHE_KIB).pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    let write = pool.clone().max_connections(1).connect_with(writer).await?;
    let read =
        pool.max_connections(4).min_connections(1).connect_with(options.pragma("query_only", "ON")).await?;
    Ok(Db::Sqlite { write, read })
}
