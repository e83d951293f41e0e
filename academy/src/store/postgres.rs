//! Postgres' own ways.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;

use super::{Db, StoreError};

pub(super) async fn connect(url: &str) -> Result<Db, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(10))
        .connect(url)
        .await?;
    Ok(Db::Postgres(pool))
}
