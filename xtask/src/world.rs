//! A dev chain and a server on it, as demo, watch and bench run them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::http;
use crate::paths;
use crate::process::{Job, step};
use crate::setup::npm;

pub const CHAIN_ID: u64 = 31337;

/// anvil's first account deploys the market and is the platform.
const DEPLOYER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// anvil's fourth account is the learner of the demo.
pub const LEARNER: &str = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
/// anvil's tenth account is the admin of the demo.
pub const ADMIN: &str = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";

/// anvil's ninth account signs the demo's quotes; its key is public and worth nothing.
const QUOTE_KEY: &str = "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97";

/// What a world is made from.
pub struct Plan {
    /// Everything that it remembers is in this folder.
    pub dir: PathBuf,
    pub server: PathBuf,
    pub port: u16,
    pub chain: Rhythm,
    /// More of the server's settings, without the prefix.
    pub settings: Vec<(&'static str, String)>,
}

/// How the chain mines.
pub enum Rhythm {
    /// A block every two seconds, as a person sees a real chain.
    Steady,
    /// A block for each transaction, at once; with accounts for a crowd.
    AtOnce,
}

pub struct World {
    // Dropped in this order: the server before the chain that it follows.
    server: Option<Daemon>,
    chain: Daemon,
    plan: Plan,
    chain_port: u16,
    market: Market,
    pub is_new: bool,
    _lock: File,
}

/// The contract and the block of its deployment.
#[derive(Default)]
struct Market {
    address: String,
    block: u64,
    /// The dollar's price feed for the coin.
    feed: String,
    /// A dollar as a token.
    token: String,
    /// The dollar's price feed for that.
    token_feed: String,
}

impl Market {
    fn from_json(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        Some(Self {
            address: json["address"].as_str()?.to_owned(),
            block: json["block"].as_u64()?,
            feed: json["feed"].as_str().unwrap_or_default().to_owned(),
            token: json["token"].as_str().unwrap_or_default().to_owned(),
            token_feed: json["token_feed"].as_str().unwrap_or_default().to_owned(),
        })
    }

    fn to_json(&self) -> String {
        json!({
            "address": self.address, "block": self.block,
            "feed": self.feed, "token": self.token, "token_feed": self.token_feed,
        })
        .to_string()
    }
}

impl World {
    /// Starts the chain, makes what is not there yet, and starts the server.
    pub fn start(plan: Plan) -> Result<Self> {
        fs::create_dir_all(&plan.dir)?;
        let lock = lock(&plan.dir)?;
        let chain_port = http::free_port(8545)?;
        let chain = step("start the dev chain (anvil)", || start_chain(&plan, chain_port))?;
        let mut world = Self {
            server: None,
            chain,
            chain_port,
            market: Market::default(),
            is_new: false,
            plan,
            _lock: lock,
        };
        world.find_or_deploy_market()?;
        world.lectern(&["migrate"]).step("migrate the database", "migrate")?;
        if world.is_new {
            world.lectern(&["seed"]).step("seed the demo courses and list them on the chain", "seed")?;
            world.lectern(&["admin", "grant", ADMIN]).step("make the demo's admin", "admin-grant")?;
            world.remember()?;
        }
        world.start_server()?;
        Ok(world)
    }

