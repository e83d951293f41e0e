//! Quotes: an order's terms, signed so that the market takes them (EIP-712).

use alloy::{
    primitives::{Address as EvmAddress, B256, U256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::{Eip712Domain, SolCall, SolStruct, eip712_domain},
};

use super::port::{Call, ChainError};
use crate::{evm::Address, money::Wei};

sol! {
    struct Order {
        bytes32 orderId;
        uint256 courseId;
        uint8 tier;
        address beneficiary;
        address token;
        uint256 amount;
        uint256 deadline;
    }

    // What the contract calls `Permit` and `Authorization`: a selector has no names in it.
    struct SignedPermit { uint256 deadline; uint8 v; bytes32 r; bytes32 s; }
    struct SignedAuthorization { address from; uint256 validAfter; uint256 validBefore; uint8 v; bytes32 r; bytes32 s; }

    function purchaseQuoted(Order order, bytes quote) external payable;
    function purchaseForTokens(Order order, bytes quote) external;
    function purchaseWithPermit(Order order, bytes quote, SignedPermit permit) external;
    function purchaseWithAuthorization(Order order, bytes quote, SignedAuthorization authorization) external;
}

/// An order's terms.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Our order's id, in the first 16 bytes.
    pub order: [u8; 32],
    /// The listing.
    pub number: u64,
    /// The tier.
    pub tier: u8,
    /// For whom.
    pub beneficiary: Address,
    /// The currency; zero is the chain's own.
    pub token: Address,
    /// How much.
    pub amount: Wei,
    /// The last second at which they hold.
    pub deadline: u64,
}

impl Terms {
    pub(super) fn order(&self) -> Order {
        Order {
            orderId: B256::from(self.order),
            courseId: U256::from(self.number),
            tier: self.tier,
            beneficiary: EvmAddress::from(self.beneficiary.0),
            token: EvmAddress::from(self.token.0),
            amount: self.amount.get(),
            deadline: U256::from(self.deadline),
        }
    }
}

/// The market's EIP-712 domain.
fn domain(chain_id: u64, market: Address) -> Eip712Domain {
    eip712_domain! {
        name: "CourseMarket",
        version: "2",
        chain_id: chain_id,
        verifying_contract: EvmAddress::from(market.0),
    }
}

/// What a quote signs, and what an authorization for it has as its nonce.
pub(super) fn order_digest(chain_id: u64, market: Address, terms: &Terms) -> B256 {
    terms.order().eip712_signing_hash(&domain(chain_id, market))
}

/// The key that the market knows as its quote signer. It can sell what is on sale at any price, and
/// nothing else. Never printed.
pub struct QuoteKey(PrivateKeySigner);

impl QuoteKey {
    /// From 32 bytes in hexadecimal.
    ///
    /// # Errors
    /// When they are no key; the message does not repeat them.
    pub fn from_hex(key: &str) -> Result<Self, ChainError> {
        let signer = key.trim().parse::<PrivateKeySigner>();
        signer.map(Self).map_err(|_| ChainError::Refused("that is no private key".to_owned()))
    }

    /// From an encrypted key file (Web3 Secret Storage, version 3).
    ///
    /// # Errors
    /// When it can't be read, or the password does not open it.
    pub fn from_keystore(path: &std::path::Path, password: &str) -> Result<Self, ChainError> {
        let signer = PrivateKeySigner::decrypt_keystore(path, password);
        signer.map(Self).map_err(|error| ChainError::Refused(format!("the keystore does not open: {error}")))
    }

    /// Whose key it is.
    pub fn address(&self) -> Address {
        Address(self.0.address().0.0)
    }

    /// Signs terms for a market.
    ///
    /// # Errors
    /// When the key can't sign.
    pub fn sign(&self, chain_id: u64, market: Address, terms: &Terms) -> Result<Vec<u8>, ChainError> {
        let signature = self.0.sign_hash_sync(&order_digest(chain_id, market, terms));
        signature
            .map(|signature| signature.as_bytes().to_vec())
            .map_err(|error| ChainError::Refused(format!("the quote can't be signed: {error}")))
    }
}

/// Buys on signed terms, in the chain's own currency.
pub fn purchase_quoted_call(market: Address, terms: &Terms, quote: Vec<u8>) -> Call {
    let call = purchaseQuotedCall { order: terms.order(), quote: quote.into() };
    Call { to: market, data: call.abi_encode(), value: terms.amount }
}
