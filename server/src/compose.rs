//! The composition root: here, and nowhere else, the machine's clock, its chance and the
//! process's environment enter; everything behind takes them as arguments.

use std::{sync::Arc, time::Duration};

use academy::{
    Academy,
    accounts::Site,
    chain::{Chain, ChainError, Heads, QuoteKey, Rpc, TokenDomain},
    checkout::{ChainInfo, Feed, Finality, Policy, Quotes, Token},
    entropy::{Entropy, SystemEntropy},
    evm::Address,
    fault::{AbortAt, Faults, NoFaults},
    money::{Currency, Wei},
    store::Db,
    time::{Clock, SystemClock},
};

use crate::{
    config::{Config, Environment},
    failure::Failure,
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

/// The chain through the configured nodes. Asks nothing yet.
///
/// # Errors
/// When one of the URLs is none.
pub fn chain(config: &Config, machine: &Machine) -> Result<Arc<dyn Chain>, Failure> {
    let urls: Vec<String> = config.chain.rpc_urls.iter().map(|url| url.expose().to_owned()).collect();
    let chain = Rpc::new(&urls)?
        .timeout(Duration::from_millis(config.chain.timeout_ms))
        .machine(machine.clock.clone(), machine.entropy.clone());
    Ok(Arc::new(chain))
}

/// The node that tells of new blocks, if there is one.
///
/// # Errors
/// When its URL is none.
pub fn heads(config: &Config, machine: &Machine) -> Result<Option<Heads>, Failure> {
    match config.chain.ws_url.expose() {
        "" => Ok(None),
        url => Ok(Some(Heads::subscribe(url, machine.entropy.clone())?)),
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

/// What each node says, all asked at once.
///
/// # Errors
/// When one of the URLs is none.
pub async fn nodes(config: &Config) -> Result<Vec<NodeState>, Failure> {
    let timeout = Duration::from_millis(config.chain.timeout_ms);
    let mut asked = Vec::new();
    for url in &config.chain.rpc_urls {
        let node = Rpc::new(&[url.expose().to_owned()])?.timeout(timeout);
        let url = url.url_for_people();
        asked.push(async move {
            let (chain_id, head) = futures::join!(node.chain_id(), node.head());
            NodeState { url, chain_id, head: head.map(|head| head.number) }
        });
    }
    Ok(futures::future::join_all(asked).await)
}

/// What wallets are told about the chain.
pub fn chain_info(config: &Config) -> ChainInfo {
    ChainInfo {
        id: config.chain.id,
        hex_id: format!("{:#x}", config.chain.id),
        name: config.chain.name.clone(),
        currency: config.chain.currency.clone(),
        rpc_url: config.chain.public_rpc_url.clone(),
        explorer: config.chain.explorer.clone(),
        tokens: tokens(config).into_iter().map(|token| token.currency).collect(),
    }
}

/// Several steps of the follower missed, and at least long enough for a node's restart.
fn stale_after(poll_ms: u64) -> i64 {
    i64::try_from(poll_ms.saturating_mul(10)).unwrap_or(i64::MAX).max(30_000)
}

/// The services, over a database and a chain.
///
/// # Errors
/// When the key that signs quotes can't be had.
pub fn academy(
    config: &Config,
    machine: &Machine,
    db: Db,
    chain: Arc<dyn Chain>,
) -> Result<Academy, Failure> {
    let faults: Arc<dyn Faults> = match config.dev.crash_at.as_str() {
        "" => Arc::new(NoFaults),
        point => Arc::new(AbortAt(point.to_owned())),
    };
    let policy = Policy {
        chain_id: config.chain.id,
        // Commands that touch the market ask `Config::market` first; for the others nobody's
        // address does no harm.
        market: config.chain.market.unwrap_or(Address::ZERO),
        open_confirmations: config.chain.open_confirmations,
        provisional_limits: provisional_limits(config),
        finality: match config.chain.final_tag {
            Some(tag) => Finality::Tag(tag),
            None => Finality::Confirmations(config.chain.final_confirmations),
        },
        order_ttl_minutes: config.orders.ttl_minutes,
        late_tolerance_minutes: config.orders.late_tolerance_minutes,
        start_block: config.chain.start_block,
        max_log_range: config.chain.max_log_range,
        reorg_depth: config.chain.reorg_depth,
        stuck_after_minutes: config.chain.stuck_minutes,
        stale_after_millis: stale_after(config.chain.poll_ms),
    };
    let site = Site {
        domain: config.server.public_url.authority().to_owned(),
        uri: config.server.public_url.to_string(),
        name: config.site.name.clone(),
    };
    let builder = Academy::builder(db, chain, policy, site, chain_info(config))
        .clock(machine.clock.clone())
        .entropy(machine.entropy.clone())
        .faults(faults);
    Ok(match quotes(config)? {
        Some(quotes) => builder.quotes(quotes).build(),
        None => builder.build(),
    })
}

/// What opens nothing before it is final. The configuration's checks read every amount.
fn provisional_limits(config: &Config) -> Vec<(Address, Wei)> {
    let mut currencies = vec![Currency::coin(&config.chain.currency)];
    currencies.extend(tokens(config).into_iter().map(|token| token.currency));
    let limit = |currency: &Currency| {
        let amount = config.chain.provisional_limits.get(&currency.symbol)?;
        Some((currency.token, Wei::parse_figure(amount, currency.decimals).ok()?))
    };
    currencies.iter().filter_map(limit).collect()
}

/// How prices are quoted, if they are.
///
/// # Errors
/// When the key can't be had.
pub fn quotes(config: &Config) -> Result<Option<Quotes>, Failure> {
    let wanted = &config.quotes;
    if !wanted.wanted() {
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
    let tokens = tokens(config);
    let feeds = wanted.feeds.iter().map(|feed| Feed {
        currency: feed.currency,
        of: tokens
            .iter()
            .map(|token| &token.currency)
            .find(|currency| currency.symbol == feed.of)
            .map_or_else(|| Currency::coin(&config.chain.currency), Currency::clone),
        address: feed.address,
        max_age_seconds: feed.max_age_seconds,
        min_cents: feed.min_cents,
        max_cents: feed.max_cents,
    });
    Ok(Some(Quotes {
        key: Arc::new(key),
        feeds: feeds.collect(),
        sequencer: wanted.sequencer_feed,
        ttl_minutes: wanted.ttl_minutes,
        tokens,
    }))
}

/// The tokens that this site sells for.
fn tokens(config: &Config) -> Vec<Token> {
    let tokens = config.quotes.tokens.iter().map(|token| Token {
        currency: Currency { token: token.address, symbol: token.symbol.clone(), decimals: token.decimals },
        domain: token.sign.map(|signing| TokenDomain {
            signing,
            name: token.name.clone(),
            version: token.version.clone(),
        }),
    });
    tokens.collect()
}