    pub fn rpc_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.chain_port)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.plan.port)
    }

    pub fn port(&self) -> u16 {
        self.plan.port
    }

    /// A setting of the server's from its next start on.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.plan.settings.push((name, value.to_owned()));
    }

    pub fn market(&self) -> &str {
        &self.market.address
    }

    pub fn server_pid(&self) -> Option<u32> {
        self.server.as_ref().map(Daemon::pid)
    }

    pub fn rpc(&self, method: &str, params: &Value) -> Result<Value> {
        http::rpc(self.chain_port, method, params)
    }

    /// An error once one of the two has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.chain.check()?;
        self.server.as_mut().map_or(Ok(()), Daemon::check)
    }

    /// Ends the server and starts what is at its path now.
    pub fn restart_server(&mut self) -> Result<()> {
        if let Some(mut server) = self.server.take() {
            server.stop();
        }
        self.start_server()
    }

    /// Ends both; the chain writes its state down.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.stop();
        }
        self.chain.stop();
    }

    /// A command of the server's binary, configured for this world.
    pub fn lectern(&self, args: &[&str]) -> Job {
        let settings = [
            ("SERVER__LISTEN", format!("127.0.0.1:{}", self.plan.port)),
            ("SERVER__PUBLIC_URL", self.url()),
            ("SERVER__SITE_DIR", paths::site().display().to_string()),
            ("DATABASE__URL", format!("sqlite://{}", database(&self.plan.dir).display())),
            ("CHAIN__ID", CHAIN_ID.to_string()),
            ("CHAIN__RPC_URLS", format!("[\"{}\"]", self.rpc_url())),
            ("CHAIN__PUBLIC_RPC_URL", self.rpc_url()),
            ("CHAIN__START_BLOCK", self.market.block.to_string()),
            ("CHAIN__MARKET", self.market.address.clone()),
            ("QUOTES__KEY", QUOTE_KEY.to_owned()),
            ("CHAIN__TOKENS", tokens(&self.market)),
            ("CHAIN__FEEDS", feeds(&self.market)),
            ("DEV__DEMO_WALLET", "true".to_owned()),
        ];
        let mut job = Job::new(&self.plan.server).dir(&self.plan.dir).args(args);
        for (name, value) in settings.iter().chain(&self.plan.settings) {
            job = job.env(&format!("LECTERN__{name}"), value);
        }
        job
    }

    fn start_server(&mut self) -> Result<()> {
        let port = self.plan.port;
        let log = paths::log("lectern")?;
        let server = step("start the server", || {
            let mut server = Daemon::start("the server", self.lectern(&["run"]), &log)?;
            server.until(Duration::from_secs(30), || {
                http::status(port, "/readyz").is_ok_and(|status| status == 200)
            })?;
            Ok(server)
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// The chain and the database know each other: both must be there, or neither.
    fn find_or_deploy_market(&mut self) -> Result<()> {
        let dir = self.plan.dir.clone();
        let known = fs::read_to_string(memory(&dir)).ok().and_then(|text| Market::from_json(&text));
        let has_database = database(&dir).is_file();
        if let Some(market) = known {
            let code = self.rpc("eth_getCode", &json!([market.address, "latest"]))?;
            let has_code = code.as_str().is_some_and(|code| code.len() > 2);
            match (has_code, has_database) {
                (true, true) => {
                    self.market = market;
                    return self.check_market();
                }
                (false, true) => bail!(lost("The dev chain's state", "the database", &dir)),
                (true, false) => bail!(lost("The database", "the dev chain's state", &dir)),
                (false, false) => {}
            }
        } else if has_database {
            // Making it was cut short, and nothing was sold yet: begin again.
            delete(&dir, &DATABASE)?;
        }
        let rpc_url = self.rpc_url();
        let answer = self
            .lectern(&["contracts", "deploy", "--rpc-url", &rpc_url])
            .args(["--dev-account", DEPLOYER])
            .step("deploy the market contract", "deploy")?;
        self.market = answer
            .lines()
            .rev()
            .find_map(Market::from_json)
            .with_context(|| format!("`lectern contracts deploy` told no address:\n{answer}"))?;
        self.market.feed = self.deploy_dev(&["dev-feed"], "feed")?;
        self.market.token = self.deploy_dev(&["dev-token"], "token")?;
        self.market.token_feed = self.deploy_dev(&["dev-feed", "--rate", "1"], "feed")?;
        self.is_new = true;
        Ok(())
    }

    /// Deploys a contract that development needs beside the market; answers its address.
    fn deploy_dev(&self, what: &[&str], key: &str) -> Result<String> {
        let told = self
            .lectern(&[&["contracts"], what].concat())
            .args(["--rpc-url", &self.rpc_url(), "--dev-account", DEPLOYER])
            .step(&format!("deploy a contract ({})", what.join(" ")), what[0])?;
        let told: Value = serde_json::from_str(told.trim())
            .with_context(|| format!("`contracts {}` told no JSON", what[0]))?;
        Ok(told[key].as_str().with_context(|| format!("`contracts {}` told no {key}", what[0]))?.to_owned())
    }

    /// A contract of an older version would refuse what this one sends, and say nothing that helps.
    fn check_market(&self) -> Result<()> {
        let verify = self.lectern(&["contracts", "verify"]);
        let outcome = verify.attempt("compare the market contract with this version's", "verify")?;
        if !outcome.ok {
            bail!(outdated(&outcome.text, &self.plan.dir));
        }
        Ok(())
    }

    fn remember(&self) -> Result<()> {
        fs::write(memory(&self.plan.dir), self.market.to_json())?;
        Ok(())
    }
}

/// The setting `chain.tokens`; before there is one, none.
fn tokens(market: &Market) -> String {
    if market.token.is_empty() {
        return "[]".to_owned();
    }
    format!(
        r#"[{{symbol="DUSD",address="{}",decimals=6,sign="authorization",name="Development Dollar"}}]"#,
        market.token
    )
}

/// The setting `chain.feeds`; before there are some, none.
fn feeds(market: &Market) -> String {
    let feed = |of: &str, address: &str, bounds: &str| {
        let feed =
            || format!(r#"{{currency="USD",of="{of}",address="{address}",max_age_seconds=3600,{bounds}}}"#);
        (!address.is_empty()).then(feed)
    };
    let coin = feed("", &market.feed, "min=100,max=100000");
    let token = feed("DUSD", &market.token_feed, "min=0.95,max=1.05");
    format!("[{}]", coin.into_iter().chain(token).collect::<Vec<_>>().join(","))
}

fn lost(missing: &str, kept: &str, dir: &Path) -> String {
    format!("{missing} is lost, but {kept} is there: they no longer fit each other.\n{}", begin_anew(dir))
}

fn outdated(told: &str, dir: &Path) -> String {
    format!(
        "The market contract here is not this version's: it was deployed by another.\n\n{}\n\n{}",
        told.trim(),
        begin_anew(dir)
    )
}

fn begin_anew(dir: &Path) -> String {
    format!("Begin anew with `cargo xtask demo --fresh`, which deletes what is in {}.", dir.display())
}

fn start_chain(plan: &Plan, port: u16) -> Result<Daemon> {
    let job = Job::new(npm::foundry("anvil")?)
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .args(["--chain-id", &CHAIN_ID.to_string()])
        .args(match plan.chain {
            Rhythm::Steady => ["--block-time", "2"],
            Rhythm::AtOnce => ["--accounts", "250"],
        })
        .args(["--state-interval", "2", "--state"])
        .arg(plan.dir.join("anvil.json"));
    let mut chain = Daemon::start("the dev chain", job, &paths::log("anvil")?)?;
    chain.until(Duration::from_secs(20), || http::rpc(port, "eth_chainId", &json!([])).is_ok())?;
    Ok(chain)
}

fn database(dir: &Path) -> PathBuf {
    dir.join("lectern.db")
}

fn memory(dir: &Path) -> PathBuf {
    dir.join("world.json")
}

/// Two worlds in one folder would write over each other.
fn lock(dir: &Path) -> Result<File> {
    let file = File::create(dir.join("lock"))?;
    if file.try_lock().is_err() {
        bail!("another one is running on {}", dir.display());
    }
    Ok(file)
}

const DATABASE: [&str; 3] = ["lectern.db", "lectern.db-wal", "lectern.db-shm"];

/// Deletes what a world made, and nothing else that may be in the folder.
pub fn forget(dir: &Path) -> Result<()> {
    delete(dir, &["world.json", "anvil.json"])?;
    delete(dir, &DATABASE)
}

fn delete(dir: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        match fs::remove_file(dir.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot delete {name} in {}", dir.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_market() {
        let told = r#"{"address":"0xAb","block":7,"gas":900000}"#;
        let market = Market::from_json(told).expect("an address");
        assert_eq!((market.address.as_str(), market.block), ("0xAb", 7));
        assert_eq!(Market::from_json(&market.to_json()).map(|market| market.block), Some(7));
        assert!(Market::from_json("deploying").is_none());
    }

    #[test]
    fn says_how_to_begin_anew() {
        let dir = Path::new("/a/demo");
        for text in [lost("The database", "the chain", dir), outdated("code  OTHER\n", dir)] {
            assert!(text.contains("cargo xtask demo --fresh") && text.ends_with("/a/demo."), "{text}");
        }
        assert!(outdated("code  OTHER\n", dir).contains("code  OTHER"));
    }
}
