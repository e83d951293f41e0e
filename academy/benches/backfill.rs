//! How fast the follower reads a long history: 200,000 recorded events, each with ids of its own, served by a
//! JSON-RPC server on this machine, decoded and committed to a fresh SQLite file.
//!
//! It is a bench of this crate, not a command of the product, because what it needs besides the follower
//! (orders by the thousand, a node that knows only logs) is of no use to anyone who runs a site; and it
//! measures the same code, with the server's own profile.
#![expect(clippy::unwrap_used, reason = "what fails here fails the measurement")]

#[path = "../tests/it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the tests' ground, of which little is needed here"
)]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use academy::{Academy, chain::Rpc, checkout::Policy, evm::Address};
use alloy::primitives::{Address as EvmAddress, B256, U256, keccak256};
use serde_json::{Value, json};
use support::{
    CHAIN_ID, Engine, MARKET, World, chain_info, policy,
    rpc::{self, Reply},
    site,
};

/// What anvil answered about one of each event, and a block, of the contract: `recorded.rs` among the tests made it,
/// and holds it true.
const RECORDED: &str = include_str!("recorded.json");

const EVENTS: u64 = 200_000;
const PER_BLOCK: u64 = 10;
const BLOCKS: u64 = EVENTS / PER_BLOCK;
const RUNS: usize = 3;
/// So many a second the best of the runs must come to, where that is asked for: on a machine of two shared cores it
/// comes to half as many again.
const LEAST: f64 = 30_000.0;
/// What asks for it. Else it only measures, on whatever machine.
const HOLD: &str = "--hold";

/// How many of a hundred events are what. The rest are purchases of orders that the site does not know.
const LISTINGS: u64 = 2;
const WITHDRAWALS: u64 = 4;
const OURS: u64 = 20;
/// What is bought by the site's orders, and for whom.
const LISTING: u64 = 7;
const BUYER: EvmAddress = EvmAddress::repeat_byte(0x11);

#[tokio::main]
async fn main() {
    // `cargo test --benches` asks every bench to run; only `cargo bench` wants to be measured.
    let is_asked = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    if !is_asked("--bench") {
        return;
    }
    let url = serve(Arc::new(History::new()));
    println!("{EVENTS} events in {BLOCKS} blocks, from a loopback JSON-RPC into a fresh SQLite file");
    let mut best = 0.0_f64;
    for run in 1..=RUNS {
        let world = World::new(Engine::Sqlite).await;
        make_orders(&world).await;
        let chain = Arc::new(Rpc::new(std::slice::from_ref(&url)).unwrap());
        let policy = Policy { start_block: 1, max_log_range: 2000, ..policy() };
        let academy = Academy::builder(world.db.clone(), chain, policy, site(), chain_info()).build();
        let start = Instant::now();
        let follow = async { while academy.follow_once().await.unwrap().more {} };
        // The last step goes on to settle orders, which is not measured.
        let committed = async {
            while world.count(CURSOR).await <= i64::try_from(BLOCKS).unwrap() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            start.elapsed().as_secs_f64()
        };
        let ((), took) = futures::join!(follow, committed);
        check(&world).await;
        let rate = EVENTS as f64 / took;
        println!("run {run}: {took:.2} s, {rate:.0} events a second decoded and committed");
        best = best.max(rate);
        world.close().await;
    }
    assert!(!is_asked(HOLD) || best >= LEAST, "{best:.0} events a second at best; {LEAST} are the least");
}

const CURSOR: &str = "SELECT COALESCE(MAX(next_block), 0) FROM chain_cursors WHERE chain_id = 31337";

/// Everything is there, once.
async fn check(world: &World) {
    let part = |share: u64| i64::try_from(EVENTS / 100 * share).unwrap();
    for (sql, expected) in [
        ("SELECT COUNT(*) FROM payments", part(100 - LISTINGS - WITHDRAWALS)),
        ("SELECT COUNT(*) FROM payments WHERE order_id IS NOT NULL", part(OURS)),
        ("SELECT COUNT(*) FROM submissions", part(OURS)),
        ("SELECT COUNT(*) FROM jobs WHERE kind = 'settle'", part(OURS)),
        ("SELECT COUNT(*) FROM payouts", part(WITHDRAWALS)),
        (CURSOR, i64::try_from(BLOCKS).unwrap() + 1),
    ] {
        assert_eq!(world.count(sql).await, expected, "{sql}");
    }
}

/// What all orders have alike.
const COLUMNS: &str =
    "course_id, tier_id, tier_number, tier_name, level, chain_id, market, listing, token, price,
    beneficiary, state, setback, confirmations, is_final, created_at, expires_at, paid_at, revision";

