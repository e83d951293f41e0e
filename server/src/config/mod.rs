//! Configuration: config.default.toml, then a file, then the environment; typed, and checked
//! whole before anything starts.

mod load;
mod secret;
mod types;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use academy::{
    chain::Signing,
    evm::{Address, BlockTag},
    money::{COIN_DECIMALS, Currency, Wei},
    price::Fiat,
};
use serde::Deserialize;

pub use load::{ConfigError, Environment, load};
pub use secret::Secret;
pub use types::{LogFormat, PublicUrl};

/// The chain id of development chains, with which development's conveniences are allowed.
pub const DEV_CHAIN: u64 = 31337;

/// The commented defaults, embedded.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// All of it. What each key means, config.default.toml says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub site: Site,
    pub database: Database,
    pub chain: Chain,
    pub orders: Orders,
    pub quotes: Quotes,
    pub limits: Limits,
    pub log: Log,
    pub dev: Dev,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: PublicUrl,
    pub site_dir: PathBuf,
    pub workers: bool,
    pub metrics: bool,
    pub request_timeout_seconds: u64,
    pub shutdown_seconds: u64,
    pub max_connections: usize,
}

/// `[site]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub name: String,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: Secret,
}

/// `[chain]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    pub id: u64,
    pub name: String,
    pub currency: String,
    #[serde(deserialize_with = "types::optional_url")]
    pub explorer: Option<String>,
    pub rpc_urls: Vec<Secret>,
    #[serde(deserialize_with = "types::optional_url")]
    pub public_rpc_url: Option<String>,
    #[serde(deserialize_with = "types::optional_address")]
    pub market: Option<Address>,
    pub start_block: u64,
    pub open_confirmations: u32,
    pub provisional_limits: BTreeMap<String, String>,
    pub final_confirmations: u32,
    #[serde(deserialize_with = "types::optional_tag")]
    pub final_tag: Option<BlockTag>,
    pub ws_url: Secret,
    pub poll_ms: u64,
    pub timeout_ms: u64,
    pub max_log_range: u64,
    pub reorg_depth: u64,
    pub stuck_minutes: i64,
}

/// `[quotes]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotes {
    pub key: Secret,
    pub keystore: String,
    pub password_file: String,
    pub ttl_minutes: i64,
    #[serde(deserialize_with = "types::optional_address")]
    pub sequencer_feed: Option<Address>,
    pub tokens: Vec<Token>,
    pub feeds: Vec<Feed>,
}

impl Quotes {
    /// Whether prices are quoted at all.
    pub fn wanted(&self) -> bool {
        !self.feeds.is_empty() || !self.tokens.is_empty()
    }
}

/// One of `quotes.tokens`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub symbol: String,
    pub address: Address,
    pub decimals: u8,
    #[serde(default, deserialize_with = "types::optional_signing")]
    pub sign: Option<Signing>,
    #[serde(default)]
    pub name: String,
    #[serde(default = "types::first_version")]
    pub version: String,
}

/// One of `quotes.feeds`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    #[serde(deserialize_with = "types::fiat")]
    pub currency: Fiat,
    #[serde(default)]
    pub of: String,
    pub address: Address,
    pub max_age_seconds: u64,
    #[serde(rename = "min", deserialize_with = "types::hundredths")]
    pub min_cents: u64,
    #[serde(rename = "max", deserialize_with = "types::hundredths")]
    pub max_cents: u64,
}

/// `[orders]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    pub ttl_minutes: i64,
    pub late_tolerance_minutes: i64,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body_bytes: usize,
    pub lesson_bytes: usize,
    pub upload_bytes: usize,
    pub sign_in_per_minute: u32,
    pub actions_per_minute: u32,
    pub trust_forwarded_for: bool,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

/// `[dev]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dev {
    pub demo_wallet: bool,
    pub crash_at: String,
}

