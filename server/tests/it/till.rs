//! A site that really listens and really sells: the router behind a socket, its worker, and the contract
//! on anvil.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use academy::{
    Academy, Actor, Person, Rhythm,
    accounts::GivenRole,
    catalog::{CourseForm, LessonForm, Published, TierForm},
    chain::{
        Call, Deployed, Deployer, QuoteKey, deploy, dev::Dev, set_quote_signer_call, set_token_allowed_call,
    },
    checkout::WalletCall,
    evm::Address,
    money::Wei,
    store::Db,
};
use alloy::{hex, primitives::U256};
use serde_json::{Value, json};
use server::{
    compose::{self, Machine},
    http,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::world::{build_site, settings};

/// Anvil's accounts: the platform, the teacher, and the one whose encrypted key stands in [`KEYSTORE`].
pub const PLATFORM: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
pub const TEACHER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
pub const BUYER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/// Anvil's ninth account signs quotes; its key is public and worth nothing.
const QUOTE_KEY: &str = "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97";

/// The platform's key, encrypted with the password `secret` (Web3 Secret Storage, version 3).
const KEYSTORE: &str = r#"{
    "version": 3,
    "id": "42699b41-48f5-44e5-8f3c-544a188aeef6",
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": { "iv": "4033743111101457de243477ee427236" },
        "ciphertext": "cab07160ff93431d4421eb6910cbf5e0486dd8925f0f2c0d4805e8aba190c9e0",
        "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 8192, "p": 1, "r": 8, "salt": "c42d4b671f3b6f1d350cfc2af7b66d302f5588f2bd9472c8e890707a7a064e10"},
        "mac": "e37c05b73dd052a0077d424c72db1e41fb834fca1ff6f156b7fc8df8a021e799"
    }
}"#;

