//! What a market says of itself.

use alloy::{primitives::Address as EvmAddress, primitives::U256, providers::Provider};

use super::{
    code::is_our_market,
    node::{node_at, told},
    port::ChainError,
};
use crate::evm::Address;

mod abi {
    alloy::sol! {
        #[sol(rpc)]
        interface Market {
            function owner() external view returns (address);
            function pendingOwner() external view returns (address);
            function pauser() external view returns (address);
            function quoteSigner() external view returns (address);
            function feeBps() external view returns (uint16);
            function feePayee() external view returns (address);
            function paused() external view returns (bool);
            function listingOf(uint256 courseId) external view returns (address lister, address payee, uint8 tierCount, uint8 window);
        }
    }
}

/// Whose code stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// None at all.
    Missing,
    /// This version's market.
    Ours,
    /// Anything else: another version's market, perhaps.
    Other,
}

/// A contract at an address, as a node shows it. What it does not tell, because it is another contract or
/// an older one, is `None`; the zero address stands for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketFacts {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// The node's newest block.
    pub head: u64,
    /// Its code.
    pub code: Code,
    /// Who may pause it and name the others.
    pub owner: Option<Address>,
    /// Who may take the ownership over.
    pub pending_owner: Option<Address>,
    /// Who else may pause it.
    pub pauser: Option<Address>,
    /// Whose quotes it takes.
    pub quote_signer: Option<Address>,
    /// The platform's fee in basis points.
    pub fee_bps: Option<u16>,
    /// Who may fetch the fees.
    pub fee_payee: Option<Address>,
    /// Whether purchases are paused.
    pub paused: Option<bool>,
    /// How many courses are listed.
    pub listings: Option<u64>,
}

fn known(answer: Result<EvmAddress, alloy::contract::Error>) -> Option<Address> {
    answer.ok().map(|address| Address(address.0.0))
}

/// Asks a node about the contract at an address.
///
/// # Errors
/// When the node does not answer.
pub async fn market_facts(rpc_url: &str, at: Address) -> Result<MarketFacts, ChainError> {
    let node = node_at(rpc_url)?;
    let chain_id = node.get_chain_id().await.map_err(|error| told(&error))?;
    let head = node.get_block_number().await.map_err(|error| told(&error))?;
    let address = EvmAddress::from(at.0);
    let code = node.get_code_at(address).await.map_err(|error| told(&error))?;
    let code = match &code[..] {
        [] => Code::Missing,
        code if is_our_market(code) => Code::Ours,
        _ => Code::Other,
    };
    let market = abi::Market::new(address, &node);
    let mut facts = MarketFacts {
        chain_id,
        head,
        code,
        owner: None,
        pending_owner: None,
        pauser: None,
        quote_signer: None,
        fee_bps: None,
        fee_payee: None,
        paused: None,
        listings: None,
    };
    if code != Code::Missing {
        facts.owner = known(market.owner().call().await);
        facts.pending_owner = known(market.pendingOwner().call().await);
        facts.pauser = known(market.pauser().call().await);
        facts.quote_signer = known(market.quoteSigner().call().await);
        facts.fee_bps = market.feeBps().call().await.ok();
        facts.fee_payee = known(market.feePayee().call().await);
        facts.paused = market.paused().call().await.ok();
    }
    if code == Code::Ours {
        facts.listings = count(async |number| {
            let listing = market.listingOf(U256::from(number)).call().await;
            match listing {
                Ok(_) => Some(true),
                Err(error) if error.as_revert_data().is_some() => Some(false),
                Err(_) => None,
            }
        })
        .await;
    }
    Ok(facts)
}

/// The largest number that is listed. Numbers count up from 1 without a gap, so that a few questions find it.
async fn count(is_listed: impl AsyncFn(u64) -> Option<bool>) -> Option<u64> {
    let mut above = 1;
    while is_listed(above).await? {
        above *= 2;
    }
    let mut below = above / 2;
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if is_listed(middle).await? {
            below = middle;
        } else {
            above = middle;
        }
    }
    Some(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_listings_with_few_questions() {
        for listed in [0, 1, 2, 3, 4, 7, 8, 1000] {
            let asked = std::cell::Cell::new(0);
            let found = count(async |number| {
                asked.set(asked.get() + 1);
                Some(number <= listed)
            })
            .await;
            assert_eq!(found, Some(listed));
            assert!(asked.get() <= 21, "{listed}: {}", asked.get());
        }
        assert_eq!(count(async |_| None).await, None);
    }
}
