//! Configuration: config.default.toml, then a file, then the environment; typed, and checked
//! whole before anything starts.

mod chain;
mod load;
mod secret;
mod types;

use std::{net::SocketAddr, path::PathBuf};

use academy::webhooks::SigningSecret;
use serde::Deserialize;

pub use academy::chain::dev::is_dev;
pub use chain::{Chain, Feed, Token};
pub use load::{ConfigError, Environment, load};
pub use secret::Secret;
pub use types::{LogFormat, PublicUrl};

/// Test networks: of Ethereum, BNB, Gnosis, Avalanche, Linea, Polygon, Base, Arbitrum, Scroll and Optimism; and what
/// ganache and geth take by themselves.
const WORTHLESS: [u64; 14] = [
    5, 97, 1_337, 10_200, 17_000, 43_113, 59_141, 80_002, 84_532, 421_614, 534_351, 560_048, 11_155_111,
    11_155_420,
];

/// Whether its coin is given away.
fn is_worthless(chain_id: u64) -> bool {
    is_dev(chain_id) || WORTHLESS.contains(&chain_id)
}

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
    #[serde(default, deserialize_with = "chain::others")]
    pub chains: Vec<Chain>,
    pub orders: Orders,
    pub quotes: Quotes,
    pub webhooks: Webhooks,
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

/// `[quotes]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotes {
    pub key: Secret,
    pub keystore: String,
    pub password_file: String,
    pub ttl_minutes: i64,
}

/// `[orders]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    pub ttl_minutes: i64,
    pub late_tolerance_minutes: i64,
}

/// `[webhooks]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub token: Secret,
    pub endpoints: Vec<Endpoint>,
}

/// One of `webhooks.endpoints`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub name: String,
    pub url: Secret,
    pub secret: Secret,
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
    fn mistakes(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut check = |holds: bool, key: &str, why: &str| {
            if !holds {
                found.push((key.to_owned(), why.to_owned()));
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
        for chain in self.every_chain() {
            chain.check(&mut check);
            let twice = self.every_chain().filter(|other| other.id == chain.id).count() > 1;
            check(!twice, &chain.named("id"), "two chains have this one; name each once");
            check(
                is_worthless(chain.id) == is_worthless(self.chain.id),
                &chain.named("id"),
                "a chain whose coin is worth nothing beside one where it is money: courses would be had for nothing",
            );
        }
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
        // Ten minutes less than the contract's MAX_QUOTE_LIFETIME, which counts from its newest block: that is older
        // than our clock, by a block or by as much as the chain's clock is slow.
        check(
            (1..=1430).contains(&self.quotes.ttl_minutes),
            "quotes.ttl_minutes",
            "write 1 to 1430 minutes: the contract takes a quote for a day at most, by the chain's clock",
        );
        let keys = [self.quotes.key.expose(), &self.quotes.keystore];
        check(
            !self.every_chain().any(Chain::quotes) || keys.iter().filter(|key| !key.is_empty()).count() == 1,
            "quotes.key",
            "a chain's feeds and tokens need the key that signs quotes: set quotes.keystore, or quotes.key, not \
             both",
        );
        let token = self.webhooks.token.expose();
        check(
            token.is_empty() || token.len() >= 32,
            "webhooks.token",
            "write at least 32 characters that nobody can guess, or leave it empty",
        );
        for (index, endpoint) in self.webhooks.endpoints.iter().enumerate() {
            let named = |field: &str| format!("webhooks.endpoints[{index}].{field}");
            let name = endpoint.name.as_str();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let alike = self.webhooks.endpoints.iter().filter(|other| other.name == name).count();
            check(
                !name.is_empty() && name.chars().all(plain) && alike == 1,
                &named("name"),
                "give it a name of its own, of letters, digits, - and _",
            );
            check(
                types::is_web(endpoint.url.expose()),
                &named("url"),
                "must start with http:// or https:// and name a host",
            );
            check(
                SigningSecret::parse(endpoint.secret.expose()).is_ok(),
                &named("secret"),
                "write whsec_ and 24 to 64 random bytes in base64: what `openssl rand -base64 32` prints",
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
        let dev = self.every_chain().all(|chain| is_dev(chain.id));
        check(
            dev || !self.dev.demo_wallet,
            "dev.demo_wallet",
            "is for development chains only: not every chain's id is one of 31337 to 31346",
        );
        check(
            dev || self.dev.crash_at.is_empty(),
            "dev.crash_at",
            "is for development chains only: not every chain's id is one of 31337 to 31346",
        );
        check(
            self.dev.crash_at.is_empty()
                || academy::fault::PAYMENT_POINTS.contains(&self.dev.crash_at.as_str()),
            "dev.crash_at",
            &format!("names no point; there are {}", academy::fault::PAYMENT_POINTS.join(", ")),
        );
        found
    }

    /// The chains that are sold on, the first one first.
    pub fn every_chain(&self) -> impl Iterator<Item = &Chain> + Clone {
        std::iter::once(&self.chain).chain(&self.chains)
    }

    /// The chain of that number; without, the first.
    ///
    /// # Errors
    /// When there is none.
    pub fn chain_of(&self, id: Option<u64>) -> Result<&Chain, ConfigError> {
        let Some(id) = id else { return Ok(&self.chain) };
        self.every_chain().find(|chain| chain.id == id).ok_or_else(|| {
            let ids: Vec<_> = self.every_chain().map(|chain| chain.id.to_string()).collect();
            ConfigError::mistake("chain.id", &format!("there is no chain {id}; there are {}", ids.join(", ")))
        })
    }
}
