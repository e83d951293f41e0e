//! `lectern migrate`.

use super::database;
use crate::{config::Config, failure::Failure};

pub async fn migrate(config: &Config) -> Result<(), Failure> {
    let db = database(config).await?;
    db.migrate().await?;
    db.close().await;
    println!("The database {} is up to date.", config.database.url.url_for_people());
    Ok(())
}
