//! A development node (anvil) that signs for its own accounts: for the demo, seeding and tests. Nothing is sent
//! from here on another chain than one of development.

use std::time::Duration;

use alloy::{
    network::TransactionBuilder,
    primitives::{Address as EvmAddress, Bytes, U256},
    providers::{Provider, RootProvider},
    rpc::types::TransactionRequest,
};

use super::{
    bindings::{dev_feed_creation, dev_token_creation},
    port::{Call, ChainError},
};
use crate::evm::{Address, TxHash};

/// Whether it is a development chain's id, with which development's conveniences are allowed: what anvil and
/// hardhat take by themselves, and a few more for those who need several.
pub fn is_dev(chain_id: u64) -> bool {
    (31_337..=31_346).contains(&chain_id)
}

/// A development node.
#[derive(Clone)]
pub struct Dev {
    provider: RootProvider,
}

fn failed(error: impl std::fmt::Display) -> ChainError {
    ChainError::Refused(error.to_string())
}

impl Dev {
    /// The node at this URL.
    ///
    /// # Errors
    /// When that is no URL.
    pub fn new(rpc_url: &str) -> Result<Self, ChainError> {
        let url = rpc_url.parse().map_err(|_| failed("that RPC URL is no URL"))?;
        Ok(Self { provider: RootProvider::new_http(url) })
    }

    /// Any request, as it is: JSON parameters in, JSON result out.
    ///
    /// # Errors
    /// What the node answered.
    pub async fn raw(
        &self,
        method: &str,
        params: serde_json::Value,
    ) -> Result<serde_json::Value, ChainError> {
        self.provider.raw_request(method.to_owned().into(), params).await.map_err(|error| {
            match error.as_error_resp() {
                Some(response) => ChainError::Refused(response.message.to_string()),
                None => ChainError::Unavailable("the development chain does not answer".to_owned()),
            }
        })
    }

    /// Puts a price feed on the chain that answers so many whole units of a currency to the coin.
    ///
    /// # Errors
    /// When the node refuses it, or serves no development chain.
    pub async fn deploy_feed(&self, from: Address, rate: u64) -> Result<Address, ChainError> {
        // The feed has eight digits after the point.
        self.put(from, dev_feed_creation(U256::from(rate) * U256::from(100_000_000))).await
    }

    /// Puts a token on the chain, a dollar of six digits, of which each of the node's own accounts has ten
    /// thousand.
    ///
    /// # Errors
    /// When the node refuses it, or serves no development chain.
    pub async fn deploy_token(&self, from: Address, symbol: &str) -> Result<Address, ChainError> {
        let accounts = self.raw("eth_accounts", serde_json::json!([])).await?;
        let holders: Vec<Address> = serde_json::from_value(accounts).map_err(failed)?;
        self.put(from, dev_token_creation(symbol, &holders, U256::from(10_000_000_000_u64))).await
    }

    /// What a node signs for by itself may be worth something elsewhere.
    async fn check_chain(&self) -> Result<(), ChainError> {
        match self.provider.get_chain_id().await.map_err(failed)? {
            id if is_dev(id) => Ok(()),
            id => Err(failed(format!("it serves chain {id}, no development chain (31337 to 31346)"))),
        }
    }

    async fn put(&self, from: Address, code: Vec<u8>) -> Result<Address, ChainError> {
        self.check_chain().await?;
        let request =
            TransactionRequest::default().with_from(EvmAddress::from(from.0)).with_deploy_code(code);
        let pending = self.provider.send_transaction(request).await.map_err(failed)?;
        let receipt = pending.get_receipt().await.map_err(failed)?;
        let address = receipt.contract_address.filter(|_| receipt.status());
        address.map(|address| Address(address.0.0)).ok_or_else(|| failed("the contract was not deployed"))
    }

    /// Sends a call from an unlocked account and waits until it is mined.
    ///
    /// # Errors
    /// As [`Dev::broadcast`], or when it fails on-chain.
    pub async fn send(&self, from: Address, call: &Call) -> Result<TxHash, ChainError> {
        let hash = self.broadcast(from, call).await?;
        loop {
            let receipt = self.provider.get_transaction_receipt(hash.0.into()).await.map_err(failed)?;
            match receipt {
                Some(receipt) if receipt.status() => return Ok(hash),
                Some(_) => return Err(failed("the transaction failed on-chain")),
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Sends a call from an unlocked account, without waiting.
    ///
    /// # Errors
    /// When the node refuses it, or serves no development chain.
    pub async fn broadcast(&self, from: Address, call: &Call) -> Result<TxHash, ChainError> {
        self.check_chain().await?;
        let request = TransactionRequest::default()
            .from(EvmAddress::from(from.0))
            .to(EvmAddress::from(call.to.0))
            .value(call.value.get())
            .input(Bytes::from(call.data.clone()).into());
        let pending = self.provider.send_transaction(request).await.map_err(failed)?;
        Ok(TxHash(pending.tx_hash().0))
    }
}

#[cfg(test)]
mod tests {
    use alloy::providers::{ProviderBuilder, mock::Asserter};

    use super::*;
    use crate::money::Wei;

    #[tokio::test]
    async fn sends_nothing_on_a_chain_that_is_not_for_development() {
        let call = Call { to: Address([1; 20]), data: Vec::new(), value: Wei::ZERO };
        for (id, sends) in [(1_u64, false), (31_336, false), (31_337, true), (31_346, true), (31_347, false)]
        {
            let node = Asserter::new();
            node.push_success(&format!("{id:#x}"));
            node.push_success(&TxHash([7; 32]).to_string());
            let builder = ProviderBuilder::new().disable_recommended_fillers();
            let dev = Dev { provider: builder.connect_mocked_client(node.clone()) };
            let sent = dev.broadcast(Address([2; 20]), &call).await;
            assert_eq!(sent.is_ok(), sends, "{id}: {sent:?}");
            assert_eq!(node.read_q().is_empty(), sends, "{id}: the transaction was sent");
        }
    }
}