impl Config {
    /// What the types alone can't say, by key: every mistake, not only the first.
    fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut check = |holds: bool, key: &'static str, why: &str| {
            if !holds {
                found.push((key, why.to_owned()));
            }
        };
        let seconds = "write 1 to 3600 seconds";
        check(
            (1..=3600).contains(&self.server.request_timeout_seconds),
            "server.request_timeout_seconds",
            seconds,
        );
        check((1..=3600).contains(&self.server.shutdown_seconds), "server.shutdown_seconds", seconds);
        check(
            (1..=1_000_000).contains(&self.server.max_connections),
            "server.max_connections",
            "write 1 to 1000000",
        );
        check(
            !self.site.name.trim().is_empty() && !self.site.name.contains(char::is_control),
            "site.name",
            "give the site a name, on one line: wallets show it",
        );
        let database = self.database.url.expose();
        check(
            ["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme)),
            "database.url",
            "must start with sqlite:// or postgres://",
        );
        check(self.chain.id > 0, "chain.id", "write the chain's number, such as 11155111 for Sepolia");
        check(!self.chain.rpc_urls.is_empty(), "chain.rpc_urls", "name at least one node");
        for url in &self.chain.rpc_urls {
            check(types::is_web(url.expose()), "chain.rpc_urls", "each must start with http:// or https://");
        }
        let socket = self.chain.ws_url.expose();
        check(
            socket.is_empty() || types::is_socket(socket),
            "chain.ws_url",
            "must be empty or start with ws:// or wss://",
        );
        check(
            (1..=1000).contains(&self.chain.open_confirmations),
            "chain.open_confirmations",
            "write 1 to 1000 blocks",
        );
        for (symbol, amount) in &self.chain.provisional_limits {
            let decimals = self.decimals_of(symbol);
            check(
                decimals.is_some(),
                "chain.provisional_limits",
                &format!("{symbol} is neither the coin nor one of quotes.tokens"),
            );
            check(
                Wei::parse_figure(amount, decimals.unwrap_or_default()).is_ok(),
                "chain.provisional_limits",
                &format!("write an amount for {symbol}, such as \"0.5\""),
            );
        }
        check(
            (self.chain.open_confirmations..=10_000).contains(&self.chain.final_confirmations),
            "chain.final_confirmations",
            "must be at least chain.open_confirmations, and at most 10000",
        );
        check(
            (50..=600_000).contains(&self.chain.poll_ms),
            "chain.poll_ms",
            "write 50 to 600000 milliseconds",
        );
        check(
            (100..=60_000).contains(&self.chain.timeout_ms),
            "chain.timeout_ms",
            "write 100 to 60000 milliseconds",
        );
        check(
            (1..=1_000_000).contains(&self.chain.max_log_range),
            "chain.max_log_range",
            "write 1 to 1000000 blocks",
        );
        check(
            (1..=100_000).contains(&self.chain.reorg_depth),
            "chain.reorg_depth",
            "write 1 to 100000 blocks",
        );
        check(
            (1..=10_080).contains(&self.chain.stuck_minutes),
            "chain.stuck_minutes",
            "write 1 to 10080 minutes",
        );
        check(
            (1..=10_080).contains(&self.orders.ttl_minutes),
            "orders.ttl_minutes",
            "write 1 to 10080 minutes",
        );
        check(
            (0..=10_080).contains(&self.orders.late_tolerance_minutes),
            "orders.late_tolerance_minutes",
            "write 0 to 10080 minutes",
        );
        check(
            (1..=1440).contains(&self.quotes.ttl_minutes),
            "quotes.ttl_minutes",
            "write 1 to 1440 minutes: the contract takes a quote for a day at most",
        );
        let keys = [self.quotes.key.expose(), &self.quotes.keystore];
        check(
            !self.quotes.wanted() || keys.iter().filter(|key| !key.is_empty()).count() == 1,
            "quotes.key",
            "quotes.feeds and quotes.tokens need the key that signs quotes: set quotes.keystore, or \
             quotes.key, not both",
        );
        let mut symbols = vec![self.chain.currency.as_str(), ""];
        for token in &self.quotes.tokens {
            check(
                !symbols.contains(&token.symbol.as_str()) && !token.symbol.contains(char::is_control),
                "quotes.tokens",
                "each needs a symbol that no other has, nor the coin",
            );
            symbols.push(&token.symbol);
            check(
                token.decimals <= Currency::MAX_DECIMALS && token.address != Address::ZERO,
                "quotes.tokens",
                "each needs its contract's address, and its decimals: at most 24",
            );
            check(
                token.sign.is_none() || !token.name.is_empty(),
                "quotes.tokens",
                "sign needs name and version, those of the token's EIP-712 domain",
            );
        }
        let mut known = Vec::new();
        for feed in &self.quotes.feeds {
            let of = if feed.of.is_empty() { &self.chain.currency } else { &feed.of };
            check(
                symbols.contains(&of.as_str()),
                "quotes.feeds",
                &format!("{of} is neither the coin nor one of quotes.tokens"),
            );
            check(
                !known.contains(&(feed.currency, of)),
                "quotes.feeds",
                &format!("name {} of {of} once", feed.currency.word()),
            );
            known.push((feed.currency, of));
            check(
                (60..=604_800).contains(&feed.max_age_seconds),
                "quotes.feeds",
                "max_age_seconds is 60 to 604800: the feed's heartbeat, and some room",
            );
            check(
                0 < feed.min_cents && feed.min_cents < feed.max_cents,
                "quotes.feeds",
                "min and max are units of the currency for one coin or token, such as 0.95; answers outside \
                 are refused",
            );
        }
        let bytes = "write 1024 to 104857600 bytes";
        for (key, size) in [
            ("limits.body_bytes", self.limits.body_bytes),
            ("limits.lesson_bytes", self.limits.lesson_bytes),
            ("limits.upload_bytes", self.limits.upload_bytes),
        ] {
            check((1024..=104_857_600).contains(&size), key, bytes);
        }
        check(self.limits.sign_in_per_minute > 0, "limits.sign_in_per_minute", "must be at least 1");
        check(self.limits.actions_per_minute > 0, "limits.actions_per_minute", "must be at least 1");
        check(
            tracing_subscriber::EnvFilter::try_new(&self.log.filter).is_ok(),
            "log.filter",
            "is no filter; write one such as \"info\" or \"info,academy=debug\"",
        );
        let dev = self.chain.id == DEV_CHAIN;
        check(
            dev || !self.dev.demo_wallet,
            "dev.demo_wallet",
            "is for development chains only: chain.id is not 31337",
        );
        check(
            dev || self.dev.crash_at.is_empty(),
            "dev.crash_at",
            "is for development chains only: chain.id is not 31337",
        );
        check(
            self.dev.crash_at.is_empty()
                || academy::fault::PAYMENT_POINTS.contains(&self.dev.crash_at.as_str()),
            "dev.crash_at",
            &format!("names no point; there are {}", academy::fault::PAYMENT_POINTS.join(", ")),
        );
        found
    }

    /// The digits after the point of the coin or a token.
    fn decimals_of(&self, symbol: &str) -> Option<u8> {
        if symbol == self.chain.currency {
            return Some(COIN_DECIMALS);
        }
        let token = self.quotes.tokens.iter().find(|token| token.symbol == symbol);
        token.map(|token| token.decimals)
    }

    /// The market's address, for commands that can't do without it.
    ///
    /// # Errors
    /// When it is not set: with what to do.
    pub fn market(&self) -> Result<Address, ConfigError> {
        self.chain.market.ok_or_else(|| {
            ConfigError::mistake(
                "chain.market",
                "is not set; deploy the contract with `lectern contracts deploy` and put the address \
                 that it prints here",
            )
        })
    }
}
