//! `lectern contracts set`, `accept-ownership`, `withdraw-fees` and `rescue`: what whoever runs a market does there.

use std::process::ExitCode;

use academy::{
    chain::{Code, Control, MarketFacts, Wallet, fees, market_facts, payees, rehearse, send},
    evm::Address,
    money::{Currency, Wei},
};

use super::{check_chain, show};
use crate::{
    cli::{AcceptOwnership, KeyArgs, Rescue, Set, WithdrawFees},
    commands::key::key,
    compose,
    config::{Chain, Config},
    failure::Failure,
};

/// So many payees' fees are fetched by one transaction: each takes some 10,000 gas.
const PAYEES_AT_ONCE: usize = 200;

pub async fn set(config: &Config, what: &Set) -> Result<ExitCode, Failure> {
    let chain = config.chain_of(what.at.chain)?;
    let mut changes = Vec::new();
    if let Some(signer) = &what.quote_signer {
        let signer = match signer.as_str() {
            "configured" => {
                compose::quotes(config, chain)?.map(|quotes| quotes.key.address()).ok_or_else(|| {
                    Failure::Told("quotes.key: is not set, or there are neither feeds nor tokens".to_owned())
                })?
            }
            address => Address::written(address)
                .map_err(|error| Failure::Told(format!("--quote-signer: {error}, or \"configured\"")))?,
        };
        changes.push((format!("quote signer {}", name(signer)), Control::QuoteSigner(signer)));
    }
    let tokens = what.allow_token.iter().map(|token| (token, true));
    for (token, allowed) in tokens.chain(what.forbid_token.iter().map(|token| (token, false))) {
        let word = if allowed { "allowed" } else { "forbidden" };
        changes.push((format!("token {} {word}", token.checksummed()), Control::Token(*token, allowed)));
    }
    changes.extend(what.fee_bps.map(|bps| (format!("fee {}", show::fee(bps)), Control::Fee(bps))));
    changes
        .extend(what.fee_payee.map(|payee| (format!("fee payee {}", name(payee)), Control::FeePayee(payee))));
    changes.extend(what.pauser.map(|pauser| (format!("pauser {}", name(pauser)), Control::Pauser(pauser))));
    if what.pause {
        changes.push(("purchases paused".to_owned(), Control::Pause));
    }
    if what.unpause {
        changes.push(("purchases open".to_owned(), Control::Unpause));
    }
    // The last, so that nothing is left to do for who was the owner.
    changes.extend(
        what.new_owner.map(|owner| (format!("pending owner {}", name(owner)), Control::HandOver(owner))),
    );
    Desk::open(chain, what.at.market, &what.key).await?.carry_out(changes).await
}

pub async fn accept_ownership(config: &Config, how: &AcceptOwnership) -> Result<ExitCode, Failure> {
    let desk = Desk::open(config.chain_of(how.at.chain)?, how.at.market, &how.key).await?;
    let text = format!("owner {}", desk.wallet.address().checksummed());
    desk.carry_out(vec![(text, Control::TakeOver)]).await
}

pub async fn withdraw_fees(config: &Config, what: &WithdrawFees) -> Result<ExitCode, Failure> {
    let chain = config.chain_of(what.at.chain)?;
    let currencies: Vec<_> = compose::currencies(chain)
        .into_iter()
        .filter(|currency| what.currency.as_ref().is_none_or(|symbol| *symbol == currency.symbol))
        .collect();
    if currencies.is_empty() {
        return Err(Failure::Told(format!(
            "--currency: write {}, or the symbol of one of {}",
            chain.currency,
            chain.named("tokens")
        )));
    }
    let desk = Desk::open(chain, what.at.market, &what.key).await?;
    let mut payees = match desk.facts.listings {
        Some(listings) => payees(desk.url, desk.market, listings).await?,
        None if !what.payee.is_empty() => Vec::new(),
        None => {
            return Err(Failure::Told(
                "the market does not tell its listings, or is another version's: name whose sales by --payee"
                    .to_owned(),
            ));
        }
    };
    payees.extend(what.payee.iter().filter(|payee| !payees.contains(payee)).copied().collect::<Vec<_>>());
    let to = what.to.unwrap_or(desk.wallet.address());
    let mut changes = Vec::new();
    for currency in currencies {
        let token = currency.token;
        for some in fees(desk.url, desk.market, &payees, token).await?.chunks(PAYEES_AT_ONCE) {
            let all = some.iter().fold(Wei::ZERO, |all, (_, fee)| all.plus(*fee));
            let text =
                format!("{} of {} payees to {}", show::sum(&currency, all), some.len(), to.checksummed());
            let payees = some.iter().map(|(payee, _)| *payee).collect();
            changes.push((text, Control::FetchFees { token, payees, to }));
        }
    }
    if changes.is_empty() {
        println!("there are no fees to withdraw");
    }
    desk.carry_out(changes).await
}

