//! Where the values come from.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    util::nest,
    value::{Dict, Map, Value},
};

use super::{Config, DEFAULTS};

const PREFIX: &str = "LECTERN__";

/// The file that is read if nobody names one.
const USUAL_FILE: &str = "lectern.toml";

/// What is wrong with the configuration, a line per key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    pub(super) fn mistake(key: &str, why: &str) -> Self {
        Self(vec![format!("{key}: {why}")])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is wrong:\n  {}", self.0.join("\n  "))
    }
}

/// Environment variables of ours, by their names.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Keeps those with our prefix.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let defaults = Figment::from(Toml::string(DEFAULTS));
        let mut all = Dict::new();
        for (name, text) in &self.0 {
            let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
            // What is text by default stays text, so that a name or a password may look like a
            // number.
            let value = match defaults.find_value(&key) {
                Ok(Value::String(..)) => Value::from(text.clone()),
                _ => text.parse().unwrap_or_else(|never| match never {}),
            };
            merge(&mut all, nest(&key, value));
        }
        Ok(Profile::Default.collect(all))
    }
}

fn merge(into: &mut Dict, value: Value) {
    let Value::Dict(_, dict) = value else { return };
    for (key, value) in dict {
        match (into.get_mut(&key), value) {
            (Some(Value::Dict(_, inner)), value @ Value::Dict(..)) => merge(inner, value),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// Reads and checks the configuration. Without a named file, `lectern.toml` in the working folder
/// is read if it is there.
///
/// # Errors
/// Every wrong key with the reason.
pub fn load(file: Option<&Path>, environment: Environment) -> Result<Config, ConfigError> {
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    let usual = PathBuf::from(USUAL_FILE);
    match file {
        Some(path) if !path.is_file() => {
            return Err(ConfigError(vec![format!("there is no file {}", path.display())]));
        }
        Some(path) => figment = figment.merge(Toml::file_exact(path)),
        None if usual.is_file() => figment = figment.merge(Toml::file_exact(usual)),
        None => {}
    }
    let config: Config = figment
        .merge(environment)
        .extract()
        .map_err(|error| ConfigError(error.into_iter().map(|one| sentence(&one)).collect()))?;
    match config.mistakes() {
        none if none.is_empty() => Ok(config),
        some => Err(ConfigError(some.into_iter().map(|(key, why)| format!("{key}: {why}")).collect())),
    }
}

/// The key, what is wrong, and where it was set.
pub(super) fn sentence(error: &figment::Error) -> String {
    use figment::error::Kind;
    let mut path = error.path.clone();
    let why = match &error.kind {
        Kind::UnknownField(name, known) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            format!("there is no such key; there are {}", known.join(", "))
        }
        Kind::MissingField(name) => {
            path.push(name.to_string());
            "is missing".to_owned()
        }
        // The value itself is left out: it may be a secret.
        Kind::InvalidType(_, expected) => format!("expected {expected}"),
        kind => kind.to_string(),
    };
    let origin = match error.metadata.as_ref().map(|metadata| (&metadata.name, &metadata.source)) {
        Some((_, Some(source))) => format!(" (in {source})"),
        Some((name, None)) => format!(" (in {name})"),
        None => String::new(),
    };
    match path.join(".") {
        key if key.is_empty() => format!("{why}{origin}"),
        key => format!("{key}: {why}{origin}"),
    }
}

#[cfg(test)]
mod tests {
    use academy::{evm::Address, price::Fiat};

    use super::*;
    use crate::config::Feed;

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let own = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(
            Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config.default.toml"))),
            Environment::new(own),
        )
    }

    #[test]
    fn the_defaults_are_right() {
        let config = with(&[]).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
        // What `cargo xtask build` fills, seen from the repository.
        assert_eq!(config.server.site_dir, Path::new("target/site"));
        assert_eq!(config.chain.market, None);
        assert!(config.chain.market().unwrap_err().to_string().contains("chain.market"));
    }

    #[test]
    fn the_environment_wins_and_keeps_types() {
        let config = with(&[
            ("LECTERN__SERVER__LISTEN", "127.0.0.1:9000"),
            ("LECTERN__SERVER__WORKERS", "false"),
            ("LECTERN__SITE__NAME", "2026"),
            ("LECTERN__CHAIN__RPC_URLS", "[\"http://a:1\", \"https://b\"]"),
            ("LECTERN__CHAIN__MARKET", "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
            ("LECTERN__CHAIN__POLL_MS", "250"),
            ("HOME", "/nowhere"),
        ])
        .unwrap();
        assert_eq!(config.server.listen.port(), 9000);
        assert!(!config.server.workers);
        assert_eq!(config.site.name, "2026");
        assert_eq!(config.chain.rpc_urls.len(), 2);
        assert_eq!(config.chain.poll_ms, 250);
        assert!(config.chain.market().is_ok());
    }

    #[test]
    fn a_wrong_key_is_named_with_the_reason() {
        for (name, value, key) in [
            ("LECTERN__SERVER__LISTEN", "nowhere", "server.listen"),
            ("LECTERN__SERVER__LISTN", "127.0.0.1:1", "server.listn"),
            ("LECTERN__SEVER__LISTEN", "127.0.0.1:1", "sever"),
            ("LECTERN__SERVER__PUBLIC_URL", "lectern.example/x", "server.public_url"),
            ("LECTERN__DATABASE__URL", "mysql://u:hunter2@h/d", "database.url"),
            ("LECTERN__CHAIN__ID", "zero", "chain.id"),
            ("LECTERN__CHAIN__ID", "-1", "chain.id"),
            ("LECTERN__CHAIN__ID", "0", "chain.id"),
            ("LECTERN__CHAIN__RPC_URLS", "[]", "chain.rpc_urls"),
            ("LECTERN__CHAIN__RPC_URLS", "[\"hunter2\"]", "chain.rpc_urls"),
            ("LECTERN__CHAIN__RPC_URLS", "http://u:hunter2@h", "chain.rpc_urls"),
            ("LECTERN__CHAIN__RPC_URLS", "[\"http://hunter2/v1\", \"http://hunter2/v1\"]", "chain.rpc_urls"),
            ("LECTERN__CHAIN__RPC_URLS", "[\"http://hunter2:80\", \"http://HUNTER2/\"]", "chain.rpc_urls"),
            ("LECTERN__QUOTES__TTL_MINUTES", "1431", "quotes.ttl_minutes"),
            ("LECTERN__CHAIN__WS_URL", "http://u:hunter2@h", "chain.ws_url"),
            ("LECTERN__CHAIN__MARKET", "0x12", "chain.market"),
            ("LECTERN__CHAIN__FINAL_CONFIRMATIONS", "0", "chain.final_confirmations"),
            ("LECTERN__CHAIN__FINAL_TAG", "latest", "chain.final_tag"),
            ("LECTERN__CHAIN__OPEN_TAG", "pending", "chain.open_tag"),
            // Final after so many confirmations, it would open before its tag.
            ("LECTERN__CHAIN__OPEN_TAG", "safe", "chain.open_tag"),
            ("LECTERN__CHAIN__REORG_DEPTH", "0", "chain.reorg_depth"),
            ("LECTERN__CHAIN__TIMEOUT_MS", "1", "chain.timeout_ms"),
            ("LECTERN__LOG__FORMAT", "xml", "log.format"),
            ("LECTERN__LOG__FILTER", "academy=loud", "log.filter"),
            ("LECTERN__DEV__CRASH_AT", "somewhere", "dev.crash_at"),
        ] {
            let error = with(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(&format!("{key}:")), "{name}={value}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_examples_of_chains_are_right() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("chains");
        let mut ids = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let config = load(Some(&path), Environment::default()).unwrap();
            ids.push(config.chain.id);
            // On one's own machine one node is enough, and the feeds are what one deploys.
            if config.chain.id == 31_337 {
                continue;
            }
            assert!(config.chain.rpc_urls.len() > 1 && config.chain.quotes(), "{}", path.display());
            let text = std::fs::read_to_string(&path).unwrap();
            let addresses: Vec<_> = text.split('"').filter(|text| text.starts_with("0x")).collect();
            // One in lower case would be taken, and its wrong digit with it.
            for address in &addresses {
                assert_eq!(Address::written(address).unwrap().checksummed(), *address, "{}", path.display());
            }
            assert!(addresses.len() >= 3, "{}", path.display());
        }
        ids.sort_unstable();
        assert_eq!(ids, [1, 137, 8453, 31_337, 11_155_111]);
    }

    #[test]
    fn other_chains_take_what_they_leave_out_from_the_defaults() {
        let chain = |other: &str| with(&[("LECTERN__CHAIN__POLL_MS", "250"), ("LECTERN__CHAINS", other)]);
        let two = chain(
            r#"[{id=31338,name="Second",currency="ETH",rpc_urls=["http://u:hunter2@b"],market="0x5FbDB2315678afecb367f032d93F642f64180aa3"}]"#,
        )
        .unwrap();
        let ids: Vec<_> = two.every_chain().map(|chain| (chain.id, chain.poll_ms)).collect();
        assert_eq!(ids, [(31337, 250), (31338, 1000)], "what [chain] says is said of the first only");
        assert!(two.chains[0].market().is_ok() && two.chain.market().is_err());
        assert_eq!(two.chain_of(Some(31338)).unwrap().name, "Second");
        assert!(two.chain_of(Some(1)).unwrap_err().to_string().contains("31337, 31338"));
        for (other, told) in [
            ("[{id=31338,name=\"N\",rpc_urls=[]}]", "chains[0].currency: is missing"),
            (
                "[{id=31337,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"]}]",
                "chains[0].id: two chains",
            ),
            (
                "[{id=1,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"]}]",
                "chains[0].id: a chain whose coin is",
            ),
            (
                "[{id=31338,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"]},{id=31339,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"],poll_ms=1}]",
                "chains[1].poll_ms: write 50",
            ),
            (
                "[{id=31338,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"],colour=1}]",
                "chains[0].colour: there is no such key",
            ),
            (
                "[{id=31338,name=\"N\",currency=\"ETH\",rpc_urls=\"http://u:hunter2@h\"}]",
                "chains[0].rpc_urls: expected",
            ),
            (
                "[{id=31338,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"],market=\"0x12\"}]",
                "chains[0].market",
            ),
            (
                "[{id=31338,name=\"N\",currency=\"ETH\",rpc_urls=[\"http://u:hunter2@b\"],feeds=[{currency=\"USD\",of=\"DAI\",address=\"0x5FbDB2315678afecb367f032d93F642f64180aa3\",max_age_seconds=90000,min=1,max=2}]}]",
                "chains[0].feeds: DAI",
            ),
        ] {
            let error = chain(other).unwrap_err().to_string();
            assert!(error.contains(told), "{other}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn tokens_feeds_and_limits_know_each_other() {
        let token = r#"[{symbol="USDC",address="0x5FbDB2315678afecb367f032d93F642f64180aa3",decimals=6,sign="permit",name="USD Coin"}]"#;
        let feed = |of: &str, bounds: &str| {
            format!(
                r#"[{{currency="USD",of="{of}",address="0x5FbDB2315678afecb367f032d93F642f64180aa3",max_age_seconds=90000,{bounds}}}]"#
            )
        };
        let read = |tokens: &str, feeds: &str, limits: &str| {
            with(&[
                ("LECTERN__QUOTES__KEY", "hunter2"),
                ("LECTERN__CHAIN__TOKENS", tokens),
                ("LECTERN__CHAIN__FEEDS", feeds),
                ("LECTERN__CHAIN__PROVISIONAL_LIMITS", limits),
            ])
        };
        let fine = read(token, &feed("USDC", "min=0.98,max=1.02"), "{ETH=\"0.5\",USDC=\"1500\"}").unwrap();
        assert_eq!((fine.chain.feeds[0].min_cents, fine.chain.feeds[0].max_cents), (98, 102));
        assert_eq!(fine.chain.tokens[0].version, "1");
        // A state's currency in another leads on to what is paid in.
        let crossed = |feeds: &[String]| {
            let lines: Vec<_> = feeds.iter().map(|feed| feed.trim_matches(['[', ']'])).collect();
            format!("[{}]", lines.join(","))
        };
        let (usdc, euro) = (feed("USDC", "min=0.98,max=1.02"), feed("EUR", "min=0.8,max=1.5"));
        let both = read(token, &crossed(&[usdc.clone(), euro.clone()]), "{}").unwrap();
        let of: Vec<_> = both.chain.feeds.iter().map(Feed::of_fiat).collect();
        assert_eq!(of, [None, Some(Fiat::Eur)]);
        let dollars = feed("USD", "min=0.8,max=1.5");
        let unnamed = token.replace(",name=\"USD Coin\"", "");
        let coin = token.replace("USDC", "ETH");
        let fine = feed("USDC", "min=0.98,max=1.02");
        for (tokens, feeds, limits, key) in [
            (unnamed.as_str(), fine.as_str(), "{}", "chain.tokens"),
            (&coin, "[]", "{}", "chain.tokens"),
            (&token.replace("permit", "hope"), &fine, "{}", "chain.tokens"),
            (&token.replace("decimals=6", "decimals=77"), &fine, "{}", "chain.tokens"),
            ("[]", &fine, "{}", "chain.feeds"),
            (token, &euro, "{}", "chain.feeds"),
            (token, &crossed(&[usdc.clone(), euro.clone(), euro.clone()]), "{}", "chain.feeds"),
            (token, &crossed(&[usdc.clone(), dollars]), "{}", "chain.feeds"),
            (&token.replace("USDC", "EUR"), "[]", "{}", "chain.tokens"),
            (token, &feed("USDC", "min=1.02,max=0.98"), "{}", "chain.feeds"),
            (token, &feed("USDC", "min=0.981,max=1.02"), "{}", "chain.feeds"),
            (token, &fine, "{DAI=\"1\"}", "chain.provisional_limits"),
            (token, &fine, "{USDC=\"0.0000001\"}", "chain.provisional_limits"),
        ] {
            let error = read(tokens, feeds, limits).unwrap_err().to_string();
            assert!(error.contains(key), "{tokens} {feeds} {limits}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_address_with_a_wrong_digit_is_refused_wherever_it_stands() {
        let right = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
        let wrong = "0x5FbDB2315678afecb367f032d93F642f64180ab3";
        let token = r#"[{symbol="USDC",address="ADDRESS",decimals=6}]"#;
        let feed = r#"[{currency="USD",address="ADDRESS",max_age_seconds=90000,min=1,max=2}]"#;
        let other = r#"[{id=31338,name="N",currency="ETH",rpc_urls=["http://b"],market="ADDRESS"}]"#;
        for (name, value, key) in [
            ("LECTERN__CHAIN__MARKET", "ADDRESS", "chain.market"),
            ("LECTERN__CHAIN__SEQUENCER_FEED", "ADDRESS", "chain.sequencer_feed"),
            (
                "LECTERN__CHAIN__FORMER_MARKETS",
                r#"[{address="ADDRESS",start_block=1}]"#,
                "chain.former_markets",
            ),
            ("LECTERN__CHAIN__TOKENS", token, "chain.tokens"),
            ("LECTERN__CHAIN__FEEDS", feed, "chain.feeds"),
            ("LECTERN__CHAINS", other, "chains[0].market"),
        ] {
            let with = |address: &str| {
                with(&[("LECTERN__QUOTES__KEY", "hunter2"), (name, &value.replace("ADDRESS", address))])
            };
            for fine in [right, &right.to_lowercase(), &format!("0x{}", right[2..].to_uppercase())] {
                assert!(with(fine).is_ok(), "{name}: {fine}");
            }
            let error = with(wrong).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains("EIP-55") && error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn development_wallets_stay_on_development_chains() {
        let error = with(&[("LECTERN__DEV__DEMO_WALLET", "true"), ("LECTERN__CHAIN__ID", "1")]);
        assert!(error.unwrap_err().to_string().contains("dev.demo_wallet:"));
        assert!(with(&[("LECTERN__DEV__DEMO_WALLET", "true")]).unwrap().dev.demo_wallet);
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let error = load(Some(Path::new("no-such.toml")), Environment::default()).unwrap_err();
        assert!(error.to_string().contains("no-such.toml"));
    }
}
