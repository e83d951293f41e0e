//! The ground of the tests: a world with a database of its own, a chain in memory, a clock that
//! stands still and faults that can be switched on.

pub mod anvil;
mod course;
mod database;
mod faults;
pub mod proxy;
pub mod rpc;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use academy::{
    Academy, Actor, Kind, Person, Problem,
    accounts::{GivenRole, Site},
    chain::{Chain, QuoteKey, Signing, TokenDomain, fake::FakeChain},
    checkout::{ChainInfo, Checkout, Depth, Feed, Network, PayBy, Policy, Quotes, Token, WalletCall},
    evm::{Address, TxHash},
    fault::{Faults, NoFaults},
    ids::OrderId,
    money::Currency,
    price::Fiat,
    store::Db,
    time::{FixedClock, Time},
    webhooks::{Endpoint, Sender},
};
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use sqlx::AssertSqlSafe;

pub use course::{TestCourse, course_form, lesson_form, reference, tier_form};
pub use database::{Database, environment};
pub use faults::Kill;

/// The chain of the tests.
pub const CHAIN_ID: u64 = 31337;
/// Another one, where a test needs two.
pub const SECOND_CHAIN_ID: u64 = 8453;
/// Our market on both.
pub const MARKET: Address = Address([0xAA; 20]);
/// The dollar's price feed on it.
pub const FEED: Address = Address([0xFE; 20]);
/// A token whose holders sign authorizations (EIP-3009); it has a price feed in dollars.
pub const USDC: Address = Address([0xD1; 20]);
/// A token whose holders sign permits (EIP-2612).
pub const DAI: Address = Address([0xD2; 20]);
/// A token whose holders can only approve.
pub const USDT: Address = Address([0xD3; 20]);
/// The dollar's price feed for [`USDC`].
pub const USDC_FEED: Address = Address([0xFD; 20]);
/// When the tests begin: a whole second.
pub const START: Time = Time(1_800_000_000_000);
/// So long an order's price holds.
pub const TTL_MINUTES: i64 = 30;
/// So long a quote holds.
pub const QUOTE_MINUTES: i64 = 15;
/// So much later a payment still counts.
pub const TOLERANCE_MINUTES: i64 = 10;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Everything that a test needs.
pub struct World {
    pub academy: Academy,
    pub chain: Arc<FakeChain>,
    pub clock: Arc<FixedClock>,
    pub faults: Arc<Kill>,
    pub database: Database,
    pub db: Db,
    counter: AtomicU64,
}

pub fn policy() -> Policy {
    Policy {
        chain_id: CHAIN_ID,
        market: MARKET,
        start_block: 0,
        former_markets: Vec::new(),
        opening: Depth::Confirmations(1),
        provisional_limits: Vec::new(),
        finality: Depth::Confirmations(3),
        order_ttl_minutes: TTL_MINUTES,
        late_tolerance_minutes: TOLERANCE_MINUTES,
        max_log_range: 1000,
        reorg_depth: 512,
        stuck_after_minutes: 10,
        stale_after_millis: 60_000,
    }
}

pub fn token(address: Address) -> Token {
    let (symbol, decimals, signing) = match address {
        USDC => ("USDC", 6, Some(Signing::Authorization)),
        DAI => ("DAI", 18, Some(Signing::Permit)),
        USDT => ("USDT", 6, None),
        other => panic!("{other} is no token of the tests"),
    };
    let (name, version) = (symbol.to_owned(), "1".to_owned());
    Token {
        currency: Currency { token: address, symbol: symbol.to_owned(), decimals },
        domain: signing.map(|signing| TokenDomain { signing, name, version }),
    }
}

/// Dollars, at rates that are at most an hour old: from 100 to 100,000 for the coin, and near one for USDC.
pub fn quotes() -> Quotes {
    Quotes {
        key: Arc::new(QuoteKey::from_hex(&"51".repeat(32)).unwrap()),
        tokens: [USDC, DAI, USDT].map(token).to_vec(),
        feeds: vec![
            Feed {
                currency: Fiat::Usd,
                of: Currency::coin("ETH"),
                address: FEED,
                max_age_seconds: 3600,
                min_cents: 10_000,
                max_cents: 10_000_000,
            },
            Feed {
                currency: Fiat::Usd,
                of: token(USDC).currency,
                address: USDC_FEED,
                max_age_seconds: 3600,
                min_cents: 95,
                max_cents: 105,
            },
        ],
        crosses: Vec::new(),
        sequencer: None,
        ttl_minutes: QUOTE_MINUTES,
    }
}

