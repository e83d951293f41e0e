//! `lectern admin grant` and `revoke`.

use academy::{Actor, accounts::GivenRole};

use super::{migrated, services};
use crate::{cli::Admin, compose::Machine, config::Config, failure::Failure};

pub async fn change(config: &Config, change: Admin) -> Result<(), Failure> {
    let (address, given) = match change {
        Admin::Grant { address } => (address, true),
        Admin::Revoke { address } => (address, false),
    };
    let db = migrated(config).await?;
    let academy = services(config, &Machine::real(), db.clone())?;
    academy
        .accounts()
        .set_role_of_address(&Actor::System, address, GivenRole::Admin, given, "from the command line")
        .await?;
    db.close().await;
    let done = if given { "is an admin now" } else { "is no admin any more" };
    println!("{} {done}.", address.checksummed());
    Ok(())
}
