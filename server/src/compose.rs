//! The composition root: here, and nowhere else, the machine's clock, its chance and the
//! process's environment enter; everything behind takes them as arguments.

use std::{sync::Arc, time::Duration};

use academy::{
    Academy,
    accounts::Site,
    chain::{Chain, ChainError, Heads, QuoteKey, Rpc, TokenDomain},
    checkout::{ChainInfo, Deployment, Depth, Feed, Network, Policy, Quotes, Token},
    entropy::{Entropy, SystemEntropy},
    evm::{Address, BlockTag},
    fault::{AbortAt, Faults, NoFaults},
    money::{Currency, Wei},
    store::Db,
    time::{Clock, SystemClock},
    webhooks::{Endpoint, SigningSecret},
};

use crate::{
    config::{self, Config, Environment},
    failure::Failure,
    webhooks::Poster,
};

/// What the machine gives.
#[derive(Clone)]
pub struct Machine {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

impl Machine {
    /// The real one.
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}

/// The process's environment, as far as it is ours.
pub fn environment() -> Environment {
    // Names of ours are ASCII. A value that is no Unicode keeps replacement characters, so that the
    // check of its key says what is wrong with it.
    Environment::new(
        std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        }),
    )
}

/// A chain through its configured nodes. Asks nothing yet.
///
/// # Errors
/// When one of the URLs is none.
pub fn chain(chain: &config::Chain, machine: &Machine) -> Result<Arc<dyn Chain>, Failure> {
    let urls: Vec<String> = chain.rpc_urls.iter().map(|url| url.expose().to_owned()).collect();
    let chain = Rpc::new(&urls)?
        .timeout(Duration::from_millis(chain.timeout_ms))
        .machine(machine.clock.clone(), machine.entropy.clone());
    Ok(Arc::new(chain))
}

/// The node that tells of new blocks, if there is one.
///
/// # Errors
/// When its URL is none.
pub fn heads(chain: &config::Chain, machine: &Machine) -> Result<Option<Heads>, Failure> {
    match chain.ws_url.expose() {
        "" => Ok(None),
        url => Ok(Some(Heads::subscribe(url, chain.id, machine.entropy.clone())?)),
    }
}

/// What a node says, asked alone.
pub struct NodeState {
    /// Its address, for people.
    pub url: String,
    /// The id of the chain that it serves.
    pub chain_id: Result<u64, ChainError>,
    /// Its newest block.
    pub head: Result<u64, ChainError>,
}

/// What each node of a chain says, all asked at once.
///
/// # Errors
/// When one of the URLs is none.
pub async fn nodes(chain: &config::Chain) -> Result<Vec<NodeState>, Failure> {
    let timeout = Duration::from_millis(chain.timeout_ms);
    let mut asked = Vec::new();
    for url in &chain.rpc_urls {
        let node = Rpc::new(&[url.expose().to_owned()])?.timeout(timeout);
        let url = url.url_for_people();
        asked.push(async move {
            let (chain_id, head) = futures::join!(node.chain_id(), node.head());
            NodeState { url, chain_id, head: head.map(|head| head.number) }
        });
    }
    Ok(futures::future::join_all(asked).await)
}

/// What wallets are told about a chain.
fn chain_info(chain: &config::Chain) -> ChainInfo {
    ChainInfo {
        id: chain.id,
        hex_id: format!("{:#x}", chain.id),
        name: chain.name.clone(),
        currency: chain.currency.clone(),
        rpc_url: chain.public_rpc_url.clone(),
        explorer: chain.explorer.clone(),
        tokens: tokens(chain).into_iter().map(|token| token.currency).collect(),
    }
}

/// The rules of a chain.
fn policy(config: &Config, chain: &config::Chain) -> Policy {
    Policy {
        chain_id: chain.id,
        // Commands that touch the market ask `Chain::market` first; for the others nobody's
        // address does no harm.
        market: chain.market.unwrap_or(Address::ZERO),
        opening: depth(chain.open_tag, chain.open_confirmations),
        provisional_limits: provisional_limits(chain),
        finality: depth(chain.final_tag, chain.final_confirmations),
        order_ttl_minutes: config.orders.ttl_minutes,
        late_tolerance_minutes: config.orders.late_tolerance_minutes,
        start_block: chain.start_block,
        former_markets: chain
            .former_markets
            .iter()
            .map(|market| Deployment { address: market.address, start_block: market.start_block })
            .collect(),
        max_log_range: chain.max_log_range,
        reorg_depth: chain.reorg_depth,
        stuck_after_minutes: chain.stuck_minutes,
        stale_after_millis: stale_after(chain.poll_ms),
    }
}

/// Where the network vouches for blocks, nobody counts.
fn depth(tag: Option<BlockTag>, confirmations: u32) -> Depth {
    tag.map_or(Depth::Confirmations(confirmations), Depth::Tag)
}

/// Several steps of the follower missed, and at least long enough for a node's restart.
fn stale_after(poll_ms: u64) -> i64 {
    i64::try_from(poll_ms.saturating_mul(10)).unwrap_or(i64::MAX).max(30_000)
}

