//! What a transaction of ours came to.

use alloy::{
    primitives::{Address as EvmAddress, B256, U64, U256},
    providers::Provider,
};
use serde::Deserialize;

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
    /// What the network took for it: gas times the effective price, and a rollup's fee for its data where the
    /// receipt tells it.
    pub fee: Wei,
    /// The contract that it deployed.
    pub contract: Option<Address>,
}

/// A receipt's part that tells it. alloy's own receipt drops what only rollups write there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReceipt {
    status: Option<U64>,
    block_number: Option<U64>,
    gas_used: U64,
    effective_gas_price: U256,
    /// What a rollup takes for the transaction's data on the chain below (OP Stack).
    l1_fee: Option<U256>,
    contract_address: Option<EvmAddress>,
}

impl WireReceipt {
    /// What it tells, if it is of a block.
    fn read(self) -> Option<Mined> {
        let gas = U256::from(self.gas_used).saturating_mul(self.effective_gas_price);
        Some(Mined {
            success: self.status == Some(U64::from(1)),
            block: self.block_number?.to(),
            gas: self.gas_used.to(),
            fee: Wei::new(gas.saturating_add(self.l1_fee.unwrap_or_default())),
            contract: self.contract_address.map(|at| Address(at.0.0)),
        })
    }
}

impl Wallet {
    /// What became of a transaction, once it is mined.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn mined(&self, hash: TxHash) -> Result<Option<Mined>, ChainError> {
        let receipt: Option<WireReceipt> = self
            .node
            .raw_request("eth_getTransactionReceipt".into(), (B256::from(hash.0),))
            .await
            .map_err(|error| told(&error))?;
        Ok(receipt.and_then(WireReceipt::read))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(changed: &[(&str, Value)]) -> Option<Mined> {
        let mut receipt = json!({
            "type": "0x2", "status": "0x1", "blockNumber": "0x7", "gasUsed": "0x5208",
            "effectiveGasPrice": "0x3", "contractAddress": null, "logs": [],
        });
        for (name, value) in changed {
            receipt[*name] = value.clone();
        }
        serde_json::from_value::<WireReceipt>(receipt).unwrap().read()
    }

    #[test]
    fn costs_what_a_rollup_takes_for_its_data_too() {
        let mined = read(&[]).unwrap();
        assert_eq!((mined.success, mined.block, mined.gas), (true, 7, 21_000));
        assert_eq!((mined.fee, mined.contract), (Wei::new(U256::from(63_000)), None));
        let rollup = read(&[("l1Fee", json!("0x105d4b2024"))]).unwrap();
        assert_eq!(rollup.fee, Wei::new(U256::from(63_000 + 0x10_5d4b_2024_u64)));
        assert_eq!(read(&[("l1Fee", Value::Null)]).unwrap().fee, mined.fee);
    }

    #[test]
    fn tells_a_failure_and_what_is_not_mined() {
        assert!(!read(&[("status", json!("0x0"))]).unwrap().success);
        assert_eq!(read(&[("blockNumber", Value::Null)]), None);
    }
}
