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
    /// What the network took for it.
    pub cost: Wei,
}

/// How often a node is asked whether the deployment is mined, and for its code.
const PAUSE: Duration = Duration::from_millis(250);
/// So long a deployment may take to be mined.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// So long a node may be behind the one that showed the receipt: behind one URL there may be several.
const CATCHING_UP: Duration = Duration::from_secs(30);

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
    let foreseen = wallet.address_of(&prepared).checksummed();
    let (Sent::Accepted(hash) | Sent::Unsure(hash)) = wallet.send(prepared).await?;
    let mined = until_mined(&wallet, hash, &format!("the deployment {hash} to {foreseen}")).await?;
    let Some(address) = mined.contract.filter(|_| mined.success) else {
        return Err(ChainError::Refused(format!(
            "the deployment {hash} to {foreseen} failed on-chain in block {}",
            mined.block
        )));
    };
    let deployed = Deployed { address, block: mined.block, gas: mined.gas, cost: mined.fee };
    checked(deployed, hash, code_once_shown(&wallet, address).await)
}

/// A contract's code, asked for again while the node does not have it yet: behind one URL there may be several
/// nodes, and one may be behind another that showed the receipt.
async fn code_once_shown(wallet: &Wallet, at: Address) -> Result<Vec<u8>, ChainError> {
    let shown = async {
        loop {
            match wallet.code(at).await {
                Ok(code) if !code.is_empty() => return code,
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    match tokio::time::timeout(CATCHING_UP, shown).await {
        Ok(code) => Ok(code),
        Err(_) => wallet.code(at).await,
    }
}

/// The deployment, if that code is the market's. It is paid for: whatever is wrong, what is known of it is told.
fn checked(
    deployed: Deployed,
    hash: TxHash,
    code: Result<Vec<u8>, ChainError>,
) -> Result<Deployed, ChainError> {
    let mined = format!(
        "the deployment {hash} was mined in block {} at {}",
        deployed.block,
        deployed.address.checksummed()
    );
    let later = "compare it later with `lectern contracts verify`, before you deploy again or use it";
    match code {
        Ok(code) if is_our_market(&code) => Ok(deployed),
        Ok(code) if code.is_empty() => {
            Err(ChainError::Unavailable(format!("{mined}, but the node still shows no code there; {later}")))
        }
        Ok(_) => Err(ChainError::Refused(format!(
            "{mined}, but the code there is not this version's market; don't use it, and don't trust this node"
        ))),
        Err(error) => Err(ChainError::Unavailable(format!(
            "{mined}, but its code can't be looked at ({error}); {later}"
        ))),
    }
}

/// Sends a call, and waits until it is mined.
///
/// # Errors
/// When the call would fail or failed, or the node refuses it.
pub async fn send(wallet: &Wallet, call: &Call) -> Result<(TxHash, Mined), ChainError> {
    rehearse(wallet, call).await?;
    let prepared = wallet.prepare(call).await.map_err(would_fail)?;
    let (Sent::Accepted(hash) | Sent::Unsure(hash)) = wallet.send(prepared).await?;
    let mined = until_mined(wallet, hash, &format!("the transaction {hash}")).await?;
    match mined.success {
        true => Ok((hash, mined)),
        false => Err(ChainError::Refused(format!(
            "the transaction {hash} failed on-chain in block {}",
            mined.block
        ))),
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

/// What was sent is paid for: its node may be away for a while, and is asked again. `what` names it for people.
async fn until_mined(wallet: &Wallet, hash: TxHash, what: &str) -> Result<Mined, ChainError> {
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
            "{what} was sent, but the node does not show it mined; look it up before you send it again"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_that_is_paid_for_is_told_whatever_its_code_is() {
        let (address, hash) = (Address([7; 20]), TxHash([8; 32]));
        let deployed = Deployed { address, block: 123, gas: 456, cost: Wei::ZERO };
        assert_eq!(checked(deployed, hash, Ok(market_artifact().creation.clone())), Ok(deployed));
        let silent = ChainError::Unavailable("the node does not answer".to_owned());
        for (code, retryable) in [(Ok(vec![]), true), (Err(silent), true), (Ok(vec![0x60, 0]), false)] {
            let error = checked(deployed, hash, code).unwrap_err();
            assert_eq!(error.is_retryable(), retryable, "{error}");
            for known in [hash.to_string(), address.checksummed(), "block 123 ".to_owned()] {
                assert!(error.to_string().contains(&known), "{known}: {error}");
            }
        }
    }
}
