//! What a transaction of ours came to.

use alloy::{
    primitives::{B256, U256},
    providers::Provider,
};

use super::{node::told, port::ChainError, wallet::Wallet};
use crate::{
    evm::{Address, TxHash},
    money::Wei,
};

/// A mined transaction, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mined {
    /// Whether it succeeded.
    pub success: bool,
    /// Its block's number.
    pub block: u64,
    /// The gas that it took.
    pub gas: u64,
    /// What the network took for it: gas times the effective price. A rollup's fee for its data is not in it.
    pub fee: Wei,
    /// The contract that it deployed.
    pub contract: Option<Address>,
}

impl Wallet {
    /// What became of a transaction, once it is mined.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn mined(&self, hash: TxHash) -> Result<Option<Mined>, ChainError> {
        let receipt = self.node.get_transaction_receipt(B256::from(hash.0)).await;
        Ok(receipt.map_err(|error| told(&error))?.and_then(|receipt| {
            let fee = U256::from(receipt.gas_used).saturating_mul(U256::from(receipt.effective_gas_price));
            Some(Mined {
                success: receipt.status(),
                block: receipt.block_number?,
                gas: receipt.gas_used,
                fee: Wei::new(fee),
                contract: receipt.contract_address.map(|at| Address(at.0.0)),
            })
        }))
    }
}