pub async fn rescue(config: &Config, what: &Rescue) -> Result<ExitCode, Failure> {
    let chain = config.chain_of(what.at.chain)?;
    let Rescue { token, to, amount, .. } = *what;
    let known = compose::currencies(chain).into_iter().find(|currency| currency.token == token);
    let sum = known.map_or_else(
        || format!("{amount} of {}", token.checksummed()),
        |currency| show::sum(&currency, amount),
    );
    let text = format!("{sum} back to {}", to.checksummed());
    let desk = Desk::open(chain, what.at.market, &what.key).await?;
    desk.carry_out(vec![(text, Control::Rescue { token, to, amount })]).await
}

fn name(account: Address) -> String {
    show::who(Some(account))
}

/// A market, and who signs there.
struct Desk<'a> {
    coin: Currency,
    url: &'a str,
    market: Address,
    facts: MarketFacts,
    wallet: Wallet,
}

impl<'a> Desk<'a> {
    async fn open(chain: &'a Chain, market: Option<Address>, args: &KeyArgs) -> Result<Self, Failure> {
        let market = chain.market_at(market)?;
        // The first: what it says wrongly, the contract refuses.
        let node = chain.rpc_urls.first().ok_or_else(|| Failure::Told(chain.named("rpc_urls: is empty")))?;
        let url = node.expose();
        let facts = market_facts(url, market).await.map_err(|error| {
            Failure::Told(format!(
                "{}, the first of {}: {error}",
                node.url_for_people(),
                chain.named("rpc_urls")
            ))
        })?;
        check_chain(&facts, &chain.named("id"), chain.id)?;
        if facts.code == Code::Missing {
            return Err(Failure::Told(format!(
                "{}: there is no contract at {}; deploy it with `lectern contracts deploy`",
                chain.named("market"),
                market.checksummed()
            )));
        }
        let wallet = Wallet::open(url, key(args)?).await?;
        Ok(Self { coin: Currency::coin(&chain.currency), url, market, facts, wallet })
    }

    /// Sends all, one after the other, if none would be refused. What went before one that fails after all is
    /// done.
    async fn carry_out(&self, changes: Vec<(String, Control)>) -> Result<ExitCode, Failure> {
        let me = self.wallet.address();
        for (text, change) in &changes {
            let role = change.role();
            let Some(holders) = role.holders(&self.facts) else { continue };
            let names: Vec<_> = holders.iter().map(Address::checksummed).collect();
            let names = if names.is_empty() { "nobody now".to_owned() } else { names.join(" or ") };
            if !holders.contains(&me) {
                return Err(Failure::Told(format!(
                    "{text}: only {} may do that, which is {names}; this key is {}'s. Nothing was sent.",
                    role.words(),
                    me.checksummed()
                )));
            }
            eprintln!("{text}: takes {}, {names}", role.words());
        }
        let mut calls = Vec::new();
        for (text, change) in changes {
            let call = change.call(self.market);
            let refused = |error| Failure::Told(format!("{text}: {error}. Nothing was sent."));
            rehearse(&self.wallet, &call).await.map_err(refused)?;
            calls.push((text, call));
        }
        for (text, call) in calls {
            let (hash, mined) = send(&self.wallet, &call).await?;
            println!("{text}, by {hash}: {} gas, {}", mined.gas, show::sum(&self.coin, mined.fee));
        }
        Ok(ExitCode::SUCCESS)
    }
}
