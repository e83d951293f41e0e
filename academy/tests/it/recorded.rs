//! What the backfill's bench replays is what a node answers about the contract.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use academy::evm::Address;
use alloy::primitives::keccak256;
use serde_json::{Value, json};

use crate::support::{
    CHAIN_ID, Engine,
    anvil::{Place, call},
    person,
    proxy::Fault,
    turn,
};

const RECORDED: &str = include_str!("../../benches/recorded.json");

/// The events that a history is made of, by their names in the recording.
const EVENTS: [(&str, &str); 4] = [
    ("listed", "CourseListed(uint256,bytes32,address,address)"),
    ("priced", "TierPriced(uint256,uint8,uint256,bool)"),
    ("purchased", "CoursePurchased(bytes32,address,uint256,uint8,address,uint256)"),
    ("withdrawn", "PayoutWithdrawn(address,address,address,uint256)"),
];

fn keys(object: &Value) -> Vec<&String> {
    object.as_object().unwrap().keys().collect()
}

/// Whatever two logs of an event have in common.
fn shape(log: &Value) -> (Vec<&String>, &Value, usize, usize) {
    let (topics, data) = (log["topics"].as_array().unwrap(), log["data"].as_str().unwrap());
    (keys(log), &topics[0], topics.len(), data.len())
}

/// With `LECTERN_RECORD` set, it is recorded anew: after a change of the contract, or of what nodes answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_is_measured_by_what_a_node_answers() {
    let place = Place::through(Engine::Sqlite, 1).await;
    place.buy().await;
    turn(&place.academy).await;
    let checkout = place.academy.checkout();
    let withdraw = checkout
        .payout_call(&place.teacher, CHAIN_ID, place.market.address, Address::ZERO, "")
        .await
        .unwrap();
    place.anvil.dev.send(person(&place.teacher).address, &call(&withdraw)).await.unwrap();
    // The follower begins anew, and is listened to.
    for table in ["chain_cursors", "chain_blocks"] {
        place.world.execute(format!("DELETE FROM {table}")).await;
    }
    let told = Arc::<Mutex<Vec<Value>>>::default();
    let heard = told.clone();
    place.proxies[0].set(&[Fault::lie(&["eth_getLogs"], move |logs| {
        heard.lock().unwrap().extend(logs.as_array().unwrap().iter().cloned());
    })]);
    turn(&place.academy).await;
    let told = told.lock().unwrap().clone();
    let logs: BTreeMap<_, _> = EVENTS
        .iter()
        .map(|(name, signature)| {
            let topic = json!(keccak256(signature));
            (*name, told.iter().find(|log| log["topics"][0] == topic).unwrap_or_else(|| panic!("no {name}")))
        })
        .collect();
    let block = place.anvil.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    if std::env::var_os("LECTERN_RECORD").is_some() {
        let recorded = serde_json::to_string_pretty(&json!({ "block": block, "logs": logs })).unwrap();
        std::fs::write("benches/recorded.json", recorded + "\n").unwrap();
    } else {
        let recorded: Value = serde_json::from_str(RECORDED).unwrap();
        assert_eq!(keys(&block), keys(&recorded["block"]));
        for (name, log) in logs {
            assert_eq!(shape(log), shape(&recorded["logs"][name]), "{name}");
        }
    }
    place.close().await;
}
