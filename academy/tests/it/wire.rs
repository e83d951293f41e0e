//! What nodes of other chains than Ethereum answer, and how nodes and the gates before them say that they don't.

use academy::{
    chain::{BlockRef, Chain, ChainError, Event, Rpc},
    evm::{Address, BlockHash, BlockTag, TxHash},
    money::Wei,
};
use ruint::aliases::U256;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    proxy::{Fault, Proxy},
    rpc::{Reply, serve},
};

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

/// A provider that answers every question by that error.
async fn telling(status: u16, code: i64, message: &'static str) -> (Proxy, Rpc) {
    // Nothing is behind it, and nothing is asked there.
    let proxy = Proxy::before("http://127.0.0.1:1").await;
    proxy.set(&[Fault::Tells(status, code, message)]);
    let rpc = Rpc::new(std::slice::from_ref(&proxy.url)).unwrap();
    (proxy, rpc)
}

#[tokio::test]
async fn what_passes_is_asked_again_though_a_gate_tells_of_it_as_nodes_do() {
    let last = BlockRef { number: 100, hash: BlockHash([1; 32]), timestamp: 0 };
    for (status, code, message) in [
        (429, -32007, "100/second request limit reached"),
        (429, -32090, "Request limit exceeded, retry in 10s"),
        (504, -32002, "request timed out"),
        (503, -32000, "context deadline exceeded"),
        (200, -32000, "header not found"),
    ] {
        let (_proxy, rpc) = telling(status, code, message).await;
        let head = rpc.head().await;
        assert!(matches!(head, Err(ChainError::Unavailable(_))), "{message}: {head:?}");
        let events = rpc.events(&[Address([0xaa; 20])], 1, &last).await;
        assert!(matches!(events, Err(ChainError::Unavailable(_))), "{message}: {events:?}");
    }
    let (_proxy, rpc) = telling(504, -32000, "query timeout, try a smaller block range").await;
    let events = rpc.events(&[Address([0xaa; 20])], 1, &last).await;
    assert!(matches!(events, Err(ChainError::RangeTooLarge(_))), "{events:?}");
}

#[tokio::test]
async fn that_no_block_is_final_yet_may_be_told_as_an_error() {
    for (tag, code, message) in [
        (BlockTag::Finalized, -32000, "finalized block not found"),
        (BlockTag::Safe, -32000, "safe block not found"),
        (BlockTag::Finalized, -39001, "Unknown block"),
    ] {
        let (_proxy, rpc) = telling(200, code, message).await;
        assert_eq!(rpc.tagged(tag).await, Ok(None), "{message}");
    }
    let (_proxy, rpc) = telling(200, -32602, "invalid block tag").await;
    assert!(matches!(rpc.tagged(BlockTag::Finalized).await, Err(ChainError::Refused(_))));
}
