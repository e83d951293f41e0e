//! The chains that are sold on.

use std::collections::BTreeMap;

use academy::{
    chain::Signing,
    evm::{Address, BlockTag},
    money::{COIN_DECIMALS, Currency, Wei},
    price::Fiat,
};
use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
    value::Dict,
};
use reqwest::Url;
use serde::{Deserialize, Deserializer, de::Error};

use super::{ConfigError, DEFAULTS, Secret, load::sentence, types};

/// `[chain]`, and each of `[[chains]]`.
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
    pub former_markets: Vec<FormerMarket>,
    pub open_confirmations: u32,
    #[serde(deserialize_with = "types::optional_tag")]
    pub open_tag: Option<BlockTag>,
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
    pub tokens: Vec<Token>,
    pub feeds: Vec<Feed>,
    #[serde(deserialize_with = "types::optional_address")]
    pub sequencer_feed: Option<Address>,
    /// Where it stands in the configuration: `chain`, or `chains[0]`.
    #[serde(skip, default = "first")]
    key: String,
}

fn first() -> String {
    "chain".to_owned()
}

/// What each of `[[chains]]` must say for itself.
const OWN: [&str; 4] = ["id", "name", "currency", "rpc_urls"];

/// Each of `[[chains]]`: what else it does not say is as `[chain]` is by default, whatever `[chain]` says.
pub fn others<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Chain>, D::Error> {
    let defaults = Figment::from(Toml::string(DEFAULTS)).focus("chain");
    let chains = Vec::<Dict>::deserialize(from)?.into_iter().enumerate().map(|(index, named)| {
        let key = format!("chains[{index}]");
        // Those of another chain would be wrong, and a wrong coin is a wrong price.
        if let Some(missing) = OWN.into_iter().find(|own| !named.contains_key(*own)) {
            return Err(D::Error::custom(format!("{key}.{missing}: is missing")));
        }
        let chain = defaults.clone().merge(Serialized::defaults(named)).extract::<Chain>();
        let told = |error: figment::Error| {
            let all: Vec<_> = error.into_iter().map(|one| format!("{key}.{}", sentence(&one))).collect();
            D::Error::custom(all.join("; "))
        };
        Ok(Chain { key: key.clone(), ..chain.map_err(told)? })
    });
    chains.collect()
}

/// One of a chain's `former_markets`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerMarket {
    #[serde(deserialize_with = "types::address")]
    pub address: Address,
    pub start_block: u64,
}

/// One of a chain's `tokens`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub symbol: String,
    #[serde(deserialize_with = "types::address")]
    pub address: Address,
    pub decimals: u8,
    #[serde(default, deserialize_with = "types::optional_signing")]
    pub sign: Option<Signing>,
    #[serde(default)]
    pub name: String,
    #[serde(default = "types::first_version")]
    pub version: String,
}

/// One of its `feeds`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    #[serde(deserialize_with = "types::fiat")]
    pub currency: Fiat,
    #[serde(default)]
    pub of: String,
    #[serde(deserialize_with = "types::address")]
    pub address: Address,
    pub max_age_seconds: u64,
    #[serde(rename = "min", deserialize_with = "types::hundredths")]
    pub min_cents: u64,
    #[serde(rename = "max", deserialize_with = "types::hundredths")]
    pub max_cents: u64,
}

impl Feed {
    /// The state's currency that it tells the rate of, if it is of none of what is paid in.
    pub fn of_fiat(&self) -> Option<Fiat> {
        self.of.parse().ok()
    }
}

impl Chain {
    /// A key of it, as the configuration's errors name it.
    pub fn named(&self, key: &str) -> String {
        format!("{}.{key}", self.key)
    }

    /// Whether prices are quoted on it.
    pub fn quotes(&self) -> bool {
        !self.feeds.is_empty() || !self.tokens.is_empty()
    }

