//! `lectern contracts deploy`, `list` and `verify`; what else there is, `control` does.

mod control;
mod show;

use std::{path::Path, process::ExitCode};

use academy::{
    chain::{ChainError, Code, MarketFacts, deploy as put, dev::Dev, fees, market_facts, payees},
    evm::Address,
    money::{Currency, Wei},
};
use futures::future::join_all;
use serde_json::json;

use self::show::Shown;
use super::{key::key, load};
use crate::{
    cli::{Contracts, Deploy, DevFeed, DevToken, List, Verify},
    compose,
    config::{Chain, Config, Secret},
    failure::Failure,
};

pub async fn contracts(file: Option<&Path>, what: Contracts) -> Result<ExitCode, Failure> {
    match what {
        Contracts::Deploy(how) => deploy(&how).await,
        Contracts::DevFeed(how) => dev_feed(&how).await,
        Contracts::DevToken(how) => dev_token(&how).await,
        Contracts::Set(what) => control::set(&load(file)?, &what).await,
        Contracts::AcceptOwnership(how) => control::accept_ownership(&load(file)?, &how).await,
        Contracts::WithdrawFees(what) => control::withdraw_fees(&load(file)?, &what).await,
        Contracts::Rescue(what) => control::rescue(&load(file)?, &what).await,
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

async fn list(config: &Config, how: &List) -> Result<ExitCode, Failure> {
    let one = how.chain.map(|_| config.chain_of(how.chain)).transpose()?;
    let chains: Vec<_> = one.map_or_else(|| config.every_chain().collect(), |chain| vec![chain]);
    let mut code = ExitCode::SUCCESS;
    let mut shown = 0;
    for chain in chains {
        let markets: Vec<_> = chain.markets().collect();
        // Without one, its absence is what is told.
        let places = markets.iter().copied().map(Ok).chain(chain.market().err().map(Err));
        for place in places {
            let told = async {
                let (market, start) = place?;
                let (url, facts) = ask(&chain.rpc_urls, market).await?;
                let fees = match facts.listings.filter(|_| how.fees) {
                    Some(listings) => Some(all_fees(chain, url, market, listings).await?),
                    None => None,
                };
                Ok::<_, Failure>(Shown { chain, market, start, facts, fees })
            };
            match told.await {
                Ok(told) => {
                    let gap = if shown > 0 { "\n" } else { "" };
                    match how.json {
                        true => println!("{}", told.json()),
                        false => print!("{gap}{}", show::text(&told.rows())),
                    }
                    shown += 1;
                    // It is shown all the same: that is how the mistake is found.
                    if told.facts.chain_id != chain.id {
                        code = ExitCode::FAILURE;
                    }
                }
                // One that does not answer hides no other.
                Err(failure) => {
                    eprintln!("lectern: {} ({}): {failure}", chain.name, chain.id);
                    code = ExitCode::FAILURE;
                }
            }
        }
    }
    Ok(code)
}

async fn verify(file: Option<&Path>, how: &Verify) -> Result<ExitCode, Failure> {
    let (urls, market, chain) = match (&how.rpc_url, how.address) {
        (Some(url), Some(address)) => {
            (vec![Secret::new(url)], address, how.chain.map(|id| ("--chain".to_owned(), id)))
        }
        (url, address) => {
            let config = load(file)?;
            let chain = config.chain_of(how.chain)?;
            let market = address.map_or_else(|| chain.market(), Ok)?;
            let urls = url.as_ref().map_or_else(|| chain.rpc_urls.clone(), |url| vec![Secret::new(url)]);
            (urls, market, Some((chain.named("id"), chain.id)))
        }
    };
    let facts = agreed(&urls, market).await?;
    if let Some((name, id)) = chain {
        check_chain(&facts, &name, id)?;
    }
    print!("{}", show::text(&show::verified(market, &facts)));
    Ok(if facts.code == Code::Ours { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Refuses a node of another chain than is meant: a market can stand at the same address on both.
fn check_chain(facts: &MarketFacts, name: &str, id: u64) -> Result<(), Failure> {
    match facts.chain_id {
        served if served == id => Ok(()),
        served => Err(Failure::Told(format!(
            "the node serves chain {served}, and {name} is {id}: correct one of them"
        ))),
    }
}

/// The fees that can be withdrawn, of each currency; of listings' payees as they are now.
async fn all_fees(
    chain: &Chain,
    url: &Secret,
    market: Address,
    listings: u64,
) -> Result<Vec<(Currency, Wei)>, Failure> {
    let payees = payees(url.expose(), market, listings).await?;
    let mut sums = Vec::new();
    for currency in compose::currencies(chain) {
        let fees = fees(url.expose(), market, &payees, currency.token).await?;
        sums.push((currency, fees.into_iter().fold(Wei::ZERO, |sum, (_, fee)| sum.plus(fee))));
    }
    Ok(sums)
}

/// The first node that answers, and what it says.
async fn ask(urls: &[Secret], market: Address) -> Result<(&Secret, MarketFacts), Failure> {
    let mut last = silence();
    for url in urls {
        match market_facts(url.expose(), market).await {
            Ok(facts) => return Ok((url, facts)),
            Err(error) => last = error,
        }
    }
    Err(unanswered(urls, &last))
}

/// What all nodes say alike that answer: two of them at least, where two are named. A node's word alone is not
/// believed, as in settling, and none contradicts.
async fn agreed(urls: &[Secret], market: Address) -> Result<MarketFacts, Failure> {
    let mut answers = Vec::new();
    let mut last = silence();
    for (place, answer) in
        join_all(urls.iter().map(|url| market_facts(url.expose(), market))).await.into_iter().enumerate()
    {
        let node = format!("node {} ({})", place + 1, urls[place].url_for_people());
        match answer {
            Ok(facts) => answers.push((node, facts)),
            Err(error) => {
                eprintln!("lectern: {node}: {error}");
                last = error;
            }
        }
    }
    let said = |facts: &MarketFacts| (facts.chain_id, facts.code, facts.owner);
    let facts = match answers.as_slice() {
        [(_, first), others @ ..] if 1 + others.len() >= urls.len().min(2) => {
            if others.iter().any(|(_, other)| said(other) != said(first)) {
                let all: Vec<_> = answers
                    .iter()
                    .map(|(node, facts)| format!("\n  {node}: {}", show::answer(facts)))
                    .collect();
                return Err(Failure::Told(format!(
                    "the nodes contradict each other; one lags behind, or lies:{}",
                    all.concat()
                )));
            }
            *first
        }
        [_, ..] => {
            return Err(Failure::Told(format!(
                "only one node answers, and where two are named two must agree; repeat it, or name --rpc-url to \
                 believe one: {last}"
            )));
        }
        [] => return Err(unanswered(urls, &last)),
    };
    Ok(facts)
}

fn silence() -> ChainError {
    ChainError::Unavailable("no node is named".to_owned())
}

fn unanswered(urls: &[Secret], last: &ChainError) -> Failure {
    let names: Vec<_> = urls.iter().map(Secret::url_for_people).collect();
    Failure::Told(format!(
        "{}: {last}; is it running? See rpc_urls of the chain, or name --rpc-url",
        names.join(", ")
    ))
}
