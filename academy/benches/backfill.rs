//! How fast the follower reads a long history: a fixture of 200,000 events, served by a JSON-RPC server
//! on this machine, decoded and committed to a fresh SQLite file.
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

use std::{sync::Arc, time::Instant};

use academy::{Academy, chain::Rpc, checkout::Policy, evm::Address};
use alloy::{
    primitives::{Address as EvmAddress, B256, U256, keccak256},
    sol,
    sol_types::SolEvent,
};
use serde_json::{Value, json};
use support::{
    CHAIN_ID, Engine, MARKET, World, chain_info, policy,
    rpc::{self, Reply},
    site,
};

sol! {
    event CourseListed(uint256 indexed courseId, bytes32 indexed courseRef, address indexed lister, address payee);
    event TierPriced(uint256 indexed courseId, uint8 indexed tier, uint256 price, bool active);
    event CoursePurchased(bytes32 indexed orderId, address indexed beneficiary, uint256 indexed courseId, uint8 tier, address token, uint256 amount);
    event PayoutWithdrawn(address indexed payee, address indexed to, address indexed token, uint256 amount);
}

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

#[tokio::main]
async fn main() {
    // `cargo test --benches` asks every bench to run; only `cargo bench` wants to be measured.
    let is_asked = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    if !is_asked("--bench") {
        return;
    }
    let url = serve(Arc::new(history()));
    println!("{EVENTS} events in {BLOCKS} blocks, from a loopback JSON-RPC into a fresh SQLite file");
    let mut best = 0.0_f64;
    for run in 1..=RUNS {
        let world = World::new(Engine::Sqlite).await;
        make_orders(&world).await;
        let chain = Arc::new(Rpc::new(std::slice::from_ref(&url)).unwrap());
        let policy = Policy { start_block: 1, max_log_range: 2000, ..policy() };
        let academy = Academy::builder(world.db.clone(), chain, policy, site(), chain_info()).build();
        let start = Instant::now();
        while academy.follow_once().await.unwrap().more {}
        let took = start.elapsed().as_secs_f64();
        check(&world).await;
        let rate = EVENTS as f64 / took;
        println!("run {run}: {took:.2} s, {rate:.0} events a second decoded and committed");
        best = best.max(rate);
        world.close().await;
    }
    assert!(!is_asked(HOLD) || best >= LEAST, "{best:.0} events a second at best; {LEAST} are the least");
}

/// Everything is there, once.
async fn check(world: &World) {
    let part = |share: u64| i64::try_from(EVENTS / 100 * share).unwrap();
    for (sql, expected) in [
        ("SELECT COUNT(*) FROM payments", part(100 - LISTINGS - WITHDRAWALS)),
        ("SELECT COUNT(*) FROM payments WHERE order_id IS NOT NULL", part(OURS)),
        ("SELECT COUNT(*) FROM submissions", part(OURS)),
        ("SELECT COUNT(*) FROM jobs WHERE kind = 'settle'", part(OURS)),
        ("SELECT COUNT(*) FROM payouts", part(WITHDRAWALS)),
        ("SELECT next_block FROM chain_cursors WHERE chain_id = 31337", i64::try_from(BLOCKS).unwrap() + 1),
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
}

/// The logs of each block, as a node writes them.
fn history() -> Vec<String> {
    let mut ours = 0;
    (0..BLOCKS)
        .map(|block| {
            let logs = (0..PER_BLOCK).map(|index| log(block + 1, index, &mut ours).to_string());
            logs.collect::<Vec<_>>().join(",")
        })
        .collect()
}

fn address(number: u64) -> EvmAddress {
    EvmAddress::from_word(keccak256(number.to_be_bytes()))
}

fn hash(kind: &str, number: u64) -> B256 {
    keccak256([kind.as_bytes(), &number.to_be_bytes()].concat())
}

fn log(block: u64, index: u64, ours: &mut u64) -> Value {
    let number = (block - 1) * PER_BLOCK + index;
    let course = U256::from(1_000_000 + number);
    let who = address(number);
    // Spread evenly over the blocks.
    let kind = number * 37 % 100;
    let event = if kind < LISTINGS {
        match kind % 2 {
            0 => {
                CourseListed { courseId: course, courseRef: hash("course", number), lister: who, payee: who }
                    .encode_log_data()
            }
            _ => TierPriced { courseId: course, tier: 0, price: U256::from(number), active: true }
                .encode_log_data(),
        }
    } else if kind < LISTINGS + WITHDRAWALS {
        PayoutWithdrawn { payee: who, to: who, token: EvmAddress::ZERO, amount: U256::from(number) }
            .encode_log_data()
    } else {
        let order = if kind < LISTINGS + WITHDRAWALS + OURS {
            *ours += 1;
            B256::from(U256::from(*ours) << 128)
        } else {
            hash("order", number)
        };
        let amount = U256::from(20_000_000_000_000_000_u64);
        CoursePurchased {
            orderId: order,
            beneficiary: who,
            courseId: course,
            tier: 0,
            token: EvmAddress::ZERO,
            amount,
        }
        .encode_log_data()
    };
    json!({
        "address": Address::to_string(&MARKET),
        "topics": event.topics(),
        "data": event.data,
        "blockNumber": format!("{block:#x}"),
        "blockHash": hash("block", block),
        "blockTimestamp": "0x6b49d200",
        "transactionHash": hash("transaction", number),
        "transactionIndex": format!("{index:#x}"),
        "logIndex": format!("{index:#x}"),
        "removed": false,
    })
}

fn block(number: u64) -> Value {
    let zero = B256::ZERO;
    json!({
        "number": format!("{number:#x}"), "hash": hash("block", number), "parentHash": hash("block", number - 1),
        "timestamp": "0x6b49d200", "nonce": "0x0000000000000000", "difficulty": "0x0", "gasLimit": "0x1c9c380",
        "gasUsed": "0x0", "miner": EvmAddress::ZERO, "extraData": "0x", "logsBloom": format!("0x{}", "0".repeat(512)),
        "mixHash": zero, "receiptsRoot": zero, "sha3Uncles": zero, "stateRoot": zero, "transactionsRoot": zero,
        "size": "0x0", "transactions": [], "uncles": [],
    })
}

/// A node on a thread of its own, as it would be a process of its own.
fn serve(history: Arc<Vec<String>>) -> String {
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

fn answer(history: &[String], asked: &[u8]) -> String {
    let asked: Value = serde_json::from_slice(asked).unwrap();
    let params = &asked["params"];
    let number = |text: &Value| {
        let digits = text.as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(digits, 16).unwrap_or(BLOCKS)
    };
    let result = match asked["method"].as_str().unwrap() {
        "eth_chainId" => format!("\"{CHAIN_ID:#x}\""),
        "eth_getBlockByNumber" => block(number(&params[0])).to_string(),
        "eth_getLogs" => {
            let (from, to) = (number(&params[0]["fromBlock"]), number(&params[0]["toBlock"]));
            let blocks = usize::try_from(from - 1).unwrap()..usize::try_from(to).unwrap();
            format!("[{}]", history[blocks].join(","))
        }
        other => panic!("the follower asks for {other}"),
    };
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{result}}}", asked["id"])
}