/// As many orders as the fixture pays for, each a person's own, all like one that was opened as people do.
async fn make_orders(world: &World) {
    let (course, buyer) = world.sale().await;
    world.academy.checkout().open(&buyer, course.tier).await.unwrap();
    world.execute("DELETE FROM jobs".to_owned()).await;
    world.execute("DELETE FROM chain_cursors".to_owned()).await;
    world.execute("DELETE FROM chain_blocks".to_owned()).await;
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        EVENTS / 100 * OURS
    );
    world
        .execute(format!(
            "{numbers} INSERT INTO users (id, name, bio, search, instructor, admin, created_at)
             SELECT unhex(printf('%032x', n.i)), '', '', '', FALSE, FALSE, 0 FROM n"
        ))
        .await;
    world
        .execute(format!(
            "{numbers} INSERT INTO orders (id, user_id, {COLUMNS})
             SELECT unhex(printf('%032x', n.i)), unhex(printf('%032x', n.i)), {COLUMNS}
             FROM n, orders"
        ))
        .await;
    world.execute(format!("UPDATE orders SET listing = {LISTING}, beneficiary = '{BUYER}'")).await;
}

/// The blocks, as a node told of one.
struct History {
    recorded: Value,
    /// The logs of each block.
    logs: Vec<String>,
}

impl History {
    fn new() -> Self {
        let recorded: Value = serde_json::from_str(RECORDED).unwrap();
        let mut ours = 0;
        let logs = (1..=BLOCKS).map(|block| {
            let logs =
                (0..PER_BLOCK).map(|index| log(&recorded["logs"], block, index, &mut ours).to_string());
            logs.collect::<Vec<_>>().join(",")
        });
        let logs = logs.collect();
        Self { recorded, logs }
    }

    fn block(&self, number: u64) -> Value {
        let mut block = self.recorded["block"].clone();
        block["number"] = json!(format!("{number:#x}"));
        block["hash"] = json!(hash("block", number));
        block["parentHash"] = json!(hash("block", number - 1));
        block
    }
}

fn hash(kind: &str, number: u64) -> B256 {
    keccak256([kind.as_bytes(), &number.to_be_bytes()].concat())
}

/// An event, as it was recorded but for its place, and what it names.
fn log(recorded: &Value, block: u64, index: u64, ours: &mut u64) -> Value {
    let number = (block - 1) * PER_BLOCK + index;
    let course = B256::from(U256::from(1_000_000 + number));
    let who = EvmAddress::from_word(keccak256(number.to_be_bytes())).into_word();
    // Spread evenly over the blocks.
    let kind = number * 37 % 100;
    let (name, topics) = if kind < LISTINGS {
        match kind % 2 {
            0 => ("listed", vec![course, hash("course", number), who]),
            _ => ("priced", vec![course, B256::ZERO]),
        }
    } else if kind < LISTINGS + WITHDRAWALS {
        ("withdrawn", vec![who, who, B256::ZERO])
    } else if kind < LISTINGS + WITHDRAWALS + OURS {
        *ours += 1;
        let order = B256::from(U256::from(*ours) << 128);
        ("purchased", vec![order, BUYER.into_word(), B256::from(U256::from(LISTING))])
    } else {
        ("purchased", vec![hash("order", number), who, course])
    };
    let mut log = recorded[name].clone();
    for (place, topic) in topics.into_iter().enumerate() {
        log["topics"][place + 1] = json!(topic);
    }
    log["address"] = json!(Address::to_string(&MARKET));
    log["blockNumber"] = json!(format!("{block:#x}"));
    log["blockHash"] = json!(hash("block", block));
    log["transactionHash"] = json!(hash("transaction", number));
    for index_of in ["transactionIndex", "logIndex"] {
        log[index_of] = json!(format!("{index:#x}"));
    }
    log
}

/// A node on a thread of its own, as it would be a process of its own.
fn serve(history: Arc<History>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            rpc::serve(listener, move |asked| {
                let body = answer(&history, &asked);
                async { Reply::Http { status: 200, body } }
            })
            .await;
        });
    });
    url
}

fn answer(history: &History, asked: &[u8]) -> String {
    let asked: Value = serde_json::from_slice(asked).unwrap();
    let params = &asked["params"];
    let number = |text: &Value| {
        let digits = text.as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(digits, 16).unwrap_or(BLOCKS)
    };
    let result = match asked["method"].as_str().unwrap() {
        "eth_chainId" => format!("\"{CHAIN_ID:#x}\""),
        "eth_getBlockByNumber" => history.block(number(&params[0])).to_string(),
        "eth_getLogs" => {
            let (from, to) = (number(&params[0]["fromBlock"]), number(&params[0]["toBlock"]));
            let blocks = usize::try_from(from - 1).unwrap()..usize::try_from(to).unwrap();
            format!("[{}]", history.logs[blocks].join(","))
        }
        // Of payments of nobody's it is asked who sent them. So old, the node has forgotten.
        "eth_getTransactionByHash" | "eth_getTransactionReceipt" => "null".to_owned(),
        other => panic!("the follower asks for {other}"),
    };
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{result}}}", asked["id"])
}
