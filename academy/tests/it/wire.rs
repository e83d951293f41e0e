//! What nodes of other chains than Ethereum answer.

use academy::{
    chain::{Chain, Event, Rpc},
    evm::{Address, TxHash},
    money::Wei,
};
use ruint::aliases::U256;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::rpc::{Reply, serve};

/// A node that has one transaction, which a rollup made of a deposit (type 0x7e): nobody signed it.
async fn rollup() -> Rpc {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, |body: Vec<u8>| async move {
        let question: Value = serde_json::from_slice(&body).unwrap();
        let (hash, block) = (format!("0x{}", "7e".repeat(32)), format!("0x{}", "b1".repeat(32)));
        let (account, market) = (format!("0x{}", "11".repeat(20)), format!("0x{}", "aa".repeat(20)));
        let topic = |address: &str| format!("0x{}{}", "0".repeat(24), address.trim_start_matches("0x"));
        let result = match question["method"].as_str().unwrap() {
            "eth_getTransactionByHash" => json!({
                "type": "0x7e", "hash": hash, "from": account, "to": market, "nonce": "0x5", "gas": "0x5208",
                "gasPrice": "0x0", "value": "0x0", "input": "0x", "mint": "0x0", "sourceHash": block,
                "r": "0x0", "s": "0x0", "v": "0x0", "blockHash": block, "blockNumber": "0x7", "transactionIndex": "0x0",
            }),
            "eth_getTransactionReceipt" => json!({
                "type": "0x7e", "status": "0x1", "transactionHash": hash, "transactionIndex": "0x0",
                "blockHash": block, "blockNumber": "0x7", "from": account, "to": market, "gasUsed": "0x5208",
                "cumulativeGasUsed": "0x5208", "effectiveGasPrice": "0x0", "contractAddress": null,
                "logsBloom": format!("0x{}", "00".repeat(256)), "depositNonce": "0x5", "depositReceiptVersion": "0x1",
                "logs": [{
                    "address": account, "blockHash": block, "blockNumber": "0x7", "transactionHash": hash,
                    "transactionIndex": "0x0", "logIndex": "0x2", "removed": false,
                    "topics": [
                        "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                        topic(&account), topic(&market),
                    ],
                    "data": format!("0x{:0>64}", "f"),
                }],
            }),
            method => panic!("{method} is not asked"),
        };
        let body = json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }).to_string();
        Reply::Http { status: 200, body }
    }));
    Rpc::new(&[url]).unwrap()
}

#[tokio::test]
async fn a_rollups_deposit_is_read_from_its_receipt() {
    let rpc = rollup().await;
    let hash = TxHash([0x7e; 32]);
    let receipt = rpc.receipt(hash).await.unwrap().unwrap();
    assert_eq!((receipt.success, receipt.block_number, receipt.transaction), (true, 7, hash));
    let moved = Event::Transferred {
        from: Address([0x11; 20]),
        to: Address([0xaa; 20]),
        amount: Wei::new(U256::from(15)),
    };
    assert_eq!((receipt.logs[0].index, &receipt.logs[0].event), (2, &moved));
    // Who sent it is nobody's word: it is followed by its receipt, not by its nonce.
    assert_eq!(rpc.transaction(hash).await.unwrap(), None);
}
