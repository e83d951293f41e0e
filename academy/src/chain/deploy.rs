//! Putting the market on a chain.

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    primitives::Address as EvmAddress,
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};

use super::{bindings::market_artifact, port::ChainError};
use crate::evm::Address;

/// Who pays for and signs the deployment.
pub enum Deployer {
    /// An account that the node itself signs for (development).
    Unlocked(Address),
    /// An encrypted key file (Web3 Secret Storage, version 3).
    Keystore {
        /// Where it is.
        path: std::path::PathBuf,
        /// What opens it.
        password: String,
    },
}

/// A deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Where the market is.
    pub address: Address,
    /// The block it came with: where following starts.
    pub block: u64,
    /// The gas it took.
    pub gas: u64,
}

fn failed(what: &str, error: impl std::fmt::Display) -> ChainError {
    ChainError::Refused(format!("{what}: {error}"))
}

/// Deploys the market; `owner` may pause it, or the deployer itself.
///
/// # Errors
/// When the key does not open, the node refuses, or the transaction fails.
pub async fn deploy(
    rpc_url: &str,
    deployer: Deployer,
    owner: Option<Address>,
) -> Result<Deployed, ChainError> {
    let url = rpc_url.parse().map_err(|_| ChainError::Refused("that RPC URL is no URL".to_owned()))?;
    let (provider, from) = match deployer {
        Deployer::Unlocked(address) => {
            let provider = ProviderBuilder::new().connect_http(url).erased();
            (provider, EvmAddress::from(address.0))
        }
        Deployer::Keystore { path, password } => {
            let signer = PrivateKeySigner::decrypt_keystore(path, password)
                .map_err(|error| failed("the keystore does not open", error))?;
            let from = signer.address();
            let wallet = EthereumWallet::from(signer);
            (ProviderBuilder::new().wallet(wallet).connect_http(url).erased(), from)
        }
    };
    let owner = owner.map_or(from, |owner| EvmAddress::from(owner.0));
    let mut code = market_artifact().creation.clone();
    code.extend_from_slice(&[0; 12]);
    code.extend_from_slice(owner.as_slice());
    let request = TransactionRequest::default().with_from(from).with_deploy_code(code);
    let pending = provider
        .send_transaction(request)
        .await
        .map_err(|error| failed("the deployment was not accepted", error))?;
    let receipt =
        pending.get_receipt().await.map_err(|error| failed("the deployment was not mined", error))?;
    match receipt.contract_address {
        Some(address) if receipt.status() => Ok(Deployed {
            address: Address(address.0.0),
            block: receipt.block_number.unwrap_or_default(),
            gas: receipt.gas_used,
        }),
        _ => Err(ChainError::Refused("the deployment failed on-chain".to_owned())),
    }
}
