//! Case 10 on real wire: the whole site over providers with faults, each a proxy before one anvil. A
//! lie never opens a course; what two can agree on does, whatever the third one does.

use std::time::Duration;

use academy::{
    Actor,
    checkout::{Order, OrderState},
    evm::TxHash,
};
use alloy::{
    primitives::{Address as EvmAddress, B256, U256},
    sol,
    sol_types::SolEvent,
};
use serde_json::{Value, json};

use crate::support::{
    Engine,
    anvil::{Place, call, on_anvil, signer},
    person,
    proxy::Fault,
    wallet_call,
};

sol! {
    event CoursePurchased(bytes32 indexed orderId, address indexed beneficiary, uint256 indexed courseId, uint8 tier, address token, uint256 amount);
}

/// How a node says that fewer blocks would do.
const TOO_LARGE: &str = "query exceeds max block range";

/// The faults of a provider that is down or behind, and the lies that do not make anything up.
fn troubles() -> Vec<(&'static str, Fault)> {
    vec![
        ("hangs", Fault::Hang),
        ("is slow", Fault::Delay(Duration::from_millis(50))),
        ("breaks off", Fault::Drop),
        ("is busy", Fault::Status(429)),
        ("is busy, by its own code", Fault::Tells(429, -32007, "100/second request limit reached")),
        ("fails", Fault::Status(500)),
        ("talks nonsense", Fault::Garbage),
        ("knows no receipts", Fault::null_receipts()),
        ("lags", Fault::Lag(3)),
        ("says that payments failed", Fault::failed_receipts()),
        ("sees other blocks", Fault::other_block_hashes()),
        ("hides events", Fault::hidden_logs()),
        ("refuses ranges", Fault::Ranges(0, TOO_LARGE)),
        ("serves another chain", Fault::other_chain()),
    ]
}

impl Place {
    /// Someone with a wallet of their own opens an order; somebody else pays for them.
    async fn order(&self) -> (Actor, Order) {
        let buyer = self.world.learner().await;
        let order = self.academy.checkout().open(&buyer, self.course.tier).await.unwrap();
        (buyer, order)
    }

    async fn pay(&self, buyer: &Actor, order: &Order) -> TxHash {
        let wallet = wallet_call(&self.academy.checkout(), buyer, order.id).await.unwrap();
        self.anvil.dev.send(person(&self.buyer).address, &call(&wallet)).await.unwrap()
    }

    /// A turn of the worker, which may fail, and the time until the next.
    async fn try_turn(&self) {
        let _ = self.academy.follow_once().await;
        let _ = self.academy.run_jobs_once().await;
        self.world.clock.advance_millis(61_000);
    }

    async fn opens_within(&self, turns: usize, buyer: &Actor) -> bool {
        for _ in 0..turns {
            self.try_turn().await;
            if self.world.can_read(buyer, &self.course).await {
                return true;
            }
        }
        false
    }

    /// A purchase that nobody made, for this order, in the block of a transaction that failed.
    async fn forgery(&self, buyer: &Actor, order: &Order) -> (TxHash, Vec<Fault>) {
        let wallet = wallet_call(&self.academy.checkout(), buyer, order.id).await.unwrap();
        let wrong = json!({
            "from": person(&self.buyer).address.to_string(), "to": wallet.to, "data": wallet.data,
            "value": "0x1", "gas": "0x30d40",
        });
        let receipt = self.anvil.mined(wrong).await;
        let hash = receipt["transactionHash"].clone();
        assert_eq!(receipt["status"], "0x0", "the contract refuses a wrong price");
        let event = CoursePurchased {
            orderId: B256::from_slice(&crate::support::reference(&order.id)),
            beneficiary: EvmAddress::from(person(buyer).address.0),
            courseId: U256::from(self.listing_number().await),
            tier: 0,
            token: EvmAddress::ZERO,
            amount: order.price.get(),
        };
        let data = event.encode_log_data();
        let log = json!({
            "address": self.market.address.to_string(), "topics": data.topics(), "data": data.data,
            "blockNumber": receipt["blockNumber"], "blockHash": receipt["blockHash"],
            "transactionHash": hash, "transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
        });
        let (in_receipt, in_logs) = (log.clone(), log);
        let lies = vec![
            Fault::lie(&["eth_getTransactionReceipt"], move |receipt: &mut Value| {
                if receipt["transactionHash"] == in_receipt["transactionHash"] {
                    receipt["status"] = json!("0x1");
                    receipt["logs"] = json!([in_receipt]);
                }
            }),
            Fault::lie(&["eth_getLogs"], move |logs: &mut Value| {
                logs.as_array_mut().unwrap().push(in_logs.clone());
            }),
        ];
        (hash.as_str().unwrap().parse().unwrap(), lies)
    }

