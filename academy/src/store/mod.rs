//! Two engines, one SQL text: SQLite is the embedded default, Postgres is what several
//! instances share.
//!
//! Each statement is written once, with `$1` placeholders, and runs on the engine's own driver
//! through the [`sql!`] macro. What must differ between the engines lives in `sqlite.rs` and
//! `postgres.rs`.

mod db;
mod postgres;
mod rows;
mod sqlite;
mod values;
mod version;

pub use db::{Conn, Db, Engine, StoreError, Tx};
pub(crate) use rows::{Marks, ROWS, text_of_rows};
pub(crate) use values::{corrupt, parse, unsigned};
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

/// Runs one statement for many rows, as few times as their number allows.
///
/// The statement is written in three parts: what stands before the rows, one row with a `?` for each
/// of its values, and what stands behind them. The values follow from each row in their order.
///
/// - `sql_rows!(run conn, rows, |row| [row.a, row.b], "INSERT INTO t (a, b) VALUES ", "(?, ?)", "")`
/// - `sql_rows!(all conn, Row, ids, |id| [*id], "SELECT a FROM t WHERE id IN (", "?", ")")`: all rows
macro_rules! sql_rows {
    (run $conn:expr, $rows:expr, |$row:ident| [$($bind:expr),+ $(,)?], $before:expr, $one:expr, $after:expr) => {
        $crate::store::sql_rows!(@ $conn, $rows, $row, [$($bind),+], $before, $one, $after,
            |query, c, _found| query.execute(c).await.map(drop)).map(|_: Vec<()>| ())
    };
    (count $conn:expr, $rows:expr, |$row:ident| [$($bind:expr),+ $(,)?], $before:expr, $one:expr, $after:expr) => {
        $crate::store::sql_rows!(@ $conn, $rows, $row, [$($bind),+], $before, $one, $after,
            |query, c, found| query.execute(c).await.map(|done| found.push(done.rows_affected())))
            .map(|counts: Vec<u64>| counts.into_iter().sum::<u64>())
    };
    (all $conn:expr, $type:ty, $rows:expr, |$row:ident| [$($bind:expr),+ $(,)?], $before:expr, $one:expr, $after:expr) => {
        $crate::store::sql_rows!(@ $conn, $rows, $row, [$($bind),+], $before, $one, $after,
            |query, c, found| query.fetch_all(c).await.and_then(|rows| {
                for row in &rows {
                    found.push(<$type as sqlx::FromRow<_>>::from_row(row)?);
                }
                Ok(())
            }))
    };
    (@ $conn:expr, $rows:expr, $row:ident, [$($bind:expr),+], $before:expr, $one:expr, $after:expr,
        |$query:ident, $c:ident, $found:ident| $run:expr) => {{
        let mut $found = Vec::new();
        let mut outcome = Ok(());
        for part in $rows.chunks($crate::store::ROWS) {
            // The text for a whole part is always the same, and worth keeping prepared.
            let whole = part.len() == $crate::store::ROWS;
            let text = |marks| $crate::store::text_of_rows(marks, $before, $one, part.len(), $after);
            let done: Result<(), sqlx::Error> = match $conn.engine() {
                $crate::store::Engine::Sqlite($c) => {
                    let mut $query = sqlx::query(text($crate::store::Marks::Bare)).persistent(whole);
                    for $row in part {
                        $query = $query$(.bind($bind))+;
                    }
                    $run
                }
                $crate::store::Engine::Postgres($c) => {
                    let mut $query = sqlx::query(text($crate::store::Marks::Numbered)).persistent(whole);
                    for $row in part {
                        $query = $query$(.bind($bind))+;
                    }
                    $run
                }
            };
            if let Err(error) = done {
                outcome = Err($crate::store::StoreError::from(error));
                break;
            }
        }
        outcome.map(|()| $found)
    }};
}
pub(crate) use sql_rows;