pub fn site() -> Site {
    Site {
        domain: "learn.example:8443".to_owned(),
        uri: "https://learn.example:8443".to_owned(),
        name: "Lectern".to_owned(),
    }
}

pub fn chain_info() -> ChainInfo {
    ChainInfo {
        id: CHAIN_ID,
        hex_id: "0x7a69".to_owned(),
        name: "Test chain".to_owned(),
        currency: "ETH".to_owned(),
        rpc_url: None,
        explorer: Some("https://explorer.example/".to_owned()),
        tokens: [USDC, DAI, USDT].map(|address| token(address).currency).to_vec(),
    }
}

/// A chain with the same coin, and no tokens.
pub fn second_chain_info() -> ChainInfo {
    ChainInfo {
        id: SECOND_CHAIN_ID,
        hex_id: format!("{SECOND_CHAIN_ID:#x}"),
        name: "Second chain".to_owned(),
        tokens: Vec::new(),
        ..chain_info()
    }
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        let database = Database::new(engine).await;
        let db = Db::connect(&database.url).await.unwrap();
        db.migrate().await.unwrap();
        let chain = Arc::new(FakeChain::new(CHAIN_ID));
        let clock = Arc::new(FixedClock::new(START));
        chain.set_time(u64::try_from(START.0).unwrap() / 1000);
        let faults = Arc::new(Kill::default());
        let academy = Academy::builder(db.clone(), chain.clone(), policy(), site(), chain_info())
            .clock(clock.clone())
            .faults(faults.clone())
            .quotes(quotes())
            .build();
        Self { academy, chain, clock, faults, database, db, counter: AtomicU64::new(1) }
    }

    /// The same place by other rules, over another chain, or after a restart.
    pub fn academy_over(&self, chain: Arc<dyn Chain>, policy: Policy, faults: Arc<dyn Faults>) -> Academy {
        Academy::builder(self.db.clone(), chain, policy, site(), chain_info())
            .clock(self.clock.clone())
            .faults(faults)
            .quotes(quotes())
            .build()
    }

    /// The same place, which signs nothing.
    pub fn academy_without_quotes(&self) -> Academy {
        Academy::builder(self.db.clone(), self.chain.clone(), policy(), site(), chain_info())
            .clock(self.clock.clone())
            .build()
    }

    /// The same place, which tells other programs.
    pub fn academy_telling(
        &self,
        endpoints: Vec<Endpoint>,
        sender: Arc<dyn Sender>,
        faults: Arc<dyn Faults>,
    ) -> Academy {
        Academy::builder(self.db.clone(), self.chain.clone(), policy(), site(), chain_info())
            .clock(self.clock.clone())
            .faults(faults)
            .quotes(quotes())
            .webhooks(endpoints, sender)
            .build()
    }

    /// The same place, selling on a second chain, too: of the same coin, with a market of the same address.
    pub fn on_two_chains(&self) -> (Academy, Arc<FakeChain>) {
        self.beside(second_chain_info(), None)
    }

    /// The same place, selling on a chain with these facts, too.
    pub fn beside(&self, info: ChainInfo, quotes: Option<Quotes>) -> (Academy, Arc<FakeChain>) {
        self.under(Policy { chain_id: info.id, ..policy() }, info, quotes)
    }

    /// The same, by rules of its own.
    pub fn under(
        &self,
        policy: Policy,
        info: ChainInfo,
        quotes: Option<Quotes>,
    ) -> (Academy, Arc<FakeChain>) {
        let chain = Arc::new(FakeChain::new(info.id));
        chain.set_time(u64::try_from(self.academy.now().0).unwrap() / 1000);
        let second = Network::new(chain.clone(), policy, info).quotes(quotes);
        let academy =
            Academy::builder(self.db.clone(), self.chain.clone(), self::policy(), site(), chain_info())
                .clock(self.clock.clone())
                .faults(self.faults.clone())
                .quotes(self::quotes())
                .also(second)
                .build();
        (academy, chain)
    }

    /// The same place after a restart, without faults.
    pub fn restarted(&self) -> Academy {
        self.academy_over(self.chain.clone(), policy(), Arc::new(NoFaults))
    }

    pub async fn close(self) {
        self.db.close().await;
        self.database.drop().await;
    }

    /// A number that no one else in this world got.
    pub fn fresh(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }

    /// A transaction hash that no one else got.
    pub fn hash(&self) -> TxHash {
        let mut bytes = [0xC0; 32];
        bytes[..8].copy_from_slice(&self.fresh().to_be_bytes());
        TxHash(bytes)
    }

    /// Moves both clocks.
    pub fn advance_minutes(&self, minutes: i64) {
        self.clock.advance_millis(minutes * 60_000);
        self.chain.set_time(u64::try_from(self.academy.now().0).unwrap() / 1000);
    }

    /// Someone who signed in with a wallet of their own.
    pub async fn person(&self, roles: &[GivenRole]) -> Actor {
        let signer = self.signer();
        let address = Address(signer.address().0.0);
        for role in roles {
            let accounts = self.academy.accounts();
            accounts.set_role_of_address(&Actor::System, address, *role, true, "test").await.unwrap();
        }
        self.sign_in(&signer).await
    }

    pub async fn learner(&self) -> Actor {
        self.person(&[]).await
    }

    pub async fn teacher(&self) -> Actor {
        self.person(&[GivenRole::Instructor]).await
    }

    pub async fn admin(&self) -> Actor {
        self.person(&[GivenRole::Admin]).await
    }

    /// A wallet.
    pub fn signer(&self) -> PrivateKeySigner {
        let mut key = [1; 32];
        key[..8].copy_from_slice(&self.fresh().to_be_bytes());
        PrivateKeySigner::from_slice(&key).unwrap()
    }

    /// Signs in as people do.
    pub async fn sign_in(&self, signer: &PrivateKeySigner) -> Actor {
        let accounts = self.academy.accounts();
        let session = accounts.start_session().await.unwrap().session.id;
        let challenge = accounts.challenge(session, Address(signer.address().0.0), None).await.unwrap();
        let signature = signer.sign_message_sync(challenge.message.as_bytes()).unwrap().to_string();
        accounts.sign_in(session, &challenge.nonce, &signature).await.unwrap().session.actor
    }

    /// A count, straight from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        match &self.db {
            Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await.unwrap(),
            Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }

    /// A change, straight to the database.
    pub async fn execute(&self, sql: String) {
        let query = AssertSqlSafe(sql);
        match &self.db {
            Db::Sqlite { write, .. } => drop(sqlx::query(query).execute(write).await.unwrap()),
            Db::Postgres(pool) => drop(sqlx::query(query).execute(pool).await.unwrap()),
        }
    }

    /// Follows the chain and does the work that this brings, as the worker does in one turn.
    pub async fn turn(&self) {
        turn(&self.academy).await;
    }
}