    async fn listing_number(&self) -> u64 {
        let number = self.world.count("SELECT number FROM listings").await;
        u64::try_from(number).unwrap()
    }
}

async fn case_10_an_invented_purchase_never_opens(engine: Engine) {
    for providers in [2, 3] {
        let place = Place::through(engine, providers).await;
        for liar in 0..providers {
            let (buyer, order) = place.order().await;
            let (hash, lies) = place.forgery(&buyer, &order).await;
            place.proxies[liar].set(&lies);
            let _ = place.academy.checkout().submit(&buyer, order.id, &hash.to_string()).await;
            assert!(!place.opens_within(3, &buyer).await, "liar {liar} of {providers}");
            // With the others out of order, too, its word alone is not enough.
            for other in (0..providers).filter(|other| *other != liar) {
                place.proxies[other].set(&[Fault::Status(500)]);
            }
            assert!(!place.opens_within(2, &buyer).await, "liar {liar} alone of {providers}");
            for proxy in &place.proxies {
                proxy.set(&[]);
            }
            assert!(!place.opens_within(2, &buyer).await, "liar {liar} healed");
            place.world.assert_nothing_opened().await;
        }
        place.close().await;
    }
}

async fn case_10_one_of_three_does_not_stop_what_two_agree_on(engine: Engine) {
    let place = Place::through(engine, 3).await;
    for (turn, (name, fault)) in troubles().into_iter().enumerate() {
        let bad = turn % 3;
        place.proxies[bad].set(&[fault]);
        let (buyer, order) = place.order().await;
        place.pay(&buyer, &order).await;
        assert!(place.opens_within(3, &buyer).await, "provider {bad} {name}");
        place.proxies[bad].set(&[]);
    }
    place.close().await;
}

async fn case_10_one_of_two_delays_until_it_is_well(engine: Engine) {
    let place = Place::through(engine, 2).await;
    for (turn, (name, fault)) in troubles().into_iter().enumerate() {
        let bad = turn % 2;
        place.proxies[bad].set(std::slice::from_ref(&fault));
        let (buyer, order) = place.order().await;
        let hash = place.pay(&buyer, &order).await;
        let _ = place.academy.checkout().submit(&buyer, order.id, &hash.to_string()).await;
        let agreed = matches!(fault, Fault::Delay(_) | Fault::Ranges(..)) || name == "hides events";
        let opened = place.opens_within(1, &buyer).await;
        assert_eq!(opened, agreed, "provider {bad} {name}");
        place.proxies[bad].set(&[]);
        assert!(place.opens_within(4, &buyer).await, "provider {bad} {name} no more");
    }
    place.close().await;
}

async fn case_10_nothing_is_lost_while_all_have_faults(engine: Engine) {
    let place = Place::through(engine, 3).await;
    let mut paid = 0;
    for (name, fault) in troubles().into_iter().filter(|(name, _)| !["hangs", "is slow"].contains(name)) {
        let (buyer, order) = place.order().await;
        place.pay(&buyer, &order).await;
        for proxy in &place.proxies {
            proxy.set(std::slice::from_ref(&fault));
        }
        // What they do not tell at once they tell in parts.
        let tells = matches!(fault, Fault::Ranges(..));
        let opened = place.opens_within(if tells { 3 } else { 1 }, &buyer).await;
        assert_eq!(opened, tells, "all {name}");
        for proxy in &place.proxies {
            proxy.set(&[]);
        }
        assert!(place.opens_within(4, &buyer).await, "all {name} no more");
        paid += 1;
    }
    // What one of them took from those who had paid before, it gave back.
    place.world.assert_paid(paid).await;
    place.close().await;
}

