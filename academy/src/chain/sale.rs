//! What a market says before it is asked to sell.

use alloy::{primitives::Address as EvmAddress, sol, sol_types::SolCall};
use ruint::aliases::U256;

use crate::evm::Address;

sol! {
    function paused() external view returns (bool);
    function isTokenAllowed(address token) external view returns (bool);
    function hasPass(address owner, uint256 courseId, uint8 tier) external view returns (bool);
}

/// A tier for somebody, as [`Chain::sale`](super::Chain::sale) is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Bought {
    /// The market.
    pub market: Address,
    /// The course's listing.
    pub listing: u64,
    /// The tier.
    pub tier: u8,
    /// For whom.
    pub beneficiary: Address,
    /// In what; zero is the chain's coin.
    pub token: Address,
}

/// Whether a market sells something to somebody now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// It sells nothing at present.
    pub paused: bool,
    /// It takes what is to be paid in.
    pub takes_token: bool,
    /// Its beneficiary has the pass: it is sold to nobody twice.
    pub has_pass: bool,
}

/// The calldata that asks a market whether it is paused, takes a token, and sold a tier to somebody.
pub(super) fn sale_data(bought: &Bought) -> [Vec<u8>; 3] {
    let owner = EvmAddress::from(bought.beneficiary.0);
    [
        pausedCall {}.abi_encode(),
        isTokenAllowedCall { token: EvmAddress::from(bought.token.0) }.abi_encode(),
        hasPassCall { owner, courseId: U256::from(bought.listing), tier: bought.tier }.abi_encode(),
    ]
}