/// One turn of the worker.
pub async fn turn(academy: &Academy) {
    academy.follow_once().await.unwrap();
    academy.run_jobs_once().await.unwrap();
}

pub fn person(actor: &Actor) -> &Person {
    actor.person().expect("the test signed them in")
}

/// The one call that pays an order in the coin.
pub async fn wallet_call(checkout: &Checkout<'_>, actor: &Actor, id: OrderId) -> Result<WalletCall, Problem> {
    let mut payment = checkout.payment(actor, id, person(actor).address, &PayBy::Best).await?;
    assert_eq!((&payment.sign, payment.calls.len()), (&None, 1));
    Ok(payment.calls.remove(0))
}

/// The problem's kind and code, which are what programs go by.
pub fn refusal<T>(result: Result<T, Problem>) -> (Kind, String) {
    match result {
        Ok(_) => panic!("it was allowed"),
        Err(problem) => (problem.kind, problem.code),
    }
}

/// Makes two tests of one body: `<name>::sqlite` and `<name>::postgres`.
macro_rules! on_both_engines {
    ($($(#[doc = $doc:literal])* async fn $name:ident($world:ident: &World) $body:block)+) => {$(
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every body names what its file does")]
            use super::*;

            async fn body($world: &crate::support::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let world = crate::support::World::new(crate::support::Engine::Sqlite).await;
                body(&world).await;
                world.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let world = crate::support::World::new(crate::support::Engine::Postgres).await;
                body(&world).await;
                world.close().await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;
