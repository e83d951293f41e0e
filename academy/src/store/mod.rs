//! Two engines, one SQL text: SQLite is the embedded default, Postgres is what several
//! instances share.
//!
//! Each statement is written once, with `$1` placeholders, and runs on the engine's own driver
//! through the [`sql!`] macro. What must differ between the engines lives in `sqlite.rs` and
//! `postgres.rs`.

mod db;
mod postgres;
mod sqlite;
mod version;

pub use db::{Conn, Db, Engine, StoreError, Tx};
pub(crate) use version::{change_public, public_version};

/// Runs one statement on whichever engine the connection has.
///
/// - `sql!(all conn, Row, "SELECT …", a, b)`: all rows
/// - `sql!(opt conn, Row, "SELECT …", a)`: at most one row
/// - `sql!(one conn, Row, "SELECT …", a)`: exactly one row
/// - `sql!(run conn, "UPDATE …", a)`: the number of rows changed
macro_rules! sql {
    (all $conn:expr, $row:ty, $text:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::sql!(@ $conn, fetch_all, (sqlx::query_as::<_, $row>($text)) $(, $bind)*)
    };
    (opt $conn:expr, $row:ty, $text:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::sql!(@ $conn, fetch_optional, (sqlx::query_as::<_, $row>($text)) $(, $bind)*)
    };
    (one $conn:expr, $row:ty, $text:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::sql!(@ $conn, fetch_one, (sqlx::query_as::<_, $row>($text)) $(, $bind)*)
    };
    (run $conn:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        match $conn.engine() {
            $crate::store::Engine::Sqlite(c) => sqlx::query($text)$(.bind($bind))*
                .execute(c).await.map(|done| done.rows_affected()),
            $crate::store::Engine::Postgres(c) => sqlx::query($text)$(.bind($bind))*
                .execute(c).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::store::StoreError::from)
    };
    (@ $conn:expr, $fetch:ident, ($query:expr) $(, $bind:expr)*) => {
        match $conn.engine() {
            $crate::store::Engine::Sqlite(c) => $query$(.bind($bind))*.$fetch(c).await,
            $crate::store::Engine::Postgres(c) => $query$(.bind($bind))*.$fetch(c).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}
pub(crate) use sql;
