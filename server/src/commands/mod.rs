//! What each command does, over the composed services.

mod admin;
mod config;
mod contracts;
mod doctor;
mod key;
mod migrate;
mod pay;
mod run;
mod seed;

use std::{path::Path, process::ExitCode};

use academy::{Academy, store::Db};

use crate::{
    cli::{Cli, Command},
    compose::{self, Machine},
    config::{self as settings, Config},
    failure::Failure,
    telemetry,
};

/// Carries out a command.
///
/// # Errors
/// Why it could not.
pub async fn execute(cli: Cli) -> Result<ExitCode, Failure> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Run => run::run(&load(config)?).await?,
        Command::Worker => run::worker(&load(config)?).await?,
        Command::Migrate => migrate::migrate(&load(config)?).await?,
        Command::Seed => seed::seed(&load(config)?).await?,
        Command::Doctor => return Ok(doctor::doctor(config).await),
        Command::Config => config::print()?,
        Command::Admin(change) => admin::change(&load(config)?, change).await?,
        Command::Contracts(what) => return contracts::contracts(config, what).await,
        Command::Pay(how) => return Ok(pay::pay(&how).await),
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration, with logging started as it says.
fn load(file: Option<&Path>) -> Result<Config, Failure> {
    let config = settings::load(file, compose::environment())?;
    telemetry::start(&config.log)?;
    Ok(config)
}

/// The database, connected.
async fn database(config: &Config) -> Result<Db, Failure> {
    Db::connect(config.database.url.expose()).await.map_err(|cause| {
        Failure::Told(format!(
            "database.url: {} does not answer: {cause}",
            config.database.url.url_for_people()
        ))
    })
}

/// The database, connected and migrated by somebody before.
async fn migrated(config: &Config) -> Result<Db, Failure> {
    let db = database(config).await?;
    db.ping().await.map_err(|cause| {
        Failure::Told(format!("the database is not ready ({cause}); run `lectern migrate` first"))
    })?;
    Ok(db)
}

/// Refuses nodes of another chain: their payments would be taken for ours. One that is down now may
/// be up later, so that is only logged.
async fn right_chains(config: &Config) -> Result<(), Failure> {
    for chain in config.every_chain() {
        for node in compose::nodes(chain).await? {
            let url = node.url;
            match node.chain_id {
                Ok(id) if id == chain.id => {}
                Ok(id) => {
                    let (urls, key) = (chain.named("rpc_urls"), chain.named("id"));
                    let wanted = chain.id;
                    return Err(Failure::Told(format!(
                        "{urls}: {url} serves chain {id}, but {key} is {wanted}"
                    )));
                }
                Err(error) => tracing::warn!(node = url, %error, "this node does not answer now"),
            }
        }
    }
    Ok(())
}

/// The services over the configured database and chains.
fn services(config: &Config, machine: &Machine, db: Db) -> Result<Academy, Failure> {
    compose::academy(config, machine, db)
}