async fn a_provider_that_lags_behind_a_reorg_takes_nothing_away(engine: Engine) {
    let place = Place::through(engine, 3).await;
    let (buyer, order) = place.order().await;
    place.pay(&buyer, &order).await;
    assert!(place.opens_within(2, &buyer).await);
    for fault in
        [Fault::Lag(2), Fault::other_block_hashes(), Fault::null_receipts(), Fault::failed_receipts()]
    {
        for proxy in &place.proxies {
            proxy.set(std::slice::from_ref(&fault));
            place.try_turn().await;
            assert!(place.world.can_read(&buyer, &place.course).await);
            proxy.set(&[]);
        }
    }
    place.world.assert_paid(1).await;
    place.close().await;
}

async fn a_range_that_a_node_chokes_on_is_asked_for_in_parts(engine: Engine) {
    let place = Place::through(engine, 1).await;
    let (buyer, order) = place.order().await;
    place.anvil.ask("anvil_mine", json!(["0x64"])).await;
    place.pay(&buyer, &order).await;
    place.proxies[0].set(&[Fault::Chokes(10)]);
    assert!(place.opens_within(12, &buyer).await);
    place.close().await;
}

async fn a_block_of_more_events_than_a_node_tells_is_read_from_its_receipts(engine: Engine) {
    let place = Place::through(engine, 2).await;
    let (buyer, order) = place.order().await;
    place.pay(&buyer, &order).await;
    place.proxies.iter().for_each(|proxy| proxy.set(&[Fault::Ranges(0, TOO_LARGE)]));
    assert!(place.opens_within(12, &buyer).await);
    place.close().await;
}

/// One word more than we know stopped the follower for good.
async fn what_is_refused_in_words_that_nobody_knows_is_asked_for_in_parts(engine: Engine) {
    const UNHEARD: &str = "that would be a heap of logs";
    let place = Place::through(engine, 1).await;
    for most in [10, 0] {
        let (buyer, order) = place.order().await;
        place.anvil.ask("anvil_mine", json!(["0x64"])).await;
        place.pay(&buyer, &order).await;
        place.proxies[0].set(&[Fault::Ranges(most, UNHEARD)]);
        assert!(place.opens_within(60, &buyer).await, "{most} blocks at most");
        place.proxies[0].set(&[]);
    }
    place.close().await;
}

/// Who sent a transaction is read from it, not from the node: or a liar could make one that waits look
/// replaced.
async fn case_06_whose_a_pending_transaction_is_nobody_can_lie_about(engine: Engine) {
    let place = Place::through(engine, 1).await;
    let (buyer, order) = place.order().await;
    place.anvil.ask("evm_setAutomine", json!([false])).await;
    let wallet = wallet_call(&place.academy.checkout(), &buyer, order.id).await.unwrap();
    let hash = place.anvil.dev.broadcast(person(&place.buyer).address, &call(&wallet)).await.unwrap();
    // Whose nonce is used up.
    place.proxies[0].set(&[Fault::other_sender(signer(0).address().to_string())]);
    let submitted = place.academy.checkout().submit(&buyer, order.id, &hash.to_string()).await;
    assert_eq!(submitted.unwrap().state, OrderState::Submitted);
    assert!(!place.opens_within(2, &buyer).await);
    let waiting = place.academy.checkout().order(&buyer, order.id).await.unwrap();
    assert_eq!(waiting.state, OrderState::Submitted);
    place.anvil.ask("evm_mine", json!([])).await;
    place.proxies[0].set(&[]);
    assert!(place.opens_within(2, &buyer).await);
    place.close().await;
}

on_anvil!(
    case_06_whose_a_pending_transaction_is_nobody_can_lie_about,
    a_range_that_a_node_chokes_on_is_asked_for_in_parts,
    a_block_of_more_events_than_a_node_tells_is_read_from_its_receipts,
    what_is_refused_in_words_that_nobody_knows_is_asked_for_in_parts,
    case_10_an_invented_purchase_never_opens,
    case_10_one_of_three_does_not_stop_what_two_agree_on,
    case_10_one_of_two_delays_until_it_is_well,
    case_10_nothing_is_lost_while_all_have_faults,
    a_provider_that_lags_behind_a_reorg_takes_nothing_away,
);
