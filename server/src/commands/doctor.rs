//! `lectern doctor`: one line per thing that must be right, with what to do where it isn't.

use std::{path::Path, process::ExitCode};

use academy::{
    chain::{Chain, Heads, is_our_market},
    checkout::{Token, quote::convert},
    evm::{Address, BlockTag},
    price::Cents,
};

use super::database;
use crate::{
    compose::{self, Machine, NodeState},
    config::{self, Config},
    http,
};

/// Nodes hear of a new block some seconds after each other.
const LAG: u64 = 3;

enum Finding {
    Ok(String),
    Warning(String),
    Wrong(String),
}

use Finding::{Ok as Fine, Warning, Wrong};

pub async fn doctor(file: Option<&Path>) -> ExitCode {
    let config = match config::load(file, compose::environment()) {
        Ok(config) => config,
        Err(error) => {
            report("configuration", &Wrong(error.to_string()));
            return ExitCode::from(2);
        }
    };
    let mut healthy = true;
    let mut line = |what: &str, finding: Finding| {
        healthy &= !matches!(finding, Wrong(_));
        report(what, &finding);
    };
    line("configuration", Fine("every key is known and makes sense".to_owned()));
    line("public address", public_url(&config));
    line("database", check_database(&config).await);
    let several = !config.chains.is_empty();
    for one in config.every_chain() {
        for (what, finding) in chain(&config, one).await {
            match several {
                true => line(&format!("{} {what}", one.name), finding),
                false => line(what, finding),
            }
        }
    }
    line(
        "site",
        match http::load_assets(&config.server.site_dir) {
            Ok(_) => Fine(format!("built, in {}", config.server.site_dir.display())),
            Err(error) => Wrong(error.to_string()),
        },
    );
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(what: &str, finding: &Finding) {
    let (mark, text) = match finding {
        Fine(text) => ("ok     ", text),
        Warning(text) => ("warning", text),
        Wrong(text) => ("WRONG  ", text),
    };
    println!("{mark}  {what}: {text}");
}

fn public_url(config: &Config) -> Finding {
    let url = &config.server.public_url;
    if url.is_https() || url.is_local() {
        Fine(url.to_string())
    } else {
        Warning(format!(
            "{url} is not https, so sessions and wallets are not safe; put a TLS proxy in front and set \
             server.public_url"
        ))
    }
}

async fn check_database(config: &Config) -> Finding {
    let url = config.database.url.url_for_people();
    // Connecting would create the file; looking must not.
    if url.strip_prefix("sqlite://").is_some_and(|file| !Path::new(file).is_file()) {
        return Wrong(format!("{url} is not there yet; run `lectern migrate`"));
    }
    let db = match database(config).await {
        Ok(db) => db,
        Err(error) => return Wrong(format!("{error}; start it, or correct database.url")),
    };
    let answer = db.ping().await;
    db.close().await;
    match answer {
        Ok(()) => Fine(format!("{url} answers and has its tables")),
        Err(error) => Wrong(format!("{url}: {error}; run `lectern migrate`")),
    }
}

async fn chain(config: &Config, this: &config::Chain) -> Vec<(&'static str, Finding)> {
    let (chain, nodes) = match (compose::chain(this, &Machine::real()), compose::nodes(this).await) {
        (Ok(chain), Ok(nodes)) => (chain, nodes),
        (Err(error), _) | (_, Err(error)) => {
            return vec![("node", Wrong(format!("{error}; correct {}", this.named("rpc_urls"))))];
        }
    };
    let ours = |node: &&NodeState| node.chain_id == Ok(this.id);
    let newest = nodes.iter().filter(ours).filter_map(|node| node.head.clone().ok()).max();
    let mut findings: Vec<_> = nodes.iter().map(|node| ("node", provider(this, node, newest))).collect();
    if nodes.len() < 2 && !config::is_dev(this.id) {
        let text = format!("only one is named in {}: when it is down, payments wait", this.named("rpc_urls"));
        findings.push(("node", Warning(text)));
    }
    findings.extend(socket(this).await.map(|finding| ("websocket", finding)));
    if newest.is_some() {
        for (key, named) in [("open_tag", this.open_tag), ("final_tag", this.final_tag)] {
            if let Some(tag) = named {
                findings.push((key, tagged(this, &*chain, key, tag).await));
            }
        }
        findings.push(("market", market(this, &*chain).await));
        for former in &this.former_markets {
            findings.push(("market", former_market(this, &*chain, former.address).await));
        }
        findings.extend(quotes(config, this, &*chain).await);
    }
    findings
}

/// How a node does, beside the newest block that any of them knows.
fn provider(this: &config::Chain, node: &NodeState, newest: Option<u64>) -> Finding {
    let url = &node.url;
    match (&node.chain_id, &node.head) {
        (Ok(id), _) if *id != this.id => Wrong(format!(
            "{url} serves chain {id}, but {} is {}; correct one of them",
            this.named("id"),
            this.id
        )),
        (Ok(id), Ok(head)) => {
            let serves = format!("{url} serves {} ({id}), block {head}", this.name);
            match newest.unwrap_or(*head) - head {
                0 => Fine(serves),
                lag if lag <= LAG => Fine(format!("{serves}, {lag} behind the newest")),
                lag => Warning(format!(
                    "{serves}, {lag} blocks behind the newest: what it has not seen waits for the others"
                )),
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            Wrong(format!("{url}: {error}; is it running? See {}", this.named("rpc_urls")))
        }
    }
}

/// Whether new blocks are told of, where a WebSocket is named.
async fn socket(this: &config::Chain) -> Option<Finding> {
    let url = &this.ws_url;
    if url.expose().is_empty() {
        return None;
    }
    let named = url.url_for_people();
    Some(match Heads::try_out(url.expose()).await {
        Ok(()) => Fine(format!("{named} tells of new blocks")),
        Err(error) => Warning(format!(
            "{named}: {error}; new blocks are polled for every {} ms. See {}",
            this.poll_ms,
            this.named("ws_url")
        )),
    })
}

/// Whether the network vouches for blocks at all: payments would wait for it for ever.
async fn tagged(this: &config::Chain, chain: &dyn Chain, key: &str, tag: BlockTag) -> Finding {
    match chain.tagged(tag).await {
        Ok(Some(height)) if height > 0 => Fine(format!("the network vouches for blocks up to {height}")),
        Ok(_) => Warning(format!(
            "the network has vouched for no block yet, and payments wait for it; leave {} empty where it has \
             no such tag",
            this.named(key)
        )),
        Err(error) => {
            Wrong(format!("{error}; the nodes do not say which blocks have the tag of {}", this.named(key)))
        }
    }
}

async fn market(this: &config::Chain, chain: &dyn Chain) -> Finding {
    let address = match this.market() {
        Ok(address) => address,
        Err(error) => return Wrong(error.to_string()),
    };
    let at = address.checksummed();
    match chain.code(address).await {
        Ok(code) if code.is_empty() => Wrong(format!(
            "there is no contract at {at}; deploy it with `lectern contracts deploy` and set {}",
            this.named("market")
        )),
        Ok(code) if is_our_market(&code) => Fine(format!("{at} has this version's code")),
        Ok(_) => Wrong(format!(
            "{at} has other code than this version's market; correct {}, or deploy with `lectern \
             contracts deploy`",
            this.named("market")
        )),
        Err(error) => Wrong(format!("{error}; the node does not show the contract's code")),
    }
}

/// A former one may be of an earlier version; but it has to be there.
async fn former_market(this: &config::Chain, chain: &dyn Chain, address: Address) -> Finding {
    let at = address.checksummed();
    match chain.code(address).await {
        Ok(code) if code.is_empty() => {
            Wrong(format!("there is no contract at {at}; correct {}", this.named("former_markets")))
        }
        Ok(_) => Fine(format!("{at} was the market before and is followed")),
        Err(error) => Wrong(format!("{error}; the node does not show the contract's code")),
    }
}

/// Whether the market takes our quotes, and what the feeds say.
async fn quotes(config: &Config, this: &config::Chain, chain: &dyn Chain) -> Vec<(&'static str, Finding)> {
    let (quotes, market) = match (compose::quotes(config, this), this.market()) {
        (Ok(Some(quotes)), Ok(market)) => (quotes, market),
        (Ok(None), _) | (_, Err(_)) => return Vec::new(),
        (Err(error), _) => return vec![("quotes", Wrong(error.to_string()))],
    };
    let ours = quotes.key.address();
    let signer = match chain.roles(market).await {
        Ok(roles) if roles.quote_signer == ours => {
            Fine(format!("the market takes quotes of {}", ours.checksummed()))
        }
        Ok(roles) => Wrong(format!(
            "the market takes quotes of {}, and the key here is {}: its owner {} has to name it with \
             `lectern contracts set --chain {} --quote-signer configured`",
            roles.quote_signer.checksummed(),
            ours.checksummed(),
            roles.owner.checksummed(),
            this.id
        )),
        Err(error) => Wrong(error.to_string()),
    };
    let mut findings = vec![("quotes", signer)];
    let now = Machine::real().clock.now();
    for token in &quotes.tokens {
        findings.push(("token", token_facts(this, chain, market, token).await));
    }
    for feed in &quotes.feeds {
        let one = Cents { currency: feed.currency, amount: 100 };
        let word = feed.currency.word();
        findings.push((
            "rate",
            match chain.round(feed.address, None).await {
                Err(error) => Wrong(format!("{word}: {error}")),
                Ok(round) => {
                    match convert(one, &round, feed, u64::try_from(now.0 / 1000).unwrap_or_default()) {
                        Ok(amount) => Fine(format!("one {word} is {}", feed.of.short(amount))),
                        Err(why) => Wrong(format!(
                            "{word}: the feed's answer is no rate ({why:?}); see {}",
                            this.named("feeds")
                        )),
                    }
                }
            },
        ));
    }
    findings
}

/// Whether the market sells for a token, and the token is as it is configured.
async fn token_facts(this: &config::Chain, chain: &dyn Chain, market: Address, token: &Token) -> Finding {
    let (symbol, address) = (&token.currency.symbol, token.currency.token);
    let facts = match chain.token(market, address).await {
        Ok(facts) => facts,
        Err(error) => return Wrong(format!("{symbol}: {error}; is {} a token?", address.checksummed())),
    };
    let separator = token.domain.as_ref().map(|domain| domain.separator(this.id, address));
    if facts.decimals != token.currency.decimals {
        Wrong(format!("{symbol}: has {} decimals; correct {}", facts.decimals, this.named("tokens")))
    } else if !facts.allowed {
        Wrong(format!(
            "{symbol}: the market does not sell for it; its owner allows it with `lectern contracts set \
             --chain {} --allow-token {}`",
            this.id,
            address.checksummed()
        ))
    } else if separator.is_some() && facts.separator != separator {
        Wrong(format!(
            "{symbol}: its EIP-712 domain has another name or version; correct {}",
            this.named("tokens")
        ))
    } else {
        Fine(format!("the market sells for {symbol}"))
    }
}

#[cfg(test)]
mod tests {
    use academy::chain::ChainError;

    use super::*;

    #[test]
    fn tells_how_far_a_provider_is_behind() {
        let config = config::load(None, config::Environment::new([])).unwrap();
        let this = &config.chain;
        let node = |head| NodeState { url: "http://node".to_owned(), chain_id: Ok(this.id), head };
        let say = |head, newest| provider(this, &node(head), newest);
        assert!(matches!(say(Ok(100), Some(100)), Fine(text) if text.ends_with("block 100")));
        assert!(matches!(say(Ok(98), Some(100)), Fine(text) if text.ends_with("2 behind the newest")));
        assert!(matches!(say(Ok(40), Some(100)), Warning(text) if text.contains("60 blocks behind")));
        let down = Err(ChainError::Unavailable("down".to_owned()));
        assert!(matches!(say(down, Some(100)), Wrong(text) if text.contains("chain.rpc_urls")));
        let other = NodeState { chain_id: Ok(1), ..node(Ok(100)) };
        assert!(matches!(provider(this, &other, None), Wrong(text) if text.contains("serves chain 1")));
    }
}
