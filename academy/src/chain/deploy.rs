//! Putting the market on a chain.

use std::time::Duration;

use super::{
    bindings::market_artifact,
    code::is_our_market,
    mined::Mined,
    port::{Call, ChainError},
    wallet::{Sent, Wallet, WalletError},
};
use crate::{
    evm::{Address, TxHash},
    money::Wei,
};

pub use super::wallet::Key as Deployer;

/// A deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Where the market is.
    pub address: Address,
    /// The block it came with: where following starts.
    pub block: u64,
    /// The gas it took.
    pub gas: u64,
    /// What that cost: gas times the effective price.
    pub cost: Wei,
}

/// How often a node is asked whether the deployment is mined.
const PAUSE: Duration = Duration::from_millis(250);
/// So long a deployment may take to be mined.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Deploys the market, and looks at the code that stands there then; `owner` may pause it, or the deployer
/// itself.
///
/// # Errors
/// When the key does not open, the node refuses, the transaction fails, or the chain shows other code.
pub async fn deploy(
    rpc_url: &str,
    deployer: Deployer,
    owner: Option<Address>,
) -> Result<Deployed, ChainError> {
    let wallet = Wallet::open(rpc_url, deployer).await?;
    let mut code = market_artifact().creation.clone();
    code.extend_from_slice(&[0; 12]);
    code.extend_from_slice(&owner.unwrap_or(wallet.address()).0);
    let prepared = wallet.prepare_deployment(code).await.map_err(|error| match error {
        WalletError::Chain(error) => error,
        refusal => ChainError::Refused(format!("the deployment would fail: {refusal}")),
    })?;
    let (Sent::Accepted(hash) | Sent::Unsure(hash)) = wallet.send(prepared).await?;
    let mined = until_mined(&wallet, hash).await?;
    let Some(address) = mined.contract.filter(|_| mined.success) else {
        return Err(ChainError::Refused(format!("the deployment {hash} failed on-chain")));
    };
    if !is_our_market(&wallet.code(address).await?) {
        return Err(ChainError::Refused(format!(
            "the deployment {hash} was mined, but the code at {} is not this version's market; don't use it, \
             and don't trust this node",
            address.checksummed()
        )));
    }
    Ok(Deployed { address, block: mined.block, gas: mined.gas, cost: mined.fee })
}

/// Sends a call, and waits until it is mined.
///
/// # Errors
/// When the call would fail or failed, or the node refuses it.
pub async fn send(wallet: &Wallet, call: &Call) -> Result<(TxHash, Mined), ChainError> {
    rehearse(wallet, call).await?;
    let prepared = wallet.prepare(call).await.map_err(would_fail)?;
    let (Sent::Accepted(hash) | Sent::Unsure(hash)) = wallet.send(prepared).await?;
    let mined = until_mined(wallet, hash).await?;
    match mined.success {
        true => Ok((hash, mined)),
        false => Err(ChainError::Refused(format!("the transaction {hash} failed on-chain"))),
    }
}

/// Whether a call would succeed now.
///
/// # Errors
/// When it would not, with the contract's reason; or the node does not answer.
pub async fn rehearse(wallet: &Wallet, call: &Call) -> Result<(), ChainError> {
    wallet.rehearse(call, None).await.map_err(would_fail)
}

fn would_fail(error: WalletError) -> ChainError {
    match error {
        WalletError::Chain(error) => error,
        refusal => ChainError::Refused(format!("the call would fail: {refusal}")),
    }
}

/// A deployment is paid for: its node may be away for a while, and is asked again.
async fn until_mined(wallet: &Wallet, hash: TxHash) -> Result<Mined, ChainError> {
    let told = async {
        loop {
            if let Ok(Some(mined)) = wallet.mined(hash).await {
                return mined;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.map_err(|_| {
        ChainError::Unavailable(format!(
            "{hash} was sent, but the node does not show it mined; look it up before you send it again"
        ))
    })
}