    /// What the types alone can't say.
    pub(super) fn check(&self, mut check: impl FnMut(bool, &str, &str)) {
        check(self.id > 0, &self.named("id"), "write the chain's number, such as 11155111 for Sepolia");
        let former = |place: usize| self.former_markets[place].address;
        let again = |place: usize| {
            self.market == Some(former(place)) || (0..place).any(|before| former(before) == former(place))
        };
        check(
            !(0..self.former_markets.len()).any(again),
            &self.named("former_markets"),
            "names a market twice; the one that sells now is `market`",
        );
        check(!self.rpc_urls.is_empty(), &self.named("rpc_urls"), "name at least one node");
        for url in &self.rpc_urls {
            check(
                types::is_web(url.expose()),
                &self.named("rpc_urls"),
                "each must start with http:// or https://",
            );
        }
        // A node that is counted twice agrees with itself.
        let nodes: Vec<_> = self.rpc_urls.iter().filter_map(|url| Url::parse(url.expose()).ok()).collect();
        check(
            nodes.iter().enumerate().all(|(place, node)| !nodes[..place].contains(node)),
            &self.named("rpc_urls"),
            "name each node once: two must agree, and one can't be the second of itself",
        );
        let socket = self.ws_url.expose();
        check(
            socket.is_empty() || types::is_socket(socket),
            &self.named("ws_url"),
            "must be empty or start with ws:// or wss://",
        );
        let (blocks, millis) = ("blocks", "milliseconds");
        for (key, value, least, most, unit) in [
            ("open_confirmations", self.open_confirmations.into(), 1, 1000, blocks),
            ("poll_ms", self.poll_ms, 50, 600_000, millis),
            ("timeout_ms", self.timeout_ms, 100, 60_000, millis),
            ("max_log_range", self.max_log_range, 1, 1_000_000, blocks),
            ("reorg_depth", self.reorg_depth, 1, 100_000, blocks),
            // Below nothing is too little, too.
            ("stuck_minutes", self.stuck_minutes.try_into().unwrap_or(0), 1, 10_080, "minutes"),
        ] {
            let range = format!("write {least} to {most} {unit}");
            check((least..=most).contains(&value), &self.named(key), &range);
        }
        for (symbol, amount) in &self.provisional_limits {
            let decimals = self.decimals_of(symbol);
            check(
                decimals.is_some(),
                &self.named("provisional_limits"),
                &format!("{symbol} is neither the coin nor one of its tokens"),
            );
            check(
                Wei::parse_figure(amount, decimals.unwrap_or_default()).is_ok(),
                &self.named("provisional_limits"),
                &format!("write an amount for {symbol}, such as \"0.5\""),
            );
        }
        check(
            (self.open_confirmations..=10_000).contains(&self.final_confirmations),
            &self.named("final_confirmations"),
            "must be at least open_confirmations, and at most 10000",
        );
        check(
            self.open_tag.is_none() || [self.open_tag, Some(BlockTag::Finalized)].contains(&self.final_tag),
            &self.named("open_tag"),
            "needs final_tag = \"finalized\": what is final opens, whatever the tag says",
        );
        let mut symbols = vec![self.currency.as_str(), ""];
        for token in &self.tokens {
            check(
                !symbols.contains(&token.symbol.as_str())
                    && !token.symbol.contains(char::is_control)
                    && token.symbol.parse::<Fiat>().is_err(),
                &self.named("tokens"),
                "each needs a symbol that no other has, nor the coin, nor a state's currency",
            );
            symbols.push(&token.symbol);
            check(
                token.decimals <= Currency::MAX_DECIMALS && token.address != Address::ZERO,
                &self.named("tokens"),
                "each needs its contract's address, and its decimals: at most 24",
            );
            check(
                token.sign.is_none() || !token.name.is_empty(),
                &self.named("tokens"),
                "sign needs name and version, those of the token's EIP-712 domain",
            );
        }
        let mut known = Vec::new();
        for feed in &self.feeds {
            let of = if feed.of.is_empty() { &self.currency } else { &feed.of };
            check(
                symbols.contains(&of.as_str()) || feed.of_fiat().is_some(),
                &self.named("feeds"),
                &format!("{of} is neither the coin nor one of its tokens, nor a state's currency"),
            );
            let in_the_same = |other: &Feed| other.currency == feed.currency && other.of_fiat().is_none();
            check(
                feed.of_fiat().is_none_or(|of| of != feed.currency && self.feeds.iter().any(in_the_same)),
                &self.named("feeds"),
                &format!(
                    "{of} in {} needs a feed of the coin or a token in {0}, and another currency",
                    feed.currency.word()
                ),
            );
            check(
                !known.contains(&(feed.currency, of)),
                &self.named("feeds"),
                &format!("name {} of {of} once", feed.currency.word()),
            );
            known.push((feed.currency, of));
            check(
                (60..=604_800).contains(&feed.max_age_seconds),
                &self.named("feeds"),
                "max_age_seconds is 60 to 604800: the feed's heartbeat, and some room",
            );
            check(
                0 < feed.min_cents && feed.min_cents < feed.max_cents,
                &self.named("feeds"),
                "min and max are units of the currency for one coin, token or unit of another, such as 0.95; \
                 answers outside are refused",
            );
        }
    }

    /// The digits after the point of the coin or a token.
    fn decimals_of(&self, symbol: &str) -> Option<u8> {
        if symbol == self.currency {
            return Some(COIN_DECIMALS);
        }
        self.tokens.iter().find(|token| token.symbol == symbol).map(|token| token.decimals)
    }

    /// The market that sells or a former one, by its address; without, the one that sells.
    ///
    /// # Errors
    /// When none is configured, or none has that address.
    pub fn market_at(&self, address: Option<Address>) -> Result<Address, ConfigError> {
        let Some(address) = address else { return self.market() };
        if self.markets().any(|(known, _)| known == address) {
            return Ok(address);
        }
        let why = format!("names no market at {}, nor does former_markets", address.checksummed());
        Err(ConfigError::mistake(&self.named("market"), &why))
    }

    /// Every configured market with the block of its deployment, the one that sells first.
    pub fn markets(&self) -> impl Iterator<Item = (Address, u64)> {
        let former = self.former_markets.iter().map(|market| (market.address, market.start_block));
        self.market.map(|market| (market, self.start_block)).into_iter().chain(former)
    }

    /// The market's address, for commands that can't do without it.
    ///
    /// # Errors
    /// When it is not set: with what to do.
    pub fn market(&self) -> Result<Address, ConfigError> {
        self.market.ok_or_else(|| {
            ConfigError::mistake(
                &self.named("market"),
                "is not set; deploy the contract with `lectern contracts deploy` and put the address \
                 that it prints here",
            )
        })
    }
}
