//! The real contract on a real node: anvil, started for each test on a port of its own; the site asks it
//! directly, or through proxies.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use academy::{
    Academy, Actor,
    accounts::GivenRole,
    catalog::Published,
    chain::{Call, Deployed, Deployer, Rpc, deploy, dev::Dev},
    checkout::{OrderState, Policy, Setback, WalletCall},
    entropy::SystemEntropy,
    evm::Address,
    fault::NoFaults,
    money::Wei,
};
use alloy::signers::local::PrivateKeySigner;
use futures::future::join_all;
use serde_json::json;

use super::{Engine, TestCourse, World, person, policy, proxy::Proxy, tier_form, turn, wallet_call};

/// Anvil's first accounts: their keys are public, and worth nothing.
const KEYS: [&str; 5] = [
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
];

/// So long a node may take for an answer: long enough for a machine that is busy with other tests.
pub const TIMEOUT: Duration = Duration::from_secs(2);

/// A node.
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
        let binary = crate::support::environment("LECTERN_TEST_ANVIL");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
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
        let anvil = Self { process, url, dev };
        while anvil.dev.raw("eth_chainId", json!([])).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anvil
    }

    /// Sends a transaction as it is, and waits for its receipt, which may come a moment later.
    pub async fn mined(&self, transaction: serde_json::Value) -> serde_json::Value {
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        loop {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await;
            if receipt.is_object() {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn ask(&self, method: &str, params: serde_json::Value) -> serde_json::Value {
        self.dev.raw(method, params).await.unwrap()
    }
}

/// A place that sells on anvil: a course of the second account's, and the third account as a buyer.
pub struct Place {
    pub world: World,
    pub anvil: Anvil,
    pub proxies: Vec<Proxy>,
    pub academy: Academy,
    pub market: Deployed,
    pub teacher: Actor,
    pub buyer: Actor,
    pub course: TestCourse,
}

pub fn signer(index: usize) -> PrivateKeySigner {
    KEYS[index].parse().unwrap()
}

pub fn call(wallet: &WalletCall) -> Call {
    let value = alloy::primitives::U256::from_str_radix(&wallet.value[2..], 16).unwrap();
    Call {
        to: wallet.to.parse().unwrap(),
        data: alloy::hex::decode(&wallet.data).unwrap(),
        value: Wei::new(value),
    }
}

impl Place {
    /// The site asks the node directly.
    pub async fn new(engine: Engine) -> Self {
        Self::through(engine, 0).await
    }

    /// The site asks the node through so many proxies, as if each were a provider.
    pub async fn through(engine: Engine, proxies: usize) -> Self {
        let anvil = Anvil::start().await;
        let proxies = join_all((0..proxies).map(|_| Proxy::before(&anvil.url))).await;
        let deployer = Deployer::Unlocked(Address(signer(0).address().0.0));
        let market = deploy(&anvil.url, deployer, None).await.unwrap();
        let world = World::new(engine).await;
        let urls = match proxies.as_slice() {
            [] => vec![anvil.url.clone()],
            some => some.iter().map(|proxy| proxy.url.clone()).collect(),
        };
        let machine = (world.clock.clone(), Arc::new(SystemEntropy));
        let chain = Arc::new(Rpc::new(&urls).unwrap().timeout(TIMEOUT).machine(machine.0, machine.1));
        let policy = Policy { market: market.address, start_block: market.block, ..policy() };
        let now = anvil.ask("eth_getBlockByNumber", json!(["latest", false])).await;
        let now = u64::from_str_radix(&now["timestamp"].as_str().unwrap()[2..], 16).unwrap();
        let ahead = i64::try_from(now).unwrap() * 1000 - world.academy.now().0;
        world.clock.advance_millis(ahead);
        let academy = world.academy_over(chain, policy, Arc::new(NoFaults));
        let teacher = Address(signer(1).address().0.0);
        let accounts = academy.accounts();
        accounts
            .set_role_of_address(&Actor::System, teacher, GivenRole::Instructor, true, "test")
            .await
            .unwrap();
        let (teacher, buyer) = (world.sign_in(&signer(1)).await, world.sign_in(&signer(2)).await);
        let mut course = world.draft(&teacher).await;
        let catalog = academy.catalog();
        course.tier = catalog.add_tier(&teacher, course.id, &tier_form("0.02", 1)).await.unwrap();
        let published = catalog.publish(&teacher, course.id).await.unwrap();
        let Published::NeedsListing(listing) = published else { panic!("the chain has nothing yet") };
        anvil.dev.send(person(&teacher).address, &call(&listing)).await.unwrap();
        turn(&academy).await;
        Self { world, anvil, proxies, academy, market, teacher, buyer, course }
    }

    pub async fn close(self) {
        drop(self.anvil);
        self.world.close().await;
    }

    pub async fn buy(&self) -> (academy::checkout::Order, academy::evm::TxHash) {
        let checkout = self.academy.checkout();
        let order = checkout.open(&self.buyer, self.course.tier).await.unwrap();
        let wallet = wallet_call(&checkout, &self.buyer, order.id).await.unwrap();
        assert_eq!(wallet.to.parse(), Ok(self.market.address));
        let hash = self.anvil.dev.send(person(&self.buyer).address, &call(&wallet)).await.unwrap();
        (order, hash)
    }

    pub async fn state(&self, id: academy::ids::OrderId) -> (OrderState, Option<Setback>) {
        let order = self.academy.checkout().order(&self.buyer, id).await.unwrap();
        (order.state, order.setback)
    }

    pub async fn can_read(&self) -> bool {
        self.world.can_read(&self.buyer, &self.course).await
    }
}

/// Makes two tests of each of these functions: `sqlite::<name>` and `postgres::<name>`.
macro_rules! on_anvil {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::support::Engine::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::support::Engine::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_anvil;
