//! An account that signs and sends: with a key of ours, or one of the node's own.

use std::sync::Arc;

use alloy::{
    eips::{BlockId, Encodable2718},
    network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder, TxSigner},
    primitives::{Address as EvmAddress, Bytes, Signature, U256},
    providers::{Provider, RootProvider},
    rpc::types::TransactionRequest,
    signers::{Signer, local::PrivateKeySigner},
};

use super::{
    node::{node_at, of_call, refused, told},
    port::{Call, ChainError},
};
use crate::{
    evm::{Address, TxHash},
    money::Wei,
};

/// Who pays and signs.
pub enum Key {
    /// An account that the node itself signs for (development).
    Unlocked(Address),
    /// An encrypted key file (Web3 Secret Storage, version 3).
    Keystore {
        /// Where it is.
        path: std::path::PathBuf,
        /// What opens it.
        password: String,
    },
    /// A key that AWS KMS keeps and signs with (asymmetric, `ECC_SECG_P256K1`). Region and credentials are
    /// the machine's, as for any AWS client.
    #[cfg(feature = "kms")]
    AwsKms {
        /// Its id, ARN or alias.
        id: String,
    },
}

/// Why a transaction was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The node, or the key.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The contract has sold it to this beneficiary already.
    #[error("the contract has sold this tier to this account already")]
    Owned,
    /// The contract would refuse it; the reason in plain words.
    #[error("the contract refuses it: {0}")]
    Reverts(String),
}

/// A transaction with everything but its signature (EIP-1559).
#[derive(Clone, Debug)]
pub struct Prepared {
    request: TransactionRequest,
    /// The sender's counter that it uses up.
    pub nonce: u64,
    /// The gas that it may take.
    pub gas_limit: u64,
    /// The most that the network may take for its gas. A rollup's fee for its data, which no estimate tells, comes on
    /// top.
    pub max_fee: Wei,
}

/// What became of sending a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The node has it.
    Accepted(TxHash),
    /// The connection failed while it was sent: it may be on its way.
    Unsure(TxHash),
}

/// The same key twice: for transactions, and for texts.
struct Signers {
    transactions: EthereumWallet,
    texts: Arc<dyn Signer + Send + Sync>,
}

impl Signers {
    fn of<S: TxSigner<Signature> + Signer + Clone + Send + Sync + 'static>(signer: S) -> Self {
        Self { transactions: EthereumWallet::from(signer.clone()), texts: Arc::new(signer) }
    }
}

/// An account at a node.
pub struct Wallet {
    pub(super) node: RootProvider,
    address: EvmAddress,
    signers: Option<Signers>,
}

fn request(from: EvmAddress, call: &Call) -> TransactionRequest {
    TransactionRequest::default()
        .from(from)
        .to(EvmAddress::from(call.to.0))
        .value(call.value.get())
        .input(Bytes::from(call.data.clone()).into())
}

impl Wallet {
    /// Opens a key, for use at a node. Asks the node nothing yet.
    ///
    /// # Errors
    /// When the key does not open, or the URL is none.
    pub async fn open(rpc_url: &str, key: Key) -> Result<Self, ChainError> {
        let node = node_at(rpc_url)?;
        let signers = match key {
            Key::Unlocked(address) => {
                return Ok(Self { node, address: EvmAddress::from(address.0), signers: None });
            }
            Key::Keystore { path, password } => {
                let signer = PrivateKeySigner::decrypt_keystore(path, password)
                    .map_err(|error| refused("the keystore does not open", error))?;
                Signers::of(signer)
            }
            #[cfg(feature = "kms")]
            Key::AwsKms { id } => Signers::of(super::kms::signer(id).await?),
        };
        Ok(Self { node, address: signers.texts.address(), signers: Some(signers) })
    }

    /// The account.
    pub fn address(&self) -> Address {
        Address(self.address.0.0)
    }

    /// Signs a text as `personal_sign` does (EIP-191); 65 bytes, hexadecimal.
    ///
    /// # Errors
    /// When the node has no such account.
    pub async fn sign_text(&self, text: &str) -> Result<String, ChainError> {
        match &self.signers {
            Some(signers) => {
                let signature = signers.texts.sign_message(text.as_bytes()).await;
                Ok(signature.map_err(|error| refused("the key does not sign", error))?.to_string())
            }
            None => {
                let text = alloy::hex::encode_prefixed(text);
                let params = (text, self.address.to_checksum(None));
                let answer = self.node.raw_request("personal_sign".into(), params).await;
                answer.map_err(|error| told(&error))
            }
        }
    }

