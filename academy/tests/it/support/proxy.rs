//! A node with faults: a proxy before a real one, that can be told at any time what to do wrong.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::transports::http::reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::rpc::{Reply, serve};

/// Changes a result.
type Tamper = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// What a node does wrong.
#[derive(Clone)]
pub enum Fault {
    /// It takes the question and says nothing.
    Hang,
    /// It answers rightly, so much later.
    Delay(Duration),
    /// It breaks the connection off.
    Drop,
    /// Its gate answers, such as 429 or 500.
    Status(u16),
    /// Its gate answers with that status, and tells of an error as nodes do: by a code and a message.
    Tells(u16, i64, &'static str),
    /// What it answers is no JSON.
    Garbage,
    /// It is so many blocks behind.
    Lag(u64),
    /// It refuses ranges of more blocks, in these words.
    Ranges(u64, &'static str),
    /// Its gate gives up on ranges of more blocks.
    Chokes(u64),
    /// It changes what it answers to these methods.
    Lie(&'static [&'static str], Tamper),
}

impl Fault {
    pub fn lie(methods: &'static [&'static str], how: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Lie(methods, Arc::new(how))
    }

    pub fn null_receipts() -> Self {
        Self::lie(&["eth_getTransactionReceipt"], |receipt| *receipt = Value::Null)
    }

    pub fn failed_receipts() -> Self {
        Self::lie(&["eth_getTransactionReceipt"], |receipt| {
            if receipt.is_object() {
                receipt["status"] = json!("0x0");
                receipt["logs"] = json!([]);
            }
        })
    }

    pub fn other_block_hashes() -> Self {
        Self::lie(&["eth_getBlockByNumber"], |block| {
            if block.is_object() {
                block["hash"] = json!(format!("0x{}", "66".repeat(32)));
            }
        })
    }

    pub fn hidden_logs() -> Self {
        Self::lie(&["eth_getLogs"], |logs| *logs = json!([]))
    }

    /// Somebody else sent it, it says.
    pub fn other_sender(who: String) -> Self {
        Self::lie(&["eth_getTransactionByHash"], move |transaction| transaction["from"] = json!(who))
    }

    pub fn other_chain() -> Self {
        Self::lie(&["eth_chainId"], |id| *id = json!("0x1"))
    }
}

/// A node behind which there is another.
pub struct Proxy {
    pub url: String,
    fault: Arc<Mutex<Vec<Fault>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    /// Before the node at this URL; without a fault at first.
    pub async fn before(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fault = Arc::<Mutex<Vec<Fault>>>::default();
        let (client, node, faults) = (Client::new(), node.to_owned(), fault.clone());
        let server = tokio::spawn(serve(listener, move |asked| {
            let behind = Behind { client: client.clone(), node: node.clone() };
            let faults = faults.lock().unwrap().clone();
            async move { behind.answer(&faults, serde_json::from_slice(&asked).unwrap()).await }
        }));
        Self { url, fault, server }
    }

    /// From now on it does this wrong, and nothing else.
    pub fn set(&self, faults: &[Fault]) {
        *self.fault.lock().unwrap() = faults.to_vec();
    }
}

struct Behind {
    client: Client,
    node: String,
}

fn number(hex: &Value) -> Option<u64> {
    u64::from_str_radix(hex.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// How many blocks a question for events is about; none, if it is another question.
fn blocks(asked: &Value) -> u64 {
    let bound = |name| number(&asked["params"][0][name]);
    match asked["method"] == "eth_getLogs" {
        true => bound("toBlock").unwrap() - bound("fromBlock").unwrap() + 1,
        false => 0,
    }
}

/// An error, as nodes tell of it.
fn error(status: u16, asked: &Value, code: i64, message: &str) -> Reply {
    let error = json!({ "code": code, "message": message });
    let body = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error }).to_string();
    Reply::Http { status, body }
}

impl Behind {
    async fn answer(&self, faults: &[Fault], mut asked: Value) -> Reply {
        let method = asked["method"].as_str().unwrap().to_owned();
        let mut horizon = None;
        for fault in faults {
            match fault {
                Fault::Hang => std::future::pending().await,
                Fault::Delay(time) => tokio::time::sleep(*time).await,
                Fault::Drop => return Reply::Close,
                Fault::Status(status) => return Reply::Http { status: *status, body: "no".to_owned() },
                Fault::Tells(status, code, message) => return error(*status, &asked, *code, message),
                Fault::Garbage => return Reply::Http { status: 200, body: "<html>".to_owned() },
                Fault::Lag(blocks) => {
                    let head = self.result("eth_blockNumber", json!([])).await;
                    horizon = Some(number(&head).unwrap().saturating_sub(*blocks));
                }
                Fault::Ranges(most, words) if blocks(&asked) > *most => {
                    return error(200, &asked, -32000, words);
                }
                Fault::Chokes(most) if blocks(&asked) > *most => {
                    return Reply::Http { status: 504, body: "gateway timeout".to_owned() };
                }
                Fault::Ranges(..) | Fault::Chokes(_) | Fault::Lie(..) => {}
            }
        }
        if let Some(horizon) = horizon
            && method == "eth_getBlockByNumber"
            && asked["params"][0] == "latest"
        {
            asked["params"][0] = json!(format!("{horizon:#x}"));
        }
        let mut answer = self.forward(&asked).await;
        if let Some(horizon) = horizon {
            forget(&method, &mut answer["result"], horizon);
        }
        for fault in faults {
            if let Fault::Lie(methods, tamper) = fault
                && methods.contains(&method.as_str())
            {
                tamper(&mut answer["result"]);
            }
        }
        Reply::Http { status: 200, body: answer.to_string() }
    }

    async fn result(&self, method: &str, params: Value) -> Value {
        let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.forward(&asked).await["result"].take()
    }

    async fn forward(&self, asked: &Value) -> Value {
        let request = self.client.post(&self.node).header("content-type", "application/json");
        let answer = request.body(asked.to_string()).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}

/// What a node does not know that has only come so far.
fn forget(method: &str, result: &mut Value, horizon: u64) {
    let beyond = |height: &Value| number(height).is_some_and(|height| height > horizon);
    match method {
        "eth_getBlockByNumber" if beyond(&result["number"]) => *result = Value::Null,
        "eth_getTransactionReceipt" if beyond(&result["blockNumber"]) => *result = Value::Null,
        "eth_getLogs" => {
            if let Some(logs) = result.as_array_mut() {
                logs.retain(|log| !beyond(&log["blockNumber"]));
            }
        }
        _ => {}
    }
}