/// The services, over a database and the configured chains.
///
/// # Errors
/// When the key that signs quotes can't be had, or one of the nodes' URLs is none.
pub fn academy(config: &Config, machine: &Machine, db: Db) -> Result<Academy, Failure> {
    let first = chain(&config.chain, machine)?;
    academy_on(config, machine, db, first)
}

/// As [`academy`], with the first chain as it is given.
///
/// # Errors
/// As there.
pub fn academy_on(
    config: &Config,
    machine: &Machine,
    db: Db,
    first: Arc<dyn Chain>,
) -> Result<Academy, Failure> {
    let faults: Arc<dyn Faults> = match config.dev.crash_at.as_str() {
        "" => Arc::new(NoFaults),
        point => Arc::new(AbortAt(point.to_owned())),
    };
    let site = Site {
        domain: config.server.public_url.authority().to_owned(),
        uri: config.server.public_url.to_string(),
        name: config.site.name.clone(),
    };
    let mut builder =
        Academy::builder(db, first, policy(config, &config.chain), site, chain_info(&config.chain))
            .clock(machine.clock.clone())
            .entropy(machine.entropy.clone())
            .faults(faults);
    if let Some(quotes) = quotes(config, &config.chain)? {
        builder = builder.quotes(quotes);
    }
    for other in &config.chains {
        let network = Network::new(chain(other, machine)?, policy(config, other), chain_info(other));
        builder = builder.also(network.quotes(quotes(config, other)?));
    }
    let endpoints = config.webhooks.endpoints.iter().map(|endpoint| Endpoint {
        name: endpoint.name.clone(),
        url: endpoint.url.expose().to_owned(),
        // The configuration's checks have read it.
        secret: SigningSecret::parse(endpoint.secret.expose()).expect("a checked secret"),
    });
    Ok(builder.webhooks(endpoints.collect(), Arc::new(Poster::new()?)).build())
}

/// What opens nothing before it is final. The configuration's checks read every amount.
fn provisional_limits(chain: &config::Chain) -> Vec<(Address, Wei)> {
    let limit = |currency: &Currency| {
        let amount = chain.provisional_limits.get(&currency.symbol)?;
        Some((currency.token, Wei::parse_figure(amount, currency.decimals).ok()?))
    };
    currencies(chain).iter().filter_map(limit).collect()
}

/// How prices are quoted on a chain, if there is a key for it: where nothing but the coin is taken, an order's
/// price can still outlive its listing (edge case 16).
///
/// # Errors
/// When the key can't be had.
pub fn quotes(config: &Config, chain: &config::Chain) -> Result<Option<Quotes>, Failure> {
    let wanted = &config.quotes;
    if wanted.keystore.is_empty() && wanted.key.expose().is_empty() {
        return Ok(None);
    }
    let key = if wanted.keystore.is_empty() {
        QuoteKey::from_hex(wanted.key.expose())
            .map_err(|error| Failure::Told(format!("quotes.key: {error}")))?
    } else {
        let file = &wanted.password_file;
        let text = std::fs::read_to_string(file)
            .map_err(Failure::system(format!("quotes.password_file: {file}")))?;
        QuoteKey::from_keystore(wanted.keystore.as_ref(), text.lines().next().unwrap_or_default())
            .map_err(|error| Failure::Told(format!("quotes.keystore: {error}")))?
    };
    let currencies = currencies(chain);
    let of = |feed: &config::Feed| {
        let named = if feed.of.is_empty() { &chain.currency } else { &feed.of };
        currencies.iter().find(|currency| currency.symbol == *named).cloned()
    };
    let feeds = chain.feeds.iter().filter_map(|feed| Some(priced(feed, of(feed)?)));
    let crosses = chain.feeds.iter().filter_map(|feed| Some(priced(feed, feed.of_fiat()?)));
    Ok(Some(Quotes {
        key: Arc::new(key),
        feeds: feeds.collect(),
        crosses: crosses.collect(),
        sequencer: chain.sequencer_feed,
        ttl_minutes: wanted.ttl_minutes,
        tokens: tokens(chain),
    }))
}

/// A feed of something.
fn priced<Of>(feed: &config::Feed, of: Of) -> Feed<Of> {
    Feed {
        currency: feed.currency,
        of,
        address: feed.address,
        max_age_seconds: feed.max_age_seconds,
        min_cents: feed.min_cents,
        max_cents: feed.max_cents,
    }
}

/// The coin and the tokens that this site sells for on a chain.
pub fn currencies(chain: &config::Chain) -> Vec<Currency> {
    let tokens = tokens(chain).into_iter().map(|token| token.currency);
    std::iter::once(Currency::coin(&chain.currency)).chain(tokens).collect()
}

