//! `lectern contracts deploy`, `list` and `verify`.

mod show;

use std::{path::Path, process::ExitCode};

use academy::chain::{
    ChainError, Code, MarketFacts, deploy as put, dev::Dev, market_facts, send, set_quote_signer_call,
    set_token_allowed_call,
};
use serde_json::json;

use super::{key::key, load};
use crate::{
    cli::{Contracts, Deploy, DevFeed, DevToken, List, Set, Verify},
    compose,
    config::{Config, Secret},
    failure::Failure,
};

pub async fn contracts(file: Option<&Path>, what: Contracts) -> Result<ExitCode, Failure> {
    match what {
        Contracts::Deploy(how) => deploy(&how).await,
        Contracts::DevFeed(how) => dev_feed(&how).await,
        Contracts::DevToken(how) => dev_token(&how).await,
        Contracts::Set(what) => set(&load(file)?, &what).await,
        Contracts::List(how) => list(&load(file)?, &how).await,
        Contracts::Verify(how) => verify(file, &how).await,
    }
}

async fn deploy(how: &Deploy) -> Result<ExitCode, Failure> {
    let deployed = put(&how.rpc_url, key(&how.key)?, how.owner).await?;
    println!(
        "{}",
        json!({
            "address": deployed.address.checksummed(),
            "block": deployed.block,
            "gas": deployed.gas,
            "cost": deployed.cost,
        })
    );
    Ok(ExitCode::SUCCESS)
}

async fn dev_feed(how: &DevFeed) -> Result<ExitCode, Failure> {
    let feed = Dev::new(&how.rpc_url)?.deploy_feed(how.dev_account, how.rate).await?;
    println!("{}", json!({ "feed": feed.checksummed() }));
    Ok(ExitCode::SUCCESS)
}

async fn dev_token(how: &DevToken) -> Result<ExitCode, Failure> {
    let token = Dev::new(&how.rpc_url)?.deploy_token(how.dev_account, &how.symbol).await?;
    println!("{}", json!({ "token": token.checksummed() }));
    Ok(ExitCode::SUCCESS)
}

/// Each change is a transaction of its own: what went before one that fails is done.
async fn set(config: &Config, what: &Set) -> Result<ExitCode, Failure> {
    let chain = config.chain_of(what.chain)?;
    let market = chain.market()?;
    let url = chain.rpc_urls.first().map(Secret::expose).unwrap_or_default();
    let mut changes = Vec::new();
    if let Some(signer) = &what.quote_signer {
        let signer = match signer.as_str() {
            "configured" => {
                compose::quotes(config, chain)?.map(|quotes| quotes.key.address()).ok_or_else(|| {
                    Failure::Told("quotes.key: is not set, or there are neither feeds nor tokens".to_owned())
                })?
            }
            address => address
                .parse()
                .map_err(|error| Failure::Told(format!("--quote-signer: {error}, or \"configured\"")))?,
        };
        changes
            .push((format!("quote signer {}", signer.checksummed()), set_quote_signer_call(market, signer)));
    }
    let tokens = what.allow_token.iter().map(|token| (token, true));
    for (token, allowed) in tokens.chain(what.forbid_token.iter().map(|token| (token, false))) {
        let word = if allowed { "allowed" } else { "forbidden" };
        let text = format!("token {} {word}", token.checksummed());
        changes.push((text, set_token_allowed_call(market, *token, allowed)));
    }
    for (text, call) in changes {
        let hash = send(url, key(&what.key)?, &call).await?;
        println!("{text}, by {hash}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Config, how: &List) -> Result<ExitCode, Failure> {
    let one = how.chain.map(|_| config.chain_of(how.chain)).transpose()?;
    let chains: Vec<_> = one.map_or_else(|| config.every_chain().collect(), |chain| vec![chain]);
    let mut code = ExitCode::SUCCESS;
    for (index, chain) in chains.into_iter().enumerate() {
        let told =
            async { Ok::<_, Failure>((chain.market()?, ask(&chain.rpc_urls, chain.market()?).await?)) };
        let (market, facts) = match told.await {
            Ok(told) => told,
            // One that does not answer hides no other.
            Err(failure) => {
                eprintln!("lectern: {} ({}): {failure}", chain.name, chain.id);
                code = ExitCode::FAILURE;
                continue;
            }
        };
        if how.json {
            println!("{}", show::json(chain, market, &facts));
            continue;
        }
        if index > 0 {
            println!();
        }
        print!("{}", show::text(&show::list(chain, market, &facts)));
    }
    Ok(code)
}

async fn verify(file: Option<&Path>, how: &Verify) -> Result<ExitCode, Failure> {
    let (urls, market) = match (&how.rpc_url, how.address) {
        (Some(url), Some(address)) => (vec![Secret::new(url)], address),
        (url, address) => {
            let config = load(file)?;
            let chain = config.chain_of(how.chain)?;
            let market = address.map_or_else(|| chain.market(), Ok)?;
            (url.as_ref().map_or_else(|| chain.rpc_urls.clone(), |url| vec![Secret::new(url)]), market)
        }
    };
    let facts = ask(&urls, market).await?;
    print!("{}", show::text(&show::verified(market, &facts)));
    Ok(if facts.code == Code::Ours { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first node that answers.
async fn ask(urls: &[Secret], market: academy::evm::Address) -> Result<MarketFacts, Failure> {
    let mut last = ChainError::Unavailable("no node is named".to_owned());
    for url in urls {
        match market_facts(url.expose(), market).await {
            Ok(facts) => return Ok(facts),
            Err(error) => last = error,
        }
    }
    let names: Vec<_> = urls.iter().map(Secret::url_for_people).collect();
    Err(Failure::Told(format!(
        "{}: {last}; is it running? See rpc_urls of the chain, or name --rpc-url",
        names.join(", ")
    )))
}
