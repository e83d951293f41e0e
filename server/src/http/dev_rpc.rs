//! `POST /dev/rpc`: the demo wallet's way to the development chain's unlocked accounts.
//!
//! Exists only with the demo wallet on a development chain, answers only to this machine, and
//! passes on only what a wallet needs.

use std::{net::SocketAddr, sync::Arc};

use academy::chain::{ChainError, dev::Dev};
use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

const ALLOWED: [&str; 19] = [
    "eth_accounts",
    "eth_blockNumber",
    "eth_call",
    "eth_chainId",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_gasPrice",
    "eth_getBalance",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_maxPriorityFeePerGas",
    "eth_sendTransaction",
    "eth_sign",
    "eth_signTypedData_v4",
    "net_version",
    "personal_sign",
];

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: Value,
    method: String,
    #[serde(default)]
    params: Value,
}

/// The route.
pub fn router(dev: Dev) -> Router {
    Router::new().route("/dev/rpc", post(pass_on)).with_state(Arc::new(dev))
}

async fn pass_on(
    State(dev): State<Arc<Dev>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(call): Json<Call>,
) -> Response {
    if !peer.ip().to_canonical().is_loopback() {
        return StatusCode::FORBIDDEN.into_response();
    }
    // JSON-RPC 2.0 and EIP-1193 codes: 4200 unsupported, -32603 internal.
    let error = |code: i64, message: String| json!({ "code": code, "message": message });
    let mut answer = json!({ "jsonrpc": "2.0", "id": call.id });
    if !ALLOWED.contains(&call.method.as_str()) {
        answer["error"] = error(4200, "the demo wallet does not offer this method".to_owned());
        return Json(answer).into_response();
    }
    let params = if call.params.is_null() { json!([]) } else { call.params };
    match dev.raw(&call.method, params).await {
        Ok(result) => answer["result"] = result,
        Err(ChainError::Refused(message)) => answer["error"] = error(-32000, message),
        Err(problem) => answer["error"] = error(-32603, problem.to_string()),
    }
    Json(answer).into_response()
}