pub struct Anvil {
    process: Child,
    pub url: String,
    pub dev: Dev,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Anvil {
    pub async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test is its own composition root")]
        let binary = std::env::var("LECTERN_TEST_ANVIL")
            .expect("LECTERN_TEST_ANVIL is not set: run `cargo xtask test`");
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new(binary)
            .args(["--host", "127.0.0.1", "--silent", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let dev = Dev::new(&url).unwrap();
        while dev.raw("eth_chainId", json!([])).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { process, url, dev }
    }

    pub async fn ask(&self, method: &str, params: Value) -> Value {
        self.dev.raw(method, params).await.unwrap()
    }

    pub async fn deploy(&self) -> Deployed {
        deploy(&self.url, Deployer::Unlocked(address(PLATFORM)), None).await.unwrap()
    }
}

/// A site that sells three courses, each by the tier “Full” with the lesson `inside`: `a-course` at 0.02,
/// `in-dollars` at 30 USD, which are 0.01 or 30 of the token, and `in-tokens` at 49.50 of it.
pub struct Till {
    pub anvil: Anvil,
    pub market: Deployed,
    /// A dollar of six digits, of which each account has ten thousand.
    pub token: Address,
    pub academy: Academy,
    /// Where it listens.
    pub url: String,
    pub folder: TempDir,
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn call(wallet: &WalletCall) -> Call {
    Call {
        to: address(&wallet.to),
        data: hex::decode(&wallet.data).unwrap(),
        value: Wei::new(U256::from_str_radix(&wallet.value[2..], 16).unwrap()),
    }
}

impl Till {
    pub async fn open() -> Self {
        Self::open_as("127.0.0.1").await
    }

    /// With another host as its public address than the one to reach it by.
    pub async fn open_as(host: &str) -> Self {
        let anvil = Anvil::start().await;
        let market = anvil.deploy().await;
        let platform = address(PLATFORM);
        let feed = anvil.dev.deploy_feed(platform, 3000).await.unwrap().to_string();
        let quotes = set_quote_signer_call(market.address, QuoteKey::from_hex(QUOTE_KEY).unwrap().address());
        anvil.dev.send(platform, &quotes).await.unwrap();
        let token = anvil.dev.deploy_token(platform, "TUSD").await.unwrap();
        anvil.dev.send(platform, &set_token_allowed_call(market.address, token, true)).await.unwrap();
        let par = anvil.dev.deploy_feed(platform, 1).await.unwrap().to_string();
        let feeds = format!(
            r#"[{{currency="USD",address="{feed}",max_age_seconds=3600,min=100,max=100000}},
                {{currency="USD",of="TUSD",address="{par}",max_age_seconds=3600,min=0.98,max=1.02}}]"#
        );
        let tokens = format!(r#"[{{symbol="TUSD",address="{token}",decimals=6}}]"#);
        let folder = tempfile::tempdir().unwrap();
        build_site(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Arc::new(settings(
            folder.path(),
            &[
                ("SERVER__PUBLIC_URL", &format!("http://{host}:{port}")),
                ("CHAIN__RPC_URLS", &format!("[\"{}\"]", anvil.url)),
                ("CHAIN__PUBLIC_RPC_URL", &anvil.url),
                ("CHAIN__MARKET", &market.address.to_string()),
                ("CHAIN__START_BLOCK", &market.block.to_string()),
                ("CHAIN__FINAL_CONFIRMATIONS", "3"),
                ("QUOTES__KEY", QUOTE_KEY),
                ("CHAIN__FEEDS", &feeds),
                ("CHAIN__TOKENS", &tokens),
            ],
        ));
        let db = Db::connect(config.database.url.expose()).await.unwrap();
        db.migrate().await.unwrap();
        let machine = Machine::real();
        let academy = compose::academy(&config, &machine, db).unwrap();
        let assets = Arc::new(http::load_assets(&config.server.site_dir).unwrap());
        let site =
            http::site(http::Parts { config, machine, academy: academy.clone(), assets, metrics: None })
                .unwrap();
        let second = Duration::from_secs(1);
        let limits = http::ServeLimits { connections: 100, head: 10 * second, drain: second };
        tokio::spawn(http::serve(listener, site.router, limits, std::future::pending()));
        let worker = academy.clone();
        tokio::spawn(async move {
            let poll = Duration::from_millis(100);
            let rhythm = Rhythm { chain_id: 31337, poll, news: Arc::default() };
            worker.worker(vec![rhythm], std::future::pending()).await
        });
        std::fs::write(folder.path().join("key.json"), KEYSTORE).unwrap();
        std::fs::write(folder.path().join("password"), "secret\n").unwrap();
        let till = Self { anvil, market, token, academy, url: format!("http://127.0.0.1:{port}"), folder };
        till.teach("A course", "0.02", "").await;
        till.teach("In dollars", "30", "USD").await;
        till.teach("In tokens", "49.50", &format!("{token}/6")).await;
        till
    }

    async fn teach(&self, title: &str, price: &str, currency: &str) {
        let teacher = address(TEACHER);
        let accounts = self.academy.accounts();
        let id = accounts.set_role_of_address(&Actor::System, teacher, GivenRole::Instructor, true, "test");
        let actor = Actor::Person(Person {
            id: id.await.unwrap(),
            address: teacher,
            address_text: teacher.checksummed(),
            chain_id: None,
            contract_on: None,
            name: "Ada".to_owned(),
            instructor: true,
            admin: false,
        });
        let catalog = self.academy.catalog();
        let form =
            CourseForm { title: title.to_owned(), promise: "You will.".to_owned(), ..CourseForm::default() };
        let course = catalog.create(&actor, &form).await.unwrap().id;
        let module = catalog.add_module(&actor, course, "One").await.unwrap();
        for (title, access) in [("Hello", 0), ("Inside", 1)] {
            let form = LessonForm {
                title: title.to_owned(),
                body: format!("The words of {title}."),
                access: access.to_string(),
                ..LessonForm::default()
            };
            catalog.add_lesson(&actor, module, &form).await.unwrap();
        }
        let form = TierForm {
            name: "Full".to_owned(),
            price: price.to_owned(),
            currency: currency.to_owned(),
            level: "1".to_owned(),
            ..TierForm::default()
        };
        catalog.add_tier(&actor, course, &form).await.unwrap();
        let Published::NeedsListing(listing) = catalog.publish(&actor, course).await.unwrap() else {
            panic!("the chain has nothing yet")
        };
        self.anvil.dev.send(teacher, &call(&listing)).await.unwrap();
        while !matches!(catalog.publish(&actor, course).await.unwrap(), Published::Done) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs `lectern pay` to its end: its exit code, its line of JSON, and all that it printed.
    pub async fn pay(&self, args: &[&str]) -> (i32, Value, String) {
        self.start_paying(args).end().await
    }

    /// Starts `lectern pay`.
    pub fn start_paying(&self, args: &[&str]) -> Paying {
        let course: &[&str] = if args.contains(&"--course") { &[] } else { &["--course", "a-course"] };
        Paying(self.paying(&["--json"]).args(course).args(args).spawn().unwrap())
    }

    /// Starts `lectern pay` for a person who reads along.
    pub fn start_telling(&self, args: &[&str]) -> Telling {
        let mut child = self.paying(args).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Telling { child, lines, told: Vec::new() }
    }

    fn paying(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lectern"));
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.args(["pay", "--site", &self.url]).args(args);
        command
    }

    /// How much an account has sent so far, transactions counted.
    pub async fn nonce(&self, account: &str) -> String {
        self.anvil.ask("eth_getTransactionCount", json!([account, "latest"])).await.to_string()
    }

    /// What an account has of the token, in base units.
    pub async fn tokens_of(&self, account: &str) -> u64 {
        let data = format!("0x70a08231{:0>64}", account.trim_start_matches("0x"));
        let answer = self.anvil.ask("eth_call", json!([{"to": self.token, "data": data}, "latest"])).await;
        u64::from_str_radix(answer.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    /// The platform stops purchases, ahead of all that waits.
    pub async fn pause(&self) {
        let pause = json!([{
            "from": PLATFORM, "to": self.market.address, "data": "0x8456cb59", "gas": "0x186a0",
            "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x174876e800",
        }]);
        self.anvil.ask("eth_sendTransaction", pause).await;
    }
}

/// A purchase that tells what it does.
pub struct Telling {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    told: Vec<String>,
}

impl Telling {
    /// Waits until it tells of a step.
    pub fn reach(&mut self, step: &str) {
        tokio::task::block_in_place(|| {
            for line in self.lines.by_ref() {
                self.told.push(line.unwrap());
                if self.told.last().is_some_and(|line| line.contains(step)) {
                    return;
                }
            }
            panic!("{step} is not among {:?}", self.told);
        });
    }

    /// Waits for its end: its exit code.
    pub fn end(mut self) -> Option<i32> {
        tokio::task::block_in_place(|| self.child.wait()).unwrap().code()
    }
}

/// A purchase that runs.
pub struct Paying(Child);

impl Paying {
    /// Waits for its end.
    pub async fn end(self) -> (i32, Value, String) {
        let output = tokio::task::spawn_blocking(|| self.0.wait_with_output()).await.unwrap().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, errors) = (text(output.stdout), text(output.stderr));
        let line = serde_json::from_str(out.trim()).unwrap_or_else(|_| panic!("{out}{errors}"));
        (output.status.code().unwrap_or(-1), line, out + &errors)
    }
}