    /// The chain's id (EIP-155).
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        self.node.get_chain_id().await.map_err(|error| told(&error))
    }

    /// The newest block's number.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn head(&self) -> Result<u64, ChainError> {
        self.node.get_block_number().await.map_err(|error| told(&error))
    }

    /// A contract's code; empty if there is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn code(&self, at: Address) -> Result<Vec<u8>, ChainError> {
        let code = self.node.get_code_at(EvmAddress::from(at.0)).await;
        Ok(code.map_err(|error| told(&error))?.to_vec())
    }

    /// What the account has.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn balance(&self) -> Result<Wei, ChainError> {
        Ok(Wei::new(self.node.get_balance(self.address).await.map_err(|error| told(&error))?))
    }

    /// How many of the account's transactions wait to be mined, as far as the node knows.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn waiting(&self) -> Result<u64, ChainError> {
        let mined = self.node.get_transaction_count(self.address).latest();
        let mined = mined.await.map_err(|error| told(&error))?;
        let all = self.node.get_transaction_count(self.address).pending();
        Ok(all.await.map_err(|error| told(&error))?.saturating_sub(mined))
    }

    /// Whether a call would succeed: at the newest block, or as it was after an older one.
    ///
    /// # Errors
    /// [`WalletError::Reverts`] with the contract's reason.
    pub async fn rehearse(&self, call: &Call, block: Option<u64>) -> Result<(), WalletError> {
        let at = block.map_or(BlockId::latest(), BlockId::number);
        let answer = self.node.call(request(self.address, call)).block(at).await;
        answer.map(|_| ()).map_err(|error| of_call(&error))
    }

    /// Asks for nonce, gas and fees. The nonce is the next after what is *mined*: of two transactions made
    /// before either is mined, only one can ever be.
    ///
    /// # Errors
    /// When the node does not answer, or the call would revert.
    pub async fn prepare(&self, call: &Call) -> Result<Prepared, WalletError> {
        self.complete(request(self.address, call)).await
    }

    /// [`Wallet::prepare`] for a contract's creation code.
    pub(super) async fn prepare_deployment(&self, code: Vec<u8>) -> Result<Prepared, WalletError> {
        self.complete(TransactionRequest::default().with_from(self.address).with_deploy_code(code)).await
    }

    /// Where a deployment will stand, if it succeeds.
    pub(super) fn address_of(&self, deployment: &Prepared) -> Address {
        Address(self.address.create(deployment.nonce).0.0)
    }

    async fn complete(&self, request: TransactionRequest) -> Result<Prepared, WalletError> {
        let chain_id = self.chain_id().await?;
        let nonce = self.node.get_transaction_count(self.address).latest();
        let nonce = nonce.await.map_err(|error| told(&error))?;
        let fees = self.node.estimate_eip1559_fees().await.map_err(|error| told(&error))?;
        let gas = self.node.estimate_gas(request.clone()).await.map_err(|error| of_call(&error))?;
        // What it writes may differ by the time it is mined.
        let gas_limit = gas + gas / 5;
        let request = request
            .with_chain_id(chain_id)
            .with_nonce(nonce)
            .with_gas_limit(gas_limit)
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
        let max_fee = Wei::new(U256::from(gas_limit).saturating_mul(U256::from(fees.max_fee_per_gas)));
        Ok(Prepared { request, nonce, gas_limit, max_fee })
    }

    /// Signs and sends.
    ///
    /// # Errors
    /// When the node refuses it for good: it was not sent.
    pub async fn send(&self, prepared: Prepared) -> Result<Sent, ChainError> {
        let Some(signers) = &self.signers else {
            let sent = self.node.send_transaction(prepared.request).await;
            return Ok(Sent::Accepted(TxHash(sent.map_err(|error| told(&error))?.tx_hash().0)));
        };
        let signed = prepared.request.build(&signers.transactions).await;
        let signed = signed.map_err(|error| refused("the key does not sign", error))?;
        let hash = *signed.tx_hash();
        let Err(error) = self.node.send_raw_transaction(&signed.encoded_2718()).await else {
            return Ok(Sent::Accepted(TxHash(hash.0)));
        };
        if error.as_error_resp().is_none() {
            return Ok(Sent::Unsure(TxHash(hash.0)));
        }
        // A node also refuses what it has already.
        match self.node.get_transaction_by_hash(hash).await {
            Ok(Some(_)) => Ok(Sent::Accepted(TxHash(hash.0))),
            Ok(None) => Err(told(&error)),
            Err(_) => Ok(Sent::Unsure(TxHash(hash.0))),
        }
    }
}
