//! `lectern admin grant` and `revoke`.

use academy::{Actor, Kind, accounts::GivenRole};

use super::{migrated, services};
use crate::{
    cli::{Account, Admin},
    compose::Machine,
    config::Config,
    failure::Failure,
};

pub async fn change(config: &Config, change: Admin) -> Result<(), Failure> {
    let (account, given) = match change {
        Admin::Grant { account } => (account, true),
        Admin::Revoke { account } => (account, false),
    };
    let db = migrated(config).await?;
    let academy = services(config, &Machine::real(), db.clone())?;
    let (accounts, role, reason) = (academy.accounts(), GivenRole::Admin, "from the command line");
    let who = match account {
        Account::Wallet(address) => {
            let id = accounts.set_role_of_address(&Actor::System, address, role, given, reason).await?;
            format!("{} (account {id})", address.checksummed())
        }
        Account::Id(id) => {
            let changed = accounts.set_role(&Actor::System, id, role, given, reason).await;
            changed.map_err(|problem| match problem.kind {
                Kind::NotFound => Failure::Told(format!(
                    "there is no account {id}; the admins' users page shows each one's id, under Roles"
                )),
                _ => problem.into(),
            })?;
            format!("account {id}")
        }
    };
    db.close().await;
    let done = if given { "is an admin now" } else { "is no admin any more" };
    println!("{who} {done}.");
    Ok(())
}
