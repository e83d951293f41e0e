//! The handle, its connections and its transactions.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, pool::PoolConnection};

use super::{postgres, sqlite};
use crate::problem::{Kind, Problem};

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique key, foreign key or check stood in the way.
    #[error("the database refused the change: {0}")]
    Refused(#[source] sqlx::Error),
    /// It can't be reached, or is too busy.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Anything else is a mistake of ours.
    #[error("database: {0}")]
    Broken(#[source] sqlx::Error),
    /// The migrations failed.
    #[error("migrating the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The URL names no engine that we know.
    #[error("database.url must start with sqlite:// or postgres://")]
    UnknownEngine,
    /// A stored word or number is outside of what we write.
    #[error("the database holds {what}: {value}")]
    Corrupt {
        /// What it should have been.
        what: &'static str,
        /// What it is.
        value: String,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind::{CheckViolation, ForeignKeyViolation, UniqueViolation};
        match &error {
            sqlx::Error::Database(cause) => match cause.kind() {
                UniqueViolation | ForeignKeyViolation | CheckViolation => Self::Refused(error),
                // SQLITE_BUSY; Postgres: serialization failure, deadlock, out of resources.
                _ => match cause.code().as_deref() {
                    Some("5" | "517" | "40001" | "40P01" | "53300" | "57P01" | "57P03") => {
                        Self::Unavailable(error)
                    }
                    _ => Self::Broken(error),
                },
            },
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_) => Self::Unavailable(error),
            _ => Self::Broken(error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "database unavailable");
                Self::new(
                    Kind::Unavailable,
                    "database_unavailable",
                    "We can't reach our database right now. Nothing was changed; please try again in a moment.",
                )
            }
            StoreError::Refused(cause) => {
                tracing::warn!(%cause, "database refused a change");
                Self::new(
                    Kind::Conflict,
                    "changed_meanwhile",
                    "Something changed in the meantime. Reload the page and try again.",
                )
            }
            error => {
                tracing::error!(%error, "database");
                Self::internal()
            }
        }
    }
}

/// The database: a cloneable handle on one of the engines.
#[derive(Clone)]
pub enum Db {
    /// One writer, several readers, write-ahead log.
    Sqlite {
        /// A pool of one: SQLite has a single writer.
        write: sqlx::SqlitePool,
        /// Read-only connections.
        read: sqlx::SqlitePool,
    },
    /// A pool.
    Postgres(sqlx::PgPool),
}

/// A borrowed connection of either engine, for the `sql!` macro.
pub enum Engine<'a> {
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
    /// Postgres.
    Postgres(&'a mut PgConnection),
}

/// A connection, in a transaction or not.
pub enum Conn {
    /// A reader.
    SqlitePooled(PoolConnection<Sqlite>),
    /// The writer, in a transaction.
    SqliteTx(Transaction<'static, Sqlite>),
    /// A connection.
    PgPooled(PoolConnection<Postgres>),
    /// A connection in a transaction.
    PgTx(Transaction<'static, Postgres>),
}

impl Conn {
    /// For the `sql!` macro.
    pub fn engine(&mut self) -> Engine<'_> {
        match self {
            Self::SqlitePooled(c) => Engine::Sqlite(c),
            Self::SqliteTx(c) => Engine::Sqlite(c),
            Self::PgPooled(c) => Engine::Postgres(c),
            Self::PgTx(c) => Engine::Postgres(c),
        }
    }
}

/// A transaction: rolled back unless committed.
pub struct Tx(Conn);

impl Tx {
    /// Makes the changes last.
    ///
    /// # Errors
    /// When the database does not confirm it.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Conn::SqliteTx(tx) => tx.commit().await?,
            Conn::PgTx(tx) => tx.commit().await?,
            Conn::SqlitePooled(_) | Conn::PgPooled(_) => {}
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Db {
    /// Connects; `sqlite://file.db` (made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// When the URL is wrong or nothing answers there.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            sqlite::connect(url).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            postgres::connect(url).await
        } else {
            Err(StoreError::UnknownEngine)
        }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When a migration fails; it is rolled back then.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, .. } => sqlx::migrate!("migrations/sqlite").run(write).await?,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When none is to be had.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Conn::SqlitePooled(read.acquire().await?),
            Self::Postgres(pool) => Conn::PgPooled(pool.acquire().await?),
        })
    }

    /// A transaction for writing. Never hold it across a call to anything but the database.
    ///
    /// # Errors
    /// When none is to be had.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx(match self {
            Self::Sqlite { write, .. } => Conn::SqliteTx(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Conn::PgTx(pool.begin().await?),
        }))
    }

    /// Whether it answers and is migrated.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.read().await?;
        super::sql!(one conn, (i64,), "SELECT COUNT(*) FROM chain_cursors")?;
        Ok(())
    }

    /// Closes all connections; SQLite folds its log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
