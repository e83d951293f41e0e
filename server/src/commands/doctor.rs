//! `lectern doctor`: one line per thing that must be right, with what to do where it isn't.

use std::{path::Path, process::ExitCode};

use academy::{
    chain::{Chain, ChainError, Heads, Round, is_our_market},
    checkout::{Token, feed::sequencer_is_up},
    evm::{Address, BlockTag},
    price::Cents,
    time::Time,
};
use alloy::primitives::U256;

use super::database;
use crate::{
    compose::{self, Machine, NodeState},
    config::{self, Config},
    http,
};

/// Nodes hear of a new block some seconds after each other.
const LAG: u64 = 3;

/// Rollups with a feed that says whether their sequencer is up: Optimism, Base, Arbitrum, and the test networks of each.
const ROLLUPS: [u64; 6] = [10, 8_453, 42_161, 11_155_420, 84_532, 421_614];

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
    findings.extend(unwatched(this).map(|finding| ("sequencer", finding)));
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
    let now = u64::try_from(Machine::real().clock.now().0 / 1000).unwrap_or_default();
    if let Some(feed) = quotes.sequencer {
        findings.push(("sequencer", sequencer(this, chain.round(feed, None).await, now)));
    }
    for token in &quotes.tokens {
        findings.push(("token", token_facts(this, chain, market, token).await));
    }
    for route in quotes.routes() {
        let one = Cents { currency: route.currency(), amount: 100 };
        let word = one.currency.word();
        findings.push((
            "rate",
            match route.rounds(|feed| chain.round(feed, None)).await {
                Err(error) => Wrong(format!("{word}: {error}")),
                Ok(rounds) => match route.convert(one, &rounds, now) {
                    Ok(amount) => Fine(format!("one {word} is {}", route.feed.of.short(amount))),
                    Err(why) => Wrong(format!(
                        "{word}: what the feeds answer is no rate ({why:?}); see {}",
                        this.named("feeds")
                    )),
                },
            },
        ));
    }
    findings
}

/// Whether nobody looks if a rollup's sequencer is up, though prices are quoted by feeds that stand still without it.
fn unwatched(this: &config::Chain) -> Option<Finding> {
    let is_rollup = ROLLUPS.contains(&this.id);
    (is_rollup && !this.feeds.is_empty() && this.sequencer_feed.is_none()).then(|| {
        Warning(format!(
            "nobody looks whether that of {} is up, and while it is not, feeds go on to tell old prices; name \
             its uptime feed in {}",
            this.name,
            this.named("sequencer_feed")
        ))
    })
}

/// Whether a rollup's sequencer is up, and since when, as its feed answered.
fn sequencer(this: &config::Chain, answer: Result<Round, ChainError>, now_seconds: u64) -> Finding {
    let key = this.named("sequencer_feed");
    let round = match answer {
        Ok(round) => round,
        Err(error) => return Wrong(format!("{error}; nothing is quoted without its answer. See {key}")),
    };
    let since = Time::of_seconds(round.started_at).rfc3339();
    let says = |answer: u64| round.answer == Some(U256::from(answer));
    if round.started_at == 0 || !(says(0) || says(1)) {
        Wrong(format!("that is no answer of an uptime feed, and nothing is quoted by it; correct {key}"))
    } else if says(1) {
        Warning(format!("down since {since}: nothing is quoted until it has been up for an hour"))
    } else if sequencer_is_up(&round, now_seconds) {
        Fine(format!("up since {since}"))
    } else {
        Warning(format!("up again since {since}: nothing is quoted in its first hour"))
    }
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
    use academy::chain::fake::FakeChain;

    use super::*;

    const SEQUENCER: &str = "0x5555555555555555555555555555555555555555";

    /// A chain that sells by a feed, and a feed for its sequencer, or none.
    fn quoting(id: &str, sequencer: &str) -> Config {
        let market = "0x1111111111111111111111111111111111111111";
        let feeds =
            format!(r#"[{{currency="USD",address="{market}",max_age_seconds=3900,min=100,max=100000}}]"#);
        let key = "51".repeat(32);
        let settings = [
            ("CHAIN__ID", id),
            ("CHAIN__MARKET", market),
            ("CHAIN__FEEDS", feeds.as_str()),
            ("CHAIN__SEQUENCER_FEED", sequencer),
            ("QUOTES__KEY", key.as_str()),
        ];
        let own = settings.map(|(name, value)| (format!("LECTERN__{name}"), value.to_owned()));
        config::load(None, config::Environment::new(own)).unwrap()
    }

    #[test]
    fn warns_of_a_rollup_that_sells_by_feeds_and_has_none_for_its_sequencer() {
        for id in ["10", "8453", "42161", "11155420", "84532", "421614"] {
            let (without, with) = (quoting(id, ""), quoting(id, SEQUENCER));
            let told = unwatched(&without.chain);
            assert!(matches!(told, Some(Warning(text)) if text.contains("chain.sequencer_feed")), "{id}");
            assert!(unwatched(&with.chain).is_none(), "{id}");
        }
        assert!(unwatched(&quoting("1", "").chain).is_none(), "Ethereum has no sequencer");
        let mut priced_in_the_coin = quoting("8453", "");
        priced_in_the_coin.chain.feeds.clear();
        assert!(unwatched(&priced_in_the_coin.chain).is_none());
    }

    #[test]
    fn tells_whether_a_sequencer_is_up_and_since_when() {
        const NOW: u64 = 1_800_000_000;
        let config = quoting("8453", SEQUENCER);
        let say = |answer: Option<u64>, started_at| {
            let answer = answer.map(U256::from);
            let round = Round { answer, decimals: 0, started_at, updated_at: NOW };
            sequencer(&config.chain, Ok(round), NOW)
        };
        assert!(matches!(say(Some(0), NOW - 7200), Fine(text) if text == "up since 2027-01-15T06:00:00Z"));
        assert!(
            matches!(say(Some(0), NOW - 60), Warning(text) if text.contains("again since 2027-01-15T07:59"))
        );
        assert!(
            matches!(say(Some(1), NOW - 60), Warning(text) if text.contains("down since 2027-01-15T07:59"))
        );
        // A price, nothing, and a round that has not begun.
        for (answer, started_at) in [(Some(300_000_000_000), NOW - 60), (None, NOW - 60), (Some(0), 0)] {
            let told = say(answer, started_at);
            assert!(matches!(told, Wrong(text) if text.contains("chain.sequencer_feed")), "{answer:?}");
        }
        let silent = Err(ChainError::Unavailable("down".to_owned()));
        let told = sequencer(&config.chain, silent, NOW);
        assert!(matches!(told, Wrong(text) if text.contains("chain.sequencer_feed")));
    }

    #[tokio::test]
    async fn looks_at_the_sequencer_where_its_feed_is_named() {
        let lines = async |config: &Config, chain: &FakeChain| {
            let mut findings = quotes(config, &config.chain, chain).await;
            findings.retain(|(what, _)| *what == "sequencer");
            findings.into_iter().map(|(_, finding)| finding).collect::<Vec<_>>()
        };
        let (config, chain) = (quoting("8453", SEQUENCER), FakeChain::new(8453));
        assert!(matches!(lines(&config, &chain).await.as_slice(), [Wrong(_)]), "nothing is there");
        let up = Round { answer: Some(U256::ZERO), decimals: 0, started_at: 1, updated_at: 1 };
        chain.set_round(SEQUENCER.parse().unwrap(), up);
        assert!(matches!(lines(&config, &chain).await.as_slice(), [Fine(_)]));
        assert!(lines(&quoting("8453", ""), &chain).await.is_empty());
    }

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