/// The tokens that this site sells for on a chain.
fn tokens(chain: &config::Chain) -> Vec<Token> {
    let tokens = chain.tokens.iter().map(|token| Token {
        currency: Currency { token: token.address, symbol: token.symbol.clone(), decimals: token.decimals },
        domain: token.sign.map(|signing| TokenDomain {
            signing,
            name: token.name.clone(),
            version: token.version.clone(),
        }),
    });
    tokens.collect()
}

#[cfg(test)]
mod tests {
    use academy::price::Fiat;
    use alloy::primitives::U256;

    use super::*;

    /// Every key of which a chain's rules are made, none as it is by default.
    const SETTINGS: [(&str, &str); 16] = [
        ("CHAIN__ID", "31338"),
        ("CHAIN__CURRENCY", "DEV"),
        ("CHAIN__MARKET", "0x1111111111111111111111111111111111111111"),
        ("CHAIN__START_BLOCK", "41"),
        (
            "CHAIN__FORMER_MARKETS",
            r#"[{address="0x2222222222222222222222222222222222222222",start_block=7}]"#,
        ),
        ("CHAIN__OPEN_CONFIRMATIONS", "2"),
        ("CHAIN__FINAL_CONFIRMATIONS", "29"),
        ("CHAIN__PROVISIONAL_LIMITS", r#"{USDC="1500.25",DEV="0.5"}"#),
        (
            "CHAIN__TOKENS",
            r#"[{symbol="DAI",address="0x3333333333333333333333333333333333333333",decimals=18},
                {symbol="USDC",address="0x4444444444444444444444444444444444444444",decimals=6}]"#,
        ),
        ("CHAIN__POLL_MS", "7000"),
        ("CHAIN__MAX_LOG_RANGE", "321"),
        ("CHAIN__REORG_DEPTH", "99"),
        ("CHAIN__STUCK_MINUTES", "17"),
        ("ORDERS__TTL_MINUTES", "43"),
        ("ORDERS__LATE_TOLERANCE_MINUTES", "11"),
        ("QUOTES__KEY", "of no use here"),
    ];

    fn rules(more: &[(&str, &str)]) -> Policy {
        let own = SETTINGS.iter().chain(more);
        let own = own.map(|(name, value)| (format!("LECTERN__{name}"), (*value).to_owned()));
        let config = config::load(None, Environment::new(own)).unwrap();
        policy(&config, &config.chain)
    }

    #[test]
    fn a_chains_rules_are_what_the_configuration_says() {
        let expected = Policy {
            chain_id: 31338,
            market: Address([0x11; 20]),
            start_block: 41,
            former_markets: vec![Deployment { address: Address([0x22; 20]), start_block: 7 }],
            opening: Depth::Confirmations(2),
            provisional_limits: vec![
                (Address::ZERO, Wei::new(U256::from(500_000_000_000_000_000_u64))),
                (Address([0x44; 20]), Wei::new(U256::from(1_500_250_000_u64))),
            ],
            finality: Depth::Confirmations(29),
            order_ttl_minutes: 43,
            late_tolerance_minutes: 11,
            max_log_range: 321,
            stuck_after_minutes: 17,
            reorg_depth: 99,
            stale_after_millis: 70_000,
        };
        assert_eq!(format!("{:#?}", rules(&[])), format!("{expected:#?}"));
    }

    #[test]
    fn a_tag_goes_before_a_count() {
        let rules = rules(&[("CHAIN__OPEN_TAG", "safe"), ("CHAIN__FINAL_TAG", "finalized")]);
        assert_eq!(rules.opening, Depth::Tag(BlockTag::Safe));
        assert_eq!(rules.finality, Depth::Tag(BlockTag::Finalized));
    }

    #[test]
    fn prices_in_euros_are_quoted_by_dollars_where_no_feed_is_in_euros() {
        let feeds = [
            ("", "0x5555555555555555555555555555555555555555"),
            ("EUR", "0x6666666666666666666666666666666666666666"),
        ];
        let feeds = feeds.map(|(of, address)| {
            format!(
                r#"{{currency="USD",of="{of}",address="{address}",max_age_seconds=90000,min=0.5,max=9000}}"#
            )
        });
        let settings = [
            ("LECTERN__QUOTES__KEY".to_owned(), "51".repeat(32)),
            ("LECTERN__CHAIN__FEEDS".to_owned(), format!("[{}]", feeds.join(","))),
        ];
        let config = config::load(None, Environment::new(settings)).unwrap();
        let quotes = quotes(&config, &config.chain).unwrap().unwrap();
        let routes: Vec<_> = quotes
            .routes()
            .map(|route| (route.currency(), route.feed.address, route.cross.map(|cross| cross.address)))
            .collect();
        let (coin, euro) = (Address([0x55; 20]), Address([0x66; 20]));
        assert_eq!(routes, [(Fiat::Usd, coin, None), (Fiat::Eur, coin, Some(euro))]);
        assert!(quotes.feeds[0].of.is_coin());
    }

    #[test]
    fn a_quick_chain_is_not_called_stale_while_a_node_restarts() {
        assert_eq!(rules(&[("CHAIN__POLL_MS", "50")]).stale_after_millis, 30_000);
    }
}
